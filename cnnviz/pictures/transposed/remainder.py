"""The picture of the remainder: input cells that no window reaches, and the gradient map that comes
out too short without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Axis, Equation, Grid, Scene, Slot, Stroke
from ...symbols import spoken
from ..grids import matrix_grid
from ..maps import in_one_row, laid_out, padded
from ..sheet import Sheet
from ..words import Says, count
from .transposed import transposed_call

LEFT, WIDTH, CELL = 210, 770, 64  # where the strips start, the room they have, their largest cell
STOPS, LOW = 148, 200  # where the windows start, and the room for them
BACK = STOPS + LOW + 50  # where the gradient strip is


def remainder_strip(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    output_padding: int = 0,
    **letters,
) -> Scene:
    """A convolution along one axis, window by window, and the gradient map that goes back.

    ``input`` (i,), ``weight`` (k,), ``grad_output`` (o,) or longer: it is cut to o. The remainder
    r = (i + 2p - d(k-1) - 1) mod s counts the padded cells that no window reaches. The transposed
    convolution makes s(o-1) + d(k-1) + 1 - 2p + ``output_padding`` cells and stands below the input,
    cell under cell. ``letters`` are those of a `Sheet`.
    Raises DoesNotFit where ``conv2d`` and ``conv_transpose2d`` do.
    Source: Dumoulin and Visin (2016), relationship 14; ``torch.nn.ConvTranspose2d``.

    >>> scene = remainder_strip(np.ones(6), np.ones(3), np.ones(2), stride=2)
    >>> scene["input_gradient"].size, scene.lamps[0]
    (5, (False, 'as long as the input'))
    """
    x, w = input[None], weight[None]
    along = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
    geometry = Geometry.of(x.shape, w.shape, *along.values())
    axis = geometry.columns
    g = grad_output[None, : axis.out]
    back = conv_transpose2d(g, w, **along, output_padding=(0, output_padding))

    width = min(CELL, WIDTH / max(axis.padded, padding + back.size))
    sheet = Sheet(_slots(axis, back.size, width), **letters)
    a = padded(in_one_row(sheet.grid("input", x, editable=True)), geometry.padding)
    k = in_one_row(sheet.grid("kernel", w, editable=True))
    h = _upright(sheet.grid("output", conv2d(x, w, **along), role="written"))
    u = _upright(sheet.grid("upstream", g, editable=True))
    da = in_one_row(sheet.grid("input_gradient", back, role="written"))
    notation = sheet.notation
    h = replace(h, title=f"output |{notation.output}|")
    u = replace(u, title=f"|∂{notation.scalar}/∂{notation.output}|")
    da = replace(da, title=f"input gradient |∂{notation.scalar}/∂{notation.input}|")
    table = _table(geometry, back.size)
    reads = np.bincount(table["input"], minlength=a.size).tolist()
    a = _saying_who_reads(a, reads, axis)
    return sheet.scene(
        "What no window reaches",
        (a, k, h, u, _windows(k, a, table, sheet.slots["windows"]), da),
        table,
        _says(k, h, u, da, reads, axis, output_padding),
        say=_say(axis, back.size, output_padding),
        size=(1200, BACK + 86),
        equations=_equations(sheet),
        strokes=tuple(_brackets(axis, back.size, output_padding, width)),
        counters=_counters(axis, back.size - output_padding),
        lamps=((back.size == axis.size, "as long as the input"),),
        walk="input_gradient",
        code=transposed_call(sheet, stride, padding, output_padding, dilation, "conv_transpose1d"),
    )


def _slots(axis, length: int, width: float) -> dict[str, Slot]:
    """Strips whose cells stand under one another; outputs stand beside their windows."""
    return {
        "input": _strip(0, axis.padded, width, 60),
        "kernel": Slot(20, 60, 160, 40, largest=32),
        "output": _stops(20, 76),
        "upstream": _stops(112, 76),
        "windows": _stops(LEFT, axis.padded * width),
        "input_gradient": _strip(axis.padding.before, length, width, BACK),
    }


def _strip(first: int, cells: int, width: float, y: float) -> Slot:
    """Room for a strip that starts under the input's padded cell ``first``."""
    return Slot(LEFT + first * width, y, cells * width, 40, CELL, square=False, centred=False)


def _stops(x: float, width: float) -> Slot:
    return Slot(x, STOPS, width, LOW, largest=CELL, square=False, centred=False)


def _upright(grid: Grid) -> Grid:
    """A map of one row standing up, so that each cell is beside its window."""
    return laid_out(in_one_row(grid), lambda cells: cells.swapaxes(2, 3))


def _table(geometry: Geometry, length: int) -> dict[str, np.ndarray]:
    """Which gradient goes back to which cell; the ``length`` cells that come back stand under the input."""
    met = convolution_table(geometry)
    place = met["input"] - geometry.columns.padding.before
    outside = (place < 0) | (place >= length)
    return {**met, "upstream": met["output"], "input_gradient": np.where(outside, NOWHERE, place)}


def _windows(k: Grid, a: Grid, table: dict, slot: Slot) -> Grid:
    """One row for each window: the weights stand under the cells that they meet."""
    outputs = Axis("output", tuple(range(int(table["output"].max()) + 1)))
    grid = matrix_grid(
        "windows",
        k,
        table,
        outputs,
        Axis("input", tuple(range(a.size))),
        slot,
        hit="The window of {row}: {value} lies on {column}.",
        miss="The window of {row} does not read {column}.",
    )

    def without_zeros(texts):
        return texts and tuple(
            "" if text == "0" and not ink else text
            for text, ink in zip(texts, grid.ink, strict=True)
        )

    return replace(
        grid,
        title="a row for each window",
        symbols=without_zeros(grid.symbols),
        numbers=without_zeros(grid.numbers),
    )


def _saying_who_reads(a: Grid, reads: list[int], axis) -> Grid:
    """The padded input. What one of its cells says depends on its place: padding is read too."""

    def sentence(place: int) -> str:
        padding = place in a.marks.get("padding", ())
        name = "A padding cell" if padding else spoken(a.symbols[place])
        if place >= axis.padded - axis.remainder:
            return f"{name} is part of the remainder: another window would start here or reach too far."
        return f"{name} is read by {count(reads[place], 'window')}."

    return replace(a, sentences=tuple(map(sentence, range(a.size))))


def _says(
    k: Grid, h: Grid, u: Grid, da: Grid, reads: list[int], axis, extra: int
) -> dict[str, Says]:
    """What each cell says when the learner points at it, beside those of the input."""

    def of_gradient(cell: int) -> str:
        name, place = spoken(da.symbols[cell]), cell + axis.padding.before
        if cell >= axis.size:
            return f"{name} is one cell too many: the input has only {axis.size}."
        if place >= axis.padded - axis.remainder:
            return f"{name} is 0: no window read this cell. Only output padding gives it a place."
        added = " Output padding gave it its place, but its number comes from a window." * (
            cell >= da.size - extra
        )
        return f"{name} collects from {count(reads[place], 'window')}.{added}"

    return {
        "kernel": lambda cell: f"{spoken(k.symbols[cell])} is used in every window.",
        "output": lambda cell: f"{spoken(h.symbols[cell])} reads the cells above its weights.",
        "upstream": lambda cell: (
            f"{spoken(u.symbols[cell])} goes back to the cells its window read."
        ),
        "input_gradient": of_gradient,
    }


def _say(axis, length: int, extra: int) -> str:
    back = f"{axis.out} windows spread back over {count(length - extra, 'cell')}"
    added = f", and output padding adds {extra}" if extra else ""
    short = axis.size - length
    if short > 0:
        return f"{back}{added}: {short} short of the input. No window tells that the input goes on."
    if short < 0:
        return f"{back}{added}: {-short} too many. The output padding must be the remainder, {axis.remainder}."
    return f"{back}{added}: as many as the input has."


def _brackets(axis, length: int, extra: int, width: float):
    """Brackets at the cells no window reaches, the cells the gradient lacks, and those added to it."""
    first = axis.padding.before
    if axis.remainder:
        left, right = (LEFT + n * width for n in (axis.padded - axis.remainder, axis.padded))
        yield _bracket(left, right, 110, 8, f"r = {axis.remainder}")
    if axis.size > length:
        left, right = (LEFT + (first + n) * width for n in (length, axis.size))
        yield _bracket(left, right, BACK + 50, 8, f"{axis.size - length} missing")
    if extra:
        left, right = (LEFT + (first + n) * width for n in (length - extra, length))
        yield _bracket(left, right, BACK + 50, 8, f"+{extra}")


def _bracket(left: float, right: float, y: float, depth: float, label: str) -> Stroke:
    points = ((left + 2, y - depth), (left + 2, y), (right - 2, y), (right - 2, y - depth))
    return Stroke(points, "axis", label, below=True)


def _equations(sheet: Sheet) -> dict[str, Equation]:
    return {
        "output": sheet.forward(),
        "input_gradient": sheet.equation("input_gradient", "kernel", "upstream"),
    }


def _counters(axis, naive: int) -> tuple[tuple[str, str], ...]:
    """The sizes that this number of windows may stand for: the naive one first."""
    first = max(1, axis.out * axis.stride - axis.stride + axis.span - sum(axis.padding))
    sizes = range(first, naive + axis.stride)
    listed = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 2 else ", ".join(map(str, sizes))
    return (
        (str(axis.size), "cells in the input"),
        (str(axis.out), "windows: the output"),
        (str(naive), "come back by themselves"),
        (listed, f"cells have {axis.out} windows"),
    )
