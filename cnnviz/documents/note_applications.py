"""What the note says in section 4, Applications, computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ..functional import conv2d, conv_transpose2d, max_pool2d, max_unpool2d
from ..network.activation import RULES
from .meaning import Layer
from .note_parts import NAMES, ORDER, equal


def computes(first: str, second: str, passing: str) -> bool:
    """Whether these two operations, one in each layer, do this pass through a small network: a
    convolution of a 5 × 5 map and a 2 × 2 max pooling of what it makes."""
    layer = Layer(NAMES, (5, 5), (2, 2))
    maxima, switches = max_pool2d(layer.output, 2, order=ORDER, return_indices=True)
    arriving = np.array(sympy.symbols("g:4"), dtype=object).reshape(2, 2)
    scalar = sympy.Add(*(arriving * maxima).flat)
    gradient = np.array([sympy.diff(scalar, a) for a in layer.input.flat], dtype=object)
    start, end = {
        "forward": (layer.input, maxima),
        "backward": (arriving, gradient.reshape(5, 5)),
    }[passing]
    operations = {
        "transposed convolution": lambda x: conv_transpose2d(x, layer.kernel),
        "convolution": lambda x: conv2d(x, layer.kernel),
        "max unpooling": lambda x: max_unpool2d(x, switches, 2),
        "max pooling": lambda x: max_pool2d(x, 2, order=ORDER),
    }
    of_convolution, of_pooling = operations[first.lower()], operations[second]
    inner, outer = (
        (of_convolution, of_pooling) if passing == "forward" else (of_pooling, of_convolution)
    )
    try:
        return equal(outer(inner(start)), end)
    except ValueError:  # the sizes do not fit
        return False


@cache
def performs(kind: str, passing: str) -> bool:
    """Whether what a deconvolutional network does is the gradient, and at which end it arrives."""
    x = (np.arange(25).reshape(5, 5) * 700) % 1100 - 450
    arriving = np.array([[3, -2], [-5, 4]])
    modified = not equal(_way_back(x, arriving, "deconvnet"), _slopes(x, arriving))
    unmodified = equal(_way_back(x, arriving, "backprop"), _slopes(x, arriving))
    end = {"backward": x, "forward": arriving}[passing]
    made = _way_back(x, arriving, "deconvnet" if modified else "backprop")
    return (modified and unmodified) == (kind == "a modified") and made.shape == end.shape


KERNEL = np.array([[2, -1], [-3, 4]])


def _way_back(x: np.ndarray, arriving: np.ndarray, rule: str) -> np.ndarray:
    """Unpooling, one of the rules for a ReLU, and the transposed convolution."""
    made = conv2d(x, KERNEL)
    _, switches = max_pool2d(np.maximum(made, 0), 2, return_indices=True)
    g = max_unpool2d(arriving, switches, 2)
    return conv_transpose2d(g * RULES[rule](made, g), KERNEL)


def _slopes(x: np.ndarray, arriving: np.ndarray) -> np.ndarray:
    """How the pooled map, weighted by what arrives, changes with each cell of x. Where no sign and
    no maximum changes, the step of 1 gives the slope itself."""

    def scalar(x):
        return np.sum(arriving * max_pool2d(np.maximum(conv2d(x, KERNEL), 0), 2))

    units = np.eye(x.size, dtype=int).reshape(-1, *x.shape)
    return np.array([scalar(x + unit) - scalar(x) for unit in units]).reshape(x.shape)
