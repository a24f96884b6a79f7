"""What the note says in section 2 about strides, computed."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np

from ...functional import conv2d, conv_transpose2d, insert_zeros
from ...functional.windows import pad
from ..claims.maps import around, gathers, makes, relaid
from ..claims.words import NUMBERS
from ..meaning import equal
from .convolution import slides_by
from .displays import operands
from .layers import STRIDED


def stride_was(
    original: str, sums: str, strided: str, strided_sums: str, which: str, stride: int
) -> bool:
    """Whether the convolution of this name gives, in such steps, the sums printed after it."""
    if which == "orig-convolution":
        return slides_by(original, sums, stride)
    return slides_by(strided, strided_sums, stride, STRIDED)


def produces(display: str, rows: int, columns: int) -> bool:
    """The size of what the convolution of the 5 × 5 map makes in its steps of 2."""
    return conv2d(*operands(display, STRIDED), stride=STRIDED.stride).shape == (rows, columns)


# Zeros on the boundary and in between ----------------------------------------------------------


def adds_zeros(
    action: str,
    way: str,
    change: str,
    border: str,
    where: str,
    need: str,
    also: str,
    fill: str,
    between: str,
) -> bool:
    """Whether all this makes the gradient to the input at stride 2, whether it takes the last, and
    whether what is added first is a padding.

    Where nothing stands yet there is nothing to remove.
    """
    first = {where: border} if change == "adding" else {}
    last = {between: fill} if also == "add" else {}
    without = _makes_gradient(action, way, tuple(first.items()))
    made = _makes_gradient(action, way, tuple((first | last).items()))
    return made and without == (need == "need not") and _is_padding(where)


@cache
def _makes_gradient(action: str, way: str, fills: tuple[tuple[str, str], ...]) -> bool:
    """Whether the kernel, changed as in (3) or in another way, does it on a gradient so filled."""
    both, one = [("horizontally", "vertically")], [("horizontally",), ("vertically",)]
    kernels = [relaid(STRIDED.kernel, action, *way) for way in (both if way == "the same" else one)]
    return any(gathers(STRIDED, _filled(dict(fills)), kernel) for kernel in kernels)


def _filled(fills: dict[str, str]) -> np.ndarray:
    """The gradient that arrives, with zeros or ones in these places."""
    g = STRIDED.upstream
    if "in between the elements" in fills:
        g = insert_zeros(g, STRIDED.stride, NUMBERS[fills["in between the elements"]])
    if "on the boundary" in fills:
        g = pad(g, around(2), NUMBERS[fills["on the boundary"]])
    return g


@cache
def _is_padding(where: str) -> bool:
    """Whether zeros in this place are what a convolution calls its padding."""
    padded = conv2d(STRIDED.upstream, STRIDED.kernel, padding=2)
    return makes(_filled({where: "zeros"}), STRIDED.kernel, padded)


def has_between(display: str, count: str, fill: str, change: str, where: str, what: str) -> bool:
    """How many rows and columns a display has between, or around, the elements of one of its parts,
    and what they are filled with."""
    number = NUMBERS[count] if change == "added" else -NUMBERS[count]
    printed = operands(display, STRIDED)[1 if what == "kernel" else 0]
    elements = STRIDED.kernel if what == "kernel" else STRIDED.upstream
    numbers, inside = zip(*(_gaps(printed, elements, axis, where) for axis in (0, 1)), strict=True)
    filled = printed[np.logical_or.outer(*inside)]
    return {*numbers[0], *numbers[1]} == {number} and {*filled} <= {NUMBERS[fill]}


def _gaps(printed: np.ndarray, elements: np.ndarray, axis: int, where: str):
    """How wide the gaps between, or around, the lines with elements are; and which lines they are."""
    lines = np.moveaxis(printed, axis, 0)
    found = [n for n, line in enumerate(lines) if {*line} & {*elements.flat}]
    if where == "between":
        widths = [after - before - 1 for before, after in pairwise(found)]
        gap = [found[0] < n < found[-1] and n not in found for n in range(len(lines))]
    else:
        widths = [found[0], len(lines) - 1 - found[-1]]
        gap = [n < found[0] or n > found[-1] for n in range(len(lines))]
    return widths, np.array(gap)


# The pace of the kernel ------------------------------------------------------------------------


def viewed_as(display: str, fill: str, compare: str, bound: int, step: int) -> bool:
    """What a display has in between, and the step of its kernel in cells of the gradient that
    arrives and by hand."""
    steps, pace = _pace(display)
    holds = pace < bound if compare == "less than" else pace > bound
    between = has_between(display, "one", fill, "added", "between", "gradient matrix")
    return between and holds and steps == [step]


def known_as(display: str, change: str, what: str, name: str) -> bool:
    """Whether that is slower than the steps of the forward pass, and whether it is a fraction."""
    _, pace = _pace(display)
    slower = pace < STRIDED.stride
    fraction = pace.denominator > 1
    return (
        slower == (change == "slower")
        and fraction == (name == "fractionally")
        and _does_the_same(display, what)
    )


@cache
def _pace(display: str) -> tuple[list[int], Fraction]:
    """The steps with which a display gives the gradient, and the first of them in cells of the
    gradient, which stand apart in the display."""
    spread, kernel = operands(display, STRIDED)
    steps = [s for s in (1, 2, 3) if makes(spread, kernel, STRIDED.input_gradient, stride=s)]
    ((apart,), _) = _gaps(spread, STRIDED.upstream, 1, "between")
    return steps, Fraction(sum(steps[:1]), apart + 1)


@cache
def _does_the_same(display: str, what: str) -> bool:
    """Whether the convolution of this name makes what the display makes."""
    spread, kernel = operands(display, STRIDED)
    made = conv2d(spread, kernel)
    if what == "transposed":
        return equal(conv_transpose2d(STRIDED.upstream, STRIDED.kernel, stride=2), made)
    return makes(spread, kernel, made, dilation=2)
