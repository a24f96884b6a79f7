"""The picture of a convolution as a matrix: the maps, the weight matrix W, and im2col."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Axis, Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import bank_of, edge_grid, map_grid, matrix_grid, padded_grid, written

TOP = {
    "input": Slot(20, 40, 350, 320, largest=58),
    "kernel": Slot(410, 40, 220, 320, largest=58),
    "output": Slot(670, 40, 320, 320, largest=58),
}
PARTS = ("W", "im2col")
BELOW = 422  # where the matrices start, under their titles
LEFT = 76  # of W, after the outputs in the margin


def convolution_matrix(
    input: np.ndarray,
    weight: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    groups: int = 1,
    *,
    parts: tuple[str, ...] = PARTS,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A convolution, its weight matrix W with one row for each output, and its im2col patches.

    ``input`` is (H, W) or (C, H, W), ``weight`` (kH, kW) or (O, C/groups, kH, kW); the other
    arguments are PyTorch's. ``parts`` says which matrices stand below the maps: "W", "im2col", both
    or none. ``show`` is "symbols" or "numbers"; ``start`` is the first index.
    Raises DoesNotFit where ``conv2d`` does.
    Source: note, (1) and the two displays after it; im2col as in ``torch.nn.functional.unfold``.

    >>> scene = convolution_matrix(np.arange(9.0).reshape(3, 3), np.ones((2, 2)))
    >>> scene.equation_text("output", 1)
    'h_12 = k_11·a_12 + k_12·a_13 + k_21·a_22 + k_22·a_23'
    """
    _check_parts(parts)
    result = conv2d(input, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    geometry = Geometry.of(input.shape[-2:], weight.shape[-2:], stride, padding, dilation)
    bank, channels = bank_of(weight), bank_of(input).shape[1]
    table = convolution_table(geometry, channels, bank.shape[0], groups)

    a = padded_grid("input", notation.input, input, geometry, TOP["input"], start)
    k = map_grid("kernel", notation.kernel, bank, TOP["kernel"], start, editable=True)
    h = map_grid("output", notation.output, result, TOP["output"], start, role="written")
    matrices = _matrices(a, k, h, table, geometry, parts)
    with_w = "W" in parts
    a, k, h = (
        replace(a, sentences=_input_sentences(a, h, table, with_w)),
        replace(k, sentences=_kernel_sentences(k, a, table, with_w)),
        replace(h, sentences=_output_sentences(h, a, table, with_w)),
    )
    return Scene(
        title="A convolution as a matrix",
        grids=tuple(written(grid, show) for grid in (a, k, h, *matrices)),
        table=table,
        say="Point at a cell: every cell that belongs to it lights up. Click to pin it.",
        size=(1200, BELOW + 254 if parts else 374),
        equations=_equations(notation),
        signs=((390, 210, "∗"), (650, 210, "=")),
        counters=_counters(a, k, h, table, geometry, parts),
        walk="output",
        beware=notation.beware,
        code=pytorch_call(notation, stride, padding, dilation, groups),
    )


def _check_parts(parts: tuple[str, ...]) -> None:
    # A string would pass for a tuple of its letters.
    if not isinstance(parts, (tuple, list)) or not all(part in PARTS for part in parts):
        raise ValueError(
            f'parts is a tuple of "W" and "im2col", as in parts=("W",), or empty, not {parts!r}.'
        )


def pytorch_call(notation: Notation, stride, padding, dilation, groups) -> str:
    """The call that computes this in PyTorch; arguments at their defaults are left out.

    >>> pytorch_call(NOTATIONS["note"], 2, 0, 1, 1)
    'h = torch.nn.functional.conv2d(a, k, stride=2)'
    """
    given = {
        "stride": (stride, 1),
        "padding": (padding, 0),
        "dilation": (dilation, 1),
        "groups": (groups, 1),
    }
    said = [f"{name}={value!r}" for name, (value, default) in given.items() if value != default]
    return f"{notation.output} = torch.nn.functional.conv2d({', '.join([notation.input, notation.kernel, *said])})"


def _matrices(a: Grid, k: Grid, h: Grid, table: dict, geometry: Geometry, parts) -> list[Grid]:
    """The matrices below the maps, each with the vectors it meets along its edges."""
    if not parts:
        return []
    # Several output channels read the same patches: one row a patch would say nothing new there.
    both = set(parts) == {"W", "im2col"} and h.shape[1] == 1
    inputs = Axis(
        "input", tuple(np.flatnonzero(unpadded_cells(geometry, a.shape[1]) >= 0).tolist())
    )
    outputs, weights = Axis("output", tuple(range(h.size))), Axis("kernel", tuple(range(k.size)))
    several = a.shape[1] * h.shape[1] > 1
    grids = [edge_grid("result", "", h, _slot(20, BELOW + 30, 44, 212), down=outputs)]
    if "W" in parts:
        width = 700 if both else 1100
        grids += [
            edge_grid(
                "vector",
                f"weight matrix |W|  {h.size}×{len(inputs.cells)}: a row for each output, a column for each input",
                a,
                _slot(LEFT, BELOW, width, 24),
                across=inputs,
            ),
            matrix_grid(
                "W",
                k,
                table,
                outputs,
                inputs,
                _slot(LEFT, BELOW + 30, width, 212),
                blocks=(h.shape[2] * h.shape[3], int(np.prod(geometry.input_size)))
                if several
                else None,
                hit="Row {row}, column {column} of W: {value}.",
                miss="Row {row}, column {column} of W is 0, because {row} does not read {column}.",
            ),
        ]
    if "im2col" in parts and h.shape[1] == 1:
        left, width = (810, 370) if both else (LEFT, 700)
        grids += [
            edge_grid(
                "weights",
                f"im2col  {h.size}×{k.size}: a row for each patch",
                k,
                _slot(left, BELOW, width, 24),
                across=weights,
            ),
            matrix_grid(
                "im2col",
                a,
                table,
                outputs,
                weights,
                _slot(left, BELOW + 30, width, 212),
                hit="In the patch of {row}, {column} meets {value}.",
            ),
        ]
    return grids


def _slot(x: float, y: float, width: float, height: float) -> Slot:
    return Slot(x, y, width, height, largest=62, square=False, centred=False)


# Where the documents print the equations of this picture: ids of the ledger.
PRINTED = {
    "note": {"output": "note-21", "input": "note-30", "kernel": "note-60"},
    "slides": {"output": "slides-26", "input": "slides-61", "kernel": "slides-54"},
    "blog": {"output": "blog-29", "input": "blog-59", "kernel": "blog-45"},
}


def _equations(notation: Notation) -> dict[str, Equation]:
    """The output forward; backward, which upstream gradients a cell collects, and how weighted."""
    upstream = f"∂{notation.scalar}/∂{{output}}"
    factors = {
        "output": tuple(f"{{{part}}}" for part in notation.factors),
        "input": ("{kernel}", upstream),
        "kernel": ("{input}", upstream),
    }
    return {
        name: Equation(
            "{output}" if name == "output" else f"∂{notation.scalar}/∂{{{name}}}",
            factors[name],
            counted=name == "output",
            ledger=PRINTED[notation.document][name],
        )
        for name in factors
    }


def _padded_rows(a: Grid, table: dict) -> np.ndarray:
    """Which rows of the table read padding."""
    is_padding = np.zeros(a.size, dtype=bool)
    is_padding[list(a.marks.get("padding", ()))] = True
    return is_padding[table["input"]]


def _output_sentences(h: Grid, a: Grid, table: dict, with_w: bool) -> tuple[str, ...]:
    padded = np.bincount(table["output"], weights=_padded_rows(a, table), minlength=h.size).astype(
        int
    )
    reads = _count(len(table["output"]) // h.size, "input cell")
    return tuple(
        f"{spoken(name)} reads {reads}"
        + (f", {pads} of them padding, which adds nothing" if pads else "")
        + (
            f". It is row {row} of W times the input as a vector."
            if with_w
            else ": its receptive field."
        )
        for row, (name, pads) in enumerate(zip(h.symbols, padded.tolist(), strict=True), start=1)
    )


def _input_sentences(a: Grid, h: Grid, table: dict, with_w: bool) -> tuple[str, ...]:
    padding = set(a.marks.get("padding", ()))
    column = ", its column of W" if with_w else ""

    def sentence(cell: int, outputs: list[int]) -> str:
        if cell in padding:
            return "A padding cell: always 0" + (", and W has no column for it." if with_w else ".")
        name, count = spoken(a.symbols[cell]), len(outputs)
        if not count:
            return f"{name} feeds no output{', so its column of W is empty' * with_w}: its gradient is 0."
        feeds = f"{name} feeds {_count(count, 'output')}{column}: {_list(h, outputs)}."
        return f"{feeds} Its gradient will collect from {'this one' if count == 1 else f'these {count}'}."

    return tuple(map(sentence, range(a.size), _gather(table["input"], table["output"], a.size)))


def _kernel_sentences(k: Grid, a: Grid, table: dict, with_w: bool) -> tuple[str, ...]:
    uses = np.bincount(table["kernel"], minlength=k.size)
    lost = np.bincount(table["kernel"], weights=_padded_rows(a, table), minlength=k.size).astype(
        int
    )

    def sentence(name: str, used: int, pads: int) -> str:
        shared = f"{spoken(name)} is shared by {_count(used, 'output')}"
        meets = f", and meets padding at {pads} of them" if pads else ""
        return (
            shared + meets + (f": it stands in W {_count(used - pads, 'time')}." if with_w else ".")
        )

    return tuple(map(sentence, k.symbols, uses.tolist(), lost.tolist()))


def _counters(a: Grid, k: Grid, h: Grid, table: dict, geometry: Geometry, parts) -> tuple:
    """What makes W special: nearly all of it is 0, and what is not is a few weights repeated."""
    if "W" not in parts:
        return ()
    entries = h.size * a.shape[1] * int(np.prod(geometry.input_size))
    filled = len(table["input"]) - int(_padded_rows(a, table).sum())
    return (
        (f"{_grouped(filled)} of {_grouped(entries)}", "entries of W are weights"),
        (f"{k.size}", "different weights, shared"),
        (_grouped(entries), "weights in a dense layer"),
    )


def _grouped(n: int) -> str:
    """Digits in threes, from five digits on."""
    return f"{n:,}".replace(",", "\u2009") if n > 9999 else str(n)


def _gather(keys: np.ndarray, values: np.ndarray, size: int) -> list[list[int]]:
    """For each key the values that stand beside it, in order."""
    order = np.argsort(keys, kind="stable")
    ends = np.cumsum(np.bincount(keys, minlength=size))[:-1]
    return [part.tolist() for part in np.split(values[order], ends)]


def _list(grid: Grid, cells: list[int], most: int = 9) -> str:
    names = [spoken(grid.symbols[cell]) for cell in cells[:most]]
    return ", ".join(names) + (", …" if len(cells) > most else "")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
