"""The picture of a fully connected layer: every output reads every input, each through its own weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Equation, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import map_grid, written


def dense_layer(
    input: np.ndarray,
    weight: np.ndarray,
    *,
    notation: Notation = NOTATIONS["slides"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """z = W a for a vector a (inputs,) and a matrix W (outputs, inputs), with both gradients.

    Pointing at an output shows its sum, at an input the gradient it collects (a column of W), at a
    weight its gradient: one input times one upstream gradient.
    Source: slides, the four steps of backpropagation; blog, the fully connected layer.

    >>> scene = dense_layer(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]))
    >>> scene.equation_text("output", 0), scene.equation_text("kernel", 1)
    ('z_11 = W_11·a_11 + W_12·a_21', '∂L/∂W_12 = a_21·∂L/∂z_11')
    """
    outputs, inputs = weight.shape
    column = {"square": True, "largest": 54}
    a = map_grid("input", "a", input.reshape(-1, 1), Slot(560, 40, 110, 250, **column), start)
    w = map_grid("kernel", "W", weight, Slot(60, 40, 400, 250, largest=54), start)
    z = map_grid(
        "output", "z", (weight @ input).reshape(-1, 1), Slot(780, 40, 110, 250, **column), start
    )
    o, i = np.divmod(np.arange(weight.size), inputs)
    a = replace(
        a,
        title="input |a|",
        sentences=tuple(
            f"{spoken(name)} feeds all {outputs} outputs: its gradient collects from each of them."
            for name in a.symbols
        ),
    )
    w = replace(
        w,
        title=f"weights |W|  {outputs}×{inputs}",
        sentences=tuple(
            f"{spoken(name)} is used once, for {spoken(z.symbols[o[cell]])}: its gradient is one product."
            for cell, name in enumerate(w.symbols)
        ),
    )
    z = replace(
        z,
        title="output |z|",
        role="written",
        sentences=tuple(
            f"{spoken(name)} reads all {inputs} inputs: a row of W." for name in z.symbols
        ),
    )
    upstream = f"∂{notation.scalar}/∂{{output}}"
    return Scene(
        title="A fully connected layer",
        grids=tuple(written(grid, show) for grid in (w, a, z)),
        table={"input": i, "kernel": np.arange(weight.size), "output": o},
        say="Point at an output, an input or a weight: its sum and its gradient stand below.",
        size=(1200, 310),
        equations={
            "output": Equation("{output}", ("{kernel}", "{input}"), counted=True),
            "input": Equation(f"∂{notation.scalar}/∂{{input}}", ("{kernel}", upstream)),
            "kernel": Equation(f"∂{notation.scalar}/∂{{kernel}}", ("{input}", upstream)),
        },
        signs=((510, 175, "·"), (725, 175, "=")),
        walk="output",
        beware=notation.beware,
        code="z = torch.nn.functional.linear(a, W)",
    )
