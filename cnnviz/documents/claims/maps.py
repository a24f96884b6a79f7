"""Maps of numbers or of symbols, and whether one is made of others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy

from ..meaning import Layer, convolve, equal


def makes(one, other, wanted, **how) -> bool:
    """Whether the second map, slid over the first, makes a third; ``how`` is as in `convolve`.

    >>> makes(np.array([[1, 2, 4]]), np.array([[1, 1]]), np.array([[3, 6]]))
    True
    """
    if one is None or other is None or wanted is None:
        return False
    try:
        return equal(convolve(one, other, **how), wanted)
    except ValueError:  # one does not fit into the other
        return False


def gathers(layer: Layer, spread: np.ndarray, kernel: np.ndarray) -> bool:
    """Whether a kernel slid over a spread gradient gives the gradient to the input."""
    return makes(spread, kernel, layer.input_gradient)


def leads(matrix: np.ndarray | None, start: np.ndarray, end: np.ndarray) -> bool:
    """Whether a matrix takes one map, flattened, to another."""
    if matrix is None or matrix.shape != (end.size, start.size):
        return False
    return equal(matrix @ start.ravel(), end.ravel())


def matrix_of(operation: Callable[[np.ndarray], np.ndarray], size: tuple[int, ...]) -> np.ndarray:
    """The matrix of a linear operation: a column for each unit map.

    >>> matrix_of(np.flip, (1, 2))
    array([[0, 1],
           [1, 0]])
    """
    units = np.eye(np.prod(size), dtype=int).reshape(-1, *size)
    return np.stack([np.ravel(operation(unit)) for unit in units], axis=1)


def inverse(matrix: np.ndarray) -> np.ndarray | None:
    """The inverse of a matrix, if it has one."""
    rows, columns = matrix.shape
    return np.array(sympy.Matrix(matrix).inv()) if rows == columns else None


def relaid(table: np.ndarray, action: str, *directions: str) -> np.ndarray:
    """A table that is flipped or shifted horizontally or vertically, or both, or transposed.

    >>> relaid(np.array([[1, 2, 3]]), "shifting", "horizontally")
    array([[3, 1, 2]])
    """
    if action == "transposing":
        return table.T  # which has no direction
    for direction in dict.fromkeys(directions):
        axis = {"horizontally": 1, "vertically": 0}[direction]
        flips = action in ("flipped", "flipping")
        table = np.flip(table, axis) if flips else np.roll(table, 1, axis)
    return table


def around(n: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The same padding on all four sides."""
    return (n, n), (n, n)
