"""What the blog says of the gradient to the input, computed: the sizes, the padding and the rotation."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ...functional import conv2d, insert_zeros, rot180
from ...functional.geometry import Geometry
from ..meaning import equal, evaluate
from ..printed import Call, nodes, parse
from .layers import BLOG, CELLS, DERIVATIVE, agree


def at_hand(hope: str, one: str, other: str, same: str, size: int) -> bool:
    """How large two maps are, and whether one has as many places on the other as there are inputs."""
    shapes = CELLS[one].shape, CELLS[other].shape
    places = Geometry.of(max(shapes), min(shapes)).output_size
    return (
        all(shape == (size, size) for shape in shapes)
        and (shapes[0] == shapes[1]) == (same == "same")
        and (places == BLOG.input.shape) == (hope == "can")
    )


# How a side of a map grows, and the map with it; dilation puts zeros between its cells.
LONGER = {
    "padding": lambda side, by: side + 2 * by,
    "dilation": lambda side, by: by * (side - 1) + 1,
}
LARGER = {"padding": np.pad, "dilation": insert_zeros}


def enlarged(summary: str, how: str, amount: int, what: str, size: int) -> bool:
    """Whether what the summary pads becomes so large in this way, and right for the turned kernel."""
    map_ = CELLS[what]
    if LONGER[how](map_.shape[0], amount) != size or not equal(map_, _padded_in(summary)):
        return False
    made = conv2d(LARGER[how](map_, amount), rot180(BLOG.kernel))
    return equal(made, BLOG.input_gradient)


@cache
def _padded_in(formula: str) -> np.ndarray:
    """What a formula pads."""
    calls = (node for node in nodes(parse(formula)) if isinstance(node, Call))
    (padded,) = (call for call in calls if call.name == "padded")
    return evaluate(padded.arguments[0], BLOG)


TURNS = (0, 90, 180, 270)
SIGNS = {"+": 1, "-": -1}


def result_size(
    map_: int, minus: str, window: int, plus: str, more: int, value: int, size: int
) -> bool:
    """The number of places of the kernel on the padded error signal, and how it is calculated."""
    around = BLOG.kernel.shape[0] - 1
    sizes = BLOG.upstream.shape[0] + 2 * around, BLOG.kernel.shape[0]
    places = Geometry.of((map_, map_), BLOG.kernel.shape).output_size
    calculated = map_ + SIGNS[minus] * window + SIGNS[plus] * more
    return (map_, window) == sizes and places == (size, size) and calculated == value == size


# What the rotation is for


@cache
def _slid(turn: int) -> np.ndarray:
    """The kernel, turned by so many degrees, slid over the padded error signal."""
    return conv2d(BLOG.upstream, np.rot90(BLOG.kernel, turn // 90), padding=1)


def unturned(*equations: str, verdict: str, which: str) -> bool:
    """For which of the nine equations, as printed, the kernel as it is gives another result."""
    right = agree(_slid(0).flat, equations)
    flagged = [one == (verdict == "right") for one in right]
    return flagged[0] if which == "the very first" else flagged == [False] * 8 + [True]


def meet_in_the_first(output: str, weight: str) -> bool:
    """Whether the first result is the gradient of this output times this weight."""
    product = sympy.Symbol(f"∂L/∂{output}") * sympy.Symbol(weight)
    return DERIVATIVE[BLOG.input[0, 0]] == product


APART = {"the exact same set of": 0, "all but two of the": 2, "none of the": 9}


def obtained(*equations: str, which: str) -> bool:
    """How many of the nine equations, as printed, the turned kernel does not give."""
    return agree(_slid(180).flat, equations).count(False) == APART[which]


def turn_needed(need: str, degrees: int, what: str, aim: str) -> bool:
    """Whether a turn of a map, and no other, or none, gives the nine derivatives."""
    part = BLOG.part(BLOG.letters[what])
    if not any(DERIVATIVE[x].has(*part.flat) for x in BLOG.input.flat):
        return False  # it takes no part
    right = {turn for turn in TURNS if equal(_slid(turn), BLOG.input_gradient)}
    hits = right if aim == "ensure" else {*TURNS} - right
    return hits == {degrees} if need == "requires" else degrees not in hits
