"""What the blog prints in the code of its convolutional layer, computed.

Each line runs inside the blog's loops on symbols and is compared with calculus. There is one input
channel, and the filters are counted on the last axis of the output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import sympy

from ...derivations import layer as derivations
from ...derivations.arrays import row
from ...functional.geometry import Geometry
from ..checks import code
from .layers import LETTERS
from .runs import each_map, in_words, layer_of, made_once

FILTERS = ("KZ", "MY", "PV")  # the letters of each filter and of its output


@made_once
def conv_layer(filters: int = 2, size: int = 2, shape=(3, 4)) -> SimpleNamespace:
    """One input X, several filters, outputs (height, width, filter), and a scalar above them."""
    maps = [
        derivations.Layer(shape, size, notation=replace(LETTERS, kernel=kernel, output=output))
        for kernel, output in FILTERS[:filters]
    ]
    layer = layer_of(
        *(np.stack([getattr(one, part) for one in maps], axis=-1) for part in ("names", "outputs")),
        input=maps[0].input,
        filters=np.stack([one.kernel for one in maps]),
    )
    layer.biases, layer.num_filters, layer.filter_size = row("b", filters, 1), filters, size
    return layer


def _looped(run, layer, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """What a line has made of an array of zeros, of this name, after the loops of the blog."""
    made, n = np.zeros(shape, dtype=object), layer.filter_size
    for i, j, f in np.ndindex(layer.z.shape):
        region = layer.input[i : i + n, j : j + n]
        run(self=layer, dL_dout=layer.g, region=region, i=i, j=j, f=f, **{name: made})
    return made


def collected(name: str, part: str) -> Callable:
    """What the loops add up in an array that starts with zeros."""

    def use(run):
        for size in (2, 3):
            layer = conv_layer(2, size)
            derived = layer.gradient(part)
            made = _looped(run, layer, name, derived.shape)
            yield from each_map(f"filters {size} × {size}", made, derived)

    return use


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
    made = _looped(run, layer, "output", layer.z.shape)
    yield from each_map("filter", np.moveaxis(made, -1, 0), np.moveaxis(layer.z, -1, 0))


def update_needed(forward: str, need: str, what: str, used: str) -> bool:
    """Whether the printed forward pass knows these numbers, and with it the loss."""
    known = _uses(forward, {"biases": "biases", "filters": "filters"}[what])
    return known == (used == "have used") == (need == "will need")


def _uses(forward: str, part: str) -> bool:
    """Whether an output that a line makes depends on numbers of the layer."""

    def use(run):
        layer = conv_layer(shape=(2, 2))
        made = _looped(run, layer, "output", layer.z.shape)
        yield "", int(any(cell.has(*getattr(layer, part).flat) for cell in made.flat)), 1

    return not code(use)(forward).differences
