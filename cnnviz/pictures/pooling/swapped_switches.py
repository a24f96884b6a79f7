"""The picture of what the switches are kept for: two maps with one pooled map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d_backward
from ...functional.geometry import DoesNotFit
from ...scene import Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import spoken
from ..sheet import Sheet, column, edges
from ..words import Says, count, said
from .arrivals import arrivals
from .pools import TITLE, MaxPooled, pooled_map, switch_grid, unpooling_call

# The two maps at the left, one over the other, and their gradients at the right.
SLOTS = {
    **column(220, gap=60, largest=55, input=220, other=220),
    "output": Slot(290, 220, 140, 140, largest=66),
    **column(150, left=500, gap=50, largest=66, switches=132, upstream=132, other_switches=132),
    **column(220, left=720, gap=60, largest=55, input_gradient=220, other_gradient=220),
}


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
    h = replace(h, title=f"one pooled |{notation.output}|")
    g = sheet.grid("upstream", upstream, editable=True)
    g = replace(g, title=f"upstream |∂{notation.scalar}/∂{notation.output}|")
    a = _map_and_switches(sheet, "input", "a map", "switches", one)
    b = _map_and_switches(of_b, "other", "another map", "other_switches", another)
    da = _sent_back(sheet, ("input_gradient", "b"), g, upstream, one, another)
    db = _sent_back(of_b, ("other_gradient", notation.input), g, upstream, another, one)
    lost = len(da.marks["wrong"]) + len(db.marks["wrong"])
    shown = (*a, *b, h, g, da, db)
    return sheet.scene(
        "Why the switches must be kept",
        shown,
        _table(one, another),
        _says(h, g),
        say=_say(lost),
        strokes=_strokes({grid.name: grid for grid in shown}),
        lamps=(
            Lamp(not lost, "every gradient is at the cell that won")
            if not lost
            else Lamp(False, "gradients are at cells that did not win", mistake=True),
        ),
        steps=_steps(one, another, g, (a[0], b[0]), lost),
        code=unpooling_call("g", kernel_size),
    )


def _strokes(grids: dict[str, Grid]) -> tuple[Stroke, ...]:
    """Both maps go into one pooled map, and one gradient comes back to both."""
    a, b, h, g, da, db = (
        edges(grids[name])
        for name in ("input", "other", "output", "upstream", "input_gradient", "other_gradient")
    )
    into, turn = h.middle[0], (g.right + da.left) / 2
    down = ((a.right, a.middle[1]), (into, a.middle[1]), (into, h.top - TITLE + 8))
    up = ((b.right, b.middle[1]), (into, b.middle[1]), (into, h.bottom))
    back = (
        ((g.right, g.middle[1]), (turn, g.middle[1]), (turn, to.middle[1]), (to.left, to.middle[1]))
        for to in (da, db)
    )
    return (
        *(Stroke(points, "forward") for points in (down, up)),
        *(Stroke(points, "backward") for points in back),
    )


def _steps(
    one: MaxPooled, another: MaxPooled, g: Grid, maps: tuple[Grid, Grid], lost: int
) -> tuple[Step, ...]:
    """A gradient at a time, to the places in both maps that the switches of the other one name."""
    a, b = (grid.symbols for grid in maps)
    steps = []
    for window, (own, others) in enumerate(zip(one.winners, another.winners, strict=True)):
        harm = (
            f"{spoken(a[own])} and {spoken(b[others])} won, and get nothing."
            if own != others
            else "That is where it belongs."
        )
        end = f" In all, {count(lost, 'cell')} are wrong." if window == g.size - 1 else ""
        steps.append(
            Step(
                {"upstream": (window,)},
                {"input_gradient": (others,), "other_gradient": (own,)},
                f"{spoken(g.symbols[window])} = {g.numbers[window]} goes to {spoken(a[others])} and "
                f"{spoken(b[own])}. {harm}{end}",
                points={"switches": (window,), "other_switches": (window,)},
                around={"input": (own,), "other": (others,)},
            )
        )
    return tuple(steps)


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
    kept = switch_grid(switches, f"switches of |{sheet.notation.input}|", pool, SLOTS[switches])

    def of_map(cell: int) -> str:
        wins = "wins its window" if pool.wins[cell] else "does not win"
        return f"{spoken(grid.symbols[cell])} {wins}."

    def of_switch(window: int) -> str:
        cell = pool.winners[window]
        return f"Switch {cell}: {spoken(grid.symbols[cell])} won."

    return said(grid, of_map), said(kept, of_switch)


def _sent_back(
    sheet: Sheet,
    name_and_switches: tuple[str, str],
    g: Grid,
    upstream: np.ndarray,
    own: MaxPooled,
    used: MaxPooled,
) -> Grid:
    """The input gradient of a map, sent back by the switches of the other one. A cell is crossed when
    it has got what is not its own, and when what is its own has gone elsewhere."""
    name, whose = name_and_switches
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
        title=f"|∂{sheet.notation.scalar}/∂{sheet.notation.input}| by switches of |{whose}|",
        names=called,
        symbols=tuple(there.get(cell, "0") for cell in range(grid.size)),
        marks={"wrong": tuple(wrong)},
        marked_since={cell: min(own.won_by[cell] + used.won_by[cell]) for cell in wrong},
        blocks=own.geometry.kernel_size,
    )
    landings = [[cell] for cell in used.winners]
    frames = arrivals(sheet, grid, landings, upstream.ravel())[1:]
    return said(replace(grid, frames=tuple(frames)), of_gradient)
