"""The picture of a fully connected layer: every output reads every input, each through its own weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Scene, Slot
from ...symbols import NOTATIONS, spoken
from ..grids import map_grid
from ..sheet import Sheet, between

SLOTS = {
    "kernel": Slot(20, 40, 400, 280, largest=84),
    "input": Slot(500, 40, 110, 280, largest=84),
    "output": Slot(690, 40, 110, 280, largest=84),
}


def dense_layer(input: np.ndarray, weight: np.ndarray, **letters) -> Scene:
    """z = W a for a vector a (inputs,) and a matrix W (outputs, inputs), with both gradients.

    Pointing at an output shows its sum, at an input the gradient it collects (a column of W), at a
    weight its gradient: one input times one upstream gradient. ``letters`` are those of a `Sheet`, of
    the slides unless said: notation, start and show.
    Source: slides, the four steps of backpropagation; blog, the fully connected layer.

    >>> scene = dense_layer(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]))
    >>> scene.equation_text("output", 0), scene.equation_text("kernel", 1)
    ('z_11 = W_11·a_11 + W_12·a_21', '∂L/∂W_12 = a_21·∂L/∂z_11')
    """
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["slides"], **letters})
    outputs, inputs = weight.shape
    o, i = np.divmod(np.arange(weight.size), inputs)

    def shown(name: str, title: str, letter: str, values: np.ndarray, role: str = "read"):
        cells = values.reshape(len(values), -1)
        grid = map_grid(name, letter, cells, SLOTS[name], sheet.start, role=role)
        return replace(grid, title=title)

    a = shown("input", "input |a|", "a", input)
    w = shown("kernel", f"weights |W|  {outputs}×{inputs}", "W", weight)
    z = shown("output", "output |z|", "z", weight @ input, role="written")

    def of_input(cell: int) -> str:
        collects = "its gradient collects from each of them"
        return f"{spoken(a.symbols[cell])} feeds all {outputs} outputs: {collects}."

    def of_kernel(cell: int) -> str:
        once = f"is used once, for {spoken(z.symbols[o[cell]])}: its gradient is one product"
        return f"{spoken(w.symbols[cell])} {once}."

    def of_output(cell: int) -> str:
        return f"{spoken(z.symbols[cell])} reads all {inputs} inputs: a row of W."

    return sheet.scene(
        "A fully connected layer",
        (w, a, z),
        {"input": i, "kernel": np.arange(weight.size), "output": o},
        {"input": of_input, "kernel": of_kernel, "output": of_output},
        say="Point at an output, an input or a weight: its sum and its gradient stand below.",
        equations={
            "output": sheet.equation("output", "kernel", "input"),
            "input": sheet.backward("input", "kernel"),
            "kernel": sheet.backward("kernel", "input"),
        },
        signs=between(SLOTS, "·="),
        walk="output",
        code="z = torch.nn.functional.linear(a, W)",
    )
