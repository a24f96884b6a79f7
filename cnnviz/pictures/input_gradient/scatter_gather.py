"""The picture of the input gradient made twice: by scattering stamps and by gathering windows.

Both make the same products of an upstream gradient and a weight, and add each to the same cell.
Only the order differs. So the two can be walked in lock-step, one product on each side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...functional import conv2d_input, conv2d_input_gather, conv_matrix
from ...functional.geometry import Geometry
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, written
from ..matrix.convolution_matrix import PRINTED
from ..words import call, count
from .gathering import (
    gather_table,
    gradient_factors,
    pytorch_input_call,
    spread_cells,
    spread_grid,
    turned_grid,
)

ROWS = (46, 356)  # where the row of the scatter and that of the gather start
SLOTS = {
    "upstream": Slot(20, ROWS[0], 310, 250, largest=58),
    "kernel": Slot(395, ROWS[0], 220, 250, largest=58),
    "input_gradient": Slot(680, ROWS[0], 310, 250, largest=58),
    "spread": Slot(20, ROWS[1], 310, 250, largest=58),
    "turned": Slot(395, ROWS[1], 220, 250, largest=58),
    "gathered": Slot(680, ROWS[1], 310, 250, largest=58),
}


@dataclass(frozen=True)
class Words:
    """What the two maps are called when the operation is a gradient, and when it is a layer."""

    arriving: str
    result: str
    upstream: str  # the letter of a cell that arrives
    target: str  # the letter of a cell of the result


def scatter_gather(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
    what: str = "gradient",
) -> Scene:
    """The input gradient twice: stamps of the kernel added up, and the turned kernel slid along.

    ``grad_output`` is (oH, oW), ``weight`` (kH, kW), ``input_size`` (H, W); the rest is PyTorch's.
    A step is one product on each side. ``what`` is "gradient", or "transposed" where the operation
    is a layer of its own: that changes the words and the code, not the cells.
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: note, (3); blog, the loop over dL_dinput; slides, the full convolution.

    >>> scene = scatter_gather(np.ones((2, 2)), np.ones((2, 2)), (3, 3))
    >>> scene.equation_text("gathered", 1)
    '∂F/∂a_12 = k_12·∂F/∂h_11 + k_11·∂F/∂h_12'
    >>> scene.lit("input_gradient", 0)["turned"], len(scene.steps)
    ((0, 1, 2, 3), 16)
    """
    around = (stride, padding, dilation)
    scattered = conv2d_input(input_size, weight, grad_output, *around)
    gathered = conv2d_input_gather(input_size, weight, grad_output, *around)
    geometry = Geometry.of(input_size, weight.shape, *around)
    table, words = gather_table(geometry), _words(what, notation)

    maps = {
        "upstream": map_grid(
            "upstream", words.upstream, grad_output, SLOTS["upstream"], start, editable=True
        ),
        "kernel": map_grid(
            "kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True
        ),
        "input_gradient": map_grid(
            "input_gradient",
            words.target,
            scattered,
            SLOTS["input_gradient"],
            start,
            role="written",
        ),
        "gathered": map_grid(
            "gathered", words.target, gathered, SLOTS["gathered"], start, role="written"
        ),
    }
    maps = {name: _titled(grid, words) for name, grid in maps.items()}
    maps["spread"] = spread_grid(maps["upstream"], geometry, SLOTS["spread"])
    if max(geometry.dilation) > 1:
        apart = " and ".join(map(str, dict.fromkeys(geometry.dilation)))
        maps["kernel"] = replace(
            maps["kernel"], title=f"{maps['kernel'].title}, laid {apart} cells apart"
        )
    maps["turned"] = turned_grid(maps["kernel"], SLOTS["turned"])
    maps = _with_sentences(maps, table, geometry)
    steps, frames = _walk(maps, table, grad_output, weight, show)
    maps = {
        name: replace(grid, frames=frames.get(name, ())) if grid.numbers else grid
        for name, grid in maps.items()
    }
    printed = PRINTED[notation.document]["input"] if what == "gradient" else ""
    factors = gradient_factors(notation)
    back = (conv_matrix(weight, input_size, *around).T @ grad_output.ravel()).reshape(input_size)
    return Scene(
        title="Scatter and gather",
        grids=tuple(written(maps[name], show) for name in SLOTS),
        table=table,
        say=_at_rest(geometry, words, len(steps)),
        size=(1200, 622),
        equations={
            name: Equation(f"{{{name}}}", factors, counted=True, ledger=printed)
            for name in ("input_gradient", "gathered")
        },
        signs=(
            (362, 178, "·"),
            (648, 178, "→"),
            (362, 488, "∗"),
            (648, 488, "="),
        ),
        counters=((str(len(steps)), "products on each side"),),
        lamps=(
            (bool(np.allclose(scattered, gathered)), "scatter = gather"),
            (bool(np.allclose(scattered, back)), "both = Wᵀ times what arrives"),
        ),
        steps=steps,
        beware=notation.beware,
        code=_code(geometry, notation, around, what),
    )


def _words(what: str, notation: Notation) -> Words:
    by = f"∂{notation.scalar}/∂"
    return {
        "gradient": Words(
            "upstream gradient", "input gradient", by + notation.output, by + notation.input
        ),
        "transposed": Words("what comes in", "what comes out", notation.output, "y"),
    }[what]


def _titled(grid: Grid, words: Words) -> Grid:
    rows, columns = grid.shape[2:]
    name = {
        "upstream": f"{words.arriving} |{words.upstream}|",
        "input_gradient": f"scatter: {words.result} |{words.target}|",
        "gathered": f"gather: {words.result} |{words.target}|",
    }.get(grid.name)
    return replace(grid, title=f"{name}  {rows}×{columns}") if name else grid


def _real(table: dict) -> np.ndarray:
    """The rows of the table that are products, not zeros."""
    return np.flatnonzero(table["upstream"] != NOWHERE)


def _with_sentences(maps: dict, table: dict, geometry: Geometry) -> dict:
    """Each cell says what it does on both sides."""
    real = _real(table)
    used = {
        name: np.bincount(table[name][real], minlength=maps[name].size).tolist()
        for name in ("upstream", "kernel", "input_gradient")
    }
    kernel_cells = maps["kernel"].size
    upstream = [
        _of_upstream(spoken(name), times, kernel_cells)
        for name, times in zip(maps["upstream"].symbols, used["upstream"], strict=True)
    ]
    kernel = _of_kernel(maps["kernel"], used["kernel"], geometry)
    target = [
        _of_target(spoken(name), times)
        for name, times in zip(maps["input_gradient"].symbols, used["input_gradient"], strict=True)
    ]
    zero = {
        **dict.fromkeys(maps["spread"].marks.get("padding", ()), "A zero of the padding"),
        **dict.fromkeys(maps["spread"].marks.get("inserted", ()), "A zero inserted for the stride"),
    }
    spread = [
        f"{zero[cell]}: the windows that read it add nothing for it." if of < 0 else upstream[of]
        for cell, of in enumerate(spread_cells(geometry).ravel().tolist())
    ]
    said = {
        "upstream": upstream,
        "kernel": kernel,
        "input_gradient": target,
        "spread": spread,
        "turned": kernel[::-1],
        "gathered": target,
    }
    return {name: replace(grid, sentences=tuple(said[name])) for name, grid in maps.items()}


def _of_upstream(name: str, used: int, kernel_cells: int) -> str:
    if not used:
        return f"{name} belongs to a window that read nothing but padding: it adds nothing, and is cropped."
    lost = kernel_cells - used
    fell = f"; {lost} of the stamp fall on padding" if lost else ""
    return (
        f"Scatter: {name} times the whole kernel is stamped onto {count(used, 'cell')}{fell}. "
        f"Gather: the windows of the same cells pass over {name}."
    )


def _of_kernel(kernel: Grid, used: list[int], geometry: Geometry) -> list[str]:
    rows, columns = geometry.kernel_size
    return [
        f"{spoken(name)} takes part in {count(times, 'product')}. It stands in row "
        f"{cell // columns + 1}, column {cell % columns + 1} of the kernel, and in row "
        f"{rows - cell // columns}, column {columns - cell % columns} of the turned one."
        for cell, (name, times) in enumerate(zip(kernel.symbols, used, strict=True))
    ]


def _of_target(name: str, times: int) -> str:
    if not times:
        return f"{name} is 0: no stamp reaches it, and its window holds only zeros."
    return (
        f"{name} is a sum of {count(times, 'product')}. Scatter brings them one stamp at a time, "
        "gather takes them all at one stop of the window."
    )


def _walk(maps, table, grad_output, weight, show: str) -> tuple[tuple[Step, ...], dict]:
    """A product on each side for each step, and what the two results hold after it."""
    gather = _real(table)
    if not len(gather):
        return (), {}
    scatter = gather[np.lexsort((table["kernel"][gather], table["upstream"][gather]))]
    columns = {name: column.tolist() for name, column in table.items()}
    products = (grad_output.ravel()[table["upstream"]] * weight.ravel()[table["kernel"]]).tolist()
    sides = {
        name: _Side(columns[name], maps[name].size, products, gather, show)
        for name in ("input_gradient", "gathered")
    }
    stamps = _together(table["upstream"][gather], table["input_gradient"][gather])
    windows = _together(table["gathered"], table["spread"])
    steps, frames, total = [], {name: [] for name in sides}, len(gather)
    for n, (there, here) in enumerate(zip(scatter.tolist(), gather.tolist(), strict=True), start=1):
        for name, row in (("input_gradient", there), ("gathered", here)):
            frames[name].append(sides[name].add(row))
        steps.append(
            Step(
                {
                    "upstream": (columns["upstream"][there],),
                    "kernel": (columns["kernel"][there],),
                    "input_gradient": (columns["input_gradient"][there],),
                    "spread": (columns["spread"][here],),
                    "turned": (columns["turned"][here],),
                    "gathered": (columns["gathered"][here],),
                },
                f"Scatter adds {_product(maps, columns, there)}. "
                f"Gather adds {_product(maps, columns, here)}. "
                f"Cells that are finished: scatter {sides['input_gradient'].finished}, "
                f"gather {sides['gathered'].finished}"
                + (
                    f". The same {total} products were made, and the two maps are equal."
                    if n == total
                    else "."
                ),
                of=("gathered", columns["gathered"][here]),
                around={
                    "input_gradient": stamps[columns["upstream"][there]],
                    "spread": windows[columns["gathered"][here]],
                },
            )
        )
    return tuple(steps), {name: tuple(frame) for name, frame in frames.items()}


def _together(keys: np.ndarray, cells: np.ndarray) -> dict[int, tuple[int, ...]]:
    """For each key the cells beside it."""
    found: dict[int, list[int]] = {}
    for key, cell in zip(keys.tolist(), cells.tolist(), strict=True):
        found.setdefault(key, []).append(cell)
    return {key: tuple(beside) for key, beside in found.items()}


class _Side:
    """One of the two results while it fills: running sums, or how many of its terms have come."""

    def __init__(
        self, target: list[int], size: int, products: list[float], rows: np.ndarray, show: str
    ):
        self.target, self.products, self.show = target, products, show
        self.needed = np.bincount(np.array(target)[rows], minlength=size).tolist()
        self.come, self.sums = [0] * size, [0.0] * size
        self.texts = ["" if needed else "0" for needed in self.needed]
        self.finished = self.needed.count(0)

    def add(self, row: int) -> tuple[str, ...]:
        """What stands in the cells once this row of the table has been added."""
        cell = self.target[row]
        self.come[cell] += 1
        self.finished += self.come[cell] == self.needed[cell]
        if self.show == "numbers":
            self.sums[cell] += self.products[row]
            self.texts[cell] = number(self.sums[cell])
        else:
            self.texts[cell] = f"{self.come[cell]} of {self.needed[cell]}"
        return tuple(self.texts)


def _product(maps: dict, columns: dict, row: int) -> str:
    factors = (spoken(maps[name].symbols[columns[name][row]]) for name in ("upstream", "kernel"))
    to = spoken(maps["input_gradient"].symbols[columns["input_gradient"][row]])
    return f"{' · '.join(factors)} to {to}"


def _at_rest(geometry: Geometry, words: Words, products: int) -> str:
    cropped = [
        f"Padding {before} is more than the kernel reaches, so {-low} rows or columns are cropped. "
        for (low, _), (before, _) in zip(geometry.adjoint_padding, geometry.padding, strict=True)
        if low < 0
    ][:1]
    return (
        f"Above, scatter: each cell of the {words.arriving} stamps the kernel onto the result. "
        "Below, gather: the turned kernel slides and adds up. "
        + "".join(cropped)
        + f"Step through the {products} products, or point at a cell."
    )


def _code(geometry: Geometry, notation: Notation, around: tuple, what: str) -> str:
    """The call in PyTorch; arguments at their defaults are left out."""
    if what == "gradient":
        return pytorch_input_call(notation, geometry, around)
    stride, padding, dilation = around
    rest = geometry.remainder
    return call(
        "y",
        "nn.functional.conv_transpose2d",
        [notation.output, notation.kernel],
        stride=stride,
        padding=padding,
        output_padding=rest[0] if rest[0] == rest[1] else rest,
        dilation=dilation,
    )
