"""The picture of a misnomer: what a "deconvolution" brings back, beside the best that can be done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv_matrix
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, padded_grid, written
from ..matrix.convolution_matrix import PRINTED

SIDE = 210
TOP, LOW = 44, 316
SLOTS = {
    "input": Slot(20, TOP, 270, SIDE, largest=54),
    "kernel": Slot(350, TOP, 180, SIDE, largest=54),
    "output": Slot(590, TOP, 240, SIDE, largest=54),
    "transposed": Slot(20, LOW, 210, SIDE, largest=54),
    "transposed_error": Slot(262, LOW, 210, SIDE, largest=54),
    "least": Slot(504, LOW, 210, SIDE, largest=54),
    "least_error": Slot(746, LOW, 210, SIDE, largest=54),
}
CLOSE = 1e-8  # what arithmetic with doubles leaves over


def misnomer(
    input: np.ndarray,
    weight: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """A map a (H, W), its convolution h = Wa, and two ways back: Wᵀh and W⁺h, each with its error.

    W⁺ is the pseudo-inverse: of all maps x with the least |Wx - h| it gives the shortest. Cells
    that are recovered are ticked. Raises DoesNotFit where ``conv2d`` does.
    Source: note, section 2, its last paragraph; Moore-Penrose pseudo-inverse as in
    ``numpy.linalg.pinv``.

    >>> scene = misnomer(np.arange(16.0).reshape(4, 4), np.ones((3, 3)))
    >>> scene.counters[0]
    ('4', 'rank of W: 16 unknowns')
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    geometry = Geometry.of(input.shape, weight.shape, stride, padding, dilation)
    result = conv2d(input, weight, **how)
    w = conv_matrix(weight, input.shape, **how).astype(float)
    pseudo = np.linalg.pinv(w)
    transposed = conv2d_input(input.shape, weight, result, **how)
    least = _tidy((pseudo @ result.ravel()).reshape(input.shape))

    letter = notation.output
    a = padded_grid("input", notation.input, input, geometry, SLOTS["input"], start)
    k = map_grid("kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True)
    h = map_grid("output", letter, result, SLOTS["output"], start, role="written")
    ways = {"transposed": (f"Wᵀ{letter}", transposed), "least": (f"W⁺{letter}", least)}
    back = [
        grid
        for name, (product, values) in ways.items()
        for grid in _way_back(name, product, values, input, notation, start)
    ]
    table = convolution_table(geometry)
    cells = unpadded_cells(geometry)[table["input"]]
    table = {**table, **{grid.name: np.where(cells < 0, NOWHERE, cells) for grid in back}}
    a = replace(a, sentences=_input_sentences(a, unpadded_cells(geometry), back))
    h = replace(
        h, sentences=tuple(f"{spoken(n)} mixes the lit cells into one number." for n in h.symbols)
    )
    k = replace(k, sentences=tuple(f"{spoken(n)} is one weight of the mixture." for n in k.symbols))
    return Scene(
        title="Wᵀ is not an inverse",
        grids=tuple(written(grid, show) for grid in (a, k, h, *back)),
        table=table,
        say=_say(input, transposed, least),
        size=(1200, LOW + SIDE + 20),
        equations=_equations(notation),
        signs=((320, 160, "∗"), (560, 160, "=")),
        counters=_counters(w, input, transposed, least),
        lamps=_lamps(w, pseudo, result, least, notation),
        walk="transposed",
        beware=notation.beware,
        code=f"torch.linalg.pinv(W) @ {letter}.flatten()",
    )


def _tidy(values: np.ndarray) -> np.ndarray:
    """Without the last digits that the pseudo-inverse leaves beside a whole number."""
    return np.round(values, 9) + 0.0


def _way_back(name: str, product: str, values, input: np.ndarray, notation: Notation, start: int):
    """A map that came back, and by how much each of its cells is off."""
    error = values - input
    wrong = np.abs(error).ravel() > CLOSE
    # Crosses over nearly all cells would only hide the numbers: what is recovered is ticked.
    marks = {} if wrong.all() else {"right": tuple(np.flatnonzero(~wrong).tolist())}
    says = tuple(
        f"{product} has {number(v)} where {spoken(f'{notation.input}_{label}')} is {number(x)}: "
        + (f"off by {number(e)}." if is_wrong else "recovered.")
        for v, x, e, is_wrong, label in zip(
            values.ravel(),
            input.ravel(),
            error.ravel(),
            wrong,
            (n.partition("_")[2] for n in map_grid("", "a", input, SLOTS[name], start).symbols),
            strict=True,
        )
    )
    came = map_grid(
        name, f"({product})", values, SLOTS[name], start, role="written", sentences=says
    )
    off = map_grid(
        f"{name}_error", product, error, SLOTS[f"{name}_error"], start, marks=marks, sentences=says
    )
    rows, columns = input.shape
    return (
        replace(came, title=f"|{product}|  {rows}×{columns}"),
        replace(off, title=f"|{product} − {notation.input}|"),
    )


def _input_sentences(a: Grid, cells: np.ndarray, back: list[Grid]) -> tuple[str, ...]:
    return tuple(
        "A padding cell: always 0."
        if cell < 0
        else f"{back[0].sentences[cell]} {back[2].sentences[cell]}"
        for cell in cells
    )


def _equations(notation: Notation) -> dict[str, Equation]:
    return {
        "output": Equation(
            "{output}",
            tuple(f"{{{part}}}" for part in notation.factors),
            counted=True,
            ledger=PRINTED[notation.document]["output"],
        ),
        "transposed": Equation(
            "{transposed}",
            ("{kernel}", "{output}"),
            counted=True,
            ledger="note-51" if notation.document == "note" else "",
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
