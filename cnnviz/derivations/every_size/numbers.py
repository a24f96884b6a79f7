"""Formulas carried out over whole arrays: every index is an axis, and a sum adds along its own.

All is whole numbers, so that equal is exact. What is asked for at a place that is no whole number
is no number either, and equals nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from operator import add, and_, mul
from typing import Any

import numpy as np
import sympy

from ..typeset import Bracket
from .sums import Ranges

Values = Mapping[sympy.Basic, Any]
Carry = Callable[[Values], Any]


def carried(formula: sympy.Expr, free: tuple[sympy.Symbol, ...], ranges: Ranges) -> Carry:
    """What carries a formula out for all values of its free indices: an array with an axis for each.

    It is called with what the letters are: a whole number for a size, and an array for a map.
    Beyond its ends, every map is 0.

    >>> i, x, m = sympy.symbols("i x m", integer=True)
    >>> k = sympy.IndexedBase("k")
    >>> squared = carried(sympy.Sum(k[i] * k[x - i], (i, 0, m - 1)), (x,), {x: (0, 2 * m - 1)})
    >>> squared({m: 2, k: np.array([2, 5])})
    array([ 4, 20, 25,  0])
    """
    bound = {limit[0] for total in formula.atoms(sympy.Sum) for limit in total.limits}
    carrying = _Carrying([*free, *sorted(bound - {*free}, key=str)])
    places = [(index, carrying.along(index, *ranges[index])) for index in free]
    run = carrying.out(formula)

    def carry_out(values: Values) -> np.ndarray:
        at = {index: along(values) for index, along in places}
        shape = [place.size for place in at.values()]
        found = np.asarray(run({**values, **at}))
        summed = [1] * (len(carrying.order) - len(free))
        return np.broadcast_to(found, shape + summed).reshape(shape)

    return carry_out


class _Carrying:
    """Formulas as functions of what their letters are, with an axis for every index."""

    def __init__(self, order: list[sympy.Symbol]):
        self.order = order

    def along(self, index: sympy.Symbol, first: sympy.Expr, last: sympy.Expr) -> Carry:
        """All values of an index, along its own axis."""
        start, end = (self.out(sympy.sympify(one)) for one in (first, last))
        shape = [-1 if one == index else 1 for one in self.order]
        return lambda values: np.arange(start(values), end(values) + 1).reshape(shape)

    def out(self, formula: sympy.Basic) -> Carry:
        if formula.is_Symbol:
            return lambda values: values[formula]
        if formula.is_Integer:
            number = int(formula)
            return lambda values: number
        if isinstance(formula, sympy.Sum):
            return self._sum(formula)
        if isinstance(formula, sympy.Indexed):
            return self._cells(formula)
        if isinstance(formula, sympy.Piecewise):
            return self._cases(formula)
        above, below = formula.as_numer_denom() if formula.is_Mul else (formula, 1)
        if below != 1:  # divided at once: 49 times 1/49 would not be 1
            return self._of(np.true_divide, (above, below))
        return self._of(_OPERATIONS[formula.func], formula.args)

    def _of(self, function: Callable, parts: tuple) -> Carry:
        runs = [self.out(part) for part in parts]
        return lambda values: function(*(run(values) for run in runs))

    def _sum(self, total: sympy.Sum) -> Carry:
        term = self.out(total.function)
        added = [(index, self.along(index, *ends)) for index, *ends in total.limits]
        axes = tuple(self.order.index(index) for index, _ in added)

        def carry_out(values: Values) -> np.ndarray:
            at = {index: along(values) for index, along in added}
            terms = term({**values, **at})
            # a term that does not know an index stands there once for each of its values
            sizes = zip(axes, at.values(), strict=True)
            times = prod(place.size for axis, place in sizes if terms.shape[axis] == 1)
            return times * terms.sum(axis=axes, keepdims=True)

        return carry_out

    def _cells(self, indexed: sympy.Indexed) -> Carry:
        runs = [self.out(index) for index in indexed.indices]
        surely_whole = all(index.is_integer for index in indexed.indices)

        def carry_out(values: Values) -> np.ndarray:
            cells, at = values[indexed.base], [np.asarray(run(values)) for run in runs]
            whole = surely_whole or reduce(and_, (place == np.floor(place) for place in at))
            pairs = list(zip(at, cells.shape, strict=True))
            inside = reduce(and_, ((place >= 0) & (place < size) for place, size in pairs)) & whole
            found = cells[tuple(np.where(inside, place, 0).astype(int) for place in at)] * inside
            return found if surely_whole else np.where(whole, found, np.nan)

        return carry_out

    def _cases(self, cases: sympy.Piecewise) -> Carry:
        (value, condition), (otherwise, _) = cases.args
        parts = (condition, value, otherwise)
        return self._of(np.where, parts)


_OPERATIONS: dict[type, Callable] = {
    sympy.Add: lambda *terms: reduce(add, terms),
    sympy.Mul: lambda *factors: reduce(mul, factors),
    sympy.Mod: np.mod,
    sympy.floor: np.floor,
    sympy.Eq: np.equal,
    sympy.And: lambda *conditions: reduce(and_, conditions),
    Bracket: lambda one, other: np.equal(one, other).astype(int),
}
