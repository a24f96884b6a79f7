"""The picture of coverage: how often each cell of an up-sampled map is written, and the checkerboard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry, transposed_size
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Equation, Scene, Slot
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import gradient_grid, ink_of, map_grid, written
from ..words import count
from .transposed import transposed_call

SIDE = 360
SLOTS = {
    "upstream": Slot(20, 50, 160, 160, largest=32),
    "kernel": Slot(20, 250, 160, 160, largest=32),
    "counts": Slot(210, 50, 370, SIDE, largest=46),
    "input_gradient": Slot(610, 50, 370, SIDE, largest=46),
}


def coverage(
    grad_output: np.ndarray,
    weight: np.ndarray,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    *,
    output_padding: int | tuple[int, int] = 0,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "ink",
) -> Scene:
    """How many windows write each cell of the gradient map, and the gradient that is written.

    ``grad_output`` (oH, oW) goes back through ``weight`` (kH, kW) to an input whose remainder is
    ``output_padding``. A cell is written by the outputs that read it, so its count is the number of
    terms of its gradient; in numbers, the counts grow from step to step. Where the kernel size is
    not divisible by the stride, cells inside are written unequally often, and the gradient shows a
    checkerboard. ``show`` is "ink" (the darker, the larger) or "numbers".
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
    around = (stride, padding, dilation)
    input_size = transposed_size(
        grad_output.shape, weight.shape, stride, padding, output_padding, dilation
    )
    gradient = conv2d_input(input_size, weight, grad_output, *around)
    ones = np.ones(weight.shape, dtype=int), np.ones(grad_output.shape, dtype=int)
    counts = conv2d_input(input_size, *ones, *around)
    geometry = Geometry.of(input_size, weight.shape, *around)

    g = gradient_grid(
        "upstream",
        notation.scalar,
        notation.output,
        grad_output,
        SLOTS["upstream"],
        start,
        editable=True,
    )
    k = map_grid("kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True)
    da = gradient_grid(
        "input_gradient",
        notation.scalar,
        notation.input,
        gradient,
        SLOTS["input_gradient"],
        start,
        role="written",
    )
    table = convolution_table(geometry)
    cells = unpadded_cells(geometry)[table["input"]]
    table = {
        "upstream": table["output"],
        "kernel": table["kernel"],
        "counts": cells,
        "input_gradient": cells,
    }
    says = tuple(
        f"{spoken(name)} is written by {count(n, 'window')} and comes to {value}."
        for name, n, value in zip(da.symbols, counts.ravel().tolist(), da.numbers, strict=True)
    )
    c = replace(
        da,
        name="counts",
        title=f"how often it is written  {counts.shape[0]}×{counts.shape[1]}",
        slot=SLOTS["counts"],
        numbers=tuple(map(number, counts.ravel().tolist())),
        ink=ink_of(counts),
        sentences=says,
    )
    c = written(c, show)
    if c.texts:
        c = replace(c, frames=_growing(cells, table["upstream"], counts))
    da = replace(
        da, title=f"{da.title}, size as ink" if show == "ink" else da.title, sentences=says
    )
    g = replace(g, sentences=tuple(f"{spoken(n)} writes the lit cells." for n in g.symbols))
    k = replace(k, sentences=tuple(f"{spoken(n)} writes every lit cell once." for n in k.symbols))
    inside = _inside(counts, geometry)
    return Scene(
        title="How often a cell is written",
        grids=(written(g, "numbers"), written(k, "numbers"), c, written(da, show)),
        table=table,
        say=_say(weight.shape[0], stride, inside),
        size=(1200, 440),
        equations={
            "input_gradient": Equation("{input_gradient}", ("{kernel}", "{upstream}"), counted=True)
        },
        counters=_counters(inside, counts),
        lamps=_lamps(weight.shape[0], stride, inside),
        walk="upstream",
        beware=notation.beware,
        code=transposed_call(notation, stride, padding, output_padding, dilation),
    )


def _growing(cells: np.ndarray, outputs: np.ndarray, counts: np.ndarray) -> tuple:
    """What has been counted after each output, which counts every cell it reads once more."""
    frames, so_far = [], np.zeros(counts.size, dtype=int)
    for output in range(outputs.max() + 1):
        read = cells[(outputs == output) & (cells != NOWHERE)]
        so_far[read] += 1  # an output reads no cell twice
        frames.append(tuple(map(number, so_far.tolist())))
    return tuple(frames)


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
