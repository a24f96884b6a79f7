"""Maps laid out anew. What moves the cells of a map about is run over their numbers, once: labels,
marks, sentences and typing follow from where each cell came from. The moves compose: a gradient that
is spread by the stride and then padded is ``padded(spread(g, stride), around)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..functional.windows import crop, insert_zeros, pad, rot180
from ..scene import NOWHERE, Grid

# In place of a cell's number: a zero that stands there, and why.
PADDING, INSERTED = -1, -2
ZEROS = {"padding": PADDING, "inserted": INSERTED}


def laid_out(grid: Grid, move: Callable[[np.ndarray], np.ndarray], zero: str = "0") -> Grid:
    """The cells of a map where ``move`` puts them, and ``zero`` where it puts PADDING or INSERTED.

    ``move`` takes the numbers of the cells in the shape of the grid (tile rows, tile columns, rows,
    columns) and returns them in any other shape of that kind.
    """
    moved = move(np.arange(grid.size).reshape(grid.shape))
    at = moved.ravel().tolist()
    if moved.shape == grid.shape and at == list(range(grid.size)):
        return grid

    def texts(of):
        return of and tuple(zero if cell < 0 else of[cell] for cell in at)

    before = grid.cells or tuple(range(grid.size))
    cells = tuple(cell if cell < 0 else before[cell] for cell in at)
    codes = np.array(cells)
    marks = {name: np.flatnonzero(codes == code) for name, code in ZEROS.items()}
    # Marks of the map itself, such as a mistake, move with their cells.
    own = {name: marked for name, marked in grid.marks.items() if name not in ZEROS}
    marks |= {name: np.flatnonzero(np.isin(at, marked)) for name, marked in own.items()}
    return replace(
        grid,
        shape=moved.shape,
        symbols=texts(grid.symbols),
        names=texts(grid.names),
        numbers=texts(grid.numbers),
        ink=None if grid.ink is None else np.where(moved.ravel() < 0, 0, grid.ink[at]),
        marks={name: tuple(where.tolist()) for name, where in marks.items() if len(where)},
        cells=cells,
        of=grid.origin,
    )


def padded(grid: Grid, padding, zero: str = "0") -> Grid:
    """A map with its padding around it, or cropped where that is negative. A padding cell has no name."""
    made = laid_out(grid, lambda cells: pad(cells, padding, fill=PADDING), zero)
    return grid if made is grid else replace(made, title=f"{grid.title}, padded")


def around(grid: Grid, padding) -> Grid:
    """A map with its padding around it. What a negative padding takes away is marked, not left out.

    >>> from cnnviz.scene import Slot
    >>> row = Grid("h", "", (1, 1, 1, 3), Slot(0, 0, 9, 9), symbols=("h_11", "h_12", "h_13"))
    >>> made = around(row, ((0, 0), (1, -1)))
    >>> made.symbols, dict(made.marks)
    (('0', 'h_11', 'h_12', 'h_13'), {'padding': (0,), 'cropped': (3,)})
    """
    added, taken = (
        tuple(tuple(max(sign * cells, 0) for cells in axis) for axis in padding) for sign in (1, -1)
    )
    made = padded(grid, added)
    gone = np.ones(made.shape, bool)
    crop(gone, taken)[:] = False
    struck = set(np.flatnonzero(gone).tolist())
    if not struck:
        return made
    marks = {name: tuple(c for c in cells if c not in struck) for name, cells in made.marks.items()}
    marks = {name: cells for name, cells in marks.items() if cells}
    return replace(made, marks={**marks, "cropped": tuple(sorted(struck))})


def spread(grid: Grid, stride) -> Grid:
    """A map with its cells a stride apart and inserted zeros between them."""
    made = laid_out(grid, lambda cells: insert_zeros(cells, stride, fill=INSERTED))
    if made is grid:
        return grid
    rows, columns = made.shape[2:]
    return replace(made, title=f"{grid.title}, spread to {rows}×{columns}")


def turned(grid: Grid) -> Grid:
    """A kernel turned by 180° in each of its planes: its cells keep their names."""
    return laid_out(grid, rot180)


def cropped(grid: Grid, size: tuple[int, int]) -> Grid:
    """A map of which only the first rows and columns count: the others are marked, not left out."""
    if grid.shape[2:] == size:
        return grid
    gone = np.ones(grid.shape[2:], bool)
    gone[: size[0], : size[1]] = False
    title, _, _ = grid.title.rpartition("  ")
    return replace(
        grid,
        title=f"{title}  {size[0]}×{size[1]}, cropped",
        symbols=tuple("cut" if out else s for s, out in zip(grid.symbols, gone.flat, strict=True)),
        marks={"cropped": tuple(np.flatnonzero(gone).tolist())},
    )


def places(grid: Grid) -> np.ndarray:
    """For each cell of the grid it comes from, where it stands in this one, or NOWHERE."""
    where = np.full(grid.origin.size, NOWHERE)
    for place, cell in enumerate(grid.cells or range(grid.size)):
        if cell >= 0:
            where[cell] = place
    return where
