"""The proof for one geometry, quick enough to follow a slider.

Input, kernel and upstream gradient are made of letters of SymPy's sparse polynomial ring over the
whole numbers. The code of `cnnviz.functional` runs over these letters, and SymPy differentiates
F = Σ g·h, with h spelled out from its definition. Two polynomials are equal only if every
coefficient is, so agreement holds for all numbers, not for some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy.polys.domains import ZZ
from sympy.polys.rings import PolyRing

from .. import functional
from ..symbols import labels, spoken
from .calling import called_like
from .layer import Layer


@dataclass(frozen=True)
class Proof:
    """Does everything agree for this geometry? The sentence says so; ``counterexamples`` says where
    not, one sentence each."""

    holds: bool
    sentence: str
    counterexamples: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.holds


@called_like(Layer)
def prove(layer: Layer) -> Proof:
    """Prove the forward pass and both gradients for this geometry, for all numbers at once.

    Called with the sizes of a `Layer`; raises `DoesNotFit` as it does. Compared cell by cell are:
    the code's forward pass and W a with the definition; Wᵀg, the scatter view, the gather view
    (zero insertion, padding, kernel turned by 180 degrees) and the transposed convolution with
    SymPy's derivative of F = Σ g·h to the input; the correlation of input and gradient with the
    derivative to the kernel.
    Source: note, equations (2) and (3) and section 3; slides, "Takeaway".

    >>> print(prove((4, 4), (3, 3)).sentence)
    Proved for this geometry: Wᵀg, scatter, gather and SymPy’s derivative agree in all 16 input cells, and the kernel gradient in all 9 weights.
    """  # noqa: E501
    polynomials = _Polynomials.of(layer)
    found = [
        difference
        for claims in (_forward, _to_the_input, _to_the_kernel)
        for claim in claims(layer, polynomials)
        for difference in claim.differences()
    ]
    return _proof(tuple(found), polynomials.input.size, polynomials.kernel.size)


@dataclass(frozen=True, eq=False)
class _Polynomials:
    """Input, kernel and upstream gradient of a layer as letters of one ring, and its outputs as
    polynomials in them, spelled out from the definition."""

    ring: PolyRing
    input: np.ndarray
    kernel: np.ndarray
    upstream: np.ndarray
    outputs: np.ndarray

    @classmethod
    def of(cls, layer: Layer) -> _Polynomials:
        ring, (x, w, g) = _letters(layer)
        outputs = _empty(g.shape, ring.zero)
        for out, tap, cell in layer.meetings:
            outputs[out] = outputs[out] + w[tap] * x[cell]
        return cls(ring, x, w, g, outputs)

    @cached_property
    def scalar(self) -> Any:
        """F = Σ g·h."""
        pairs = zip(self.upstream.flat, self.outputs.flat, strict=True)
        return sum((g * h for g, h in pairs), self.ring.zero)

    def derivative(self, letters: np.ndarray) -> np.ndarray:
        """SymPy's derivative of the scalar by each of the letters."""
        slopes = _empty((letters.size,), None)
        slopes[:] = [self.scalar.diff(letter) for letter in letters.flat]
        return slopes.reshape(letters.shape)


@dataclass(frozen=True, eq=False)
class _Claim:
    """What the code computes, what it should be, and what the cells are called."""

    title: str
    run: Callable[[], np.ndarray]
    expected: np.ndarray
    names: Sequence[str]
    ring: PolyRing

    def differences(self) -> list[str]:
        """Where they differ, one sentence for each cell; the code may also break off."""
        try:
            computed = self.run()
        except (ValueError, IndexError) as problem:
            return [f"The {self.title} breaks off: {problem}"]
        if computed.shape != self.expected.shape:
            return [f"The {self.title} has shape {computed.shape}, not {self.expected.shape}."]
        ring = self.ring
        return [
            f"The {self.title} gives {_shown(ring(a))} for {spoken(name)}, but it is "
            f"{_shown(ring(b))}."
            for name, a, b in zip(self.names, computed.flat, self.expected.flat, strict=True)
            if ring(a) != ring(b)
        ]


def _forward(layer: Layer, p: _Polynomials) -> Iterator[_Claim]:
    names = labels(layer.notation.output, layer.shapes[2], layer.start)

    def claim(title: str, run: Callable[[], np.ndarray]) -> _Claim:
        return _Claim(title, run, p.outputs, names, p.ring)

    def product() -> np.ndarray:
        matrix = functional.conv_matrix(p.kernel, p.input.shape, **layer.how)
        return (matrix @ p.input.ravel()).reshape(p.outputs.shape)

    yield claim("forward pass", lambda: functional.conv2d(p.input, p.kernel, **layer.how))
    yield claim("product W a", product)


def _to_the_input(layer: Layer, p: _Polynomials) -> Iterator[_Claim]:
    shape, w, g, how = p.input.shape, p.kernel, p.upstream, layer.how
    names = _gradient_names(layer, layer.notation.input, shape)
    expected = p.derivative(p.input)

    def claim(title: str, run: Callable[[], np.ndarray]) -> _Claim:
        return _Claim(title, run, expected, names, p.ring)

    def product() -> np.ndarray:
        return (functional.conv_matrix(w, shape, **how).T @ g.ravel()).reshape(shape)

    yield claim("product Wᵀg", product)
    yield claim("scatter view", lambda: functional.conv2d_input(shape, w, g, **how))
    yield claim("gather view", lambda: functional.conv2d_input_gather(shape, w, g, **how))
    axes = layer.geometry.axes
    if all(axis.padding.before == axis.padding.after for axis in axes):
        transposed = how | {
            "padding": tuple(axis.padding.before for axis in axes),
            "output_padding": layer.geometry.remainder,
        }
        yield claim(
            "transposed convolution", lambda: functional.conv_transpose2d(g, w, **transposed)
        )


def _to_the_kernel(layer: Layer, p: _Polynomials) -> Iterator[_Claim]:
    yield _Claim(
        "kernel gradient",
        lambda: functional.conv2d_weight(p.input, p.kernel.shape, p.upstream, **layer.how),
        p.derivative(p.kernel),
        _gradient_names(layer, layer.notation.kernel, p.kernel.shape),
        p.ring,
    )


def _gradient_names(layer: Layer, letter: str, shape: tuple[int, ...]) -> list[str]:
    cells = labels(letter, shape, layer.start)
    return [f"∂{layer.notation.scalar}/∂{cell}" for cell in cells]


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


def _letters(layer: Layer) -> tuple[PolyRing, list[np.ndarray]]:
    """A ring with one letter for each cell, and the letters in the shapes of the arrays."""
    notation, shapes = layer.notation, layer.shapes
    names = [
        *labels(notation.input, shapes[0], layer.start),
        *labels(notation.kernel, shapes[1], layer.start),
        *_gradient_names(layer, notation.output, shapes[2]),
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
