"""The picture of the chain rule for one weight: one path for each output that the weight reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Grid, Scene, Slot, Step, Stroke
from ...symbols import number, spoken
from ..maps import laid_out
from ..meetings import filled_in
from ..sheet import Sheet
from ..words import Says, count
from .kernel_gradient import weight_call

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
    >>> scene.steps[1].reads["input"], scene.steps[1].writes
    ((2,), {'product': (1,)})
    """
    gradient = conv2d_weight(input, weight.shape, grad_output, stride)
    table = _table(Geometry.of(input.shape, weight.shape, stride), cell)
    met = table["input"][table["sum"] == 0]  # the input cell on each path, in the order of outputs
    sheet = Sheet(_slots(len(met)), **letters)
    a = sheet.grid("input", input, editable=True)
    k = sheet.grid("kernel", weight, editable=True)
    h = sheet.grid("output", conv2d(input, weight, None, stride))
    g = sheet.grid("upstream", grad_output, editable=True)
    dk = sheet.grid("sum", gradient, of="kernel_gradient", role="written")
    paths = _Paths(
        spoken(k.symbols[cell]),
        cell,
        met.tolist(),
        list(zip((a.symbols[n] for n in met), h.symbols, g.symbols, strict=True)),
        (input.ravel()[met] * grad_output.ravel()).tolist(),
    )
    parts = _columns(sheet, paths, a, k, h, g, dk)
    return sheet.scene(
        "The paths of one weight",
        (a, k, *parts.values()),
        table,
        _says(a, k, paths),
        say=f"{paths.weight} reaches {count(g.size, 'output')}, and each of them reaches "
        f"{sheet.notation.scalar}. Press Next to follow one path after the other.",
        equations={
            "sum": sheet.equation("sum", "upstream", "input", printed="paths of one weight"),
            "output": sheet.forward(),
        },
        signs=((572, MIDDLE + 8, "·"), (708, MIDDLE + 8, "=")),
        strokes=_strokes(parts),
        counters=(
            (str(g.size), f"paths from {paths.weight} to {sheet.notation.scalar}"),
            (str(weight.size), "weights, each with its own"),
        ),
        steps=_steps(sheet, paths),
        code=weight_call(sheet, stride=stride),
    )


@dataclass(frozen=True)
class _Paths:
    """The paths of a weight to the scalar, one for each output: the input cell that it met there, the
    labels of that cell, of the output and of its gradient, and their product."""

    weight: str
    cell: int
    met: list[int]
    labels: list[tuple[str, str, str]]
    products: list[float]


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


def _columns(
    sheet: Sheet, paths: _Paths, a: Grid, k: Grid, h: Grid, g: Grid, dk: Grid
) -> dict[str, Grid]:
    """What stands on the paths, from the weight to the sum that its gradient is."""
    outputs = _column(sheet, "output", h)
    total = _column(sheet, "sum", dk, [paths.cell], title=f"sum |{_gradient(dk)}|")
    return {
        "weight": _column(sheet, "weight", k, [paths.cell]),
        "output": outputs,
        "local": _column(sheet, "local", a, paths.met, title="local slope"),
        "upstream": _column(sheet, "upstream", g, title=f"upstream |{_gradient(g)}|"),
        "product": _products(sheet, outputs, paths),
        "sum": replace(total, frames=_growing(sheet, total, paths.products)),
    }


def _gradient(grid: Grid) -> str:
    """What all cells of a gradient are called: of ∂F/∂k_12 the cell shows 12 alone."""
    return grid.symbols[0].partition("_")[0]


def _products(sheet: Sheet, h: Grid, paths: _Paths) -> Grid:
    """The product on each path: they appear one after the other."""
    column = replace(
        h,
        name="product",
        title="product",
        slot=sheet.slots["product"],
        role="written",
        symbols=tuple(f"{a}·{g}" for a, _, g in paths.labels),
        numbers=tuple(map(number, paths.products)),
        values=np.array(paths.products),
    )
    texts = sheet.written(column).texts or ("",) * column.size
    return replace(column, frames=filled_in(texts, list(range(column.size))))


def _growing(sheet: Sheet, total: Grid, products: list[float]) -> tuple[tuple[str, ...], ...]:
    """The sum after each path: in numbers it grows, in symbols it stands there at the end."""
    if sheet.show == "numbers":
        return tuple((number(value),) for value in accumulate(products))
    return (("",),) * (len(products) - 1) + (total.texts,)


def _strokes(parts: dict[str, Grid]) -> tuple[Stroke, ...]:
    """Blue from the weight to every output, orange from every product into the sum: each ends at a
    place of its own."""
    weight, total = parts["weight"].place, parts["sum"].place
    h, edge = parts["output"], parts["product"].place
    origin, goal = weight.x + weight.width + 4, total.x - 4
    rows = [h.corner(n)[1] + h.place.height / 2 for n in range(h.size)]
    # The paths as far apart as they can be at one cell; a step lights its own.
    near = [MIDDLE + 0.8 * total.height * ((n + 0.5) / h.size - 0.5) for n in range(h.size)]
    ends = tuple(zip(near, rows, strict=True))
    return (
        *(
            Stroke(((origin, by), (h.place.x - 4, row)), steps=(n,))
            for n, (by, row) in enumerate(ends)
        ),
        *(
            Stroke(((edge.x + edge.width + 4, row), (goal, by)), "backward", steps=(n,))
            for n, (by, row) in enumerate(ends)
        ),
    )


def _says(a: Grid, k: Grid, paths: _Paths) -> dict[str, Says]:
    weight, met = paths.weight, paths.met
    names = [tuple(map(spoken, path)) for path in paths.labels]
    path_of = {cell: n for n, cell in enumerate(met)}
    slopes = [f"∂{h}/∂{weight} = {a}" for a, h, _ in names]

    def of_input(cell: int) -> str:
        if cell not in path_of:
            return f"{spoken(a.symbols[cell])} never meets {weight}."
        met_cell, output, _ = names[path_of[cell]]
        return f"{met_cell} meets {weight} on the way to {output}."

    def of_kernel(cell: int) -> str:
        which = "Its paths are drawn." if cell == paths.cell else "Choose it with the slider."
        cells = count(len(met), "input cell")
        return f"{spoken(k.symbols[cell])} lies on {cells}, one for each output. {which}"

    return {
        "input": of_input,
        "kernel": of_kernel,
        "weight": lambda _: f"{weight}, one number, used for {count(len(met), 'output')}.",
        "output": lambda n: "{1} contains {weight} times {0}.".format(*names[n], weight=weight),
        "local": lambda cell: (
            f"The local slope: {slopes[path_of[cell]]}, the input cell that {weight} met."
        ),
        "upstream": lambda n: f"{names[n][2]} arrives from the layers behind this one.",
        "product": lambda n: (
            f"This path: {names[n][2]} from behind, times the local slope {slopes[n]}."
        ),
        "sum": lambda _: f"All {count(len(met), 'path')} added up: the gradient of {weight}.",
    }


def _steps(sheet: Sheet, paths: _Paths) -> tuple[Step, ...]:
    """One step for each path: its product appears, and the sum grows."""
    steps, sums = [], list(accumulate(paths.products))
    for n, path in enumerate(paths.labels):
        a, h, g = map(spoken, path)
        says = (
            f"Path {n + 1} of {len(sums)}: when {paths.weight} grows, {h} grows {a} times as much, and "
            f"{g} says what that does to the scalar. The path adds {a} times {g}."
        )
        if sheet.show == "numbers":
            says += f" That is {number(paths.products[n])}; the sum is now {number(sums[n])}."
        last = n + 1 == len(sums)
        reads = {"weight": (0,), "kernel": (paths.cell,), "input": (paths.met[n],)}
        reads |= dict.fromkeys(("output", "local", "upstream"), (n,))
        grows = {"sum": (0,)} if last or sheet.show == "numbers" else {}
        steps.append(Step(reads, {"product": (n,), **grows}, says, ("sum", 0) if last else None))
    return tuple(steps)
