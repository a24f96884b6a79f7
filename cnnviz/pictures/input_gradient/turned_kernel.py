"""The picture of the rotation dial: which way the kernel has to lie, and how far to pad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, rot180
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import gradient_grid, map_grid, padded_grid, written
from ..matrix.convolution_matrix import PRINTED
from ..words import call
from .gathering import gather_table, gradient_factors

TURNS = {
    "0°": lambda k: k,
    "90°": lambda k: np.rot90(k, -1),
    "180°": rot180,
    "270°": lambda k: np.rot90(k, 1),
    "flip ↔": lambda k: k[:, ::-1],
    "flip ↕": lambda k: k[::-1],
    "transpose": lambda k: k.T,
}
IN_PYTORCH = {
    "0°": "",
    "90°": ".rot90(-1)",
    "180°": ".flip(0, 1)",
    "270°": ".rot90()",
    "flip ↔": ".flip(1)",
    "flip ↕": ".flip(0)",
    "transpose": ".T",
}
SLOTS = {
    "kernel": Slot(20, 46, 210, 190, largest=62),
    "turned": Slot(20, 296, 210, 190, largest=62),
    "spread": Slot(280, 111, 330, 310, largest=62),
    "result": Slot(680, 46, 310, 190, largest=62),
    "input_gradient": Slot(680, 296, 310, 190, largest=62),
}


def turned_kernel(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    turn: str = "180°",
    padding: int | None = None,
    true_convolution: bool = False,
    *,
    notation: Notation = NOTATIONS["blog"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """The upstream gradient padded, a kernel laid down some way, and which cells come out right.

    ``turn`` is one of TURNS. ``padding`` is k - 1 where it is None. With ``true_convolution`` the
    routine flips the kernel it is given about both axes before it slides it. In symbols, a cell is
    right if it is the sum that calculus gives; in numbers, if the number is.
    Raises DoesNotFit where the kernel is larger than the padded gradient, or ``conv2d_input`` does.
    Source: blog, before and after the rotation; slides, the rotation and the full convolution.

    >>> scene = turned_kernel(np.ones((2, 2)), np.ones((2, 2)), (3, 3), "0°")
    >>> scene.equation_text("result", 0), scene.counters[0][0]
    ('r_11 = ∂L/∂Z_11·K_22', '0 of 9')
    """
    padding = weight.shape[0] - 1 if padding is None else padding
    laid = _laid(weight, turn, true_convolution)
    geometry = Geometry.of(grad_output.shape, laid.shape, 1, padding)
    result = conv2d(grad_output, laid, padding=padding)
    truth = conv2d_input(input_size, weight, grad_output)
    forward = Geometry.of(input_size, weight.shape)
    table = _table(weight.shape, geometry, forward, turn, true_convolution)
    fits = result.shape == truth.shape
    right = _right(result, truth, table, show) if fits else np.zeros(result.size, dtype=bool)

    scalar, g = notation.scalar, f"∂{notation.scalar}/∂{notation.output}"
    k = map_grid("kernel", notation.kernel, weight, SLOTS["kernel"], start, editable=True)
    k = replace(
        k, sentences=tuple(f"{spoken(n)}: see below where it lies as it slides." for n in k.symbols)
    )
    spread = padded_grid("spread", g, grad_output, geometry, SLOTS["spread"], start)
    rows, columns = geometry.padded_size
    spread = replace(
        spread,
        title=f"|{g}|" + f", padded by {padding}:" * bool(padding) + f" {rows}×{columns}",
        sentences=tuple(
            "A zero of the padding." if name == "0" else f"{spoken(name)} arrives from behind."
            for name in spread.symbols
        ),
    )
    turned = _turned(k, weight.shape, turn, true_convolution)
    dx = gradient_grid(
        "input_gradient",
        scalar,
        notation.input,
        truth,
        SLOTS["input_gradient"],
        start,
        role="written",
    )
    dx = replace(
        dx,
        title=f"what it should be: |∂{scalar}/∂{notation.input}|  {truth.shape[0]}×{truth.shape[1]}",
        sentences=tuple(f"{spoken(name)} by the chain rule." for name in dx.symbols),
    )
    out = map_grid("result", "r", result, SLOTS["result"], start, role="written")
    out = replace(
        out,
        title=f"what comes out  {result.shape[0]}×{result.shape[1]}",
        marks={
            "right": tuple(np.flatnonzero(right).tolist()),
            "wrong": tuple(np.flatnonzero(~right).tolist()),
        }
        if fits
        else {},
        sentences=tuple(_of_result(out, dx, fits, right)),
    )
    factors = gradient_factors(notation)
    slid = tuple({"{kernel}": "{turned}", "{upstream}": "{spread}"}[f] for f in factors)
    true = tuple({"{kernel}": "{kernel}", "{upstream}": "{spread}"}[f] for f in factors)
    printed = PRINTED[notation.document]["input"]
    return Scene(
        title="Which way the kernel has to lie",
        grids=tuple(written(grid, show) for grid in (k, turned, spread, out, dx)),
        table=table,
        say=_at_rest(result.shape, truth.shape, right, padding, show),
        size=(1200, 510),
        equations={
            "result": Equation("{result}", slid, counted=True),
            "input_gradient": Equation("{input_gradient}", true, counted=True, ledger=printed),
        },
        signs=((258, 391, "∗"), (645, 266, "=")),
        strokes=(Stroke(((125, 240), (125, 268)), "forward"),),
        counters=((f"{int(right.sum())} of {truth.size}", "cells are right"),),
        lamps=((fits, "the size is right"), (bool(fits and right.all()), "this is the gradient")),
        walk="result",
        beware=notation.beware,
        code=call(
            "r",
            "nn.functional.conv2d",
            ["g", notation.kernel + IN_PYTORCH[turn] + ".flip(0, 1)" * true_convolution],
            padding=padding,
        ),
    )


def _laid(kernel: np.ndarray, turn: str, true_convolution: bool) -> np.ndarray:
    """The kernel as it slides: turned by the dial, then flipped if the routine flips."""
    turned = TURNS[turn](kernel)
    return rot180(turned) if true_convolution else turned


def _table(shape, geometry: Geometry, forward: Geometry, turn: str, true_convolution: bool) -> dict:
    """What is multiplied as the kernel lies now, and below it what should be."""
    slid, gather = convolution_table(geometry), gather_table(forward)
    true = np.flatnonzero(gather["upstream"] != NOWHERE)
    cells = _laid(np.arange(np.prod(shape)).reshape(shape), turn, true_convolution).ravel()
    rows, columns = np.divmod(gather["upstream"][true], geometry.input_size[1])
    (above, _), (left, _) = geometry.padding
    nowhere = np.full(len(true), NOWHERE)
    return {
        "spread": np.r_[slid["input"], (rows + above) * geometry.padded_size[1] + columns + left],
        "turned": np.r_[slid["kernel"], nowhere],
        "kernel": np.r_[cells[slid["kernel"]], gather["kernel"][true]],
        "result": np.r_[slid["output"], nowhere],
        "input_gradient": np.r_[np.full(len(slid["output"]), NOWHERE), gather["gathered"][true]],
    }


def _turned(k: Grid, shape: tuple[int, int], turn: str, true_convolution: bool) -> Grid:
    cells = _laid(np.arange(k.size).reshape(shape), turn, true_convolution)
    flipped = ", then flipped" if true_convolution else ""
    of = cells.ravel().tolist()
    return replace(
        k,
        name="turned",
        title=f"as it slides: {turn}{flipped}",
        shape=(1, 1, *cells.shape),
        slot=SLOTS["turned"],
        symbols=tuple(k.symbols[c] for c in of),
        numbers=tuple(k.numbers[c] for c in of),
        ink=k.ink[of],
        sentences=tuple(f"{spoken(k.symbols[c])} lies here now." for c in of),
        editable=False,
    )


def _right(result: np.ndarray, truth: np.ndarray, table: dict, show: str) -> np.ndarray:
    """Which cells are right: the same sum for every kernel and gradient, or the same number."""
    if show == "numbers":
        return np.isclose(result, truth).ravel()
    true = table["input_gradient"] != NOWHERE
    needed = _sums(table, "input_gradient", np.flatnonzero(true), truth.size)
    cells = set(table["spread"][true].tolist())
    real = np.isin(table["spread"], list(cells)) & ~true
    made = _sums(table, "result", np.flatnonzero(real), truth.size)
    return np.array([one == other for one, other in zip(made, needed, strict=True)])


def _sums(table: dict, target: str, rows: np.ndarray, size: int) -> list[set]:
    """For each cell of the target the pairs of kernel and gradient cells that it adds up."""
    sums = [set() for _ in range(size)]
    columns = (table[name][rows].tolist() for name in (target, "kernel", "spread"))
    for cell, kernel, gradient in zip(*columns, strict=True):
        sums[cell].add((kernel, gradient))
    return sums


def _of_result(out: Grid, dx: Grid, fits: bool, right: np.ndarray) -> list[str]:
    if not fits:
        return [
            f"{spoken(name)} comes out, but a map of this size cannot be the gradient."
            for name in out.symbols
        ]
    return [
        f"{spoken(name)} is {spoken(wanted)}: right."
        if good
        else f"{spoken(name)} is not {spoken(wanted)}. Compare its sum with that of the cell below."
        for name, wanted, good in zip(out.symbols, dx.symbols, right, strict=True)
    ]


def _at_rest(made: tuple, wanted: tuple, right: np.ndarray, padding: int, show: str) -> str:
    by = "×".join
    if made != wanted:
        return (
            f"With a padding of {padding}, {by(map(str, made))} cells come out. The input has "
            f"{by(map(str, wanted))}: this cannot be its gradient, however the kernel lies."
        )
    if right.all():
        only = " for these numbers" if show == "numbers" else ", whatever the numbers are"
        return f"All {len(right)} cells are right{only}: this is the input gradient."
    return (
        f"{int(right.sum())} of {len(right)} cells are right. Pin a wrong one and read its sum, then "
        "the sum it should be, below it."
    )
