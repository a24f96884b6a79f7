"""The picture of a convolution as a matrix: the maps, the weight matrix W, and im2col."""

from __future__ import annotations

import numpy as np

from ...functional import conv2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Axis, Grid, Scene, Slot
from ...symbols import spoken
from ..grids import bank_of, edge_grid, matrix_grid
from ..maps import PADDING, padded, places
from ..meetings import partners
from ..sheet import WIDTH, Sheet, between, row
from ..words import Says, count, names

SLOTS = row(320, input=350, kernel=220, output=320, gap=40, largest=58)
PARTS = ("W", "im2col")
BELOW = 422  # where the matrices start, under their titles
ROOMS = {  # left edge and width of each matrix, by the matrices that are shown
    ("W",): {"W": (76, 1100)},
    ("im2col",): {"im2col": (76, 700)},
    ("W", "im2col"): {"W": (76, 700), "im2col": (810, 370)},
}


def convolution_matrix(
    input: np.ndarray,
    weight: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    groups: int = 1,
    *,
    parts: tuple[str, ...] = PARTS,
    **letters,
) -> Scene:
    """A convolution, its weight matrix W with one row for each output, and its im2col patches.

    ``input`` is (H, W) or (C, H, W), ``weight`` (kH, kW) or (O, C/groups, kH, kW); the other
    arguments are PyTorch's. ``parts`` says which matrices stand below the maps: "W", "im2col", both
    or none. ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d`` does, and ValueError for other parts.
    Source: note, (1) and the two displays after it; im2col as in ``torch.nn.functional.unfold``.

    >>> scene = convolution_matrix(np.arange(9.0).reshape(3, 3), np.ones((2, 2)))
    >>> scene.equation_text("output", 1)
    'h_12 = k_11·a_12 + k_12·a_13 + k_21·a_22 + k_22·a_23'
    """
    _check_parts(parts)
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    result = conv2d(input, weight, **how, groups=groups)
    geometry = Geometry.of(input.shape[-2:], weight.shape[-2:], **how)
    bank, channels = bank_of(weight), bank_of(input).shape[1]
    table = convolution_table(geometry, channels, bank.shape[0], groups)
    sheet = Sheet(SLOTS, **letters)
    a = padded(sheet.grid("input", input, editable=True), geometry.padding)
    k = sheet.grid("kernel", bank, editable=True)
    h = sheet.grid("output", result, role="written")
    return sheet.scene(
        "A convolution as a matrix",
        (a, k, h, *_matrices(a, k, h, table, parts)),
        table,
        _says(a, k, h, table, with_w="W" in parts),
        say="Point at a cell: every cell that belongs to it lights up. Click to pin it.",
        size=(WIDTH, BELOW + 254 if parts else 374),
        equations={
            "output": sheet.forward("output"),
            "input": sheet.backward("input", "kernel", printed="input_gradient"),
            "kernel": sheet.backward("kernel", "input", printed="kernel_gradient"),
        },
        signs=between(SLOTS, "∗="),
        counters=_counters(a, k, h, table) if "W" in parts else (),
        walk="output",
        code=sheet.call("output", "nn.functional.conv2d", "input", "kernel", **how, groups=groups),
    )


def _check_parts(parts: tuple[str, ...]) -> None:
    # A string would pass for a tuple of its letters.
    if not isinstance(parts, (tuple, list)) or not all(part in PARTS for part in parts):
        raise ValueError(
            f'parts is a tuple of "W" and "im2col", as in parts=("W",), or empty, not {parts!r}.'
        )


def _matrices(a: Grid, k: Grid, h: Grid, table: dict, parts) -> list[Grid]:
    """The matrices below the maps, each with the vectors it meets along its edges."""
    # Several output channels read the same patches: one row a patch would say nothing new there.
    shown = tuple(part for part in PARTS if part in parts and (part == "W" or h.shape[1] == 1))
    if not shown:
        return []
    inputs = Axis("input", tuple(places(a).tolist()))
    outputs, weights = Axis("output", tuple(range(h.size))), Axis("kernel", tuple(range(k.size)))
    several, rooms = a.shape[1] * h.shape[1] > 1, ROOMS[shown]
    grids = [edge_grid("result", "", h, _matrix_slot(20, 44), down=outputs)]
    if "W" in rooms:
        title = (
            f"weight matrix |W|  {h.size}×{len(inputs.cells)}: a row for each output, a column for "
            "each input"
        )
        grids += [
            edge_grid("vector", title, a, _edge_slot(*rooms["W"]), across=inputs),
            matrix_grid(
                "W", k, table, outputs, inputs, _matrix_slot(*rooms["W"]),
                blocks=_of_one_channel(h, a) if several else None,
                hit="Row {row}, column {column} of W: {value}.",
                miss="Row {row}, column {column} of W is 0, because {row} does not read {column}.",
            ),
        ]  # fmt: skip
    if "im2col" in rooms:
        title = f"im2col  {h.size}×{k.size}: a row for each patch"
        grids += [
            edge_grid("weights", title, k, _edge_slot(*rooms["im2col"]), across=weights),
            matrix_grid(
                "im2col", a, table, outputs, weights, _matrix_slot(*rooms["im2col"]),
                hit="In the patch of {row}, {column} meets {value}.",
            ),
        ]  # fmt: skip
    return grids


def _of_one_channel(*grids: Grid) -> tuple[int, ...]:
    """How many cells one channel of each map has, without padding."""
    return tuple(grid.origin.size // grid.shape[1] for grid in grids)


def _edge_slot(left: float, width: float) -> Slot:
    return Slot(left, BELOW, width, 24, largest=62, square=False, centred=False)


def _matrix_slot(left: float, width: float) -> Slot:
    return Slot(left, BELOW + 30, width, 212, largest=62, square=False, centred=False)


def _says(a: Grid, k: Grid, h: Grid, table: dict, with_w: bool) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    read = _read(a, table)
    fed = partners(read, table["output"], a.origin.size)
    uses = np.bincount(table["kernel"], minlength=k.size).tolist()
    pads = {
        name: np.bincount(table[name][read == PADDING], minlength=grid.size).tolist()
        for name, grid in (("output", h), ("kernel", k))
    }
    reads = count(len(read) // h.size, "input cell")

    def of_input(cell: int) -> str:
        if cell == PADDING:
            return "A padding cell: always 0" + (", and W has no column for it." if with_w else ".")
        name, outputs = spoken(a.origin.symbols[cell]), fed[cell]
        if not outputs:
            return f"{name} feeds no output{', so its column of W is empty' * with_w}: its gradient is 0."
        column = ", its column of W" * with_w
        feeds = f"{name} feeds {count(len(outputs), 'output')}{column}: {names(h, outputs)}."
        these = "this one" if len(outputs) == 1 else f"these {len(outputs)}"
        return f"{feeds} Its gradient will collect from {these}."

    def of_kernel(cell: int) -> str:
        used, lost = uses[cell], pads["kernel"][cell]
        shared = f"{spoken(k.symbols[cell])} is shared by {count(used, 'output')}"
        meets = f", and meets padding at {lost} of them" if lost else ""
        stands = f": it stands in W {count(used - lost, 'time')}" * with_w
        return f"{shared}{meets}{stands}."

    def of_output(cell: int) -> str:
        lost = pads["output"][cell]
        nothing = f", {lost} of them padding, which adds nothing" if lost else ""
        if not with_w:
            return f"{spoken(h.symbols[cell])} reads {reads}{nothing}: its receptive field."
        row = f"It is row {cell + 1} of W times the input as a vector."
        return f"{spoken(h.symbols[cell])} reads {reads}{nothing}. {row}"

    return {"input": of_input, "kernel": of_kernel, "output": of_output}


def _read(a: Grid, table: dict) -> np.ndarray:
    """For each row of the table the cell of the input without padding that it reads, or PADDING."""
    return np.array(a.cells or range(a.size))[table["input"]]


def _counters(a: Grid, k: Grid, h: Grid, table: dict) -> tuple:
    """What makes W special: nearly all of it is 0, and what is not is a few weights repeated."""
    entries = h.size * a.origin.size
    filled = int((_read(a, table) != PADDING).sum())
    return (
        (f"{_grouped(filled)} of {_grouped(entries)}", "entries of W are weights"),
        (f"{k.size}", "different weights, shared"),
        (_grouped(entries), "weights in a dense layer"),
    )


def _grouped(n: int) -> str:
    """Digits in threes, from five digits on."""
    return f"{n:,}".replace(",", "\u2009") if n > 9999 else str(n)
