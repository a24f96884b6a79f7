"""The picture of the input gradients written out as sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry
from ...scene import NOWHERE, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..maps import turned
from ..sheet import Sheet, column
from ..words import Says, count
from .gathering import gather_table, input_call, input_equation

SLOTS = {
    **column(160, y=46, gap=64, largest=52, upstream=156, kernel=120, turned=120),
    "input_gradient": Slot(220, 46, 640, 524, largest=213, square=False),
}


def written_out(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    **letters,
) -> Scene:
    """Every input gradient as a sum, written into its cell.

    ``grad_output`` is (oH, oW), ``weight`` (kH, kW), ``input_size`` (H, W). ``letters`` are those of
    a `Sheet`, here of the slides unless said. Raises DoesNotFit where ``conv2d_input`` does.
    Source: slides, the nine equations; blog, the nine equations.

    >>> scene = written_out(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    >>> scene["input_gradient"].symbols[1]
    '∂L/∂O_11·F_12\\n+ ∂L/∂O_12·F_11'
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    back = conv2d_input(input_size, weight, grad_output, **how)
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["slides"], **letters})
    full = gather_table(Geometry.of(input_size, weight.shape, **how))
    names = ("upstream", "kernel", "turned", "input_gradient")
    table = {name: full[name][full["upstream"] != NOWHERE] for name in names}

    g = sheet.grid("upstream", grad_output, editable=True)
    k = sheet.grid("kernel", weight, editable=True)
    dx = sheet.grid("input_gradient", back, role="written")
    dx = replace(dx, names=dx.symbols, symbols=_sums(g, k, table, dx.size, sheet.notation))
    return sheet.scene(
        "The equations of the input gradient",
        (g, k, sheet.again(turned(k), "turned", "turned by 180°"), dx),
        table,
        _says(g, k, dx, table),
        say="Step from equation to equation: the gradients and the weights of each light up, and where "
        "they lie in the turned kernel.",
        equations={"input_gradient": input_equation(sheet)},
        walk="input_gradient",
        code=input_call(sheet, input_size, **how),
    )


def _sums(g: Grid, k: Grid, table: dict, size: int, notation: Notation) -> tuple[str, ...]:
    """The sum of each cell, a line for each term; two terms in a line where there are many."""
    sums = [[] for _ in range(size)]
    columns = (table[name].tolist() for name in ("input_gradient", "upstream", "kernel"))
    for cell, upstream, kernel in zip(*columns, strict=True):
        factors = {"input": g.symbols[upstream], "kernel": k.symbols[kernel]}
        sums[cell].append("·".join(factors[part] for part in notation.factors))
    in_a_line = 1 if max(map(len, sums)) <= 4 else 2
    return tuple(
        "\n+ ".join(" + ".join(terms[n : n + in_a_line]) for n in range(0, len(terms), in_a_line))
        or "0"
        for terms in sums
    )


def _says(g: Grid, k: Grid, dx: Grid, table: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    terms = {
        grid.name: np.bincount(table[grid.name], minlength=grid.size).tolist()
        for grid in (g, k, dx)
    }

    def of_upstream(cell: int) -> str:
        sums = count(terms["upstream"][cell], "sum")
        return (
            f"{spoken(g.symbols[cell])} stands in {sums}: one for each input that its output read."
        )

    def of_kernel(cell: int) -> str:
        sums = count(terms["kernel"][cell], "sum")
        return f"{spoken(k.symbols[cell])} stands in {sums}, each time beside another gradient."

    def of_gradient(cell: int) -> str:
        name, n = spoken(dx.names[cell]), terms["input_gradient"][cell]
        if not n:
            return f"{name} is 0: no output read that input."
        return (
            f"{name} is a sum of {count(n, 'term')}: the turned kernel lies on "
            f"{count(n, 'gradient')} there."
        )

    return {
        "upstream": of_upstream,
        "kernel": of_kernel,
        "turned": of_kernel,
        "input_gradient": of_gradient,
    }
