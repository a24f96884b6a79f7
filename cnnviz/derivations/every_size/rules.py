"""Why a line follows: rules that look at the formulas themselves, for every size at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
import sympy

from ..typeset import Bracket
from ..written import Line
from .letters import AxisLetters, Letters
from .numbers import Carry, carried
from .sizes import Sizes, by_code
from .sums import FlatSum, NoFiniteSum, flat, picked, renumbered, same_sum


@dataclass(eq=False)
class Book:
    """What has been said so far: what each letter was defined as, and what it was last shown to be."""

    letters: Letters
    defined: dict[sympy.Basic, Line] = field(default_factory=dict)
    last: dict[sympy.Basic, Line] = field(default_factory=dict)

    def enter(self, line: Line) -> None:
        name = _name(line.left)
        self.defined.setdefault(name, line)
        self.last[name] = line

    def above(self, line: Line) -> sympy.Expr:
        """What the left side of this line was last shown to be. Raises `NoFiniteSum` if nothing was
        shown of it, with these indices."""
        last = self.last.get(_name(line.left))
        if last is None or last.left != line.left:
            raise NoFiniteSum(f"Nothing was said of {line.left}.")
        return last.right

    def unfolded(self, expression: sympy.Expr, *names: sympy.IndexedBase) -> sympy.Expr:
        """With the definitions of these letters put in, one after the other."""
        for name in names:
            line = self.defined[name]

            def meaning(one: sympy.Indexed, line: Line = line) -> sympy.Expr:
                places = dict(zip(line.left.indices, one.indices, strict=True))
                return _sum_of(flat(line.right)).xreplace(places)

            letters = {one for one in expression.atoms(sympy.Indexed) if one.base == name}
            expression = expression.xreplace({one: meaning(one) for one in letters})
        return expression

    def same(self, one: sympy.Expr, other: sympy.Expr) -> bool:
        return same_sum(one, other, self.letters.ranges)


Rule = Callable[["LineForEverySize", Book], bool]


@dataclass(frozen=True, eq=False)
class LineForEverySize(Line):
    """An equation for all values of its free indices and all sizes, and the rule it follows by.

    Lines that are not ``shown`` are proved like all others.
    """

    rule: Rule = field(kw_only=True)
    letters: Letters = field(kw_only=True)
    shown: bool = field(default=True, kw_only=True)

    @property
    def free(self) -> tuple[sympy.Symbol, ...]:
        """The indices that the line is about."""
        places = self.left.indices if isinstance(self.left, sympy.Indexed) else ()
        return tuple(place for place in places if place.is_Symbol)

    def follows(self, book: Book) -> bool:
        """Does it follow from what stands in the book? What cannot be understood does not."""
        try:
            return bool(self.rule(self, book))
        except NoFiniteSum:
            return False

    def at(self, sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
        """Both sides for these sizes, for all values of the free indices."""
        values = {**sizes.numbers(self.letters), **by_code(self.letters, sizes)}
        left, right = (carry_out(values) for carry_out in self._carried)
        return left, right

    @cached_property
    def _carried(self) -> tuple[Carry, ...]:
        ranges = self.letters.ranges
        return tuple(carried(side, self.free, ranges) for side in (self.left, self.right))


def defined(line: LineForEverySize, book: Book) -> bool:
    """A new letter may be called what one likes, once."""
    return _name(line.left) not in book.defined


def differentiated(output: sympy.Indexed, letter: sympy.Indexed) -> Rule:
    """The derivative of a sum is the sum of the derivatives, and SymPy knows that of a product."""

    def rule(line: LineForEverySize, book: Book) -> bool:
        total = flat(book.unfolded(output, output.base))
        slope = sympy.diff(total.term, letter).replace(sympy.KroneckerDelta, Bracket)
        slope = _sum_of(FlatSum(total.over, slope))
        return line.left.indices == output.indices + letter.indices and book.same(slope, line.right)

    return rule


def chain_rule(upstream: sympy.Indexed, slope: sympy.Indexed) -> Rule:
    """The chain rule of calculus itself: Σ ∂F/∂h ∂h/∂a, a term for each output."""

    def rule(line: LineForEverySize, book: Book) -> bool:
        every_path = book.letters.sum(upstream * slope, *upstream.indices)
        by = slope.indices[len(upstream.indices) :]
        return line.left.indices == by and book.same(every_path, line.right)

    return rule


def rewritten(*names: sympy.IndexedBase, numbered: Mapping | None = None) -> Rule:
    """The line above, by the rules of finite sums, once the definitions of these letters are put
    in. With ``numbered``, each index of this line is put in by the one of the line above."""

    def rule(line: LineForEverySize, book: Book) -> bool:
        above, right = book.above(line), line.right
        if numbered:
            right = renumbered(right, numbered, book.letters.ranges)
        return book.same(*(book.unfolded(one, *names) for one in (above, right)))

    return rule


def only_where_it_divides(line: LineForEverySize, book: Book) -> bool:
    """Σ g(u) [su = t], by cases: every whole number t is sw + r with 0 ≤ r < s, in one way.

    With r = 0 the bracket is [u = w], since s is not 0: one term; or none where w is beyond the
    ends, and there g(w) is 0. With 0 < r < s it says that s divides r: no term. On two axes these
    are four cases.
    """
    axes = book.letters.axes
    cases = product((True, False), repeat=len(axes))
    return all(_holds_where(dict(zip(axes, divides, strict=True)), line, book) for divides in cases)


def _holds_where(divides: Mapping[AxisLetters, bool], line: LineForEverySize, book: Book) -> bool:
    total, right, ranges = flat(book.above(line)), line.right, dict(book.letters.ranges)
    quotients = []
    for axis, exact in divides.items():
        quotient = sympy.Dummy("w", integer=True)
        rest = sympy.Integer(0) if exact else sympy.Dummy("r", integer=True, positive=True)
        ranges[quotient] = ranges[axis.u]
        put_in = {axis.t: axis.s * quotient + rest}
        below = {sympy.Mod(rest, axis.s): rest}  # 0 ≤ r < s
        brackets = {
            one: _divided(one.xreplace(put_in), axis.s, rest)
            for one in total.term.atoms(Bracket)
            if axis.t in one.free_symbols
        }
        total = FlatSum(total.over, total.term.xreplace(brackets).xreplace(put_in))
        right = right.xreplace(put_in).xreplace(below)
        quotients.append(quotient)
    left = picked(total, ranges)
    if left.term == 0:
        return right == 0
    # only a map at the places w is 0 where the sum has no term
    is_a_map = isinstance(right, sympy.Indexed) and right.indices[-len(quotients) :] == (
        *quotients,
    )
    return is_a_map and left.term == right and not left.over


def _divided(bracket: sympy.Expr, divisor: sympy.Symbol, rest: sympy.Expr) -> sympy.Expr:
    """[v = w] where v - w leaves this rest: nowhere, or where the quotient is 0."""
    one, other = bracket.args
    for difference in (one - other, other - one):
        quotient = sympy.expand((difference - rest) / divisor)
        if quotient.is_integer:
            return sympy.Integer(0) if rest != 0 else Bracket(quotient, 0)
    return bracket


def counted(*names: sympy.Symbol) -> Rule:
    """Whole numbers: the definitions of these letters put in, and multiplied out. SymPy takes what
    is whole out of a floor."""

    def rule(line: LineForEverySize, book: Book) -> bool:
        put_in = {name: book.defined[name].right for name in names}
        difference = (line.left - line.right).xreplace(put_in)
        floors = {
            one: sympy.floor(sympy.expand(one.args[0])) for one in difference.atoms(sympy.floor)
        }
        return sympy.expand(difference.xreplace(floors)) == 0

    return rule


def _name(left: sympy.Expr) -> sympy.Basic:
    return left.base if isinstance(left, sympy.Indexed) else left


def _sum_of(total: FlatSum) -> sympy.Expr:
    limits = [(index, *ends) for index, ends in total.over.items()]
    return sympy.Sum(total.term, *limits) if limits else total.term
