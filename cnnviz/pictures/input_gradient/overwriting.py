"""What is left of a scatter that writes = for +=, and where that is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import NOWHERE, Grid

Table = dict[str, np.ndarray]


def real(table: Table) -> np.ndarray:
    """The rows of the table that are products, not zeros."""
    return np.flatnonzero(table["upstream"] != NOWHERE)


def stamping(table: Table) -> np.ndarray:
    """The products in the order of the scatter: stamp after stamp."""
    rows = real(table)
    return rows[np.lexsort((table["kernel"][rows], table["upstream"][rows]))]


def without_overwritten(table: Table) -> Table:
    """The table of a gather in which ``input_gradient`` is NOWHERE for each product that another is
    written over later.

    >>> table = {"upstream": [0, 1], "kernel": [1, 0], "input_gradient": [7, 7]}
    >>> table = {name: np.array(column) for name, column in table.items()}
    >>> without_overwritten(table)["input_gradient"].tolist()
    [-1, 7]
    """
    cells, order = table["input_gradient"], stamping(table)
    last = {cells[row]: row for row in order.tolist()}
    lost = np.setdiff1d(order, list(last.values()))
    kept = np.isin(np.arange(len(cells)), lost, invert=True)
    return table | {"input_gradient": np.where(kept, cells, NOWHERE)}


def what_is_left(left: Table, products: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    """The result of overwriting: in each cell the product that came last."""
    result = np.zeros(input_size)
    rows = np.intersect1d(real(left), np.flatnonzero(left["input_gradient"] != NOWHERE))
    result.flat[left["input_gradient"][rows]] = products[rows]
    return result


def marked_wrong(grid: Grid, table: Table, cells: set[int]) -> Grid:
    """The result with these cells marked as wrong, each since the step that wrote over its first term."""
    come: dict[int, list[int]] = {cell: [] for cell in sorted(cells)}
    for step, cell in enumerate(table["input_gradient"][stamping(table)].tolist()):
        if cell in come:
            come[cell].append(step)
    since = {cell: steps[1] for cell, steps in come.items()}
    return replace(grid, marks={"wrong": tuple(since)}, marked_since=since) if since else grid
