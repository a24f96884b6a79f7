"""The numbers a lesson starts with: small, whole, asymmetric and always the same.

A symmetric kernel hides a missing rotation and a zero weight looks like a structural zero of W, so
the sample kernels have neither.
"""

from __future__ import annotations

import numpy as np

# A map in which the same cells win 2×2 max pooling as in the note: a_21, a_14, a_31 and a_43.
ORDER_OF_THE_NOTE = ((3, 1, 4, 14), (13, 2, 5, 6), (12, 7, 8, 0), (9, 10, 15, 11))

_KERNEL = np.array(
    [[1, 2, -1, 3, -2], [3, -2, 1, -1, 2], [-1, 4, -3, 2, 1], [2, -1, 3, -4, 1], [-3, 1, 2, -1, 5]],
    dtype=float,
)


def sample_input(*shape: int) -> np.ndarray:
    """Whole numbers 0 to 9, (H, W) or (C, H, W). A smaller map is the corner of a larger one.

    >>> sample_input(2, 3)
    array([[1., 4., 7.],
           [3., 7., 1.]])
    """
    *channels, height, width = shape
    i, j = np.ogrid[:height, :width]
    c = np.arange(int(np.prod(channels))).reshape((*channels, 1, 1))
    return ((1 + 2 * i + 3 * j + i * j + 5 * c) % 10).astype(float)


def sample_picture(height: int = 28, width: int = 28) -> np.ndarray:
    """A bright ring on a dark ground, (height, width), whole numbers 0 to 9: something with edges.

    >>> sample_picture()[14, :6]
    array([0., 1., 3., 7., 9., 7.])
    """
    i, j = np.ogrid[:height, :width]
    distance = np.hypot((i - 13.5) * 1.1, j - 13.5)
    return np.round(9 * np.exp(-(((distance - 9.5) / 2) ** 2)))


def sample_kernel(*shape: int) -> np.ndarray:
    """Weights without a zero and without symmetry, (kH, kW) or (O, C, kH, kW), sides up to 5.

    >>> sample_kernel(2, 2)
    array([[ 1.,  2.],
           [ 3., -2.]])
    """
    *channels, height, width = shape
    planes = [np.roll(_KERNEL, n, axis=1)[:height, :width] for n in range(int(np.prod(channels)))]
    return np.stack(planes).reshape(shape)


_GRADIENT = np.array([1, -2, 3, 4, -1, 2, -3, 5, -4], dtype=float)


def sample_gradient(*shape: int) -> np.ndarray:
    """An upstream gradient without a zero and without symmetry, (H, W) or (C, H, W), −4 to 5.

    A smaller one is the corner of a larger one.

    >>> sample_gradient(2, 3)
    array([[ 1., -2.,  3.],
           [ 4., -1., -3.]])
    """
    *channels, height, width = shape
    i, j = np.ogrid[:height, :width]
    c = np.arange(int(np.prod(channels))).reshape((*channels, 1, 1))
    return _GRADIENT[(3 * i + j + 2 * c + i * j * j // 3) % len(_GRADIENT)]


def one_hot(shape: tuple[int, ...], cell: int) -> np.ndarray:
    """All 0 but for a single 1: a probe that shows where one number goes. ``cell`` is row-major and
    starts again from the first cell where it passes the last.

    >>> one_hot((2, 2), 1)
    array([[0., 1.],
           [0., 0.]])
    """
    probe = np.zeros(int(np.prod(shape)))
    probe[cell % probe.size] = 1
    return probe.reshape(shape)
