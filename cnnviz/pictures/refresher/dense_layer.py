"""The picture of a fully connected layer: forward on top, and below each value its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Scene, Slot, Stroke
from ...symbols import NOTATIONS, spoken
from ..grids import map_grid
from ..maps import in_one_row
from ..meetings import joined
from ..sheet import Sheet, is_gradient
from ..words import Says, count, equation

TOP, LOW, TALL = 40, 300, 190
COLUMNS = {  # a value with its gradient below it: left edge and width
    ("input", "input_gradient"): (20, 210),
    ("kernel", "kernel_gradient"): (282, 150),
    ("bias", "bias_gradient"): (484, 140),
    ("output", "upstream"): (676, 140),
}
SLOTS = {
    name: Slot(x, y, width, TALL, largest=64)
    for column, (x, width) in COLUMNS.items()
    for name, y in zip(column, (TOP, LOW), strict=True)
}
LETTERS = {"input": "x", "kernel": "W", "bias": "b", "output": "z"}
TITLES = {"input": "input", "kernel": "weights", "bias": "biases", "output": "output"}


def dense_layer(
    input: np.ndarray, weight: np.ndarray, bias: np.ndarray, grad_output: np.ndarray, **letters
) -> Scene:
    """z = x W + b for a row x (inputs,), W (inputs, outputs) and b (outputs,), and every gradient.

    ``grad_output`` (outputs,) arrives. ``letters`` are those of a `Sheet`, of the blog unless said:
    notation, for its scalar, start and show. Source: blog, the fully connected layer.

    >>> x, W = np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]])
    >>> scene = dense_layer(x, W, np.zeros(2), np.ones(2))
    >>> scene.equation_text("output", 0), scene.equation_text("kernel_gradient", 1)
    ('z_1 = x_1·W_11 + x_2·W_21 + b_1', '∂L/∂W_12 = x_1·∂L/∂z_2')
    """
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["blog"], **letters})
    values = {
        "input": input,
        "kernel": weight,
        "bias": bias,
        "output": input @ weight + bias,
        "input_gradient": weight @ grad_output,
        "kernel_gradient": np.outer(input, grad_output),
        "bias_gradient": grad_output,
        "upstream": grad_output,
    }
    grids = {name: _grid(sheet, name, np.atleast_2d(cells)) for name, cells in values.items()}
    below, right = LOW - 46, SLOTS["output"].x + SLOTS["output"].width
    back = f"back: each gradient of {sheet.notation.scalar} below its value"
    return sheet.scene(
        "A fully connected layer",
        tuple(grids.values()),
        _table(*weight.shape),
        _says({name: [*map(spoken, grid.symbols)] for name, grid in grids.items()}),
        say="Point at a value or a gradient: what it is made of lights up, and its sum stands below.",
        equations={
            "output": equation("output", "input", "kernel", plus="bias"),
            "input_gradient": equation("input_gradient", "upstream", "kernel"),
            "kernel_gradient": equation("kernel_gradient", "input", "upstream"),
            "bias_gradient": equation("bias_gradient", "upstream"),
        },
        signs=tuple(
            (x, TOP + TALL / 2 + 10, sign) for x, sign in zip((256, 458, 650), "·+=", strict=True)
        ),
        strokes=(Stroke(((right, below), (20, below)), "backward", back),),
        code="z = torch.nn.functional.linear(x, W.T, b)",
    )


def _grid(sheet: Sheet, name: str, values: np.ndarray):
    of = {"upstream": "output"}.get(name, name.removesuffix("_gradient"))
    by = f"∂{sheet.notation.scalar}/∂" * is_gradient(name)
    role = "written" if name == "output" or name.endswith("_gradient") else "read"
    grid = map_grid(name, f"{by}{LETTERS[of]}", values, SLOTS[name], sheet.start, role=role)
    title = TITLES.get(name, "upstream" if name == "upstream" else "")
    size = f"  {values.shape[0]}×{values.shape[1]}"
    grid = replace(grid, title=f"{title} |{by}{LETTERS[of]}|{size}".strip())
    return grid if of == "kernel" else in_one_row(grid)


def _table(inputs: int, outputs: int) -> dict[str, np.ndarray]:
    """The same meetings once for each thing that is computed from them, one below the other."""
    weights, each = np.arange(inputs * outputs), np.arange(outputs)
    i, o = np.divmod(weights, outputs)
    return joined(
        {"input": i, "kernel": weights, "bias": o, "output": o},
        {"input_gradient": i, "kernel": weights, "upstream": o},
        {"kernel_gradient": weights, "input": i, "upstream": o},
        {"bias_gradient": each, "upstream": each},
    )


def _says(names: dict[str, list[str]]) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    inputs, outputs = len(names["input"]), len(names["output"])
    to_all = f"goes to all {outputs} outputs, each time through another weight"
    words = {
        "input": f"{{}} {to_all}.",
        "kernel": "{} is used once, so its gradient is a single product.",
        "bias": "{} is added to one output.",
        "output": f"{{}} is the row of inputs times its column of W: {count(inputs, 'product')}, and "
        "its bias.",
        "input_gradient": f"{{}} adds up {count(outputs, 'product')}: each upstream gradient times the "
        "weight on the way there.",
        "kernel_gradient": "{} is what went in, times what arrives: the weight moves against it.",
        "bias_gradient": "{} is the upstream gradient of its own output: the bias moves against it.",
        "upstream": "{} arrives from the layers behind this one.",
    }

    def of(name: str) -> Says:
        return lambda cell: words[name].format(names[name][cell])

    return {name: of(name) for name in names}
