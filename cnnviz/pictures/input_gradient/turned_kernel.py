"""The picture of the rotation dial: which way the kernel has to lie, and how far to pad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, rot180
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Stroke
from ...symbols import NOTATIONS, spoken
from ..grids import map_grid
from ..maps import PADDING, laid_out, padded, places
from ..meetings import joined, partners
from ..sheet import Sheet, column
from ..words import Says
from .gathering import gather_table, input_equation

# Each turns the last two axes, and says how PyTorch does.
TURNS = {
    "0°": (lambda k: k, ""),
    "90°": (lambda k: np.rot90(k, -1, axes=(-2, -1)), ".rot90(-1)"),
    "180°": (rot180, ".flip(0, 1)"),
    "270°": (lambda k: np.rot90(k, 1, axes=(-2, -1)), ".rot90()"),
    "flip ↔": (lambda k: k[..., ::-1], ".flip(1)"),
    "flip ↕": (lambda k: k[..., ::-1, :], ".flip(0)"),
    "transpose": (lambda k: np.swapaxes(k, -1, -2), ".T"),
}
SLOTS = {
    **column(220, y=46, gap=60, largest=62, kernel=190, turned=190),
    "spread": Slot(280, 121, 290, 290, largest=62),
    **column(240, left=630, y=46, gap=60, largest=62, result=190, input_gradient=190),
}


def turned_kernel(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    turn: str = "180°",
    padding: int | None = None,
    true_convolution: bool = False,
    **letters,
) -> Scene:
    """The upstream gradient padded, a kernel laid down some way, and which cells come out right.

    ``turn`` is one of TURNS. ``padding`` is k - 1 where it is None. With ``true_convolution`` the
    routine flips the kernel it is given about both axes before it slides it. In symbols, a cell is
    right if it is the sum that calculus gives; in numbers, if the number is. ``letters`` are those of
    a `Sheet`, here of the blog unless said.
    Raises DoesNotFit where the kernel is larger than the padded gradient, or ``conv2d_input`` does.
    Source: blog, before and after the rotation; slides, the rotation and the full convolution.

    >>> scene = turned_kernel(np.ones((2, 2)), np.ones((2, 2)), (3, 3), "0°")
    >>> scene.equation_text("result", 0), scene.counters[0][0]
    ('r_11 = ∂L/∂Z_11·K_22', '0 of 9')
    """
    padding = weight.shape[0] - 1 if padding is None else padding
    laid = _laid(turn, true_convolution)
    result = conv2d(grad_output, laid(weight), padding=padding)
    truth = conv2d_input(input_size, weight, grad_output)
    geometry = Geometry.of(grad_output.shape, laid(weight).shape, 1, padding)
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["blog"], **letters})
    k = sheet.grid("kernel", weight, editable=True)
    t = sheet.again(
        laid_out(k, laid), "turned", f"as it slides: {turn}{', flipped' * true_convolution}"
    )
    g = _padded(sheet, grad_output, geometry)
    table = _table(t, g, geometry, Geometry.of(input_size, weight.shape))
    right = _right(sheet, result, truth, table, g)
    out, dx = _results(sheet, result, truth, right)
    return sheet.scene(
        "Which way the kernel has to lie",
        (k, t, g, out, dx),
        table,
        _says(k, g, out, dx, right),
        say=_at_rest(result.shape, truth.shape, right, padding, sheet.show),
        equations={
            "result": input_equation(sheet, "result", "turned", "spread", printed=""),
            "input_gradient": input_equation(sheet, upstream="spread"),
        },
        signs=((250, 401, "∗"), (600, 276, "=")),
        strokes=(_turning(k, t),),
        counters=((f"{sum(right or ())} of {truth.size}", "cells are right"),),
        lamps=_lamps(right),
        walk="result",
        code=_call(sheet, turn, true_convolution, padding),
    )


def _turning(k: Grid, t: Grid) -> Stroke:
    """The arrow from the kernel down to how it lies: from its lower edge to the title of the other."""
    x = k.slot.x + k.slot.width / 2
    return Stroke(
        ((x, k.place.y + k.shape[2] * k.place.height + 5), (x, t.place.y - 28)), "forward"
    )


def _lamps(right: list[bool] | None) -> tuple[Lamp, Lamp]:
    fits, all_right = right is not None, bool(right) and all(right)
    return (
        Lamp(fits, f"the size is {'right' if fits else 'wrong'}"),
        Lamp(all_right, f"this is {'' if all_right else 'not '}the gradient"),
    )


def _laid(turn: str, true_convolution: bool) -> Callable[[np.ndarray], np.ndarray]:
    """How a kernel lies as it slides: turned by the dial, then flipped if the routine flips."""
    turned, _ = TURNS[turn]
    return (lambda kernel: rot180(turned(kernel))) if true_convolution else turned


def _call(sheet: Sheet, turn: str, true_convolution: bool, padding: int) -> str:
    _, turned = TURNS[turn]
    kernel = f"kernel{turned}{'.flip(0, 1)' * true_convolution}"
    return sheet.call("r", "nn.functional.conv2d", "g", kernel, padding=padding)


def _padded(sheet: Sheet, grad_output: np.ndarray, geometry: Geometry) -> Grid:
    """The upstream gradient with its padding; it stands here only, so it is typed into here."""
    g = padded(sheet.grid("upstream", grad_output, slot="spread"), geometry.padding)
    by, (rows, columns) = geometry.rows.padding.before, geometry.padded_size
    name = f"|∂{sheet.notation.scalar}/∂{sheet.letter('upstream')}|"
    called = f" ({of})" if (of := padding_called(by, geometry.rows.kernel)) else ""
    title = name + (f", padded by {by}{called}:" if by else f"{called}:") + f" {rows}×{columns}"
    return sheet.again(g, "spread", title, editable=True)


def padding_called(padding: int, kernel: int) -> str:
    """The names of a padding at stride 1: "valid" is none, "same" keeps the size, and in "full" the
    first window holds a single cell. "" where it has none.

    >>> padding_called(0, 3), padding_called(1, 3), padding_called(2, 3), padding_called(3, 3)
    ('valid', 'same', 'full', '')
    >>> padding_called(0, 1)
    'valid, same, full'
    """
    names = {
        "valid": padding == 0,
        "same": 2 * padding == kernel - 1,
        "full": padding == kernel - 1,
    }
    return ", ".join(name for name, so in names.items() if so)


def _results(
    sheet: Sheet, result: np.ndarray, truth: np.ndarray, right: list[bool] | None
) -> tuple[Grid, Grid]:
    """What comes out, with a tick in each cell that is right; and what should come out."""
    out = map_grid("result", "r", result, SLOTS["result"], sheet.start, role="written")
    dx = sheet.grid("input_gradient", truth, role="written")
    wanted = f"what it should be: {dx.title.removeprefix('input gradient ')}"
    ticks = tuple(cell for cell, good in enumerate(right or ()) if good)
    made = f"what comes out  {result.shape[0]}×{result.shape[1]}"
    return (
        replace(out, title=made, marks={"right": ticks} if ticks else {}),
        replace(dx, title=wanted),
    )


def _table(t: Grid, g: Grid, geometry: Geometry, forward: Geometry) -> dict[str, np.ndarray]:
    """What is multiplied as the kernel lies now, and below it what should be."""
    slid, gather = convolution_table(geometry), gather_table(forward)
    true = gather["upstream"] != NOWHERE
    return joined(
        {
            "spread": slid["input"],
            "turned": slid["kernel"],
            "kernel": np.array(t.cells or range(t.size))[slid["kernel"]],
            "result": slid["output"],
        },
        {
            "spread": places(g)[gather["upstream"][true]],
            "kernel": gather["kernel"][true],
            "input_gradient": gather["gathered"][true],
        },
    )


def _right(
    sheet: Sheet, result: np.ndarray, truth: np.ndarray, table: dict, g: Grid
) -> list[bool] | None:
    """Which cells are right: the same sum for every kernel and gradient, or the same number. None
    where the sizes differ."""
    if result.shape != truth.shape:
        return None
    if sheet.show == "numbers":
        return np.isclose(result, truth).ravel().tolist()
    # A product is its cells of kernel and gradient; one with padding adds nothing.
    product = table["kernel"] * g.size + table["spread"]
    product[np.isin(table["spread"], g.zeros)] = NOWHERE
    made, needed = (
        partners(table[name], product, truth.size) for name in ("result", "input_gradient")
    )
    return [sorted(one) == sorted(other) for one, other in zip(made, needed, strict=True)]


def _says(k: Grid, g: Grid, out: Grid, dx: Grid, right: list[bool] | None) -> dict[str, Says]:
    """What each cell says when the learner points at it."""

    def of_kernel(cell: int) -> str:
        return f"{spoken(k.symbols[cell])}: see below where it lies as it slides."

    def of_turned(cell: int) -> str:
        return f"{spoken(k.symbols[cell])} lies here now."

    def of_upstream(cell: int) -> str:
        if cell == PADDING:
            return "A zero of the padding."
        return f"{spoken(g.origin.symbols[cell])} arrives from behind."

    def of_result(cell: int) -> str:
        name = spoken(out.symbols[cell])
        if right is None:
            return f"{name} comes out, but a map of this size cannot be the gradient."
        wanted = spoken(dx.symbols[cell])
        if right[cell]:
            return f"{name} is {wanted}: right."
        return f"{name} is not {wanted}. Compare its sum with that of the cell below."

    def of_gradient(cell: int) -> str:
        return f"{spoken(dx.symbols[cell])} by the chain rule."

    return {
        "kernel": of_kernel,
        "turned": of_turned,
        "spread": of_upstream,
        "result": of_result,
        "input_gradient": of_gradient,
    }


def _at_rest(made: tuple, wanted: tuple, right: list[bool] | None, padding: int, show: str) -> str:
    by = "×".join
    if right is None:
        return (
            f"With a padding of {padding}, {by(map(str, made))} cells come out. The input has "
            f"{by(map(str, wanted))}: this cannot be its gradient, however the kernel lies."
        )
    if all(right):
        only = " for these numbers" if show == "numbers" else ", whatever the numbers are"
        return f"All {len(right)} cells are right{only}: this is the input gradient."
    return (
        f"{sum(right)} of {len(right)} cells are right, those with a tick. Pin another and read its "
        "sum, then the sum it should be, below it."
    )
