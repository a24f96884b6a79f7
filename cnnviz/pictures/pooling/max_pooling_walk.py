"""The walk of max pooling: window by window forward, then gradient by gradient back."""

from __future__ import annotations

from dataclasses import replace

from ...scene import Grid, Step
from ...symbols import spoken
from ..maps import places
from ..meetings import appearing
from ..sheet import Sheet
from .arrivals import arrivals
from .pools import MaxPooled


def max_pooling_walk(sheet: Sheet, pool: MaxPooled, grids: dict[str, Grid]) -> dict:
    """The grids with what stands in them after each step, by their names, and the steps.

    Forward a step is a window: it writes the maximum and its switch. Then the gradient map is set to
    0, and on the way back a step is a gradient that its switch sends home.
    """
    windows = range(len(pool.winners))
    steps = (
        *(_forward(pool, grids, window) for window in windows),
        _zeros(pool),
        *(_back(pool, grids, window) for window in windows),
    )
    frames = {
        name: appearing(_texts(sheet, grids[name]), windows, len(steps))
        for name in ("output", "switches")
    }
    home = arrivals(
        sheet, grids["input_gradient"], [[w] for w in pool.winners], grids["upstream"].counts
    )
    frames["input_gradient"] = (*(("",) * pool.input.size for _ in windows), *home)
    walking = {
        name: replace(grid, frames=frames.get(name, ()), marked_since=_found(pool, grid))
        for name, grid in grids.items()
    }
    return {"grids": walking, "steps": steps}


def _texts(sheet: Sheet, grid: Grid) -> tuple[str, ...]:
    return sheet.written(grid).texts or grid.numbers


def _found(pool: MaxPooled, grid: Grid) -> dict[int, int]:
    """The step at which each winner is found, in the map, and at which its gradient comes home."""
    if grid.name == "input":
        return {int(places(grid)[cell]): won[0] for cell, won in enumerate(pool.won_by) if won}
    back = len(pool.winners) + 1
    return {cell: back + won[0] for cell, won in enumerate(pool.won_by) if won}


def _forward(pool: MaxPooled, grids: dict[str, Grid], window: int) -> Step:
    a, h, winner = grids["input"], grids["output"], pool.winners[window]
    read = pool.met["input"][pool.met["output"] == window].tolist()
    return Step(
        {"input": tuple(read)},
        {"output": (window,)},
        f"Forward: {spoken(h.names[window])} is the largest of its window, {h.numbers[window]}. "
        f"The switch keeps where it stood: {winner}, the place of {spoken(a.origin.symbols[winner])}.",
        points={"switches": (window,)},
    )


def _zeros(pool: MaxPooled) -> Step:
    return Step(
        {},
        {"input_gradient": tuple(range(pool.input.size))},
        "Back: the input gradient begins with a 0 in every cell. Those that lost keep it.",
    )


def _back(pool: MaxPooled, grids: dict[str, Grid], window: int) -> Step:
    cell, g = pool.winners[window], grids["upstream"]
    da, a = grids["input_gradient"], grids["input"]
    second = " It has one already: they add up." if cell in pool.winners[:window] else ""
    return Step(
        {"upstream": (window,)},
        {"input_gradient": (cell,)},
        f"Back: {spoken(g.names[window])} = {g.numbers[window]} goes where switch {cell} says, to "
        f"{spoken(da.names[cell])}.{second}",
        of=("input_gradient", cell),
        points={"switches": (window,)},
        around={"input": (int(places(a)[cell]),)},
    )
