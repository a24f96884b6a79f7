"""The picture of the input gradient as Wᵀ times the upstream gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Axis, Equation, Grid, Scene, Slot
from ...symbols import number, spoken
from ..grids import edge_grid, matrix_grid
from ..maps import PADDING, padded, places
from ..sheet import Sheet, arrow, row
from ..words import Says, count
from .gathering import input_call, input_equation

TOP, LOW = 46, 466  # where the maps and the matrix below them start
SLOTS = {
    **row(170, y=TOP, gap=30, largest=46, input=240, kernel=130, output=160),
    **row(170, y=258, gap=190, largest=46, input_gradient=240, upstream=160),
    "vector": Slot(84, LOW, 526, 22, largest=46, square=False, centred=False),
    "result": Slot(20, LOW + 28, 54, 142, largest=46, square=False, centred=False),
    "W": Slot(84, LOW + 28, 526, 142, largest=46, square=False, centred=False),
    "W_transposed": Slot(650, TOP, 180, 560, largest=46, square=False),
    "arriving": Slot(858, TOP, 58, 560, largest=46, square=False),
    "back": Slot(938, TOP, 58, 560, largest=46, square=False),
}


def transposed_matrix(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    **letters,
) -> Scene:
    """Forward h = Wa with W, backward Wᵀ times the upstream gradient, and the adjoint test.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` as large as the output. A step is an
    input cell: its column of W is its row of Wᵀ. ``letters`` are those of a `Sheet`.
    Raises DoesNotFit where ``conv2d`` does. Source: note, (2) and the product after it.

    >>> scene = transposed_matrix(np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2)))
    >>> scene.equation_text("input_gradient", 1)
    '∂F/∂a_12 = k_12·∂F/∂h_11 + k_11·∂F/∂h_12'
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    result = conv2d(input, weight, **how)
    back = conv2d_input(input.shape, weight, grad_output, **how)
    geometry, sheet = Geometry.of(input.shape, weight.shape, **how), Sheet(SLOTS, **letters)
    meets = convolution_table(geometry)
    table = {
        **meets,
        "upstream": meets["output"],
        "input_gradient": unpadded_cells(geometry)[meets["input"]],
    }
    a = padded(sheet.grid("input", input, editable=True), geometry.padding)
    k = sheet.grid("kernel", weight, editable=True)
    h = sheet.grid("output", result, role="written")
    g = sheet.grid("upstream", grad_output, editable=True)
    dx = sheet.grid("input_gradient", back, role="written")
    forward, backward = float((result * grad_output).sum()), float((input * back).sum())
    return sheet.scene(
        "The input gradient is Wᵀ times the upstream gradient",
        (a, k, h, dx, g, *_matrices(a, k, h, g, dx, table)),
        table,
        _says(a, k, h, g, dx, table),
        say="Point at an input gradient, or step: its row of Wᵀ is the column of W of that input.",
        size=(1200, 640),
        equations=_equations(sheet),
        signs=((275, 137, "∗"), (435, 137, "="), (846, 330, "·"), (928, 330, "=")),
        strokes=(arrow(SLOTS["upstream"], SLOTS["input_gradient"], "backward", "times Wᵀ", 10),),
        counters=(
            (number(forward), f"⟨W{sheet.letter('input')}, g⟩: outputs times g"),
            (number(backward), f"⟨{sheet.letter('input')}, Wᵀg⟩: inputs times Wᵀg"),
        ),
        lamps=((bool(np.isclose(forward, backward)), "equal: the adjoint test"),),
        walk="input_gradient",
        code=input_call(sheet, geometry.input_size, **how),
    )


def _matrices(a: Grid, k: Grid, h: Grid, g: Grid, dx: Grid, table: dict) -> list[Grid]:
    """W with its vectors below the maps, Wᵀ with its vectors on the right."""
    inputs = Axis("input", tuple(places(a).tolist()))
    outputs, arriving = Axis("output", tuple(range(h.size))), Axis("upstream", tuple(range(g.size)))
    back = Axis("input_gradient", tuple(range(dx.size)))
    transposed = matrix_grid(
        "W_transposed",
        k,
        table,
        back,
        arriving,
        SLOTS["W_transposed"],
        hit="Row {row}, column {column} of Wᵀ: {value}.",
        miss="Row {row}, column {column} of Wᵀ is 0: that output does not read that input.",
    )
    return [
        edge_grid("vector", f"|W|  {h.size}×{dx.size}", a, SLOTS["vector"], across=inputs),
        edge_grid("result", "", h, SLOTS["result"], down=outputs),
        matrix_grid(
            "W",
            k,
            table,
            outputs,
            inputs,
            SLOTS["W"],
            hit="Row {row}, column {column} of W: {value}.",
            miss="Row {row}, column {column} of W is 0, because {row} does not read {column}.",
        ),
        replace(transposed, title=f"|W|ᵀ  {dx.size}×{h.size}"),
        edge_grid("arriving", "", g, SLOTS["arriving"], down=arriving),
        edge_grid("back", "", dx, SLOTS["back"], down=back),
    ]


def _equations(sheet: Sheet) -> dict[str, Equation]:
    return {
        "output": sheet.forward("output"),
        "input_gradient": input_equation(sheet),
    }


def _says(a: Grid, k: Grid, h: Grid, g: Grid, dx: Grid, table: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    inside = table["input_gradient"] >= 0
    fed = np.bincount(table["input_gradient"][inside], minlength=dx.size).tolist()
    used = np.bincount(table["kernel"][inside], minlength=k.size).tolist()

    def of_input(cell: int) -> str:
        if cell == PADDING:
            return "A padding cell: always 0, and W has no column for it."
        name, feeds = spoken(a.origin.symbols[cell]), count(fed[cell], "output")
        return f"{name} feeds {feeds}: its column of W, which is its row of Wᵀ."

    def of_kernel(cell: int) -> str:
        return (
            f"{spoken(k.symbols[cell])} stands {used[cell]} times in W, and as often in Wᵀ, "
            "mirrored in the diagonal."
        )

    def of_output(cell: int) -> str:
        return f"{spoken(h.symbols[cell])} is row {cell + 1} of W times the input as a vector."

    def of_upstream(cell: int) -> str:
        return (
            f"{spoken(g.symbols[cell])} meets column {cell + 1} of Wᵀ, which is row {cell + 1} of W: "
            "it goes back to every input that its output read."
        )

    def of_gradient(cell: int) -> str:
        name, terms = spoken(dx.symbols[cell]), count(fed[cell], "term")
        if not fed[cell]:
            return f"{name} is 0: its row of Wᵀ is empty, because no output read that input."
        outputs = "one output" if fed[cell] == 1 else f"{fed[cell]} outputs"
        return (
            f"{name} is its row of Wᵀ times the upstream gradient: {terms}, as {outputs} read this "
            "input."
        )

    return {
        "input": of_input,
        "kernel": of_kernel,
        "output": of_output,
        "upstream": of_upstream,
        "input_gradient": of_gradient,
    }
