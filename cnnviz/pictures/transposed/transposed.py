"""The picture of the input gradient at a stride: the upstream gradient spread apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input_gather, conv_matrix, rot180, spread_gradient
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...functional.windows import insert_zeros, pad
from ...scene import NOWHERE, Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import gradient_grid, map_grid, written
from ..matrix.convolution_matrix import PRINTED

SPREADING = {
    "upstream": Slot(20, 44, 140, 360, largest=58),
    "spread": Slot(198, 44, 336, 360, largest=54),
    "kernel": Slot(574, 44, 118, 160, largest=40),
    "turned": Slot(574, 244, 118, 160, largest=40),
    "input_gradient": Slot(728, 44, 262, 360, largest=54),
}
CALLED = ("transposed", "fractionally strided", "deconvolution")
WARNING = "Three names, one operation, and none of them undoes a convolution."


def spreading(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    called: str = "transposed",
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """The input gradient of a strided convolution as one convolution over the spread gradient.

    ``grad_output`` (oH, oW) gets s-1 zeros between neighbours, then d(k-1)-p zeros around it
    (d(k-1)-p+r at the far end), where a negative number crops. The kernel ``weight`` (kH, kW),
    turned by 180 degrees, moves over it one cell at a time and gives the gradient of ``input_size``.
    ``called`` is one of the three names of the operation, and decides the sentence at rest.
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: note, section 2, the display after (4); Dumoulin and Visin (2016), chapter 4.

    >>> scene = spreading(np.ones((2, 2)), np.ones((3, 3)), (5, 5), stride=2)
    >>> scene.equation_text("input_gradient", 2)
    '∂F/∂a_13 = k_13·∂F/∂h_11 + k_11·∂F/∂h_12'
    """
    geometry = Geometry.of(input_size, weight.shape, stride, padding, dilation)
    gradient = conv2d_input_gather(input_size, weight, grad_output, stride, padding, dilation)
    turned = rot180(np.arange(weight.size).reshape(weight.shape)).ravel()
    upstream_of, is_cut, is_inside = padded_cells(grad_output, geometry)

    g = gradient_grid(
        "upstream",
        notation.scalar,
        notation.output,
        grad_output,
        SPREADING["upstream"],
        start,
        editable=True,
    )
    s = padded_gradient_grid(g, upstream_of, is_cut, is_inside)
    k = map_grid("kernel", notation.kernel, weight, SPREADING["kernel"], start, editable=True)
    t = replace(
        k,
        name="turned",
        title="turned by 180°",
        slot=SPREADING["turned"],
        symbols=tuple(k.symbols[cell] for cell in turned),
        numbers=tuple(k.numbers[cell] for cell in turned),
        ink=k.ink[turned],
        editable=False,
    )
    da = gradient_grid(
        "input_gradient",
        notation.scalar,
        notation.input,
        gradient,
        SPREADING["input_gradient"],
        start,
        role="written",
    )
    table = _spreading_table(geometry, upstream_of.ravel(), is_cut.ravel(), turned)
    kept = set(table["upstream"][table["input_gradient"] != NOWHERE].tolist())
    lost = tuple(cell for cell in range(g.size) if cell not in kept)
    g = replace(
        g,
        marks={"cropped": lost} if lost else {},
        sentences=_upstream_sentences(g, table, lost),
    )
    k, t = (replace(grid, sentences=_kernel_sentences(grid)) for grid in (k, t))
    da = replace(da, sentences=_gradient_sentences(da, table))
    return Scene(
        title="A gradient spread by the stride",
        grids=tuple(written(grid, show) for grid in (g, s, k, t, da)),
        table=table,
        say=_caption(called, geometry),
        size=(1200, 424),
        equations={"input_gradient": _gradient_equation(notation, stride)},
        signs=((179, 230, "→"), (554, 334, "∗"), (710, 230, "=")),
        counters=_spreading_counters(geometry),
        lamps=(
            (
                _is_transpose(weight, grad_output, gradient, geometry),
                "equals Wᵀ times the gradient",
            ),
        ),
        walk="input_gradient",
        beware=f"{WARNING} {notation.beware}",
        code=transposed_call(notation, stride, padding, geometry.remainder, dilation),
    )


def transposed_call(
    notation: Notation, stride, padding, output_padding, dilation, function="conv_transpose2d"
) -> str:
    """The call that computes the input gradient in PyTorch; arguments at their defaults left out.

    >>> transposed_call(NOTATIONS["note"], 2, 0, (1, 1), 1)
    'da = torch.nn.functional.conv_transpose2d(dh, k, stride=2, output_padding=1)'
    """
    given = {
        "stride": (stride, 1),
        "padding": (padding, 0),
        "output_padding": (output_padding, 0),
        "dilation": (dilation, 1),
    }
    alike = {name: (_one_if_alike(value), default) for name, (value, default) in given.items()}
    said = [f"{name}={value!r}" for name, (value, default) in alike.items() if value != default]
    maps = [f"d{notation.output}", notation.kernel, *said]
    return f"d{notation.input} = torch.nn.functional.{function}({', '.join(maps)})"


def _one_if_alike(value):
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _is_transpose(weight, grad_output, gradient: np.ndarray, geometry: Geometry) -> bool:
    """Whether the picture, made by spreading, agrees with the transposed matrix."""
    axes = geometry.axes
    w = conv_matrix(
        weight,
        geometry.input_size,
        geometry.stride,
        tuple(axis.padding.before for axis in axes),
        geometry.dilation,
    )
    return bool(np.allclose(w.T @ grad_output.ravel(), gradient.ravel()))


def padded_cells(grad_output: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, ...]:
    """The spread gradient, with the cells that are cropped still around it.

    Three maps: the upstream cell that stands there or NOWHERE; whether the cell is cropped; whether
    it was there before the padding.
    """
    numbers = 1 + np.arange(grad_output.size).reshape(grad_output.shape)
    around = tuple(tuple(max(n, 0) for n in axis) for axis in geometry.adjoint_padding)
    cut = tuple(tuple(max(-n, 0) for n in axis) for axis in geometry.adjoint_padding)
    inserted = insert_zeros(numbers, geometry.stride)
    true = spread_gradient(
        numbers,
        geometry.input_size,
        geometry.kernel_size,
        geometry.stride,
        tuple(axis.padding.before for axis in geometry.axes),
        geometry.dilation,
    )
    is_cut = pad(np.zeros(true.shape, dtype=int), cut, fill=1).astype(bool)
    is_inside = pad(np.ones(inserted.shape, dtype=int), around).astype(bool)
    return pad(inserted, around) - 1, is_cut, is_inside


def padded_gradient_grid(
    g: Grid, upstream_of: np.ndarray, is_cut: np.ndarray, is_inside: np.ndarray
):
    """The spread gradient as a grid: padding slashed, inserted zeros dotted, the cropped struck."""
    cells = upstream_of.ravel().tolist()
    empty = upstream_of < 0
    marks = {
        "padding": ~is_inside & ~is_cut,
        "inserted": is_inside & empty & ~is_cut,
        "cropped": is_cut,
    }
    words = {
        "padding": "A zero of the padding: with it the window can start and end beyond the gradient.",
        "inserted": "An inserted zero. The windows of the forward pass were a stride apart, so the gradients are.",
        "cropped": "Cropped: what it would give belongs to the padding, and the padding was no input.",
    }
    sentences = np.array(
        [f"{spoken(g.symbols[c])} stands here, a stride away from its neighbours." for c in cells],
        dtype=object,
    )
    for name, mask in marks.items():
        sentences[mask.ravel()] = words[name]
    height, width = upstream_of.shape
    return Grid(
        "spread",
        f"spread  {height - _cut_lines(is_cut, 1)}×{width - _cut_lines(is_cut, 0)}",
        (1, 1, height, width),
        SPREADING["spread"],
        symbols=tuple("0" if c < 0 else g.symbols[c] for c in cells),
        numbers=tuple("0" if c < 0 else g.numbers[c] for c in cells),
        ink=np.where(empty.ravel(), 0, g.ink[cells]),
        marks={
            name: tuple(np.flatnonzero(mask).tolist()) for name, mask in marks.items() if mask.any()
        },
        sentences=tuple(sentences),
    )


def _cut_lines(is_cut: np.ndarray, axis: int) -> int:
    """How many whole rows (axis 1) or columns (axis 0) are cropped."""
    return int(is_cut.all(axis=axis).sum())


def _spreading_table(geometry: Geometry, upstream_of, is_cut, turned) -> dict[str, np.ndarray]:
    """Which spread cell meets which kernel cell on the way to which input gradient.

    A gradient that is cropped meets nothing: its row only says where it stood.
    """
    kept = np.flatnonzero(~is_cut)
    size = tuple(axis.size + axis.span - 1 for axis in geometry.axes)
    meetings = convolution_table(
        Geometry.of(size, geometry.kernel_size, dilation=geometry.dilation)
    )
    spread = kept[meetings["input"]]
    lost = np.flatnonzero(is_cut & (upstream_of >= 0))
    nowhere = np.full(len(lost), NOWHERE)
    columns = {
        "upstream": (upstream_of[spread], upstream_of[lost]),
        "spread": (spread, lost),
        "kernel": (turned[meetings["kernel"]], nowhere),
        "turned": (meetings["kernel"], nowhere),
        "input_gradient": (meetings["output"], nowhere),
    }
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _gradient_equation(notation: Notation, stride) -> Equation:
    """The input gradient of a cell. Of the three documents only the note has a stride."""
    strided = _one_if_alike(stride) != 1
    printed = PRINTED[notation.document]["input"]
    return Equation(
        "{input_gradient}",
        ("{kernel}", "{upstream}"),
        counted=True,
        ledger=("note-47" if notation.document == "note" else "") if strided else printed,
    )


def _caption(called: str, geometry: Geometry) -> str:
    """What one of the three names says, and what it does not."""
    steps = geometry.stride
    pace = "1" if steps == (1, 1) else f"1/{steps[0]}" if steps[0] == steps[1] else ""
    pace = pace or f"1/{steps[0]} down and 1/{steps[1]} across"
    return {
        "transposed": "Transposed convolution: the same numbers as the transposed matrix Wᵀ times the "
        "upstream gradient. Point at a cell of the input gradient.",
        "fractionally strided": "Fractionally-strided convolution: the window steps one cell of the spread "
        f"map at a time. Counted in cells of the gradient, its stride is {pace}.",
        "deconvolution": "“Deconvolution”: beware of this name. Nothing is undone here. Only the size of "
        "the input comes back, not what stood in it.",
    }[called]


def _spreading_counters(geometry: Geometry) -> tuple[tuple[str, str], ...]:
    (top, bottom), (left, right) = geometry.adjoint_padding
    between = [str(s - 1) for s in geometry.stride]
    around = [f"{top}, {bottom}", f"{left}, {right}"]
    around = [text.replace("-", "−") for text in around]
    counters = [
        (_alike(between), "zeros between: s − 1"),
        (_alike(around), "padding before, after"),
    ]
    if any(geometry.remainder):
        remainder = _alike([str(r) for r in geometry.remainder])
        counters.append((remainder, "of it for the remainder r"))
    return tuple(counters)


def _alike(rows_columns: list[str]) -> str:
    rows, columns = rows_columns
    return rows if rows == columns else f"{rows} | {columns}"


def _upstream_sentences(g: Grid, table: dict, lost: tuple[int, ...]) -> tuple[str, ...]:
    met = table["input_gradient"] != NOWHERE
    counts = np.bincount(table["upstream"][met & (table["upstream"] >= 0)], minlength=g.size)
    return tuple(
        f"{spoken(name)} is cropped: its window lay in the padding alone, and padding gets no gradient."
        if cell in lost
        else f"{spoken(name)} reaches {_count(int(counts[cell]), 'input cell')}, each through another weight."
        for cell, name in enumerate(g.symbols)
    )


def _kernel_sentences(grid: Grid) -> tuple[str, ...]:
    return tuple(
        f"{spoken(name)} stands at the opposite place of the turned kernel. Lit are all zeros and gradients it meets."
        for name in grid.symbols
    )


def _gradient_sentences(da: Grid, table: dict) -> tuple[str, ...]:
    real = (table["upstream"] >= 0) & (table["input_gradient"] >= 0)
    terms = np.bincount(table["input_gradient"][real], minlength=da.size).tolist()
    taps = int((table["input_gradient"] == 0).sum())

    def sentence(name: str, found: int) -> str:
        if not found:
            return f"{spoken(name)} is 0: its window meets only zeros, because no forward window read this cell."
        zeros = taps - found
        rest = f" and on {_count(zeros, 'zero')}" if zeros else ""
        return f"The window of {spoken(name)} lies on {_count(found, 'gradient')}{rest}."

    return tuple(map(sentence, da.symbols, terms))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
