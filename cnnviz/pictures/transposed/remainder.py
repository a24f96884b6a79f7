"""The picture of the remainder: input cells that no window reaches, and the gradient map that comes
out too short without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Axis, Equation, Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import map_grid, matrix_grid, padded_grid, written
from ..maps import laid_out
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
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A convolution along one axis, window by window, and the gradient map that goes back.

    ``input`` (i,), ``weight`` (k,), ``grad_output`` (o,) or longer: it is cut to o. The remainder
    r = (i + 2p - d(k-1) - 1) mod s counts the padded cells that no window reaches. The transposed
    convolution makes s(o-1) + d(k-1) + 1 - 2p + ``output_padding`` cells and stands below the input,
    cell under cell. Raises DoesNotFit where ``conv2d`` and ``conv_transpose2d`` do.
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
    a = _line(
        padded_grid("input", notation.input, x, geometry, _strip(0, axis.padded, width, 60), start),
        start,
    )
    k = _line(
        map_grid(
            "kernel", notation.kernel, w, Slot(20, 60, 160, 40, largest=32), start, editable=True
        ),
        start,
    )
    h = _upright(
        map_grid(
            "output", notation.output, conv2d(x, w, **along), _stops(20), start, role="written"
        ),
        start,
    )
    u = _upright(
        map_grid("upstream", notation.output, g, _stops(112), start, editable=True),
        start,
        f"∂{notation.scalar}/∂",
    )
    da = _line(
        map_grid(
            "input_gradient",
            notation.input,
            back,
            _strip(padding, back.size, width, BACK),
            start,
            role="written",
        ),
        start,
        f"∂{notation.scalar}/∂",
    )
    table = convolution_table(geometry)
    there = table["input"] - padding
    outside = (there < 0) | (there >= back.size)
    table = {
        **table,
        "upstream": table["output"],
        "input_gradient": np.where(outside, NOWHERE, there),
    }
    naive = back.size - output_padding
    h = replace(h, title=f"output |{notation.output}|")
    u = replace(u, title=f"|∂{notation.scalar}/∂{notation.output}|")
    da = replace(da, title=f"input gradient |∂{notation.scalar}/∂{notation.input}|")
    matrix = _windows(
        k,
        a,
        table,
        Slot(LEFT, STOPS, axis.padded * width, LOW, largest=CELL, square=False, centred=False),
    )
    a, k, h, u, da = _with_sentences(a, k, h, u, da, table, axis, output_padding)
    return Scene(
        title="What no window reaches",
        grids=tuple(written(grid, show) for grid in (a, k, h, u, matrix, da)),
        table=table,
        say=_say(axis, back.size, output_padding),
        size=(1200, BACK + 86),
        equations=_equations(notation),
        strokes=tuple(_brackets(axis, back.size, output_padding, width)),
        counters=_counters(axis, naive),
        lamps=((back.size == axis.size, "as long as the input"),),
        walk="input_gradient",
        beware=notation.beware,
        code=transposed_call(
            notation, stride, padding, output_padding, dilation, "conv_transpose1d"
        ),
    )


def _strip(first: int, cells: int, width: float, y: float) -> Slot:
    """Room for a strip that starts under the input's padded cell ``first``."""
    return Slot(LEFT + first * width, y, cells * width, 40, CELL, square=False, centred=False)


def _stops(x: float) -> Slot:
    return Slot(x, STOPS, 76, LOW, largest=CELL, square=False, centred=False)


def _line(grid: Grid, start: int, before: str = "") -> Grid:
    """A map of one row: its cells need one index only."""
    return replace(grid, symbols=tuple(before + _one_index(name) for name in grid.symbols))


def _upright(grid: Grid, start: int, before: str = "") -> Grid:
    """A map of one row standing up, so that each cell is beside its window."""
    return laid_out(_line(grid, start, before), lambda cells: cells.swapaxes(2, 3))


def _one_index(name: str) -> str:
    """``a_13`` as ``a_3``: the row is always the first."""
    letter, _, lowered = name.partition("_")
    return f"{letter}_{lowered.partition(',')[2] or lowered[1:]}" if lowered else name


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
    texts = {
        kind: tuple(
            "" if text == "0" and not ink else text
            for text, ink in zip(words, grid.ink, strict=True)
        )
        for kind in ("symbols", "numbers")
        if (words := getattr(grid, kind)) is not None
    }
    return replace(grid, title="a row for each window", **texts)


def _with_sentences(a: Grid, k: Grid, h: Grid, u: Grid, da: Grid, table: dict, axis, extra: int):
    reads = np.bincount(table["input"], minlength=a.size)
    beyond = axis.padded - axis.remainder

    def of_input(cell: int) -> str:
        name = "A padding cell" if cell in a.marks.get("padding", ()) else spoken(a.symbols[cell])
        if cell >= beyond:
            return f"{name} is part of the remainder: another window would start here or reach too far."
        return f"{name} is read by {_count(int(reads[cell]), 'window')}."

    def of_gradient(cell: int) -> str:
        name, place = spoken(da.symbols[cell]), cell + axis.padding.before
        if cell >= axis.size:
            return f"{name} is one cell too many: the input has only {axis.size}."
        if place >= beyond:
            return f"{name} is 0: no window read this cell. Only output padding gives it a place."
        added = " Output padding gave it its place, but its number comes from a window." * (
            cell >= da.size - extra
        )
        return f"{name} collects from {_count(int(reads[place]), 'window')}.{added}"

    return (
        replace(a, sentences=tuple(map(of_input, range(a.size)))),
        replace(k, sentences=tuple(f"{spoken(n)} is used in every window." for n in k.symbols)),
        replace(
            h, sentences=tuple(f"{spoken(n)} reads the cells above its weights." for n in h.symbols)
        ),
        replace(
            u,
            sentences=tuple(
                f"{spoken(n)} goes back to the cells its window read." for n in u.symbols
            ),
        ),
        replace(da, sentences=tuple(map(of_gradient, range(da.size)))),
    )


def _say(axis, length: int, extra: int) -> str:
    back = f"{axis.out} windows spread back over {_count(length - extra, 'cell')}"
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


def _equations(notation: Notation) -> dict[str, Equation]:
    return {
        "output": Equation("{output}", tuple(f"{{{part}}}" for part in notation.factors), True),
        "input_gradient": Equation("{input_gradient}", ("{kernel}", "{upstream}"), True),
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


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
