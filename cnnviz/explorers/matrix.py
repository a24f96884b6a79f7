"""Explorers of a convolution as a matrix, its channels, and its input as a vector."""

from __future__ import annotations

from functools import partial
from numbers import Integral

import numpy as np

from ..functional.samples import sample_input, sample_kernel, sample_picture
from ..pictures.matrix.convolution_matrix import convolution_matrix
from ..scene import Scene
from .controls import Slider, letters, sliders
from .explorer import Explorer, explorer
from .numbers import Layer, channels, one_channel
from .numbers import rectangles as rectangular

LARGEST_WRITTEN, LARGEST = 12, 28  # inputs of small numbers, and the picture that is larger
LARGEST_KERNEL = 5


def explore_convolution_matrix(
    *start,
    parts: tuple[str, ...] = ("W", "im2col"),
    largest: int = LARGEST_WRITTEN,
    rectangles: bool = False,
    **given,
) -> Explorer:
    """A convolution beside its matrix W and its im2col patches, with a slider for every size.

    ``parts`` says which matrices are shown: "W", "im2col", both, or none for the maps alone.
    ``largest`` is the largest input the slider reaches: up to 12 the maps are written in, beyond
    that maps and W are images, up to 28. ``rectangles`` gives height and width sliders of their own.
    """
    _check_largest(largest)
    controls = (
        *(_oblong(largest) if rectangles else _square(largest)),
        *sliders(stride=(1, 1, 4), padding=(0, 0, 3), dilation=(1, 1, 3)),
        *letters("symbols"),
    )
    numbers = {
        "input": (sample_input if largest <= LARGEST_WRITTEN else sample_picture)(largest, largest),
        "kernel": sample_kernel(LARGEST_KERNEL, LARGEST_KERNEL),
    }
    cut = rectangular if rectangles else one_channel
    return Explorer(partial(_matrix, parts=parts), controls, numbers, cut, start, given)


def _matrix(layer: Layer, **others) -> Scene:
    return convolution_matrix(layer.input, layer.kernel, **layer.how, **others)


def _check_largest(largest: int) -> None:
    said = f"largest is a whole number from 1 to {LARGEST}, not {largest!r}."
    if not isinstance(largest, Integral) or isinstance(largest, bool):
        raise TypeError(said)
    if not 1 <= largest <= LARGEST:
        raise ValueError(said)


def _square(largest: int) -> tuple[Slider, ...]:
    size = min(4, largest)
    return sliders(input_size=(size, 1, largest), kernel_size=(min(3, size), 1, LARGEST_KERNEL))


def _oblong(largest: int) -> tuple[Slider, ...]:
    height, width = min(4, largest), min(5, largest)
    return (
        Slider("input_height", "height", height, 1, largest),
        Slider("input_width", "width", width, 1, largest),
        *sliders(
            kernel_height=(min(3, height), 1, LARGEST_KERNEL),
            kernel_width=(min(2, width), 1, LARGEST_KERNEL),
        ),
    )


def _channel_numbers() -> dict[str, np.ndarray]:
    return {"input": sample_input(4, 5, 5), "kernel": sample_kernel(4, 4, 3, 3)}


@explorer(
    *sliders(in_channels=(2, 1, 4), out_channels=(2, 1, 4), groups=(1, 1, 4)),
    *sliders(input_size=(3, 2, 5), kernel_size=(2, 1, 3)),
    *letters("symbols"),
    numbers=_channel_numbers,
    cut=channels,
)
def explore_channels(layer: Layer, **letters) -> Scene:
    """Several channels and groups: W falls into blocks, one for each pair of channels that meet."""
    return convolution_matrix(layer.input, layer.kernel, **layer.how, parts=("W",), **letters)
