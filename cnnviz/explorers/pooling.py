"""Explorers of pooling: winners and switches, unpooling, equal cells, overlaps, averages, and the
steps of a layer."""

from __future__ import annotations

import numpy as np

from ..derivations.pooling_max import ORDER_OF_THE_NOTE
from ..functional.geometry import Geometry
from ..functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from ..pictures.pooling.average_pooling import average_pooling
from ..pictures.pooling.max_pooling import SCALARS, max_pooling
from ..pictures.pooling.nudged_cell import SPAN
from ..pictures.pooling.order_of_steps import ORDERS, order_of_steps
from ..pictures.pooling.overlapping_windows import overlapping_windows
from ..pictures.pooling.pooling_ties import pooling_ties
from ..pictures.pooling.swapped_switches import swapped_switches
from ..pictures.pooling.unpooling import unpooling
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, buttons, choices, fine_slider, shared_choices, slider, tick

LARGEST = 8  # cells along a side


def distinct_map() -> np.ndarray:
    """A map (8, 8) without equal cells, in whose 4×4 corner the same cells win as in the note.

    >>> distinct_map()[:2, :6]
    array([[ 3.,  1.,  4., 14., 44., 51.],
           [13.,  2.,  5.,  6., 36., 43.]])
    """
    count = LARGEST * LARGEST
    cells = (16.0 + 7 * np.arange(count) % count).reshape(LARGEST, LARGEST)
    cells[:4, :4] = ORDER_OF_THE_NOTE
    return cells


def tied_map() -> np.ndarray:
    """A map (4, 4) whose first window holds three equal 3s, the next four 0s, as after a ReLU."""
    return np.array([[3, 1, 0, 0], [3, 3, 0, 0], [5, 2, 4, 0], [1, 4, 0, 4]], dtype=float)


def peaked_map() -> np.ndarray:
    """A map (7, 7) with a few high cells, which win many windows where windows overlap."""
    cells = sample_input(7, 7) % 5
    cells[1, 1], cells[3, 3], cells[1, 4], cells[4, 0], cells[5, 5] = 9, 8, 7, 6, 7
    return cells


def turned_windows(cells: np.ndarray, size: int) -> np.ndarray:
    """The map (H, W) with every size×size window turned by 180°: its maxima stay, its switches move.

    >>> turned_windows(np.array([[1.0, 2.0], [3.0, 4.0]]), 2)
    array([[4., 3.],
           [2., 1.]])
    """
    turned = cells.copy()
    rows, columns = Geometry.of_pool(cells.shape, size).output_size
    for row, column in np.ndindex(rows, columns):
        window = np.s_[size * row : size * (row + 1), size * column : size * (column + 1)]
        turned[window] = cells[window][::-1, ::-1]
    return turned


def _input_or_upstream(values, grid, cell):
    return grid.name, np.unravel_index(cell, grid.shape[2:])


def explore_max_pooling(
    size: int = 4, kernel_size: int = 2, *, nudge: bool = False, show: str = "numbers"
) -> Explorer:
    """Max pooling forward, its switches, and the gradient back, with a slider for every size.

    A tick, set by ``nudge``, puts one cell in the hands of a slider: the scalar is drawn against it.
    """
    controls = {
        "size": slider("input size", size, 2, LARGEST),
        "kernel": slider("kernel size", kernel_size, 1, 4),
        "stride": slider("stride", kernel_size, 1, 4),
        "padding": slider("padding", 0, 0, 2),
        "dilation": slider("dilation", 1, 1, 3),
        "probe": slider("one-hot probe", 0, 0, 16),
        # Without the tick these two do nothing.
        "cell": slider("cell to nudge", 2, 1, 16),
        "value": fine_slider("its value", 1.0, *SPAN, 0.5, digits=1),
        "nudge": tick("nudge one cell", nudge),
        "ceil_mode": tick("ceil_mode"),
        "scalar": buttons(list(SCALARS), "any F"),
        **choices(show),
    }

    def build(
        data, *, size, kernel, stride, padding, dilation, probe, cell, value, nudge, ceil_mode, scalar,
        show, notation, start,
    ) -> Scene:  # fmt: skip
        geometry = Geometry.of_pool((size, size), kernel, stride, padding, dilation, ceil_mode)
        cells = data["input"][:size, :size].copy()
        nudged = (cell - 1) % cells.size if nudge else None  # beyond the last cell, from the first
        if nudge:
            cells.flat[nudged] = value
        return max_pooling(
            cells,
            kernel,
            stride,
            padding,
            dilation,
            ceil_mode,
            scalar=scalar,
            upstream=one_hot(geometry.output_size, probe - 1) if probe else None,
            nudged=nudged,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        return "input", (row - values["padding"], column - values["padding"])

    return Explorer(build, {"input": distinct_map()}, controls, cell_of)


def explore_unpooling(
    what: str = "gradients", *, swap: bool = False, show: str = "symbols"
) -> Explorer:
    """The two steps of unpooling, on gradients or on the values; these are then pooled again.

    A tick, set by ``swap``, brings a second map with the same pooled map: the first with every
    window turned by 180°. Each gets its gradient back by the switches of the other.
    """
    controls = {
        "size": slider("input size", 4, 2, 6),
        "kernel": slider("kernel size", 2, 1, 3),
        "less": slider("take off window 1", 0, 0, 16),
        "what": buttons(["gradients", "values"], what),
        "swap": tick("swap the switches", swap),
        **choices(show),
    }
    data = {"input": distinct_map(), "upstream": sample_gradient(6, 6)}

    def build(data, *, size, kernel, less, what, swap, show, notation, start) -> Scene:
        cells = data["input"][:size, :size].copy()
        cells[:kernel, :kernel] -= less
        rows, columns = Geometry.of_pool(cells.shape, kernel).output_size
        upstream = data["upstream"][:rows, :columns]
        shared = {
            "editable": not less,  # a number that is shown less than it is cannot be typed
            "notation": NOTATIONS[notation],
            "start": start,
            "show": show,
        }
        if swap:  # it is gradients that go astray, whatever was unpooled before
            return swapped_switches(
                cells, turned_windows(cells, kernel), upstream, kernel, **shared
            )
        return unpooling(cells, kernel, upstream if what == "gradients" else None, **shared)

    def cell_of(values, grid, cell):
        name = "input" if grid.name == "input" else "upstream"
        return name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, data, controls, cell_of)


def explore_ties(*, show: str = "numbers") -> Explorer:
    """Equal cells under three rules, and what each rule makes of the sum of the gradient."""
    controls = {
        "kernel": slider("kernel size", 2, 1, 3),
        "size": slider("input size", 2, 2, 4),
        **choices(show),
    }
    data = {"input": tied_map(), "upstream": np.ones((4, 4))}

    def build(data, *, kernel, size, show, notation, start) -> Scene:
        rows, columns = Geometry.of_pool((size, size), kernel).output_size
        return pooling_ties(
            data["input"][:size, :size],
            data["upstream"][:rows, :columns],
            kernel,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    return Explorer(build, data, controls, _input_or_upstream)


def explore_overlapping_windows() -> Explorer:
    """Windows closer than their size: gradient after gradient, once with += and once with =."""
    controls = {
        "size": slider("input size", 5, 3, 7),
        "kernel": slider("kernel size", 3, 1, 4),
        "stride": slider("stride", 1, 1, 4),
        **shared_choices(),
    }
    data = {"input": peaked_map(), "upstream": sample_gradient(7, 7)}

    def build(data, *, size, kernel, stride, notation, start) -> Scene:
        rows, columns = Geometry.of_pool((size, size), kernel, stride).output_size
        return overlapping_windows(
            data["input"][:size, :size],
            data["upstream"][:rows, :columns],
            kernel,
            stride,
            notation=NOTATIONS[notation],
            start=start,
        )

    return Explorer(build, data, controls, _input_or_upstream)


def explore_average_pooling(
    size: int = 4, kernel_size: int = 2, *, show: str = "numbers"
) -> Explorer:
    """Average pooling forward and back, beside the constant kernel that does the same."""
    controls = {
        "size": slider("input size", size, 2, LARGEST),
        "kernel": slider("N", kernel_size, 1, 4),
        "stride": slider("stride", kernel_size, 1, 4),
        "padding": slider("padding", 0, 0, 2),
        "probe": slider("one-hot probe", 0, 0, 16),
        "count_include_pad": tick("count_include_pad", True),
        "ceil_mode": tick("ceil_mode"),
        **choices(show),
    }
    data = {"input": sample_input(LARGEST, LARGEST), "upstream": sample_gradient(10, 10)}

    def build(
        data, *, size, kernel, stride, padding, probe, count_include_pad, ceil_mode, show, notation, start
    ) -> Scene:  # fmt: skip
        geometry = Geometry.of_pool((size, size), kernel, stride, padding, 1, ceil_mode)
        rows, columns = geometry.output_size
        g = one_hot((rows, columns), probe - 1) if probe else data["upstream"][:rows, :columns]
        return average_pooling(
            data["input"][:size, :size],
            kernel,
            stride,
            padding,
            ceil_mode,
            count_include_pad,
            upstream=g,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        outside = values["padding"] if grid.name == "input" else 0
        return grid.name, (row - outside, column - outside)

    return Explorer(build, data, controls, cell_of)


def explore_order_of_steps(*, show: str = "numbers") -> Explorer:
    """Convolution, ReLU and pooling, one after the other, in three orders."""
    controls = {
        "size": slider("input size", 5, 3, 6),
        "kernel": slider("kernel size", 2, 1, 3),
        "order": buttons(list(ORDERS), next(iter(ORDERS))),
        **choices(show),
    }
    data = {"input": sample_input(6, 6) - 4, "kernel": sample_kernel(3, 3)}

    def build(data, *, size, kernel, order, show, notation, start) -> Scene:
        return order_of_steps(
            data["input"][:size, :size],
            data["kernel"][:kernel, :kernel],
            ORDERS[order],
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, data, controls, cell_of)
