"""The picture of why the kernel turns round, in one dimension."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry
from ...scene import Axis, Grid, Scene, Slot
from ...symbols import spoken
from ..grids import matrix_grid
from ..maps import PADDING, in_one_row, laid_out, padded, turned
from ..meetings import partners
from ..sheet import Sheet
from ..words import Says
from .gathering import gather_table, input_call, input_equation

LONG, HIGH, CELL = 400, 260, 62  # the room of W, and how large its cells grow
EDGE = 50  # of W: how high and how wide its vectors are
ROWS = ("kernel", "turned", "spread")  # beside W, one below the other


def index_substitution(
    weight: np.ndarray, grad_output: np.ndarray, input_length: int, **letters
) -> Scene:
    """In one dimension: a row of W reads the kernel forwards, a column reads it backwards.

    ``weight`` is (k,), ``grad_output`` (n - k + 1,) for an input of ``input_length`` n. On the
    right the same weights stand turned, over the padded gradient along which they slide. ``letters`` are
    those of a `Sheet`. Raises DoesNotFit where ``conv2d_input`` does.
    Source: blog, the intuition after the two convolutions; note, (3).

    >>> scene = index_substitution(np.ones(3), np.ones(3), 5)
    >>> scene.equation_text("input_gradient", 2)
    '∂F/∂a_3 = k_3·∂F/∂h_1 + k_2·∂F/∂h_2 + k_1·∂F/∂h_3'
    """
    size, kernel, gradient = (1, input_length), weight.reshape(1, -1), grad_output.reshape(1, -1)
    back = conv2d_input(size, kernel, gradient)
    geometry, sheet = (
        Geometry.of(size, kernel.shape),
        Sheet(_slots(grad_output.size, input_length), **letters),
    )
    full = gather_table(geometry)
    table = {name: full[name] for name in ("upstream", "kernel", "spread", "turned")}
    table["input_gradient"] = full["input_gradient"]

    k = _row(sheet, "kernel", f"kernel |{sheet.letter('kernel')}|", kernel, editable=True)
    by = f"∂{sheet.notation.scalar}/∂{sheet.letter('output')}"
    g = _row(sheet, "upstream", f"|{by}|", gradient, editable=True)
    dx = _row(sheet, "input_gradient", "", back, role="written")
    around = padded(g, geometry.adjoint_padding)
    return sheet.scene(
        "Why the kernel turns round",
        (
            dx,
            _matrix(k, g, table, dx.size, sheet),
            laid_out(g, lambda cells: cells.reshape(1, 1, -1, 1)),
            k,
            sheet.again(turned(k), "turned", "kernel turned round, to slide over"),
            sheet.again(around, "spread", f"|{by}|, padded by k − 1 = {k.size - 1}"),
        ),
        table,
        _says(sheet, k, g, dx, table),
        say="Rows of W read the kernel forwards. Point at an input gradient: its column reads it backwards.",
        equations={"input_gradient": input_equation(sheet)},
        walk="input_gradient",
        code=input_call(sheet, size),
    )


def _slots(outputs: int, inputs: int) -> dict[str, Slot]:
    """W with its vectors along two edges, its cells as large as there is room for."""
    cell = min(CELL, LONG / inputs, HIGH / outputs)
    left, top = 20 + EDGE + 14, 46 + EDGE + 34
    beside = left + LONG + 56
    return {
        "input_gradient": Slot(left, 46, cell * inputs, EDGE, largest=CELL, square=False),
        "upstream": Slot(20, top, EDGE, cell * outputs, largest=CELL, square=False),
        "W": Slot(left, top, LONG, HIGH, largest=cell, centred=False),
        **{
            name: Slot(beside, 46 + 116 * n, 420, EDGE, largest=EDGE, centred=False)
            for n, name in enumerate(ROWS)
        },
    }


def _row(sheet: Sheet, name: str, title: str, values: np.ndarray, **more) -> Grid:
    """A map of one row, under a title of its own if it has one."""
    grid = in_one_row(sheet.grid(name, values, **more))
    return replace(grid, title=title or grid.title)


def _matrix(k: Grid, g: Grid, table: dict, inputs: int, sheet: Sheet) -> Grid:
    """W, with a row for each upstream gradient at its left, a column for each input gradient above."""
    matrix = matrix_grid(
        "W",
        k,
        table,
        Axis("upstream", tuple(range(g.size))),
        Axis("input_gradient", tuple(range(inputs))),
        sheet.slots["W"],
        hit="{row} arrives at an output that read this input with the weight {value}.",
        miss="0: the output of {row} did not read this input.",
    )
    return replace(matrix, title=f"|W|  {g.size}×{inputs}")


def _says(sheet: Sheet, k: Grid, g: Grid, dx: Grid, table: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    start = sheet.start
    met = [
        partners(table["input_gradient"], table[name], dx.size) for name in ("upstream", "kernel")
    ]

    def of_kernel(cell: int) -> str:
        return (
            f"{spoken(k.symbols[cell])} is number {cell + 1} of the kernel, and number "
            f"{k.size - cell} once it is turned."
        )

    def of_upstream(cell: int) -> str:
        if cell == PADDING:
            return "A zero of the padding: it stands for an output that does not exist."
        return (
            f"The row of output u = {cell + start}: x = u + i{' − 1' * start}. Here u is fixed, so x "
            "grows with i: the row reads the kernel forwards."
        )

    def of_gradient(cell: int) -> str:
        outputs, weights = (", ".join(str(n + start) for n in cells[cell]) for cells in met)
        column, i = f"The column of input x = {cell + start}:", f"i = x − u{' + 1' * start}"
        if len(met[0][cell]) == 1:
            return f"{column} only output u = {outputs} read it, with weight {i} = {weights}."
        return (
            f"{column} {i}. Here x is fixed: as u runs {outputs}, the weight i runs {weights}: "
            "backwards."
        )

    return {
        "kernel": of_kernel,
        "turned": of_kernel,
        "upstream": of_upstream,
        "spread": of_upstream,
        "input_gradient": of_gradient,
    }
