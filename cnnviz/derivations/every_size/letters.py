"""Letters for the sizes of a convolution, for the places in its maps, and for the maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import sympy

from ...symbols import Notation
from ..typeset import Bracket

Range = tuple[sympy.Expr, sympy.Expr]


@dataclass(frozen=True)
class AxisLetters:
    """One axis. Sizes are n (input), m (kernel) and q (outputs), s stride, p padding, d dilation and
    r remainder. Places are u (outputs), i (kernel), j (kernel from the other end), x (input), z
    (padded input), t (spread map) and y (padded spread map)."""

    n: sympy.Symbol
    m: sympy.Symbol
    q: sympy.Symbol
    s: sympy.Symbol
    d: sympy.Symbol
    p: sympy.Symbol
    r: sympy.Symbol
    u: sympy.Symbol
    i: sympy.Symbol
    j: sympy.Symbol
    x: sympy.Symbol
    t: sympy.Symbol
    y: sympy.Symbol
    z: sympy.Symbol

    @classmethod
    def named(cls, below: str = "") -> AxisLetters:
        """The letters with this index below: ``_1`` for rows and ``_2`` for columns."""
        positive = sympy.symbols([one + below for one in "nmqsd"], integer=True, positive=True)
        or_zero = sympy.symbols([one + below for one in "pr"], integer=True, negative=False)
        places = sympy.symbols([one + below for one in "uijxtyz"], integer=True)
        return cls(*positive, *or_zero, *places)

    @property
    def read(self) -> sympy.Expr:
        """The input cell that kernel cell i of window u lies on."""
        return self.s * self.u + self.d * self.i - self.p

    @property
    def uncovered(self) -> sympy.Expr:
        """How far the first window can move."""
        return self.n + 2 * self.p - self.d * (self.m - 1) - 1

    @property
    def before(self) -> sympy.Expr:
        """The padding of the spread map; below zero it is a crop."""
        return self.d * (self.m - 1) - self.p

    @property
    def ranges(self) -> dict[sympy.Symbol, Range]:
        """First and last value of every place. The spread map is looked at beyond its ends too."""
        return {
            self.u: (sympy.Integer(0), self.q - 1),
            self.i: (sympy.Integer(0), self.m - 1),
            self.j: (sympy.Integer(0), self.m - 1),
            self.x: (sympy.Integer(0), self.n - 1),
            self.t: (-self.s, self.s * self.q),
            self.y: (sympy.Integer(0), self.n - 1 + self.d * (self.m - 1)),
            self.z: (sympy.Integer(0), self.n - 1 + 2 * self.p),
        }


class Letters:
    """A convolution on one axis or two, with or without channels in groups.

    Channels are counted inside their group γ: c of C input channels and o of D output channels, in
    each of G groups. Without channels, their tuples are empty. Maps are indexed by group, channels
    and places, in this order.
    """

    def __init__(self, notation: Notation, axes: int = 1, grouped: bool = False):
        self.notation, self.grouped = notation, grouped
        names = [""] if axes == 1 else ["_1", "_2"]
        self.axes = tuple(AxisLetters.named(below) for below in names)
        groups, inputs, outputs = sympy.symbols("G C D", integer=True, positive=True)
        self.counts = groups, inputs, outputs
        counted = {"γ": groups, "c": inputs, "o": outputs, "β": groups, "ρ": outputs}
        channels = {name: sympy.Symbol(name, integer=True) for name in counted}
        self.group, self.inside, self.outside, *other = (
            (index,) * grouped for index in channels.values()
        )
        # the group and channel of the output that is differentiated: of all of them, not of γ and o
        self.of_group, self.of_outside = other
        self.ranges: dict[sympy.Symbol, Range] = {
            channels[name]: (sympy.Integer(0), count - 1) for name, count in counted.items()
        }
        for axis in self.axes:
            self.ranges |= axis.ranges

    @cached_property
    def maps(self) -> Maps:
        return Maps(self.notation)

    def each(self, name: str) -> tuple[sympy.Expr, ...]:
        """The same letter, or expression in letters, of every axis."""
        return tuple(getattr(axis, name) for axis in self.axes)

    def sum(self, term: sympy.Expr, *indices: sympy.Symbol) -> sympy.Expr:
        """The sum over all values of these indices, the first of them outermost."""
        limits = [(index, *self.ranges[index]) for index in reversed(indices)]
        return sympy.Sum(term, *limits) if limits else term


class Maps:
    """What the maps are called, and the gradients: ∂F/∂a is one name, and so is the slope ∂h/∂a."""

    def __init__(self, notation: Notation):
        base = sympy.IndexedBase
        a, k, h, scalar = notation.input, notation.kernel, notation.output, notation.scalar
        self.a, self.k, self.h = map(base, (a, k, h))
        self.to_a, self.to_k, self.to_h = (base(f"∂{scalar}/∂{name}") for name in (a, k, h))
        self.of_a, self.of_k = (base(f"∂{h}/∂{name}") for name in (a, k))
        self.spread = base("e")
        # with a prime, what is ready to be slid over one another: turned or padded
        self.turned, self.padded_spread, self.padded = (base(f"{name}'") for name in (k, "e", a))


def equal(places: Iterable[sympy.Expr], others: Iterable[sympy.Expr]) -> sympy.Expr:
    """1 where all places are those beside them, and 0 elsewhere: a bracket for each pair."""
    pairs = zip(places, others, strict=True)
    return sympy.Mul(*(Bracket(one, other) for one, other in pairs))
