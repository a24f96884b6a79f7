"""The input gradient for every size: index substitution, with the stride's zeros as a condition."""

from __future__ import annotations

from ...symbols import NOTATIONS, Notation
from . import lines
from .letters import equal
from .proof import ForEverySize, in_parts
from .rules import counted, defined, differentiated, rewritten


def input_gradient_for_every_size(notation: Notation = NOTATIONS["note"]) -> ForEverySize:
    """∂F/∂a is the spread upstream gradient, correlated with the turned kernel: for all sizes.

    On one axis, h_u = Σ k_i a_x with x = su + di - p, for all whole numbers n, m, q, s, d ≥ 1 and
    p ≥ 0 with q = floor((n + 2p - d(m - 1) - 1) / s) + 1; then on two axes, and with channels in
    groups. Places are counted from 0. Beyond its ends every map is 0.
    Source: Dumoulin and Visin, A guide to convolution arithmetic (2016), chapter 4.

    >>> derivation = input_gradient_for_every_size()
    >>> derivation.holds()
    True
    >>> derivation.proved[:63]
    'Proved for every size: each line follows for all sizes at once.'
    """
    return ForEverySize(
        "The input gradient, proved for every size",
        "note, equation (3); Dumoulin and Visin (2016), chapter 4",
        in_parts(_derive, notation, ON_ONE_AXIS, ON_TWO_AXES, WITH_CHANNELS),
        notation=notation,
    )


ON_ONE_AXIS = {
    "outputs": lines.ASSUMED,
    "forward": lines.FORWARD,
    "slope": "Fix the input cell x. A bracket is 1 where its equation holds, and 0 elsewhere.",
    "chain rule": "Chain rule: {scalar} is any scalar that depends on the outputs. It feels x "
    "through each of them.",
    "put in": "The slopes put in.",
    "exchanged": "The ends of neither sum know the other’s index, so the two may change places.",
    "spread": "su + di − p = x says su = t with t = x + p − di. So the inner sum depends on t "
    "alone. Call it e.",
    "where it divides": lines.ZEROS + " So e is the upstream gradient with s − 1 zeros between its "
    "cells.",
    "solved": "The inner sum is e at t = x + p − di. When i grows, the place in e falls.",
    "turned": "So number the kernel cells from the other end.",
    "growing": "i = m − 1 − j runs through all kernel cells as j does. Now both places grow.",
    "padded": "Put d(m−1) − p zeros before e. Below zero, that many cells are cropped.",
    "result": "A cross-correlation of the padded map with the turned kernel: stride 1, dilation d.",
    "remainder": "How far is e′ padded behind? No window reaches the last r cells of the padded "
    "input.",
    "behind": "e′ has n + d(m−1) cells, and e has s(q−1) + 1. Behind e there are as many zeros as "
    "before it, and r more: those r cells get 0.",
}
ON_TWO_AXES = {
    "forward": lines.TWO_AXES,
    "slope": "A cell is met where both equations hold: a product of two brackets, and no letter "
    "stands in both.",
    "result": "So every line above holds for rows and for columns, one after the other. Turned on "
    "both axes is turned by 180°.",
}
WITH_CHANNELS = {
    "forward": lines.CHANNELS,
    "result": "Channel c is read by the output channels o of its own group. The sum over them "
    "stands in front: no place on an axis knows o.",
}


def _derive(writing: lines.Writing) -> None:
    on_one_axis = len(writing.letters.axes) == 1
    if on_one_axis:
        lines.sizes(writing)
    lines.forward(writing)
    _calculus(writing)
    lines.spread(writing)
    _turning(writing)
    if on_one_axis:
        _padding_behind(writing)


def _calculus(writing: lines.Writing) -> None:
    by, maps = writing.letters, writing.letters.maps
    wanted = maps.to_a[by.group + by.inside + by.each("x")]
    meets = equal(by.each("read"), by.each("x"))
    # an output of any group: only those of the same have a slope
    output = by.of_group + by.outside + by.each("u")
    slope = maps.of_a[output + by.group + by.inside + by.each("x")]
    weight = maps.k[by.of_group + by.outside + by.inside + by.each("i")]
    writing.line(
        "slope",
        slope,
        by.sum(equal(by.of_group, by.group) * weight * meets, *by.each("i")),
        differentiated(maps.h[output], maps.a[by.group + by.inside + by.each("x")]),
    )
    lines.chain(writing, wanted, output, slope)
    arriving = maps.to_h[by.group + by.outside + by.each("u")]
    weight = maps.k[by.group + by.outside + by.inside + by.each("i")]
    writing.line(
        "put in",
        wanted,
        by.sum(arriving * by.sum(weight * meets, *by.each("i")), *by.outside, *by.each("u")),
        rewritten(maps.of_a),
    )
    writing.line(
        "exchanged",
        wanted,
        by.sum(weight * by.sum(arriving * meets, *by.each("u")), *by.outside, *by.each("i")),
        rewritten(),
    )


def _turning(writing: lines.Writing) -> None:
    by, maps = writing.letters, writing.letters.maps
    wanted = maps.to_a[by.group + by.inside + by.each("x")]
    channel, plane = by.group + by.outside, by.group + by.outside + by.inside
    against = tuple(axis.x + axis.p - axis.d * axis.i for axis in by.axes)
    along = tuple(axis.x + axis.d * axis.j for axis in by.axes)
    after_padding = tuple(axis.y - axis.before for axis in by.axes)
    other_end = tuple(axis.m - 1 - axis.j for axis in by.axes)
    shifted = tuple(place - axis.before for place, axis in zip(along, by.axes, strict=True))
    over = by.outside + by.each("j")
    turned = maps.turned[plane + by.each("j")]
    writing.line(
        "solved",
        wanted,
        by.sum(
            maps.k[plane + by.each("i")] * maps.spread[channel + against],
            *by.outside,
            *by.each("i"),
        ),
        rewritten(maps.spread),
    )
    writing.line("turned", turned, maps.k[plane + other_end], defined)
    writing.line(
        "growing",
        wanted,
        by.sum(turned * maps.spread[channel + shifted], *over),
        rewritten(maps.turned, numbered={axis.j: axis.m - 1 - axis.i for axis in by.axes}),
    )
    writing.line(
        "padded",
        maps.padded_spread[channel + by.each("y")],
        maps.spread[channel + after_padding],
        defined,
    )
    writing.line(
        "result",
        wanted,
        by.sum(turned * maps.padded_spread[channel + along], *over),
        rewritten(maps.padded_spread),
    )


def _padding_behind(writing: lines.Writing) -> None:
    (axis,) = writing.letters.axes
    lines.remainder(writing)
    writing.line(
        "behind",
        axis.n + axis.p - axis.s * (axis.q - 1) - 1,
        axis.before + axis.r,
        counted(axis.r),
    )
