"""The picture of max unpooling: its two steps, and what it inverts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_unpool2d
from ...functional.geometry import Geometry
from ...scene import Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, written
from .pools import total

STAGES = {
    "input": Slot(20, 40, 232, 232, largest=58),
    "output": Slot(290, 40, 130, 232, largest=58),
    "moved": Slot(458, 40, 232, 232, largest=58),
    "filled": Slot(728, 40, 232, 232, largest=58),
}
AGAIN = Slot(290, 330, 130, 170, largest=58)
ROUND_TRIP = (
    Stroke(
        ((844, 282), (844, 410), (640, 410), (434, 410)), "forward", "pool the filled map again"
    ),
)
NOT_YET = "·"
PRINTED = {
    "gradients": {"note": "note-12", "slides": "slides-86", "blog": "blog-22"},
    "values": {"note": "note-14", "slides": "slides-86", "blog": "blog-21"},
}


def unpooling(
    input: np.ndarray,
    kernel_size=2,
    upstream: np.ndarray | None = None,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """The two steps of unpooling a map (H, W): move to where the switches say, then fill with 0.

    With ``upstream`` (oh, ow) gradients are unpooled; without it the maxima themselves, and the
    result is pooled once more to see what comes back. Windows tile the map. Raises DoesNotFit
    where ``max_pool2d`` does. Source: note, section 1, the fourth and the fifth display.

    >>> scene = unpooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.lamps[0]
    (True, 'pool(unpool(h)) = h')
    >>> [scene.at_step(n).shown(scene["filled"]) for n in (0, 1)]
    [('', '', '', ''), ('0', 'a_12', '0', '0')]
    """
    geometry = Geometry.of_pool(input.shape, kernel_size)
    pooled, switches = max_pool2d(input, kernel_size, return_indices=True)
    values = upstream is None
    small = pooled if values else upstream
    unpooled = max_unpool2d(small, switches, kernel_size, output_size=input.shape)
    flat = switches.ravel().tolist()

    a = map_grid("input", notation.input, input, STAGES["input"], start, editable=True)
    won = [a.symbols[cell] for cell in flat]
    labels = won if values else [f"∂{notation.scalar}/∂{name}" for name in won]
    h = replace(
        map_grid("output", "", small, STAGES["output"], start, editable=not values),
        title=f"pooled |{notation.output}|"
        if values
        else f"arriving |∂{notation.scalar}/∂{notation.output}|",
        symbols=tuple(labels),
    )
    texts = labels if show == "symbols" else list(h.numbers)
    a = replace(
        a,
        marks={"switch": tuple(flat)},
        blocks=geometry.kernel_size,
        sentences=tuple(
            f"{spoken(name)} won: this is the place its switch remembers."
            if cell in flat
            else f"{spoken(name)} lost: nothing of it comes back."
            for cell, name in enumerate(a.symbols)
        ),
    )
    h = replace(
        h,
        sentences=tuple(
            f"{spoken(label)} goes to switch {cell}, the place of {spoken(a.symbols[cell])}."
            for label, cell in zip(labels, flat, strict=True)
        ),
    )
    frames = _frames(texts, flat, input.size, values)
    names = a.symbols if values else tuple(f"∂{notation.scalar}/∂{name}" for name in a.symbols)
    common = unpooled, flat, labels, h.numbers, names, frames, geometry
    moved = _stage("moved", "1. moved", NOT_YET, *common)
    filled = _stage("filled", "2. filled with 0", "0", *common)
    cells = np.array(flat)
    table = {"input": cells, "output": np.arange(len(flat)), "moved": cells, "filled": cells}
    grids, lamps = [a, h, moved, filled], ()
    if values:
        again = max_pool2d(unpooled, kernel_size)
        grids.append(_again(notation, again, pooled, texts, show, frames, start))
        table["again"] = table["output"]
        letters = notation.output, notation.input
        lamps = (
            (bool((again == pooled).all()), f"pool(unpool({letters[0]})) = {letters[0]}"),
            (bool((unpooled == input).all()), f"unpool(pool({letters[1]})) = {letters[1]}"),
        )
    inserted = input.size - len(flat)
    return Scene(
        title="Unpooling: move, then fill",
        grids=tuple(written(grid, show) for grid in grids),
        table=table,
        say="Two steps: move each number to the place its switch remembers, then fill the rest "
        "with 0. Press Next.",
        size=(1200, 520 if values else 300),
        strokes=ROUND_TRIP if values else (),
        counters=((f"{inserted} of {input.size}", "cells are filled with 0"),)
        + (() if values else ((total(small), "sum before"), (total(unpooled), "sum after"))),
        lamps=lamps,
        steps=_steps(a, labels, flat, input.size, lamps),
        equations={}
        if values
        else {
            "filled": Equation(
                "{filled}", ("{output}",), ledger=PRINTED["gradients"][notation.document]
            )
        },
        beware=notation.beware,
        code=_call(notation, values, kernel_size, input.shape, geometry),
    )


def _call(notation: Notation, values: bool, kernel_size, shape, geometry: Geometry) -> str:
    letter = notation.output if values else "g"
    ragged = f", output_size={shape}" if any(geometry.remainder) else ""
    return f"torch.nn.functional.max_unpool2d({letter}, switches, {kernel_size}{ragged})"


def _frames(texts, flat, size: int, values: bool) -> dict[str, tuple]:
    """What stands in each stage after each step: one for every move, one to fill, and one more
    to pool again."""
    moved, now = [], [NOT_YET] * size
    for text, cell in zip(texts, flat, strict=True):
        now[cell] = text
        moved.append(tuple(now))
    full = tuple("0" if text == NOT_YET else text for text in now)
    ends = 2 if values else 1
    return {
        "moved": (*moved, *(moved[-1],) * ends),
        "filled": (*((("",) * size),) * len(flat), *(full,) * ends),
        "moves": len(flat),
    }


def _stage(
    name, title, rest, unpooled, flat, labels, numbers, names, frames, geometry: Geometry
) -> Grid:
    """One of the two large maps; where nothing was moved stands ``rest``."""
    texts = {}
    for kind, written_there in (("symbols", labels), ("numbers", numbers)):
        texts[kind] = [rest] * unpooled.size
        for cell, text in zip(flat, written_there, strict=True):
            texts[kind][cell] = text
    told = {
        cell: f"{spoken(label)} has come back to its place."
        for cell, label in zip(flat, labels, strict=True)
    }
    return Grid(
        name,
        title,
        (1, 1, *unpooled.shape),
        STAGES[name],
        role="written",
        symbols=tuple(texts["symbols"]),
        names=names,
        numbers=tuple(texts["numbers"]),
        frames=frames[name],
        blocks=geometry.kernel_size,
        sentences=tuple(
            told.get(cell, "Nothing is moved here: no window was won here, so a 0 comes in.")
            for cell in range(unpooled.size)
        ),
    )


def _again(notation, again, pooled, texts, show, frames, start) -> Grid:
    grid = map_grid("again", notation.output, again, AGAIN, start, role="written")
    same = (again == pooled).ravel().tolist()
    symbols = tuple(text if ok else "0" for text, ok in zip(texts, same, strict=True))
    shown = grid.numbers if show == "numbers" else symbols
    blank = ("",) * again.size
    return replace(
        grid,
        title="pooled again",
        symbols=symbols if show == "symbols" else grid.symbols,
        frames=(*(blank,) * (frames["moves"] + 1), shown),
        marks={"wrong": tuple(cell for cell, ok in enumerate(same) if not ok)},
        sentences=tuple(
            "The maximum is back."
            if ok
            else f"Wrong: the maximum was {number(value)}, but a 0 that was filled in is larger."
            for ok, value in zip(same, pooled.ravel().tolist(), strict=True)
        ),
    )


def _steps(a: Grid, labels, flat, size: int, lamps) -> tuple[Step, ...]:
    moves = [
        Step(
            {"input": (cell,), "output": (n,), "moved": (cell,)},
            f"Move {spoken(label)} to switch {cell}, the place of {spoken(a.symbols[cell])}.",
        )
        for n, (label, cell) in enumerate(zip(labels, flat, strict=True))
    ]
    rest = tuple(sorted(set(range(size)) - set(flat)))
    fill = Step(
        {"filled": rest or tuple(flat)},
        f"Fill the other {len(rest)} cells with 0: they had no part in the result.",
    )
    if not lamps:
        return (*moves, fill)
    equal = "It is the same map" if lamps[0][0] else "It is not the same map"
    ending = (
        f"{equal}, so far as pooling goes: unpooling is a partial inverse."
        if lamps[0][0]
        else f"{equal}: a filled-in 0 is larger than a negative maximum."
    )
    last = Step(
        {"filled": tuple(range(size)), "again": tuple(range(len(flat)))},
        f"Pool the filled map again. {ending}",
    )
    return (*moves, fill, last)
