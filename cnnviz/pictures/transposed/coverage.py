"""The picture of coverage: how often each cell of an up-sampled map is written, and the checkerboard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry, transposed_size
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Grid, Lamp, Scene, Step
from ...symbols import number, spoken
from ..grids import readable
from ..sheet import Sheet, column, row
from ..words import Says, count
from .transposed import transposed_call

SLOTS = {
    **column(160, y=40, gap=60, largest=36, upstream=160, kernel=160),
    **row(380, y=40, left=206, gap=30, largest=56, counts=380, input_gradient=380),
}


def coverage(
    grad_output: np.ndarray,
    weight: np.ndarray,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    *,
    output_padding: int | tuple[int, int] = 0,
    **letters,
) -> Scene:
    """How many windows write each cell of the gradient map, and the gradient that is written.

    ``grad_output`` (oH, oW) goes back through ``weight`` (kH, kW) to an input whose remainder is
    ``output_padding``. A cell is written by the outputs that read it, so its count is the number of
    terms of its gradient. Counts and gradient grow from step to step: window by window along the
    first row, and then row by row. Where the kernel size is not divisible by the stride, cells inside
    are written unequally often, and the gradient shows a checkerboard. ``letters`` are those of a
    `Sheet`; ``show`` is "colour" or "numbers".
    Raises DoesNotFit where ``transposed_size`` does, and for an output padding that is no remainder
    of the stride.
    Source: Odena, Dumoulin and Olah, Deconvolution and Checkerboard Artifacts, Distill (2016);
    slides, the overlaps of the full convolution; blog, "all those instances where the output is
    affected".

    >>> scene = coverage(np.ones((3, 3)), np.ones((3, 3)), stride=2)
    >>> scene["counts"].numbers[:7]
    ('1', '1', '2', '1', '2', '1', '1')
    >>> coverage(np.ones((2, 2)), np.ones((2, 2)))["counts"].numbers
    ('1', '2', '1', '2', '4', '2', '1', '2', '1')
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    input_size = transposed_size(
        grad_output.shape, weight.shape, output_padding=output_padding, **how
    )
    gradient = conv2d_input(input_size, weight, grad_output, **how)
    geometry = Geometry.of(input_size, weight.shape, **how)
    table = _written_table(geometry)
    walk = _walk(grad_output.shape)
    each = _written_by(table, grad_output.size, gradient.size)
    counts = each.sum(axis=0).reshape(input_size)
    sheet = Sheet(SLOTS, **{"show": "colour", **letters})
    g = sheet.grid("upstream", grad_output, show="numbers", editable=True)
    k = sheet.grid("kernel", weight, show="numbers", editable=True)
    da = sheet.grid("input_gradient", gradient, role="written", own_scale=True)
    c = _counted(sheet, da, counts)
    products = _products(table, grad_output, weight, gradient.size)
    da, c = _growing(da, products, each, walk), _growing(c, each, each, walk)
    inside = _inside(counts, geometry)
    say = _say(weight.shape[0], stride, inside)
    return sheet.scene(
        "How often a cell is written",
        tuple(readable(sheet.written(grid)) for grid in (g, k, c, da)),
        table,
        _says(g, k, da, counts.ravel().tolist()),
        say=say,
        equations={"input_gradient": sheet.equation("input_gradient", "kernel", "upstream")},
        counters=_counters(inside, counts),
        lamps=_lamps(weight.shape[0], stride, inside),
        steps=_steps(g, k, each, walk, say),
        code=transposed_call(sheet, stride, padding, output_padding, dilation),
    )


def _written_table(geometry: Geometry) -> dict[str, np.ndarray]:
    """Which output writes which cell through which weight; what it writes into padding is NOWHERE."""
    met = convolution_table(geometry)
    cells = unpadded_cells(geometry)[met["input"]]
    return {
        "upstream": met["output"],
        "kernel": met["kernel"],
        "counts": cells,
        "input_gradient": cells,
    }


def _walk(gradient_size: tuple[int, int]) -> list[range]:
    """The outputs of each step: those of the first row one by one, and then row by row.

    >>> _walk((2, 3))
    [range(0, 1), range(1, 2), range(2, 3), range(3, 6)]
    """
    rows, columns = gradient_size
    alone = [range(n, n + 1) for n in range(columns)]
    return alone + [range(n * columns, (n + 1) * columns) for n in range(1, rows)]


def _written_by(table: dict, outputs: int, cells: int) -> np.ndarray:
    """For each output (a row) 1 at the cells it writes; none of them twice."""
    once = np.zeros((outputs, cells), dtype=int)
    kept = table["counts"] != NOWHERE
    once[table["upstream"][kept], table["counts"][kept]] = 1
    return once


def _products(table: dict, grad_output: np.ndarray, weight: np.ndarray, cells: int) -> np.ndarray:
    """For each output (a row) what it adds to each cell: its gradient times the weight between them."""
    adds = np.zeros((grad_output.size, cells))
    kept = table["counts"] != NOWHERE
    output, through = table["upstream"][kept], table["kernel"][kept]
    adds[output, table["counts"][kept]] = grad_output.ravel()[output] * weight.ravel()[through]
    return adds


def _growing(grid: Grid, adds: np.ndarray, each: np.ndarray, walk: list[range]) -> Grid:
    """A map with what has come together in it after each step. What no window wrote is empty."""
    last = [outputs[-1] for outputs in walk]
    so_far, written = adds.cumsum(axis=0)[last], each.cumsum(axis=0)[last] > 0
    said = {value: number(value) for value in np.unique(so_far).tolist()}
    frames = (
        tuple(said[value] if there else "" for value, there in zip(*step, strict=True))
        for step in zip(so_far.tolist(), written.tolist(), strict=True)
    )
    return replace(grid, frames=tuple(frames))


def _counted(sheet: Sheet, da: Grid, counts: np.ndarray) -> Grid:
    """The counts in the place of the gradient."""
    rows, columns = counts.shape
    return replace(
        da,
        name="counts",
        title=f"how often it is written  {rows}×{columns}",
        slot=sheet.slots["counts"],
        numbers=tuple(map(number, counts.ravel().tolist())),
        values=counts.ravel(),
    )


def _steps(g: Grid, k: Grid, each: np.ndarray, walk: list[range], at_last: str) -> tuple[Step, ...]:
    """A step for each part of the walk: the windows stamp their cells."""

    def step(outputs: range) -> Step:
        cells = tuple(np.flatnonzero(each[outputs].any(axis=0)).tolist())
        done = outputs is walk[-1] and len(walk) > 1
        return Step(
            {"upstream": tuple(outputs), "kernel": tuple(range(k.size))},
            {"counts": cells, "input_gradient": cells},
            at_last if done else _step_says(g, outputs, each),
        )

    return tuple(map(step, walk))


def _step_says(g: Grid, outputs: range, each: np.ndarray) -> str:
    """What is said while these outputs write: how often the cells were written that were so most."""
    most = int(each[: outputs[-1] + 1].sum(axis=0)[each[outputs].any(axis=0)].max(initial=0))
    first = spoken(g.symbols[outputs[0]])
    if len(outputs) == 1:
        who = f"The window of {first} writes {count(int(each[outputs[0]].sum()), 'cell')}."
    else:
        who = f"The windows of {first} to {spoken(g.symbols[outputs[-1]])} write."
    return who + (f" Where windows overlap, up to {most} of them wrote a cell." if most > 1 else "")


def _says(g: Grid, k: Grid, da: Grid, counts: list[int]) -> dict[str, Says]:
    """What each cell says when the learner points at it."""

    def of_cell(cell: int) -> str:
        return (
            f"{spoken(da.symbols[cell])} is written by {count(counts[cell], 'window')} and comes to "
            f"{da.numbers[cell]}."
        )

    return {
        "upstream": lambda cell: f"{spoken(g.symbols[cell])} writes the lit cells.",
        "kernel": lambda cell: f"{spoken(k.symbols[cell])} writes every lit cell once.",
        "counts": of_cell,
        "input_gradient": of_cell,
    }


def _inside(counts: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The cells far enough from the edge that no window is missing beside them; may be empty."""
    rows, columns = (
        slice(
            max(0, axis.span - axis.stride - axis.padding.before),
            min(axis.size, axis.stride * axis.out - axis.padding.before),
        )
        for axis in geometry.axes
    )
    return counts[rows, columns]


def _counters(inside: np.ndarray, counts: np.ndarray) -> tuple[tuple[str, str], ...]:
    shown = inside if inside.size else counts
    words = "windows write a cell inside" if inside.size else "windows write a cell"
    low, high = int(shown.min()), int(shown.max())
    counters = [(str(low) if low == high else f"{low} to {high}", words)]
    never = int((counts == 0).sum())
    if never:
        counters.append((str(never), "cells that no window writes"))
    return tuple(counters)


def _lamps(kernel: int, stride: int, inside: np.ndarray) -> tuple[Lamp, ...]:
    divides = kernel % stride == 0
    words = "divides" if divides else "does not divide"
    lamps = [Lamp(divides, f"the stride {stride} {words} the kernel size {kernel}")]
    if inside.size:
        even = bool(inside.min() == inside.max())
        often = "equally often" if even else "unequally often"
        lamps.append(Lamp(even, f"inside, cells are written {often}"))
    return tuple(lamps)


def _say(kernel: int, stride: int, inside: np.ndarray) -> str:
    if not inside.size:
        return "So few windows that each cell is near an edge. Take a larger gradient to see the pattern."
    low, high = int(inside.min()), int(inside.max())
    if low == high:
        return f"A kernel of {kernel} at stride {stride}: each cell inside is written by {count(low, 'window')}."
    holes = (
        " Some cells are never written: the stride is larger than the kernel." if not low else ""
    )
    return (
        f"A kernel of {kernel} at stride {stride}: cells inside are written by {low} to {high} windows. "
        f"That is the checkerboard.{holes}"
    )
