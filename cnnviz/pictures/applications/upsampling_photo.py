"""The picture of a photograph made small and enlarged again by a transposed convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...functional import conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...network.upsampling import enlarge_map, enlarging, shrink
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import labels, number
from ..grids import written
from ..sheet import across
from ..words import call, count

SLOTS = {
    "photograph": Slot(20, 44, 300, 300, largest=20),
    "small": Slot(360, 94, 200, 200, largest=20),
    "enlarged": Slot(690, 44, 300, 300, largest=20),
    "kernel": Slot(50, 396, 240, 212, largest=50),
    "counts": Slot(730, 400, 220, 200, largest=25),
}
PLOT = (360, 580, 420, 590)  # left, right, top, bottom of the curve of errors
CORNER = 8  # rows and columns of the map of counts: the pattern repeats
STEPS = 6
DARKEST = 0.4  # a cell that is wrong by so much is as dark as can be


def upsampling_photo(
    photo: np.ndarray,
    kernel: np.ndarray,
    stride: int,
    *,
    errors: Sequence[float] = (),
    step: int = 0,
    bilinear: float | None = None,
    difference: bool = False,
) -> Scene:
    """A photograph (H, W), the mean of each of its blocks, and what a kernel (k, k) makes of those.

    The photograph is 0 for black to 1 for white. ``errors`` are those of the kernel while it is
    learned, of which this is number ``step``; ``bilinear`` is the error of the bilinear kernel. With
    ``difference`` the enlarged map shows where it is wrong. Raises DoesNotFit where
    ``conv_transpose2d`` does.
    Sources: Long, Shelhamer and Darrell (2015), section 3.3; Odena, Dumoulin and Olah (2016).
    """
    small = shrink(photo, stride)
    enlarged = enlarge_map(small, kernel, stride)
    how = enlarging(len(kernel), stride)
    counts = conv_transpose2d(np.ones_like(small), np.ones_like(kernel), **how).astype(int)
    wrong = np.abs(enlarged - photo)
    table = _table(small.shape, photo.shape, kernel.shape, how)
    side = min(CORNER, *photo.shape)
    inside = counts[len(kernel) : -len(kernel), len(kernel) : -len(kernel)]
    low, high = int(inside.min()), int(inside.max())

    rows, columns = photo.shape
    grids = (
        _photo("photograph", f"photograph  {rows}×{columns}", photo),
        _photo("small", f"means of {stride}×{stride} cells  {len(small)}×{small.shape[1]}", small),
        _wrong(wrong) if difference else _photo("enlarged", f"enlarged  {rows}×{columns}", enlarged),
        _kernel(kernel, step),
        _counts(counts[:side, :side]),
    )  # fmt: skip
    return Scene(
        title="A photograph, small and large again",
        grids=grids,
        table=table,
        say=_say(len(kernel), stride, low, high),
        size=(1200, 620),
        strokes=(
            across(grids[0], grids[1], "forward"),
            across(grids[1], grids[2], "forward", "transposed"),
            *(_curve(errors, step) if len(errors) > 1 else ()),
        ),
        counters=_counters(float((wrong**2).mean()), bilinear, low, high),
        lamps=(_divides(len(kernel), stride),),
        steps=tuple(_steps(small.shape, table)),
        code=_call(how),
    )


def _divides(kernel: int, stride: int) -> Lamp:
    """Whether all cells are written equally often."""
    even = kernel % stride == 0
    return Lamp(
        even, f"stride {stride} {'divides' if even else 'does not divide'} kernel size {kernel}"
    )


def _counters(error: float, bilinear: float | None, low: int, high: int):
    """How wrong the map is, beside what the bilinear kernel reaches; and how often a cell is written."""
    counters = [(f"{error:.4f}", "mean squared error")]
    if bilinear is not None:
        counters.append((f"{bilinear:.4f}", "with the bilinear kernel"))
    written = str(low) if low == high else f"{low} to {high}"
    return (*counters, (written, "times a cell is written"))


def _photo(name: str, title: str, values: np.ndarray) -> Grid:
    return Grid(
        name,
        title,
        (1, 1, *values.shape),
        SLOTS[name],
        role="written" if name == "enlarged" else "read",
        show="colour",
        values=np.clip(values, 0, 1).ravel(),
        numbers=tuple(number(value) for value in values.ravel().round(3).tolist()),
        saying="Row {row}, column {column}: {number}, from 0 for black to 1 for white.",
        photograph=True,
    )


def _wrong(wrong: np.ndarray) -> Grid:
    """How far each cell of the enlarged map is from the photograph: the darker, the more."""
    return replace(
        _photo("enlarged", "where it is wrong", wrong),
        values=np.clip(wrong, 0, DARKEST).ravel(),
        saying="Row {row}, column {column}: wrong by {number}.",
        photograph=False,
    )


def _kernel(kernel: np.ndarray, learned: int) -> Grid:
    numbers = tuple(number(round(float(value), 2)) for value in kernel.flat)
    grid = Grid(
        "kernel",
        f"kernel, learned for {count(learned, 'step')}" if learned else "kernel",
        (1, 1, *kernel.shape),
        SLOTS["kernel"],
        symbols=labels("k", kernel.shape),
        numbers=numbers,
        show="numbers",
        own_scale=True,
        saying="This weight is {number}. Each mean, times it, goes to one of the lit cells.",
    )
    return written(grid, "numbers")


def _counts(counts: np.ndarray) -> Grid:
    texts = tuple(map(str, counts.ravel().tolist()))
    return Grid(
        "counts",
        "how often each cell is written (corner)",
        (1, 1, *counts.shape),
        SLOTS["counts"],
        role="written",
        symbols=texts,
        numbers=texts,
        show="numbers",
        own_scale=True,
        saying="{number} of the means write this cell.",
    )


def _table(small, large, kernel, how) -> dict[str, np.ndarray]:
    """Mean, weight and enlarged cell that meet; beside it the cell of the photograph, and the counts."""
    geometry = Geometry.of(large, kernel, how["stride"], how["padding"])
    table = convolution_table(geometry)
    cells = unpadded_cells(geometry)[table["input"]]
    inside = cells != NOWHERE
    cells = cells[inside]
    row, column = cells // large[1], cells % large[1]
    side = min(CORNER, *large)
    counted = np.where((row < side) & (column < side), row * side + column, NOWHERE)
    return {
        "photograph": cells,
        "small": table["output"][inside],
        "enlarged": cells,
        "kernel": table["kernel"][inside],
        "counts": counted,
    }


def _curve(errors: Sequence[float], step: int):
    """The errors while learning, from 0 to the first one, with a line at the present step."""
    left, right, top, bottom = PLOT
    across = np.linspace(left, right, len(errors))
    up = bottom - (bottom - top) * np.asarray(errors) / max(errors)
    yield Stroke(((left, top - 10), (left, bottom), (right, bottom)), "axis")
    yield Stroke(((left, bottom), (right, bottom)), "axis", "steps of learning", below=True)
    yield Stroke(tuple(zip(across.tolist(), up.tolist(), strict=True)), "curve")
    at = float(across[step])
    yield Stroke(((at, bottom), (at, float(up[step]))), "tangent")


def _steps(small, table):
    """A few means, one after the other, each stamping its kernel."""
    width = small[1]
    first = width * (small[0] // 2) + width // 2 - STEPS // 2
    for cell in range(first, first + STEPS):
        stamped = np.unique(table["enlarged"][table["small"] == cell])
        weights = np.unique(table["kernel"][table["small"] == cell])
        yield Step(
            {"small": (cell,), "kernel": tuple(weights.tolist())},
            {"enlarged": tuple(stamped.tolist())},
            f"The mean in row {cell // width + 1}, column {cell % width + 1}, times the kernel, is added to "
            f"{len(stamped)} cells of the large map.",
        )


def _say(kernel: int, stride: int, low: int, high: int) -> str:
    pattern = (
        f"all cells inside are written equally often, {low} times"
        if low == high
        else f"cells inside are written {low} to {high} times"
    )
    return (
        f"A kernel of {kernel} at stride {stride}: {pattern}. Press Next to see the kernel stamped."
    )


def _call(how: dict[str, int]) -> str:
    return call("large", "nn.functional.conv_transpose2d", ["small", "k"], **how)
