"""The displays of the note, as they are printed: what its sentences speak of."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..checks import part_of, spread_dots
from ..meaning import LEFT_OUT, Layer
from ..printed import Product, parse
from .layers import NOTE, VECTORS, input_column, transposed_matrix, upstream_column


@cache
def operands(display: str, layer: Layer = NOTE) -> tuple[np.ndarray, np.ndarray]:
    """The two maps of a display, at the left and at the right of its sign."""
    return part_of(display, 0, layer), part_of(display, 1, layer)


@cache
def shown(display: str, layer: Layer = NOTE) -> np.ndarray:
    """A display of one map or matrix."""
    return part_of(display, 0, layer)


def sign_of(display: str) -> str:
    """The sign that stands between two maps."""
    (product,) = parse(display).sides
    return product.sign if isinstance(product, Product) else ""


@cache
def product_of(matrix: str, vector: str, derived: str) -> np.ndarray:
    """A printed matrix times a printed vector, each with what belongs there in place of its dots.

    ``derived`` says what the matrix should be: "W" or its transpose, "Wᵀ".
    """
    whole = {
        "W": (NOTE.matrix, input_column(VECTORS)),
        "Wᵀ": (transposed_matrix(NOTE), upstream_column(VECTORS)),
    }
    w, v = whole[derived]
    return (_dots_filled(shown(matrix), w) @ _dots_filled(shown(vector, VECTORS), v)).ravel()


def _dots_filled(printed: np.ndarray, derived: np.ndarray) -> np.ndarray:
    spread = spread_dots(printed, derived.shape)
    dots = np.array([entry is LEFT_OUT for entry in spread.flat]).reshape(spread.shape)
    return np.where(dots, derived, spread)
