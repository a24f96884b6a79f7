"""Why the input gradient is turned around and the kernel gradient is not: one axis, one index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Axis
from ..symbols import NOTATIONS, Notation
from .arrays import array, row
from .chain import Chain
from .typeset import to_text
from .values import Derivation, Line


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
    s, d, p = axis.stride, axis.dilation, axis.padding.before
    u, i, x, j = sympy.symbols("u i x j", integer=True)
    names = {
        part: row(letter, count, start)
        for part, letter, count in (
            ("a", notation.input, axis.size),
            ("k", notation.kernel, axis.kernel),
            ("h", notation.output, axis.out),
        )
    }
    a, k, h = (sympy.IndexedBase(getattr(notation, n)) for n in ("input", "kernel", "output"))
    F = notation.scalar
    to_h, to_a, to_k = (sympy.IndexedBase(f"∂{F}/∂{base.label}") for base in (h, a, k))
    e = to_h if s == 1 else sympy.IndexedBase("e")
    turned = sympy.IndexedBase(f"{k.label}'")

    outputs = []
    for v in range(axis.out):
        meets = [(t, s * v + d * t - p) for t in range(axis.kernel)]
        outputs.append(
            sympy.Add(*(names["k"][t] * names["a"][y] for t, y in meets if 0 <= y < axis.size))
        )
    chain = Chain(F, names["h"], array(outputs))

    def letters(indexed: sympy.Indexed) -> Any:
        """The symbol of an indexed letter, counted from `start`; 0 beyond the ends."""
        base, *at = indexed.args
        places = [int(place) - start for place in at]
        if base == e and s > 1:
            if places[0] % s:
                return 0
            base, places = to_h, [places[0] // s]
        if base == turned:
            base, places = k, [axis.kernel - 1 - places[0]]
        row = {
            a: names["a"], k: names["k"], h: names["h"],
            to_h: chain.upstream, to_a: chain.gradient(names["a"]),
            to_k: chain.gradient(names["k"]),
        }.get(base)  # fmt: skip
        if row is None:  # a local slope, with two indices
            variables = names["a"] if base == of_a else names["k"]
            row, places = chain.local(variables), [tuple(places)]
            return row[places[0]]
        return row[places[0]] if 0 <= places[0] < len(row) else 0

    of_a, of_k = (sympy.IndexedBase(f"∂{h.label}/∂{base.label}") for base in (a, k))
    first, taps, outs = start, (i, start, start + axis.kernel - 1), (u, start, start + axis.out - 1)
    place = s * (u - first) + d * (i - first) + first - p
    every = {
        index: range(start, start + count)
        for index, count in ((u, axis.out), (i, axis.kernel), (x, axis.size), (j, axis.kernel))
    }

    def line(left, right, reason, *free):
        free = tuple((index, every[index]) for index in free)
        return Line(ForEach(left, free, letters), ForEach(right, free, letters), reason)

    said = to_text(place, notation)
    forward = sympy.Sum(k[i] * a[place], taps)
    to_input = sympy.Sum(k[i] * sympy.KroneckerDelta(x, place), taps)
    reach = d * (axis.kernel - 1) - p
    zeros = f" ({e.label} is the upstream gradient with zeros between.)" if s > 1 else ""
    lines = (
        line(
            h[u], forward, f"Forward: kernel cell {i} of window {u} lies on input cell {said}.", u
        ),
        line(of_k[u, i], a[place], "Fix the kernel cell: its slope is the input it lies on.", u, i),
        line(
            to_k[i],
            sympy.Sum(to_h[u] * a[place], outs),
            "Chain rule. When u grows, the index of the input grows too. Nothing is turned.",
            i,
        ),
        line(
            of_a[u, x],
            to_input,
            f"Fix the input cell x: only the kernel cell with {said} = x has a slope to it.",
            u,
            x,
        ),
        line(
            to_a[x],
            sympy.Sum(sympy.Sum(to_h[u] * k[i] * sympy.KroneckerDelta(x, place), taps), outs),
            "Chain rule, over all windows and kernel cells.",
            x,
        ),
        line(
            to_a[x],
            sympy.Sum(e[x + p - d * (i - first)] * k[i], taps),
            f"Solve {said} = x for u. When i grows, u must fall: they run against each other."
            + zeros,
            x,
        ),
        line(
            turned[j],
            k[axis.kernel - 1 - j + 2 * first],
            "So number the kernel cells from the other end.",
            j,
        ),
        line(
            to_a[x],
            sympy.Sum(
                e[x - reach + d * (j - first)] * turned[j], (j, start, start + axis.kernel - 1)
            ),
            "Now both grow together again: a correlation with the turned kernel, and with "
            f"d(k−1)−p = {reach} zeros of padding before.".replace("-", "−"),
            x,
        ),
    )
    one_row = {"stride": (1, s), "padding": (0, p), "dilation": (1, d)}
    return Derivation(
        "Why the kernel is turned for the input gradient and not for its own",
        "blog, Intuition",
        lines,
        meanings=lambda: chain.meanings(names["a"], names["k"]),
        code=lambda: functional.conv2d_input_gather(
            (1, axis.size), names["k"][np.newaxis], chain.upstream[np.newaxis], **one_row
        ).reshape(-1, 1),
        calculus=lambda: chain.calculus(names["a"]).reshape(-1, 1),
        notation=notation,
    )
