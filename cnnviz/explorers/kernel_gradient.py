"""Explorers of the kernel gradient: one weight, the window and its roles, a nudge, channels."""

from __future__ import annotations

import numpy as np

from ..functional.geometry import Geometry
from ..functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from ..pictures.kernel_gradient.kernel_channels import kernel_channels
from ..pictures.kernel_gradient.one_weight import one_weight
from ..pictures.kernel_gradient.roles import ROLES, three_correlations
from ..pictures.kernel_gradient.wiggle import wiggle
from ..scene import Scene
from ..symbols import NOTATIONS
from .explorer import Explorer, buttons, choices, fine_slider, slider

PROBES = 25  # the outputs that the one-hot probe reaches


def explore_one_weight(
    input_size: int = 4, kernel_size: int = 3, weight: int = 2, *, show: str = "symbols"
) -> Explorer:
    """The chain rule of one weight: a path through each output it reaches, and their sum.

    ``weight`` numbers the weights from 1, row by row.
    """
    controls = {
        "size": slider("input size", input_size, 2, 5),
        "kernel": slider("kernel size", kernel_size, 2, 3),
        "stride": slider("stride", 1, 1, 2),
        "weight": slider("weight", weight, 1, 9),
        **choices(show),
    }

    def build(data, *, size, kernel, stride, weight, show, notation, start) -> Scene:
        outputs = Geometry.of(size, kernel, stride).output_size
        return one_weight(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            data["upstream"][: outputs[0], : outputs[1]],
            (weight - 1) % kernel**2,
            stride,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        if grid.name == "upstream":
            across = Geometry.of(values["size"], values["kernel"], values["stride"]).output_size[1]
            return "upstream", divmod(cell, across)
        return grid.name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, _data(5, 3, 5), controls, cell_of, _square)


def explore_kernel_gradient(
    input_size: int = 4,
    kernel_size: int = 3,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    *,
    role: str = "kernel gradient",
    show: str = "symbols",
) -> Explorer:
    """The upstream gradient as a window on the input: each stop is the gradient of one weight.

    ``role`` exchanges the parts: forward the kernel is the window, and for the input gradient the
    turned kernel slides over the upstream gradient. The one-hot probe puts a single 1 upstream: the
    kernel gradient is then the patch it read, the input gradient a copy of the kernel.
    """
    controls = {
        "size": slider("input size", input_size, 1, 9),
        "kernel": slider("kernel size", kernel_size, 1, 5),
        "stride": slider("stride", stride, 1, 3),
        "padding": slider("padding", padding, 0, 2),
        "dilation": slider("dilation", dilation, 1, 3),
        "probe": slider("one-hot probe", 0, 0, PROBES),
        "role": buttons(list(ROLES), role),
        **choices(show),
    }

    def build(
        data, *, size, kernel, stride, padding, dilation, probe, role, show, notation, start
    ) -> Scene:
        outputs = Geometry.of(size, kernel, stride, padding, dilation).output_size
        given = data["upstream"][: outputs[0], : outputs[1]]
        return three_correlations(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            one_hot(outputs, probe - 1) if probe else given,
            stride,
            padding,
            dilation,
            role=role,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "input":
            return "input", (row - values["padding"], column - values["padding"])
        apart = values["stride" if grid.name == "upstream" else "dilation"]
        return grid.name, (row // apart, column // apart)

    return Explorer(build, _data(9, 5, 13), controls, cell_of, _square)


def explore_wiggle(
    input_size: int = 4,
    kernel_size: int = 3,
    weight: int = 2,
    *,
    scalar: str = "linear",
    show: str = "numbers",
) -> Explorer:
    """A weight nudged by hand: the change its gradient predicts, and the change in fact."""
    controls = {
        "size": slider("input size", input_size, 2, 5),
        "kernel": slider("kernel size", kernel_size, 2, 3),
        "weight": slider("weight", weight, 1, 9),
        "nudge": fine_slider("nudge ε", 0.5, -2.0, 2.0, 0.1),
        "scalar": buttons(["linear", "curved"], scalar),
        **choices(show),
    }

    def build(data, *, size, kernel, weight, nudge, scalar, show, notation, start) -> Scene:
        outputs = Geometry.of(size, kernel).output_size
        return wiggle(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            data["upstream"][: outputs[0], : outputs[1]],
            (weight - 1) % kernel**2,
            nudge,
            scalar=scalar,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, _data(5, 3, 5), controls, cell_of, _square)


def explore_kernel_channels(
    in_channels: int = 2, out_channels: int = 2, groups: int = 1, *, show: str = "numbers"
) -> Explorer:
    """Channels and groups: a plane of the kernel gradient for each pair that meets, and the biases."""
    controls = {
        "in_channels": slider("in channels", in_channels, 1, 4),
        "out_channels": slider("out channels", out_channels, 1, 4),
        "groups": slider("groups", groups, 1, 4),
        "size": slider("input size", 3, 2, 4),
        "kernel": slider("kernel size", 2, 1, 2),
        **choices(show),
    }
    data = {"input": sample_input(4, 4, 4), "upstream": sample_gradient(4, 4, 4)}
    data["upstream"][0] = upstream_of(4)

    def build(
        data, *, in_channels, out_channels, groups, size, kernel, show, notation, start
    ) -> Scene:
        rows, columns = Geometry.of(size, kernel).output_size
        return kernel_channels(
            data["input"][:in_channels, :size, :size],
            (out_channels, max(1, in_channels // groups), kernel, kernel),
            data["upstream"][:out_channels, :rows, :columns],
            groups,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        _, channel, row, column = np.unravel_index(cell, grid.shape)
        return grid.name, (channel, row, column)

    def geometry_of(*, in_channels, out_channels, groups, size, kernel, **_) -> dict:
        return dict(
            input_size=(size, size),
            kernel_size=(kernel, kernel),
            groups=groups,
            in_channels=in_channels,
            out_channels=out_channels,
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def _data(input_size: int, kernel_size: int, output_size: int) -> dict[str, np.ndarray]:
    """The arrays of one channel, made for the largest sizes."""
    return {
        "input": sample_input(input_size, input_size),
        "kernel": sample_kernel(kernel_size, kernel_size),
        "upstream": upstream_of(output_size),
    }


def upstream_of(output_size: int) -> np.ndarray:
    """The upstream gradient of lessons 06 and 07: in their 3×3 example no result is 0."""
    gradient = sample_gradient(output_size, output_size)
    gradient[:2, :2] = [[2, -1], [4, 3]]
    return gradient


def _square(*, size, kernel, stride=1, padding=0, dilation=1, **_) -> dict:
    """The arguments of a proof, from the sliders of a square layer."""
    return dict(
        input_size=(size, size),
        kernel_size=(kernel, kernel),
        stride=stride,
        padding=padding,
        dilation=dilation,
    )
