"""What the note says of the transpose and the inverse of a convolution, computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import numpy as np

from ..functional import conv2d, conv_matrix, conv_transpose2d
from .note_parts import NOTE, equal, inverse


def does_to(how: str, verb: str, used: str, unused: str) -> bool:
    """What the matrix of the transposed convolution is to the matrix W of the convolution."""
    everything = _is_of_w({"invert": "{-1}", "transpose": "T"}[verb])
    return everything == (how == "everything") and _is_of_w(used) and not _is_of_w(unused)


@cache
def _is_of_w(above: str) -> bool:
    """Whether that matrix is W with this superscript: for numbers with a W that has an inverse, and
    for the layer of the note, whose W has none."""
    numbers = np.array([[1, 2, 0], [-1, 3, 1], [2, 0, 1]])
    layers = ((numbers, (3, 3), (3, 3), 1), (NOTE.kernel, (4, 4), (2, 2), 0))
    for kernel, input_size, output_size, padding in layers:
        w = conv_matrix(kernel, input_size, padding=padding)
        wanted = w.T if above == "T" else inverse(w)
        made = _matrix_of(
            lambda g, k=kernel, p=padding: conv_transpose2d(g, k, padding=p), output_size
        )
        if wanted is None or not equal(made, wanted):
            return False
    return True


def _matrix_of(operation: Callable[[np.ndarray], np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """The matrix of a linear operation: a column for each unit map."""
    units = np.eye(size[0] * size[1], dtype=int).reshape(-1, *size)
    return np.stack([operation(unit).ravel() for unit in units], axis=1)


def inverts_only(what: str, made: str, given: str, back: str, start: str) -> bool:
    """The sizes of a convolution and of the transposed convolution with the same kernel, and
    whether the values come back, too."""
    (r, c), wide, arrives = map(_size, (made, given, start))
    kernel_size = wide[0] - r + 1, wide[1] - c + 1
    if min(kernel_size) < 1:
        return False  # a convolution makes no larger map
    map_, kernel = np.arange(1, 1 + wide[0] * wide[1]).reshape(wide), np.full(kernel_size, 2)
    there_and_back = conv_transpose2d(conv2d(map_, kernel), kernel)
    values = equal(there_and_back, map_)
    shape = there_and_back.shape == wide and not values
    transposed = conv_transpose2d(np.ones(arrives), kernel).shape
    return {"shape": shape, "values": values}[what] and transposed == _size(back)


def _size(text: str) -> tuple[int, int]:
    r"""2 \times 2 as two numbers."""
    rows, columns = map(int, re.findall(r"\d+", text))
    return rows, columns
