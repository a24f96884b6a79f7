"""Explorers of a convolution as a matrix, its channels, and its input as a vector."""

from __future__ import annotations

import numpy as np

from ..functional.samples import sample_input, sample_kernel, sample_picture
from ..pictures.matrix.convolution_matrix import convolution_matrix
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, choices, slider


def explore_convolution_matrix(
    input_size: int = 4,
    kernel_size: int = 3,
    *,
    parts: tuple[str, ...] = ("W", "im2col"),
    largest: int = 12,
    rectangles: bool = False,
    show: str = "symbols",
) -> Explorer:
    """A convolution beside its matrix W and its im2col patches, with a slider for every size.

    ``parts`` says which matrices are shown: "W", "im2col", both, or none for the maps alone.
    ``largest`` is the largest input the slider reaches: up to 12 the maps are written in, beyond
    that maps and W are images. ``rectangles`` gives height and width sliders of their own.
    """
    square = {
        "size": slider("input size", input_size, 1, largest),
        "kernel": slider("kernel size", kernel_size, 1, 5),
    }
    oblong = {
        "height": slider("height", input_size, 1, largest),
        "width": slider("width", min(input_size + 1, largest), 1, largest),
        "kernel_height": slider("kernel height", kernel_size, 1, 5),
        "kernel_width": slider("kernel width", max(kernel_size - 1, 1), 1, 5),
    }
    controls = {
        **(oblong if rectangles else square),
        "stride": slider("stride", 1, 1, 4),
        "padding": slider("padding", 0, 0, 3),
        "dilation": slider("dilation", 1, 1, 3),
        **choices(show),
    }
    picture = sample_input(largest, largest) if largest <= 12 else sample_picture(largest, largest)
    data = {"input": picture, "kernel": sample_kernel(5, 5)}

    def build(data, *, stride, padding, dilation, show, notation, start, **sizes) -> Scene:
        (height, width), (rows, columns) = _sizes(sizes)
        return convolution_matrix(
            data["input"][:height, :width],
            data["kernel"][:rows, :columns],
            stride,
            padding,
            dilation,
            parts=parts,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "kernel":
            return "kernel", (row, column)
        return "input", (row - values["padding"], column - values["padding"])

    def geometry_of(*, stride, padding, dilation, **values) -> dict:
        input_size, kernel_size = _sizes(values)
        return dict(
            input_size=input_size,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def _sizes(values: dict) -> tuple[tuple[int, int], tuple[int, int]]:
    """(height, width) of the input and of the kernel, from square or from oblong sliders."""
    if "size" in values:
        return (values["size"],) * 2, (values["kernel"],) * 2
    return (values["height"], values["width"]), (values["kernel_height"], values["kernel_width"])


def explore_channels(
    in_channels: int = 2, out_channels: int = 2, groups: int = 1, *, show: str = "symbols"
) -> Explorer:
    """Several channels and groups: W falls into blocks, one for each pair of channels that meet."""
    controls = {
        "in_channels": slider("in channels", in_channels, 1, 4),
        "out_channels": slider("out channels", out_channels, 1, 4),
        "groups": slider("groups", groups, 1, 4),
        "size": slider("input size", 3, 2, 5),
        "kernel": slider("kernel size", 2, 1, 3),
        **choices(show),
    }
    data = {"input": sample_input(4, 5, 5), "kernel": sample_kernel(4, 4, 3, 3)}

    def build(
        data, *, in_channels, out_channels, groups, size, kernel, show, notation, start
    ) -> Scene:
        return convolution_matrix(
            data["input"][:in_channels, :size, :size],
            data["kernel"][:out_channels, : max(1, in_channels // groups), :kernel, :kernel],
            groups=groups,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        tile_row, tile_column, row, column = np.unravel_index(cell, grid.shape)
        if grid.name == "kernel":
            return "kernel", (tile_row, tile_column, row, column)
        return "input", (tile_column, row, column)

    def geometry_of(*, in_channels, out_channels, groups, size, kernel, **_) -> dict:
        return dict(
            input_size=(size, size),
            kernel_size=(kernel, kernel),
            groups=groups,
            in_channels=in_channels,
            out_channels=out_channels,
        )

    return Explorer(build, data, controls, cell_of, geometry_of)
