"""The rules of finite sums, for ranges whose ends are letters.

They are few: a constant may go into a sum, two sums may change places when the ends of neither know
the index of the other, an index may be renumbered by one that runs through the same values, and
Σ f(i) [i = v] is f(v) where v is one of the values of i. SymPy's own summation is not asked. It
would also sum [su = t] over u, and then the condition that s divides t can be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations, product

import sympy

from ..typeset import Bracket
from .letters import Range

Ranges = Mapping[sympy.Symbol, Range]


class NoFiniteSum(ValueError):
    """An expression is no product of factors and sums with ends that know no index."""


@dataclass(frozen=True)
class FlatSum:
    """One term, summed over all values of several indices at once."""

    over: dict[sympy.Symbol, Range]
    term: sympy.Expr


def flat(expression: sympy.Expr) -> FlatSum:
    """Sums within products and sums as one sum, over indices that occur nowhere else.

    >>> i, u = sympy.symbols("i u", integer=True)
    >>> f, g = sympy.symbols("f g", cls=sympy.IndexedBase)
    >>> one = flat(sympy.Sum(g[u] * sympy.Sum(f[i], (i, 0, 3)), (u, 0, 2)))
    >>> sorted(index.name for index in one.over), one.term.atoms(sympy.IndexedBase) == {f, g}
    (['i', 'u'], True)
    """
    if isinstance(expression, sympy.Sum):
        inner = flat(expression.function)
        over, term = dict(inner.over), inner.term
        for index, first, last in expression.limits:
            ends = (end for pair in ((first, last), *over.values()) for end in pair)
            if any(index in end.free_symbols for end in ends):
                raise NoFiniteSum(f"The ends of a sum know the index {index}.")
            new = sympy.Dummy(index.name, integer=True)
            over[new], term = (first, last), term.xreplace({index: new})
        return FlatSum(over, term)
    if isinstance(expression, sympy.Mul):
        parts = [flat(factor) for factor in expression.args]
        over = {index: ends for part in parts for index, ends in part.over.items()}
        return FlatSum(over, sympy.Mul(*(part.term for part in parts)))
    if expression.has(sympy.Sum):
        raise NoFiniteSum(str(expression))
    return FlatSum({}, expression)


def same_sum(one: sympy.Expr, other: sympy.Expr, ranges: Ranges) -> bool:
    """Are these sums the same, by the rules above? ``ranges`` are those of the free indices.

    >>> i, u = sympy.symbols("i u", integer=True)
    >>> m, q = sympy.symbols("m q", integer=True, positive=True)
    >>> f = sympy.IndexedBase("f")
    >>> there = sympy.Sum(f[2 * (u + i)], (i, 0, m - 1), (u, 0, q - 1))
    >>> back = sympy.Sum(f[2 * u + 2 * i], (u, 0, q - 1), (i, 0, m - 1))
    >>> same_sum(there, back, {}), same_sum(there, there.xreplace({m: q}), {})
    (True, False)
    """
    try:
        one, other = (picked(flat(each), ranges) for each in (one, other))
    except NoFiniteSum:
        return False
    if len(one.over) != len(other.over):
        return False
    wanted = _plain(one.term)
    return any(
        sympy.expand(wanted - _plain(other.term.xreplace(names))) == 0
        for names in _renamings(other.over, one.over)
    )


def picked(total: FlatSum, ranges: Ranges) -> FlatSum:
    """Without the indices that a bracket [i = v] fixes: v is put in for i.

    That needs i to stand there as it is, with no factor, and v to be surely one of its values.
    """
    for bracket in sympy.Mul.make_args(total.term):
        if not isinstance(bracket, Bracket):
            continue
        difference = sympy.expand(bracket.args[0] - bracket.args[1])
        for index, ends in total.over.items():
            value = _solved(difference, index)
            if value is None:
                continue
            others = {one: at for one, at in total.over.items() if one is not index}
            if _lies_within(value, ends, {**ranges, **others}):
                rest = (total.term / bracket).xreplace({index: value})
                return picked(FlatSum(others, rest), ranges)
    return total


def renumbered(
    expression: sympy.Expr, new_names: Mapping[sympy.Symbol, sympy.Expr], ranges: Ranges
) -> sympy.Expr:
    """The sum with j = m - 1 - i put in for j, and so on. Raises `NoFiniteSum` unless i runs through
    its values as j runs through its own: with slope 1 or -1, from end to end.

    >>> i, j = sympy.symbols("i j", integer=True)
    >>> f = sympy.IndexedBase("f")
    >>> renumbered(sympy.Sum(f[j], (j, 0, 3)), {j: 3 - i}, {i: (0, 3)})
    Sum(f[3 - i], (i, 0, 3))
    """
    if not isinstance(expression, sympy.Sum):
        raise NoFiniteSum(str(expression))
    limits = []
    for old, first, last in expression.limits:
        image = new_names.get(old, old)
        (new,) = image.free_symbols & (ranges.keys() | {old})
        if new is not old:
            ends = {sympy.expand(image.subs(new, end)) for end in ranges[new]}
            if abs(image.coeff(new)) != 1 or ends != {*_written_out((first, last))}:
                raise NoFiniteSum(f"{new} does not run through the values of {old}.")
            first, last = ranges[new]
        limits.append((new, first, last))
    return sympy.Sum(expression.function.xreplace(dict(new_names)), *limits)


def _solved(difference: sympy.Expr, index: sympy.Symbol) -> sympy.Expr | None:
    """The value of the index for which the difference is 0, where the index has no factor."""
    slope = difference.coeff(index)
    rest = sympy.expand(difference - slope * index)
    return -slope * rest if slope in (1, -1) and index not in rest.free_symbols else None


def _lies_within(value: sympy.Expr, ends: Range, ranges: Ranges) -> bool:
    first, last = ends
    return all(_never_negative(room, ranges) for room in (value - first, last - value))


def _never_negative(expression: sympy.Expr, ranges: Ranges) -> bool:
    """Surely at least 0, for all values of its indices: counted from an end, it must be seen at once."""
    indices = sorted(expression.free_symbols & ranges.keys(), key=str)
    counted = [sympy.Dummy(integer=True, negative=False) for _ in indices]
    from_ends = [
        ((index, first + steps), (index, last - steps))
        for index, steps in zip(indices, counted, strict=True)
        for first, last in [ranges[index]]
    ]
    return any(
        sympy.expand(expression.xreplace(dict(way))).is_nonnegative for way in product(*from_ends)
    )


def _plain(term: sympy.Expr) -> sympy.Expr:
    """The term with every index multiplied out, and [v = w] as [v - w = 0]."""
    places = {
        one: one.func(one.base, *map(sympy.expand, one.indices))
        for one in term.atoms(sympy.Indexed)
    }
    brackets = {one: _zero(one.args[0] - one.args[1]) for one in term.atoms(Bracket)}
    return term.xreplace(places | brackets)


def _zero(difference: sympy.Expr) -> sympy.Expr:
    difference = sympy.expand(difference)
    sign = -1 if difference.could_extract_minus_sign() else 1
    return Bracket(sign * difference, 0)


def _renamings(
    old: Mapping[sympy.Symbol, Range], new: Mapping[sympy.Symbol, Range]
) -> Iterator[dict[sympy.Symbol, sympy.Symbol]]:
    """All ways to give the old indices the names of new ones that run through the same values."""
    wanted = [_written_out(ends) for ends in old.values()]
    found = {name: _written_out(ends) for name, ends in new.items()}
    for names in permutations(new):
        if [found[name] for name in names] == wanted:
            yield dict(zip(old, names, strict=True))


def _written_out(ends: Range) -> Range:
    first, last = map(sympy.expand, ends)
    return first, last
