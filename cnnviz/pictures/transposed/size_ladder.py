"""The picture of sizes: which inputs have the same output size, and which of them comes back."""

from __future__ import annotations

import numpy as np

from ...functional.geometry import Axis, DoesNotFit, transposed_size
from ...scene import Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS
from .transposed import transposed_call

LEFT, WIDTH, CELL = 150, 840, 56
ROWS = {"input": 30, "output": 150, "back": 270, "output_padding": 322}


def size_ladder(
    largest: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Scene:
    """Input sizes 1 to ``largest`` above, their output sizes below them, and the sizes that come back.

    A line leads from each input size i to its output size o = floor((i + 2p - d(k-1) - 1)/s) + 1, and
    from there to s(o-1) + d(k-1) + 1 - 2p, the only size that comes back without output padding.
    Pointing at a size lights up all sizes with the same output. Raises DoesNotFit if no size up to
    ``largest`` fits the kernel.
    Source: note, section 2, its last paragraph; Dumoulin and Visin (2016), relationships 6 and 14.

    >>> scene = size_ladder(7, 3, stride=2)
    >>> scene.lit("input", 4)["back"]  # cells 4 and 5 are the sizes 5 and 6
    (4, 5)
    """
    axes = _axes(largest, kernel_size, stride, padding, dilation)
    outputs = range(1, axes[largest].out + 1)
    siblings = [
        (i, o, j) for i in axes for o in outputs for j in axes if axes[i].out == axes[j].out == o
    ]
    table = dict(zip(("input", "output", "back"), np.array(siblings).T - 1, strict=True))
    table["output_padding"] = table["back"]
    sizes = range(1, largest + 1)
    extra = {i: axis.remainder for i, axis in axes.items()}
    grids = (
        _row(
            "input",
            "input size |i|",
            sizes,
            tuple(_of_input(i, axes, kernel_size, stride, padding, dilation) for i in sizes),
        ),
        _row(
            "output",
            "output size |o|",
            outputs,
            tuple(_of_output(o, axes) for o in outputs),
            role="written",
        ),
        _row(
            "back",
            "sizes meant",
            sizes,
            tuple(_of_back(i, extra) for i in sizes),
        ),
        _row(
            "output_padding",
            "output padding",
            [extra.get(i, "") for i in sizes],
            tuple(_of_back(i, extra) for i in sizes),
        ),
    )
    alone = sum(r == 0 for r in extra.values())
    return Scene(
        title="Which size comes back",
        grids=grids,
        table=table,
        say="Point at a size: all sizes with the same output light up below.",
        size=(1200, 384),
        strokes=tuple(_lines(grids, axes, kernel_size, stride, padding, dilation)),
        counters=(
            (f"{alone} of {len(axes)}", "come back by themselves"),
            (str(len(set(axis.out for axis in axes.values()))), "different output sizes"),
        ),
        walk="input",
        code=transposed_call(NOTATIONS["note"], stride, padding, 0, dilation),
    )


def _axes(largest: int, kernel: int, stride: int, padding: int, dilation: int) -> dict[int, Axis]:
    """For each size in which the kernel fits its axis; sizes too small for it are left out."""
    axes = {}
    for size in range(largest, 0, -1):
        try:
            axes[size] = Axis(size, kernel, stride, padding, dilation)
        except DoesNotFit:
            if not axes:
                raise
            break
    return dict(sorted(axes.items()))


def _row(name: str, title: str, cells, sentences: tuple[str, ...], role: str = "read") -> Grid:
    texts = tuple(map(str, cells))
    y = ROWS[name]
    slot = Slot(LEFT, y, WIDTH, 40, largest=CELL, square=False, beside=True)
    return Grid(
        name,
        title,
        (1, 1, 1, len(texts)),
        slot,
        role=role,
        symbols=texts,
        numbers=texts,
        show="numbers",
        sentences=sentences,
    )


def _naive(out: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """The size that comes back without output padding, or 0 if the padding crops all of it away."""
    try:
        return transposed_size(out, kernel, stride, padding, 0, dilation)[0]
    except DoesNotFit:
        return 0


def _lines(grids: tuple[Grid, ...], axes: dict[int, Axis], *geometry: int):
    """From each input size down to its output size, and from there to the one size that comes back."""
    above, middle, below, _ = grids
    for size, axis in axes.items():
        yield Stroke((_edge(above, size, 1), _edge(middle, axis.out, 0)), "forward")
    for out in sorted({axis.out for axis in axes.values()}):
        naive = _naive(out, *geometry)
        if 1 <= naive <= max(axes):
            yield Stroke((_edge(middle, out, 1), _edge(below, naive, 0)), "backward")


def _edge(grid: Grid, size: int, low: int) -> tuple[float, float]:
    """The middle of the upper or lower edge of the cell that holds this size."""
    x, y = grid.corner(size - 1)
    return x + grid.place.width / 2, y + grid.place.height + 3 if low else y - 4


def _of_input(
    size: int, axes: dict[int, Axis], kernel: int, stride: int, padding: int, dilation: int
) -> str:
    if size not in axes:
        return _sentence(size, kernel, stride, padding, dilation)
    out = axes[size].out
    others = [i for i in axes if axes[i].out == out and i != size]
    alike = (
        f", as {_listed(others)} {'does' if len(others) == 1 else 'do'}" if others else ", alone"
    )
    return f"An input of {size} gives {_count(out, 'output cell')}{alike}."


def _sentence(*axis: int) -> str:
    """Why this axis cannot be."""
    try:
        Axis(*axis)
    except DoesNotFit as sentence:
        return str(sentence)
    return ""


def _of_output(out: int, axes: dict[int, Axis]) -> str:
    sizes = [i for i, axis in axes.items() if axis.out == out]
    if not sizes:
        return f"No input size up to {max(axes)} gives {out}."
    if len(sizes) == 1:
        return f"An output of {out} comes from the input size {sizes[0]} only."
    return (
        f"An output of {out} comes from {_listed(sizes)}. It cannot tell from which: "
        "that is what output padding is for."
    )


def _of_back(size: int, extra: dict[int, int]) -> str:
    if size not in extra:
        return f"The size {size} has no output, so nothing comes back to it."
    if not extra[size]:
        return f"{size} comes back by itself: it has no remainder."
    return f"{size} comes back with output padding {extra[size]}: the remainder that the output size does not tell."


def _listed(sizes: list[int]) -> str:
    *first, last = map(str, sizes)
    return f"{', '.join(first)} and {last}" if first else last


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
