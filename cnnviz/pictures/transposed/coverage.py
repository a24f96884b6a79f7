"""The picture of coverage: how often each cell of an up-sampled map is written, and the checkerboard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry, transposed_size
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Grid, Scene
from ...symbols import number, spoken
from ..grids import ink_of
from ..sheet import Sheet, column, row
from ..words import Says, count
from .transposed import transposed_call

SLOTS = {
    **column(160, y=50, gap=40, largest=32, upstream=160, kernel=160),
    **row(360, y=50, left=210, gap=30, largest=46, counts=370, input_gradient=370),
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
    terms of its gradient; in numbers, the counts grow from step to step. Where the kernel size is
    not divisible by the stride, cells inside are written unequally often, and the gradient shows a
    checkerboard. ``letters`` are those of a `Sheet`; ``show`` is "ink" (the darker, the larger) or
    "numbers".
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
    cells = table["input_gradient"]
    counts = np.bincount(cells[cells != NOWHERE], minlength=gradient.size).reshape(input_size)
    sheet = Sheet(SLOTS, **{"show": "ink", **letters})
    g = sheet.grid("upstream", grad_output, show="numbers", editable=True)
    k = sheet.grid("kernel", weight, show="numbers", editable=True)
    da = sheet.grid("input_gradient", gradient, role="written")
    c = _counted(sheet, da, counts, table)
    if sheet.show == "ink":
        da = replace(da, title=f"{da.title}, size as ink")
    inside = _inside(counts, geometry)
    return sheet.scene(
        "How often a cell is written",
        (g, k, c, da),
        table,
        _says(g, k, da, counts.ravel().tolist()),
        say=_say(weight.shape[0], stride, inside),
        size=(1200, 440),
        equations={"input_gradient": sheet.equation("input_gradient", "kernel", "upstream")},
        counters=_counters(inside, counts),
        lamps=_lamps(weight.shape[0], stride, inside),
        walk="upstream",
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


def _counted(sheet: Sheet, da: Grid, counts: np.ndarray, table: dict) -> Grid:
    """The counts in the place of the gradient; in numbers, they grow from output to output."""
    rows, columns = counts.shape
    grid = replace(
        da,
        name="counts",
        title=f"how often it is written  {rows}×{columns}",
        slot=sheet.slots["counts"],
        numbers=tuple(map(number, counts.ravel().tolist())),
        ink=ink_of(counts),
    )
    return replace(grid, frames=_growing(table, counts)) if sheet.written(grid).texts else grid


def _growing(table: dict, counts: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """What has been counted after each output, which counts every cell it reads once more."""
    read = table["counts"] != NOWHERE
    once = np.zeros((table["upstream"].max() + 1, counts.size), dtype=int)
    once[table["upstream"][read], table["counts"][read]] = 1  # an output reads no cell twice
    return tuple(tuple(map(number, so_far)) for so_far in once.cumsum(axis=0).tolist())


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


def _lamps(kernel: int, stride: int, inside: np.ndarray) -> tuple[tuple[bool, str], ...]:
    lamps = [(kernel % stride == 0, "the stride divides the kernel size")]
    if inside.size:
        lamps.append(
            (bool(inside.min() == inside.max()), "inside, all cells are written equally often")
        )
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
