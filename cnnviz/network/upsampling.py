"""Enlarging a map with a transposed convolution: its geometry, kernels to start with, and learning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..functional import avg_pool2d, conv_transpose2d
from ..functional.geometry import whole_number
from . import ConvTranspose2d
from .optimisers import Adam

KERNELS = ("bilinear", "ones", "random")


def shrink(image: np.ndarray, stride: int) -> np.ndarray:
    """A map (H, W) with each block of stride x stride cells replaced by its mean.

    It is a convolution with that stride and equal weights. Cells that fill no block are left out.

    >>> shrink(np.array([[1.0, 3.0], [5.0, 7.0]]), 2)
    array([[4.]])
    """
    return avg_pool2d(image, stride)


def enlarging(kernel_size: int, stride: int) -> dict[str, int]:
    """The arguments of `conv_transpose2d` that make a map exactly `stride` times as large.

    A kernel of k at stride s writes s(o-1) + k cells; padding crops what is too much, and output
    padding adds what is missing. Raises `DoesNotFit` for sizes below 1. With stride 1 only odd
    kernels do, and `conv_transpose2d` says so.

    >>> enlarging(4, 2), enlarging(3, 2)
    ({'stride': 2, 'padding': 1, 'output_padding': 0}, {'stride': 2, 'padding': 1, 'output_padding': 1})
    """
    k = whole_number(kernel_size, "kernel size", at_least=1)
    s = whole_number(stride, "stride", at_least=1)
    extra = (k - s) % 2 if k >= s else s - k
    return {"stride": s, "padding": (k - s + extra) // 2, "output_padding": extra}


def bilinear_kernel(kernel_size: int) -> np.ndarray:
    """The kernel (k, k) that fills in between cells on straight lines.

    It belongs to the stride f = floor((k + 1) / 2); with that stride the weights that meet one cell
    add up to 1. Raises `DoesNotFit` for sizes below 1. Source: the starting value of the up-sampling
    layers in Long, Shelhamer and Darrell (2015), section 3.3.

    >>> bilinear_kernel(3)
    array([[0.25, 0.5 , 0.25],
           [0.5 , 1.  , 0.5 ],
           [0.25, 0.5 , 0.25]])
    """
    k = whole_number(kernel_size, "kernel size", at_least=1)
    half = (k + 1) // 2
    line = 1 - np.abs(np.arange(k) - (k - 1) / 2) / half
    return np.outer(line, line)


def first_kernel(kind: str, kernel_size: int, stride: int, seed: int = 0) -> np.ndarray:
    """A kernel (k, k) to start with: "bilinear", "ones" (equal weights) or "random".

    The first two are scaled so that a map keeps its mean, away from the edges. Raises ValueError
    for another kind.

    >>> first_kernel("ones", 2, 2)
    array([[1., 1.],
           [1., 1.]])
    """
    if kind not in KERNELS:
        raise ValueError(f"The kernels are {', '.join(KERNELS)}, not {kind!r}.")
    if kind == "random":
        return np.random.default_rng(seed).normal(0, stride / kernel_size, (kernel_size,) * 2)
    kernel = bilinear_kernel(kernel_size) if kind == "bilinear" else np.ones((kernel_size,) * 2)
    return kernel * (stride**2 / kernel.sum())


def enlarge_map(small: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """A map (h, w) made `stride` times as large by a transposed convolution: (s h, s w).

    >>> enlarge_map(np.array([[1.0, 2.0]]), np.ones((2, 2)), 2)
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    return conv_transpose2d(small, kernel, **enlarging(len(kernel), stride))


class Learning(NamedTuple):
    """Kernels (steps + 1, k, k) from the first to the last, and their mean squared errors."""

    kernels: np.ndarray
    errors: np.ndarray


def learn_kernel(
    image: np.ndarray, stride: int, first: np.ndarray, steps: int, lr: float = 0.03
) -> Learning:
    """Learns the kernel that enlarges a shrunken map (H, W) back, by least squares.

    The layer is `ConvTranspose2d` without a bias and the optimiser is Adam; sides of the map must be
    divisible by the stride. It learns from this one map only.
    """
    small = shrink(image, stride)[np.newaxis, np.newaxis]
    how = enlarging(len(first), stride)
    layer = ConvTranspose2d(1, 1, len(first), **how, bias=False, dtype=float)
    layer.parameters["weight"][0, 0] = first
    optimiser: Any = Adam(layer, lr=lr)
    kernels, errors = [], []
    for step in range(steps + 1):
        difference = layer(small) - image
        kernels.append(layer.parameters["weight"][0, 0].copy())
        errors.append(float(np.mean(difference**2)))
        if step < steps:
            layer.backward(2 * difference / image.size, input_gradient=False)
            optimiser.step()
    return Learning(np.array(kernels), np.array(errors))
