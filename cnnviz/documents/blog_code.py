"""What the blog prints in the code of its convolutional layer, computed.

Each line runs inside the blog's loops on symbols and is compared with calculus. There is one input
channel, and the filters are counted on the last axis of the output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import sympy

from ..derivations.arrays import row
from ..derivations.chain import Chain
from ..derivations.layer import Layer
from ..functional.geometry import Geometry
from .blog_parts import LETTERS, in_words
from .checks import code

FILTERS = ("KZ", "MY", "PV")  # the letters of each filter and of its output


def conv_layer(filters: int = 2, size: int = 2, shape=(3, 4)) -> SimpleNamespace:
    """One input X, several filters, outputs (height, width, filter), and a scalar above them."""
    maps = [
        Layer(shape, size, notation=replace(LETTERS, kernel=kernel, output=output))
        for kernel, output in FILTERS[:filters]
    ]
    names, outputs = (
        np.stack([getattr(one, part) for one in maps], axis=-1) for part in ("names", "outputs")
    )
    chain = Chain(LETTERS.scalar, names, outputs)
    return SimpleNamespace(
        input=maps[0].input,
        filters=np.stack([one.kernel for one in maps]),
        biases=row("b", filters, 1),
        num_filters=filters,
        filter_size=size,
        lr=sympy.Symbol("η"),
        g=chain.upstream,
        z=outputs,
        gradient=chain.calculus,
    )


def _loops(layer):
    """The two loops of the blog's backward pass: region, i, j, f."""
    n = layer.filter_size
    for i, j, f in np.ndindex(layer.z.shape):
        yield {"region": layer.input[i : i + n, j : j + n], "i": i, "j": j, "f": f}


def collected(name: str, part: str) -> Callable:
    """What the loops add up in an array that starts with zeros."""

    def use(run):
        for size, shape in ((2, (3, 4)), (3, (3, 4))):
            layer, derived = conv_layer(2, size, shape), _gradient(part, size, shape)
            made = np.zeros(derived.shape, dtype=object)
            for names in _loops(layer):
                run(self=layer, dL_dout=layer.g, **{name: made}, **names)
            yield from _each_map(f"filters {size} × {size}", made, derived)

    return use


@cache
def _gradient(part: str, size: int = 2, shape: tuple[int, int] = (3, 4)) -> np.ndarray:
    """The derivatives of the loss by a part of the layer: its input or its filters."""
    layer = conv_layer(2, size, shape)
    return layer.gradient(getattr(layer, part))


def _each_map(where: str, made: np.ndarray, derived: np.ndarray):
    """The maps of all filters, one by one; a single map as it is."""
    if derived.ndim == 2:
        yield f"{where}:", made, derived
    else:
        for f, maps in enumerate(zip(made, derived, strict=True)):
            yield f"{where}, number {f}:", *maps


def filter_update(run):
    layer = conv_layer()
    before, gradient = layer.filters.copy(), _gradient("filters")
    run(self=layer, dL_dfilters=gradient)
    yield from _each_map("filters", layer.filters, before - layer.lr * gradient)
    loss = sympy.Add(*(gradient * layer.filters).flat)  # to first order in the step
    yield "how the loss falls", sympy.diff(loss, layer.lr), -sympy.Add(*(gradient**2).flat)


def initial_filters(*sizes: int) -> Callable:
    """The rule of the dense layer: divided by the number of inputs of one output."""

    def use(run):
        for size in sizes:
            layer = conv_layer(2, size, (size + 1, size + 1))
            names = {"num_filters": 2, "filter_size": size}
            made = run(self=SimpleNamespace(), **names)["self"].filters
            inputs = len(layer.z[0, 0, 0].free_symbols & {*layer.input.flat})
            where = f"filters {size} × {size}:"
            yield f"{where} the first number", made.flat[0], sympy.Symbol("r_1") / inputs
            divisors = sorted({1 / sympy.diff(r, *r.free_symbols) for r in made.flat})
            yield f"{where} divided by", divisors, [inputs]
            yield f"{where} the size", in_words(made.shape), in_words(layer.filters.shape)

    return use


def region_rows(run):
    for size in (1, 2, 3):
        for h in (3, 5, 8):
            rows = list(run(h=h, self=SimpleNamespace(filter_size=size))["value"])
            derived = list(range(Geometry.of((h, h), size).output_size[0]))
            yield f"{h} rows, filters of {size}", rows, derived


def region(run):
    layer = conv_layer()
    n = layer.filter_size
    for i, j, _ in np.ndindex(layer.z.shape):
        made = run(image=layer.input, self=layer, i=i, j=j)["region"]
        read = [x for x in layer.input.flat if layer.z[i, j, 0].has(x)]
        yield f"({i}, {j})", made, np.array(read, dtype=object).reshape(n, n)


def conv_size(run):
    for filters, size, shape in ((2, 2, (3, 4)), (3, 3, (6, 4)), (2, 1, (2, 5))):
        layer = conv_layer(filters, size, shape)
        h, w = shape
        made = run(h=h, w=w, self=layer)["output"].shape
        yield f"{h} × {w}:", in_words(made), in_words(layer.z.shape)


def conv_forward(run):
    layer = conv_layer()
    made = np.zeros(layer.z.shape, dtype=object)
    for names in _loops(layer):
        run(output=made, self=layer, **names)
    yield from _each_map("filter", np.moveaxis(made, -1, 0), np.moveaxis(layer.z, -1, 0))


def update_needed(forward: str, need: str, what: str, used: str) -> bool:
    """Whether the printed forward pass knows these numbers, and with it the loss."""
    known = _uses(forward, {"biases": "biases", "filters": "filters"}[what])
    return known == (used == "have used") == (need == "will need")


def _uses(forward: str, part: str) -> bool:
    """Whether an output that a line makes depends on numbers of the layer."""

    def use(run):
        layer = conv_layer(shape=(2, 2))
        made = np.zeros(layer.z.shape, dtype=object)
        for names in _loops(layer):
            run(output=made, self=layer, **names)
        yield "", int(any(cell.has(*getattr(layer, part).flat) for cell in made.flat)), 1

    return not code(use)(forward).differences
