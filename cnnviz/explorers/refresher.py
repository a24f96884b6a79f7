"""Explorers of single gates, of a number that is used twice, and of a plain network."""

from __future__ import annotations

import numpy as np

from ..functional.samples import one_hot, sample_gradient, sample_input, sample_kernel
from ..network.four_steps import ACTIVATIONS
from ..pictures.refresher.conv_gate import conv_gate
from ..pictures.refresher.fan_out import fan_out
from ..pictures.refresher.gates import GATES, gate
from ..pictures.refresher.plain_network import DEEPEST, WIDEST, plain_network
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, buttons, choices, fine_slider, shared_choices, slider, tick


def explore_gate(kind: str = "multiply", *, show: str = "numbers") -> Explorer:
    """One gate z = f(x, y) with sliders for both inputs and for the gradient that arrives.

    ``kind`` is "add", "multiply" or "max"; buttons change it.
    """
    controls = {
        "x": fine_slider("x", 2.0, -5, 5, 0.5, digits=1),
        "y": fine_slider("y", -3.0, -5, 5, 0.5, digits=1),
        "upstream": fine_slider("upstream", 2.0, -3, 3, 0.5, digits=1),
        "nudge": fine_slider("nudge of x", 0.5, -2, 2, 0.5, digits=1),
        "kind": buttons(list(GATES), kind),
        **_without_first_index(choices(show)),
    }

    def build(data, *, kind, notation, **values) -> Scene:
        return gate(kind, **values, notation=NOTATIONS[notation])

    return Explorer(build, {}, controls)


def _without_first_index(controls: dict) -> dict:
    """These pictures have no cell with an index."""
    return {name: control for name, control in controls.items() if name != "start"}


def explore_conv_gate(
    input_size: int = 3, kernel_size: int = 2, bias: bool = False, *, show: str = "symbols"
) -> Explorer:
    """A small convolution along a line as a gate: one gradient in, one out for each thing read."""
    controls = {
        "size": slider("input size", input_size, 1, 5),
        "kernel": slider("kernel size", kernel_size, 1, 3),
        "probe": slider("one-hot probe", 0, 0, 5),
        "bias": tick("bias", bias),
        **choices(show),
    }
    data = {
        "input": sample_input(1, 5)[0],
        "kernel": sample_kernel(1, 3)[0],
        "bias": np.array([3.0]),
        "upstream": sample_gradient(1, 5)[0],
    }

    def build(data, *, size, kernel, probe, bias, show, notation, start) -> Scene:
        outputs = max(size - kernel + 1, 1)
        arrives = one_hot((outputs,), probe - 1) if probe else data["upstream"][:outputs]
        return conv_gate(
            data["input"][:size],
            data["kernel"][:kernel],
            arrives,
            float(data["bias"][0]) if bias else None,
            editable=not probe,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, cell

    def geometry_of(*, size, kernel, **_) -> dict:
        return dict(input_size=(1, size), kernel_size=(1, kernel))

    return Explorer(build, data, controls, cell_of, geometry_of)


def explore_fan_out(*, show: str = "numbers") -> Explorer:
    """A number that is used twice, so that two gradients come back to it."""
    controls = {
        "x": slider("x", 3, -5, 5),
        "y": slider("y", 2, -5, 5),
        "w": slider("w", 1, -5, 5),
        "overwrite": tick("overwrite: = in place of +="),
        **_without_first_index(choices(show)),
    }

    def build(data, *, x, y, w, overwrite, notation, show) -> Scene:
        return fan_out(y, x, w, overwrite=overwrite, notation=NOTATIONS[notation], show=show)

    return Explorer(build, {}, controls)


def explore_plain_network(
    layers: int = 3, widths: tuple[int, ...] = (2, 3, 2, 2), *, show: str = "numbers"
) -> Explorer:
    """A network of dense layers in the slides' four steps, with a slider for every width."""
    width = {
        f"width_{l}": slider(f"width {l}", widths[l - 1], 1, WIDEST) for l in range(1, DEEPEST + 1)
    }
    controls = {
        "layers": slider("layers", layers, 2, DEEPEST),
        **width,
        "activation": buttons(list(ACTIVATIONS), "ReLU"),
        "show": choices(show)["show"],
        "start": shared_choices()["start"],
    }

    def build(data, *, layers, activation, show, start, **widths) -> Scene:
        n = [widths[f"width_{l}"] for l in range(1, layers + 1)]
        for l in range(1, DEEPEST + 1):
            width[f"width_{l}"].disabled = l > layers
        return plain_network(
            data["a1"][: n[0]],
            {l: data[f"W{l}"][: n[l], : n[l - 1]] for l in range(1, layers)},
            {l: data[f"b{l}"][: n[l]] for l in range(1, layers)},
            data["y"][: n[-1]],
            activation,
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, _network_numbers(), controls, cell_of)


def _network_numbers() -> dict[str, np.ndarray]:
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
