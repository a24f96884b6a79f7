"""Explorers of the transposed convolution: spreading, remainder, sizes, the misnomer, coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional.geometry import DoesNotFit, transposed_size
from ..functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from ..pictures.transposed.coverage import coverage
from ..pictures.transposed.misnomer import misnomer
from ..pictures.transposed.remainder import remainder_strip
from ..pictures.transposed.size_ladder import size_ladder
from ..pictures.transposed.transposed import CALLED, spreading
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, buttons, choices, shared_choices, slider


def explore_spreading(
    gradient_size: int = 2,
    kernel_size: int = 3,
    stride: int = 2,
    *,
    rectangles: bool = False,
    show: str = "symbols",
) -> Explorer:
    """The upstream gradient with zeros between and around it, and the turned kernel that moves over it.

    ``rectangles`` gives rows and columns sliders of their own. One button for each of the three names
    of the operation.
    """
    square = {
        "size": slider("gradient size", gradient_size, 1, 5),
        "stride": slider("stride", stride, 1, 4),
        "kernel": slider("kernel size", kernel_size, 1, 5),
    }
    oblong = {
        "size_rows": slider("gradient rows", gradient_size, 1, 5),
        "size_columns": slider("gradient columns", min(gradient_size + 1, 5), 1, 5),
        "stride_rows": slider("stride rows", stride, 1, 4),
        "stride_columns": slider("stride columns", stride + 1, 1, 4),
        "kernel_rows": slider("kernel rows", kernel_size, 1, 5),
        "kernel_columns": slider("kernel columns", max(kernel_size - 1, 1), 1, 5),
    }
    controls = {
        **(oblong if rectangles else square),
        "padding": slider("padding", 0, 0, 4),
        "output_padding": slider("output padding", 0, 0, 3),
        "dilation": slider("dilation", 1, 1, 2),
        "probe": slider("one-hot probe", 0, 0, 9),
        "called": buttons(list(CALLED), CALLED[0]),
        **choices(show),
    }
    data = {"upstream": sample_gradient(5, 5), "kernel": sample_kernel(5, 5)}

    def build(
        data, *, padding, output_padding, dilation, probe, called, show, notation, start, **sizes
    ) -> Scene:
        geometry = _geometry(sizes, padding, output_padding, dilation)
        rows, columns = _pair(sizes, "size")
        kernel_rows, kernel_columns = geometry["kernel_size"]
        upstream = data["upstream"][:rows, :columns]
        scene = spreading(
            one_hot((rows, columns), probe - 1) if probe else upstream,
            data["kernel"][:kernel_rows, :kernel_columns],
            geometry["input_size"],
            geometry["stride"],
            padding,
            dilation,
            called=called,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )
        return _fixed(scene, "upstream") if probe else scene

    def geometry_of(*, padding, output_padding, dilation, **values) -> dict:
        return _geometry(values, padding, output_padding, dilation)

    return Explorer(build, data, controls, _own_cell, geometry_of)


def _pair(sizes: dict, name: str) -> tuple[int, int]:
    """(rows, columns) from one slider or from two."""
    return tuple(sizes.get(name, sizes.get(f"{name}_{axis}")) for axis in ("rows", "columns"))


def _geometry(sizes: dict, padding: int, output_padding: int, dilation: int) -> dict:
    """The convolution whose backward pass this is, as arguments of ``prove``."""
    stride, kernel_size = _pair(sizes, "stride"), _pair(sizes, "kernel")
    if output_padding >= min(stride):
        raise DoesNotFit(
            f"An output padding of {output_padding} is no remainder of a division by the stride "
            f"{min(stride)}."
        )
    input_size = transposed_size(
        _pair(sizes, "size"), kernel_size, stride, padding, output_padding, dilation
    )
    stride = stride[0] if stride[0] == stride[1] else stride
    return dict(
        input_size=input_size,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def _fixed(scene: Scene, name: str) -> Scene:
    """The scene with a grid that cannot be typed into: it shows a probe and not the data."""
    grids = (replace(g, editable=False) if g.name == name else g for g in scene.grids)
    return replace(scene, grids=tuple(grids))


def _own_cell(values, grid, cell):
    """The cell of a map without padding."""
    return grid.name, np.unravel_index(cell, grid.shape[2:])


def explore_remainder(
    input_size: int = 6, kernel_size: int = 3, stride: int = 2, *, show: str = "symbols"
) -> Explorer:
    """Along one axis: the windows, the cells they do not reach, and the gradient that is too short."""
    controls = {
        "size": slider("input size", input_size, 1, 12),
        "kernel": slider("kernel size", kernel_size, 1, 5),
        "stride": slider("stride", stride, 1, 4),
        "padding": slider("padding", 0, 0, 3),
        "dilation": slider("dilation", 1, 1, 3),
        "output_padding": slider("output padding", 0, 0, 3),
        **choices(show),
    }
    data = {
        "input": sample_input(1, 12),
        "kernel": sample_kernel(1, 5),
        "upstream": sample_gradient(1, 18),
    }

    def build(
        data, *, size, kernel, stride, padding, dilation, output_padding, show, notation, start
    ):
        return remainder_strip(
            data["input"][0, :size],
            data["kernel"][0, :kernel],
            data["upstream"][0],
            stride,
            padding,
            dilation,
            output_padding,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, (0, cell - values["padding"] * (grid.name == "input"))

    def geometry_of(*, size, kernel, stride, padding, dilation, **_) -> dict:
        return dict(
            input_size=(1, size),
            kernel_size=(1, kernel),
            stride=(1, stride),
            padding=(0, padding),
            dilation=(1, dilation),
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def explore_size_ladder(largest: int = 12, kernel_size: int = 3, stride: int = 2) -> Explorer:
    """All input sizes, their output sizes, and the size that comes back without output padding."""
    controls = {
        "stride": slider("stride", stride, 1, 4),
        "kernel": slider("kernel size", kernel_size, 1, 5),
        "padding": slider("padding", 0, 0, 3),
        "dilation": slider("dilation", 1, 1, 3),
        "largest": slider("largest input", largest, 4, 16),
    }

    def build(_, *, stride, kernel, padding, dilation, largest) -> Scene:
        return size_ladder(largest, kernel, stride, padding, dilation)

    return Explorer(build, {}, controls)


def explore_misnomer(input_size: int = 4, kernel_size: int = 3) -> Explorer:
    """A map, its convolution, and what the transpose and the pseudo-inverse bring back of it."""
    controls = {
        "size": slider("input size", input_size, 1, 6),
        "kernel": slider("kernel size", kernel_size, 1, 4),
        "stride": slider("stride", 1, 1, 4),
        "padding": slider("padding", 0, 0, 2),
        "dilation": slider("dilation", 1, 1, 2),
        "probe": slider("one-hot kernel", 0, 0, 16),
        **shared_choices(),
    }
    data = {"input": sample_input(6, 6), "kernel": sample_kernel(4, 4)}

    def build(data, *, size, kernel, stride, padding, dilation, probe, notation, start) -> Scene:
        weight = data["kernel"][:kernel, :kernel]
        scene = misnomer(
            data["input"][:size, :size],
            one_hot(weight.shape, probe - 1) if probe else weight,
            stride,
            padding,
            dilation,
            notation=NOTATIONS[notation],
            start=start,
        )
        return _fixed(scene, "kernel") if probe else scene

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        beyond = values["padding"] * (grid.name == "input")
        return grid.name, (row - beyond, column - beyond)

    def geometry_of(*, size, kernel, stride, padding, dilation, **_) -> dict:
        return dict(
            input_size=(size, size),
            kernel_size=(kernel, kernel),
            stride=stride,
            padding=padding,
            dilation=dilation,
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def explore_coverage(gradient_size: int = 5, kernel_size: int = 3, stride: int = 2) -> Explorer:
    """How often each cell of an up-sampled map is written, and the checkerboard in the gradient.

    With ones in kernel and gradient the two maps are equal. ``output padding`` adds the cells at the
    far end that the remainder leaves over.
    """
    controls = {
        "kernel": slider("kernel size", kernel_size, 1, 6),
        "stride": slider("stride", stride, 1, 4),
        "padding": slider("padding", 0, 0, 3),
        "size": slider("gradient size", gradient_size, 1, 10),
        "output_padding": slider("output padding", 0, 0, 3),
        "weights": buttons(["kernel of ones", "sample kernel"], "sample kernel"),
        "gradient": buttons(["gradient of ones", "sample gradient"], "gradient of ones"),
        "show": buttons(["ink", "numbers"], "ink"),
        **shared_choices(),
    }
    kernels = {
        "kernel of ones": np.ones((6, 6)),
        "sample kernel": np.pad(sample_kernel(5, 5), (0, 1), mode="reflect"),
    }
    gradients = {"gradient of ones": np.ones((10, 10)), "sample gradient": sample_gradient(10, 10)}
    data = {f"kernel, {name}": a for name, a in kernels.items()}
    data |= {f"upstream, {name}": a for name, a in gradients.items()}

    def build(
        data,
        *,
        kernel,
        stride,
        padding,
        size,
        output_padding,
        weights,
        gradient,
        show,
        notation,
        start,
    ) -> Scene:
        return coverage(
            data[f"upstream, {gradient}"][:size, :size],
            data[f"kernel, {weights}"][:kernel, :kernel],
            stride,
            padding,
            output_padding=output_padding,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        chosen = values["weights"] if grid.name == "kernel" else values["gradient"]
        return f"{grid.name}, {chosen}", np.unravel_index(cell, grid.shape[2:])

    def geometry_of(*, kernel, stride, padding, size, output_padding, **_) -> dict:
        return dict(
            input_size=transposed_size(size, kernel, stride, padding, output_padding),
            kernel_size=(kernel, kernel),
            stride=stride,
            padding=padding,
        )

    return Explorer(build, data, controls, cell_of, geometry_of)
