"""The picture of max pooling: what wins, which switch is kept, and where the gradient goes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_pool2d_backward
from ...functional.geometry import Geometry
from ...functional.samples import sample_gradient
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, written
from .nudged_cell import NudgedCell, with_curve
from .pools import (
    for_padded,
    list_of,
    meetings,
    named_gradient,
    padded_numbers,
    pooling_call,
    read_grid,
    size_in_words,
    total,
)

SLOTS = {
    "input": Slot(20, 40, 380, 264, largest=62),
    "output": Slot(490, 40, 220, 264, largest=62),
    "switches": Slot(770, 196, 210, 264, largest=62),
    "upstream": Slot(490, 374, 220, 264, largest=62),
    "input_gradient": Slot(20, 374, 380, 264, largest=62),
}
# Where the documents say where the gradient of max pooling goes: ids of the ledger.
PRINTED = {"note": "note-12", "slides": "slides-86", "blog": "blog-22"}

SMALLEST_FOR_TWO_LINES = 34

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
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A map (H, W), its pooled map, the switches, and the gradient that they send back.

    ``scalar`` is the F that is differentiated: "any F", of which only the gradient is known,
    "sum" or "sum of squares" of the pooled map. ``upstream`` (oh, ow) takes its place, such as a
    one-hot probe. A pooled cell shows the name of the cell that won, as in the note. With
    ``nudged``, the number of a cell (row-major), F is drawn against the value of that cell in the
    place of the switches. Raises DoesNotFit where ``max_pool2d`` does. Source: note, section 1;
    switches as in PyTorch's ``max_pool2d(..., return_indices=True)``.

    >>> scene = max_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.lit("output", 0)["input_gradient"], scene.equation_text("input_gradient", 1)
    ((1,), '∂F/∂a_12 = ∂F/∂h_11')
    >>> max_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]), nudged=0).say
    'a₁₁ = 1 loses. It would have to rise by 3 to matter: until then F is flat.'
    """
    geometry = Geometry.of_pool(
        input.shape, kernel_size, stride, padding, dilation, ceil_mode
    )  # knows what does not fit
    pooled, switches = max_pool2d(
        input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True
    )
    g = SCALARS[scalar](pooled) if upstream is None else upstream
    back = max_pool2d_backward(g, input.shape, switches)
    wins = np.bincount(switches.ravel(), minlength=input.size)

    a = read_grid(notation.input, input, geometry, SLOTS["input"], start, "−∞")
    cells = padded_numbers(geometry)
    names = tuple(a.symbols[cell] for cell in cells)
    a = replace(a, marks={**a.marks, "switch": tuple(cells[np.flatnonzero(wins)].tolist())})
    h = _pooled(notation, pooled, switches, names, start)
    gradients = _gradients(notation, h, g, back, switches, names, start)
    if upstream is None:
        gradients = _symbols_of(scalar, gradients, names, switches, wins)
    arrives, returns = gradients

    table = _table(geometry, switches)
    said = _input_sentences(names, input, h, table, switches, wins)
    switch_sentences = _switch_sentences(switches, names, input.shape[1])
    grids = (
        replace(a, sentences=for_padded(geometry, said, PADDED)),
        replace(h, sentences=_output_sentences(h, a, pooled, table, names, switches)),
        replace(_switch_grid(switches, input.shape[1]), sentences=switch_sentences),
        replace(arrives, sentences=_upstream_sentences(arrives, returns, names, switches, wins)),
        replace(returns, sentences=said),
    )
    more = {
        "padding": (padding, 0),
        "dilation": (dilation, 1),
        "ceil_mode": (ceil_mode, False),
        "return_indices": (True, False),
    }
    letters = (f"{notation.output}, switches", notation.input)
    scene = Scene(
        title="Max pooling and its switches",
        grids=tuple(grid if grid.name == "switches" else written(grid, show) for grid in grids),
        table=table,
        say=f"{size_in_words(geometry, padding, ceil_mode)} Point at a pooled cell: its window, "
        "its switch and the place of its gradient light up.",
        size=(1200, 656),
        equations={
            "input_gradient": Equation(
                "{input_gradient}",
                ("{upstream}",),
                counted=True,
                ledger=PRINTED[notation.document],
            )
        },
        strokes=ARROWS,
        counters=(
            (f"{np.count_nonzero(wins)} of {input.size}", "cells win"),
            (total(g), "sum of what arrives"),
            (total(back), "sum of what goes back"),
        ),
        walk="output",
        beware=notation.beware,
        code=pooling_call("max_pool2d", letters, kernel_size, stride, more),
    )
    if nudged is None:
        return scene
    cell = NudgedCell(
        input,
        nudged,
        geometry,
        lambda maps: max_pool2d(maps, kernel_size, stride, padding, dilation, ceil_mode),
        _scalar_of(scalar, upstream),
        SCALARS[scalar] if upstream is None else lambda pooled: upstream,
    )
    return with_curve(scene, cell, float(back.flat[nudged]), notation)


def _scalar_of(scalar: str, upstream: np.ndarray | None):
    """F of pooled maps (n, oh, ow). Where only its gradient is known, F is the straight one."""

    def value(pooled: np.ndarray) -> np.ndarray:
        if upstream is None and scalar == "sum of squares":
            terms = pooled**2
        else:
            terms = pooled * (SCALARS[scalar](pooled[0]) if upstream is None else upstream)
        return terms.sum(axis=(-2, -1))

    return value


PADDED = "Padding counts as −∞ here, so it never wins. A 0 would win over negative cells."
ARROWS = (
    Stroke(((412, 172), (478, 172)), "forward", "max"),
    Stroke(((720, 172), (800, 172), (874, 172), (874, 190)), "forward", "where it stood"),
    Stroke(((478, 506), (412, 506)), "backward", "back"),
    Stroke(((874, 470), (874, 506), (800, 506), (722, 506)), "backward", "", below=True),
)


def _pooled(notation: Notation, pooled, switches, names, start: int) -> Grid:
    grid = map_grid("output", notation.output, pooled, SLOTS["output"], start, role="written")
    rows, columns = pooled.shape
    return replace(
        grid,
        title=f"pooled |{notation.output}|  {rows}×{columns}",
        names=grid.symbols,
        symbols=tuple(names[cell] for cell in switches.ravel()),
    )


def _switch_grid(switches: np.ndarray, width: int) -> Grid:
    """Both ways to store a place: the flat number that PyTorch keeps, and the blog's pair."""
    flat = switches.ravel().tolist()
    alone = tuple(map(str, flat))
    grid = Grid(
        "switches",
        "switches: flat",
        (1, 1, *switches.shape),
        SLOTS["switches"],
        role="switch",
        symbols=alone,
        names=alone,
        numbers=alone,
    )
    if grid.place.height < SMALLEST_FOR_TWO_LINES:
        return grid  # the sentence of a cell still says the pair
    pairs = tuple(f"{cell}\n({cell // width}, {cell % width})" for cell in flat)
    return replace(grid, title="switches: flat, (row, column)", symbols=pairs)


def _gradients(notation: Notation, h: Grid, g, back, switches, names, start) -> tuple[Grid, Grid]:
    """What arrives and what goes back. As in the note, an arriving gradient has the name of the
    cell that survived, unless one cell survived twice: then the name could not tell them apart."""
    scalar, flat = notation.scalar, switches.ravel()
    arrives = named_gradient("upstream", scalar, notation.output, g, SLOTS["upstream"], start)
    returns = named_gradient(
        "input_gradient", scalar, notation.input, back, SLOTS["input_gradient"], start,
        role="written", marks={"switch": tuple(np.unique(flat).tolist())},
    )  # fmt: skip
    once = len(set(flat.tolist())) == len(flat)
    survivors = tuple(f"∂{scalar}/∂{names[cell]}" for cell in flat)
    won = set(flat.tolist())
    kept = tuple(name if cell in won else "0" for cell, name in enumerate(returns.names))
    return (
        replace(arrives, symbols=survivors if once else arrives.names),
        replace(returns, symbols=kept),
    )


def _symbols_of(scalar: str, gradients, names, switches, wins) -> tuple[Grid, Grid]:
    """The gradients written out where F is known: 1 for a sum, 2·a for a sum of squares."""
    arrives, returns = gradients
    if scalar == "any F":
        return gradients

    def share(cell: int, times: int) -> str:
        if not times:
            return "0"
        return str(times) if scalar == "sum" else f"{2 * times}·{names[cell]}"

    return (
        replace(arrives, symbols=tuple(share(cell, 1) for cell in switches.ravel())),
        replace(returns, symbols=tuple(share(cell, n) for cell, n in enumerate(wins.tolist()))),
    )


def _table(geometry: Geometry, switches: np.ndarray) -> dict[str, np.ndarray]:
    """Every meeting; only the winner's reaches the gradients. And each cell with its gradient."""
    met = meetings(geometry)
    won = met["cell"] == switches.ravel()[met["output"]]
    every = np.arange(int(np.prod(geometry.input_size)))
    nowhere = np.full(every.size, NOWHERE)
    rows = {
        "input": (met["input"], padded_numbers(geometry)),
        "output": (met["output"], nowhere),
        "switches": (met["output"], nowhere),
        "upstream": (np.where(won, met["output"], NOWHERE), nowhere),
        "input_gradient": (np.where(won, met["cell"], NOWHERE), every),
    }
    return {name: np.concatenate(columns) for name, columns in rows.items()}


def _input_sentences(names, input, h: Grid, table, switches, wins) -> tuple[str, ...]:
    """For each cell whether it wins, and why its gradient is what it is."""
    flat, values = switches.ravel(), input.ravel()
    read_by = [[] for _ in names]
    inside = {cell: n for n, cell in enumerate(table["input"][-len(names) :].tolist())}
    for cell, window in zip(table["input"].tolist(), table["output"].tolist(), strict=True):
        if window != NOWHERE and cell in inside:
            read_by[inside[cell]].append(window)

    def sentence(cell: int) -> str:
        name, windows = spoken(names[cell]), read_by[cell]
        won = [h.names[window] for window in windows if flat[window] == cell]
        if not windows:
            return f"{name} is in no window: they stop short of it. Its gradient is 0."
        if len(won) > 1:
            return f"{name} wins {len(won)} windows, {list_of(won)}: their gradients add up in it."
        if won:
            return f"{name} is the largest of the window of {spoken(won[0])}: the gradient comes back to it."
        if any(values[flat[window]] == values[cell] for window in windows):
            return f"{name} is as large as the winner but comes later: PyTorch takes the first. Its gradient is 0."
        return f"{name} loses: a little more or less of it does not move the maximum. Its gradient is 0."

    return tuple(map(sentence, range(len(names))))


def _output_sentences(h: Grid, a: Grid, pooled, table, names, switches) -> tuple[str, ...]:
    order = table["output"] != NOWHERE
    read = np.split(
        table["input"][order],
        np.flatnonzero(np.diff(table["output"][order])) + 1,
    )
    return tuple(
        f"{spoken(name)} = max({list_of([a.symbols[cell] for cell in cells])}) = "
        f"{spoken(names[switch])} = {number(value)}. The switch keeps the place."
        for name, cells, switch, value in zip(
            h.names, read, switches.ravel(), pooled.ravel().tolist(), strict=True
        )
    )


def _switch_sentences(switches, names, width: int) -> tuple[str, ...]:
    return tuple(
        f"Switch {cell}: cells are numbered row by row from 0, and {cell} = {cell // width}·{width} + "
        f"{cell % width}. So it is the pair ({cell // width}, {cell % width}): {spoken(names[cell])}."
        for cell in switches.ravel().tolist()
    )


def _upstream_sentences(arrives: Grid, returns: Grid, names, switches, wins) -> tuple[str, ...]:
    def sentence(called: str, cell: int) -> str:
        name = spoken(names[cell])
        same = (
            f"The pooled cell is {name} itself, so this is {spoken(returns.names[cell])} too."
            if wins[cell] == 1
            else f"{name} won {wins[cell]} windows, so the gradients keep the names of the outputs."
        )
        return f"{spoken(called)} arrives. {same} The switch sends it there."

    return tuple(map(sentence, arrives.names, switches.ravel().tolist()))
