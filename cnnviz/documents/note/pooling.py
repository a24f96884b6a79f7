"""What the note says of max pooling and unpooling, computed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import sympy

from ...derivations.arrays import each
from ...derivations.chain import partials
from ...functional import conv2d, conv_transpose2d, max_pool2d, max_pool2d_backward, max_unpool2d
from ..checks import part_of
from ..claims.words import NUMBERS
from ..meaning import equal
from .displays import shown
from .layers import (
    ARRIVED,
    CONVOLUTION,
    MAX_POOLING,
    MAXIMA,
    NOTE,
    ORDER,
    POOLED_GRADIENT,
    POOLING,
    SWITCHES,
    WON,
    places_of,
    unpooled_maxima,
)

CELLS = {
    "maximal": WON,
    "minimal": np.zeros_like(WON),
    "non-maximal": ~WON,
    "rest": ~WON,
    "whole": np.ones_like(WON),
}


# The backward pass -----------------------------------------------------------------------------


def partners(first: str, second: str, one: str, other: str) -> bool:
    """Whether the backward passes of two operations are two others, in this order."""
    ways = {"convolution": CONVOLUTION, "max pooling": MAX_POOLING}
    backward = {
        "transposed convolution": lambda g: conv_transpose2d(g, NOTE.kernel),
        "max unpooling": lambda g: max_unpool2d(g, SWITCHES, 2),
        "convolution": lambda g: conv2d(g, NOTE.kernel, padding=2),
        "max pooling": lambda g: max_pool2d(g, 1, order=ORDER[:2, :2]),
    }
    pairs = {first: one, second: other}
    return len(pairs) == 2 and all(
        equal(backward[way_back](start), end)
        for way, way_back in pairs.items()
        for start, end in (ways[way]["backward"],)
    )


def tiles(kernel: int, stride: int) -> bool:
    """Whether such windows make 2 × 2 of 4 × 4 and meet every cell exactly once."""
    if not (1 <= kernel <= 4 and 1 <= stride <= 4):
        return False
    met = conv_transpose2d(np.ones((2, 2)), np.ones((kernel, kernel)), stride=stride)
    return equal(met.astype(int), np.ones((4, 4), int))


def gradients_of(display: str, passing: str, rows: int, columns: int) -> bool:
    """Whether what stands at the small side in this pass are gradients, and how many: backward,
    those that are printed."""
    there = {"forward": MAXIMA, "backward": shown(display, POOLING)}[passing]
    return there.shape == (rows, columns) and all(one.name.startswith("∂") for one in there.flat)


def expanded_to(action: str, rows: int, columns: int, what: str) -> bool:
    """The gradient that is wanted is as large as the map that went in."""
    wanted = {"backpropagated": POOLED_GRADIENT, "arriving": ARRIVED}[what]
    larger = wanted.size > ARRIVED.size
    return wanted.shape == (rows, columns) and larger == (action == "expand")


def may_be(number: str, kind: str) -> bool:
    """Whether the chain rule through the switches gives the 4 × 4 gradient of several functions of
    the maxima, or of none of them."""
    free = list(MAXIMA.flat)
    scalars = (
        sympy.Add(*free),
        sympy.Add(*(cell**2 for cell in free)),
        free[0],
        sympy.Mul(*free),
        sympy.Function("F")(*free),
    )
    pairs = pairwise(scalars)
    functions = {"scalar-valued": [(one,) for one in scalars], "vector-valued": list(pairs)}[kind]
    holds = [_goes_through_the_switches(function) for function in functions]
    return all(holds) if number == "any" else not any(holds)


def _goes_through_the_switches(function: tuple) -> bool:
    slopes = [[sympy.diff(part, a) for a in POOLING.input.flat] for part in function]
    if np.size(slopes) != POOLING.input.size:
        return False  # it has more than one slope by each cell
    (scalar,), (direct,) = function, slopes
    arriving = each(MAXIMA, lambda maximum: sympy.diff(scalar, maximum))
    made = max_pool2d_backward(arriving, POOLING.input.shape, SWITCHES)
    return equal(made.ravel(), direct)


def discarded(which: str, fate: str, role: str, slope: str) -> bool:
    """What an undefined function of the maxima depends on, and its slopes by the other elements."""
    scalar = sympy.Function("F")(*MAXIMA.flat)
    named = POOLING.input[CELLS[which]]
    plays = any(scalar.has(element) for element in named)
    slopes = {sympy.diff(scalar, element) for element in named}
    return plays == (fate == "kept") == (role == "a role") and slopes == {NUMBERS.get(slope)}


def moved(which: str, target: str) -> bool:
    """Whether the gradients of these elements stand where those were."""
    filled = POOLED_GRADIENT != 0
    own = equal(POOLED_GRADIENT[filled], partials("F", POOLING.input[filled]))
    return own and all(np.array_equal(filled, CELLS[one]) for one in (which, target))


def filled_up(which: str, value: str) -> bool:
    """What stands at the other locations, or at all of them."""
    return {*POOLED_GRADIENT[CELLS[which]]} == {NUMBERS.get(value)}


def restored(
    display: str, number: str, which: str, change: str, where: str, others: str, value: str
) -> bool:
    """Whether a display shows so many of these elements at these places, and this value at the
    places of the others."""
    if which == others or (change == "restored") != (where == "their original"):
        return False
    shown, original = part_of(display, 1, POOLING), POOLING.input
    stay = (shown == original)[CELLS[which]]
    there = [element in shown.ravel().tolist() for element in original[CELLS[which]]]
    found = sum(stay) if change == "restored" else sum(there) - sum(stay)
    wanted = {"": len(stay), "three of": 3, "none of": 0}[number]
    return {*shown[CELLS[others]]} == {NUMBERS.get(value)} and found == wanted


def inverse_of(kind: str, operation: str) -> bool:
    """In which order an operation and max unpooling undo each other, with the same switches."""
    before, after = {
        "max pooling": (POOLING.input, MAXIMA),
        "max unpooling": (MAXIMA, unpooled_maxima(POOLING)),
    }[operation]
    if after.shape != SWITCHES.shape:
        return False  # unpooling cannot follow
    back = max_unpool2d(after, SWITCHES, 2)
    reads_back, gives_all_back = equal(back.ravel()[SWITCHES], after), equal(back, before)
    kinds = {(True, False): r"\textit{partial inverse}", (True, True): r"\textit{inverse}"}
    return kinds.get((reads_back, gives_all_back)) == kind


def switches_kept(operation: str, need: str, what: str, which: str, passing: str) -> bool:
    """Whether it takes this, of these elements, and whether it can be had in this pass."""
    kept = _seen(passing) == places_of(CELLS[which]) and _tells_apart(operation, what)
    return kept == (need == "have to")


def _seen(passing: str) -> set[tuple[int, int]]:
    """The locations of the largest elements of the map that comes in in this pass."""
    order = {"forward": ORDER, "backward": ORDER[:2, :2]}[passing]
    _, found = max_pool2d(order, 2, return_indices=True)
    return places_of(np.isin(np.arange(order.size).reshape(order.shape), found))


@cache
def _tells_apart(operation: str, what: str) -> bool:
    """Whether an operation, given the same, must make different maps, and this tells them apart."""
    one, other = np.array([[5, 0], [0, 0]]), np.array([[0, 0], [0, 5]])
    (p, here), (q, there) = (max_pool2d(x, 2, return_indices=True) for x in (one, other))
    unpooled = max_unpool2d(p, here, 2), max_unpool2d(q, there, 2)
    given, made = {
        "max pooling": ((one, other), (p, q)),
        "max unpooling": ((p, q), unpooled),
    }[operation]
    kept = {"locations": (here, there), "values": (p, q)}[what]
    return equal(*given) and not equal(*made) and not equal(*kept)
