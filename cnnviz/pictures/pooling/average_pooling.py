"""The picture of average pooling: equal shares forward and backward, and a constant kernel beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import avg_pool2d, avg_pool2d_backward, conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.pooling import counted_cells
from ...functional.samples import sample_gradient
from ...functional.windows import pad
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, written
from .pools import (
    for_padded,
    list_of,
    meetings,
    named_gradient,
    padded_numbers,
    pooling_call,
    read_grid,
    size_in_words,
    total,
)

SLOTS = {
    "input": Slot(20, 40, 380, 264, largest=62),
    "output": Slot(490, 40, 220, 264, largest=62),
    "share": Slot(780, 40, 200, 264, largest=62),
    "kernel": Slot(780, 374, 200, 264, largest=62),
    "upstream": Slot(490, 374, 220, 264, largest=62),
    "input_gradient": Slot(20, 374, 380, 264, largest=62),
}
ARROWS = (
    Stroke(((412, 172), (478, 172)), "forward", "mean"),
    Stroke(((478, 506), (412, 506)), "backward", "shares"),
)
PRINTED = {"slides": "slides-87"}


def average_pooling(
    input: np.ndarray,
    kernel_size=2,
    stride=None,
    padding=0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    *,
    upstream: np.ndarray | None = None,
    notation: Notation = NOTATIONS["slides"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """A map (H, W), the means of its windows, and the gradient that goes back in equal shares.

    ``upstream`` is (oh, ow). The share of a window is one part of the number of cells that its
    mean counts. Beside it stands the constant kernel 1/(N·N), and lamps say whether a convolution
    with it gives the same, forward and backward. Raises DoesNotFit where ``avg_pool2d`` does.
    Source: slides, "Backprop in Pooling Layer"; ``torch.nn.functional.avg_pool2d``.

    >>> scene = average_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.equation_text("input_gradient", 3)
    '∂L/∂X_22 = 1/4·∂L/∂O_11'
    """
    arguments = kernel_size, stride, padding, ceil_mode, count_include_pad
    geometry = Geometry.of_pool(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    means = avg_pool2d(input, *arguments)
    g = sample_gradient(*means.shape) if upstream is None else upstream
    back = avg_pool2d_backward(g, input.shape, *arguments)
    counted = counted_cells(geometry, count_include_pad)
    kernel = np.full(geometry.kernel_size, 1.0 / np.prod(geometry.kernel_size))

    a = read_grid(notation.input, input, geometry, SLOTS["input"], start, "0")
    h = map_grid("output", notation.output, means, SLOTS["output"], start, role="written")
    share = _share_grid(counted)
    arrives = named_gradient(
        "upstream", notation.scalar, notation.output, g, SLOTS["upstream"], start, editable=True
    )
    returns = named_gradient(
        "input_gradient", notation.scalar, notation.input, back, SLOTS["input_gradient"], start,
        role="written",
    )  # fmt: skip
    met = meetings(geometry)
    table = {
        "input": met["input"],
        "kernel": met["kernel"],
        "output": met["output"],
        "share": met["output"],
        "upstream": met["output"],
        "input_gradient": met["cell"],
    }
    cells = padded_numbers(geometry)
    names = tuple(a.symbols[cell] for cell in cells)
    said = _input_sentences(names, met, h)
    outside = _padding_sentence(count_include_pad)
    lost = float(g.sum()) - float(back.sum())
    lamps = _lamps(geometry, input, means, g, back, kernel)
    grids = (
        replace(a, sentences=for_padded(geometry, said, outside)),
        replace(h, sentences=_output_sentences(h, counted, geometry)),
        replace(share, sentences=_share_sentences(h, counted, geometry)),
        _kernel_grid(kernel),
        replace(
            arrives,
            sentences=tuple(
                f"{spoken(name)} arrives and spreads: every cell of its window gets {part} of it."
                for name, part in zip(arrives.names, share.symbols, strict=True)
            ),
        ),
        replace(returns, sentences=said),
    )
    more = {
        "padding": (padding, 0),
        "ceil_mode": (ceil_mode, False),
        "count_include_pad": (count_include_pad, True),
    }
    letters = notation.output, notation.input
    ledger = PRINTED.get(notation.document, "")
    return Scene(
        title="Average pooling",
        grids=tuple(
            grid if grid.name in ("share", "kernel") else written(grid, show) for grid in grids
        ),
        table=table,
        say=f"{size_in_words(geometry, padding, ceil_mode)} Point at an upstream gradient: it spreads "
        "evenly over its window.",
        size=(1200, 656),
        equations={
            "output": Equation("{output}", ("{share}", "{input}"), counted=True),
            "input_gradient": Equation(
                "{input_gradient}", ("{share}", "{upstream}"), counted=True, ledger=ledger
            ),
        },
        strokes=ARROWS,
        counters=(
            (total(g), "sum of what arrives"),
            (total(back), "sum of what goes back"),
            (number(round(lost, 6)), "lost to counted padding"),
        ),
        lamps=lamps,
        walk="output",
        beware=notation.beware,
        code=pooling_call("avg_pool2d", letters, kernel_size, stride, more),
    )


def _share_grid(counted: np.ndarray) -> Grid:
    parts = tuple("1" if count == 1 else f"1/{count}" for count in counted.ravel().tolist())
    return Grid(
        "share",
        "share of each cell",
        (1, 1, *counted.shape),
        SLOTS["share"],
        symbols=parts,
        numbers=parts,
    )


def _kernel_grid(kernel: np.ndarray) -> Grid:
    size = kernel.size
    parts = ("1" if size == 1 else f"1/{size}",) * size
    return Grid(
        "kernel",
        f"constant kernel  {kernel.shape[0]}×{kernel.shape[1]}",
        (1, 1, *kernel.shape),
        SLOTS["kernel"],
        symbols=parts,
        numbers=parts,
        sentences=(
            f"Every weight is 1/{size}: a convolution with this kernel takes the mean of "
            f"{size} cells.",
        )
        * size,
    )


def _lamps(geometry: Geometry, input, means, g, back, kernel) -> tuple[tuple[bool, str], ...]:
    """Whether a convolution with the constant kernel, and its transpose, give the same."""
    forward = conv2d(pad(input, geometry.padding), kernel, stride=geometry.stride)
    # The transpose makes the padded input, but for the remainder that no window reaches.
    full = conv_transpose2d(g, kernel, stride=geometry.stride)
    edges = zip(geometry.padding, geometry.remainder, strict=True)
    backward = pad(full, tuple((-before, rest - after) for (before, after), rest in edges))
    return (
        (bool(np.allclose(forward, means)), "conv2d by the kernel gives the same means"),
        (
            bool(np.allclose(backward, back)),
            "conv_transpose2d by it gives the same gradient",
        ),
    )


def _input_sentences(names, met, h: Grid) -> tuple[str, ...]:
    windows = [[] for _ in names]
    for cell, window in zip(met["cell"].tolist(), met["output"].tolist(), strict=True):
        if cell != NOWHERE:
            windows[cell].append(h.symbols[window])

    def sentence(name: str, found: list[str]) -> str:
        if not found:
            return f"{spoken(name)} is in no window: its gradient is 0."
        if len(found) == 1:
            return f"{spoken(name)} has a part in {spoken(found[0])}, and gets that part of its gradient."
        return (
            f"{spoken(name)} has a part in {len(found)} means, {list_of(found)}: its shares add up."
        )

    return tuple(map(sentence, names, windows))


def _padding_sentence(count_include_pad: bool) -> str:
    if count_include_pad:
        return "Padding is 0. If it counts, its share of the gradient is lost; what hangs over beyond it never counts."
    return "Padding is 0 and does not count: the mean is over the real cells alone."


def _output_sentences(h: Grid, counted: np.ndarray, geometry: Geometry) -> tuple[str, ...]:
    whole = int(np.prod(geometry.kernel_size))
    return tuple(
        f"{spoken(name)} = {text}: the sum of its cells, divided by {count}"
        + ("." if count == whole else f", not {whole}: only {count} cells count.")
        for name, text, count in zip(h.symbols, h.numbers, counted.ravel().tolist(), strict=True)
    )


def _share_sentences(h: Grid, counted: np.ndarray, geometry: Geometry) -> tuple[str, ...]:
    whole = int(np.prod(geometry.kernel_size))
    return tuple(
        f"Each cell of the window of {spoken(name)} has the part 1/{count}"
        + (
            "."
            if count == whole
            else ": fewer cells count here, so one constant kernel cannot do it."
        )
        for name, count in zip(h.symbols, counted.ravel().tolist(), strict=True)
    )
