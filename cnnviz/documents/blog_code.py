"""What the blog prints in the code of its convolutional layer.

Each printed line runs inside the blog's loops on symbols and is compared with calculus. There is one
input channel, and the filters are counted on the last axis of the output.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import conv2d
from ..functional.geometry import Geometry
from .blog_parts import said
from .checks import code, fact

# The code of the layer: one channel, several filters, output (height, width, filter).


def _conv_layer(filters: int = 2, size: int = 2, shape=(3, 4)) -> SimpleNamespace:
    x = symbol_array("x", shape)
    k = np.array([symbol_array(letter, (size, size)) for letter in "pqrs"[:filters]])
    z = conv2d(x[None], k[:, None])
    g = np.array([symbol_array(letter, z.shape[1:]) for letter in "efgh"[:filters]])
    layer = SimpleNamespace(
        input=x,
        filters=k,
        num_filters=filters,
        filter_size=size,
        lr=sympy.Symbol("η"),
    )
    layer.g, layer.z = np.moveaxis(g, 0, -1), np.moveaxis(z, 0, -1)
    return layer


def _slopes(layer, part) -> np.ndarray:
    """The derivative of the loss by every symbol of a part, by the chain rule."""
    pairs = list(zip(layer.g.flat, layer.z.flat, strict=True))
    slopes = [sympy.Add(*(g * sympy.diff(z, s) for g, z in pairs)) for s in part.flat]
    return np.array(slopes, dtype=object).reshape(part.shape)


def _loops(layer):
    """The two loops of the blog's backward pass: region, i, j, f."""
    n = layer.filter_size
    for i, j, f in np.ndindex(layer.z.shape):
        yield {"region": layer.input[i : i + n, j : j + n], "i": i, "j": j, "f": f}


def _accumulated(name, part):
    def use(run):
        for size, shape in ((2, (3, 4)), (3, (4, 5))):
            layer = _conv_layer(2, size, shape)
            made = np.zeros(getattr(layer, part).shape, dtype=object)
            for names in _loops(layer):
                run(self=layer, dL_dout=layer.g, **{name: made}, **names)
            yield f"filters {size} × {size}:", made, _slopes(layer, getattr(layer, part))

    return use


def _filter_update(run):
    layer = _conv_layer()
    before, gradient = layer.filters.copy(), _slopes(layer, layer.filters)
    run(self=layer, dL_dfilters=gradient)
    yield "", layer.filters.reshape(2, -1), (before - layer.lr * gradient).reshape(2, -1)
    loss = sympy.Add(*(gradient * layer.filters).flat)  # to first order in the step
    yield "how the loss falls", sympy.diff(loss, layer.lr), -sympy.Add(*(gradient**2).flat)


def _initial_filters(*sizes):
    """The rule of the dense layer: divided by the number of inputs of one output."""

    def use(run):
        for size in sizes:
            layer = _conv_layer(2, size, (size + 1, size + 1))
            names = {"num_filters": 2, "filter_size": size}
            made = run(self=SimpleNamespace(), **names)["self"].filters
            yield f"filters {size} × {size}: the size", made.shape, layer.filters.shape
            inputs = len(layer.z[0, 0, 0].free_symbols & set(layer.input.flat))
            divisors = sorted({1 / sympy.diff(r, *r.free_symbols) for r in made.flat})
            yield f"filters {size} × {size}: divided by", divisors, [inputs]

    return use


def _region_rows(run):
    for size in (1, 2, 3):
        for h in (3, 5, 8):
            rows = list(run(h=h, self=SimpleNamespace(filter_size=size))["value"])
            derived = list(range(Geometry.of((h, h), size).output_size[0]))
            yield f"{h} rows, filters of {size}", rows, derived


def _region(run):
    layer = _conv_layer()
    for names in _loops(layer):
        i, j, f = names["i"], names["j"], names["f"]
        region = run(image=layer.input, self=layer, i=i, j=j)["region"]
        yield f"({i}, {j}): the size", np.shape(region), layer.filters[f].shape
        seen = sympy.Add(*(region * layer.filters[f]).flat)
        yield f"({i}, {j})", seen, layer.z[i, j, f]


def _conv_size(run):
    for filters, size, shape in ((2, 2, (3, 4)), (4, 3, (6, 4)), (2, 1, (2, 5))):
        layer = _conv_layer(filters, size, shape)
        h, w = shape
        yield f"{h} × {w}:", run(h=h, w=w, self=layer)["output"].shape, layer.z.shape


def _conv_forward(run):
    layer = _conv_layer()
    made = np.zeros(layer.z.shape, dtype=object)
    for names in _loops(layer):
        run(output=made, self=layer, **names)
    yield "", made.reshape(-1, 2), layer.z.reshape(-1, 2)


def _nothing_else(run):
    layer = _conv_layer()
    known = {*layer.input.flat, *layer.filters.flat}
    for names in _loops(layer):
        made = np.zeros(layer.z.shape, dtype=object)
        run(output=made, self=layer, **names)
        used = made[names["i"], names["j"], names["f"]].free_symbols
        yield "other letters than pixels and weights", len(used - known), 0


def _no_bias() -> bool:
    """The printed forward pass knows pixels and weights and nothing else."""
    return not code(_nothing_else)(FORWARD).differences


FORWARD = "output[i, j] = np.sum(region * self.filters, axis=(1, 2))"
CODE = "the code of the convolutional layer, "

RECORDS = (
    said(
        79,
        "before the code of the convolutional layer",
        "without a bias there is no bias to update",
        "We won’t need the equation for updating the biases since we haven’t used any",
        fact(_no_bias, "the output of the printed forward pass depends on pixels and weights only"),
        "08",
        "The derivation has a B, the code has none: a sum of products and nothing added.",
    ),
    said(
        80,
        CODE + "backward (printed twice)",
        "the kernel gradient: every region, weighted by its gradient, is added",
        "dL_dfilters[f] += dL_dout[i, j, f] * region",
        code(_accumulated("dL_dfilters", "filters")),
        "06",
        "The same sum as conv(X, ∂L/∂Z), taken one region at a time instead of one weight at a time.",
    ),
    said(
        81,
        CODE + "backward (printed twice)",
        "the input gradient: every output stamps its gradient times the filter onto its region",
        "dL_dinput[i:i+self.filter_size, j:j+self.filter_size] += dL_dout[i, j, f] * self.filters[f]",
        code(_accumulated("dL_dinput", "input")),
        "05",
        "The code neither pads nor rotates: it scatters. Each output gives every input of its region "
        "its gradient times the weight between them. Collected at one input, these are the products "
        "of the padded convolution with the rotated kernel.",
    ),
    said(
        82,
        CODE + "backward (printed twice)",
        "gradient descent for the filters",
        "self.filters -= self.lr * dL_dfilters",
        code(_filter_update),
        "08",
        "A small step −η ∂L/∂K changes the loss by −η times the sum of the squared gradients: it falls.",
    ),
    said(
        83,
        CODE + "__init__",
        "small random filters, divided by 9",
        "self.filters = np.random.randn(num_filters, filter_size, filter_size) / 9",
        (
            ("", code(_initial_filters(2, 3, 5))),
            ("filters of 3 × 3", code(_initial_filters(3))),
        ),
        "08",
        "The dense layer divides by the number of its inputs. One output of a filter reads "
        "filter_size² pixels, and that is 9 for 3 × 3 only. Filters of 3 × 3 are what the 1352 of the "
        "dense layer belongs to. For other sizes the start is only less well scaled.",
    ),
    said(
        84,
        CODE + "iterate_regions",
        "the window has h − filter_size + 1 places",
        "range(h - self.filter_size + 1)",
        code(_region_rows),
        "01",
        "The last window starts filter_size rows before the end, and counting starts at 0.",
    ),
    said(
        85,
        CODE + "iterate_regions",
        "the region that output (i, j) reads",
        "region = image[i:(i + self.filter_size), j:(j + self.filter_size)]",
        code(_region),
        "01",
        "Output (i, j) reads the square of filter_size × filter_size pixels whose corner is (i, j).",
    ),
    said(
        86,
        CODE + "forward",
        "the size of the output",
        "output = np.zeros((h - self.filter_size + 1, w - self.filter_size + 1, self.num_filters))",
        code(_conv_size),
        "01",
        "One row for each place of the window, one column likewise, one channel for each filter.",
    ),
    said(
        87,
        CODE + "forward",
        "each output is the sum of the region times the filter",
        FORWARD,
        code(_conv_forward),
        "01",
        "The region is multiplied by all filters at once; axis 0 counts the filters, so axes 1 and 2 "
        "are added up. The filter is not flipped: this is the blog's ⊛ in code.",
    ),
)
