"""The picture of sizes: which inputs have the same output size, and which of them comes back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...functional.geometry import Axis, DoesNotFit
from ...scene import Grid, Scene, Slot, Stroke
from ..sheet import Sheet
from ..words import Says, count
from .transposed import transposed_call

SLOTS = {
    name: Slot(150, y, 840, 40, largest=56, square=False, beside=True)
    for name, y in {"input": 30, "output": 150, "back": 270, "output_padding": 322}.items()
}


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
    around = (kernel_size, stride, padding, dilation)
    axes = _axes(largest, *around)
    siblings = [(i, axes[i].out, j) for i in axes for j in axes if axes[i].out == axes[j].out]
    table = dict(zip(("input", "output", "back"), np.array(siblings).T - 1, strict=True))
    table["output_padding"] = table["back"]
    sizes, outputs = range(1, largest + 1), range(1, axes[largest].out + 1)
    extra = [axes[i].remainder if i in axes else "" for i in sizes]
    grids = (
        _row("input", "input size |i|", sizes),
        _row("output", "output size |o|", outputs, role="written"),
        _row("back", "sizes meant", sizes),
        _row("output_padding", "output padding", extra),
    )
    sheet = Sheet(SLOTS)
    return sheet.scene(
        "Which size comes back",
        grids,
        table,
        _says(largest, axes, around),
        say="Point at a size: all sizes with the same output light up below.",
        size=(1200, 384),
        strokes=tuple(_lines(grids, axes)),
        counters=(
            (f"{extra.count(0)} of {len(axes)}", "come back by themselves"),
            (str(len({axis.out for axis in axes.values()})), "different output sizes"),
        ),
        walk="input",
        beware="",
        code=transposed_call(sheet, stride, padding, 0, dilation),
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


def _row(name: str, title: str, cells: Iterable, role: str = "read") -> Grid:
    texts = tuple(map(str, cells))
    return Grid(
        name,
        title,
        (1, 1, 1, len(texts)),
        SLOTS[name],
        role=role,
        symbols=texts,
        numbers=texts,
        show="numbers",
    )


def _lines(grids: tuple[Grid, ...], axes: dict[int, Axis]):
    """From each input size down to its output size, and from there to the one size that comes back."""
    above, middle, below, _ = grids
    for size, axis in axes.items():
        yield Stroke((_edge(above, size, 1), _edge(middle, axis.out, 0)), "forward")
    for size, axis in axes.items():
        if not axis.remainder:
            yield Stroke((_edge(middle, axis.out, 1), _edge(below, size, 0)), "backward")


def _edge(grid: Grid, size: int, low: int) -> tuple[float, float]:
    """The middle of the upper or lower edge of the cell that holds this size."""
    x, y = grid.corner(size - 1)
    return x + grid.place.width / 2, y + grid.place.height + 3 if low else y - 4


def _says(largest: int, axes: dict[int, Axis], around: tuple[int, ...]) -> dict[str, Says]:
    """What each cell says when the learner points at it. Cell 0 holds the size 1."""
    sizes = [[i for i in axes if axes[i].out == o + 1] for o in range(axes[largest].out)]

    def of_input(cell: int) -> str:
        size = cell + 1
        if size not in axes:
            return _why_not(size, *around)
        out = axes[size].out
        others = [i for i in sizes[out - 1] if i != size]
        does = "does" if len(others) == 1 else "do"
        alike = f"as {_listed(others)} {does}" if others else "alone"
        return f"An input of {size} gives {count(out, 'output cell')}, {alike}."

    def of_output(cell: int) -> str:
        out, found = cell + 1, sizes[cell]
        if not found:
            return f"No input size up to {largest} gives {out}."
        if len(found) == 1:
            return f"An output of {out} comes from the input size {found[0]} only."
        return (
            f"An output of {out} comes from {_listed(found)}. It cannot tell from which: "
            "that is what output padding is for."
        )

    def of_back(cell: int) -> str:
        size = cell + 1
        if size not in axes:
            return f"The size {size} has no output, so nothing comes back to it."
        if not axes[size].remainder:
            return f"{size} comes back by itself: it has no remainder."
        return (
            f"{size} comes back with output padding {axes[size].remainder}: the remainder that the "
            "output size does not tell."
        )

    return {"input": of_input, "output": of_output, "back": of_back, "output_padding": of_back}


def _why_not(*axis: int) -> str:
    """The sentence that says why this axis cannot be."""
    try:
        Axis(*axis)
    except DoesNotFit as sentence:
        return str(sentence)
    return ""


def _listed(sizes: list[int]) -> str:
    *first, last = map(str, sizes)
    return f"{', '.join(first)} and {last}" if first else last
