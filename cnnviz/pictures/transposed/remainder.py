"""The picture of the remainder: input cells that no window reaches, and the gradient map that comes
out too short without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Axis, Equation, Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import spoken
from ..grids import matrix_grid
from ..maps import in_one_row, laid_out, padded
from ..meetings import appearing
from ..sheet import Sheet
from ..words import Says, count
from .transposed import transposed_call

TAKES_PART = ("input", "kernel", "output", "upstream", "input_gradient")  # in a meeting
LEFT, WIDTH, CELL = 20, 680, 100  # where the strips start, the room they have, their largest cell
RIGHT, BESIDE = 744, 72  # where the kernel and the outputs of the windows stand, and how wide those
STRIP = 46  # how high a strip is
INPUT, STOPS, LOW = 40, 150, 200  # where the input and the windows start, and the room for those
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
    (5, Lamp(holds=False, words='the gradient is shorter than the input', mistake=False))
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
    says = _says(k, h, u, da, reads, axis, output_padding)
    rows = _windows(k, a, table, sheet.slots["windows"])
    say = _say(axis, back.size, output_padding)
    return sheet.scene(
        "What no window reaches",
        (a, k, *_filling(sheet, h, rows, da), u),
        table,
        says,
        say=say,
        size=(1200, BACK + STRIP + 46),
        equations=_equations(sheet),
        strokes=tuple(_brackets(axis, back.size, output_padding, width)),
        counters=_counters(axis, back.size - output_padding),
        lamps=(_lamp(axis.size, back.size),),
        steps=_steps(table, a, h, da, says["input_gradient"], at_last=say),
        code=transposed_call(sheet, stride, padding, output_padding, dilation, "conv_transpose1d"),
    )


def _slots(axis, length: int, width: float) -> dict[str, Slot]:
    """Strips whose cells stand under one another; outputs stand beside their windows."""
    return {
        "input": _strip(0, axis.padded, width, INPUT),
        "kernel": Slot(RIGHT, INPUT, 2 * BESIDE + 20, STRIP, largest=36),
        "windows": _stops(LEFT, axis.padded * width),
        "output": _stops(RIGHT, BESIDE),
        "upstream": _stops(RIGHT + BESIDE + 20, BESIDE),
        "input_gradient": _strip(axis.padding.before, length, width, BACK),
    }


def _strip(first: int, cells: int, width: float, y: float) -> Slot:
    """Room for a strip that starts under the input's padded cell ``first``."""
    return Slot(LEFT + first * width, y, cells * width, STRIP, CELL, square=False, centred=False)


def _stops(x: float, width: float) -> Slot:
    return Slot(x, STOPS, width, LOW, CELL, square=False, centred=False)


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
            "" if text == "0" and not value else text
            for text, value in zip(texts, grid.counts, strict=True)
        )

    return replace(
        grid,
        title="a row for each window",
        symbols=without_zeros(grid.symbols),
        numbers=without_zeros(grid.numbers),
    )


def _filling(sheet: Sheet, h: Grid, rows: Grid, da: Grid) -> tuple[Grid, Grid, Grid]:
    """There, each window fills its row and gives its output; back, each gradient collects its sum."""
    columns = rows.shape[3]
    since = {
        "output": list(range(h.size)),
        "windows": [cell // columns for cell in range(rows.size)],
        "input_gradient": [h.size + cell for cell in range(da.size)],
    }

    def filling(grid: Grid) -> Grid:
        texts = sheet.written(grid).texts or grid.numbers
        frames = texts and appearing(texts, since[grid.name], h.size + da.size)
        return replace(grid, frames=frames or ())

    return filling(h), filling(rows), filling(da)


def _steps(
    table: dict, a: Grid, h: Grid, da: Grid, of_gradient: Says, at_last: str
) -> tuple[Step, ...]:
    """A step for each window on the way there, and one for each gradient on the way back."""
    column = {name: cells.tolist() for name, cells in table.items()}
    meetings = list(zip(*(column[name] for name in TAKES_PART), strict=True))

    def met(name: str, cell: int) -> dict[str, tuple[int, ...]]:
        """The cells of each grid in the meetings of this one; those of the windows as well."""
        place = TAKES_PART.index(name)
        rows = [dict(zip(TAKES_PART, row, strict=True)) for row in meetings if row[place] == cell]
        found = {each: tuple(dict.fromkeys(row[each] for row in rows)) for each in TAKES_PART}
        return found | {"windows": tuple(row["output"] * a.size + row["input"] for row in rows)}

    def there(cell: int) -> Step:
        lit = met("output", cell)
        first, last = (_spoken_at(a, lit["input"][n]) for n in (0, -1))
        say = f"The window of {spoken(h.symbols[cell])} starts on {first} and ends on {last}."
        reads = {name: lit[name] for name in ("input", "kernel")}
        return Step(reads, {"output": (cell,), "windows": lit["windows"]}, say, ("output", cell))

    def back(cell: int) -> Step:
        lit = met("input_gradient", cell)
        reads = {name: lit[name] for name in ("upstream", "kernel", "windows") if lit[name]}
        say = of_gradient(cell) + f" {at_last}" * (cell == da.size - 1)
        return Step(reads, {"input_gradient": (cell,)}, say, ("input_gradient", cell))

    return (*map(there, range(h.size)), *map(back, range(da.size)))


def _spoken_at(a: Grid, place: int) -> str:
    return "padding" if place in a.zeros else spoken(a.symbols[place])


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
        yield _bracket(left, right, INPUT + STRIP + 10, 8, f"r = {axis.remainder}")
    if axis.size > length:
        left, right = (LEFT + (first + n) * width for n in (length, axis.size))
        yield _bracket(left, right, BACK + STRIP + 10, 8, f"{axis.size - length} missing")
    if extra:
        left, right = (LEFT + (first + n) * width for n in (length - extra, length))
        yield _bracket(left, right, BACK + STRIP + 10, 8, f"+{extra}")


def _bracket(left: float, right: float, y: float, depth: float, label: str) -> Stroke:
    points = ((left + 2, y - depth), (left + 2, y), (right - 2, y), (right - 2, y - depth))
    return Stroke(points, "axis", label, below=True)


def _lamp(size: int, length: int) -> Lamp:
    """Whether what comes back is as long as the input."""
    words = "as long as" if size == length else "shorter than" if length < size else "longer than"
    return Lamp(size == length, f"the gradient is {words} the input")


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
        (listed, f"cells have {count(axis.out, 'window')}"),
        (str(naive), "come back by themselves"),
    )
