"""The picture of the chain rule for one weight: one path for each output that the weight reaches."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import number, spoken
from ..maps import laid_out
from ..meetings import filled_in
from ..sheet import Sheet
from ..words import Says, count

PRINTED = {"note": "note-59", "slides": "slides-34", "blog": "blog-39"}
MIDDLE, TALL = 262, 430  # of the columns
COLUMNS = {  # left edge and width
    "weight": (268, 58),
    "output": (388, 66),
    "local": (476, 84),
    "upstream": (584, 108),
    "product": (724, 146),
    "sum": (914, 78),
}
ENDS = ("weight", "sum")  # one cell, where all paths start and end


def one_weight(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    cell: int = 0,
    stride=1,
    **letters,
) -> Scene:
    """One weight, every output it reaches, and the sum that its gradient is.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; ``cell``
    is the number of the weight in row-major order. Each step follows one path to the scalar.
    ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_weight`` does. Source: note, section 3, from h_12 to the sum
    over i'j'; slides, "We can expand the chain rule summation as".

    >>> scene = one_weight(np.arange(9.0).reshape(3, 3), np.ones((2, 2)), np.ones((2, 2)), 1)
    >>> scene.equation_text("sum", 0)
    '∂F/∂k_12 = ∂F/∂h_11·a_12 + ∂F/∂h_12·a_13 + ∂F/∂h_21·a_22 + ∂F/∂h_22·a_23'
    >>> scene.steps[1].lit["input"]
    (2,)
    """
    gradient = conv2d_weight(input, weight.shape, grad_output, stride)
    table = _table(Geometry.of(input.shape, weight.shape, stride), cell)
    met = table["input"][table["sum"] == 0]  # the input cell on each path, in the order of outputs
    products = input.ravel()[met] * grad_output.ravel()
    sheet = Sheet(_slots(grad_output.size), **letters)
    a = sheet.grid("input", input, editable=True)
    k = sheet.grid("kernel", weight, editable=True)
    h = sheet.grid("output", conv2d(input, weight, None, stride))
    g = sheet.grid("upstream", grad_output, editable=True)
    dk = sheet.grid("kernel_gradient", gradient, slot="sum", role="written")
    name = spoken(k.symbols[cell])
    parts = [
        _column(sheet, "weight", k, [cell]),
        _column(sheet, "output", h),
        _column(sheet, "local", a, met, title="local slope"),
        _column(sheet, "upstream", g),
        _products(sheet, h, a, g, met, products),
        _with_sums(sheet, _column(sheet, "sum", dk, [cell]), products),
    ]
    return sheet.scene(
        "The paths of one weight",
        (a, k, *parts),
        table,
        _says(a, k, h, g, cell, met),
        say=f"{name} reaches {count(g.size, 'output')}, and each of them reaches "
        f"{sheet.notation.scalar}. Press Next to follow one path after the other.",
        equations={
            "sum": Equation(
                "{sum}", ("{upstream}", "{input}"), True, PRINTED[sheet.notation.document]
            ),
            "output": sheet.forward(),
        },
        signs=((572, MIDDLE + 8, "·"), (708, MIDDLE + 8, "=")),
        strokes=_strokes(*(parts[n] for n in (0, 1, 4, 5))),
        counters=(
            (str(g.size), f"paths from {name} to {sheet.notation.scalar}"),
            (str(weight.size), "weights, each with its own"),
        ),
        steps=_steps(sheet, a, h, g, cell, met, products, name),
        code=sheet.call(
            "kernel_gradient", "nn.grad.conv2d_weight", "input", "kernel.shape", "upstream",
            stride=stride,
        ),
    )  # fmt: skip


def _slots(paths: int) -> dict[str, Slot]:
    """The columns grow with the number of paths; the weight and the sum stand at their middle."""
    slots = {
        "kernel": Slot(20, 40, 220, 190, largest=58),
        "input": Slot(20, 290, 220, 210, largest=52),
    }
    for name, (x, width) in COLUMNS.items():
        height, largest = (56, 90) if name in ENDS else (min(46 * paths, TALL), 200)
        slots[name] = Slot(x, MIDDLE - height / 2, width, height, largest, square=False)
    return slots


def _table(geometry: Geometry, cell: int) -> dict[str, np.ndarray]:
    """The meetings of the forward pass; those of the chosen weight are paths as well."""
    table = convolution_table(geometry)
    chosen = table["kernel"] == cell
    path = np.where(chosen, table["output"], NOWHERE)
    return {
        **table,
        "local": path,
        "upstream": path,
        "product": path,
        "weight": np.where(chosen, 0, NOWHERE),
        "sum": np.where(chosen, 0, NOWHERE),
    }


def _column(sheet: Sheet, name: str, grid: Grid, cells=slice(None), title: str = "") -> Grid:
    """Some cells of a map, or all, from top to bottom. What is shown twice is typed into once."""
    column = laid_out(grid, lambda numbers: numbers.ravel()[cells].reshape(1, 1, -1, 1))
    return replace(
        column,
        name=name,
        title=title or name,
        slot=sheet.slots[name],
        editable=grid.editable and name == grid.name,
    )


def _products(sheet: Sheet, h: Grid, a: Grid, g: Grid, met: np.ndarray, products) -> Grid:
    """The product on each path: they appear one after the other."""
    met_inputs = [a.symbols[cell] for cell in met]
    column = replace(
        _column(sheet, "product", h),
        role="written",
        symbols=tuple(f"{x}·{y}" for x, y in zip(met_inputs, g.symbols, strict=True)),
        numbers=tuple(map(number, products.tolist())),
    )
    texts = sheet.written(column).texts or ("",) * column.size
    return replace(column, frames=filled_in(texts, list(range(column.size))))


def _with_sums(sheet: Sheet, total: Grid, products: np.ndarray) -> Grid:
    """The sum, which grows with each path: in numbers at each step, in symbols only at the end."""
    if sheet.show == "numbers":
        return replace(total, frames=tuple((text,) for text in _sums(products)))
    return replace(total, frames=(("",),) * (len(products) - 1) + (total.symbols,))


def _sums(products: np.ndarray) -> list[str]:
    return [number(value) for value in accumulate(products.tolist())]


def _strokes(weight: Grid, h: Grid, product: Grid, total: Grid) -> tuple[Stroke, ...]:
    """Blue from the weight to every output, orange from every product into the sum."""
    origin = (weight.place.x + weight.place.width + 3, MIDDLE)
    goal = (total.place.x - 3, MIDDLE)
    rows = [h.corner(n)[1] + h.place.height / 2 for n in range(h.size)]
    edge = product.place.x + product.place.width + 3
    return (
        *(Stroke((origin, (h.place.x - 4, row))) for row in rows),
        *(Stroke(((edge, row), goal), "backward") for row in rows),
    )


def _says(a: Grid, k: Grid, h: Grid, g: Grid, cell: int, met: np.ndarray) -> dict[str, Says]:
    inputs, weights, outputs, upstream = (list(map(spoken, grid.symbols)) for grid in (a, k, h, g))
    weight, path_of = weights[cell], {of: n for n, of in enumerate(met.tolist())}
    slope = [f"∂{h}/∂{weight} = {inputs[of]}" for h, of in zip(outputs, met, strict=True)]

    def of_input(n: int) -> str:
        if n not in path_of:
            return f"{inputs[n]} never meets {weight}."
        return f"{inputs[n]} meets {weight} on the way to {outputs[path_of[n]]}."

    def of_kernel(n: int) -> str:
        which = "Its paths are drawn." if n == cell else "Choose it with the slider."
        cells = count(len(met), "input cell")
        return f"{weights[n]} lies on {cells}, one for each output. {which}"

    return {
        "input": of_input,
        "kernel": of_kernel,
        "weight": lambda _: f"{weight}, one number, used for {count(len(met), 'output')}.",
        "output": lambda n: f"{outputs[n]} contains {weight} times {inputs[met[n]]}.",
        "local": lambda of: (
            f"The local slope: {slope[path_of[of]]}, the input cell that {weight} met."
        ),
        "upstream": lambda n: f"{upstream[n]} arrives from the layers behind this one.",
        "product": lambda n: (
            f"This path: {upstream[n]} from behind, times the local slope {slope[n]}."
        ),
        "sum": lambda _: f"All {count(len(met), 'path')} added up: the gradient of {weight}.",
    }


def _steps(
    sheet: Sheet, a: Grid, h: Grid, g: Grid, cell: int, met: np.ndarray, products, weight: str
) -> tuple[Step, ...]:
    """One step for each path: its product appears, and the sum grows."""
    paths, sums = len(met), _sums(products)
    steps = []
    for n, of in enumerate(met.tolist()):
        input, output, upstream = map(spoken, (a.symbols[of], h.symbols[n], g.symbols[n]))
        says = (
            f"Path {n + 1} of {paths}: when {weight} grows, {output} grows {input} times as much, and "
            f"{upstream} says what that does to the scalar. The path adds {input} times {upstream}."
        )
        if sheet.show == "numbers":
            says += f" That is {number(products[n])}; the sum is now {sums[n]}."
        lit = {name: (n,) for name in ("output", "local", "upstream", "product")}
        lit |= {"weight": (0,), "kernel": (cell,), "input": (of,), "sum": (0,)}
        steps.append(Step(lit, says, ("sum", 0) if n + 1 == paths else None))
    return tuple(steps)
