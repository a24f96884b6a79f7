"""Why the input gradient is turned around and the kernel gradient is not: one axis, one index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Axis
from ..symbols import NOTATIONS, Notation
from .arrays import array, row
from .chain import Chain
from .layer import axis_meetings
from .typeset import to_text
from .values import Derivation, Line

# u counts windows, i kernel cells, x input cells, and j kernel cells from the other end.
u, i, x, j = sympy.symbols("u i x j", integer=True)


@dataclass(frozen=True, eq=False)
class ForEach:
    """A formula with free indices. Its value is a column: the formula for each value of them.

    ``letters`` says which symbol stands for an indexed letter, and 0 for places beyond the ends.
    """

    formula: sympy.Expr
    indices: tuple[tuple[sympy.Symbol, range], ...]
    letters: Callable[[sympy.Indexed], Any]

    @property
    def value(self) -> np.ndarray:
        symbols, ranges = zip(*self.indices, strict=True)
        cells = []
        for numbers in product(*ranges):
            put_in = dict(zip(symbols, numbers, strict=True))
            formula = self.formula.xreplace({s: sympy.Integer(n) for s, n in put_in.items()})
            cells.append(self._carried_out(formula))
        return array(cells, (-1, 1))

    def _carried_out(self, formula: sympy.Expr) -> sympy.Expr:
        if isinstance(formula, sympy.Sum):
            body, (index, first, last) = formula.function, formula.limits[-1]
            if len(formula.limits) > 1:
                body = sympy.Sum(body, *formula.limits[:-1])
            whole = (sympy.Integer(n) for n in range(int(first), int(last) + 1))
            return sympy.Add(*(self._carried_out(body.xreplace({index: n})) for n in whole))
        if isinstance(formula, sympy.Indexed):
            return sympy.sympify(self.letters(formula))
        if formula.args:
            return formula.func(*(self._carried_out(part) for part in formula.args))
        return formula

    def show(self, show: Callable, latex: bool) -> str:
        return show(self.formula)


def index_substitution(
    input_size: int = 4,
    kernel_size: int = 2,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
) -> Derivation:
    """On one axis: fix an input cell, and the kernel runs backwards; fix a kernel cell, and nothing
    does.

    h_u = Σ k_i a_x with x = su + di - p. For the kernel, i is fixed: x and u grow together. For the
    input, x is fixed: when i grows, u must fall. With a stride above 1, ``e`` is the upstream
    gradient with zeros between. Sizes are whole numbers of cells. The result is the column ∂F/∂a.
    Raises `DoesNotFit` where the kernel does not fit. Source: blog, "Intuition".

    >>> index_substitution(3, 2).result.ravel()
    array([k_1*∂F/∂h_1, k_1*∂F/∂h_2 + k_2*∂F/∂h_1, k_2*∂F/∂h_2], dtype=object)
    """
    axis = Axis(input_size, kernel_size, stride, padding, dilation)
    letters = _Letters(axis, notation, start)
    cells, kernel, chain = letters.cells, letters.taps, letters.chain
    one_row = {
        "stride": (1, axis.stride),
        "padding": (0, axis.padding.before),
        "dilation": (1, axis.dilation),
    }
    return Derivation(
        "Why the kernel is turned for the input gradient and not for its own",
        "blog, Intuition",
        (*_to_the_kernel(letters), *_to_the_input(letters), *_both_growing(letters)),
        meanings=lambda: chain.meanings(cells, kernel),
        code=lambda: functional.conv2d_input_gather(
            (1, axis.size), kernel[np.newaxis], chain.upstream[np.newaxis], **one_row
        ).reshape(-1, 1),
        calculus=lambda: chain.calculus(cells).reshape(-1, 1),
        notation=notation,
    )


class _Letters:
    """One axis in two alphabets: letters with free indices, k[i], and symbols of cells, k_1."""

    def __init__(self, axis: Axis, notation: Notation, start: int):
        self.axis, self.notation, self.start = axis, notation, start
        self.a, self.k, self.h = map(
            sympy.IndexedBase, (notation.input, notation.kernel, notation.output)
        )
        self.to_a, self.to_k, self.to_h = (
            sympy.IndexedBase(f"∂{notation.scalar}/∂{base.label}")
            for base in (self.a, self.k, self.h)
        )
        self.of_a, self.of_k = (
            sympy.IndexedBase(f"∂{self.h.label}/∂{base.label}") for base in (self.a, self.k)
        )
        self.spread = self.to_h if axis.stride == 1 else sympy.IndexedBase("e")
        self.turned = sympy.IndexedBase(f"{self.k.label}'")
        self.cells = row(notation.input, axis.size, start)
        self.taps = row(notation.kernel, axis.kernel, start)

    @cached_property
    def chain(self) -> Chain:
        """The scalar and the outputs, each a sum over the kernel cells that lie on the input."""
        products = [[] for _ in range(self.axis.out)]
        for window, tap, cell in axis_meetings(self.axis):
            products[window].append(self.taps[tap] * self.cells[cell])
        names = row(self.notation.output, self.axis.out, self.start)
        return Chain(self.notation.scalar, names, array([sympy.Add(*one) for one in products]))

    @property
    def place(self) -> sympy.Expr:
        """The input cell that kernel cell i of window u lies on."""
        s, d, p, first = self.axis.stride, self.axis.dilation, self.axis.padding.before, self.start
        return s * (u - first) + d * (i - first) + first - p

    def over(self, index: sympy.Symbol) -> tuple[sympy.Symbol, int, int]:
        """The limits of a sum over all values of this index."""
        counts = {u: self.axis.out, i: self.axis.kernel, x: self.axis.size, j: self.axis.kernel}
        return index, self.start, self.start + counts[index] - 1

    def line(self, left: sympy.Expr, right: sympy.Expr, reason: str, *free: sympy.Symbol) -> Line:
        """An equation for all values of its free indices."""
        limits = (self.over(index) for index in free)
        indices = tuple((index, range(first, last + 1)) for index, first, last in limits)
        return Line(
            ForEach(left, indices, self.symbol), ForEach(right, indices, self.symbol), reason
        )

    def symbol(self, indexed: sympy.Indexed) -> Any:
        """The symbol of an indexed letter, counted from `start`; 0 beyond the ends."""
        base, *at = indexed.args
        place, *second = (int(number) - self.start for number in at)
        if second:
            variables = self.cells if base == self.of_a else self.taps
            return self.chain.local(variables)[place, second[0]]
        if base == self.spread:
            place, between = divmod(place, self.axis.stride)
            if between:
                return 0
            base = self.to_h
        if base == self.turned:
            base, place = self.k, self.axis.kernel - 1 - place
        symbols = self._rows[base]
        return symbols[place] if 0 <= place < len(symbols) else 0

    @cached_property
    def _rows(self) -> dict[sympy.IndexedBase, np.ndarray]:
        return {
            self.a: self.cells,
            self.k: self.taps,
            self.h: self.chain.names,
            self.to_a: self.chain.gradient(self.cells),
            self.to_k: self.chain.gradient(self.taps),
            self.to_h: self.chain.upstream,
        }


def _to_the_kernel(letters: _Letters) -> tuple[Line, ...]:
    """Forward, and the way back on which nothing is turned."""
    a, k, h, place, line = letters.a, letters.k, letters.h, letters.place, letters.line
    said = to_text(place, letters.notation)
    return (
        line(
            h[u],
            sympy.Sum(k[i] * a[place], letters.over(i)),
            f"Forward: kernel cell {i} of window {u} lies on input cell {said}.",
            u,
        ),
        line(
            letters.of_k[u, i],
            a[place],
            "Fix the kernel cell: its slope is the input it lies on.",
            u,
            i,
        ),
        line(
            letters.to_k[i],
            sympy.Sum(letters.to_h[u] * a[place], letters.over(u)),
            "Chain rule. When u grows, the index of the input grows too. Nothing is turned.",
            i,
        ),
    )


def _to_the_input(letters: _Letters) -> tuple[Line, ...]:
    """The other way back: which kernel cells have a slope to an input cell?"""
    k, place, line = letters.k, letters.place, letters.line
    lies_there = sympy.KroneckerDelta(x, place)
    said = to_text(place, letters.notation)
    return (
        line(
            letters.of_a[u, x],
            sympy.Sum(k[i] * lies_there, letters.over(i)),
            f"Fix the input cell x: only the kernel cell with {said} = x has a slope to it.",
            u,
            x,
        ),
        line(
            letters.to_a[x],
            sympy.Sum(
                sympy.Sum(letters.to_h[u] * k[i] * lies_there, letters.over(i)), letters.over(u)
            ),
            "Chain rule, over all windows and kernel cells.",
            x,
        ),
    )


def _both_growing(letters: _Letters) -> tuple[Line, ...]:
    """Solved for the window, and numbered so that both indices grow: the kernel is turned."""
    axis, first, line = letters.axis, letters.start, letters.line
    k, e, turned = letters.k, letters.spread, letters.turned
    d, p = axis.dilation, axis.padding.before
    reach = d * (axis.kernel - 1) - p
    said = to_text(letters.place, letters.notation)
    solved = f"Solve {said} = x for u. When i grows, u must fall: they run against each other."
    if axis.stride > 1:
        solved += f" ({e.label} is the upstream gradient with zeros between.)"
    return (
        line(
            letters.to_a[x],
            sympy.Sum(e[x + p - d * (i - first)] * k[i], letters.over(i)),
            solved,
            x,
        ),
        line(
            turned[j],
            k[axis.kernel - 1 - j + 2 * first],
            "So number the kernel cells from the other end.",
            j,
        ),
        line(
            letters.to_a[x],
            sympy.Sum(e[x - reach + d * (j - first)] * turned[j], letters.over(j)),
            "Now both grow together again: a correlation with the turned kernel, and with "
            f"d(k−1)−p = {reach} zeros of padding before.".replace("-", "−"),
            x,
        ),
    )
