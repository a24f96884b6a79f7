"""Explorers of a whole layer, as small as the example of slides and blog: its meetings sorted in three
ways, and its calculation line by line."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..functional import conv2d
from ..functional.samples import sample_input
from ..pictures.small_example.cards import SORTINGS, meetings_as_cards
from ..pictures.small_example.whole_layer import SCALARS, whole_layer
from ..scene import Scene
from .controls import buttons, letters, sliders, tick
from .explorer import explorer
from .numbers import Layer, convolution, corner, layer_numbers, one_channel

LARGEST = 5
MOST = LARGEST + 2  # rows of the output, with a padding of 1 and a kernel of 1


def _numbers() -> dict[str, np.ndarray]:
    """The arrays for the largest sizes. In the example the error is the given upstream gradient."""
    data = layer_numbers(LARGEST, 3, MOST)
    data |= {"bias": np.array([2.0]), "target": sample_input(MOST, MOST)}
    example = conv2d(data["input"], data["kernel"][:2, :2], data["bias"])
    corner(data["target"], example.shape)[:] = example - corner(data["upstream"], example.shape)
    return data


def _with_bias_and_target(
    data, *, input_size, kernel_size, stride, padding, **others
) -> tuple[Layer, dict]:
    how = {"stride": stride, "padding": padding}
    layer = convolution(data, (input_size,) * 2, (kernel_size,) * 2, how)
    more = {"bias": data["bias"], "target": corner(data["target"], layer.output_size)}
    return replace(layer, arrays={**layer.arrays, **more}), others


@explorer(
    *sliders(input_size=(3, 2, LARGEST), kernel_size=(2, 1, 3)),
    buttons("scalar", SCALARS, "given"),
    *sliders(stride=(1, 1, 2), padding=(0, 0, 1)),
    tick("blank", "hide the results"),
    *letters("numbers"),
    numbers=_numbers,
    cut=_with_bias_and_target,
)
def explore_whole_layer(layer: Layer, **others) -> Scene:
    """A layer with its bias, forward and back, one line of the calculation after the other.

    ``scalar`` says where the upstream gradient comes from: "given", the "sum" of the output, or the
    "squared error" to a target. ``blank`` leaves the results empty, for pencil or for stepping.
    """
    bias, target = float(layer.arrays["bias"][0]), layer.arrays["target"]
    return whole_layer(
        layer.input, layer.kernel, bias, layer.upstream, **layer.how, target=target, **others
    )


@explorer(
    buttons("sort", SORTINGS, "by output"),
    *sliders(input_size=(3, 2, 4), kernel_size=(2, 2, 3), stride=(1, 1, 2), padding=(0, 0, 1)),
    *letters("symbols"),
    numbers=partial(layer_numbers, 4, 3, 5),
    cut=one_channel,
)
def explore_meetings(layer: Layer, **others) -> Scene:
    """Every product "this output, this weight, this input" as a card, sorted in three ways.

    ``sort`` is "by output" (forward), "by weight" (kernel gradient) or "by input" (input gradient).
    The cards stay the same, and only by input do the weights run backwards.
    """
    return meetings_as_cards(layer.input, layer.kernel, layer.upstream, **layer.how, **others)
