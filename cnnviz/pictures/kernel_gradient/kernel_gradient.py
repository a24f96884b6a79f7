"""The picture of the kernel gradient: the upstream gradient slides over the input as a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, labels, spoken
from ..grids import gradient_grid, padded_grid, spread_apart, spread_cells, written
from ..words import call, count, names

# Where the documents print the sum of one weight: ids of the ledger.
PRINTED = {"note": "note-60", "slides": "slides-54", "blog": "blog-45"}
SLOTS = {
    "input": Slot(20, 40, 370, 330, largest=66),
    "upstream": Slot(440, 40, 240, 330, largest=66),
    "kernel_gradient": Slot(730, 40, 250, 330, largest=66),
}


def kernel_gradient(
    input: np.ndarray,
    kernel_size,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """The kernel gradient of one channel, as a window of upstream gradients that slides.

    ``input`` is (H, W), ``kernel_size`` (kH, kW), ``grad_output`` has the size of the output; the
    other arguments are PyTorch's. With a stride the window is spread by inserted zeros. With a
    remainder it fits in more places than there are weights: those are shown, marked as cropped.
    Raises DoesNotFit where ``conv2d_weight`` does. Source: note, section 3; slides, "Loss gradient
    w.r.t the filter".

    >>> scene = kernel_gradient(np.arange(9.0).reshape(3, 3), (2, 2), np.ones((2, 2)))
    >>> scene.equation_text("kernel_gradient", 1)
    '∂F/∂k_12 = ∂F/∂h_11·a_12 + ∂F/∂h_12·a_13 + ∂F/∂h_21·a_22 + ∂F/∂h_22·a_23'
    """
    conv2d_weight(input, kernel_size, grad_output, stride, padding, dilation)  # says what is wrong
    geometry = Geometry.of(input.shape, kernel_size, stride, padding, dilation)
    table = gradient_table(geometry)
    a = padded_grid("input", notation.input, input, geometry, SLOTS["input"], start)
    g = spread_grid(notation, grad_output, geometry, SLOTS["upstream"], start)
    dk = raw_grid(notation, input, grad_output, geometry, SLOTS["kernel_gradient"], start)
    a = replace(a, sentences=_input_sentences(a, dk, table))
    g = replace(g, sentences=_upstream_sentences(g, notation, geometry, start))
    dk = replace(dk, sentences=_gradient_sentences(dk, a, g, table))
    return Scene(
        title="The kernel gradient",
        grids=tuple(written(grid, show) for grid in (a, g, dk)),
        table=table,
        say=_say(g, dk, geometry),
        size=(1200, 390),
        equations={"kernel_gradient": equation_of(notation)},
        signs=((415, 215, "∗"), (705, 215, "=")),
        counters=_counters(geometry),
        walk="kernel_gradient",
        beware=notation.beware,
        code=call(
            f"d{notation.kernel}",
            "nn.grad.conv2d_weight",
            [notation.input, f"{notation.kernel}.shape", f"d{notation.output}"],
            stride=stride,
            padding=padding,
            dilation=dilation,
        ),
    )


def equation_of(notation: Notation) -> Equation:
    """The sum of one weight: the upstream gradient of each output, times the input it met there."""
    return Equation(
        "{kernel_gradient}", ("{upstream}", "{input}"), True, PRINTED[notation.document]
    )


def gradient_table(geometry: Geometry) -> dict[str, np.ndarray]:
    """Rows of (input cell, cell of the spread upstream gradient, cell of the raw kernel gradient).

    It is the table of another convolution: the upstream gradient is the kernel, and stride and
    dilation have changed places.
    """
    sliding = Geometry.of(
        geometry.padded_size, geometry.output_size, geometry.dilation, 0, geometry.stride
    )
    table = convolution_table(sliding)
    spread = spread_cells(geometry.output_size, geometry.stride)
    place = np.flatnonzero(spread >= 0)  # of each upstream cell in the spread map
    return {
        "input": table["input"],
        "upstream": place[table["kernel"]],
        "kernel_gradient": table["output"],
    }


def spread_grid(
    notation: Notation, grad_output: np.ndarray, geometry: Geometry, slot: Slot, start: int
) -> Grid:
    """The upstream gradient, its cells a stride apart and inserted zeros between them."""
    bare = gradient_grid(
        "upstream",
        notation.scalar,
        notation.output,
        grad_output,
        slot,
        start,
        editable=True,
    )
    return spread_apart(bare, geometry.stride)


def raw_grid(
    notation: Notation, input, grad_output, geometry: Geometry, slot: Slot, start: int
) -> Grid:
    """The kernel gradient with the places that the remainder adds, which are cropped."""
    paddings = tuple(padding.before for padding in geometry.padding)
    raw = conv2d(input, grad_output, None, geometry.dilation, paddings, geometry.stride)
    grid = gradient_grid(
        "kernel_gradient", notation.scalar, notation.kernel, raw, slot, start, role="written"
    )
    (rows, columns), (kept_rows, kept_columns) = raw.shape, geometry.kernel_size
    if (rows, columns) == (kept_rows, kept_columns):
        return grid
    cropped = np.ones((rows, columns), bool)
    cropped[:kept_rows, :kept_columns] = False
    title = f"kernel gradient |∂{notation.scalar}/∂{notation.kernel}|  {kept_rows}×{kept_columns}"
    return replace(
        grid,
        title=f"{title}, cropped",
        symbols=tuple(
            "cut" if gone else label
            for label, gone in zip(grid.symbols, cropped.ravel(), strict=True)
        ),
        marks={"cropped": tuple(np.flatnonzero(cropped).tolist())},
    )


def _say(g: Grid, dk: Grid, geometry: Geometry) -> str:
    values = [number for number in g.numbers if number != "0"]
    if values == ["1"]:
        cell = spoken(g.symbols[g.numbers.index("1")]).partition("/∂")[2]
        return f"A single 1 upstream: the kernel gradient is a copy of the patch that {cell} read."
    if "cropped" in dk.marks:
        rows, columns = geometry.gradient_rows
        kept = "×".join(map(str, geometry.kernel_size))
        return (
            f"The last windows left a remainder, so this window fits in {rows}×{columns} places. "
            f"Only the first {kept} are weights; the others are cropped."
        )
    return (
        "Press Next: the upstream gradient slides over the input, and each stop gives the gradient "
        "of one weight."
    )


def _counters(geometry: Geometry) -> tuple[tuple[str, str], ...]:
    rows, columns = geometry.output_size
    (raw_rows, raw_columns), (kept_rows, kept_columns) = (
        geometry.gradient_rows,
        geometry.kernel_size,
    )
    counters = [
        (str(rows * columns), "products in each sum"),
        (f"{raw_rows}×{raw_columns}", "stops of the window"),
        (f"{kept_rows}×{kept_columns}", "of them are weights"),
    ]
    if geometry.stride != (1, 1) or geometry.dilation != (1, 1):
        (stride, _), (dilation, _) = geometry.stride, geometry.dilation
        counters.append((f"{dilation} and {stride}", "its stride and its dilation"))
    return tuple(counters)


def _input_sentences(a: Grid, dk: Grid, table: dict) -> tuple[str, ...]:
    padding, cropped = set(a.marks.get("padding", ())), set(dk.marks.get("cropped", ()))
    sums: list[list[int]] = [[] for _ in range(a.size)]
    for cell, stop in zip(table["input"].tolist(), table["kernel_gradient"].tolist(), strict=True):
        if stop not in cropped:
            sums[cell].append(stop)

    def sentence(cell: int) -> str:
        if cell in padding:
            return "A padding cell: always 0, so it adds nothing to any sum."
        name, found = spoken(a.symbols[cell]), sorted(sums[cell])
        if not found:
            return f"No output read {name}, so it stands in no sum that is kept."
        return f"{name} stands in {count(len(found), 'sum')}: {names(dk, found)}."

    return tuple(map(sentence, range(a.size)))


def _upstream_sentences(g: Grid, notation: Notation, geometry: Geometry, start: int) -> tuple:
    outputs = labels(notation.output, geometry.output_size, start)
    cells = spread_cells(geometry.output_size, geometry.stride)
    return tuple(
        "An inserted zero: the stride passed over this place, so no output stands here."
        if cell < 0
        else f"{spoken(label)} stands in every sum once, with a cell of the patch that "
        f"{spoken(outputs[cell])} read."
        for cell, label in zip(cells, g.symbols, strict=True)
    )


def _gradient_sentences(dk: Grid, a: Grid, g: Grid, table: dict) -> tuple[str, ...]:
    cropped, is_padding = set(dk.marks.get("cropped", ())), np.zeros(a.size, bool)
    is_padding[list(a.marks.get("padding", ()))] = True
    pads = np.bincount(
        table["kernel_gradient"], weights=is_padding[table["input"]], minlength=dk.size
    ).astype(int)
    products = count(len(table["input"]) // dk.size, "product")

    def sentence(cell: int) -> str:
        if cell in cropped:
            return (
                "The window fits here only because of the remainder. No weight belongs to this "
                "place: it is cropped."
            )
        name = spoken(dk.symbols[cell])
        weight = name.partition("/∂")[2]
        padded = f", {pads[cell]} of them with padding" if pads[cell] else ""
        return (
            f"{name} adds up {products}{padded}: each upstream gradient times the input cell that "
            f"{weight} met there."
        )

    return tuple(map(sentence, range(dk.size)))
