"""What the note says of max pooling and unpooling, computed."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import sympy

from ..functional import conv2d, conv_transpose2d, max_pool2d, max_pool2d_backward, max_unpool2d
from .checks import part_of
from .meaning import ANYTHING
from .note_displays import shown
from .note_parts import (
    EVERY_CELL,
    NOTE,
    ORDER,
    POOLING,
    equal,
    input_gradient,
    pooled,
    pooled_gradient,
    pooled_upstream,
    winners,
)

WINNERS = set(winners())
EVERY_MAXIMUM = {(1, 1), (1, 2), (2, 1), (2, 2)}
NO_CELL: set[tuple[int, int]] = set()
LOSERS = set(EVERY_CELL - winners())


def maxima(layer) -> np.ndarray:
    return pooled(layer)[0]


def unpooled_maxima(layer) -> np.ndarray:
    return max_unpool2d(*pooled(layer), 2)


def moved_gradients(_) -> np.ndarray:
    """The gradients at their new places, with nothing said yet about the rest."""
    moved = max_pool2d_backward(pooled_upstream(), (4, 4), pooled()[1])
    moved[moved == 0] = ANYTHING
    return moved


# The backward pass -----------------------------------------------------------------------------


def partners(first: str, second: str, one: str, other: str) -> bool:
    """Whether the backward passes of two operations are two others, in this order."""
    forward = {
        "convolution": (NOTE.upstream, input_gradient(NOTE)),
        "max pooling": (pooled_upstream(), pooled_gradient()),
    }
    _, switches = pooled()
    backward = {
        "transposed convolution": lambda g: conv_transpose2d(g, NOTE.kernel),
        "max unpooling": lambda g: max_unpool2d(g, switches, 2),
        "convolution": lambda g: conv2d(g, NOTE.kernel, padding=2),
        "max pooling": lambda g: max_pool2d(g, 1, order=ORDER[:2, :2]),
    }
    pairs = {first: one, second: other}
    return len(pairs) == 2 and all(
        equal(backward[way_back](forward[way][0]), forward[way][1])
        for way, way_back in pairs.items()
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
    there = {"forward": pooled()[0], "backward": shown(display, POOLING)}[passing]
    return there.shape == (rows, columns) and all(one.name.startswith("∂") for one in there.flat)


def expanded_to(action: str, rows: int, columns: int, what: str) -> bool:
    """The gradient that is wanted is as large as the map that went in."""
    wanted = {"backpropagated": pooled_gradient(), "arriving": pooled_upstream()}[what]
    larger = wanted.size > pooled_upstream().size
    return wanted.shape == (rows, columns) and larger == (action == "expand")


def may_be(number: str, kind: str) -> bool:
    """Whether the chain rule through the switches gives the 4 × 4 gradient of several functions of
    the maxima, or of none of them."""
    free = list(pooled()[0].flat)
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
    cells, switches = pooled()
    slopes = [[sympy.diff(part, a) for a in POOLING.input.flat] for part in function]
    if np.size(slopes) != POOLING.input.size:
        return False  # it has more than one slope by each cell
    (scalar,), (direct,) = function, slopes
    arriving = np.array([sympy.diff(scalar, p) for p in cells.flat], dtype=object).reshape(2, 2)
    made = max_pool2d_backward(arriving, (4, 4), switches)
    return equal(made, np.array(direct, dtype=object).reshape(4, 4))


def discarded(which: str, fate: str, role: str, slope: str) -> bool:
    """What an undefined function of the maxima depends on, and its slopes by the other elements."""
    scalar = sympy.Function("F")(*pooled()[0].flat)
    maximal = {POOLING.input[r - 1, c - 1] for r, c in WINNERS}
    named = maximal if which == "maximal" else {*POOLING.input.flat} - maximal
    plays = [scalar.has(element) for element in named]
    slopes = {sympy.diff(scalar, element) for element in named}
    return (
        any(plays) == (fate == "kept") == (role == "a role")
        and {"zero": {0}, "one": {1}}.get(slope) == slopes
    )


def moved(which: str, target: str) -> bool:
    """Whether the gradients of these elements stand where those were."""
    cells = {"maximal": WINNERS, "non-maximal": LOSERS}
    made = pooled_gradient()
    filled = {(r + 1, c + 1) for r, c in np.argwhere(made != 0)}
    own = all(
        made[r - 1, c - 1] == sympy.Symbol(f"∂F/∂{POOLING.input[r - 1, c - 1]}") for r, c in filled
    )
    return own and filled == cells[which] == cells[target]


def filled_up(which: str, value: str) -> bool:
    """What stands at the other locations, or at all of them."""
    cells = {"rest": LOSERS, "whole": set(EVERY_CELL)}[which]
    values = {pooled_gradient()[r - 1, c - 1] for r, c in cells}
    return values == {{"zeros": 0, "ones": 1}.get(value)}


def restored(
    display: str, number: str, which: str, change: str, where: str, others: str, value: str
) -> bool:
    """Whether a display shows so many of these elements at these places, and this value at the
    places of the others."""
    cells = {"maximal": WINNERS, "non-maximal": LOSERS}
    if which == others or (change == "restored") != (where == "their original"):
        return False
    shown, original = part_of(display, 1, POOLING), POOLING.input
    stay = [shown[r - 1, c - 1] == original[r - 1, c - 1] for r, c in cells[which]]
    there = [original[r - 1, c - 1] in shown.ravel().tolist() for r, c in cells[which]]
    found = sum(stay) if change == "restored" else sum(there) - sum(stay)
    wanted = {"": len(stay), "three of": 3, "none of": 0}[number]
    rest = {shown[r - 1, c - 1] for r, c in cells[others]} == {{"zeros": 0, "ones": 1}[value]}
    return rest and found == wanted


def inverse_of(kind: str, operation: str) -> bool:
    """In which order an operation and max unpooling undo each other, with the same switches."""
    cells, switches = pooled()
    before, after = {
        "max pooling": (POOLING.input, cells),
        "max unpooling": (cells, max_unpool2d(cells, switches, 2)),
    }[operation]
    if after.shape != switches.shape:
        return False  # unpooling cannot follow
    back = max_unpool2d(after, switches, 2)
    reads_back, gives_all_back = equal(back.ravel()[switches], after), equal(back, before)
    kinds = {(True, False): r"\textit{partial inverse}", (True, True): r"\textit{inverse}"}
    return kinds.get((reads_back, gives_all_back)) == kind


def switches_kept(operation: str, need: str, what: str, which: str, passing: str) -> bool:
    """Whether it takes this, of these elements, and whether it can be had in this pass."""
    cells = {"maximal": WINNERS, "minimal": NO_CELL, "non-maximal": LOSERS}[which]
    kept = _seen(passing) == cells and _tells_apart(operation, what)
    return kept == (need == "have to")


def _seen(passing: str) -> set[tuple[int, int]]:
    """The locations of the largest elements of the map that comes in in this pass."""
    order = {"forward": ORDER, "backward": ORDER[:2, :2]}[passing]
    _, found = max_pool2d(order, 2, return_indices=True)
    columns = order.shape[1]
    return {(int(n) // columns + 1, int(n) % columns + 1) for n in found.flat}


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
