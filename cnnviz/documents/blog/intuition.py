"""What the blog says of why one map is turned and the other not, computed from the table of which cells
meet."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations

import numpy as np

from ...derivations.layer import meetings
from ...functional import conv2d
from ...functional.geometry import Geometry
from ..meaning import equal
from .layers import BLOG, CELLS

MEETINGS = [
    dict(zip("ZKX", map(np.array, cells), strict=True))
    for cells in meetings(Geometry.of(BLOG.input.shape, BLOG.kernel.shape))
]


@cache
def direction(one: str, other: str) -> int:
    """Whether the indices of two letters run the same way, 1, or against each other, -1, while the
    third letter stays at a cell; 0 if they do neither.

    >>> direction("K", "X"), direction("Z", "K")
    (1, -1)
    """
    (third,) = {*"ZKX"} - {one, other}
    steps = [
        (b[one] - a[one], b[other] - a[other])
        for a, b in combinations(MEETINGS, 2)
        if (a[third] == b[third]).all()
    ]
    if all((first == second).all() for first, second in steps):
        return 1
    return -1 if all((first == -second).all() for first, second in steps) else 0


# For which maps a pass makes results, how, and the letters that run as it makes one.
PASSES = {
    "backpropagation": {
        "input": (BLOG.input_gradient, "ZK"),
        "kernel": (BLOG.kernel_gradient, "ZX"),
    },
    "the forward pass": {"output": (BLOG.output, "KX")},
}


def spreads(passing: str, what: str, to: str, turn: str) -> bool:
    """Whether each cell of a map comes into several results of a pass, and which way its window runs."""
    if to not in PASSES[passing]:
        return False
    made, letters = PASSES[passing][to]
    reached = (sum(cell.has(one) for cell in made.flat) for one in CELLS[what].flat)
    return min(reached) > 1 and direction(*letters) == {"reversal": -1, "repetition": 1}[turn]


def added_regions(what: str, how: str, of: str, which: str) -> bool:
    """Whether the regions of a map, each times its error signal, make the gradient of another."""
    rows, columns = BLOG.kernel.shape
    regions = [
        g * CELLS[of][i : i + rows, j : j + columns] for (i, j), g in np.ndenumerate(BLOG.upstream)
    ]
    if {region.shape for region in regions} != {BLOG.kernel.shape}:
        return False  # the map is too small for all regions
    taken = regions if which == "each" else regions[:1]
    made = {"summing up": sum, "multiplying": math.prod}[how](taken)
    wanted = {"filter weights": BLOG.kernel_gradient, "inputs": BLOG.input_gradient}
    return equal(made, wanted[what])


def aligned(one: str, other: str, stays: str, turn: str) -> bool:
    """Whether two letters run as in the forward pass, and which turn of the error signal makes the
    gradient to the kernel."""
    if one == other:
        return False
    same = direction(one, other) == direction("K", "X")
    (right,) = (
        degrees
        for degrees in (0, 90, 180, 270)
        if equal(conv2d(BLOG.input, np.rot90(BLOG.upstream, degrees // 90)), BLOG.kernel_gradient)
    )
    said = {"no": 0, "a 90°": 90, "a 180°": 180}[turn]
    return same == (stays == "remains consistent with") == (right == 0) and said == right
