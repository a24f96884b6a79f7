"""Explorers of pooling: winners and switches, unpooling, equal cells, overlaps, averages, and the
steps of a layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..functional.geometry import Geometry
from ..functional.pooling import TIE_RULES
from ..functional.samples import (
    ORDER_OF_THE_NOTE,
    one_hot,
    sample_gradient,
    sample_input,
    sample_kernel,
)
from ..pictures.pooling.average_pooling import average_pooling
from ..pictures.pooling.forgotten_size import forgotten_size
from ..pictures.pooling.max_pooling import SCALARS, max_pooling
from ..pictures.pooling.nudged_cell import SPAN
from ..pictures.pooling.order_of_steps import ORDERS, order_of_steps
from ..pictures.pooling.overlapping_windows import overlapping_windows
from ..pictures.pooling.pooling_ties import pooling_ties
from ..pictures.pooling.relu_and_ties import ORDERS as TWO_ORDERS
from ..pictures.pooling.relu_and_ties import relu_and_ties
from ..pictures.pooling.swapped_switches import swapped_switches
from ..pictures.pooling.unpooling import unpooling
from ..scene import Scene
from .controls import Slider, buttons, fine_slider, letters, sliders, tick
from .explorer import explorer
from .numbers import Layer, corner

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


def gradient_at_peaks() -> np.ndarray:
    """What arrives (7, 7) at the pooled `peaked_map`: for each peak the sum of what it wins is not 0."""
    gradient = sample_gradient(7, 7)
    gradient[2, 2] = 3
    return gradient


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


# Arguments of a pooling in PyTorch that controls are named for.
# As in PyTorch, windows tile the map unless a stride is given.
STRIDE = Slider("stride", "stride", 2, 1, 4, follows="kernel_size")
POOLING = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
NUDGED = ("nudge", (True,))


def pooled(data: Mapping, *, input_size: int, **values) -> tuple[Layer, dict]:
    """A square map, and what arrives of these sizes: the explorer's own numbers, or a probe."""
    how = {name: values.pop(name) for name in POOLING if name in values}
    size = (input_size, input_size)
    output_size = Geometry.of_pool(size, **how).output_size
    arrays = {"input": corner(data["input"], size)}
    if "upstream" in data:
        arrays["upstream"] = corner(data["upstream"], output_size)
    if probe := values.pop("one_hot", 0):
        arrays["upstream"] = one_hot(output_size, probe - 1)
    return Layer(arrays, how=how), values


def pooled_and_nudged(data: Mapping, *, cell: int, value: float, nudge: bool, **values):
    """The same, with one cell of the map in the hands of a slider."""
    layer, others = pooled(data, **values)
    if not nudge:
        return layer, others
    nudged = (cell - 1) % layer.input.size  # beyond the last cell, from the first
    cells = layer.input.copy()
    cells.flat[nudged] = value
    return Layer({**layer.arrays, "input": cells}, how=layer.how), {**others, "nudged": nudged}


# The first four controls are in sight: the nudged cell and its value as soon as there is one.
@explorer(
    fine_slider("value", "its value", 1.0, *SPAN, 0.5, digits=1, when=NUDGED),
    Slider("cell", "cell to nudge", 2, 1, 16, when=NUDGED),
    *sliders(kernel_size=(2, 1, 4)),
    STRIDE,
    *sliders(padding=(0, 0, 2), input_size=(4, 2, LARGEST)),
    tick("nudge", "nudge one cell"),
    tick("ceil_mode", "ceil_mode"),
    *sliders(dilation=(1, 1, 3), one_hot=(0, 0, 16)),
    buttons("scalar", SCALARS, "any F"),
    *letters("numbers"),
    numbers=lambda: {"input": distinct_map()},
    cut=pooled_and_nudged,
)
def explore_max_pooling(layer: Layer, **others) -> Scene:
    """Max pooling forward, its switches, and the gradient back, with a slider for every size.

    ``nudge`` puts one ``cell`` in the hands of a slider: the scalar is drawn against its ``value``.
    """
    return max_pooling(layer.input, **layer.how, upstream=layer.arrays.get("upstream"), **others)


def unpooled(
    data: Mapping, *, input_size: int, kernel_size: int, less: int, what: str, **others
) -> tuple[Layer, dict]:
    """A map, less what is taken off its first window, and what is unpooled."""
    layer, _ = pooled(data, input_size=input_size, kernel_size=kernel_size)
    arrays = dict(layer.arrays)
    if less:  # a number that is shown less than it is cannot be typed
        arrays["input"] = arrays["input"].copy()
        arrays["input"][:kernel_size, :kernel_size] -= less
    if what == "gradients":
        arrays["output"] = arrays["upstream"]  # the grid of what is moved
    return Layer(arrays, how=layer.how), others


@explorer(
    buttons("what", ["gradients", "values"], "gradients"),
    tick("swap", "swap the switches"),
    Slider("less", "take off window 1", 0, 0, 16),
    *sliders(kernel_size=(2, 1, 3), input_size=(4, 2, 6)),
    tick("forget", "forget output_size"),
    *letters("symbols"),
    numbers=lambda: {"input": distinct_map(), "upstream": sample_gradient(6, 6)},
    cut=unpooled,
)
def explore_unpooling(layer: Layer, *, swap: bool, forget: bool, **letters) -> Scene:
    """The two steps of unpooling, on gradients or on the values; these are then pooled again.

    ``swap`` brings a second map with the same pooled map: the first with every window turned by
    180°. Each gets its gradient back by the switches of the other. ``forget`` unpools to the size that
    is made if nobody says it: where windows leave a remainder, switches name other cells there.
    """
    kernel_size = layer.how["kernel_size"]
    if swap:  # it is gradients that go astray, whatever was unpooled before
        other = turned_windows(layer.input, kernel_size)
        return swapped_switches(layer.input, other, layer.upstream, kernel_size, **letters)
    picture = forgotten_size if forget else unpooling
    return picture(layer.input, kernel_size, layer.arrays.get("output"), **letters)


def pooled_with_ties(data: Mapping, *, nudge: float, **values) -> tuple[Layer, dict]:
    """A map with equal cells. While they are nudged it shows other numbers, which cannot be typed."""
    layer, others = pooled(data, **values)
    if nudge:
        layer = Layer({**layer.arrays, "input": layer.input.copy()}, how=layer.how)
    return layer, {**others, "nudge": nudge}


@explorer(
    fine_slider("nudge", "nudge the tied cells together", 0.0, -1, 1, 0.25),
    *sliders(kernel_size=(2, 1, 3), input_size=(2, 2, 4)),
    *letters("numbers"),
    numbers=lambda: {"input": tied_map(), "upstream": np.ones((4, 4))},
    cut=pooled_with_ties,
)
def explore_ties(layer: Layer, **others) -> Scene:
    """Equal cells under three rules, and what each rule makes of the sum of the gradient.

    ``nudge`` moves the cells that tie up or down together: counters compare what each rule predicts
    with what happens.
    """
    return pooling_ties(layer.input, layer.upstream, **layer.how, **others)


@explorer(
    *sliders(stride=(1, 1, 4), kernel_size=(3, 1, 4), input_size=(5, 3, 7)),
    *letters(None),
    numbers=lambda: {"input": peaked_map(), "upstream": gradient_at_peaks()},
    cut=pooled,
)
def explore_overlapping_windows(layer: Layer, **letters) -> Scene:
    """Windows closer than their size: gradient after gradient, once with += and once with =."""
    return overlapping_windows(layer.input, layer.upstream, **layer.how, **letters)


@explorer(
    Slider("kernel_size", "N", 2, 1, 4),
    STRIDE,
    *sliders(padding=(0, 0, 2)),
    tick("count_include_pad", "count_include_pad", True),
    *sliders(input_size=(4, 2, LARGEST), one_hot=(0, 0, 16)),
    tick("ceil_mode", "ceil_mode"),
    *letters("numbers"),
    numbers=lambda: {"input": sample_input(LARGEST, LARGEST), "upstream": sample_gradient(10, 10)},
    cut=pooled,
)
def explore_average_pooling(layer: Layer, **others) -> Scene:
    """Average pooling forward and back; lamps compare it with the constant kernel."""
    return average_pooling(layer.input, **layer.how, upstream=layer.upstream, **others)


def map_and_kernel(
    data: Mapping, *, input_size: int, kernel_size: int, **others
) -> tuple[Layer, dict]:
    sizes = {"input": (input_size,) * 2, "kernel": (kernel_size,) * 2}
    return Layer({name: corner(data[name], size) for name, size in sizes.items()}), others


@explorer(
    buttons("order", ORDERS, next(iter(ORDERS))),
    *sliders(kernel_size=(2, 1, 3), input_size=(5, 3, 6)),
    *letters("numbers"),
    numbers=lambda: {"input": sample_input(6, 6) - 4, "kernel": sample_kernel(3, 3)},
    cut=map_and_kernel,
)
def explore_order_of_steps(layer: Layer, *, order: str, **letters) -> Scene:
    """Convolution, ReLU and pooling, one after the other, in three orders."""
    return order_of_steps(layer.input, layer.kernel, ORDERS[order], **letters)


def before_relu() -> np.ndarray:
    """A map (6, 6) as it comes out of a convolution: of its first four 2×2 windows the first holds
    negative numbers only, and the largest of the last is 0; two equal cells are nowhere largest."""
    cells = sample_input(6, 6) - 4
    cells[:4, :4] = [[-3, -1, 5, -2], [-4, -2, 1, 3], [2, -5, -1, 0], [-1, 4, -6, -2]]
    return cells


def gradient_after_pooling() -> np.ndarray:
    """What arrives (3, 3) after the two steps: 5 at the window of negative numbers."""
    gradient = sample_gradient(3, 3)
    gradient[:2, :2] = [[5, 2], [-3, 4]]
    return gradient


def pooled_by_two(data: Mapping, *, input_size: int, **others) -> tuple[Layer, dict]:
    layer, _ = pooled(data, input_size=input_size, kernel_size=2)
    return Layer(layer.arrays), others


@explorer(
    buttons("rule", TIE_RULES, "first"),
    buttons("order", TWO_ORDERS, next(iter(TWO_ORDERS))),
    *sliders(input_size=(4, 2, 6)),
    *letters("numbers"),
    numbers=lambda: {"input": before_relu(), "upstream": gradient_after_pooling()},
    cut=pooled_by_two,
)
def explore_relu_and_ties(layer: Layer, **others) -> Scene:
    """ReLU and pooling in both orders, and the gradient back under three rules for equal cells."""
    return relu_and_ties(layer.input, layer.upstream, **others)
