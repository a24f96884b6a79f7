"""Convolution as in PyTorch, its two gradients, and its two unrollings into matrices.

Shapes, as everywhere below: a map is (N, C, H, W) with a batch, (C, H, W) without, or a plain
(H, W) together with a plain (kh, kw) kernel; results have the rank of what went in. A weight is
(O, C/groups, kh, kw). Sizes are in cells, as an int or a pair (rows, columns). Cells may be
numbers or SymPy expressions (object arrays). No argument is written to, and no result shares
memory with one.

With i j a place in the output and k l a place in the kernel, and one channel, all of this is

    forward            einsum("ijkl,kl->ij", windows(x), w)
    kernel gradient    einsum("ijkl,ij->kl", windows(x), g)
    input gradient     einsum("ij,kl->ijkl", g, w), added back onto the cells that windows(x) reads

and the functions below do exactly that, arranged as matrix products so that it is fast: one kernel
row at a time, since what a kernel row meets lies in long runs of memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .geometry import DoesNotFit, Geometry, transposed_size, whole_number
from .windows import as_maps, as_shape, crop, insert_zeros, pad, rot180, scatter, windows


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
    x, w, *b = _operands(input=input, weight=weight, bias=bias)
    groups = _check_groups(w.shape, groups)
    _check_channels(x.shape, w.shape, groups)
    geometry = Geometry.of(x.shape[-2:], w.shape[-2:], stride, padding, dilation)
    taps = _grouped(w, groups)
    rows = enumerate(_rows_meet(x, geometry, groups))
    shares = (_flat_row(taps[..., a, :]) @ seen for a, seen in rows)  # (N, G, O/G, oh ow)
    out = next(shares)
    for share in shares:
        out += share
    channels = _full(w.shape)[0]
    return _with_bias(_like(x, out, channels, geometry.output_size), channels, *b)


def conv2d_weight(
    input: Any,
    weight_size: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    """The gradient of a convolution to its weight, summed over the batch.

    input (N, C, H, W), grad_output (N, O, oh, ow) -> `weight_size` (O, C/groups, kh, kw); a plain
    (H, W) map goes with a `weight_size` (kh, kw). Each kernel cell gathers the product of what it
    met and the gradient of what that went to: dw[k, l] = sum over i, j of x[is + kd, js + ld]
    g[i, j]. That is a correlation of input and gradient with stride and dilation swapped.
    Raises `DoesNotFit` where shapes do not fit. Source: `torch.nn.grad.conv2d_weight`.

    >>> conv2d_weight(np.arange(9).reshape(3, 3), (2, 2), np.array([[1, 0], [0, 10]]))
    array([[40, 51],
           [73, 84]])
    """
    x, g = _operands(input=input, grad_output=grad_output)
    weight_size = as_shape(weight_size, "weight_size", ranks=(2, 4))
    groups = _check_groups(weight_size, groups)
    _check_channels(x.shape, weight_size, groups)
    geometry = Geometry.of(x.shape[-2:], weight_size[-2:], stride, padding, dilation)
    _check_gradient(g.shape, x.shape, weight_size, geometry)
    g = _columns(g, groups)
    out_channels, in_channels, kh, kw = _full(weight_size)
    grad = np.empty((out_channels, in_channels, kh, kw), g.dtype)
    for a, seen in enumerate(_rows_meet(x, geometry, groups)):
        shares = g @ seen.swapaxes(-1, -2)  # (N, G, O/G, C/G kw), a share for each image
        grad[:, :, a] = shares.sum(axis=0).reshape(out_channels, in_channels, kw)
    return grad.reshape(weight_size)


def conv2d_input(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    """The gradient of a convolution to its input, by scattering.

    weight (O, C/groups, kh, kw), grad_output (N, O, oh, ow) -> `input_size` (N, C, H, W), or
    without N, or plain (H, W) with a plain kernel. Every output cell hands its gradient, times the
    weights, back to the cells it read; cells that no window read get 0. No zero is inserted and
    multiplied, so infinite weights and gradients stay where they belong.
    Raises `DoesNotFit` where shapes do not fit. Source: `torch.nn.grad.conv2d_input`.

    >>> conv2d_input((3, 3), np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, 10]]))
    array([[ 1,  2,  0],
           [ 3, 14, 20],
           [ 0, 30, 40]])
    """
    w, g, input_size, geometry, groups = _backward_operands(
        input_size, weight, grad_output, stride, padding, dilation, groups
    )
    cells = _scattered(w, g, geometry.padded_size, stride, dilation, groups)
    return crop(cells, geometry.padding).reshape(input_size)


def conv2d_input_gather(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    """The gradient of a convolution to its input, by gathering: equal to `conv2d_input`.

    Every input cell collects from the outputs that read it. Seen from there the kernel is turned
    by 180 degrees, input and output channels change places inside each group, and the gradient is
    spread as in `spread_gradient`. The inserted zeros meet the weights, so an infinite weight
    gives nan here and not in `conv2d_input`.
    Shapes and errors as in `conv2d_input`. Source: Dumoulin and Visin, A guide to convolution
    arithmetic for deep learning (2016), chapter 4.

    >>> conv2d_input_gather((3, 3), np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, 10]]))
    array([[ 1,  2,  0],
           [ 3, 14, 20],
           [ 0, 30, 40]])
    """
    w, g, input_size, geometry, groups = _backward_operands(
        input_size, weight, grad_output, stride, padding, dilation, groups
    )
    spread = spread_gradient(
        g, geometry.input_size, geometry.kernel_size, stride, padding, dilation
    )
    turned = rot180(_grouped(w, groups)).swapaxes(1, 2)  # (G, C/G, O/G, kh, kw)
    turned = turned.reshape(-1, *turned.shape[2:])
    if w.ndim == 2:
        turned = turned[0, 0]
    return conv2d(spread, turned, dilation=dilation, groups=groups).reshape(input_size)


def spread_gradient(
    grad_output: Any,
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
) -> np.ndarray:
    """The output gradient as `conv2d_input_gather` correlates it: zeros inserted, then padded.

    grad_output (..., oh, ow) -> (..., H + d(kh-1), W + d(kw-1)): s-1 zeros between neighbours,
    then d(k-1)-p zeros before and d(k-1)-p+r after (a negative number crops); see `Axis`.
    `input_size` may be (H, W) or the input's whole shape.
    Raises `DoesNotFit` if grad_output has not the output size of this geometry.

    >>> spread_gradient([[1, 2]], (1, 4), (1, 2), stride=2)  # one zero inserted, one on each side
    array([[0, 1, 0, 2, 0]])
    """
    g = as_maps(grad_output, "grad_output")
    size = as_shape(input_size, "input_size")[-2:]
    geometry = Geometry.of(size, kernel_size, stride, padding, dilation)
    if g.shape[-2:] != geometry.output_size:
        raise DoesNotFit(
            f"The gradient has {_by(g.shape[-2:])} cells, but a kernel of "
            f"{_by(geometry.kernel_size)} makes {_by(geometry.output_size)} of {_by(size)}."
        )
    return pad(insert_zeros(g, geometry.stride), geometry.adjoint_padding)


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
    x, w, *b = _operands(input=input, weight=weight, bias=bias)
    groups = _check_groups(w.shape, groups)
    _check_plain(x.shape, w.shape)
    if _full(x.shape)[1] != _full(w.shape)[0]:
        raise DoesNotFit(
            f"The input of shape {x.shape} has {_full(x.shape)[1]} channels, but a transposed "
            f"convolution with the weight of shape {w.shape} reads {_full(w.shape)[0]}."
        )
    size = transposed_size(x.shape[-2:], w.shape[-2:], stride, padding, output_padding, dilation)
    # `output_padding` may go beyond the last window, so the padded size is not read off `Geometry`
    rows, columns = Geometry.of(1, 1, padding=padding).padding
    padded = (size[0] + sum(rows), size[1] + sum(columns))
    cells = crop(_scattered(w, x, padded, stride, dilation, groups), (rows, columns))
    channels = groups * _full(w.shape)[1]
    return _with_bias(_like(x, cells, channels, size), channels, *b)


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
            f"The {x.shape[-2]} rows of columns of shape {x.shape} are no multiple of the "
            f"{kernel[0] * kernel[1]} cells of a kernel of {_by(kernel)}."
        )
    if x.shape[-1] != out[0] * out[1]:
        raise DoesNotFit(
            f"Columns of shape {x.shape} hold {x.shape[-1]} windows, but a kernel of {_by(kernel)} "
            f"has {out[0] * out[1]} places in {_by(geometry.input_size)} cells."
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
    groups = _check_groups(w.shape, groups)
    inside = _full(w.shape)[1]
    leaves_channels_out = w.ndim == 4 and len(size) == 2
    full_size = (groups * inside, *size) if leaves_channels_out else size
    _check_channels(full_size, w.shape, groups)
    geometry = Geometry.of(size[-2:], w.shape[-2:], stride, padding, dilation)

    # Run `windows` over the cells' own numbers: it tells which column each kernel cell lands in.
    height, width = geometry.input_size
    numbers = pad(np.arange(height * width).reshape(height, width), geometry.padding, fill=-1)
    read = windows(numbers, geometry.kernel_size, geometry.stride, geometry.dilation)
    outputs = geometry.rows.out * geometry.columns.out
    read = read.reshape(outputs, -1)
    row, tap = np.nonzero(read >= 0)

    outside = _full(w.shape)[0] // groups
    taps = w.reshape(groups, outside, inside, -1)
    matrix = np.zeros((groups, outside, outputs, groups, inside, height * width), w.dtype)
    for group in range(groups):
        # a whole block of channels for each meeting of an output cell with an input cell
        block = np.moveaxis(taps[group][:, :, tap], -1, 0)
        matrix[group][:, row, group, :, read[row, tap]] = block
    return matrix.reshape(groups * outside * outputs, groups * inside * height * width)


# The loops over kernel rows, and the scatter, on which the functions above stand.


def _rows_meet(x: np.ndarray, geometry: Geometry, groups: int) -> Iterator[np.ndarray]:
    """For each kernel row in turn, what its cells meet: (N, G, C/G kw, oh ow).

    One copy, made along the columns, serves all kernel rows: each sees it shifted by some rows. For
    stride 1 that is a view, which makes this faster than copying all of im2col.
    """
    x = pad(_batch(x), geometry.padding)
    images, channels = x.shape[:2]
    (kh, kw), (oh, ow) = geometry.kernel_size, geometry.output_size
    rows, columns = geometry.axes
    along = windows(x, (1, kw), (1, columns.stride), (1, columns.dilation))[..., 0, :]
    strips = np.ascontiguousarray(along.transpose(0, 1, 4, 2, 3))  # (N, C, kw, H, ow)
    seen = windows(strips, (kh, 1), (rows.stride, 1), (rows.dilation, 1))
    for a in range(kh):
        yield seen[..., a, 0].reshape(images, groups, channels // groups * kw, oh * ow)


def _scattered(
    w: np.ndarray,
    g: np.ndarray,
    padded_size: tuple[int, int],
    stride: Any,
    dilation: Any,
    groups: int,
) -> np.ndarray:
    """Every gradient times the weights, added up where it came from: (N, G, C/G, *padded_size).

    In memory the images come last, so that the additions run through all images at once.
    """
    taps = _grouped(w, groups).transpose(0, 3, 2, 4, 1)
    _, kh, inside, kw, outside = taps.shape
    images, _, oh, ow = _full(g.shape)
    g = g.reshape(images, groups, outside, oh, ow).transpose(1, 3, 2, 4, 0)
    g = np.ascontiguousarray(g).reshape(groups, oh, outside, ow * images)
    patches = taps.reshape(groups, 1, kh * inside * kw, outside) @ g
    patches = patches.reshape(groups, oh, kh, inside, kw, ow, images)
    return scatter(patches.transpose(6, 0, 3, 1, 5, 2, 4), padded_size, stride, dilation)


# Ranks and groups.


def _full(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with four axes: ones stand for the missing batch and channels."""
    return (1,) * (4 - len(shape)) + tuple(shape)


def _batch(x: np.ndarray) -> np.ndarray:
    return x.reshape(_full(x.shape))


def _columns(g: np.ndarray, groups: int) -> np.ndarray:
    """(N, O, oh, ow) -> (N, G, O/G, oh ow)."""
    images, channels, height, width = _full(g.shape)
    return g.reshape(images, groups, channels // groups, height * width)


def _flat_row(row: np.ndarray) -> np.ndarray:
    """(G, O/G, C/G, kw) -> (G, O/G, C/G kw)."""
    return row.reshape(*row.shape[:2], row.shape[2] * row.shape[3])


def _grouped(w: np.ndarray, groups: int) -> np.ndarray:
    """(O, C/G, kh, kw) -> (G, O/G, C/G, kh, kw)."""
    out_channels, *rest = _full(w.shape)
    return w.reshape(groups, out_channels // groups, *rest)


def _like(x: np.ndarray, out: np.ndarray, channels: int, size: tuple[int, int]) -> np.ndarray:
    """`out` as (N, channels, *size), without the batch, or without both, as x is."""
    return out.reshape((_full(x.shape)[0], channels, *size)[4 - x.ndim :])


def _by(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))


# What must fit together, and the sentences if it does not.


def _operands(**arrays: Any) -> list[np.ndarray]:
    """The arguments as arrays of one common type; a bias of None is left out."""
    ranks = {"weight": (2, 4), "bias": (0, 1)}
    found = [
        as_maps(value, name, ranks.get(name, (2, 3, 4)))
        for name, value in arrays.items()
        if name != "bias" or value is not None
    ]
    dtype = np.result_type(*found)
    return [array.astype(dtype, copy=False) for array in found]


def _backward_operands(
    input_size: Any,
    weight: Any,
    grad_output: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> tuple[np.ndarray, np.ndarray, tuple[int, ...], Geometry, int]:
    """What both views of the input gradient start from, checked."""
    w, g = _operands(weight=weight, grad_output=grad_output)
    input_size = as_shape(input_size, "input_size")
    groups = _check_groups(w.shape, groups)
    _check_channels(input_size, w.shape, groups)
    geometry = Geometry.of(input_size[-2:], w.shape[-2:], stride, padding, dilation)
    _check_gradient(g.shape, input_size, w.shape, geometry)
    return w, g, input_size, geometry, groups


def _check_groups(weight_size: tuple[int, ...], groups: int) -> int:
    groups = whole_number(groups, "number of groups", at_least=1)
    if len(weight_size) == 2 and groups > 1:
        raise DoesNotFit(
            f"A plain kernel of shape {weight_size} has no channels for {groups} groups."
        )
    if _full(weight_size)[0] % groups:
        raise DoesNotFit(
            f"{groups} groups do not divide the {weight_size[0]} channels that the weight of shape "
            f"{weight_size} begins with."
        )
    return groups


def _check_plain(input_size: tuple[int, ...], weight_size: tuple[int, ...]) -> None:
    if (len(input_size) == 2) != (len(weight_size) == 2):
        raise DoesNotFit(
            "A plain (H, W) map goes with a plain (kh, kw) kernel, but the input has shape "
            f"{input_size} and the weight {weight_size}."
        )


def _check_channels(input_size: tuple[int, ...], weight_size: tuple[int, ...], groups: int) -> None:
    _check_plain(input_size, weight_size)
    channels, read = _full(input_size)[1], _full(weight_size)[1]
    if channels != read * groups:
        each = "" if groups == 1 else f" in each of {groups} groups"
        raise DoesNotFit(
            f"The input of shape {input_size} has {channels} channels, but the weight of shape "
            f"{weight_size} reads {read}{each}."
        )


def _check_gradient(
    shape: tuple[int, ...],
    input_size: tuple[int, ...],
    weight_size: tuple[int, ...],
    geometry: Geometry,
) -> None:
    made = (_full(input_size)[0], _full(weight_size)[0], *geometry.output_size)[
        4 - len(input_size) :
    ]
    if shape != made:
        raise DoesNotFit(
            f"grad_output has shape {shape}, but the convolution of an input {input_size} with a "
            f"weight {weight_size} makes {made}."
        )


def _with_bias(out: np.ndarray, channels: int, bias: np.ndarray | None = None) -> np.ndarray:
    """The output with one bias added to each of its channels, in place."""
    if bias is None:
        return out
    if bias.size != channels:
        raise DoesNotFit(
            f"A bias of shape {bias.shape} does not give {channels} channels one each."
        )
    out += bias.reshape(() if out.ndim == 2 else (-1, 1, 1))
    return out
