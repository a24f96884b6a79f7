"""The explorer of a whole layer: the example of slides and blog, and any other as small."""

from __future__ import annotations

import numpy as np

from ..functional import conv2d
from ..functional.geometry import Geometry
from ..functional.samples import sample_input, sample_kernel
from ..pictures.small_example.whole_layer import SCALARS, whole_layer
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import SHARED, Explorer, buttons, choices, slider, tick
from .kernel_gradient import upstream_of

LARGEST = 5


def explore_whole_layer(
    input_size: int = 3,
    kernel_size: int = 2,
    *,
    scalar: str = "given",
    blank: bool = False,
    letters: str | None = None,
    show: str = "numbers",
) -> Explorer:
    """A layer with its bias, forward and back, one line of the calculation after the other.

    ``scalar`` says where the upstream gradient comes from: "given", the "sum" of the output, or the
    "squared error" to a target. ``blank`` leaves the results empty, for pencil or for stepping.
    ``letters`` ("note", "slides" or "blog") chooses the letters of all pictures of the notebook.
    """
    if letters is not None:
        SHARED.notation = letters
    controls = {
        "size": slider("input size", input_size, 2, LARGEST),
        "kernel": slider("kernel size", kernel_size, 1, 3),
        "stride": slider("stride", 1, 1, 2),
        "padding": slider("padding", 0, 0, 1),
        "scalar": buttons(list(SCALARS), scalar),
        "blank": tick("hide the results", blank),
        **choices(show),
    }
    data = _data()

    def build(
        data, *, size, kernel, stride, padding, scalar, blank, show, notation, start
    ) -> Scene:
        rows, columns = Geometry.of(size, kernel, stride, padding).output_size
        return whole_layer(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            float(data["bias"][0]),
            data["upstream"][:rows, :columns],
            stride,
            padding,
            scalar=scalar,
            target=data["target"][:rows, :columns],
            blank=blank,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "bias":
            return "bias", (0,)
        if grid.name == "input":
            return "input", (row - values["padding"], column - values["padding"])
        return grid.name, (row, column)

    def geometry_of(*, size, kernel, stride, padding, **_) -> dict:
        return dict(
            input_size=(size, size), kernel_size=(kernel, kernel), stride=stride, padding=padding
        )

    return Explorer(build, data, controls, cell_of, geometry_of)


def _data() -> dict[str, np.ndarray]:
    """The arrays for the largest sizes. In the example the error is the given upstream gradient."""
    most = LARGEST + 2  # outputs, with a padding of 1 and a kernel of 1
    data = {
        "input": sample_input(LARGEST, LARGEST),
        "kernel": sample_kernel(3, 3),
        "bias": np.array([2.0]),
        "upstream": upstream_of(most),
        "target": sample_input(most, most),
    }
    example = conv2d(data["input"], data["kernel"][:2, :2], data["bias"])
    rows, columns = example.shape
    data["target"][:rows, :columns] = example - data["upstream"][:rows, :columns]
    return data
