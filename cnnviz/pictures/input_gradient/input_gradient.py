"""The picture of the input gradient as Wᵀ times the upstream gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Axis, Equation, Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import edge_grid, gradient_grid, map_grid, matrix_grid, padded_grid, written
from ..matrix.convolution_matrix import PRINTED
from .gathering import gradient_factors, pytorch_input_call

TOP, MIDDLE, LOW = 46, 258, 466  # where the rows of the picture start
MAPS = {
    "input": Slot(20, TOP, 240, 170, largest=46),
    "kernel": Slot(290, TOP, 130, 170, largest=46),
    "output": Slot(450, TOP, 160, 170, largest=46),
    "input_gradient": Slot(20, MIDDLE, 240, 170, largest=46),
    "upstream": Slot(450, MIDDLE, 160, 170, largest=46),
}


def transposed_matrix(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """Forward h = Wa with W, backward Wᵀ times the upstream gradient, and the adjoint test.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` as large as the output. A step is an
    input cell: its column of W is its row of Wᵀ. Raises DoesNotFit where ``conv2d`` does.
    Source: note, (2) and the product after it.

    >>> scene = transposed_matrix(np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2)))
    >>> scene.equation_text("input_gradient", 1)
    '∂F/∂a_12 = k_12·∂F/∂h_11 + k_11·∂F/∂h_12'
    """
    around = (stride, padding, dilation)
    result = conv2d(input, weight, None, *around)
    back = conv2d_input(input.shape, weight, grad_output, *around)
    geometry = Geometry.of(input.shape, weight.shape, *around)
    meets = convolution_table(geometry)
    table = {
        **meets,
        "upstream": meets["output"],
        "input_gradient": unpadded_cells(geometry)[meets["input"]],
    }
    scalar = notation.scalar
    a = padded_grid("input", notation.input, input, geometry, MAPS["input"], start)
    k = map_grid("kernel", notation.kernel, weight, MAPS["kernel"], start, editable=True)
    h = map_grid("output", notation.output, result, MAPS["output"], start, role="written")
    g = gradient_grid(
        "upstream", scalar, notation.output, grad_output, MAPS["upstream"], start, editable=True
    )
    dx = gradient_grid(
        "input_gradient",
        scalar,
        notation.input,
        back,
        MAPS["input_gradient"],
        start,
        role="written",
    )
    fed = np.bincount(table["input_gradient"] + 1, minlength=dx.size + 1)[1:].tolist()
    gathered = tuple(map(_of_gradient, dx.symbols, fed))
    bare = iter(zip(map(_of_input, _bare(a), fed), strict=True))
    padded = set(a.marks.get("padding", ()))
    a = replace(
        a,
        sentences=tuple(
            "A padding cell: always 0, and W has no column for it."
            if cell in padded
            else next(bare)[0]
            for cell in range(a.size)
        ),
    )
    k = replace(k, sentences=tuple(map(_of_weight, k.symbols, _used(table, k.size))))
    h = replace(
        h,
        sentences=tuple(
            f"{spoken(name)} is row {row} of W times the input as a vector."
            for row, name in enumerate(h.symbols, start=1)
        ),
    )
    g = replace(
        g,
        sentences=tuple(
            f"{spoken(name)} meets column {n} of Wᵀ, which is row {n} of W: it goes back to every "
            "input that its output read."
            for n, name in enumerate(g.symbols, start=1)
        ),
    )
    dx = replace(dx, sentences=gathered)
    grids = (a, k, h, dx, g, *_matrices(a, k, h, g, dx, table, geometry))
    forward = float((result * grad_output).sum())
    backward = float((input * back).sum())
    return Scene(
        title="The input gradient is Wᵀ times the upstream gradient",
        grids=tuple(written(grid, show) for grid in grids),
        table=table,
        say="Point at an input gradient, or step: its row of Wᵀ is the column of W of that input.",
        size=(1200, 640),
        equations=_equations(notation),
        signs=((275, 137, "∗"), (435, 137, "="), (846, 330, "·"), (928, 330, "=")),
        strokes=(Stroke(((440, MIDDLE + 85), (270, MIDDLE + 85)), "backward", "times Wᵀ"),),
        counters=(
            (number(forward), f"⟨W{notation.input}, g⟩: outputs times g"),
            (number(backward), f"⟨{notation.input}, Wᵀg⟩: inputs times Wᵀg"),
        ),
        lamps=((bool(np.isclose(forward, backward)), "equal: the adjoint test"),),
        walk="input_gradient",
        beware=notation.beware,
        code=pytorch_input_call(notation, geometry, around),
    )


def _matrices(a: Grid, k: Grid, h: Grid, g: Grid, dx: Grid, table: dict, geometry) -> list[Grid]:
    """W with its vectors below the maps, Wᵀ with its vectors on the right."""
    inputs = Axis("input", tuple(np.flatnonzero(unpadded_cells(geometry) >= 0).tolist()))
    outputs, arriving = Axis("output", tuple(range(h.size))), Axis("upstream", tuple(range(g.size)))
    back = Axis("input_gradient", tuple(range(dx.size)))
    tall = {"largest": 46, "square": False, "centred": True}
    left = {"largest": 46, "square": False, "centred": False}
    right = Slot(650, TOP, 180, 560, **tall)
    back_matrix = matrix_grid(
        "W_transposed",
        k,
        table,
        back,
        arriving,
        right,
        hit="Row {row}, column {column} of Wᵀ: {value}.",
        miss="Row {row}, column {column} of Wᵀ is 0: that output does not read that input.",
    )
    return [
        edge_grid(
            "vector", f"|W|  {h.size}×{dx.size}", a, Slot(84, LOW, 526, 22, **left), across=inputs
        ),
        edge_grid("result", "", h, Slot(20, LOW + 28, 54, 142, **left), down=outputs),
        matrix_grid(
            "W",
            k,
            table,
            outputs,
            inputs,
            Slot(84, LOW + 28, 526, 142, **left),
            hit="Row {row}, column {column} of W: {value}.",
            miss="Row {row}, column {column} of W is 0, because {row} does not read {column}.",
        ),
        replace(back_matrix, title=f"|W|ᵀ  {dx.size}×{h.size}"),
        edge_grid("arriving", "", g, Slot(858, TOP, 58, 560, **tall), down=arriving),
        edge_grid("back", "", dx, Slot(938, TOP, 58, 560, **tall), down=back),
    ]


def _equations(notation: Notation) -> dict[str, Equation]:
    printed = PRINTED[notation.document]
    forward = tuple(f"{{{part}}}" for part in notation.factors)
    return {
        "output": Equation("{output}", forward, counted=True, ledger=printed["output"]),
        "input_gradient": Equation(
            "{input_gradient}", gradient_factors(notation), counted=True, ledger=printed["input"]
        ),
    }


def _bare(a: Grid) -> list[str]:
    padding = set(a.marks.get("padding", ()))
    return [name for cell, name in enumerate(a.symbols) if cell not in padding]


def _used(table: dict, size: int) -> list[int]:
    return np.bincount(table["kernel"][table["input_gradient"] >= 0], minlength=size).tolist()


def _of_gradient(name: str, fed: int) -> str:
    if not fed:
        return f"{spoken(name)} is 0: its row of Wᵀ is empty, because no output read that input."
    terms = "1 term, as one output" if fed == 1 else f"{fed} terms, as {fed} outputs"
    return f"{spoken(name)} is its row of Wᵀ times the upstream gradient: {terms} read this input."


def _of_input(name: str, fed: int) -> str:
    feeds = "1 output" if fed == 1 else f"{fed} outputs"
    return f"{spoken(name)} feeds {feeds}: its column of W, which is its row of Wᵀ."


def _of_weight(name: str, used: int) -> str:
    return f"{spoken(name)} stands {used} times in W, and as often in Wᵀ, mirrored in the diagonal."
