"""The one idea of the course as an array: which input cell meets which kernel cell on the way to
which output cell.

Forward, backward to the input and backward to the kernel are the same table read in different
directions; so are W, its transpose and im2col. It is made by running ``windows`` over cell numbers.
"""

from __future__ import annotations

import numpy as np

from .geometry import Geometry
from .windows import pad, windows


def convolution_table(
    geometry: Geometry, in_channels: int = 1, out_channels: int = 1, groups: int = 1
) -> dict[str, np.ndarray]:
    """Rows of (input cell, kernel cell, output cell) of a convolution, sorted by output cell.

    Returns a dict of three int arrays of one length: ``input`` numbers the cells of the *padded*
    input (C, H + padding, W + padding), ``kernel`` those of (O, C/groups, kH, kW), ``output`` those
    of (O, oH, oW), each in row-major order.
    Source: note, the sums under (1); for channels and groups, PyTorch's Conv2d.

    >>> table = convolution_table(Geometry.of((3, 3), (2, 2)))
    >>> table["input"][table["output"] == 1].tolist()
    [1, 2, 4, 5]
    """
    height, width = geometry.padded_size
    numbers = np.arange(in_channels * height * width).reshape(in_channels, height, width)
    read = windows(numbers, geometry.kernel_size, geometry.stride, geometry.dilation)
    _, out_height, out_width, *kernel = read.shape

    inside, outside = in_channels // groups, out_channels // groups
    shape = (groups, outside, out_height, out_width, inside, *kernel)
    read = read.reshape(groups, 1, inside, out_height, out_width, *kernel).transpose(
        0, 1, 3, 4, 2, 5, 6
    )
    kernel_cells = np.arange(out_channels * inside * np.prod(kernel))
    kernel_cells = kernel_cells.reshape(groups, outside, 1, 1, inside, *kernel)
    output_cells = np.arange(out_channels * out_height * out_width)
    output_cells = output_cells.reshape(groups, outside, out_height, out_width, 1, 1, 1)
    columns = {"input": read, "kernel": kernel_cells, "output": output_cells}
    return {name: np.broadcast_to(cells, shape).ravel() for name, cells in columns.items()}


def unpadded_cells(geometry: Geometry, channels: int = 1) -> np.ndarray:
    """For each cell of the padded input its number in the input itself, or -1 in the padding.

    >>> unpadded_cells(Geometry.of((1, 2), (1, 1), padding=(0, 1)))
    array([-1,  0,  1, -1])
    """
    height, width = geometry.input_size
    numbers = 1 + np.arange(channels * height * width).reshape(channels, height, width)
    return pad(numbers, geometry.padding).ravel() - 1
