"""The kernel gradient for every size: nothing is turned, and stride and dilation change places."""

from __future__ import annotations

import sympy

from ...symbols import NOTATIONS, Notation
from . import lines
from .letters import equal
from .proof import ForEverySize, in_parts
from .rules import counted, defined, differentiated, rewritten


def kernel_gradient_for_every_size(notation: Notation = NOTATIONS["note"]) -> ForEverySize:
    """∂F/∂k is the padded input, correlated with the upstream gradient: for all sizes.

    Letters and what is assumed are those of `input_gradient_for_every_size`. Source: note, the
    paragraph on dilation after the kernel gradient; `torch.nn.grad.conv2d_weight`.

    >>> derivation = kernel_gradient_for_every_size()
    >>> derivation.holds()
    True
    >>> from cnnviz.derivations.typeset import to_text
    >>> to_text(derivation.parts[0].lines["result"].right, derivation.notation)
    "Σ(u = 0 … q − 1) ∂F/∂h[u] a'[s u + d i]"
    """
    return ForEverySize(
        "The kernel gradient, proved for every size",
        "note, section 3, on stride and dilation",
        in_parts(_derive, notation, ON_ONE_AXIS, ON_TWO_AXES, WITH_CHANNELS),
        notation=notation,
    )


ON_ONE_AXIS = {
    "outputs": lines.ASSUMED,
    "forward": lines.FORWARD,
    "slope": "Fix the kernel cell i: its slope is the input cell it lies on.",
    "chain rule": "Chain rule: {scalar} is any scalar that depends on the outputs. It feels cell i "
    "through each of them.",
    "put in": "The slopes put in.",
    "padded": "Put p zeros before the input, and p behind.",
    "forward, padded": "So the forward pass steps by s, and its kernel cells lie d apart.",
    "result": "The kernel gradient steps by d, and the upstream gradients lie s apart: stride and "
    "dilation have changed places. Both places grow, so nothing is turned.",
    "spread": "To close the gaps of its window, put zeros there: e is the upstream gradient at the "
    "multiples of s.",
    "where it divides": lines.ZEROS,
    "window": "The window is e now: s(q−1) + 1 cells that slide over the padded input, d at a time.",
    "remainder": "In how many places does it fit? The forward pass leaves r cells over.",
    "stops": "In one for each kernel cell, and in ⌊r/d⌋ more. Those belong to no kernel cell: they "
    "are cropped.",
}
ON_TWO_AXES = {
    "forward": lines.TWO_AXES,
    "result": "No letter stands in the places of both axes: every line above holds for rows and for "
    "columns.",
}
WITH_CHANNELS = {
    "forward": lines.CHANNELS,
    "result": "A kernel cell connects one c with one o of its group. Nothing is added up in front.",
}


def _derive(writing: lines.Writing) -> None:
    on_one_axis = len(writing.letters.axes) == 1
    if on_one_axis:
        lines.sizes(writing)
    lines.forward(writing)
    _calculus(writing)
    _padding(writing)
    lines.spread(writing)
    _window(writing)
    if on_one_axis:
        _stops(writing)


def _calculus(writing: lines.Writing) -> None:
    by, maps = writing.letters, writing.letters.maps
    kernel_cell = by.group + by.outside + by.inside + by.each("i")
    wanted, met = maps.to_k[kernel_cell], maps.a[by.of_group + by.inside + by.each("read")]
    # an output of any group and channel: only those of the same have a slope
    output = by.of_group + by.of_outside + by.each("u")
    slope = maps.of_k[output + kernel_cell]
    same_channel = equal(by.of_group + by.of_outside, by.group + by.outside)
    writing.line(
        "slope", slope, same_channel * met, differentiated(maps.h[output], maps.k[kernel_cell])
    )
    lines.chain(writing, wanted, output, slope)
    arriving = maps.to_h[by.group + by.outside + by.each("u")]
    met = maps.a[by.group + by.inside + by.each("read")]
    writing.line("put in", wanted, by.sum(arriving * met, *by.each("u")), rewritten(maps.of_k))


def _padding(writing: lines.Writing) -> None:
    by, maps = writing.letters, writing.letters.maps
    channel, kernel_cell = by.group + by.inside, by.group + by.outside + by.inside + by.each("i")
    before = tuple(axis.z - axis.p for axis in by.axes)
    met = maps.padded[channel + tuple(axis.s * axis.u + axis.d * axis.i for axis in by.axes)]
    output = by.group + by.outside + by.each("u")
    writing.line("padded", maps.padded[channel + by.each("z")], maps.a[channel + before], defined)
    writing.line(
        "forward, padded",
        maps.h[output],
        by.sum(maps.k[kernel_cell] * met, *by.inside, *by.each("i")),
        rewritten(maps.padded),
    )
    writing.line(
        "result",
        maps.to_k[kernel_cell],
        by.sum(maps.to_h[output] * met, *by.each("u")),
        rewritten(maps.padded),
    )


def _window(writing: lines.Writing) -> None:
    by, maps = writing.letters, writing.letters.maps
    met = maps.padded[by.group + by.inside + tuple(axis.d * axis.i + axis.t for axis in by.axes)]
    window = maps.spread[by.group + by.outside + by.each("t")]
    whole = [(axis.t, 0, axis.s * (axis.q - 1)) for axis in reversed(by.axes)]
    writing.line(
        "window",
        maps.to_k[by.group + by.outside + by.inside + by.each("i")],
        sympy.Sum(window * met, *whole),
        rewritten(maps.spread),
    )


def _stops(writing: lines.Writing) -> None:
    (axis,) = writing.letters.axes
    lines.remainder(writing)
    room = axis.n + 2 * axis.p - axis.s * (axis.q - 1) - 1
    writing.line(
        "stops",
        sympy.floor(room / axis.d) + 1,
        axis.m + sympy.floor(axis.r / axis.d),
        counted(axis.r),
    )
