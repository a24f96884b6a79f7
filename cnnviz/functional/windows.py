"""The windows of a map: the only place that knows where stride and dilation lead.

Output cell (i, j) and kernel cell (a, b) meet input cell (i s + a d, j s + b d). `windows` reads
along this rule and `scatter` adds back along it; everything else in the package is built on these
two. They move cells about and never look into them, so the cells may be numbers, symbols, or the
cells' own numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .geometry import DoesNotFit, Geometry, pair, whole_number


def as_maps(value: Any, name: str, ranks: tuple[int, ...] = (2, 3, 4)) -> np.ndarray:
    """`value` as an array of numbers or symbols that has one of the `ranks`.

    Truth values become 0 and 1. Raises `DoesNotFit` for another number of axes, TypeError for text
    and the like.

    >>> as_maps([[1, 2, 3]], "input").shape
    (1, 3)
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biufcO":
        raise TypeError(f"The {name} must hold numbers or symbols, not {array.dtype}.")
    check_rank(array.shape, name, ranks)
    return array.astype(int) if array.dtype.kind == "b" else array


def as_shape(value: Any, name: str, ranks: tuple[int, ...] = (2, 3, 4)) -> tuple[int, ...]:
    """`value` as the shape of an array with one of the `ranks`; the last two axes are not empty.

    Raises `DoesNotFit` or TypeError with a sentence about `name`.

    >>> as_shape([3, 5, 5], "input_size")
    (3, 5, 5)
    """
    try:
        sizes = tuple(value)
    except TypeError:
        raise TypeError(f"{name} must be a shape such as (5, 5), not {value!r}.") from None
    check_rank(sizes, name, ranks)
    planes = (whole_number(cells, name, at_least=0) for cells in sizes[:-2])
    return (*planes, *(whole_number(cells, name, at_least=1) for cells in sizes[-2:]))


def check_rank(shape: tuple[int, ...], name: str, ranks: tuple[int, ...]) -> None:
    """Raises `DoesNotFit` unless the shape has one of the numbers of axes in `ranks`."""
    if len(shape) not in ranks:
        *others, last = map(str, ranks)
        counts = f"{', '.join(others)} or {last}" if others else last
        raise DoesNotFit(
            f"The {name} must have {counts} axes, and the shape {shape} has {len(shape)}."
        )


def windows(
    x: np.ndarray, kernel_size: Any, stride: Any = 1, dilation: Any = 1, *, writeable: bool = False
) -> np.ndarray:
    """What each output cell sees: a view (..., oh, ow, kh, kw) of the map x (..., H, W).

    Nothing is copied: many places of the view are the same cell of x. With `writeable`, writing to
    the view writes to x; do so only one tap [..., a, b] at a time, as `scatter` does.
    Raises `DoesNotFit` if the kernel is larger than the map.

    >>> windows(np.arange(9).reshape(3, 3), 2)[0, 1]  # the cells that output cell (0, 1) reads
    array([[1, 2],
           [4, 5]])
    """
    kh, kw = pair(kernel_size, "kernel size", at_least=1)
    sh, sw = pair(stride, "stride", at_least=1)
    dh, dw = pair(dilation, "dilation", at_least=1)
    *planes, height, width = x.shape
    beyond = height - dh * (kh - 1) - 1, width - dw * (kw - 1) - 1
    if min(beyond) < 0:
        Geometry.of((height, width), kernel_size, stride, 0, dilation)  # knows the sentence
    # The rule above in bytes. NumPy's `sliding_window_view` and four slices give the same view,
    # but take three times as long to say so, which small maps would feel.
    *steps, down, right = x.strides
    return as_strided(
        x,
        (*planes, beyond[0] // sh + 1, beyond[1] // sw + 1, kh, kw),
        (*steps, sh * down, sw * right, dh * down, dw * right),
        writeable=writeable,
    )


def scatter(patches: np.ndarray, size: Any, stride: Any = 1, dilation: Any = 1) -> np.ndarray:
    """Add patches (..., oh, ow, kh, kw) onto the cells `windows` reads: the adjoint of `windows`.

    Returns a new map (..., H, W), with `size` (H, W). Cells that no window reads are 0, in object
    arrays Python's 0. There may be fewer patches than windows; the last windows then add nothing.
    Raises `DoesNotFit` if the kernel is larger than the map.

    >>> scatter(np.ones((2, 2, 2, 2), dtype=int), 3)  # how many windows read each cell
    array([[1, 2, 1],
           [2, 4, 2],
           [1, 2, 1]])
    """
    *planes, oh, ow, kh, kw = patches.shape
    height, width = pair(size, "size", at_least=1)
    row_stride, column_stride = pair(stride, "stride", at_least=1)
    row_dilation, column_dilation = pair(dilation, "dilation", at_least=1)

    # `view[everything] += patches` would drop cells, because the windows overlap and `+=` writes a
    # repeated cell only once. One kernel cell at a time is safe: no two windows meet the same cell
    # of x with the same kernel cell. Rows first, then columns, needs kh + kw additions, not kh kw;
    # and `zeros_like` lays the sums out in memory as the patches are, so that they run in step.
    a_row = np.moveaxis(patches, -1, 0)  # (kw, ..., oh, ow, kh)
    strips = np.zeros_like(a_row[..., 0], shape=(kw, *planes, height, ow))
    seen = windows(strips, (kh, 1), (row_stride, 1), (row_dilation, 1), writeable=True)
    for a in range(kh):
        seen[..., :oh, :, a, 0] += a_row[..., a]

    cells = np.zeros_like(strips[0], shape=(*planes, height, width))
    seen = windows(cells, (1, kw), (1, column_stride), (1, column_dilation), writeable=True)
    for b in range(kw):
        seen[..., :ow, 0, b] += strips[b]
    return cells


def pad(x: np.ndarray, padding: Any, fill: Any = 0) -> np.ndarray:
    """The map x (..., H, W) with ((above, below), (left, right)) cells of `fill` around it.

    A negative number crops that many cells. With nothing to do, x itself comes back; otherwise a
    new array. Unlike `np.pad` it puts Python's own 0 into object arrays, which SymPy needs, and not
    NumPy's.

    >>> pad(np.array([[1, 2, 3]]), ((0, 0), (1, -1)))
    array([[0, 1, 2]])
    """
    (above, below), (left, right) = padding
    if not (above or below or left or right):
        return x
    *planes, height, width = x.shape
    padded = np.full((*planes, height + above + below, width + left + right), fill, x.dtype)
    from_rows, to_rows = _placed(height, above, below)
    from_columns, to_columns = _placed(width, left, right)
    padded[..., to_rows, to_columns] = x[..., from_rows, from_columns]
    return padded


def crop(x: np.ndarray, padding: Any) -> np.ndarray:
    """The map without its padding ((above, below), (left, right)): a view of x.

    >>> crop(np.arange(4).reshape(1, 4), ((0, 0), (1, 2)))
    array([[1]])
    """
    # `x[pad:-pad]` would be empty for a padding of 0, so count from the near side
    *_, height, width = x.shape
    (above, below), (left, right) = padding
    return x[..., above : height - below, left : width - right]


def insert_zeros(x: np.ndarray, stride: Any, fill: Any = 0) -> np.ndarray:
    """The map (..., oh, ow) with s-1 zeros between neighbours: new, (..., s(oh-1)+1, s(ow-1)+1).

    `fill` is what stands for such a zero.

    >>> insert_zeros(np.array([[1, 2, 3]]), 2)
    array([[1, 0, 2, 0, 3]])
    """
    rows, columns = pair(stride, "stride", at_least=1)
    *planes, height, width = x.shape
    shape = (*planes, rows * (height - 1) + 1, columns * (width - 1) + 1)
    spread = np.full(shape, fill, x.dtype)
    spread[..., ::rows, ::columns] = x
    return spread


def rot180(kernel: np.ndarray) -> np.ndarray:
    """The kernel (..., kh, kw) turned by 180 degrees: both axes flipped, a new array.

    >>> rot180(np.array([[1, 2], [3, 4]]))
    array([[4, 3],
           [2, 1]])
    """
    return kernel[..., ::-1, ::-1].copy()


def _placed(size: int, before: int, after: int) -> tuple[slice, slice]:
    """Which cells of an axis stay when it is padded or cropped, and where they then stand."""
    first = max(0, -before)
    last = max(first, min(size, size + after))
    return slice(first, last), slice(first + before, last + before)
