"""The numbers of an explorer, and the layer that its controls cut out of them.

An explorer keeps arrays for the largest sizes. A *cut* takes them and the values of the controls, and
returns a `Layer` of what the picture shows with the values that it did not use. What it shows of the
explorer's own numbers is a view into them: a number typed into a cell is written through that view. A
probe, or anything computed, is no view, so it cannot be typed into.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..functional.geometry import Geometry
from ..functional.samples import one_hot as one_hot_map
from ..functional.samples import sample_gradient, sample_input, sample_kernel


@dataclass(frozen=True)
class Layer:
    """What a picture is built from: arrays by the names of the grids that show them, the kernel's
    size, PyTorch's arguments ``how``, and the arguments of a proof."""

    arrays: Mapping[str, np.ndarray]
    kernel_size: tuple[int, ...] = ()
    how: Mapping[str, int] = field(default_factory=dict)
    geometry: Mapping[str, object] | None = None

    @property
    def input(self) -> np.ndarray:
        return self.arrays["input"]

    @property
    def kernel(self) -> np.ndarray:
        return self.arrays["kernel"]

    @property
    def upstream(self) -> np.ndarray:
        return self.arrays["upstream"]

    @property
    def input_size(self) -> tuple[int, ...]:
        return self.geometry["input_size"]

    @property
    def output_size(self) -> tuple[int, ...]:
        return self.upstream.shape[-2:]


def layer_numbers(input_size: int, kernel_size: int, output_size: int) -> dict[str, np.ndarray]:
    """The arrays of one channel, for the largest sizes."""
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


def corner(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The top left corner of a map, as a view."""
    return array[..., : size[0], : size[1]]


def probed(upstream: np.ndarray, one_hot: int) -> np.ndarray:
    """The map, or with ``one_hot`` from 1 on a probe in its place: a single 1."""
    return one_hot_map(upstream.shape, one_hot - 1) if one_hot else upstream


def one_channel(
    data, *, input_size, kernel_size, stride=1, padding=0, dilation=1, one_hot=0, **others
) -> tuple[Layer, dict]:
    """A square layer of one channel. ``one_hot`` puts a probe upstream."""
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    return convolution(data, (input_size,) * 2, (kernel_size,) * 2, how, one_hot), others


def rectangles(
    data, *, input_height, input_width, kernel_height, kernel_width, stride=1, padding=0, dilation=1,
    one_hot=0, **others,
) -> tuple[Layer, dict]:  # fmt: skip
    """A layer whose rows and columns have sliders of their own."""
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    sizes = (input_height, input_width), (kernel_height, kernel_width)
    return convolution(data, *sizes, how, one_hot), others


def convolution(
    data: Mapping, input_size: tuple, kernel_size: tuple, how: Mapping, one_hot: int = 0
) -> Layer:
    """The layer of these sizes, of the arrays that there are."""
    sizes = {
        "input": input_size,
        "kernel": kernel_size,
        "upstream": Geometry.of(input_size, kernel_size, **how).output_size,
    }
    arrays = {name: corner(data[name], size) for name, size in sizes.items() if name in data}
    if "upstream" in arrays:
        arrays["upstream"] = probed(arrays["upstream"], one_hot)
    geometry = {"input_size": input_size, "kernel_size": kernel_size, **how}
    return Layer(arrays, kernel_size, how, geometry)


def channels(
    data, *, input_size, kernel_size, in_channels, out_channels, groups, **others
) -> tuple[Layer, dict]:
    """A layer of several channels."""
    bank = (out_channels, max(1, in_channels // groups), kernel_size, kernel_size)
    cuts = {
        "input": np.s_[:in_channels, :input_size, :input_size],
        "kernel": tuple(map(slice, bank)),
    }
    if "upstream" in data:
        rows, columns = Geometry.of(input_size, kernel_size).output_size
        cuts["upstream"] = np.s_[:out_channels, :rows, :columns]
    geometry = {
        "input_size": (input_size, input_size),
        "kernel_size": (kernel_size, kernel_size),
        "groups": groups,
        "in_channels": in_channels,
        "out_channels": out_channels,
    }
    arrays = {name: data[name][cut] for name, cut in cuts.items() if name in data}
    return Layer(arrays, bank, {"groups": groups}, geometry), others
