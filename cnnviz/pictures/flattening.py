"""The picture of a map written as one long vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..scene import Axis, Scene, Slot
from ..symbols import NOTATIONS, Notation, spoken
from .grids import edge_grid, map_grid, written


def flattening(
    input: np.ndarray,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A map (H, W) and the vector of its H·W cells, row after row (row-major order).

    Source: note, the 16-dimensional vector that W multiplies.

    >>> flattening(np.zeros((4, 4))).sentence("input", 6)
    'a₂₃ is entry 7 of the vector: 1 whole row of 4 comes before it, and it is cell 3 of its own row.'
    """
    width = input.shape[1]
    cells = tuple(range(input.size))
    grid = map_grid(
        "input", notation.input, input, Slot(20, 40, 1160, 204, largest=50), start, editable=True
    )
    grid = replace(
        grid, sentences=tuple(_sentence(grid.symbols[cell], cell, width, start) for cell in cells)
    )
    vector = replace(
        edge_grid(
            "vector",
            f"the same {input.size} numbers as a vector",
            grid,
            Slot(20, 290, 1160, 44, square=False),
            across=Axis("input", cells),
        ),
        blocks=(1, width),
    )
    return Scene(
        title="A map as a vector",
        grids=(written(grid, show), written(vector, show)),
        table={"input": np.arange(input.size)},
        say="Point at a cell: the same number lights up in the vector.",
        size=(1200, 346),
        walk="input",
        beware=notation.beware,
        code=f"{notation.input}.flatten()",
    )


def _sentence(label: str, cell: int, width: int, start: int) -> str:
    row, column = divmod(cell, width)
    rows = "1 whole row" if row == 1 else f"{row} whole rows"
    return (
        f"{spoken(label)} is entry {cell + start} of the vector: {rows} of {width} "
        f"{'comes' if row == 1 else 'come'} before it, and it is cell {column + start} of its own row."
    )
