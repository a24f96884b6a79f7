"""The picture of a misnomer: what a "deconvolution" brings back, beside the best that can be done."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ...functional import conv2d, conv2d_input, conv_matrix
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Equation, Grid, Lamp, Scene, Step
from ...symbols import Notation, number, spoken
from ..grids import map_grid
from ..maps import PADDING, padded
from ..meetings import appearing
from ..sheet import Sheet, between, row
from ..words import Says, count

SIDE, TOP, LOW = 190, 40, 284
BACK = {"transposed": "Wᵀ", "least": "W⁺"}  # the two ways back, each with its matrix
THERE = row(SIDE, y=TOP, gap=64, largest=48, input=260, kernel=190, output=260)
SLOTS = {
    **THERE,
    **row(
        SIDE, y=LOW, gap=26, largest=48,
        transposed=SIDE, transposed_error=SIDE, least=SIDE, least_error=SIDE,
    ),
}  # fmt: skip
# What is there from which step on: h, and then each way back and how far it is off.
ORDER = ("output", "transposed", "transposed_error", "least", "least_error")
CLOSE = 1e-8  # what arithmetic with doubles leaves over


def misnomer(
    input: np.ndarray, weight: np.ndarray, stride=1, padding=0, dilation=1, **letters
) -> Scene:
    """A map a (H, W), its convolution h = Wa, and two ways back: Wᵀh and W⁺h, each with its error.

    W⁺ is the pseudo-inverse: of all maps x with the least |Wx - h| it gives the shortest. Colours say
    how far a cell is off; cells that are recovered are ticked. ``letters`` are those of a `Sheet`.
    Raises DoesNotFit where ``conv2d`` does.
    Source: note, section 2, its last paragraph; Moore-Penrose pseudo-inverse as in
    ``numpy.linalg.pinv``.

    >>> scene = misnomer(np.arange(16.0).reshape(4, 4), np.ones((3, 3)))
    >>> scene.counters
    (('4', 'rank of W, for 16 unknowns'),)
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    geometry = Geometry.of(input.shape, weight.shape, **how)
    result = conv2d(input, weight, **how)
    w = conv_matrix(weight, input.shape, **how).astype(float)
    pseudo = np.linalg.pinv(w)
    came = {
        "transposed": conv2d_input(input.shape, weight, result, **how),
        "least": _tidy((pseudo @ result.ravel()).reshape(input.shape)),
    }

    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    x = padded(sheet.grid("input", input, editable=True), geometry.padding)
    k = sheet.grid("kernel", weight, editable=True)
    h = sheet.grid("output", result, role="written", own_scale=True)
    back = [grid for name in BACK for grid in _came_back(sheet, name, came[name], input)]
    table = convolution_table(geometry)
    table |= {grid.name: unpadded_cells(geometry)[table["input"]] for grid in back}
    return sheet.scene(
        "Two ways back",
        (x, k, *map(_filling, (h, *back))),
        table,
        _says(sheet, x, k, h, came),
        say=_say(input, came),
        equations=_equations(sheet),
        signs=between(THERE, "∗="),
        counters=((str(np.linalg.matrix_rank(w)), f"rank of W, for {input.size} unknowns"),),
        lamps=_lamps(w, pseudo, result, came["least"], sheet.notation),
        steps=_steps(sheet, (x, k, h, *back), came, input),
        code=f"torch.linalg.pinv(W) @ {sheet.notation.output}.flatten()",
    )


def _tidy(values: np.ndarray) -> np.ndarray:
    """Without the last digits that the pseudo-inverse leaves beside a whole number."""
    return np.round(values, 9) + 0.0


def _in_one_format(values: np.ndarray) -> tuple[str, ...]:
    """The numbers of a map, all as whole numbers or all with one digit after the point.

    >>> _in_one_format(np.array([1.0, -2.0])), _in_one_format(np.array([1.0, -0.04]))
    (('1', '−2'), ('1.0', '0.0'))
    """
    digits = 0 if (np.abs(values - np.round(values)) <= CLOSE).all() else 1
    return tuple(
        f"{n + 0.0:.{digits}f}".replace("-", "−") for n in np.round(values, digits).ravel().tolist()
    )


def _came_back(sheet: Sheet, name: str, values: np.ndarray, input: np.ndarray) -> tuple[Grid, Grid]:
    """A map that came back, and in colours by how much each of its cells is off. What Wᵀ gives is of
    another size than the input, what W⁺ gives is not."""
    way = {"transposed": "transpose", "least": "pseudo-inverse"}[name]
    product, error = _product(sheet, name), values - input
    right = tuple(np.flatnonzero(_recovered(values, input)).tolist())

    def grid(name: str, letter: str, numbers: np.ndarray, title: str, **more) -> Grid:
        made = map_grid(name, letter, numbers, sheet.slots[name], sheet.start, **more)
        return replace(made, title=title, own_scale=way == "transpose")

    came = grid(name, f"({product})", values, f"{way} |{product}|", role="written")
    return (
        replace(came, numbers=_in_one_format(values)),
        grid(
            f"{name}_error", product, error, f"off by |{product} − {sheet.notation.input}|",
            role="written", show="colour", marks={"right": right} if right else {},
        ),
    )  # fmt: skip


def _recovered(values: np.ndarray, input: np.ndarray) -> np.ndarray:
    return np.abs(values - input).ravel() <= CLOSE


def _filling(grid: Grid) -> Grid:
    """A grid that is there from its step on."""
    since = [ORDER.index(grid.name)] * grid.size
    return replace(grid, frames=appearing(grid.numbers, since, len(ORDER)))


def _product(sheet: Sheet, name: str) -> str:
    """What a way back is called: Wᵀh or W⁺h."""
    return BACK[name] + sheet.notation.output


def _steps(
    sheet: Sheet, grids: tuple[Grid, ...], came: dict, input: np.ndarray
) -> tuple[Step, ...]:
    """There, and back on each of the two ways; after each way how far it is off."""
    cells = {grid.name: tuple(range(grid.size)) for grid in grids}
    own = tuple(sorted(set(cells["input"]) - set(grids[0].zeros)))  # padding is not compared
    a, h = sheet.notation.input, sheet.notation.output
    unknown, known = (count(len(cells[name]), "number") for name in ("transposed", "output"))
    says = {
        "output": f"There: of the {unknown} in {a}, W makes {known}.",
        "transposed": f"Back with the transpose: Wᵀ{h} has {unknown} again. Are they those of {a}?",
        "least": f"Back with the pseudo-inverse: of all maps that W takes to {h}, "
        f"W⁺{h} is the shortest. Is it {a}?",
        **{f"{name}_error": _off(values, input) for name, values in came.items()},
    }
    reads = {
        "output": {"input": cells["input"], "kernel": cells["kernel"]},
        **{name: {"output": cells["output"], "kernel": cells["kernel"]} for name in BACK},
        **{f"{name}_error": {"input": own, name: cells[name]} for name in BACK},
    }
    return tuple(Step(reads[name], {name: cells[name]}, says[name]) for name in ORDER)


def _off(values: np.ndarray, input: np.ndarray) -> str:
    """How far a way back is off."""
    right, most = int(_recovered(values, input).sum()), number(np.abs(values - input).max())
    if right == input.size:
        return f"All {right} cells are recovered."
    some = f"{right or 'None'} of the {input.size} cells {'is' if right < 2 else 'are'} recovered"
    return f"{some}: off by up to {most}."


def _says(sheet: Sheet, x: Grid, k: Grid, h: Grid, came: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    input = x.origin

    def of_way(name: str, cell: int) -> str:
        values = came[name].ravel()
        off = values[cell] - input.values[cell]
        return (
            f"{_product(sheet, name)} has {number(values[cell])} where {spoken(input.symbols[cell])} "
            f"is {input.numbers[cell]}: "
            + ("recovered." if abs(off) <= CLOSE else f"off by {number(off)}.")
        )

    def of_input(cell: int) -> str:
        if cell == PADDING:
            return "A padding cell: always 0."
        return " ".join(of_way(name, cell) for name in BACK)

    return {
        "input": of_input,
        "kernel": lambda cell: f"{spoken(k.symbols[cell])} is one weight of the mixture.",
        "output": lambda cell: f"{spoken(h.symbols[cell])} mixes the lit cells into one number.",
        **{name: partial(of_way, name) for name in BACK},
        **{f"{name}_error": partial(of_way, name) for name in BACK},
    }


def _equations(sheet: Sheet) -> dict[str, Equation]:
    return {
        "output": sheet.forward("output"),
        "transposed": sheet.equation(
            "transposed", "kernel", "output", printed="transpose as inverse"
        ),
    }


def _lamps(w: np.ndarray, pseudo: np.ndarray, result, least, notation: Notation) -> tuple:
    """What holds for these numbers: the residual of least squares, and when Wᵀ nearly is an inverse."""
    h, again = notation.output, np.allclose(w @ least.ravel(), result.ravel())
    multiple, orthogonal = _is_multiple(pseudo, w.T), _is_multiple(w.T @ w, np.eye(w.shape[1]))
    return (
        Lamp(again, f"W W⁺{h} {'=' if again else '≠'} {h}"),
        Lamp(multiple, f"W⁺ is {'a' if multiple else 'no'} multiple of Wᵀ"),
        Lamp(orthogonal, f"WᵀW is {'a' if orthogonal else 'no'} multiple of I"),
    )


def _is_multiple(matrix: np.ndarray, of: np.ndarray) -> bool:
    """Whether the matrix is a number, not 0, times another."""
    scale = (matrix * of).sum() / ((of * of).sum() or 1.0)
    return bool(abs(scale) > CLOSE and np.allclose(matrix, scale * of))


def _say(input: np.ndarray, came: dict) -> str:
    right = [int(_recovered(values, input).sum()) for values in came.values()]
    if min(right) == input.size:
        return "Both ways back give the input itself: here nothing was mixed and nothing was lost."
    return (
        f"Of {input.size} cells the transpose recovers {right[0]} and the pseudo-inverse {right[1]}. "
        "Both bring back the size."
    )
