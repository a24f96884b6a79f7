"""The gradients of a convolution to its weight and to its input; shapes as in `convolution`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .convolution import conv2d, rows_meet
from .geometry import DoesNotFit, Geometry
from .operands import (
    check_channels,
    check_gradient,
    check_groups,
    full_shape,
    grouped,
    operands,
    size_text,
)
from .windows import as_maps, as_shape, crop, insert_zeros, pad, rot180, scatter


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
    x, g = operands(input=input, grad_output=grad_output)
    weight_size = as_shape(weight_size, "weight_size", ranks=(2, 4))
    groups = check_groups(weight_size, groups)
    check_channels(x.shape, weight_size, groups)
    geometry = Geometry.of(x.shape[-2:], weight_size[-2:], stride, padding, dilation)
    check_gradient(g.shape, x.shape, weight_size, geometry)
    g = _columns(g, groups)
    out_channels, in_channels, kh, kw = full_shape(weight_size)
    grad = np.empty((out_channels, in_channels, kh, kw), g.dtype)
    for a, seen in enumerate(rows_meet(x, geometry, groups)):
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
    cells = scattered(w, g, geometry.padded_size, stride, dilation, groups)
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
    turned = rot180(grouped(w, groups)).swapaxes(1, 2)  # (G, C/G, O/G, kh, kw)
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
            f"The gradient has {size_text(g.shape[-2:])} cells, but a kernel of "
            f"{size_text(geometry.kernel_size)} makes {size_text(geometry.output_size)} of {size_text(size)}."
        )
    return pad(insert_zeros(g, geometry.stride), geometry.adjoint_padding)


def scattered(
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
    taps = grouped(w, groups).transpose(0, 3, 2, 4, 1)
    _, kh, inside, kw, outside = taps.shape
    images, _, oh, ow = full_shape(g.shape)
    g = g.reshape(images, groups, outside, oh, ow).transpose(1, 3, 2, 4, 0)
    g = np.ascontiguousarray(g).reshape(groups, oh, outside, ow * images)
    patches = taps.reshape(groups, 1, kh * inside * kw, outside) @ g
    patches = patches.reshape(groups, oh, kh, inside, kw, ow, images)
    return scatter(patches.transpose(6, 0, 3, 1, 5, 2, 4), padded_size, stride, dilation)


def _columns(g: np.ndarray, groups: int) -> np.ndarray:
    """(N, O, oh, ow) -> (N, G, O/G, oh ow)."""
    images, channels, height, width = full_shape(g.shape)
    return g.reshape(images, groups, channels // groups, height * width)


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
    w, g = operands(weight=weight, grad_output=grad_output)
    input_size = as_shape(input_size, "input_size")
    groups = check_groups(w.shape, groups)
    check_channels(input_size, w.shape, groups)
    geometry = Geometry.of(input_size[-2:], w.shape[-2:], stride, padding, dilation)
    check_gradient(g.shape, input_size, w.shape, geometry)
    return w, g, input_size, geometry, groups
