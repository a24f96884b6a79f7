"""The picture of max pooling: what wins, which switch is kept, and where the gradient goes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d_backward
from ...functional.samples import sample_gradient
from ...scene import NOWHERE, Grid, Scene, Stroke
from ...symbols import spoken
from ..maps import places
from ..meetings import joined
from ..sheet import Sheet
from ..words import Says, names
from .max_pooling_walk import max_pooling_walk
from .nudged_cell import NudgedCell, with_curve
from .pools import (
    THERE_AND_BACK,
    MaxPooled,
    begun_with,
    kept_arrow,
    pooled_map,
    pooling_call,
    size_in_words,
    switch_grid,
    taken_arrow,
    there_and_back,
    there_and_back_arrows,
)

SLOTS = THERE_AND_BACK

# The scalar at the end of the network, as a function of the pooled map: its gradient.
SCALARS = {
    "any F": lambda h: sample_gradient(*h.shape),
    "sum": np.ones_like,
    "sum of squares": lambda h: 2 * h,
}


def max_pooling(
    input: np.ndarray,
    kernel_size=2,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode: bool = False,
    *,
    scalar: str = "any F",
    upstream: np.ndarray | None = None,
    nudged: int | None = None,
    **letters,
) -> Scene:
    """A map (H, W), its pooled map, the switches, and the gradient that they send back.

    ``scalar`` is the F that is differentiated: "any F", of which only the gradient is known,
    "sum" or "sum of squares" of the pooled map. ``upstream`` (oh, ow) takes its place, such as a
    one-hot probe. A pooled cell shows the name of the cell that won, as in the note. With
    ``nudged``, the number of a cell (row-major), F is drawn against the value of that cell in the
    place of the switches. ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``max_pool2d`` does. Source: note, section 1; switches as in PyTorch's
    ``max_pool2d(..., return_indices=True)``.

    >>> scene = max_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.lit("output", 0)["input_gradient"], scene.equation_text("input_gradient", 1)
    ((1,), '∂F/∂a_12 = ∂F/∂h_11')
    >>> max_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]), nudged=0).say
    'a₁₁ = 1 loses. It would have to rise by 3 to matter: until then F is flat.'
    """
    how = {"padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    pool = MaxPooled.of(input, kernel_size, stride, *how.values())
    if upstream is not None:
        scalar = "any F"
    gradient_of = SCALARS[scalar] if upstream is None else lambda pooled: upstream
    arriving = gradient_of(pool.pooled)
    returning = max_pool2d_backward(arriving, input.shape, pool.switches)

    sheet = Sheet(SLOTS, **letters)
    around = pooled_map(sheet, input, pool.geometry, "−∞")
    h = sheet.grid("output", pool.pooled, role="written")
    g = sheet.grid("upstream", arriving)
    da = sheet.grid("input_gradient", returning, role="written")
    shown = _shown(sheet, scalar, pool, around, h, g, da)
    grids = {grid.name: grid for grid in shown}
    sizes = size_in_words(pool.geometry, padding, ceil_mode)
    walk = {} if nudged is not None else max_pooling_walk(sheet, pool, grids)
    scene = sheet.scene(
        "Max pooling and its switches",
        tuple(walk.get("grids", grids).values()),
        _table(pool, around),
        _says(pool, around, h, g, da),
        say=f"{sizes} Point at a pooled cell: its window, its switch and the place of its gradient "
        "light up.",
        equations={
            "input_gradient": sheet.equation("input_gradient", "upstream", printed="max pooling")
        },
        strokes=_strokes(grids),
        counters=_counters(pool, arriving, returning),
        steps=begun_with(sizes, walk.get("steps", ())),
        code=pooling_call(sheet, "max_pool2d", kernel_size, stride, **how, return_indices=True),
    )
    if nudged is None:
        return scene
    cell = NudgedCell(pool, nudged, scalar, gradient_of)
    return with_curve(scene, cell, float(returning.flat[nudged]), sheet.notation)


def _strokes(grids: dict[str, Grid]) -> tuple[Stroke, ...]:
    return (
        *there_and_back_arrows(grids, "max"),
        kept_arrow(grids["output"], grids["switches"], "where"),
        taken_arrow(grids["switches"], grids["upstream"]),
    )


def _counters(pool: MaxPooled, arriving, returning) -> tuple[tuple[str, str], ...]:
    return (
        (f"{np.count_nonzero(pool.wins)} of {pool.input.size}", "cells win"),
        *there_and_back(arriving, returning),
    )


def _shown(
    sheet: Sheet, scalar: str, pool: MaxPooled, around: Grid, h: Grid, g: Grid, da: Grid
) -> tuple:
    """The grids with their marks, and what is written in their cells in place of their names."""
    a = around.origin
    arrives, returns = _written_out(scalar, pool, a, g, da)
    if sheet.show == "symbols" and set(arrives) <= set(da.symbols):
        letters = sheet.notation  # the cells show the indices of the winners
        g = replace(g, title=g.title.replace(f"∂{letters.output}|", f"∂{letters.input}|"))
    winning = np.flatnonzero(pool.wins)
    return (
        replace(around, marks={**around.marks, "switch": tuple(places(around)[winning].tolist())}),
        replace(
            h,
            title=f"pooled {h.title.removeprefix('output ')}",
            names=h.symbols,
            symbols=tuple(a.symbols[cell] for cell in pool.winners),
        ),
        _switches(pool),
        replace(g, names=g.symbols, symbols=arrives),
        replace(da, names=da.symbols, symbols=returns, marks={"switch": tuple(winning.tolist())}),
    )


def _switches(pool: MaxPooled) -> Grid:
    grid = switch_grid("switches", "switches", pool, SLOTS["kept"])
    ways = "flat, (row, column)" if grid.symbols == pool.both_ways else "flat"
    return replace(grid, title=f"switches: {ways}")


def _written_out(scalar: str, pool: MaxPooled, a: Grid, g: Grid, da: Grid) -> tuple[tuple, tuple]:
    """What arrives and what goes back: 1 of a sum, 2·a of a sum of squares, or under its name.

    As in the note, an arriving gradient has the name of the cell that survived, unless one cell
    survived twice: then the name could not tell them apart.
    """

    def share(cell: int, times: int) -> str:
        if not times or scalar == "sum":
            return str(times)
        return da.symbols[cell] if scalar == "any F" else f"{2 * times}·{a.symbols[cell]}"

    told_apart = scalar != "any F" or max(pool.wins) == 1
    arrives = tuple(share(cell, 1) for cell in pool.winners) if told_apart else g.symbols
    return arrives, tuple(share(cell, times) for cell, times in enumerate(pool.wins))


def _table(pool: MaxPooled, around: Grid) -> dict[str, np.ndarray]:
    """Every meeting; only the winner's reaches the gradients. And each cell with its gradient."""
    met = pool.met
    return joined(
        {
            "input": met["input"],
            "output": met["output"],
            "switches": met["output"],
            "upstream": np.where(pool.won, met["output"], NOWHERE),
            "input_gradient": np.where(pool.won, met["cell"], NOWHERE),
        },
        {"input": places(around), "input_gradient": np.arange(pool.input.size)},
    )


def _why_it_lost(pool: MaxPooled, cell: int) -> str:
    values, windows = pool.input.ravel(), pool.windows[cell]
    if not windows:
        return "is in no window: they stop short of it."
    if any(values[pool.winners[window]] == values[cell] for window in windows):
        return "is as large as the winner but comes later: PyTorch takes the first."
    return "loses: a little more or less of it does not move the maximum."


def _says(pool: MaxPooled, around: Grid, h: Grid, g: Grid, da: Grid) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    winners, wins = pool.winners, pool.wins
    name = list(map(spoken, around.origin.symbols))

    def of_input(cell: int) -> str:
        if cell < 0:
            return "Padding counts as −∞ here, so it never wins. A 0 would win over negative cells."
        won = pool.won_by[cell]
        if len(won) > 1:
            return f"{name[cell]} wins {len(won)} windows, {names(h, won)}: their gradients add up in it."
        if won:
            return f"{name[cell]} is the largest of the window of {names(h, won)}: the gradient comes back to it."
        return f"{name[cell]} {_why_it_lost(pool, cell)} Its gradient is 0."

    def of_output(window: int) -> str:
        read = pool.met["input"][pool.met["output"] == window]
        return (
            f"{spoken(h.symbols[window])} = max({names(around, read)}) = {name[winners[window]]} = "
            f"{h.numbers[window]}. The switch keeps the place."
        )

    def of_switch(window: int) -> str:
        flat, width = winners[window], pool.input.shape[1]
        row, column = pool.row_and_column(window)
        return (
            f"Switch {flat}: cells are numbered row by row from 0, and {flat} = {row}·{width} + "
            f"{column}. So it is the pair ({row}, {column}): {name[flat]}."
        )

    def of_upstream(window: int) -> str:
        cell = winners[window]
        same = f"The pooled cell is {name[cell]} itself, so this is {spoken(da.symbols[cell])} too."
        if wins[cell] > 1:
            same = f"{name[cell]} won {wins[cell]} windows, so the gradients keep the names of the outputs."
        return f"{spoken(g.symbols[window])} arrives. {same} The switch sends it there."

    return {
        "input": of_input,
        "output": of_output,
        "switches": of_switch,
        "upstream": of_upstream,
        "input_gradient": of_input,
    }
