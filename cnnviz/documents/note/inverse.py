"""What the note says of the transpose and the inverse of a convolution, computed."""

from __future__ import annotations

import re
from functools import cache, partial

import numpy as np

from ...functional import conv2d, conv_matrix, conv_transpose2d
from ..claims.maps import inverse, matrix_of
from ..meaning import equal
from .layers import NOTE


def does_to(how: str, verb: str, used: str, unused: str) -> bool:
    """What the matrix of the transposed convolution is to the matrix W of the convolution."""
    everything = _is_of_w({"invert": "{-1}", "transpose": "T"}[verb])
    return everything == (how == "everything") and _is_of_w(used) and not _is_of_w(unused)


@cache
def _is_of_w(above: str) -> bool:
    """Whether that matrix is W with this superscript: for numbers with a W that has an inverse, and
    for the layer of the note, whose W has none."""
    numbers = np.array([[1, 2, 0], [-1, 3, 1], [2, 0, 1]])
    for kernel, input_size, output_size, padding in (
        (numbers, (3, 3), (3, 3), 1),
        (NOTE.kernel, (4, 4), (2, 2), 0),
    ):
        w = conv_matrix(kernel, input_size, padding=padding)
        wanted = w.T if above == "T" else inverse(w)
        transposed = partial(conv_transpose2d, weight=kernel, padding=padding)
        if wanted is None or not equal(matrix_of(transposed, output_size), wanted):
            return False
    return True


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
