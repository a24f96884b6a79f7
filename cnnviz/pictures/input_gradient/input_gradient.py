"""The picture of the input gradient as Wᵀ times the upstream gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Axis, Grid, Lamp, Scene, Slot, Step
from ...symbols import number, spoken
from ..grids import matrix_grid
from ..maps import laid_out
from ..meetings import filled_in, partners
from ..sheet import Sheet
from ..words import Says, count
from .gathering import input_call, input_equation

# W lies along the top and Wᵀ stands at the left: the same cells, mirrored in the corner they share.
LONG, BROAD, CELL = 560, 170, 36
LEFT, TOP, GAP = 20, 84, 50
MIDDLE = TOP + BROAD + 200  # of what Wᵀ is multiplied with, below W


def transposed_matrix(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    **letters,
) -> Scene:
    """W and Wᵀ, each weight in its own hue, and Wᵀ times the upstream gradient; the adjoint test.

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
    forward, backward = float((result * grad_output).sum()), float((input * back).sum())
    geometry = Geometry.of(input.shape, weight.shape, **how)
    sheet = Sheet(_slots(grad_output.size, input.size), **letters)
    table = _table(geometry)
    a = _header(sheet, input, grad_output.size)
    k = sheet.grid("kernel", weight, editable=True, hues=tuple(range(weight.size)))
    g = sheet.grid("upstream", grad_output, editable=True)
    dx = sheet.written(sheet.grid("input_gradient", back, role="written"))
    says = _says(a, k, g, dx, table)
    return sheet.scene(
        "Wᵀ brings the gradient back",
        (
            a,
            *_matrices(k, g, dx, table, sheet),
            g,
            replace(dx, frames=filled_in(dx.texts, range(dx.size)) if dx.texts else ()),
            k,
        ),
        table,
        says,
        say="Point at an input gradient, or step: its row of Wᵀ is the column of W of that input.",
        equations={"input_gradient": input_equation(sheet)},
        signs=((LEFT + BROAD + 28, MIDDLE + 10, "·"), (LEFT + BROAD + GAP + 170, MIDDLE + 10, "=")),
        **_adjoint_test(sheet, forward, backward),
        steps=_steps(g.size, dx.size, table, says["input_gradient"]),
        code=input_call(sheet, geometry.input_size, **how),
    )


def _slots(outputs: int, inputs: int) -> dict[str, Slot]:
    """W and Wᵀ have cells of one size and start from the corner they share, however many there are."""
    cell = min(CELL, LONG / inputs, BROAD / outputs)
    long, broad, x = cell * inputs, cell * outputs, LEFT + BROAD + GAP
    return {
        "input": Slot(x, TOP - 34, long, 29, largest=CELL, square=False, centred=False),
        "W": Slot(x, TOP, long, broad, largest=cell),
        "W_transposed": Slot(LEFT + BROAD - broad, TOP, broad, long, largest=cell),
        "upstream": Slot(x, MIDDLE - 75, 150, 150, largest=60),
        "input_gradient": Slot(x + 190, MIDDLE - 120, 240, 240, largest=60),
        "kernel": Slot(x + LONG - 108, MIDDLE - 54, 108, 108, largest=36),
        "all": Slot(LEFT, TOP, x + LONG - LEFT, LONG),  # the sheet is as high as W is wide at most
    }


def _table(geometry: Geometry) -> dict[str, np.ndarray]:
    """The meetings of the layer. A padding cell is no input: W has no column for it."""
    meets = convolution_table(geometry)
    inputs = unpadded_cells(geometry)[meets["input"]]
    return {
        "input": inputs,
        "kernel": meets["kernel"],
        "upstream": meets["output"],
        "input_gradient": inputs,
    }


def _header(sheet: Sheet, input: np.ndarray, outputs: int) -> Grid:
    """The input in one row: each of its cells stands over its column of W."""
    a = sheet.grid("input", input, editable=True)
    title = f"|W|  {outputs}×{a.size}: a column for each input |{sheet.letter('input')}|"
    return replace(laid_out(a, lambda cells: cells.reshape(1, 1, 1, -1)), title=title)


def _matrices(k: Grid, g: Grid, dx: Grid, table: dict, sheet: Sheet) -> tuple[Grid, Grid]:
    inputs, back = (Axis(name, tuple(range(dx.size))) for name in ("input", "input_gradient"))
    outputs = Axis("upstream", tuple(range(g.size)))
    lying = matrix_grid(
        "W",
        k,
        table,
        outputs,
        inputs,
        sheet.slots["W"],
        hit="In W, the row of {row} has {value} in the column of {column}.",
        miss="In W, the row of {row} has 0 in the column of {column}: that output does not read it.",
    )
    standing = matrix_grid(
        "W_transposed",
        k,
        table,
        back,
        outputs,
        sheet.slots["W_transposed"],
        hit="Row {row}, column {column} of Wᵀ: {value}.",
        miss="Row {row}, column {column} of Wᵀ is 0: that output does not read that input.",
    )
    return lying, replace(standing, title=f"|W|ᵀ  {dx.size}×{g.size}")


def _adjoint_test(sheet: Sheet, forward: float, backward: float) -> dict:
    """Outputs times upstream gradients, inputs times input gradients, and whether they are equal."""
    a, same = sheet.letter("input"), bool(np.isclose(forward, backward))
    words = f"{'equal' if same else 'not equal'}: the adjoint test"
    return {
        "counters": ((number(forward), f"⟨W{a}, g⟩"), (number(backward), f"⟨{a}, Wᵀg⟩")),
        "lamps": (Lamp(same, words, mistake=True),),
    }


def _steps(outputs: int, inputs: int, table: dict, says: Says) -> tuple[Step, ...]:
    """An input gradient after the other: its row of Wᵀ times the upstream gradient. The weights of that
    row are those of its column of W."""
    met, weights = (
        partners(table["input_gradient"], table[name], inputs) for name in ("upstream", "kernel")
    )

    def step(cell: int) -> Step:
        column, row = (
            range(cell, outputs * inputs, inputs),
            range(cell * outputs, (cell + 1) * outputs),
        )
        reads = {
            "W": tuple(column[u] for u in met[cell]),
            "W_transposed": tuple(row[u] for u in met[cell]),
            "upstream": tuple(met[cell]),
            "kernel": tuple(weights[cell]),
        }
        return Step(
            reads,
            {"input_gradient": (cell,)},
            says(cell),
            of=("input_gradient", cell),
            around={"input": (cell,), "W": tuple(column), "W_transposed": tuple(row)},
        )

    return tuple(map(step, range(inputs)))


def _says(a: Grid, k: Grid, g: Grid, dx: Grid, table: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    inside = table["input_gradient"] >= 0
    fed = np.bincount(table["input_gradient"][inside], minlength=dx.size).tolist()
    used = np.bincount(table["kernel"][inside], minlength=k.size).tolist()

    def of_input(cell: int) -> str:
        name, feeds = spoken(a.symbols[cell]), count(fed[cell], "output")
        return f"{name} feeds {feeds}: its column of W, which is its row of Wᵀ."

    def of_kernel(cell: int) -> str:
        return (
            f"{spoken(k.symbols[cell])} stands {used[cell]} times in W, and as often in Wᵀ, "
            "mirrored in the diagonal."
        )

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
        "upstream": of_upstream,
        "input_gradient": of_gradient,
    }
