"""Expressions as LaTeX and as plain text, in the order a document writes them.

SymPy prints the expressions. Only two things are said here: how a label such as ``∂F/∂h_12`` or
``a^(2)_12`` is set, and in which order factors and terms stand. SymPy would sort them by letter;
the note writes ∂F/∂h · k and k · a, the slides X · F.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ..symbols import Notation, spoken

_LABEL = re.compile(r"(?P<letter>[^_^]+)(\^(?P<above>[^_]+))?(_(?P<below>.+))?")
_GREEK = {"δ": r"\delta", "γ": r"\gamma"}
# Sizes in the order in which a sum of them is written; and what stands last in a product.
_SIZES = "sdnmqpr"
_LAST = _BRACKET, _SUM = ("[]", "Σ")


@cache
def typeset(label: str) -> str:
    r"""A label as LaTeX.

    >>> print(typeset("a^(2)_12"), typeset("∂F/∂h_12"))
    a^{(2)}_{12} \frac{\partial F}{\partial h_{12}}
    """
    if label.startswith("∂") and "/∂" in label:
        top, bottom = label[1:].split("/∂", 1)
        return rf"\frac{{\partial {typeset(top)}}}{{\partial {typeset(bottom)}}}"
    found = _LABEL.fullmatch(label)
    if not found:
        return label
    letter = found["letter"]
    above = f"^{{{found['above']}}}" if found["above"] else ""
    below = f"_{{{found['below']}}}" if found["below"] else ""
    return _GREEK.get(letter, letter) + above + below


def spoken_side(label: str) -> str:
    """A label in plain text; both halves of a partial derivative are lowered.

    >>> spoken_side("∂h_11/∂a_22")
    '∂h₁₁/∂a₂₂'
    """
    return "/".join(spoken(half) for half in label.split("/")) if "/∂" in label else spoken(label)


def numbers_in(label: str) -> tuple[int, ...]:
    """The indices of a label, for sorting: 1,11 stands after 1,2.

    >>> numbers_in("a_12"), numbers_in("a_1,11")
    ((1, 2), (1, 11))
    """
    above, _, below = label.rpartition("_")
    raised = tuple(map(int, re.findall(r"\d+", above)))
    whole = "," in below or "/" in label
    return raised + tuple(map(int, re.findall(r"\d+" if whole else r"\d", below)))


class _InOrder:
    """Sorts the factors of plain products, and the terms of a sum, by their labels."""

    letters: tuple[str, ...] = ()
    scalar: str = ""

    def _rank(self, label: str) -> tuple:
        # upstream gradients first, then local slopes, then the two operands as the document does
        if label.startswith("∂") and "/∂" in label:
            letter = label[1:].split("/")[0]
            return (0 if "_" not in letter else 1, 0, numbers_in(label))
        if label in _LAST:
            return (3, _LAST.index(label), ())
        letter = re.split(r"[_^]", label)[0].rstrip("'")
        place = self.letters.index(letter) if letter in self.letters else -1
        return (2, place, numbers_in(label))

    def factors(self, product) -> list | None:
        """The factors in order, if all are symbols or whole numbers; else None."""
        factors = sympy.Mul.make_args(product)
        # a minus one stays with SymPy, which knows how to write a sign
        if any((f.is_Integer and f < 0) or not (f.is_Integer or _name(f)) for f in factors):
            return None
        return sorted(factors, key=self._rank_of)

    def _rank_of(self, factor) -> tuple:
        if factor.is_Symbol and factor.is_integer:  # a size stands before the place it multiplies
            return (2, -2, (_SIZES.find(factor.name[0]),)) if _is_size(factor) else (2, -1, ())
        return self._rank(_name(factor)) if _name(factor) else (-1, 0, ())

    def terms(self, total) -> list:
        def key(term):
            number, letters = term.as_coeff_Mul()
            factors = [f for f in self.factors(letters) or () if _name(f)]
            ranks = [self._rank_of(f) for f in factors]
            # what is taken away stands last: 1 - p, not -p + 1; and places stand before mere sizes
            return (
                bool(number.is_negative),
                not ranks,
                all(map(_is_size, factors)),
                bool(term.is_number),
                [rank for rank, f in zip(ranks, factors, strict=True) if _is_size(f)],
                ranks,
            )

        return sorted(total.args, key=key)


def _is_size(factor) -> bool:
    """A letter for a whole number that is never negative."""
    return bool(factor.is_Symbol and factor.is_integer and factor.is_nonnegative)


def _name(factor) -> str:
    """The label of a symbol or of an indexed letter; brackets and sums have one of their own."""
    if isinstance(factor, sympy.Indexed):
        return str(factor.base.label)
    if isinstance(factor, sympy.KroneckerDelta | Bracket):
        return _BRACKET
    if isinstance(factor, sympy.Sum):
        return _SUM
    if factor.is_Pow and factor.exp.is_Integer and factor.exp > 0:
        factor = factor.base
    return factor.name if factor.is_Symbol else ""


class _Latex(_InOrder, LatexPrinter):
    def _print_Symbol(self, expr, **_):
        return typeset(expr.name)

    def _print_Indexed(self, expr):
        top, bottom, above, below = _halves(expr, self.scalar)
        if not bottom:
            return self._indexed(top, above)
        top = self._indexed(top, above)
        return rf"\frac{{\partial {top}}}{{\partial {self._indexed(bottom, below)}}}"

    def _indexed(self, letter: str, indices) -> str:
        """The last two are the place. What stands before them, group and channels, is raised."""
        letter = typeset(letter)
        if not indices:
            return letter
        *raised, last = [self._place(index) for index in indices]
        lowered = [raised.pop(), last] if raised else [last]
        if raised:
            letter = rf"{{{letter}}}^{{({','.join(raised)})}}"
        place = r",\,".join(lowered)
        return rf"{letter}_{{{place}}}"

    def _place(self, index) -> str:
        """An index, with fractions on one line."""
        settings, self._settings = self._settings, {**self._settings, "fold_short_frac": True}
        written, self._settings = self._print(index), settings
        return written

    def _print_KroneckerDelta(self, expr):
        return rf"\,[{' = '.join(map(self._print, expr.args))}]"

    _print_Bracket = _print_KroneckerDelta

    def _print_Sum(self, expr):
        signs = (
            rf"\sum_{{{self._print(index)}={self._print(first)}}}^{{{self._print(last)}}}"
            for index, first, last in reversed(expr.limits)
        )
        return f"{' '.join(signs)} {self._print(expr.function)}"

    def _print_Piecewise(self, expr):
        (value, condition), (otherwise, _) = expr.args
        where = r",\ ".join(self._condition(one) for one in sympy.And.make_args(condition))
        return (
            rf"\begin{{cases}} {self._print(value)} & \text{{where }} {where} \\ "
            rf"{self._print(otherwise)} & \text{{elsewhere}} \end{{cases}}"
        )

    def _condition(self, condition) -> str:
        if divides := _divisibility(condition):
            return r" \mid ".join(map(self._print, divides))
        return self._print(condition)

    def _print_Mul(self, expr):
        factors = self.factors(expr)
        return " ".join(map(self._print, factors)) if factors else super()._print_Mul(expr)

    def _print_Add(self, expr, order=None):
        return _signed([self._print(term) for term in self.terms(expr)])

    def _print_Function(self, expr, exp=None):
        if isinstance(expr, PlainFunction):
            inside = self._print(expr.args[0])
            text = rf"{expr.written}\left({inside}\right)"
            return f"{text}^{{{exp}}}" if exp else text
        return super()._print_Function(expr, exp)


class _Text(_InOrder, StrPrinter):
    def _print_Symbol(self, expr):
        return spoken_side(expr.name)

    def _print_Indexed(self, expr):
        top, bottom, above, below = _halves(expr, self.scalar)
        written = self._indexed(top, above)
        return f"∂{written}/∂{self._indexed(bottom, below)}" if bottom else written

    def _indexed(self, letter: str, indices) -> str:
        return f"{letter}[{', '.join(map(self._print, indices))}]" if indices else letter

    def _print_Pow(self, expr, rational=False):
        if not (expr.exp.is_Integer and expr.exp > 1):
            return super()._print_Pow(expr, rational)
        raised = str(expr.exp).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        base = self._print(expr.base)
        return (base if expr.base.is_Symbol else f"({base})") + raised

    def _print_Max(self, expr):
        return f"max({', '.join(sorted(map(self._print, expr.args)))})"

    def _print_KroneckerDelta(self, expr):
        return f"[{' = '.join(map(self._print, expr.args))}]"

    _print_Bracket = _print_KroneckerDelta

    def _print_Sum(self, expr):
        limits = [tuple(map(self._print, limit)) for limit in reversed(expr.limits)]
        ranges = ", ".join(f"{i} = {first} … {last}" for i, first, last in limits)
        return f"Σ({ranges}) {self._print(expr.function)}"

    def _print_Piecewise(self, expr):
        (value, condition), (otherwise, _) = expr.args
        where = " and ".join(self._condition(one) for one in sympy.And.make_args(condition))
        return f"{self._print(value)} where {where}, {self._print(otherwise)} elsewhere"

    def _condition(self, condition) -> str:
        if divides := _divisibility(condition):
            return " divides ".join(map(self._print, divides))
        return self._print(condition)

    def _print_floor(self, expr):
        return f"⌊{self._print(expr.args[0])}⌋"

    def _print_Mul(self, expr):
        factors = self.factors(expr)
        if factors:
            return " ".join(map(self._print, factors))
        return super()._print_Mul(expr).replace("*(", "(").replace("*", " ")

    def _print_Add(self, expr, order=None):
        return _signed([self._print(term) for term in self.terms(expr)])

    def _print_Function(self, expr):
        if isinstance(expr, PlainFunction):
            return f"{expr.written}({self._print(expr.args[0])})"
        return super()._print_Function(expr)


class PlainFunction(sympy.Function):
    """An undefined function of one argument that is written as ``written``."""

    written = "f"


class Bracket(sympy.Function):
    """[v = w]: 1 where v is w, and 0 elsewhere. SymPy is told nothing else about it."""

    nargs = 2


def _halves(expr, scalar: str) -> tuple[str, str, tuple, tuple]:
    """The letters above and below in a derivative, and the indices of each: a scalar has none, and
    those of a slope ∂h/∂a are shared out, the output's first. Other letters are all above."""
    name, indices = str(expr.base.label), tuple(expr.indices)
    if "/∂" not in name:
        return name, "", indices, ()
    top, bottom = name[1:].split("/∂", 1)
    above = 0 if top == scalar else len(indices) // 2
    return top, bottom, indices[:above], indices[above:]


def _divisibility(condition) -> tuple | None:
    """(s, t), if the condition is that s divides t."""
    left, right = condition.args if isinstance(condition, sympy.Eq) else (None, None)
    return left.args[::-1] if isinstance(left, sympy.Mod) and right == 0 else None


def _signed(terms: list[str]) -> str:
    text = " + ".join(terms)
    return text.replace("+ -", "- ").replace("-  ", "- ")


@cache
def _printers(notation: Notation):
    latex, text = _Latex(), _Text()
    latex.letters = text.letters = tuple(getattr(notation, part) for part in notation.factors)
    latex.scalar = text.scalar = notation.scalar
    return latex, text


def to_latex(value: Any, notation: Notation) -> str:
    r"""An expression, or an array of them as a matrix, as LaTeX.

    >>> from cnnviz.symbols import NOTATIONS
    >>> a, k = sympy.symbols("a_12 k_11")
    >>> to_latex(a * k, NOTATIONS["note"])
    'k_{11} a_{12}'
    """
    latex, _ = _printers(notation)
    if not isinstance(value, np.ndarray):
        return latex.doprint(sympy.sympify(value))
    if value.ndim < 2:
        value = value.reshape(-1, 1)
    if value.ndim > 2:  # channels: one matrix after the other
        planes = (to_latex(plane, notation) for plane in value)
        return r"\left(" + r",\ ".join(planes) + r"\right)"
    rows = r" \\ ".join(" & ".join(latex.doprint(sympy.sympify(c)) for c in row) for row in value)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def to_text(value: Any, notation: Notation) -> str:
    """An expression, or an array of them in brackets, as plain text.

    >>> from cnnviz import NOTATIONS, symbol_array
    >>> to_text(symbol_array("a", (2, 2)), NOTATIONS["note"])
    '[a₁₁  a₁₂; a₂₁  a₂₂]'
    """
    _, text = _printers(notation)
    if not isinstance(value, np.ndarray):
        return text.doprint(sympy.sympify(value)).replace("-", "−")
    if value.ndim < 2:
        value = value.reshape(-1, 1)
    if value.ndim > 2:
        return "(" + ", ".join(to_text(plane, notation) for plane in value) + ")"
    rows = ("  ".join(to_text(cell, notation) for cell in row) for row in value)
    return f"[{'; '.join(rows)}]"
