"""The picture of why the kernel turns round, in one dimension."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input
from ...functional.geometry import Geometry
from ...scene import Axis, Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import edge_grid, gradient_grid, map_grid, matrix_grid, written
from ..matrix.convolution_matrix import PRINTED
from .gathering import gather_table, gradient_factors, pytorch_input_call, spread_grid, turned_grid

RIGHT = 640  # where the rows beside W start
SLOTS = {
    "input_gradient": Slot(110, 46, 480, 50, largest=68, square=False, centred=False),
    "kernel": Slot(RIGHT, 46, 350, 50, largest=50, centred=False),
    "turned": Slot(RIGHT, 136, 350, 50, largest=50, centred=False),
    "upstream": Slot(RIGHT, 226, 350, 50, largest=50, centred=False),
    "spread": Slot(RIGHT, 316, 350, 50, largest=50, centred=False),
}


def index_substitution(
    weight: np.ndarray,
    grad_output: np.ndarray,
    input_length: int,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """In one dimension: a row of W reads the kernel forwards, a column reads it backwards.

    ``weight`` is (k,), ``grad_output`` (n - k + 1,) for an input of ``input_length`` n. On the
    right the same weights stand turned, with the padded gradient they slide over.
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: blog, the intuition after the two convolutions; note, (3).

    >>> scene = index_substitution(np.ones(3), np.ones(3), 5)
    >>> scene.equation_text("input_gradient", 2)
    '∂F/∂a_3 = k_3·∂F/∂h_1 + k_2·∂F/∂h_2 + k_1·∂F/∂h_3'
    """
    size, kernel = (1, input_length), weight.reshape(1, -1)
    gradient = grad_output.reshape(1, -1)
    back = conv2d_input(size, kernel, gradient)
    geometry = Geometry.of(size, kernel.shape)
    full = gather_table(geometry)
    table = {name: full[name] for name in ("upstream", "kernel", "spread", "turned")}
    table["input_gradient"] = full["input_gradient"]

    scalar = notation.scalar
    k = map_grid("kernel", notation.kernel, kernel, SLOTS["kernel"], start, editable=True)
    g = gradient_grid(
        "upstream", scalar, notation.output, gradient, SLOTS["upstream"], start, editable=True
    )
    dx = gradient_grid(
        "input_gradient",
        scalar,
        notation.input,
        back,
        SLOTS["input_gradient"],
        start,
        role="written",
    )
    k, g, dx = (_one_index(grid, start) for grid in (k, g, dx))
    k = replace(k, title=f"kernel |{notation.kernel}|", sentences=_of_weights(k))
    g = replace(
        g,
        title=f"upstream gradient |∂{scalar}/∂{notation.output}|",
        sentences=_of_upstream(g, start),
    )
    dx = replace(dx, sentences=_of_gradients(dx, table, start))
    spread = spread_grid(g, geometry, SLOTS["spread"])
    around = k.size - 1
    spread = replace(
        spread,
        title=f"the same, padded by k − 1 = {around}",
        sentences=tuple(
            "A zero of the padding: it stands for an output that does not exist."
            if cell in spread.marks.get("padding", ())
            else g.sentences[cell - around]
            for cell in range(spread.size)
        ),
    )
    turned = replace(
        turned_grid(k, SLOTS["turned"]), title="kernel turned round", sentences=k.sentences[::-1]
    )
    matrix = _matrix(k, g, table, dx.size)
    return Scene(
        title="Why the kernel turns round",
        grids=tuple(written(grid, show) for grid in (dx, *matrix, k, turned, g, spread)),
        table=table,
        say="Rows of W read the kernel forwards. Point at an input gradient: its column reads it backwards.",
        size=(1200, 392),
        equations={
            "input_gradient": Equation(
                "{input_gradient}",
                gradient_factors(notation),
                counted=True,
                ledger=PRINTED[notation.document]["input"],
            )
        },
        walk="input_gradient",
        beware=notation.beware,
        code=pytorch_input_call(notation, geometry, (1, 0, 1)),
    )


def _one_index(grid: Grid, start: int) -> Grid:
    """In a single row the row's number says nothing: a_13 is a_3."""
    return replace(
        grid,
        symbols=tuple(
            f"{name.rpartition('_')[0]}_{n}" for n, name in enumerate(grid.symbols, start=start)
        ),
    )


def _matrix(k: Grid, g: Grid, table: dict, inputs: int) -> tuple[Grid, Grid]:
    """W, with the upstream gradient along its left edge."""
    down = Axis("upstream", tuple(range(g.size)))
    across = Axis("input_gradient", tuple(range(inputs)))
    stiff = {"square": False, "centred": False}
    left = edge_grid("arriving", "", g, Slot(20, 134, 70, 246, largest=41, **stiff), down=down)
    cells = SLOTS["input_gradient"]
    width = min(cells.largest, cells.width / inputs)
    slot = Slot(cells.x, 134, width * inputs, min(246, 41 * g.size), largest=68, **stiff)
    matrix = matrix_grid(
        "W",
        k,
        table,
        down,
        across,
        slot,
        hit="{row} arrives at an output that read this input with the weight {value}.",
        miss="0: the output of {row} did not read this input.",
    )
    return left, replace(matrix, title=f"|W|  {g.size}×{inputs}")


def _of_weights(k: Grid) -> tuple[str, ...]:
    return tuple(
        f"{spoken(name)} is number {n} of the kernel, and number {k.size + 1 - n} once it is turned."
        for n, name in enumerate(k.symbols, start=1)
    )


def _of_upstream(g: Grid, start: int) -> tuple[str, ...]:
    shift = " − 1" if start else ""
    return tuple(
        f"The row of output u = {u}: x = u + i{shift}. Here u is fixed, so x grows with i: the row "
        "reads the kernel forwards."
        for u in range(start, start + g.size)
    )


def _of_gradients(dx: Grid, table: dict, start: int) -> tuple[str, ...]:
    shift = " + 1" if start else ""

    def sentence(cell: int) -> str:
        rows = np.flatnonzero((table["input_gradient"] == cell) & (table["upstream"] >= 0))
        outputs = ", ".join(str(u + start) for u in table["upstream"][rows].tolist())
        weights = ", ".join(str(i + start) for i in table["kernel"][rows].tolist())
        return (
            f"The column of input x = {cell + start}: i = x − u{shift}. Here x is fixed: as u runs "
            f"{outputs}, the weight i runs {weights}: backwards."
            if len(rows) > 1
            else f"The column of input x = {cell + start}: only output u = {outputs} read it, with "
            f"weight i = x − u{shift} = {weights}."
        )

    return tuple(map(sentence, range(dx.size)))
