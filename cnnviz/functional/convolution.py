"""Convolution as in PyTorch.

Shapes, as everywhere in `convolution_gradients`, `transposed_convolution` and `unrolled`: a map is
(N, C, H, W) with a batch, (C, H, W) without, or a plain (H, W) together with a plain (kh, kw) kernel;
results have the rank of what went in. A weight is (O, C/groups, kh, kw). Sizes are in cells, as an
int or a pair (rows, columns). Cells may be numbers or SymPy expressions (object arrays). No argument
is written to, and no result shares memory with one.

With i j a place in the output and k l a place in the kernel, and one channel, all of this is

    forward            einsum("ijkl,kl->ij", windows(x), w)
    kernel gradient    einsum("ijkl,ij->kl", windows(x), g)
    input gradient     einsum("ij,kl->ijkl", g, w), added back onto the cells that windows(x) reads

and the functions do exactly that, arranged as matrix products so that it is fast: one kernel row at a
time, since what a kernel row meets lies in long runs of memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .geometry import Geometry
from .operands import (
    as_batch,
    check_channels,
    check_groups,
    full_shape,
    grouped,
    operands,
    with_bias,
    with_rank_of,
)
from .windows import pad, windows


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    """The convolution of deep learning (a cross-correlation: the kernel is not flipped).

    input (N, C, H, W), weight (O, C/groups, kh, kw), bias (O,) -> (N, O, oh, ow); see the module
    for other ranks and `Geometry` for oh, ow. `padding` may be "same" or "valid". The result has
    NumPy's common type of the arguments. A nan spreads only to the outputs that read it; the zeros
    of the padding take part, so an infinite weight on padding gives nan, as in PyTorch.
    Raises `DoesNotFit` where sizes, channels or groups do not fit.
    Source: `torch.nn.functional.conv2d`.

    >>> conv2d(np.arange(9).reshape(3, 3), np.array([[1, 0], [0, 10]]))
    array([[40, 51],
           [73, 84]])
    """
    x, w, *b = operands(input=input, weight=weight, bias=bias)
    groups = check_groups(w.shape, groups)
    check_channels(x.shape, w.shape, groups)
    geometry = Geometry.of(x.shape[-2:], w.shape[-2:], stride, padding, dilation)
    taps = grouped(w, groups)
    rows = enumerate(rows_meet(x, geometry, groups))
    shares = (flat_row(taps[..., a, :]) @ seen for a, seen in rows)  # (N, G, O/G, oh ow)
    out = next(shares)
    for share in shares:
        out += share
    channels = full_shape(w.shape)[0]
    return with_bias(with_rank_of(x, out, channels, geometry.output_size), channels, *b)


def rows_meet(x: np.ndarray, geometry: Geometry, groups: int) -> Iterator[np.ndarray]:
    """For each kernel row in turn, what its cells meet: (N, G, C/G kw, oh ow).

    One copy, made along the columns, serves all kernel rows: each sees it shifted by some rows. For
    stride 1 that is a view, which makes this faster than copying all of im2col.
    """
    x = pad(as_batch(x), geometry.padding)
    images, channels = x.shape[:2]
    (kh, kw), (oh, ow) = geometry.kernel_size, geometry.output_size
    rows, columns = geometry.axes
    along = windows(x, (1, kw), (1, columns.stride), (1, columns.dilation))[..., 0, :]
    strips = np.ascontiguousarray(along.transpose(0, 1, 4, 2, 3))  # (N, C, kw, H, ow)
    seen = windows(strips, (kh, 1), (rows.stride, 1), (rows.dilation, 1))
    for a in range(kh):
        yield seen[..., a, 0].reshape(images, groups, channels // groups * kw, oh * ow)


def flat_row(row: np.ndarray) -> np.ndarray:
    """(G, O/G, C/G, kw) -> (G, O/G, C/G kw)."""
    return row.reshape(*row.shape[:2], row.shape[2] * row.shape[3])
