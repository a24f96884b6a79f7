"""The picture of a convolution as a matrix: the maps, the weight matrix W, and im2col."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...functional import conv2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Axis, Grid, Place, Scene, Slot
from ...symbols import spoken
from ..grids import bank_of, edge_grid, matrix_grid, readable
from ..maps import PADDING, padded, places
from ..meetings import partners
from ..sheet import BELOW, WIDTH, Sheet, between, row
from ..words import Says, count, names

PARTS = ("W", "im2col")
LARGEST = 50  # of the cells of a matrix
EDGE, GAP = 34, 8  # how broad the vectors are along its edges, and how far away


@dataclass(frozen=True)
class _Layout:
    """Where the maps stand, the signs between them, and the room of each matrix without its edges."""

    maps: Mapping[str, Slot]
    signs: tuple[tuple[float, float, str], ...]
    rooms: Mapping[str, Slot]

    @property
    def size(self) -> tuple[int, int]:
        slots = [*self.maps.values(), *self.rooms.values()]
        return WIDTH, max(slot.y + slot.height for slot in slots) + BELOW


def _in_a_row(height: float, left: float, gap: float, *widths: float, largest: float, **rooms):
    slots = dict(zip(("input", "kernel", "output"), widths, strict=True))
    maps = row(height, left=left, gap=gap, largest=largest, **slots)
    return _Layout(maps, between(maps, "∗="), rooms)


def _in_a_column(**rooms: Slot) -> _Layout:
    """The maps one below the other, with their signs before them as in a sum done by hand: beside them
    a large matrix is nearly square."""
    heights = {"input": (40, 186), "kernel": (272, 140), "output": (458, 122)}
    maps = {name: Slot(50, y, 230, height, 50) for name, (y, height) in heights.items()}
    signs = zip(("kernel", "output"), "∗=", strict=True)
    return _Layout(
        maps,
        tuple((26, maps[name].y + maps[name].height / 2 + 10, sign) for name, sign in signs),
        rooms,
    )


# By the matrices that are shown: one stands beside the maps, two below them, row by row.
LAYOUTS = {
    (): _in_a_row(320, 20, 60, 350, 220, 320, largest=76),
    ("W",): _in_a_column(W=Slot(372, 82, 640, 498)),
    ("im2col",): _in_a_column(im2col=Slot(372, 82, 450, 498)),
    ("W", "im2col"): _in_a_row(
        202, 90, 60, 290, 200, 270, largest=52,
        W=Slot(62, 355, 600, 205), im2col=Slot(692, 355, 330, 205),
    ),
}  # fmt: skip


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
    shown = _shown(parts, bank.shape[0])
    layout = LAYOUTS[shown]
    sheet = Sheet(layout.maps, **letters)
    # Which channel a cell is in, its tile says, and the blocks of W.
    more = {"brief": channels * bank.shape[0] > 1}
    a = padded(sheet.grid("input", input, editable=True, **more), geometry.padding)
    k = sheet.grid("kernel", bank, editable=True, hues=_hues(bank.shape, shown), **more)
    h = sheet.grid("output", result, role="written", **more)
    scene = sheet.scene(
        _title(shown, several=more["brief"]),
        (a, k, h, *_matrices(a, k, h, table, layout.rooms)),
        table,
        _says(a, k, h, table, with_w="W" in shown),
        say="Point at a cell: every cell that belongs to it lights up. Click to pin it.",
        equations={
            "output": sheet.forward("output"),
            "input": sheet.backward("input", "kernel", printed="input_gradient"),
            "kernel": sheet.backward("kernel", "input", printed="kernel_gradient"),
        },
        size=layout.size,
        signs=layout.signs,
        counters=_counters(a, k, h, table) if "W" in shown else (),
        walk="output",
        code=sheet.call("output", "nn.functional.conv2d", "input", "kernel", **how, groups=groups),
    )
    return replace(scene, grids=tuple(map(readable, scene.grids)))


def _check_parts(parts: tuple[str, ...]) -> None:
    # A string would pass for a tuple of its letters.
    if not isinstance(parts, (tuple, list)) or not all(part in PARTS for part in parts):
        raise ValueError(
            f'parts is a tuple of "W" and "im2col", as in parts=("W",), or empty, not {parts!r}.'
        )


def _shown(parts: tuple[str, ...], output_channels: int) -> tuple[str, ...]:
    # Several output channels read the same patches: one row a patch would say nothing new there.
    return tuple(part for part in PARTS if part in parts and (part == "W" or output_channels == 1))


def _title(shown: tuple[str, ...], several: bool) -> str:
    if not shown:
        return "A window slides over the input"
    return "Channels are blocks of a matrix" if several else "A convolution as a matrix"


def _hues(bank: tuple[int, ...], shown: tuple[str, ...]) -> tuple[int, ...] | None:
    """One hue for each weight, wherever it stands again; with channels one for each pair that meets.
    Where it stands nowhere again its colour says its number, as anywhere."""
    if not shown:
        return None
    cells = np.arange(np.prod(bank))
    plane = bank[2] * bank[3]
    return tuple((cells // plane if bank[0] * bank[1] > 1 else cells).tolist())


def _matrices(a: Grid, k: Grid, h: Grid, table: dict, rooms: Mapping[str, Slot]) -> list[Grid]:
    """The matrices, each with the vectors it meets along its edges."""
    inputs = Axis("input", tuple(places(a).tolist()))
    outputs, weights = Axis("output", tuple(range(h.size))), Axis("kernel", tuple(range(k.size)))
    blocks = _of_one_channel(h, a) if a.shape[1] * h.shape[1] > 1 else None
    made = []
    if "W" in rooms:
        matrix = matrix_grid(
            "W", k, table, outputs, inputs, _slot(rooms["W"], h.size), blocks=blocks,
            hit="Row {row}, column {column} of W: {value}.",
            miss="Row {row}, column {column} of W is 0, because {row} does not read {column}.",
        )  # fmt: skip
        title = "weight matrix |W|  {}×{}: a row for each output, a column for each input"
        head = edge_grid("vector", title.format(*matrix.shape[2:]), a, _head(matrix), across=inputs)
        made += [replace(head, blocks=blocks and (1, blocks[1])), replace(matrix, brief=k.brief)]
    if "im2col" in rooms:
        matrix = matrix_grid(
            "im2col", a, table, outputs, weights, _slot(rooms["im2col"], h.size),
            hit="In the patch of {row}, {column} meets {value}.",
        )  # fmt: skip
        title = "im2col  {}×{}: a row for each patch".format(*matrix.shape[2:])
        made += [edge_grid("weights", title, k, _head(matrix), across=weights), matrix]
    if not made:
        return []
    side = edge_grid("result", "", h, _side(made[1].place, h.size), down=outputs)
    return [replace(side, blocks=blocks and (blocks[0], 1)), *made]


def _slot(room: Slot, rows: int) -> Slot:
    """The room of a matrix: as wide as it may be, and in the middle where it has few rows."""
    height = min(room.height, LARGEST * rows)
    y = room.y + (room.height - height) / 2
    return replace(room, y=y, height=height, largest=LARGEST, square=False, centred=False)


def _head(matrix: Grid) -> Slot:
    """The room of a vector above a matrix: its cells stand over the columns."""
    place, columns = matrix.place, matrix.shape[3]
    return Slot(
        place.x, place.y - GAP - EDGE, columns * place.width, EDGE, LARGEST, False, centred=False
    )


def _side(place: Place, rows: int) -> Slot:
    """The room of a vector at the left of a matrix: its cells stand beside the rows."""
    return Slot(
        place.x - GAP - EDGE, place.y, EDGE, rows * place.height, LARGEST, False, centred=False
    )


def _of_one_channel(*grids: Grid) -> tuple[int, ...]:
    """How many cells one channel of each map has, without padding."""
    return tuple(grid.origin.size // grid.shape[1] for grid in grids)


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
    """What makes W special: how much of it is not 0, and that this is a few weights repeated."""
    entries = h.size * a.origin.size
    filled = int((_read(a, table) != PADDING).sum())
    return (
        (f"{_grouped(filled)} of {_grouped(entries)}", "entries of W are weights"),
        (f"{k.size}", "different weights, shared"),
    )


def _grouped(n: int) -> str:
    """Digits in threes, from five digits on."""
    return f"{n:,}".replace(",", "\u2009") if n > 9999 else str(n)
