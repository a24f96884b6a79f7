"""Explorers of the kernel gradient: one weight, the window and its roles, a nudge, channels."""

from __future__ import annotations

from functools import partial

from ..functional.samples import sample_gradient, sample_input
from ..pictures.kernel_gradient.kernel_channels import kernel_channels
from ..pictures.kernel_gradient.one_weight import one_weight
from ..pictures.kernel_gradient.roles import ROLES, three_correlations
from ..pictures.kernel_gradient.wiggle import wiggle
from ..scene import Scene
from .controls import buttons, fine_slider, letters, sliders, tick
from .explorer import explorer
from .numbers import Layer, channels, layer_numbers, one_channel, upstream_of

PROBES = 25  # the outputs that the one-hot probe reaches


@explorer(
    *sliders(input_size=(4, 2, 5), kernel_size=(3, 2, 3), stride=(1, 1, 2), weight=(2, 1, 9)),
    *letters("symbols"),
    numbers=partial(layer_numbers, 5, 3, 5),
    cut=one_channel,
)
def explore_one_weight(layer: Layer, *, weight: int, **letters) -> Scene:
    """The chain rule of one weight: a path through each output it reaches, and their sum.

    ``weight`` numbers the weights from 1, row by row.
    """
    cell, stride = (weight - 1) % layer.kernel.size, layer.how["stride"]
    return one_weight(layer.input, layer.kernel, layer.upstream, cell, stride, **letters)


@explorer(
    *sliders(input_size=(4, 1, 9), kernel_size=(3, 1, 5), stride=(1, 1, 3)),
    buttons("role", ROLES, "kernel gradient"),
    *sliders(one_hot=(0, 0, PROBES), padding=(0, 0, 2), dilation=(1, 1, 3)),
    tick("turn", "turn the window", when=("role", ("kernel gradient",))),
    *letters("symbols"),
    numbers=partial(layer_numbers, 9, 5, 13),
    cut=one_channel,
)
def explore_kernel_gradient(layer: Layer, **others) -> Scene:
    """The upstream gradient as a window on the input: each stop is the gradient of one weight.

    ``role`` exchanges the parts: forward the kernel is the window, and for the input gradient the
    turned kernel slides over the upstream gradient. ``one_hot`` puts a single 1 upstream: the kernel
    gradient is then the patch it read, the input gradient a copy of the kernel. ``turn`` shows what
    comes out if the window of the kernel gradient is turned by mistake.
    """
    return three_correlations(layer.input, layer.kernel, layer.upstream, **layer.how, **others)


@explorer(
    fine_slider("nudge", "nudge ε", 0.5, -2.0, 2.0, 0.1),
    buttons("scalar", ["linear", "curved"], "linear"),
    *sliders(weight=(2, 1, 9), input_size=(4, 2, 5), kernel_size=(3, 2, 3)),
    *letters("numbers"),
    numbers=partial(layer_numbers, 5, 3, 5),
    cut=one_channel,
)
def explore_wiggle(layer: Layer, *, weight: int, nudge: float, **others) -> Scene:
    """A weight nudged by hand: the change its gradient predicts, and the change in fact."""
    cell = (weight - 1) % layer.kernel.size
    return wiggle(layer.input, layer.kernel, layer.upstream, cell, nudge, **others)


def _channel_numbers() -> dict:
    upstream = sample_gradient(4, 4, 4)
    upstream[0] = upstream_of(4)
    return {"input": sample_input(4, 4, 4), "upstream": upstream}


@explorer(
    *sliders(in_channels=(2, 1, 4), out_channels=(2, 1, 4), groups=(1, 1, 4)),
    *sliders(input_size=(3, 2, 4), kernel_size=(2, 1, 2)),
    *letters("numbers"),
    numbers=_channel_numbers,
    cut=channels,
)
def explore_kernel_channels(layer: Layer, **letters) -> Scene:
    """Channels and groups: a plane of the kernel gradient for each pair that meets, and the biases."""
    return kernel_channels(layer.input, layer.kernel_size, layer.upstream, **layer.how, **letters)
