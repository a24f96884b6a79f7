"""The picture of the chain rule for one weight: one path for each output that the weight reaches."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import gradient_grid, map_grid, written
from ..maps import laid_out
from ..words import call, count

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


def one_weight(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    cell: int = 0,
    stride=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """One weight, every output it reaches, and the sum that its gradient is.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; ``cell``
    is the number of the weight in row-major order. Each step follows one path to the scalar.
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
    a = map_grid(
        "input", notation.input, input, Slot(20, 290, 220, 210, largest=52), start, editable=True
    )
    k = map_grid(
        "kernel", notation.kernel, weight, Slot(20, 40, 220, 190, largest=58), start, editable=True
    )
    h = map_grid("output", notation.output, conv2d(input, weight, None, stride), SLOT, start)
    g = gradient_grid("upstream", notation.scalar, notation.output, grad_output, SLOT, start)
    parts = [
        _single("weight", "weight", k.symbols[cell], k.numbers[cell]),
        _column(replace(h, title="output")),
        _column(replace(h, name="local", title="local slope", symbols=_of(a.symbols, met),
                        numbers=_of(a.numbers, met))),
        _column(replace(g, title="upstream", editable=True)),
        _column(_products(h, a, g, met, input, grad_output)),
        _single("sum", "sum", f"∂{notation.scalar}/∂{k.symbols[cell]}",
                number(gradient.ravel()[cell]), role="written"),
    ]  # fmt: skip
    grids = _with_sentences([a, k, *parts], cell, met)
    scene = Scene(
        title="The paths of one weight",
        grids=tuple(written(grid, show) for grid in grids),
        table=table,
        say=f"{spoken(k.symbols[cell])} reaches {count(g.size, 'output')}, and each of them reaches "
        f"{notation.scalar}. Press Next to follow one path after the other.",
        size=(1200, 520),
        equations={
            "sum": Equation("{sum}", ("{upstream}", "{input}"), True, PRINTED[notation.document]),
            "output": Equation("{output}", tuple(f"{{{part}}}" for part in notation.factors), True),
        },
        signs=((572, MIDDLE + 8, "·"), (708, MIDDLE + 8, "=")),
        strokes=_strokes(grids),
        counters=(
            (str(g.size), f"paths from {spoken(k.symbols[cell])} to {notation.scalar}"),
            (str(weight.size), "weights, each with its own"),
        ),
        beware=notation.beware,
        code=call(
            f"d{notation.kernel}",
            "nn.grad.conv2d_weight",
            [notation.input, f"{notation.kernel}.shape", f"d{notation.output}"],
            stride=stride,
        ),
    )
    return _with_steps(scene, cell, met, input, grad_output, show)


SLOT = Slot(0, 0, 1, 1)  # replaced by that of the column


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


def _column(grid: Grid) -> Grid:
    """A map as a column, its cells from top to bottom."""
    x, width = COLUMNS[grid.name]
    height = min(46 * grid.size, TALL)
    column = laid_out(grid, lambda cells: cells.reshape(1, 1, -1, 1))
    return replace(column, slot=Slot(x, MIDDLE - height / 2, width, height, 200, square=False))


def _of(texts: tuple[str, ...], cells: np.ndarray) -> tuple[str, ...]:
    return tuple(texts[cell] for cell in cells)


def _products(h: Grid, a: Grid, g: Grid, met: np.ndarray, input, grad_output) -> Grid:
    values = input.ravel()[met] * grad_output.ravel()
    return replace(
        h,
        name="product",
        title="product",
        symbols=tuple(f"{x}·{y}" for x, y in zip(_of(a.symbols, met), g.symbols, strict=True)),
        numbers=tuple(map(number, values.tolist())),
        role="written",
    )


def _single(name: str, title: str, symbol: str, value: str, **more) -> Grid:
    """One cell by itself, at the height where all paths start and end."""
    x, width = COLUMNS[name]
    slot = Slot(x, MIDDLE - 28, width, 56, largest=90, square=False)
    return Grid(name, title, (1, 1, 1, 1), slot, symbols=(symbol,), numbers=(value,), **more)


def _strokes(grids: list[Grid]) -> tuple[Stroke, ...]:
    """Blue from the weight to every output, orange from every product into the sum."""
    parts = {grid.name: grid for grid in grids}
    k, h, product, total = (parts[name] for name in ("weight", "output", "product", "sum"))
    origin = (k.place.x + k.place.width + 3, MIDDLE)
    goal = (total.place.x - 3, MIDDLE)
    rows = [h.corner(n)[1] + h.place.height / 2 for n in range(h.size)]
    edge = product.place.x + product.place.width + 3
    return (
        *(Stroke((origin, (h.place.x - 4, row))) for row in rows),
        *(Stroke(((edge, row), goal), "backward") for row in rows),
    )


def _with_sentences(grids: list[Grid], cell: int, met: np.ndarray) -> list[Grid]:
    parts = {grid.name: grid for grid in grids}
    weight = spoken(parts["kernel"].symbols[cell])
    inputs = [spoken(name) for name in _of(parts["input"].symbols, met)]
    outputs = [spoken(name) for name in parts["output"].symbols]
    upstream = [spoken(name) for name in parts["upstream"].symbols]
    slope = [f"∂{h}/∂{weight} = {a}" for h, a in zip(outputs, inputs, strict=True)]
    sentences = {
        "input": [
            f"{spoken(name)} meets {weight} on the way to {outputs[met.tolist().index(n)]}."
            if n in met
            else f"{spoken(name)} never meets {weight}."
            for n, name in enumerate(parts["input"].symbols)
        ],
        "kernel": [
            f"{spoken(name)} lies on {count(len(met), 'input cell')}, one for each output."
            + (" Its paths are drawn." if n == cell else " Choose it with the slider.")
            for n, name in enumerate(parts["kernel"].symbols)
        ],
        "weight": [f"{weight}, one number, used for {count(len(met), 'output')}."],
        "output": [
            f"{h} contains {weight} times {a}." for h, a in zip(outputs, inputs, strict=True)
        ],
        "local": [f"The local slope: {said}, the input cell that {weight} met." for said in slope],
        "upstream": [f"{g} arrives from the layers behind this one." for g in upstream],
        "product": [
            f"This path: {g} from behind, times the local slope {s}."
            for g, s in zip(upstream, slope, strict=True)
        ],
        "sum": [f"All {count(len(met), 'path')} added up: the gradient of {weight}."],
    }
    return [replace(grid, sentences=tuple(sentences[grid.name])) for grid in grids]


def _with_steps(scene: Scene, cell: int, met, input, grad_output, show: str) -> Scene:
    """One step for each path: its product appears, and the sum grows."""
    paths, product, total = len(met), scene["product"], scene["sum"]
    sums = [number(v) for v in accumulate((input.ravel()[met] * grad_output.ravel()).tolist())]
    weight = spoken(scene["kernel"].symbols[cell])
    steps = []
    for n in range(paths):
        a, h, g = (
            spoken(scene[name].symbols[at])
            for name, at in (("input", met[n]), ("output", n), ("upstream", n))
        )
        says = (
            f"Path {n + 1} of {paths}: when {weight} grows, {h} grows {a} times as much, and "
            f"{g} says what that does to the scalar. The path adds {a} times {g}."
        )
        if show == "numbers":
            says += f" That is {product.numbers[n]}; the sum is now {sums[n]}."
        lit = {name: (n,) for name in ("output", "local", "upstream", "product")}
        lit |= {"weight": (0,), "kernel": (cell,), "input": (int(met[n]),), "sum": (0,)}
        steps.append(Step(lit, says, ("sum", 0) if n + 1 == paths else None))
    texts = product.texts or ("",) * paths
    frames = {
        "product": [(*texts[: n + 1], *("",) * (paths - n - 1)) for n in range(paths)],
        "sum": [(sums[n],) for n in range(paths)]
        if show == "numbers"
        else [("",)] * (paths - 1) + [total.symbols],
    }
    grids = tuple(replace(g, frames=tuple(frames.get(g.name, ()))) for g in scene.grids)
    return replace(scene, grids=grids, steps=tuple(steps))
