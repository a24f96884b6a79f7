"""The proof for one geometry, quick enough to follow a slider.

Input, kernel and upstream gradient are made of letters of SymPy's sparse polynomial ring over the
whole numbers. The code of `cnnviz.functional` runs over these letters, and SymPy differentiates
F = Σ g·h, with h spelled out from its definition. Two polynomials are equal only if every
coefficient is, so agreement holds for all numbers, not for some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyRing

from .. import functional
from ..functional.geometry import Geometry
from ..symbols import NOTATIONS, Notation, labels, spoken
from .layer import layer_shapes, meetings


@dataclass(frozen=True)
class Proof:
    """Does everything agree for this geometry? The sentence says so; ``counterexamples`` says where
    not, one sentence each."""

    holds: bool
    sentence: str
    counterexamples: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.holds


def prove(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    in_channels: int = 1,
    out_channels: int = 1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
) -> Proof:
    """Prove the forward pass and both gradients for this geometry, for all numbers at once.

    Sizes in cells, as an int or a pair (rows, columns). Compared cell by cell are: the code's
    forward pass and W a with the definition; Wᵀg, the scatter view, the gather view (zero
    insertion, padding, kernel turned by 180 degrees) and the transposed convolution with SymPy's
    derivative of F = Σ g·h to the input; the correlation of input and gradient with the derivative
    to the kernel.
    Raises `DoesNotFit` for a geometry that cannot be.
    Source: note, equations (2) and (3) and section 3; slides, "Takeaway".

    >>> print(prove((4, 4), (3, 3)).sentence)
    Proved for this geometry: Wᵀg, scatter, gather and SymPy’s derivative agree in all 16 input cells, and the kernel gradient in all 9 weights.
    """  # noqa: E501
    geometry = Geometry.of(input_size, kernel_size, stride, padding, dilation)
    channels = (groups, in_channels, out_channels)
    shapes = layer_shapes(geometry, *channels)
    ring, (x, w, g) = _letters(notation, shapes, start)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    by_definition = _empty(shapes[2], ring.zero)
    for out, tap, cell in meetings(geometry, *channels):
        by_definition[out] = by_definition[out] + w[tap] * x[cell]
    scalar = sum((a * b for a, b in zip(g.flat, by_definition.flat, strict=True)), ring.zero)
    to_input, to_kernel = _derivatives(scalar, x), _derivatives(scalar, w)

    found: list[str] = []

    def compare(title: str, run: Callable, expected: np.ndarray, names: tuple[str, ...]) -> None:
        try:
            computed = run()
        except (ValueError, IndexError) as problem:
            found.append(f"The {title} breaks off: {problem}")
            return
        found.extend(_differences(title, computed, expected, names, ring))

    scalar_name = notation.scalar
    outputs = labels(notation.output, shapes[2], start)
    inputs = [f"∂{scalar_name}/∂{one}" for one in labels(notation.input, shapes[0], start)]
    weights = [f"∂{scalar_name}/∂{one}" for one in labels(notation.kernel, shapes[1], start)]

    compare("forward pass", lambda: functional.conv2d(x, w, **how), by_definition, outputs)

    def matrix() -> np.ndarray:
        return functional.conv_matrix(w, x.shape, **how)

    compare("product W a", lambda: _times(matrix(), x, shapes[2]), by_definition, outputs)
    compare("product Wᵀg", lambda: _times(matrix().T, g, shapes[0]), to_input, inputs)
    for title, run in (
        ("scatter view", functional.conv2d_input),
        ("gather view", functional.conv2d_input_gather),
    ):
        compare(title, lambda run=run: run(x.shape, w, g, **how), to_input, inputs)
    if all(axis.padding.before == axis.padding.after for axis in geometry.axes):
        transposed = {
            **how,
            "padding": tuple(axis.padding.before for axis in geometry.axes),
            "output_padding": geometry.remainder,
        }
        compare(
            "transposed convolution",
            lambda: functional.conv_transpose2d(g, w, **transposed),
            to_input,
            inputs,
        )
    compare(
        "kernel gradient",
        lambda: functional.conv2d_weight(x, w.shape, g, **how),
        to_kernel,
        weights,
    )
    return _proof(tuple(found), x.size, w.size)


def _proof(counterexamples: tuple[str, ...], cells: int, weights: int) -> Proof:
    if counterexamples:
        count = len(counterexamples)
        more = f" ({count} places differ.)" if count > 1 else ""
        return Proof(False, f"Not proved: {counterexamples[0]}{more}", counterexamples)
    everywhere = f"all {cells} input cells" if cells > 1 else "the one input cell"
    kernel = f"all {weights} weights" if weights > 1 else "the one weight"
    return Proof(
        True,
        "Proved for this geometry: Wᵀg, scatter, gather and SymPy’s derivative agree in "
        f"{everywhere}, and the kernel gradient in {kernel}.",
    )


def _letters(notation: Notation, shapes: tuple, start: int) -> tuple[PolyRing, list[np.ndarray]]:
    """A ring with one letter for each cell, and the letters in the shapes of the arrays."""
    names = [
        *labels(notation.input, shapes[0], start),
        *labels(notation.kernel, shapes[1], start),
        *(f"∂{notation.scalar}/∂{one}" for one in labels(notation.output, shapes[2], start)),
    ]
    ring = PolyRing(names, ZZ)
    arrays, used = [], 0
    for shape in shapes:
        array = _empty(shape, None)
        array.ravel()[:] = ring.gens[used : used + array.size]
        used += array.size
        arrays.append(array)
    return ring, arrays


def _empty(shape: tuple[int, ...], fill: Any) -> np.ndarray:
    array = np.empty(shape, dtype=object)
    array.fill(fill)
    return array


def _derivatives(scalar: Any, letters: np.ndarray) -> np.ndarray:
    """SymPy's derivative of a polynomial by each of the letters."""
    slopes = _empty((letters.size,), None)
    slopes[:] = [scalar.diff(letter) for letter in letters.flat]
    return slopes.reshape(letters.shape)


def _times(matrix: np.ndarray, vector: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return (matrix @ vector.ravel()).reshape(shape)


def _differences(title, computed, expected, names, ring) -> list[str]:
    if computed.shape != expected.shape:
        return [f"The {title} has shape {computed.shape}, not {expected.shape}."]
    return [
        f"The {title} gives {_shown(ring(a))} for {spoken(name)}, but it is {_shown(ring(b))}."
        for name, a, b in zip(names, computed.flat, expected.flat, strict=True)
        if ring(a) != ring(b)
    ]


def _shown(polynomial: Any, terms: int = 4) -> str:
    """A polynomial in words: its letters as in sentences, and no more than a few terms."""
    ring = polynomial.ring
    said = []
    for powers, factor in polynomial.terms():
        letters = [
            spoken(str(name)) + ("" if power == 1 else f"^{power}")
            for name, power in zip(ring.symbols, powers, strict=True)
            if power
        ]
        said.append(" ".join(([] if factor == 1 and letters else [str(factor)]) + letters))
    return " + ".join(said[:terms]) + (" + …" if len(said) > terms else "") or "0"
