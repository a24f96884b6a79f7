"""The picture of max unpooling: its two steps, and what it inverts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_unpool2d
from ...scene import Equation, Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import number, spoken
from ..meetings import filled_in
from ..sheet import Sheet, across, edges, row
from ..words import Says, said
from .pools import MaxPooled, pooled_map, total, unpooling_call

SLOTS = row(232, gap=56, largest=58, input=232, output=150, moved=232, filled=232)
AGAIN = {"again": Slot(SLOTS["output"].x, 336, 150, 150, largest=58)}
NOT_YET = "·"


def unpooling(
    input: np.ndarray, kernel_size=2, upstream: np.ndarray | None = None, **letters
) -> Scene:
    """The two steps of unpooling a map (H, W): move to where the switches say, then fill with 0.

    With ``upstream`` (oh, ow) gradients are unpooled; without it the maxima themselves, and the
    result is pooled once more to see what comes back. Windows tile the map. ``letters`` are those
    of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``max_pool2d`` does. Source: note, section 1, the fourth and the fifth
    display.

    >>> scene = unpooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.lamps[0].words
    'pool(unpool(h)) = h'
    >>> [scene.at_step(n).shown(scene["filled"]) for n in (0, 1)]
    [('', '', '', ''), ('0', 'a_12', '0', '0')]
    """
    pool = MaxPooled.of(input, kernel_size)
    values = upstream is None
    small = pool.pooled if values else upstream
    unpooled = max_unpool2d(small, pool.switches, kernel_size, output_size=input.shape)

    sheet = Sheet({**SLOTS, **AGAIN} if values else SLOTS, **letters)
    a = pooled_map(sheet, input, pool.geometry)
    a = replace(a, marks={"switch": tuple(pool.winners)})
    back = sheet.grid(
        "input" if values else "input_gradient", unpooled, slot="filled", role="written",
        blocks=pool.geometry.kernel_size,
    )  # fmt: skip
    h = _small_map(sheet, pool, small, back)
    grids = [
        _stage(pool, back, "moved", "1. moved", NOT_YET),
        _stage(pool, back, "filled", "2. filled with 0", "0"),
    ]
    lamps = ()
    if values:
        again = max_pool2d(unpooled, kernel_size)
        grids.append(_again(sheet, pool, again, h.symbols))
        lamps = _lamps(sheet, pool, unpooled, again)
    windows, cells = np.arange(h.size), pool.switches.ravel()
    places = {"input": cells, "output": windows, "moved": cells, "filled": cells, "again": windows}
    shown = (a, h, *_in_time(sheet, pool, grids))
    return sheet.scene(
        "Unpooling: move, then fill",
        shown,
        {grid.name: places[grid.name] for grid in shown},
        _says(pool, a, h),
        say="Two steps: move each number to the place its switch remembers, then fill the rest "
        "with 0. Press Next.",
        strokes=_strokes({grid.name: grid for grid in shown}),
        counters=_counters(pool, small, unpooled, values),
        lamps=lamps,
        steps=_steps(pool, {grid.name: grid for grid in shown}, lamps),
        equations={} if values else {"filled": _equation(sheet)},
        code=_call(sheet, pool, kernel_size, values),
    )


def _strokes(grids: dict[str, Grid]) -> tuple[Stroke, ...]:
    """Moved, then filled; of values also pooled before, and pooled again. A gradient comes from
    elsewhere."""
    a, h, moved, filled = (grids[name] for name in ("input", "output", "moved", "filled"))
    moves = tuple(range(h.size))
    there = (
        across(h, moved, "forward" if "again" in grids else "backward", "", moves),
        across(moved, filled, "forward" if "again" in grids else "backward", "", (h.size,)),
    )
    if "again" not in grids:
        return there
    start, end, steps = edges(filled), edges(grids["again"]), range(h.size + 1, 2 * h.size + 1)
    turn, low = start.middle[0], end.middle[1]
    round_trip = (
        (turn, start.bottom),
        (turn, low),
        ((turn + end.right) / 2, low),
        (end.right, low),
    )
    return (
        across(a, h, "forward"),
        *there,
        Stroke(round_trip, "forward", "pool the filled map again", steps=tuple(steps)),
    )


def _equation(sheet: Sheet) -> Equation:
    return Equation("{filled}", ("{output}",), ledger=sheet.record("unpooling"))


def _counters(pool: MaxPooled, small, unpooled, values: bool) -> tuple[tuple[str, str], ...]:
    cells = pool.input.size
    filled = (f"{cells - pool.switches.size} of {cells}", "cells are filled with 0")
    if values:
        return (filled,)
    return (filled, (total(small), "sum before"), (total(unpooled), "sum after"))


def _lamps(sheet: Sheet, pool: MaxPooled, unpooled, again) -> tuple[Lamp, ...]:
    a, h = sheet.notation.input, sheet.notation.output
    there, back = bool((again == pool.pooled).all()), bool((unpooled == pool.input).all())
    return (
        Lamp(there, f"pool(unpool({h})) {'=' if there else '≠'} {h}"),
        Lamp(back, f"unpool(pool({a})) {'=' if back else '≠'} {a}"),
    )


def _call(sheet: Sheet, pool: MaxPooled, kernel_size, values: bool) -> str:
    letter = sheet.notation.output if values else "g"
    ragged = any(pool.geometry.remainder)
    return unpooling_call(letter, kernel_size, pool.input.shape if ragged else None)


def _small_map(sheet: Sheet, pool: MaxPooled, small: np.ndarray, back: Grid) -> Grid:
    """What is moved, the maxima or gradients, under the names of the cells that won."""
    values, notation = back.name == "input", sheet.notation
    by = notation.output if sheet.show == "numbers" else notation.input  # whose index is shown
    return replace(
        sheet.grid("output", small, editable=not values),
        title=f"pooled |{notation.output}|" if values else f"arriving |∂{notation.scalar}/∂{by}|",
        symbols=tuple(back.symbols[cell] for cell in pool.winners),
    )


def _stage(pool: MaxPooled, back: Grid, name: str, title: str, rest: str) -> Grid:
    """One of the two large maps; where nothing was moved stands ``rest``."""

    def moved(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text if won else rest for text, won in zip(texts, pool.wins, strict=True))

    return replace(
        back,
        name=name,
        title=title,
        slot=SLOTS[name],
        symbols=moved(back.symbols),
        names=back.symbols,
        numbers=moved(back.numbers),
    )


def _again(sheet: Sheet, pool: MaxPooled, again: np.ndarray, labels: tuple[str, ...]) -> Grid:
    """The filled map pooled once more; what is not the maximum it was is crossed."""
    grid = sheet.grid("again", again, of="output", role="written")
    same = (again == pool.pooled).ravel()
    wrong = np.flatnonzero(~same).tolist()
    symbols = tuple(text if ok else "0" for text, ok in zip(labels, same, strict=True))

    def sentence(window: int) -> str:
        if same[window]:
            return "The maximum is back."
        was = number(pool.pooled.flat[window])
        return f"Wrong: the maximum was {was}, but a 0 that was filled in is larger."

    grid = replace(
        grid,
        title="pooled again",
        symbols=symbols if sheet.show == "symbols" else grid.symbols,
        marks={"wrong": tuple(wrong)},
        marked_since={window: again.size + 1 + window for window in wrong},
    )
    return said(grid, sentence)


def _in_time(sheet: Sheet, pool: MaxPooled, grids: list[Grid]) -> list[Grid]:
    """What stands in the stages after each step: one for every move, one to fill the second map,
    and one for every window of it that is pooled again."""
    windows = len(pool.winners)
    texts = {grid.name: sheet.written(grid).texts or grid.numbers for grid in grids}
    later = 1 + windows * ("again" in texts)
    moving = filled_in(texts["moved"], pool.winners, NOT_YET)
    frames = {
        "moved": (*moving, *(texts["moved"],) * later),
        "filled": (*(("",) * pool.input.size,) * windows, *(texts["filled"],) * later),
    }
    if "again" in texts:
        pooling = filled_in(texts["again"], range(windows))
        frames["again"] = (*(("",) * windows,) * (windows + 1), *pooling)
    return [replace(grid, frames=frames[grid.name]) for grid in grids]


def _says(pool: MaxPooled, a: Grid, h: Grid) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    label = dict(zip(pool.winners, h.symbols, strict=True))

    def of_input(cell: int) -> str:
        if pool.wins[cell]:
            return f"{spoken(a.symbols[cell])} won: this is the place its switch remembers."
        return f"{spoken(a.symbols[cell])} lost: nothing of it comes back."

    def of_output(window: int) -> str:
        cell = pool.winners[window]
        return f"{spoken(h.symbols[window])} goes to switch {cell}, the place of {spoken(a.symbols[cell])}."

    def of_stage(cell: int) -> str:
        if cell in label:
            return f"{spoken(label[cell])} has come back to its place."
        return "Nothing is moved here: no window was won here, so a 0 comes in."

    return {"input": of_input, "output": of_output, "moved": of_stage, "filled": of_stage}


def _steps(pool: MaxPooled, grids: dict[str, Grid], lamps: tuple[Lamp, ...]) -> tuple[Step, ...]:
    a, h = grids["input"], grids["output"]
    moves = [
        Step(
            {"output": (window,)},
            {"moved": (cell,)},
            f"Move {spoken(h.symbols[window])} to switch {cell}, the place of "
            f"{spoken(a.symbols[cell])}.",
            around={"input": (cell,)},
        )
        for window, cell in enumerate(pool.winners)
    ]
    rest = tuple(cell for cell, wins in enumerate(pool.wins) if not wins)
    fill = Step(
        {"moved": tuple(pool.winners)},
        {"filled": tuple(range(a.size))},
        f"Fill the other {len(rest)} cells with 0: they had no part in the result.",
    )
    if "again" not in grids:
        return (*moves, fill)
    return (*moves, fill, *_pooled_again(pool, grids["again"], lamps))


def _pooled_again(pool: MaxPooled, again: Grid, lamps: tuple[Lamp, ...]) -> list[Step]:
    """A step for every window of the filled map; the last one says what has come of it."""
    ending = (
        " It is the same map, so far as pooling goes: unpooling is a partial inverse."
        if lamps[0].holds
        else " It is not the same map: a filled-in 0 is larger than a negative maximum."
    )
    last = again.size - 1
    return [
        Step(
            {"filled": tuple(pool.reads[window])},
            {"again": (window,)},
            f"Pool the filled map again. {again.sentences[window]}{ending * (window == last)}",
        )
        for window in range(again.size)
    ]
