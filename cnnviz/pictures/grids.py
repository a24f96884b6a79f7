"""The grids that pictures are made of: maps, padded maps, matrices and their edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..scene import NOWHERE, Axis, Grid, Slot
from ..scene.labels import text_size
from ..symbols import labels, number

# Cells smaller than this are not written in: nobody could read them.
SMALLEST_WRITTEN = 15


def bank_of(values: np.ndarray) -> np.ndarray:
    """A map (H, W), maps (C, H, W) or a kernel bank (O, C, H, W) with all four axes."""
    return values.reshape((1,) * (4 - values.ndim) + values.shape)


def map_grid(name: str, letter: str, values: np.ndarray, slot: Slot, start: int, **more) -> Grid:
    """Maps side by side, or a kernel bank, each cell with its name and its number."""
    bank = bank_of(values)
    return Grid(
        name,
        f"{name} |{letter}|  {bank.shape[2]}×{bank.shape[3]}",
        bank.shape,
        slot,
        symbols=labels(letter, values.shape, start),
        numbers=tuple(map(number, bank.ravel().tolist())),
        values=bank.ravel(),
        **more,
    )


def gradient_grid(
    name: str, scalar: str, letter: str, values: np.ndarray, slot: Slot, start: int, **more
) -> Grid:
    """The derivative of the scalar by each cell of a map (or bank), named ∂F/∂h_11 and so on."""
    grid = map_grid(name, letter, values, slot, start, **more)
    rows, columns = grid.shape[2:]
    return replace(
        grid,
        title=f"{name.replace('_', ' ')} |∂{scalar}/∂{letter}|  {rows}×{columns}",
        symbols=tuple(f"∂{scalar}/∂{cell}" for cell in grid.symbols),
    )


def colour_grid(name: str, title: str, values: np.ndarray, slot: Slot, **more) -> Grid:
    """A map (H, W), or maps (rows of maps, maps in a row, H, W), too dense for digits: colours say its
    numbers, up to its own largest."""
    about = {"saying": "Row {row}, column {column}: {number}.", "own_scale": True, **more}
    return Grid(
        name,
        title,
        bank_of(values).shape,
        slot,
        show="colour",
        values=values.ravel(),
        numbers=tuple(map(number, values.ravel().tolist())),
        **about,
    )


def edge_grid(
    name: str,
    title: str,
    of: Grid,
    slot: Slot,
    across: Axis | None = None,
    down: Axis | None = None,
) -> Grid:
    """A map flattened into a vector along one edge of a matrix, its cells in the hues that they have."""
    cells = list((across or down).cells)
    return Grid(
        name,
        title,
        (1, 1, 1, len(cells)) if across else (1, 1, len(cells), 1),
        slot,
        role=of.role,
        symbols=tuple(of.symbols[c] for c in cells),
        numbers=tuple(of.numbers[c] for c in cells),
        hues=of.hues and tuple(of.hues[c] for c in cells),
        brief=of.brief,
        across=across,
        down=down,
    )


def matrix_grid(
    name: str, entry: Grid, table: dict, down: Axis, across: Axis, slot: Slot, **more
) -> Grid:
    """A matrix with a cell of one base grid for each row and of another for each column.

    Where a row of the table meets the matrix, the cell of ``entry`` in that row is written, in the
    colour that it has there.
    """
    shape = (1, 1, len(down.cells), len(across.cells))
    rows, columns = _entries(down, table), _entries(across, table)
    met = (rows >= 0) & (columns >= 0)
    cells, entries = (rows * shape[3] + columns)[met], table[entry.name][met]

    size = shape[2] * shape[3]
    values, hues = np.zeros(size), None
    values[cells] = entry.counts[entries]
    if entry.hues is not None:
        hues = np.full(size, NOWHERE)
        hues[cells] = np.array(entry.hues)[entries]
        hues = tuple(hues.tolist())
    grid = Grid(
        name, "", shape, slot, down=down, across=across, entry=entry.name, values=values, hues=hues,
        **more,
    )  # fmt: skip
    if min(grid.place.width, grid.place.height) < SMALLEST_WRITTEN:
        return grid
    texts = {kind: np.full(size, "0", dtype=object) for kind in ("symbols", "numbers")}
    for kind, written in texts.items():
        written[cells] = np.array(getattr(entry, kind), dtype=object)[entries]
    return replace(grid, **{kind: tuple(written) for kind, written in texts.items()})


def written(grid: Grid, show: str) -> Grid:
    """The grid showing symbols or numbers, or only colours where its cells are too small to write in."""
    too_small = min(grid.place.width, grid.place.height) < SMALLEST_WRITTEN
    return replace(grid, show="colour" if too_small else show)


# In units of the picture: on a projector 9 of them are 11 pixels.
SMALLEST_LABEL = 9


def readable(grid: Grid) -> Grid:
    """Labels in the cells where they can be read, else colours alone."""
    size = text_size(grid.place.width, grid.place.height, grid.texts) if grid.texts else 0
    return grid if size >= SMALLEST_LABEL else replace(grid, show="colour")


def _entries(axis: Axis, table: dict) -> np.ndarray:
    """For each row of the table its entry on an axis, or -1."""
    column = table[axis.grid]
    entry = np.full(2 + max(column.max(), max(axis.cells)), -1)  # NOWHERE finds the last, -1
    entry[list(axis.cells)] = np.arange(len(axis.cells))
    return entry[column]
