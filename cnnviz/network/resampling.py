"""Images in another size: each new cell is a weighted mean of the old cells around its place.

The weights along one axis are a small matrix, so an image is resized by one product for each axis.
Made larger, a filter reaches as far as its width says in old cells; made smaller, in new ones, so
that every old cell is counted. Pillow, OpenCV's "area" and PyTorch's `interpolate(antialias=True)`
do the same; beyond the edge there is nothing, and the weights of what is left are shared out anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Filter(NamedTuple):
    """What a cell weighs by its distance, and beyond which distance it weighs nothing."""

    weight: Callable[[np.ndarray], np.ndarray]
    reach: float


BOX = Filter(lambda x: ((x > -0.5) & (x <= 0.5)).astype(float), 0.5)  # the mean of what lies below
BILINEAR = Filter(lambda x: np.maximum(1 - abs(x), 0), 1)
LANCZOS = Filter(lambda x: np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0), 3)


def weights(old: int, new: int, filter: Filter = BILINEAR) -> np.ndarray:
    """The matrix (new, old) that takes the `old` cells of a line to `new` ones; each row sums to 1.

    >>> weights(2, 4)
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])
    >>> weights(4, 2, BOX)
    array([[0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0.5, 0.5]])
    """
    step = old / new  # from one new cell to the next, in old cells
    width = max(step, 1)
    middles = (np.arange(new) + 0.5) * step
    first, stop = (
        np.clip(np.floor(middles + side * filter.reach * width + 0.5), 0, old) for side in (-1, 1)
    )
    cells = np.arange(old)
    met = (first[:, np.newaxis] <= cells) & (cells < stop[:, np.newaxis])
    matrix = np.where(met, filter.weight((cells - middles[:, np.newaxis] + 0.5) / width), 0)
    return matrix / matrix.sum(axis=1, keepdims=True)


def resize(images: np.ndarray, size: int, filter: Filter = BILINEAR) -> np.ndarray:
    """Images (…, H, W) with size x size cells: (…, size, size), float32.

    `LANCZOS` overshoots beside a sharp edge; no cell leaves the range that the images had.

    >>> resize(np.array([[0, 0, 4, 4], [8, 8, 0, 0]]), 2, BOX)
    array([[0., 4.],
           [8., 0.]], dtype=float32)
    """
    rows, columns = (weights(old, size, filter) for old in np.shape(images)[-2:])
    least, most = np.min(images), np.max(images)

    # Not `@`: in which order that adds, and so the last bit, depends on the BLAS of the machine.
    wide = np.einsum("...hw,vw->...hv", images, columns).clip(least, most).astype(np.float32)
    return np.einsum("uh,...hv->...uv", rows, wide).clip(least, most).astype(np.float32)
