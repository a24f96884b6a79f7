"""A convolution unrolled into a matrix: its windows, or its weight; shapes as in `convolution`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .geometry import DoesNotFit, Geometry, count
from .operands import check_channels, check_groups, full_shape, size_text
from .table import convolution_table, unpadded_cells
from .windows import as_maps, as_shape, crop, pad, scatter, windows


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> np.ndarray:
    """im2col: every window as a column, so that a convolution is one matrix product.

    input (N, C, H, W) -> (N, C kh kw, L) and (C, H, W) or (H, W) -> (C kh kw, L), with one of the
    L = oh ow columns for each output cell, in row-major order.
    Raises `DoesNotFit` where the kernel does not fit. Source: `torch.nn.functional.unfold`.

    >>> unfold(np.arange(9).reshape(3, 3), 2)
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    x = as_maps(input, "input")
    geometry = Geometry.of(x.shape[-2:], kernel_size, stride, padding, dilation)
    seen = windows(
        pad(x, geometry.padding), geometry.kernel_size, geometry.stride, geometry.dilation
    )
    columns = np.moveaxis(seen, (-2, -1), (-4, -3)).copy()  # (..., kh, kw, oh, ow)
    channels = x.shape[-3] if x.ndim > 2 else 1
    rows = channels * geometry.rows.kernel * geometry.columns.kernel
    return columns.reshape(*x.shape[:-3], rows, geometry.rows.out * geometry.columns.out)


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> np.ndarray:
    """col2im: columns added back onto the cells they were taken from, the adjoint of `unfold`.

    input (N, C kh kw, L) -> (N, C, H, W) and (C kh kw, L) -> (C, H, W), with `output_size` (H, W).
    It does not undo `unfold`: a cell read by several windows comes back as often.
    Raises `DoesNotFit` where rows or columns do not belong to these sizes.
    Source: `torch.nn.functional.fold`.

    >>> fold(unfold(np.ones((1, 3, 3), dtype=int), 2), (3, 3), 2)
    array([[[1, 2, 1],
            [2, 4, 2],
            [1, 2, 1]]])
    """
    x = as_maps(input, "input", ranks=(2, 3))
    geometry = Geometry.of(output_size, kernel_size, stride, padding, dilation)
    kernel, out = geometry.kernel_size, geometry.output_size
    channels, beyond = divmod(x.shape[-2], kernel[0] * kernel[1])
    if beyond:
        raise DoesNotFit(
            f"Columns of shape {x.shape} have {count(x.shape[-2], 'row')}, which is no multiple of "
            f"the {count(kernel[0] * kernel[1], 'cell')} of a kernel of {size_text(kernel)}."
        )
    if x.shape[-1] != out[0] * out[1]:
        raise DoesNotFit(
            f"Columns of shape {x.shape} hold {count(x.shape[-1], 'window')}, but a kernel of "
            f"{size_text(kernel)} has {count(out[0] * out[1], 'place')} in {size_text(geometry.input_size)} cells."
        )
    patches = np.moveaxis(x.reshape(*x.shape[:-2], channels, *kernel, *out), (-4, -3), (-2, -1))
    cells = scatter(patches, geometry.padded_size, geometry.stride, geometry.dilation)
    return crop(cells, geometry.padding)


def conv_matrix(
    weight: Any,
    input_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    groups: int = 1,
) -> np.ndarray:
    """The unrolled weight W, a matrix with `W @ x.ravel() == conv2d(x, weight).ravel()`.

    weight (O, C/groups, kh, kw) and `input_size` (C, H, W) or (H, W), or a plain (kh, kw) kernel
    and (H, W) -> (O oh ow, C H W). Where an output does not read an input there is 0, in object
    arrays Python's 0. A kernel cell that meets padding stands nowhere. Channels form blocks;
    groups leave the blocks off the diagonal empty.
    Raises `DoesNotFit` where sizes, channels or groups do not fit.

    >>> conv_matrix(np.array([[1, 2]]), (2, 3))
    array([[1, 2, 0, 0, 0, 0],
           [0, 1, 2, 0, 0, 0],
           [0, 0, 0, 1, 2, 0],
           [0, 0, 0, 0, 1, 2]])
    """
    w = as_maps(weight, "weight", ranks=(2, 4))
    size = as_shape(input_size, "input_size", ranks=(2, 3))
    groups = check_groups(w.shape, groups)
    out_channels, inside = full_shape(w.shape)[:2]
    in_channels = groups * inside
    leaves_channels_out = w.ndim == 4 and len(size) == 2
    check_channels((in_channels, *size) if leaves_channels_out else size, w.shape, groups)
    geometry = Geometry.of(size[-2:], w.shape[-2:], stride, padding, dilation)

    table = convolution_table(geometry, in_channels, out_channels, groups)
    column = unpadded_cells(geometry, in_channels)[table["input"]]
    real = column >= 0  # not in the padding
    matrix = np.zeros(
        (out_channels * math.prod(geometry.output_size), in_channels * math.prod(size[-2:])),
        w.dtype,
    )
    matrix[table["output"][real], column[real]] = w.ravel()[table["kernel"][real]]
    return matrix
