"""What the note says in section 2 after its rule (2), computed: the transposed convolution."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from ...functional import conv2d, max_pool2d
from ...functional.windows import pad
from ..claims import passes
from ..claims.maps import around, gathers, leads, relaid
from ..meaning import Layer, equal, same
from .displays import operands, product_of
from .layers import CONVOLUTION, MAX_POOLING, NAMES, NOTE, spread

FLIP_ABOUT = {"horizontal": "vertically", "vertical": "horizontally"}  # an axis that stays in place
SIDES = {"left": 0, "right": 1}


def unflattened_is(
    matrix: str, vector: str, display: str, how: str, relation: str, stride: int
) -> bool:
    """Whether the printed Wᵀ times the printed vector is what the printed convolution gives."""
    try:
        slid = conv2d(*operands(display), stride=stride)
    except ValueError:  # there is no such stride
        return False
    made = product_of(matrix, vector, "Wᵀ")
    made = made.reshape(NOTE.input.shape) if how == "un-flattened" else made
    return equal(made, slid) == (relation == "identical to")


def arrives_padded(display: str, side: str, what: str, passing: str, padding: int) -> bool:
    """Whether a printed map is what arrives in a pass, with so many zeros on every side, and whether
    with no other number of them (3) gives the gradient."""
    arrives, _ = CONVOLUTION[passing]
    made_of = "gradient" if arrives[0, 0].name.startswith("∂") else "feature"
    printed = operands(display)[SIDES[side]]
    is_it = what == made_of and equal(printed, pad(arrives, around(padding)))
    return is_it and _paddings_that_do(display) == [padding]


@cache
def _paddings_that_do(display: str) -> list[int]:
    _, kernel = operands(display)
    return [p for p in range(5) if gathers(NOTE, pad(NOTE.upstream, around(p)), kernel)]


def original_except(
    display: str,
    original: str,
    side: str,
    relation: str,
    which: str,
    way: str,
    first: str,
    second: str,
) -> bool:
    """Whether a printed kernel is the one of (1), or of (3), turned so; and of the eight ways to
    lay a kernel down again, the only one with which (3) gives the gradient."""
    left, right = operands(display)
    printed = operands(display)[SIDES[side]]
    kernel = {"orig-convolution": operands(original)[1], "flipped-kernel": right}[which]
    if {*printed.flat} != {*kernel.flat}:
        return False  # it is no kernel
    kernel_to_flip = kernel if way == "flipped" else kernel.T
    turned = relaid(kernel_to_flip, "flipped", FLIP_ABOUT[first], FLIP_ABOUT[second])
    agree = list(map(same, turned.flat, printed.flat))
    eight = [k[::u, ::v] for k in (kernel, kernel.T) for u, v in product((1, -1), repeat=2)]
    ways = [one for one in eight if gathers(NOTE, left, one)]
    needed = len(ways) == 1 and equal(ways[0], printed)
    return needed and (all(agree) if relation == "identical to" else not any(agree))


@cache
def another_convolution(
    passing: str, first: str, second: str, padding: str, action: str, one: str, other: str
) -> bool:
    """Whether, in several sizes, this operation on the padded map with the changed kernel does what
    the pass through the first operation does."""
    return all(
        _goes_through(way, passing, second, padding, relaid(kernel, action, one, other))
        for way, kernel in _ways(first)
    )


def _ways(operation: str):
    """Both passes through an operation, and its kernel."""
    if operation == "max pooling":
        yield MAX_POOLING, np.ones((2, 2), dtype=int)
        return
    for sizes in (((4, 4), (3, 3)), ((5, 4), (2, 3)), ((3, 5), (3, 2)), ((2, 2), (2, 2))):
        layer = Layer(NAMES, *sizes)
        yield passes.of_convolution(layer), layer.kernel


def _goes_through(way, passing: str, operation: str, padding: str, kernel: np.ndarray) -> bool:
    start, end = way[passing]
    enough = tuple((n - 1, n - 1) for n in kernel.shape)
    padded = pad(start, enough) if padding == "sufficient" else start
    order = np.arange(padded.size).reshape(padded.shape)
    try:
        made = {
            "convolution": lambda: conv2d(padded, kernel),
            "max pooling": lambda: max_pool2d(padded, kernel.shape, 1, order=order),
        }[operation]()
    except ValueError:  # it does not fit
        return False
    return equal(made, end)


def is_changed(one: str, action: str, other: str) -> bool:
    """Whether the gradient comes from the one, changed so, and not from the other."""
    return _gives_gradient(one, action) and not _gives_gradient(other, action)


@cache
def _gives_gradient(what: str, action: str) -> bool:
    """Whether the matrix W or the kernel, transposed or flipped, gives the gradient to the input."""
    change = {"transposed": np.transpose, "flipped": np.flip}[action]
    if what.startswith("weight matrix"):
        return leads(change(NOTE.matrix), *CONVOLUTION["backward"])
    return gathers(NOTE, spread(NOTE), change(NOTE.kernel))


def flip_is_transposing(
    display: str, original: str, action: str, one: str, other: str, relation: str
) -> bool:
    """Whether the kernel of (3) is that of (1), changed so, and whether that is its transpose."""
    (_, kernel), (_, printed) = operands(original), operands(display)
    changed = relaid(kernel, action, one, other)
    is_the_transpose = equal(changed, kernel.T)
    return equal(changed, printed) and is_the_transpose == (relation == "the same as")
