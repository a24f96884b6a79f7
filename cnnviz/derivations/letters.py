"""Cells as SymPy symbols."""

from __future__ import annotations

import numpy as np

from ..symbols import labels


def symbol_array(symbol: str, shape: tuple[int, ...], start: int = 1) -> np.ndarray:
    """An object array of SymPy symbols, named like the labels of its cells.

    >>> symbol_array("a", (1, 2))
    array([[a_11, a_12]], dtype=object)
    """
    import sympy  # not above: lessons import this name before their first picture

    cells = [sympy.Symbol(label) for label in labels(symbol, tuple(shape), start)]
    return np.array(cells, dtype=object).reshape(shape)
