"""The picture of what the switches are kept for: two maps with one pooled map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d_backward
from ...functional.geometry import DoesNotFit
from ...scene import Grid, Scene, Slot, Stroke
from ...symbols import spoken
from ..sheet import Sheet, row
from ..words import Says, said
from .pools import MaxPooled, pooled_map, unpooling_call

SLOTS = {
    **row(210, gap=30, largest=52, input=232, switches=130),
    **row(210, y=300, gap=30, largest=52, other=232, other_switches=130),
    "output": Slot(442, 110, 130, 130, largest=52),
    "upstream": Slot(442, 310, 130, 130, largest=52),
    **row(210, left=730, largest=52, input_gradient=240),
    **row(210, y=300, left=730, largest=52, other_gradient=240),
}
STROKES = tuple(
    Stroke(((588, 375), (588, height), (700, height), (716, height)), "backward", words)
    for height, words in ((145, "switches of b"), (405, "switches of a"))
)


def swapped_switches(
    input: np.ndarray, other: np.ndarray, upstream: np.ndarray, kernel_size=2, **letters
) -> Scene:
    """Two maps (H, W) with one pooled map, one upstream gradient, and their two input gradients.

    Each gradient is sent back by the switches of the other map: cells that hold a wrong gradient
    are crossed. ``letters`` are those of a `Sheet`: notation, start and show (numbers, unless said).
    Raises DoesNotFit where ``max_pool2d`` does, or if the two pooled maps differ.
    Source: note, section 1, the last paragraph.

    >>> a, b = np.array([[1.0, 4.0]]), np.array([[4.0, 1.0]])
    >>> scene = swapped_switches(a, b, np.array([[5.0]]), (1, 2))
    >>> scene["input_gradient"].numbers, scene.lamps[0][0]
    (('5', '0'), False)
    """
    one, another = (MaxPooled.of(values, kernel_size) for values in (input, other))
    if not np.array_equal(one.pooled, another.pooled):
        raise DoesNotFit("The two maps have different pooled maps, so there is nothing to swap.")

    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    notation = sheet.notation
    of_b = replace(sheet, notation=replace(notation, input="b"))
    h = sheet.grid("output", one.pooled)
    h = replace(h, title=f"pooled |{notation.output}|, the same")
    g = sheet.grid("upstream", upstream, editable=True)
    g = replace(g, title=f"upstream |∂{notation.scalar}/∂{notation.output}|")
    a = _map_and_switches(sheet, "input", "one map", "switches", one)
    b = _map_and_switches(of_b, "other", "another map", "other_switches", another)
    da = _sent_back(sheet, "input_gradient", g, upstream, one, another)
    db = _sent_back(of_b, "other_gradient", g, upstream, another, one)
    lost = len(da.marks["wrong"]) + len(db.marks["wrong"])
    return sheet.scene(
        "Why the switches must be kept",
        (*a, *b, h, g, da, db),
        _table(one, another),
        _says(h, g),
        say=_say(lost),
        strokes=STROKES,
        counters=((str(lost), "cells with a wrong gradient"),),
        lamps=((not lost, "every gradient is at the cell that won"),),
        walk="output",
        code=unpooling_call("g", kernel_size),
    )


def _table(one: MaxPooled, another: MaxPooled) -> dict[str, np.ndarray]:
    """Each window with its winner in both maps; the gradients go where the other map's switches say."""
    windows = np.arange(one.switches.size)
    return {
        "input": one.switches.ravel(),
        "other": another.switches.ravel(),
        **dict.fromkeys(("switches", "other_switches", "output", "upstream"), windows),
        "input_gradient": another.switches.ravel(),
        "other_gradient": one.switches.ravel(),
    }


def _says(h: Grid, g: Grid) -> dict[str, Says]:
    """What each cell of the small maps says; the large ones bring their sentences along."""

    def of_output(window: int) -> str:
        name, value = spoken(h.symbols[window]), h.numbers[window]
        return f"{name} = {value} for both maps: it does not say where it came from."

    def of_upstream(window: int) -> str:
        return f"{spoken(g.symbols[window])} arrives, for both maps the same."

    return {"output": of_output, "upstream": of_upstream}


def _say(lost: int) -> str:
    harm = (
        "gradients arrive at cells that did not win."
        if lost
        else "that does no harm, for both maps have the same winners."
    )
    return f"Two maps, one pooled map. Their switches are swapped: {harm}"


def _map_and_switches(
    sheet: Sheet, name: str, title: str, switches: str, pool: MaxPooled
) -> tuple[Grid, Grid]:
    """A map and the switches of its windows."""
    grid = pooled_map(sheet, pool.input, pool.geometry)
    grid = replace(
        grid,
        name=name,
        title=f"{title} |{sheet.notation.input}|",
        slot=SLOTS[name],
        marks={"switch": tuple(pool.winners)},
        editable=name == "input",
    )
    kept = Grid(
        switches,
        "its switches",
        (1, 1, *pool.switches.shape),
        SLOTS[switches],
        role="switch",
        symbols=pool.both_ways,
        numbers=pool.both_ways,
    )

    def of_map(cell: int) -> str:
        wins = "wins its window" if pool.wins[cell] else "does not win"
        return f"{spoken(grid.symbols[cell])} {wins}."

    def of_switch(window: int) -> str:
        cell = pool.winners[window]
        return f"Switch {cell}: {spoken(grid.symbols[cell])} won."

    return said(grid, of_map), said(kept, of_switch)


def _sent_back(
    sheet: Sheet, name: str, g: Grid, upstream: np.ndarray, own: MaxPooled, used: MaxPooled
) -> Grid:
    """The input gradient of a map, sent back by the switches of the other one."""
    right, sent = (
        max_pool2d_backward(upstream, own.input.shape, pool.switches) for pool in (own, used)
    )
    wrong = np.flatnonzero(sent != right).tolist()
    there = dict(zip(used.winners, g.symbols, strict=True))
    grid = sheet.grid(name, sent, of="input_gradient", role="written")
    called = grid.symbols

    def of_gradient(cell: int) -> str:
        if cell in wrong:
            return f"{spoken(called[cell])} is wrong here: the switches belong to the other map."
        return f"{spoken(called[cell])} is right."

    grid = replace(
        grid,
        title=f"gradient |∂{sheet.notation.scalar}/∂{sheet.notation.input}|",
        names=called,
        symbols=tuple(there.get(cell, "0") for cell in range(grid.size)),
        marks={"wrong": tuple(wrong)},
        blocks=own.geometry.kernel_size,
    )
    return said(grid, of_gradient)
