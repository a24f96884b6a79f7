"""What the note says in section 3, Convolution Weights, computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ..checks import right_side
from ..claims.maps import makes
from ..meaning import Layer, equal, places
from ..printed import parse
from .displays import operands
from .layers import CONVOLUTION, NAMES, NOTE, STRIDED

EVERY_WEIGHT = {"i": 3, "j": 3}
EVERY_WEIGHT_AND_OUTPUT = {**EVERY_WEIGHT, "i'": 2, "j'": 2}


def influences(slope: str, which: str, alone: str, at: int) -> bool:
    """Which outputs a weight has a slope in, apart from the one whose slope has just been printed."""
    (partial, _) = parse(slope).sides
    row, column = places(partial.top.below, {})
    others = [h for place, h in np.ndenumerate(NOTE.output) if place != (row - 1, column - 1)]
    slopes = [sympy.diff(h, k) != 0 for k in NOTE.kernel.flat for h in others]
    holds = {"all": all(slopes), "none of": not any(slopes), "some of": {*slopes} == {True, False}}
    alone_is_so = any(slopes) == (alone == "not just")
    return 10 * row + column == at and holds[which] and alone_is_so


def substituted(
    general: str, special: str, i: int, j: int | None = None, at: int | None = None
) -> bool:
    """Whether a sum becomes the one that is printed after it when i and j are put in; without j, the
    same for i = j.

    ``at`` is the index of the weight that is named, as in k_11.
    """
    j = i if j is None else j
    if not (1 <= i <= 3 and 1 <= j <= 3):
        return False  # there is no such weight
    weight = places(parse(special).sides[0].bottom.below, {})
    named = weight if at is None else divmod(at, 10)
    return weight == (i, j) == named and equal(
        right_side(general, NOTE, {"i": i, "j": j}), right_side(special, NOTE)
    )


def operands_are(
    display: str, one: str, side: str, goes: str, first: str, two: str, other: str, second: str
) -> bool:
    """Whether the maps of a display are what goes in or comes out in these passes, and which of
    them, as the kernel, slides over the other."""
    printed = dict(zip(("left", "right"), operands(display), strict=True))
    roles = {one: printed[side], two: printed[other]}
    if len(roles) < 2:
        return False  # there is nothing that slides
    start, end = CONVOLUTION[first]
    arrives, _ = CONVOLUTION[second]
    return (
        equal(printed[side], {"input to": start, "output of": end}[goes])
        and equal(printed[other], arrives)
        and arrives[0, 0].name.startswith("∂")
        and makes(roles["feature map"], roles["kernel"], NOTE.kernel_gradient)
    )


def at_larger_strides(compare: str, n: int, result: str, what: str) -> bool:
    """Whether at each of these strides the gradient to the kernel is the input under what arrives,
    but only with something as large as the stride. The opposite: what arrives, under the input."""
    named = [s for s in (1, 2, 3) if (s > n if compare == "greater than" else s == n)]
    return bool(named) and all(_needs(stride, result == "same", what) for stride in named)


@cache
def _needs(stride: int, in_order: bool, what: str) -> bool:
    layer = Layer(NAMES, (3 + stride, 3 + stride), (3, 3), stride=stride)
    maps = (layer.input, layer.upstream) if in_order else (layer.upstream, layer.input)
    wanted = layer.kernel_gradient
    found = [size for size in (1, 2, 3, 4) if makes(*maps, wanted, **{what: size})]
    return found == [stride] and not makes(*maps, wanted)


def has_steps(display: str, stride: int, dilation: int) -> bool:
    """Whether a display of the 5 × 5 map gives, so slid, the gradient to the kernel."""
    maps = operands(display, STRIDED)
    return makes(*maps, STRIDED.kernel_gradient, stride=stride, dilation=dilation)
