"""Arrays of expressions. NumPy must never look into an expression, so they are filled by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy


def array(cells: Sequence, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The expressions, in row-major order, as an object array of this shape.

    >>> array(sympy.symbols("a b"), (2, 1))
    array([[a],
           [b]], dtype=object)
    """
    found = np.empty(len(cells), dtype=object)
    found[:] = cells
    return found if shape is None else found.reshape(shape)


def row(letter: str, count: int, start: int) -> np.ndarray:
    """Symbols with one index.

    >>> row("z", 2, 1)
    array([z_1, z_2], dtype=object)
    """
    return array([sympy.Symbol(f"{letter}_{n + start}") for n in range(count)])


def column(letter: str, count: int, start: int) -> np.ndarray:
    """The same as a matrix of one column."""
    return row(letter, count, start).reshape(-1, 1)


def each(cells: np.ndarray, function: Callable, *others: np.ndarray) -> np.ndarray:
    """The function of each cell, and of the cells of other arrays in the same place."""
    lists = (list(one.flat) for one in (cells, *others))
    return array([function(*found) for found in zip(*lists, strict=True)], cells.shape)


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    """SymPy's zero in every cell."""
    return np.full(shape, sympy.Integer(0), dtype=object)
