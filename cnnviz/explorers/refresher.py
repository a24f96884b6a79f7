"""Explorers of single gates, of a number that is used twice, and of a plain network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..functional.geometry import Geometry
from ..functional.samples import sample_gradient, sample_input, sample_kernel
from ..network.four_steps import ACTIVATIONS
from ..pictures.refresher.conv_gate import conv_gate
from ..pictures.refresher.fan_out import fan_out
from ..pictures.refresher.gate_kinds import GATES, TWO_INPUTS
from ..pictures.refresher.gates import gate
from ..pictures.refresher.plain_network import DEEPEST, WIDEST, plain_network
from ..scene import Scene
from .controls import FIRST_INDEX, Slider, buttons, fine_slider, letters, sliders, tick
from .explorer import Explorer, explorer
from .numbers import Layer, probed


@explorer(
    fine_slider("x", "x", 2.0, -5, 5, 0.5, digits=1),
    fine_slider("y", "y", -3.0, -5, 5, 0.5, digits=1, when=("kind", TWO_INPUTS)),
    fine_slider("upstream", "upstream", 2.0, -3, 3, 0.5, digits=1),
    buttons("kind", GATES, "multiply"),
    fine_slider("nudge", "nudge of x", 0.0, -2, 2, 0.5, digits=1),
    *letters("numbers", indices=False),
)
def explore_gate(**values) -> Scene:
    """One gate z = f(x, y) with sliders for its inputs and for the gradient that arrives.

    ``kind`` is "add", "multiply", "max" or "ReLU", which reads x alone; buttons change it.
    """
    return gate(**values)


def _line_numbers() -> dict[str, np.ndarray]:
    return {
        "input": sample_input(1, 5)[0],
        "kernel": sample_kernel(1, 3)[0],
        "bias": np.array([3.0]),
        "upstream": sample_gradient(1, 5)[0],
    }


def _line(data, *, input_size, kernel_size, one_hot, **others) -> tuple[Layer, dict]:
    """A layer along a line. ``one_hot`` puts a probe upstream."""
    geometry = {"input_size": (1, input_size), "kernel_size": (1, kernel_size)}
    _, outputs = Geometry.of(**geometry).output_size
    arrays = {
        "input": data["input"][:input_size],
        "kernel": data["kernel"][:kernel_size],
        "bias": data["bias"],
        "upstream": probed(data["upstream"][:outputs], one_hot),
    }
    return Layer(arrays, geometry=geometry), others


@explorer(
    *sliders(input_size=(3, 1, 5), kernel_size=(2, 1, 3), one_hot=(0, 0, 5)),
    tick("with_bias", "bias"),
    *letters("symbols"),
    numbers=_line_numbers,
    cut=_line,
)
def explore_conv_gate(layer: Layer, *, with_bias: bool, **letters) -> Scene:
    """A small convolution along a line as a gate: one gradient in, one out for each thing read."""
    bias = layer.arrays["bias"].item() if with_bias else None
    return conv_gate(layer.input, layer.kernel, layer.upstream, bias, **letters)


@explorer(
    *sliders(x=(3, -5, 5), y=(2, -5, 5), w=(1, -5, 5)),
    tick("overwrite", "overwrite: = in place of +="),
    *letters("numbers", indices=False),
)
def explore_fan_out(**values) -> Scene:
    """A number that is used twice, so that two gradients come back to it."""
    return fan_out(**values)


def explore_plain_network(*start, widths: Sequence[int] | None = None, **given) -> Explorer:
    """A network of dense layers in the slides' four steps, with a slider for every width.

    ``widths`` is a width for each layer, in place of ``layers``, ``width_1``, ``width_2``, …
    """
    controls = (
        *sliders(layers=(3, 2, DEEPEST)),
        buttons("activation", ACTIVATIONS, "ReLU"),
        *(_width(l, start=(2, 3, 2, 2)[l - 1]) for l in range(1, DEEPEST + 1)),
        buttons("show", ["symbols", "numbers"], "numbers"),
        FIRST_INDEX,
    )
    if widths is not None:
        layers = start[0] if start else given.get("layers")
        given = _with_widths(widths, layers, given)
    return Explorer(_network, controls, network_numbers(), _dense_layers, start, given)


def _width(l: int, start: int) -> Slider:
    """The width of layer l, to be seen where there are so many layers."""
    when = ("layers", tuple(range(l, DEEPEST + 1))) if l > 2 else None
    return Slider(f"width_{l}", f"width {l}", start, 1, WIDEST, when=when)


def _with_widths(widths: Sequence[int], layers: int | None, given: dict) -> dict:
    """What is given by name, and a start for the slider of each width.

    There are as many layers as widths, unless ``layers`` is given; more widths wait for their layer.
    """
    one_each = f"widths takes a width for each of 2 to {DEEPEST} layers, as in (2, 3, 2)"
    if not isinstance(widths, (tuple, list)):
        raise TypeError(f"{one_each}, not {widths!r}.")
    if not 2 <= len(widths) <= DEEPEST:
        raise ValueError(f"{one_each}, not {len(widths)} of them.")
    if layers in range(len(widths) + 1, DEEPEST + 1):
        raise ValueError(f"widths has {len(widths)} widths, which contradicts layers={layers}.")
    named = {f"width_{l}": width for l, width in enumerate(widths, start=1)}
    for name in sorted(named.keys() & given.keys()):
        raise TypeError(f"{name} is given twice: in widths, and by its name.")
    if layers is None:
        named["layers"] = len(widths)
    return given | named


def _network(layer: Layer, *, layers: int, activation: str, **letters) -> Scene:
    W, b = ({l: layer.arrays[f"{kind}{l}"] for l in range(1, layers)} for kind in "Wb")
    return plain_network(layer.arrays["a1"], W, b, layer.arrays["y"], activation, **letters)


def _dense_layers(data, *, layers, **others) -> tuple[Layer, dict]:
    """The layers of these widths; those beyond ``layers`` are not shown."""
    n = {l: others.pop(f"width_{l}") for l in range(1, DEEPEST + 1)}
    arrays = {"a1": data["a1"][: n[1]], "y": data["y"][: n[layers]]}
    for l in range(1, DEEPEST):
        arrays[f"W{l}"] = data[f"W{l}"][: n[l + 1], : n[l]]
        arrays[f"b{l}"] = data[f"b{l}"][: n[l + 1]]
    return Layer(arrays), {"layers": layers, **others}


def network_numbers() -> dict[str, np.ndarray]:
    """Small whole numbers, with no sum z at exactly 0 for any widths: ReLU has no slope there."""
    numbers = {
        "a1": [[1], [-1], [-1]],
        "W1": [[1, 1, -1], [-1, 3, -1], [1, -2, 2]],
        "b1": [[2], [-1], [1]],
        "W2": [[2, -2, 1], [2, -2, -1], [1, -2, 2]],
        "b2": [[-2], [1], [2]],
        "W3": [[2, -1, 1], [-1, -2, 1], [-1, -1, -1]],
        "b3": [[2], [1], [1]],
        "y": [[1], [-1], [-1]],
    }
    return {name: np.array(rows, dtype=float) for name, rows in numbers.items()}
