"""The transposed convolution as in PyTorch; shapes as in `convolution`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convolution_gradients import scattered
from .geometry import DoesNotFit, Geometry, transposed_size
from .operands import check_groups, check_plain, full_shape, operands, with_bias, with_rank_of
from .windows import crop


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> np.ndarray:
    """The transposed convolution: the input gradient of a convolution under another name.

    input (N, C, H, W), weight (C, O/groups, kh, kw), bias (O,) -> (N, O, oh, ow) with the size of
    `transposed_size`; other ranks as everywhere. The weight is that of the convolution from O to C
    channels whose backward pass this is. `output_padding` adds cells at the far end.
    Raises `DoesNotFit` where sizes, channels or groups do not fit.
    Source: `torch.nn.functional.conv_transpose2d`.

    >>> conv_transpose2d(np.array([[1, 0], [0, 10]]), np.array([[1, 2], [3, 4]]))
    array([[ 1,  2,  0],
           [ 3, 14, 20],
           [ 0, 30, 40]])
    """
    x, w, *b = operands(input=input, weight=weight, bias=bias)
    groups = check_groups(w.shape, groups)
    check_plain(x.shape, w.shape)
    if full_shape(x.shape)[1] != full_shape(w.shape)[0]:
        raise DoesNotFit(
            f"The input of shape {x.shape} has {full_shape(x.shape)[1]} channels, but a transposed "
            f"convolution with the weight of shape {w.shape} reads {full_shape(w.shape)[0]}."
        )
    size = transposed_size(x.shape[-2:], w.shape[-2:], stride, padding, output_padding, dilation)
    # `output_padding` may go beyond the last window, so the padded size is not read off `Geometry`
    rows, columns = Geometry.of(1, 1, padding=padding).padding
    padded = (size[0] + sum(rows), size[1] + sum(columns))
    cells = crop(scattered(w, x, padded, stride, dilation, groups), (rows, columns))
    channels = groups * full_shape(w.shape)[1]
    return with_bias(with_rank_of(x, cells, channels, size), channels, *b)
