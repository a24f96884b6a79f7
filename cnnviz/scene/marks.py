"""Marks: a shape of its own for every role, so that no meaning hangs on a colour alone."""

from __future__ import annotations

from collections.abc import Iterable

from .grid import Grid, Slot


def boxes(grid: Grid, cells: Iterable[int]) -> str:
    """Path data of the outlines of some cells."""
    width, height = grid.place.width, grid.place.height
    corners = (grid.corner(cell) for cell in cells)
    return "".join(f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z" for x, y in corners)


def outlined(grid: Grid, cells: Iterable[int]) -> str:
    """Path data of what is lit: the outline of each cell, or, where all of them are, of each map."""
    lit = set(cells)
    if grid.cards or len(lit) < grid.size:
        return boxes(grid, sorted(lit))
    tile_rows, tile_columns, rows, columns = grid.shape
    firsts = (grid.corner(tile * rows * columns) for tile in range(tile_rows * tile_columns))
    wide, high = columns * grid.place.width, rows * grid.place.height
    return "".join(f"M{x:g} {y:g}h{wide:g}v{high:g}h{-wide:g}z" for x, y in firsts)


def _dots(grid: Grid, cells: Iterable[int]) -> str:
    return _discs(grid, cells, 0.07)


def _rings(grid: Grid, cells: Iterable[int]) -> str:
    return _discs(grid, cells, 0.12)


def _discs(grid: Grid, cells: Iterable[int], radius: float) -> str:
    """Path data of a disc in the middle of some cells; its radius is a share of the cell."""
    w, h = grid.place.width, grid.place.height
    r = min(w, h) * radius
    middles = ((x + w / 2, y + h / 2) for x, y in map(grid.corner, cells))
    return "".join(
        f"M{x - r:g} {y:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0"
        for x, y in middles
    )


def _strikes(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    return "".join(f"M{x:g} {y + h / 2:g}h{w:g}" for x, y in map(grid.corner, cells))


SMALLEST_CORNER = 2.0  # in the smallest cells a corner takes nearly all of the cell, to be seen


def _corners(grid: Grid, cells: Iterable[int]) -> str:
    cell = min(grid.place.width, grid.place.height)
    size = max(0.32 * cell, min(0.9 * cell, SMALLEST_CORNER))
    return "".join(f"M{x:g} {y:g}h{size:g}l{-size:g} {size:g}z" for x, y in map(grid.corner, cells))


ARM = 0.24  # of a diagonal: a cross is open in the middle, where the number stands


def _crosses(grid: Grid, cells: Iterable[int], arm: float = ARM) -> str:
    w, h = grid.place.width, grid.place.height
    dx, dy = arm * w, arm * h
    return "".join(
        f"M{x:g} {y:g}l{dx:g} {dy:g}M{x + w:g} {y + h:g}l{-dx:g} {-dy:g}"
        f"M{x + w:g} {y:g}l{-dx:g} {dy:g}M{x:g} {y + h:g}l{dx:g} {-dy:g}"
        for x, y in map(grid.corner, cells)
    )


def _ticks(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    size = 0.2 * min(w, h)
    corners = (grid.corner(cell) for cell in cells)
    return "".join(
        f"M{x + w - 1.5 * size:g} {y + 0.7 * size:g}l{0.4 * size:g} {0.4 * size:g}l{0.7 * size:g} {-0.8 * size:g}"
        for x, y in corners
    )


MARKS = {
    "read": boxes,
    "written": boxes,
    "padding": _dots,
    "inserted": _rings,
    "cropped": _strikes,
    "switch": _corners,
    "wrong": _crosses,
    "right": _ticks,
}


def swatch(x: float, y: float, size: float = 14) -> Grid:
    """A single small cell, to show a mark in the legend."""
    return Grid("swatch", "", (1, 1, 1, 1), Slot(x, y, size, size, largest=size))


# A strike needs its cell around it and a cross no room in its middle; a dot, a ring, a corner and a tick
# are drawn larger than in a cell.
SWATCH = {
    **MARKS,
    "padding": lambda grid, cells: _discs(grid, cells, 0.2),
    "inserted": lambda grid, cells: _discs(grid, cells, 0.35),
    "cropped": lambda grid, cells: _strikes(grid, cells) + boxes(grid, cells),
    "switch": lambda grid, cells: _corners(swatch(grid.slot.x, grid.slot.y, 35), cells),
    "wrong": lambda grid, cells: _crosses(grid, cells, 0.5),
    "right": lambda grid, cells: _ticks(swatch(grid.slot.x - 33, grid.slot.y, 50), cells),
}
