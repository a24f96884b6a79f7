"""What the note says in section 4, Applications, computed."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...derivations.chain import Chain
from ...derivations.letters import symbol_array
from ...functional import conv2d, conv_transpose2d, max_pool2d, max_unpool2d
from ...network.activation import RULES
from ..claims.maps import matrix_of
from ..meaning import Layer, equal
from .layers import NAMES, ORDER


def computes(first: str, second: str, passing: str) -> bool:
    """Whether these two operations, one in each layer, do this pass through a small network: a
    convolution of a 5 × 5 map and a 2 × 2 max pooling of what it makes."""
    layer = Layer(NAMES, (5, 5), (2, 2))
    maxima, switches = max_pool2d(layer.output, 2, order=ORDER, return_indices=True)
    chain = Chain("F", symbol_array("g", maxima.shape), maxima)
    start, end = {
        "forward": (layer.input, maxima),
        "backward": (chain.upstream, chain.calculus(layer.input)),
    }[passing]
    operations = {
        "transposed convolution": lambda x: conv_transpose2d(x, layer.kernel),
        "convolution": lambda x: conv2d(x, layer.kernel),
        "max unpooling": lambda x: max_unpool2d(x, switches, 2),
        "max pooling": lambda x: max_pool2d(x, 2, order=ORDER),
    }
    order = (first.lower(), second) if passing == "forward" else (second, first.lower())
    try:
        for name in order:
            start = operations[name](start)
    except ValueError:  # the sizes do not fit
        return False
    return equal(start, end)


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

    return matrix_of(lambda unit: scalar(x + unit) - scalar(x), x.shape).reshape(x.shape)
