"""What the note says in section 2 up to its rule (2), computed: convolution as a matrix."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...functional import conv2d, conv_matrix, conv_transpose2d, max_pool2d
from ..claims.maps import inverse, leads, makes, matrix_of
from ..claims.words import NUMBERS
from ..meaning import Layer, convolve, equal
from .displays import operands, product_of, shown, sign_of
from .layers import CONVOLUTION, NOTE

# The convolution (1) ---------------------------------------------------------------------------


def denoted(display: str, sums: str, operation: str, sign: str, flips: bool = True) -> bool:
    """Whether the sign of a display stands for this operation of mathematics: with it, the display
    gives the printed sums. ``flips=False``: both operations are those of networks."""
    made = convolve(*operands(display), flip=flips and operation == "convolution")
    return sign_of(display) == sign.removeprefix("\\") and equal(made, shown(sums))


def slides_by(display: str, sums: str, stride: int, layer: Layer = NOTE) -> bool:
    """Whether the convolution of a display, with this stride, gives the printed sums."""
    return makes(*operands(display, layer), shown(sums, layer), stride=stride)


def is_of_size(display: str, what: str, rows: int, columns: int) -> bool:
    """The size of what goes into a convolution, or comes out."""
    map_, kernel = operands(display)
    return (map_ if what == "input" else conv2d(map_, kernel)).shape == (rows, columns)


# The matrix W ----------------------------------------------------------------------------------


def flattened(rows: int, columns: int, which: str, length: int) -> bool:
    """The size of a feature map and of the vector that W takes, or makes, in its place."""
    map_ = {"input": NOTE.input, "output": NOTE.output}[which]
    taken = dict(zip(("output", "input"), NOTE.matrix.shape, strict=True))[which]
    return map_.shape == (rows, columns) and map_.size == taken == length


def product_is(
    matrix: str, vector: str, sums: str, relation: str, rows: int, columns: int, length: int
) -> bool:
    """Whether the printed W times the printed vector is what is printed as sums, flattened."""
    made, found = product_of(matrix, vector, "W"), shown(sums)
    if found.shape != (rows, columns) or made.size != length:
        return False
    return equal(made, found.ravel()) == (relation == "identical to")


@cache
def expressed(operation: str, kind: str) -> bool:
    """Whether the matrix of what an operation makes of each unit map does all that it does.

    A quadratic operation gives the same for a map and its negative.
    """
    kernel, some = np.array([[2, -1], [3, 5]]), np.array([[4, -7, 1], [-2, 6, -3], [8, 5, -9]])
    run = {"convolution": lambda x: conv2d(x, kernel), "max pooling": lambda x: max_pool2d(x, 2, 1)}
    does = run[operation]
    if kind == "quadratic":
        return equal(does(some), does(-some))
    return leads(matrix_of(does, some.shape), some, does(some))


@cache
def weights_stand(many: str, entry: str, action: str, where: str) -> bool:
    """How many entries are zeros, or ones, as maps grow, and in how many rows each weight stands."""
    matrices = [conv_matrix(NOTE.kernel, (n, n)) for n in (4, 6, 8, 12)]
    shares = [np.count_nonzero(w == NUMBERS[entry]) / w.size for w in matrices]
    a_lot = shares == sorted(set(shares)) and shares[-1] > 0.5
    rows = {sum(k in row for row in NOTE.matrix) for k in NOTE.kernel.flat}
    of = len(NOTE.matrix)
    stands = {
        "repeat": {"throughout": of, "once": 1},
        "leave out": {"throughout": 0, "once": of - 1},
    }
    return a_lot == (many == "a lot of") and rows == {stands[action][where]}


def equivalent(relation: str, count: str, first: str, second: str) -> bool:
    """Whether a convolution is a layer of a plain network, and which properties its matrix has."""
    weights = [entry for entry in NOTE.matrix.flat if entry != 0]
    sparse, shared = len(weights) < NOTE.matrix.size, len({*weights}) < len(weights)
    holds = {
        "sparse connections": sparse,
        "dense connections": not sparse,
        "weight sharing": shared,
        "separate weights": not shared,
    }
    is_a_layer = leads(NOTE.matrix, *CONVOLUTION["forward"])
    has_them = holds[first] and holds[second] and len({first, second}) == NUMBERS[count]
    return is_a_layer == (relation == "equivalent to") and has_them


@cache
def uses_matrix(passing: str, change: str, what: str, name: str) -> bool:
    """Whether a changed matrix does this pass, and a convolution of this name does the same."""
    start, end = CONVOLUTION[passing]
    matrix = {"weight matrix": NOTE.matrix, "kernel": NOTE.kernel}[what]
    changed = matrix.T if change == "transpose" else inverse(matrix)
    if name == "transposed":
        does = equal(conv_transpose2d(start, NOTE.kernel), end)
    else:
        geometry = {"dilated": {"dilation": 2, "padding": 3}, "padded": {"padding": 2}}[name]
        does = makes(start, NOTE.kernel, end, **geometry)
    return does and leads(changed, start, end)
