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
# What a cell says that a negative padding crops on the way back.
SAYS_CROPPED = "Cropped: what it would give belongs to the padding, and the padding was no input."


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
        values=None if grid.values is None else np.where(moved.ravel() < 0, 0, grid.values[at]),
        hues=grid.hues and tuple(NOWHERE if cell < 0 else grid.hues[cell] for cell in at),
        marks={name: tuple(where.tolist()) for name, where in marks.items() if len(where)},
        cells=cells,
        of=grid.origin,
    )


def padded(grid: Grid, padding, zero: str = "0") -> Grid:
    """A map with its padding around it, or cropped where that is negative. A padding cell has no name."""
    made = laid_out(grid, lambda cells: pad(cells, padding, fill=PADDING), zero)
    return grid if made is grid else replace(made, title=f"{grid.title}, padded")


def padded_or_struck(grid: Grid, padding) -> Grid:
    """A map with its padding around it; what a negative padding crops stays in sight, struck out.

    >>> from cnnviz.pictures.sheet import Sheet, row
    >>> grid = Sheet(row(40, input=90)).grid("input", np.array([[7, 8]]))
    >>> struck = padded_or_struck(grid, ((0, 0), (-1, 1)))
    >>> struck.numbers, struck.marks
    (('7', '8', '0'), {'padding': (2,), 'cropped': (0,)})
    """
    around, cut = (
        tuple(tuple(max(sign * n, 0) for n in axis) for axis in padding) for sign in (1, -1)
    )
    made = padded(grid, around)
    gone = np.ones(made.shape, bool)
    crop(gone, cut)[...] = False
    struck = tuple(np.flatnonzero(gone).tolist())
    marks = {name: tuple(sorted({*cells} - {*struck})) for name, cells in made.marks.items()}
    marks["cropped"] = struck
    return replace(made, marks={name: cells for name, cells in marks.items() if cells})


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


def in_one_row(grid: Grid) -> Grid:
    """A map of one row, where the row's number says nothing: ``a_13`` is ``a_3``.

    >>> from cnnviz.pictures.sheet import Sheet, row
    >>> in_one_row(Sheet(row(40, upstream=90)).grid("upstream", np.array([[7, 8]]))).symbols
    ('∂F/∂h_1', '∂F/∂h_2')
    """
    return replace(grid, symbols=tuple(map(_one_index, grid.symbols)))


def _one_index(name: str) -> str:
    letter, _, lowered = name.partition("_")
    return f"{letter}_{lowered.partition(',')[2] or lowered[1:]}" if lowered else name


def places(grid: Grid) -> np.ndarray:
    """For each cell of the grid it comes from, where it stands in this one, or NOWHERE."""
    where = np.full(grid.origin.size, NOWHERE)
    for place, cell in enumerate(grid.cells or range(grid.size)):
        if cell >= 0:
            where[cell] = place
    return where
