"""The picture of the input gradients written out as sums, and of how many terms each sum has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry
from ...scene import NOWHERE, Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import gradient_grid, map_grid, written
from ..matrix.convolution_matrix import PRINTED
from ..words import count
from .gathering import gather_table, gradient_factors, pytorch_input_call, turned_grid

SLOTS = {
    "upstream": Slot(20, 46, 150, 150, largest=56),
    "kernel": Slot(200, 46, 130, 150, largest=56),
    "overlap": Slot(20, 290, 150, 150, largest=56),
    "turned": Slot(200, 290, 130, 150, largest=56),
    "input_gradient": Slot(372, 46, 620, 450, largest=205, square=False),
}


def written_out(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["slides"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """Every input gradient as a sum, written into its cell, and how many terms each sum has.

    ``grad_output`` is (oH, oW), ``weight`` (kH, kW), ``input_size`` (H, W).
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: slides, the nine equations; blog, the nine equations.

    >>> scene = written_out(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    >>> scene["input_gradient"].symbols[1], scene["overlap"].numbers[:3]
    ('∂L/∂O_11·F_12\\n+ ∂L/∂O_12·F_11', ('1', '2', '1'))
    """
    around = (stride, padding, dilation)
    back = conv2d_input(input_size, weight, grad_output, *around)
    geometry = Geometry.of(input_size, weight.shape, *around)
    full = gather_table(geometry)
    real = np.flatnonzero(full["upstream"] != NOWHERE)
    names = ("upstream", "kernel", "turned", "input_gradient")
    table = {name: full[name][real] for name in names}
    table["overlap"] = table["input_gradient"]

    scalar = notation.scalar
    g = gradient_grid(
        "upstream", scalar, notation.output, grad_output, SLOTS["upstream"], start, editable=True
    )
    k = map_grid("kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True)
    dx = gradient_grid(
        "input_gradient",
        scalar,
        notation.input,
        back,
        SLOTS["input_gradient"],
        start,
        role="written",
    )
    printed = PRINTED[notation.document]["input"]
    equation = Equation(
        "{input_gradient}", gradient_factors(notation), counted=True, ledger=printed
    )
    terms = np.bincount(table["input_gradient"], minlength=dx.size)
    dx = replace(
        dx,
        names=dx.symbols,
        symbols=_sums(g, k, table, dx.size, notation),
        sentences=tuple(
            _of_sum(spoken(name), n) for name, n in zip(dx.symbols, terms, strict=True)
        ),
    )
    g = replace(
        g,
        sentences=tuple(
            f"{spoken(name)} stands in {count(n, 'sum')}: one for each input that its output read."
            for name, n in zip(
                g.symbols, np.bincount(table["upstream"], minlength=g.size).tolist(), strict=True
            )
        ),
    )
    k = replace(
        k,
        sentences=tuple(
            f"{spoken(name)} stands in {count(n, 'sum')}, each time beside another gradient."
            for name, n in zip(
                k.symbols, np.bincount(table["kernel"], minlength=k.size).tolist(), strict=True
            )
        ),
    )
    turned = replace(
        turned_grid(k, SLOTS["turned"]), title="turned by 180°", sentences=k.sentences[::-1]
    )
    overlap = _overlap(input_size, weight.shape, grad_output.shape, around, SLOTS["overlap"])
    overlap = replace(overlap, title="terms in each sum", sentences=dx.sentences, names=dx.names)
    return Scene(
        title="The equations of the input gradient",
        grids=tuple(written(grid, show) for grid in (g, k, overlap, turned, dx)),
        table=table,
        say="Step from equation to equation: the gradients and the weights of each light up, and where "
        "they lie in the turned kernel.",
        size=(1200, 520),
        equations={"input_gradient": equation},
        walk="input_gradient",
        beware=notation.beware,
        code=pytorch_input_call(notation, geometry, around),
    )


def _overlap(input_size, kernel_size, output_size, around: tuple, slot: Slot) -> Grid:
    """The counts are an input gradient themselves: that of all ones."""
    ones = np.ones(kernel_size, dtype=int), np.ones(output_size, dtype=int)
    counts = conv2d_input(input_size, *ones, *around)
    grid = map_grid("overlap", "", counts, slot, 1, role="written")
    return replace(grid, symbols=grid.numbers)


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


def _of_sum(name: str, terms: int) -> str:
    if not terms:
        return f"{name} is 0: no output read that input."
    return f"{name} is a sum of {count(terms, 'term')}: the turned kernel lies on {count(terms, 'gradient')} there."
