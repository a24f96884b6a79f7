"""The picture of max unpooling: its two steps, and what it inverts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_unpool2d
from ...scene import Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import number, spoken
from ..meetings import filled_in
from ..sheet import Sheet, row
from ..words import Says, said
from .pools import MaxPooled, pooled_map, total, unpooling_call

SLOTS = row(232, gap=38, largest=58, input=232, output=130, moved=232, filled=232)
AGAIN = {"again": Slot(290, 330, 130, 170, largest=58)}
ROUND_TRIP = (
    Stroke(
        ((844, 282), (844, 410), (640, 410), (434, 410)), "forward", "pool the filled map again"
    ),
)
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
    >>> scene.lamps[0]
    (True, 'pool(unpool(h)) = h')
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
        size=(1200, 520 if values else 300),
        strokes=ROUND_TRIP if values else (),
        counters=_counters(pool, small, unpooled, values),
        lamps=lamps,
        steps=_steps(pool, a, h, lamps),
        equations={} if values else {"filled": _equation(sheet)},
        code=_call(sheet, pool, kernel_size, values),
    )


def _equation(sheet: Sheet) -> Equation:
    return Equation("{filled}", ("{output}",), ledger=sheet.record("unpooling"))


def _counters(pool: MaxPooled, small, unpooled, values: bool) -> tuple[tuple[str, str], ...]:
    cells = pool.input.size
    filled = (f"{cells - pool.switches.size} of {cells}", "cells are filled with 0")
    if values:
        return (filled,)
    return (filled, (total(small), "sum before"), (total(unpooled), "sum after"))


def _lamps(sheet: Sheet, pool: MaxPooled, unpooled, again) -> tuple[tuple[bool, str], ...]:
    a, h = sheet.notation.input, sheet.notation.output
    return (
        (bool((again == pool.pooled).all()), f"pool(unpool({h})) = {h}"),
        (bool((unpooled == pool.input).all()), f"unpool(pool({a})) = {a}"),
    )


def _call(sheet: Sheet, pool: MaxPooled, kernel_size, values: bool) -> str:
    letter = sheet.notation.output if values else "g"
    ragged = any(pool.geometry.remainder)
    return unpooling_call(letter, kernel_size, pool.input.shape if ragged else None)


def _small_map(sheet: Sheet, pool: MaxPooled, small: np.ndarray, back: Grid) -> Grid:
    """What is moved, the maxima or gradients, under the names of the cells that won."""
    values, notation = back.name == "input", sheet.notation
    return replace(
        sheet.grid("output", small, editable=not values),
        title=f"pooled |{notation.output}|"
        if values
        else f"arriving |∂{notation.scalar}/∂{notation.output}|",
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
        marks={"wrong": tuple(np.flatnonzero(~same).tolist())},
    )
    return said(grid, sentence)


def _in_time(sheet: Sheet, pool: MaxPooled, grids: list[Grid]) -> list[Grid]:
    """What stands in the stages after each step: one for every move, one to fill the second map,
    and one more to pool it again."""
    moved, *later = grids
    moves, texts = len(pool.winners), sheet.written(moved).texts
    one_by_one = (*filled_in(texts, pool.winners, NOT_YET), *(texts,) * len(later))

    def from_step(first: int, grid: Grid) -> Grid:
        blank, full = ("",) * grid.size, sheet.written(grid).texts
        return replace(grid, frames=(blank,) * first + (full,) * (len(one_by_one) - first))

    return [
        replace(moved, frames=one_by_one),
        *(from_step(moves + n, grid) for n, grid in enumerate(later)),
    ]


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


def _steps(pool: MaxPooled, a: Grid, h: Grid, lamps: tuple) -> tuple[Step, ...]:
    moves = [
        Step(
            {"input": (cell,), "output": (window,), "moved": (cell,)},
            f"Move {spoken(h.symbols[window])} to switch {cell}, the place of "
            f"{spoken(a.symbols[cell])}.",
        )
        for window, cell in enumerate(pool.winners)
    ]
    rest = tuple(cell for cell, wins in enumerate(pool.wins) if not wins)
    fill = Step(
        {"filled": rest or tuple(pool.winners)},
        f"Fill the other {len(rest)} cells with 0: they had no part in the result.",
    )
    if not lamps:
        return (*moves, fill)
    ending = (
        "It is the same map, so far as pooling goes: unpooling is a partial inverse."
        if lamps[0][0]
        else "It is not the same map: a filled-in 0 is larger than a negative maximum."
    )
    last = Step(
        {"filled": tuple(range(a.size)), "again": tuple(range(h.size))},
        f"Pool the filled map again. {ending}",
    )
    return (*moves, fill, last)
