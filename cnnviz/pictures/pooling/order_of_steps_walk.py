"""The walk through a layer: for each cell of its result, one step after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...scene import Grid, Step
from ..sheet import Sheet

SAYS = {
    "convolve": "Convolve: each cell is the sum of a window times the kernel.",
    "ReLU": "ReLU: what is negative becomes 0.",
    "pool": "Pool: the largest cell of the 2×2 window stays.",
}
LEFT_OVER = "No window of the pooling reads the rest: it has no part in the result."


def walk_through(
    sheet: Sheet, order: Sequence[str], maps: Sequence[Grid], kernel: Grid, reads: Sequence[list]
) -> dict:
    """The maps with what stands in them after each step, and the steps.

    ``reads`` has for each step of the ``order`` the cells of the map before it that each of its own
    cells reads. Of all maps only the cells are made that the cell of the result needs.
    """
    steps, made = [], []
    for cell in range(maps[-1].size):
        for n, cells in enumerate(_needed(cell, reads), start=1):
            read = {maps[n - 1].name: _read_by(cells, reads[n - 1])}
            if order[n - 1] == "convolve":
                read[kernel.name] = tuple(range(kernel.size))
            steps.append(Step(read, {maps[n].name: cells}, SAYS[order[n - 1]]))
            made.append({maps[n].name: cells})
    rest = {grid.name: _never(grid, made) for grid in maps[1:] if _never(grid, made)}
    if rest:
        steps.append(Step({}, rest, LEFT_OVER))
        made.append(rest)
    filled = (replace(grid, frames=_filling(sheet, grid, made)) for grid in maps[1:])
    return {"maps": (maps[0], *filled), "steps": tuple(steps)}


def _read_by(cells: Iterable[int], reads: list[list[int]]) -> tuple[int, ...]:
    return tuple(sorted({read for cell in cells for read in reads[cell]}))


def _needed(cell: int, reads: Sequence[list]) -> list[tuple[int, ...]]:
    """The cells of each map after the input that a cell of the last one is made of, in their order."""
    needed = [(cell,)]
    for of in reversed(reads[1:]):
        needed.append(_read_by(needed[-1], of))
    return needed[::-1]


def _never(grid: Grid, made: list[dict]) -> tuple[int, ...]:
    """The cells of a map that no step has made."""
    done = {cell for cells in made for cell in cells.get(grid.name, ())}
    return tuple(cell for cell in range(grid.size) if cell not in done)


def _filling(sheet: Sheet, grid: Grid, made: list[dict]) -> tuple[tuple[str, ...], ...]:
    texts, there, frames = sheet.written(grid).texts or grid.numbers, set(), []
    for cells in made:
        there.update(cells.get(grid.name, ()))
        frames.append(tuple(text if cell in there else "" for cell, text in enumerate(texts)))
    return tuple(frames)
