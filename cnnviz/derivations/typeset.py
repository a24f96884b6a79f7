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
_GREEK = {"δ": r"\delta"}


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

    def _rank(self, label: str) -> tuple:
        # upstream gradients first, then local slopes, then the two operands as the document does
        if label.startswith("∂") and "/∂" in label:
            letter = label[1:].split("/")[0]
            return (0 if "_" not in letter else 1, 0, numbers_in(label))
        if label == "~":
            return (3, 0, ())
        letter = re.split(r"[_^]", label)[0].rstrip("'")
        place = self.letters.index(letter) if letter in self.letters else -1
        return (2, place, numbers_in(label))

    def factors(self, product) -> list | None:
        """The factors in order, if all are symbols or whole numbers; else None."""
        factors = sympy.Mul.make_args(product)
        # a minus one stays with SymPy, which knows how to write a sign
        if any((f.is_Integer and f < 0) or not (f.is_Integer or _name(f)) for f in factors):
            return None
        return sorted(factors, key=lambda f: self._rank(_name(f)) if _name(f) else (-1, 0, ()))

    def terms(self, total) -> list:
        def key(term):
            number, letters = term.as_coeff_Mul()
            ranks = [self._rank(_name(f)) for f in self.factors(letters) or () if _name(f)]
            # what is taken away stands last: 1 - p, not -p + 1
            return (bool(number.is_negative), not ranks, ranks)

        return sorted(total.args, key=key)


def _name(factor) -> str:
    """The label of a symbol, of an indexed letter or of a Kronecker delta, which stands last."""
    if isinstance(factor, sympy.Indexed):
        return str(factor.base.label)
    if isinstance(factor, sympy.KroneckerDelta):
        return "~"
    if factor.is_Pow and factor.exp.is_Integer and factor.exp > 0:
        factor = factor.base
    return factor.name if factor.is_Symbol else ""


class _Latex(_InOrder, LatexPrinter):
    def _print_Symbol(self, expr, **_):
        return typeset(expr.name)

    def _print_Indexed(self, expr):
        name, at = str(expr.base.label), [f"_{{{self._print(index)}}}" for index in expr.indices]
        if "/∂" not in name:
            return typeset(name) + at[0]
        top, bottom = name[1:].split("/∂", 1)
        *above, below = at
        return rf"\frac{{\partial {top}{''.join(above)}}}{{\partial {bottom}{below}}}"

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
        name, at = str(expr.base.label), [f"[{self._print(index)}]" for index in expr.indices]
        top, slash, bottom = name.partition("/∂")
        *above, below = at
        return f"{top}{''.join(above)}{slash}{bottom}{below}"

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

    def _print_Sum(self, expr):
        ranges = ", ".join(f"{i} = {first} … {last}" for i, first, last in reversed(expr.limits))
        return f"Σ({ranges}) {self._print(expr.function)}"

    def _print_Mul(self, expr):
        factors = self.factors(expr)
        return " ".join(map(self._print, factors)) if factors else super()._print_Mul(expr)

    def _print_Add(self, expr, order=None):
        return _signed([self._print(term) for term in self.terms(expr)])

    def _print_Function(self, expr):
        if isinstance(expr, PlainFunction):
            return f"{expr.written}({self._print(expr.args[0])})"
        return super()._print_Function(expr)


class PlainFunction(sympy.Function):
    """An undefined function of one argument that is written as ``written``."""

    written = "f"


def _signed(terms: list[str]) -> str:
    text = " + ".join(terms)
    return text.replace("+ -", "- ").replace("-  ", "- ")


@cache
def _printers(letters: tuple[str, ...]):
    latex, text = _Latex(), _Text()
    latex.letters = text.letters = letters
    return latex, text


def _letters(notation: Notation) -> tuple[str, ...]:
    return tuple(getattr(notation, part) for part in notation.factors)


def to_latex(value: Any, notation: Notation) -> str:
    r"""An expression, or an array of them as a matrix, as LaTeX.

    >>> from cnnviz.symbols import NOTATIONS
    >>> a, k = sympy.symbols("a_12 k_11")
    >>> to_latex(a * k, NOTATIONS["note"])
    'k_{11} a_{12}'
    """
    latex, _ = _printers(_letters(notation))
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
    _, text = _printers(_letters(notation))
    if not isinstance(value, np.ndarray):
        return text.doprint(sympy.sympify(value)).replace("-", "−")
    if value.ndim < 2:
        value = value.reshape(-1, 1)
    if value.ndim > 2:
        return "(" + ", ".join(to_text(plane, notation) for plane in value) + ")"
    rows = ("  ".join(to_text(cell, notation) for cell in row) for row in value)
    return f"[{'; '.join(rows)}]"
