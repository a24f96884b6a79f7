"""The picture of a misnomer: what a "deconvolution" brings back, beside the best that can be done."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ...functional import conv2d, conv2d_input, conv_matrix
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Equation, Grid, Scene
from ...symbols import Notation, number, spoken
from ..grids import map_grid
from ..maps import PADDING, padded
from ..sheet import Sheet, row
from ..words import Says

SIDE, TOP, LOW = 210, 44, 316
BACK = {"transposed": "Wᵀ", "least": "W⁺"}  # the two ways back, each with its matrix
SLOTS = {
    **row(SIDE, y=TOP, gap=60, largest=54, input=270, kernel=180, output=240),
    **row(
        SIDE, y=LOW, gap=32, largest=54,
        transposed=SIDE, transposed_error=SIDE, least=SIDE, least_error=SIDE,
    ),
}  # fmt: skip
CLOSE = 1e-8  # what arithmetic with doubles leaves over


def misnomer(
    input: np.ndarray, weight: np.ndarray, stride=1, padding=0, dilation=1, **letters
) -> Scene:
    """A map a (H, W), its convolution h = Wa, and two ways back: Wᵀh and W⁺h, each with its error.

    W⁺ is the pseudo-inverse: of all maps x with the least |Wx - h| it gives the shortest. Cells
    that are recovered are ticked. ``letters`` are those of a `Sheet`. Raises DoesNotFit where ``conv2d`` does.
    Source: note, section 2, its last paragraph; Moore-Penrose pseudo-inverse as in
    ``numpy.linalg.pinv``.

    >>> scene = misnomer(np.arange(16.0).reshape(4, 4), np.ones((3, 3)))
    >>> scene.counters[0]
    ('4', 'rank of W: 16 unknowns')
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    geometry = Geometry.of(input.shape, weight.shape, **how)
    result = conv2d(input, weight, **how)
    w = conv_matrix(weight, input.shape, **how).astype(float)
    pseudo = np.linalg.pinv(w)
    transposed = conv2d_input(input.shape, weight, result, **how)
    least = _tidy((pseudo @ result.ravel()).reshape(input.shape))

    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    x = sheet.grid("input", input, editable=True)
    k = sheet.grid("kernel", weight, editable=True)
    h = sheet.grid("output", result, role="written")
    back = [
        grid
        for name, values in (("transposed", transposed), ("least", least))
        for grid in _came_back(sheet, name, values, input)
    ]
    table = convolution_table(geometry)
    table |= {grid.name: unpadded_cells(geometry)[table["input"]] for grid in back}
    return sheet.scene(
        "Wᵀ is not an inverse",
        (padded(x, geometry.padding), k, h, *back),
        table,
        _says(sheet, x, k, h, back),
        say=_say(input, transposed, least),
        equations=_equations(sheet),
        signs=((320, 160, "∗"), (560, 160, "=")),
        counters=_counters(w, input, transposed, least),
        lamps=_lamps(w, pseudo, result, least, sheet.notation),
        walk="transposed",
        code=f"torch.linalg.pinv(W) @ {sheet.notation.output}.flatten()",
    )


def _tidy(values: np.ndarray) -> np.ndarray:
    """Without the last digits that the pseudo-inverse leaves beside a whole number."""
    return np.round(values, 9) + 0.0


def _came_back(sheet: Sheet, name: str, values: np.ndarray, input: np.ndarray) -> tuple[Grid, Grid]:
    """A map that came back, and by how much each of its cells is off."""
    product, error = _product(sheet, name), values - input
    wrong = np.abs(error).ravel() > CLOSE
    # Crosses over nearly all cells would only hide the numbers: what is recovered is ticked.
    marks = {} if wrong.all() else {"right": tuple(np.flatnonzero(~wrong).tolist())}
    rows, columns = input.shape

    def grid(name: str, letter: str, numbers: np.ndarray, title: str, **more) -> Grid:
        made = map_grid(name, letter, numbers, sheet.slots[name], sheet.start, **more)
        return replace(made, title=title)

    return (
        grid(name, f"({product})", values, f"|{product}|  {rows}×{columns}", role="written"),
        grid(f"{name}_error", product, error, f"|{product} − {sheet.notation.input}|", marks=marks),
    )


def _product(sheet: Sheet, name: str) -> str:
    """What a way back is called: Wᵀh or W⁺h."""
    return BACK[name] + sheet.notation.output


def _says(sheet: Sheet, x: Grid, k: Grid, h: Grid, back: list[Grid]) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    maps = {grid.name: grid for grid in back}

    def of_way(name: str, cell: int) -> str:
        came, off = maps[name], maps[f"{name}_error"]
        right = cell in off.marks.get("right", ())
        return (
            f"{_product(sheet, name)} has {came.numbers[cell]} where {spoken(x.symbols[cell])} is "
            f"{x.numbers[cell]}: " + ("recovered." if right else f"off by {off.numbers[cell]}.")
        )

    def of_input(cell: int) -> str:
        if cell == PADDING:
            return "A padding cell: always 0."
        return " ".join(of_way(name, cell) for name in BACK)

    return {
        "input": of_input,
        "kernel": lambda cell: f"{spoken(k.symbols[cell])} is one weight of the mixture.",
        "output": lambda cell: f"{spoken(h.symbols[cell])} mixes the lit cells into one number.",
        **{name: partial(of_way, name.removesuffix("_error")) for name in maps},
    }


def _equations(sheet: Sheet) -> dict[str, Equation]:
    return {
        "output": sheet.forward("output"),
        "transposed": sheet.equation(
            "transposed", "kernel", "output", printed="transpose as inverse"
        ),
    }


def _counters(w: np.ndarray, input: np.ndarray, transposed, least) -> tuple:
    return (
        (str(np.linalg.matrix_rank(w)), f"rank of W: {input.size} unknowns"),
        (number(np.abs(transposed - input).max()), "largest error of Wᵀ"),
        (number(np.abs(least - input).max()), "largest error of W⁺"),
    )


def _lamps(w: np.ndarray, pseudo: np.ndarray, result, least, notation: Notation) -> tuple:
    """What holds for these numbers: the residual of least squares, and when Wᵀ nearly is an inverse."""
    return (
        (
            np.allclose(w @ least.ravel(), result.ravel()),
            f"W W⁺{notation.output} = {notation.output}",
        ),
        (_is_multiple(pseudo, w.T), "W⁺ is a multiple of Wᵀ"),
        (_is_multiple(w.T @ w, np.eye(w.shape[1])), "WᵀW is a multiple of I"),
    )


def _is_multiple(matrix: np.ndarray, of: np.ndarray) -> bool:
    """Whether the matrix is a number, not 0, times another."""
    scale = (matrix * of).sum() / ((of * of).sum() or 1.0)
    return bool(abs(scale) > CLOSE and np.allclose(matrix, scale * of))


def _say(input: np.ndarray, transposed: np.ndarray, least: np.ndarray) -> str:
    right = [int((np.abs(way - input) <= CLOSE).sum()) for way in (transposed, least)]
    if min(right) == input.size:
        return "Both ways back give the input itself: here nothing was mixed and nothing was lost."
    return (
        f"Of {input.size} cells the transpose recovers {right[0]} and the pseudo-inverse {right[1]}. "
        "Both bring back the size."
    )
