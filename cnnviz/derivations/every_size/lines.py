"""Lines in the letters of one convolution, and those that both gradients start from."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from .letters import Letters, equal
from .rules import LineForEverySize, Rule, chain_rule, defined, only_where_it_divides

ASSUMED = (
    "Assumed: n input cells, m kernel cells, q outputs, stride s and dilation d are whole numbers "
    "from 1 on; p, the padding on each side, from 0 on. Places are counted from 0. Beyond its ends "
    "every map is 0."
)
FORWARD = "Forward: kernel cell i of window u lies on input cell su + di − p."
ZEROS = (
    "su = t has one solution, u = t/s, where s divides t, and none elsewhere. The inserted zeros "
    "are this condition."
)
TWO_AXES = "On two axes, every size and every place has an index: 1 for rows, 2 for columns."
CHANNELS = (
    "With channels in groups: output channel o of group γ adds up the C input channels of this "
    "group."
)
Lines = dict[str, LineForEverySize]


class Writing:
    """Takes down lines by name. Those with a sentence are shown; all of them are proved."""

    def __init__(self, letters: Letters, sentences: Mapping[str, str]):
        self.letters, self.sentences = letters, sentences
        self.lines: Lines = {}

    def line(self, name: str, left: sympy.Expr, right: sympy.Expr, rule: Rule) -> None:
        self.lines[name] = LineForEverySize(
            left,
            right,
            self.sentences.get(name, "").format(scalar=self.letters.notation.scalar),
            rule=rule,
            letters=self.letters,
            shown=name in self.sentences,
        )


def sizes(writing: Writing) -> None:
    """How many outputs there are, and how many cells of padded input no window reaches."""
    for axis in writing.letters.axes:
        writing.line("outputs", axis.q, sympy.floor(axis.uncovered / axis.s) + 1, defined)


def remainder(writing: Writing) -> None:
    (axis,) = writing.letters.axes
    writing.line("remainder", axis.r, axis.uncovered - axis.s * (axis.q - 1), defined)


def forward(writing: Writing) -> None:
    """h = Σ k a: with channels, over the input channels of the group too."""
    by, maps = writing.letters, writing.letters.maps
    writing.line(
        "forward",
        maps.h[by.group + by.outside + by.each("u")],
        by.sum(
            maps.k[by.group + by.outside + by.inside + by.each("i")]
            * maps.a[by.group + by.inside + by.each("read")],
            *by.inside,
            *by.each("i"),
        ),
        defined,
    )


def chain(writing: Writing, wanted: sympy.Expr, output: tuple, slope: sympy.Expr) -> None:
    """The wanted gradient is felt through every output, each times its slope."""
    by, arriving = writing.letters, writing.letters.maps.to_h[output]
    rule = chain_rule(arriving, slope)
    writing.line("chain rule", wanted, by.sum(arriving * slope, *output), rule)


def spread(writing: Writing) -> None:
    """The upstream gradient with zeros between: as a sum of brackets, and by cases."""
    by, maps = writing.letters, writing.letters.maps
    channel = by.group + by.outside
    here = maps.spread[channel + by.each("t")]
    steps = [axis.s * axis.u for axis in by.axes]
    quotients = tuple(axis.t / axis.s for axis in by.axes)
    divides = sympy.And(*(sympy.Eq(sympy.Mod(axis.t, axis.s), 0) for axis in by.axes))
    writing.line(
        "spread",
        here,
        by.sum(maps.to_h[channel + by.each("u")] * equal(steps, by.each("t")), *by.each("u")),
        defined,
    )
    writing.line(
        "where it divides",
        here,
        sympy.Piecewise((maps.to_h[channel + quotients], divides), (0, True)),
        only_where_it_divides,
    )
