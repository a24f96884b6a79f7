"""The layers of the note, and the max pooling of its section 1."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...functional import max_pool2d, max_unpool2d, spread_gradient
from ...symbols import NOTATIONS
from ..claims import passes
from ..meaning import ANYTHING, Layer

NAMES = NOTATIONS["note"]
NOTE = Layer(NAMES, (4, 4), (3, 3))
VECTORS = Layer(NAMES, (4, 4), (3, 3), flat=True)
STRIDED = Layer(NAMES, (5, 5), (3, 3), stride=2)
# The same layer where ∗ slides in steps of 2, and where it reaches over every second cell.
STEPPED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("stride", 2),))
DILATED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("dilation", 2),))
POOLING = Layer(NAMES, (4, 4), (3, 3), pooled=True)
CONVOLUTION = passes.of_convolution(NOTE)

# Any numbers with a_21, a_14, a_31 and a_43 as the largest of their windows would do.
ORDER = np.array([[2, 1, 3, 9], [8, 0, 4, 5], [7, 6, 2, 1], [3, 0, 9, 8]])
MAXIMA, SWITCHES = max_pool2d(POOLING.input, 2, order=ORDER, return_indices=True)
MAX_POOLING = passes.of_pooling(POOLING.input, ORDER, 2)
ARRIVED, POOLED_GRADIENT = MAX_POOLING["backward"]

WON = np.isin(np.arange(16).reshape(4, 4), SWITCHES)  # the cells that are the largest of a window


def places_of(cells: np.ndarray) -> set[tuple[int, int]]:
    """The rows and columns of these cells, counted from 1."""
    return {(int(r) + 1, int(c) + 1) for r, c in np.argwhere(cells)}


WINNERS, LOSERS = places_of(WON), places_of(~WON)
EVERY_MAXIMUM = places_of(MAXIMA != 0)
NO_CELL: set[tuple[int, int]] = set()


@cache
def spread(layer: Layer) -> np.ndarray:
    """∂F/∂h with the zeros between and around that gathering needs."""
    sizes = layer.input.shape, layer.kernel.shape
    return spread_gradient(layer.upstream, *sizes, stride=layer.stride)


# What the displays of a layer show beside its parts ----------------------------------------------


def input_column(layer: Layer) -> np.ndarray:
    return layer.input.reshape(-1, 1)


def upstream_column(layer: Layer) -> np.ndarray:
    return layer.upstream.reshape(-1, 1)


def transposed_matrix(layer: Layer) -> np.ndarray:
    return layer.matrix.T


def maxima(_: Layer) -> np.ndarray:
    return MAXIMA


def pooled_upstream(_: Layer) -> np.ndarray:
    return ARRIVED


def pooled_gradient(_: Layer) -> np.ndarray:
    return POOLED_GRADIENT


def unpooled_maxima(_: Layer) -> np.ndarray:
    return max_unpool2d(MAXIMA, SWITCHES, 2)


def moved_gradients(_: Layer) -> np.ndarray:
    """The gradients at their new places, with nothing said yet about the rest."""
    return np.where(POOLED_GRADIENT == 0, ANYTHING, POOLED_GRADIENT)
