"""Explorers of the gradient to the input: Wᵀ, scatter and gather, the turned kernel, the sums."""

from __future__ import annotations

import numpy as np

from ..functional.geometry import Geometry
from ..functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from ..pictures.input_gradient.index_substitution import index_substitution
from ..pictures.input_gradient.input_gradient import transposed_matrix
from ..pictures.input_gradient.scatter_gather import scatter_gather
from ..pictures.input_gradient.turned_kernel import TURNS, turned_kernel
from ..pictures.input_gradient.written_out import written_out
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, buttons, choices, slider, tick

LARGEST_GRADIENT = 12  # cells of the upstream gradient along one side


def explore_transpose(
    input_size: int = 4, kernel_size: int = 3, *, largest: int = 6, show: str = "symbols"
) -> Explorer:
    """W forward and Wᵀ backward, row by row, with the adjoint test in live numbers."""
    controls = {
        "size": slider("input size", input_size, 1, largest),
        "kernel": slider("kernel size", kernel_size, 1, 3),
        "stride": slider("stride", 1, 1, 3),
        "padding": slider("padding", 0, 0, 1),
        "probe": slider("one-hot probe", 0, 0, 9),
        **choices(show),
    }
    data = {"input": sample_input(largest, largest), **_gradient_and_kernel()}

    def build(data, *, size, kernel, stride, padding, probe, show, notation, start) -> Scene:
        geometry = Geometry.of(size, kernel, stride, padding)
        return transposed_matrix(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            _arriving(data, geometry, probe),
            stride,
            padding,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "input":
            return "input", (row - values["padding"], column - values["padding"])
        return grid.name, (row, column)

    def geometry_of(*, size, kernel, stride, padding, **_) -> dict:
        return dict(
            input_size=(size, size), kernel_size=(kernel, kernel), stride=stride, padding=padding
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def explore_index_substitution(
    input_length: int = 5, kernel_length: int = 3, *, show: str = "symbols"
) -> Explorer:
    """One dimension: rows of W read the kernel forwards, columns read it backwards."""
    controls = {
        "size": slider("input cells", input_length, 2, 7),
        "kernel": slider("kernel cells", kernel_length, 2, 4),
        **choices(show),
    }

    def build(data, *, size, kernel, show, notation, start) -> Scene:
        geometry = Geometry.of((1, size), (1, kernel))
        return index_substitution(
            data["kernel"][0, :kernel],
            data["upstream"][0, : geometry.columns.out],
            size,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def geometry_of(*, size, kernel, **_) -> dict:
        return dict(input_size=(1, size), kernel_size=(1, kernel))

    return Explorer(build, _gradient_and_kernel(), controls, _same_cell, geometry_of)


def explore_scatter_gather(
    input_size: int = 4,
    kernel_size: int = 3,
    *,
    stride: int | None = None,
    rectangles: bool = False,
    show: str = "symbols",
) -> Explorer:
    """Scatter and gather in lock-step: stamps of the kernel, and the turned kernel slid along.

    With a ``stride`` there are sliders for stride and dilation too; ``rectangles`` gives height and
    width sliders of their own.
    """
    square = {
        "size": slider("input size", input_size, 1, 6),
        "kernel": slider("kernel size", kernel_size, 1, 4),
    }
    oblong = {
        "height": slider("height", input_size, 1, 6),
        "width": slider("width", min(input_size + 1, 6), 1, 6),
        "kernel_height": slider("kernel height", kernel_size, 1, 4),
        "kernel_width": slider("kernel width", max(kernel_size - 1, 1), 1, 4),
    }
    further = {}
    if stride is not None:
        further = {
            "stride": slider("stride", stride, 1, 3),
            "dilation": slider("dilation", 1, 1, 3),
        }
    controls = {
        **(oblong if rectangles else square),
        "padding": slider("padding", 0, 0, 2),
        **further,
        "probe": slider("one-hot probe", 0, 0, 16),
        **choices(show),
    }

    def around_of(*, padding, stride=1, dilation=1, **_) -> dict:
        return dict(stride=stride, padding=padding, dilation=dilation)

    def build(data, *, show, notation, start, probe, **values) -> Scene:
        input_size, (rows, columns) = _sizes(values)
        around = around_of(**values)
        geometry = Geometry.of(input_size, (rows, columns), **around)
        return scatter_gather(
            _arriving(data, geometry, probe),
            data["kernel"][:rows, :columns],
            input_size,
            **around,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def geometry_of(**values) -> dict:
        input_size, kernel_size = _sizes(values)
        return dict(input_size=input_size, kernel_size=kernel_size, **around_of(**values))

    return Explorer(build, _gradient_and_kernel(), controls, _same_cell, geometry_of)


def explore_rotation(
    input_size: int = 3, kernel_size: int = 2, *, show: str = "symbols"
) -> Explorer:
    """The rotation dial: turn the kernel, pad the gradient, and see which cells come out right."""
    controls = {
        "size": slider("input size", input_size, 2, 5),
        "padding": slider("padding", kernel_size - 1, 0, 3),
        "kernel": slider("kernel size", kernel_size, 1, 3),
        "turn": buttons(list(TURNS), "0°"),
        "true_convolution": tick("true convolution (flips once more)"),
        **choices(show),
    }

    def build(
        data, *, size, kernel, padding, turn, true_convolution, show, notation, start
    ) -> Scene:
        geometry = Geometry.of(size, kernel)
        return turned_kernel(
            _arriving(data, geometry, 0),
            data["kernel"][:kernel, :kernel],
            geometry.input_size,
            turn,
            padding,
            true_convolution,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "kernel":
            return "kernel", (row, column)
        return "upstream", (row - values["padding"], column - values["padding"])

    def geometry_of(*, size, kernel, **_) -> dict:
        return dict(input_size=(size, size), kernel_size=(kernel, kernel))

    return Explorer(build, _gradient_and_kernel(), controls, cell_of, geometry_of)


def explore_nine_equations(
    input_size: int = 3, kernel_size: int = 2, *, show: str = "symbols"
) -> Explorer:
    """Every input gradient written out in its cell, and the number of terms of each."""
    controls = {
        "height": slider("height", input_size, 1, 4),
        "width": slider("width", input_size, 1, 4),
        "kernel": slider("kernel size", kernel_size, 1, 3),
        "stride": slider("stride", 1, 1, 3),
        "padding": slider("padding", 0, 0, 1),
        **choices(show),
    }

    def build(data, *, height, width, kernel, stride, padding, show, notation, start) -> Scene:
        geometry = Geometry.of((height, width), kernel, stride, padding)
        return written_out(
            _arriving(data, geometry, 0),
            data["kernel"][:kernel, :kernel],
            geometry.input_size,
            stride,
            padding,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def geometry_of(*, height, width, kernel, stride, padding, **_) -> dict:
        return dict(
            input_size=(height, width),
            kernel_size=(kernel, kernel),
            stride=stride,
            padding=padding,
        )

    return Explorer(build, _gradient_and_kernel(), controls, _same_cell, geometry_of)


def _gradient_and_kernel() -> dict[str, np.ndarray]:
    return {
        "upstream": sample_gradient(LARGEST_GRADIENT, LARGEST_GRADIENT),
        "kernel": sample_kernel(4, 4),
    }


def _arriving(data: dict, geometry: Geometry, probe: int) -> np.ndarray:
    """The upstream gradient of this geometry, or all 0 but for a 1 in cell number ``probe``."""
    rows, columns = geometry.output_size
    if probe:
        return one_hot((rows, columns), probe - 1)
    return data["upstream"][:rows, :columns]


def _sizes(values: dict) -> tuple[tuple[int, int], tuple[int, int]]:
    """(height, width) of the input and of the kernel, from square or from oblong sliders."""
    if "size" in values:
        return (values["size"],) * 2, (values["kernel"],) * 2
    return (values["height"], values["width"]), (values["kernel_height"], values["kernel_width"])


def _same_cell(_values, grid, cell):
    """A grid that shows the corner of the array with its own name."""
    return grid.name, np.unravel_index(cell, grid.shape[2:])
