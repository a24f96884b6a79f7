"""Expressions as polynomials of SymPy's sparse ring, where equal is decided term by term.

What is made of letters, numbers, sums, products and whole powers needs no simplifying: written out,
two of them are equal only if every coefficient is. That is exact, and quick enough for a slider.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import sympy
from sympy.polys.domains import QQ
from sympy.polys.rings import PolyElement, PolyRing


class NoPolynomial(ValueError):
    """An expression holds more than numbers, sums, products and whole powers of its letters."""


class Polynomials:
    """Expressions written out over all letters in them. Parts that occur again are written out once.

    >>> a, k = sympy.symbols("a k")
    >>> one, other = (a + k) ** 2, a**2 + 2 * a * k + k**2
    >>> written = Polynomials([one, other])
    >>> written.out(one) == written.out(other)
    True
    """

    def __init__(self, expressions: Iterable[sympy.Expr]):
        letters = sorted(_letters(expressions), key=sympy.Symbol.sort_key)
        self.ring = PolyRing(letters, QQ)
        self._known: dict[sympy.Expr, PolyElement] = dict(zip(letters, self.ring.gens, strict=True))

    def out(self, expression: sympy.Expr) -> PolyElement:
        """The expression as an element of the ring. Raises `NoPolynomial` for what is none."""
        known = self._known.get(expression)
        if known is None:
            known = self._known[expression] = self._written(expression)
        return known

    def _written(self, expression: sympy.Expr) -> PolyElement:
        if expression.is_Rational:
            return self.ring(QQ(expression.p, expression.q))
        if expression.is_Add:
            return self._sum(expression.args)
        if expression.is_Mul:
            return prod(map(self.out, expression.args), start=self.ring.one)
        if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
            return self.out(expression.base) ** int(expression.exp)
        raise NoPolynomial(str(expression))

    def _sum(self, terms: Iterable[sympy.Expr]) -> PolyElement:
        """In one dictionary: sums of the ring copy what has been added so far."""
        total: dict[tuple, Any] = {}
        for term in terms:
            for powers, number in self.out(term).items():
                total[powers] = total.get(powers, 0) + number
        return self.ring.from_dict(total)


def _letters(expressions: Iterable[sympy.Expr]) -> set[sympy.Symbol]:
    """All letters, found without going through what occurs again."""
    waiting, seen = list(expressions), set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += one.args
    return {one for one in seen if one.is_Symbol}
