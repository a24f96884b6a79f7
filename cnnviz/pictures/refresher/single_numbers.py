"""What pictures of single numbers share: a value over its gradient, the wires to both, and the steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...scene import NOWHERE, Grid, Slot, Step
from ...symbols import number
from ..sheet import Sheet
from ..words import Says

WIDE, HIGH = 100, 44  # the cell of a number

Point = tuple[float, float]


# The rooms.


def room(x: float, y: float, wide: float = WIDE, high: float = HIGH, under: bool = False) -> Slot:
    """The room of a number or of a gate, its upper left corner at (x, y)."""
    return Slot(x, y, wide, high, largest=max(wide, high), square=False, under=under)


def pair(value: str, gradient: str, x: float, y: float) -> dict[str, Slot]:
    """The rooms of a value and right under it of its gradient; they meet at ``y``. Their names stand
    above and below, so that a wire forward and one backward run beside each other."""
    return {value: room(x, y - HIGH), gradient: room(x, y, under=True)}


# Their wires: points from the edge of one room to the edge of another.


def left(slot: Slot, y: float | None = None) -> Point:
    """The middle of the left edge, or the point at the height ``y``."""
    return slot.x, slot.y + slot.height / 2 if y is None else y


def right(slot: Slot, y: float | None = None) -> Point:
    """The middle of the right edge, or the point at the height ``y``."""
    return slot.x + slot.width, slot.y + slot.height / 2 if y is None else y


def level(start: Slot, end: Slot) -> tuple[Point, Point]:
    """A straight wire to a room beside this one, at the middle of the one that is less tall.

    >>> level(room(300, 0, high=200), room(0, 30))
    ((300, 52.0), (100, 52.0))
    """
    _, y = left(min(start, end, key=lambda slot: slot.height))
    return (right(start, y), left(end, y)) if start.x < end.x else (left(start, y), right(end, y))


def bent(start: Point, end: Slot, along: float) -> tuple[Point, Point, Point]:
    """A wire that leaves level and then runs up or down to a room, so far along its width.

    >>> bent((100, 20), room(200, 50), along=0.5)
    ((100, 20), (250.0, 20), (250.0, 50))
    """
    x, y = end.x + along * end.width, start[1]
    return start, (x, y), (x, end.y if y < end.y else end.y + end.height)


# The numbers in them.


def lone(sheet: Sheet, name: str, title: str, symbol: str, value: float, **more) -> Grid:
    """A single number with its name beside it."""
    return Grid(
        name,
        title,
        (1, 1, 1, 1),
        sheet.slots[name],
        symbols=(symbol,),
        numbers=(number(value),),
        show=sheet.show,
        **more,
    )


def gate_box(sheet: Sheet, name: str, sign: str) -> Grid:
    """A gate: a box with what it does in it."""
    return Grid(
        name, "", (1, 1, 1, 1), sheet.slots[name], symbols=(sign,), numbers=(sign,), show=sheet.show
    )


def saying(sentences: dict[str, str]) -> dict[str, Says]:
    """One sentence for each grid of a single number."""
    return {name: lambda _cell, words=words: words for name, words in sentences.items()}


def step(
    reads: Iterable[str], writes: Iterable[str], say: str, of: str | None = None, **more
) -> Step:
    """A step of single numbers; ``of`` is the one whose equation is read."""
    cells = ({name: (0,) for name in names} for names in (reads, writes))
    return Step(*cells, say, of=of and (of, 0), **more)


def revealed(grid: Grid, steps: Sequence[Step]) -> Grid:
    """The grid with its cells empty until the first step that writes it. What no step writes is given,
    and always stands."""
    writing = [n for n, step in enumerate(steps) if grid.name in step.writes]
    if not writing:
        return grid
    empty = ("",) * grid.size
    frames = (empty if n < writing[0] else grid.texts for n in range(len(steps)))
    return replace(grid, frames=tuple(frames))


def table_of(*meetings: set[str]) -> dict[str, np.ndarray]:
    """A scene's table for lone cells: a row for each set of grids that belong together.

    >>> table_of({"x", "z"}, {"y", "z"})["x"].tolist()
    [0, -1]
    """
    names = sorted(set().union(*meetings))
    return {
        name: np.array([0 if name in meeting else NOWHERE for meeting in meetings])
        for name in names
    }
