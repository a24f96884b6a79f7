"""The layers of the note and what calculus gives for them."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import sympy

from ..functional import conv2d, max_pool2d, rot180, spread_gradient
from ..symbols import NOTATIONS
from .meaning import Layer, same

NAMES = NOTATIONS["note"]
NOTE = Layer(NAMES, (4, 4), (3, 3))
VECTORS = Layer(NAMES, (4, 4), (3, 3), flat=True)
STRIDED = Layer(NAMES, (5, 5), (3, 3), stride=2)
# The same layer where ∗ slides in steps of 2, and where it reaches over every second cell.
STEPPED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("stride", 2),))
DILATED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("dilation", 2),))
POOLING = Layer(NAMES, (4, 4), (3, 3), pooled=True)

# Any numbers with a_21, a_14, a_31 and a_43 as the largest of their windows would do.
ORDER = np.array([[2, 1, 3, 9], [8, 0, 4, 5], [7, 6, 2, 1], [3, 0, 9, 8]])
EVERY_CELL = frozenset(product(range(1, 5), repeat=2))


def equal(one, other) -> bool:
    """Whether two maps have the same size and the same expressions in it."""
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and all(map(same, one.flat, other.flat))


# What calculus gives for a layer ---------------------------------------------------------------


def gradient(layer: Layer, part: str) -> np.ndarray:
    """∂F by each cell of the input or the kernel, by the chain rule."""
    symbols = layer.part(part)
    found = np.empty(symbols.shape, dtype=object)
    for at in np.ndindex(symbols.shape):
        found[at] = layer.gradient(symbols[at])
    return found


@cache
def input_gradient(layer: Layer) -> np.ndarray:
    return gradient(layer, "input")


@cache
def kernel_gradient(layer: Layer) -> np.ndarray:
    return gradient(layer, "kernel")


@cache
def pooled(layer: Layer = POOLING) -> tuple[np.ndarray, np.ndarray]:
    """The maxima of the 2 × 2 windows and their switches."""
    return max_pool2d(layer.input, 2, order=ORDER, return_indices=True)


@cache
def pooled_upstream(layer: Layer = POOLING) -> np.ndarray:
    """∂F by each maximum: what arrives at max pooling from behind."""
    maxima, _ = pooled(layer)
    names = [f"∂F/∂{maximum}" for maximum in maxima.flat]
    return np.array([sympy.Symbol(name) for name in names], dtype=object).reshape(maxima.shape)


@cache
def pooled_gradient(layer: Layer = POOLING) -> np.ndarray:
    """∂F by each cell of the map under max pooling, by the chain rule."""
    pairs = list(zip(pooled_upstream(layer).flat, pooled(layer)[0].flat, strict=True))
    found = np.empty(layer.input.shape, dtype=object)
    for at in np.ndindex(found.shape):
        found[at] = sympy.Add(*(g * sympy.diff(p, layer.input[at]) for g, p in pairs))
    return found


@cache
def winners() -> frozenset[tuple[int, int]]:
    """The places of the maxima, counted from 1."""
    _, switches = pooled()
    return frozenset((int(n) // 4 + 1, int(n) % 4 + 1) for n in switches.flat)


# Operations that sentences speak of ------------------------------------------------------------


def makes(wanted: np.ndarray, first: np.ndarray, second: np.ndarray, **geometry) -> bool:
    """Whether the second map, slid over the first, makes the wanted one."""
    try:
        return equal(conv2d(first, second, **geometry), wanted)
    except ValueError:  # it does not fit
        return False


def gathers(layer: Layer, spread: np.ndarray, kernel: np.ndarray) -> bool:
    """Whether a kernel slid over a spread gradient gives the gradient to the input."""
    return makes(input_gradient(layer), spread, kernel)


def leads(matrix: np.ndarray | None, start: np.ndarray, end: np.ndarray) -> bool:
    """Whether a matrix takes one map, flattened, to another."""
    if matrix is None or matrix.shape != (end.size, start.size):
        return False
    return equal(matrix @ start.ravel(), end.ravel())


def inverse(matrix: np.ndarray) -> np.ndarray | None:
    """The inverse of a matrix, if it has one."""
    rows, columns = matrix.shape
    return np.array(sympy.Matrix(matrix).inv()) if rows == columns else None


def relaid(kernel: np.ndarray, action: str, *directions: str) -> np.ndarray:
    """A kernel that is flipped or shifted horizontally or vertically, or both, or transposed."""
    if action == "transposing":
        return kernel.T  # which has no direction
    for direction in dict.fromkeys(directions):
        axis = {"horizontally": 1, "vertically": 0}[direction]
        flips = action in ("flipped", "flipping")
        kernel = np.flip(kernel, axis) if flips else np.roll(kernel, 1, axis)
    return kernel


def rotated(layer: Layer) -> np.ndarray:
    return rot180(layer.kernel)


@cache
def spread(layer: Layer) -> np.ndarray:
    """∂F/∂h with the zeros between and around that gathering needs."""
    sizes = layer.input.shape, layer.kernel.shape
    return spread_gradient(layer.upstream, *sizes, stride=layer.stride)


def around(n: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The same padding on all four sides."""
    return (n, n), (n, n)
