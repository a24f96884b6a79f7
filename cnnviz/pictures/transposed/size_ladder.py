"""The picture of sizes: which inputs have the same output size, and which of them comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...functional.geometry import Axis, DoesNotFit
from ...scene import NOWHERE, Grid, Scene, Slot, Step, Stroke
from ..meetings import appearing
from ..sheet import Sheet
from ..words import Says, count
from .transposed import transposed_call

SLOTS = {
    name: Slot(150, y, 780, 52, largest=64, square=False, beside=True)
    for name, y in {"input": 24, "output": 170, "back": 316, "output_padding": 380}.items()
}


def size_ladder(
    largest: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Scene:
    """Input sizes 1 to ``largest`` above, their output sizes below them, and the sizes that come back.

    A line leads from each input size i to its output size o = floor((i + 2p - d(k-1) - 1)/s) + 1, and
    from there to s(o-1) + d(k-1) + 1 - 2p, the only size that comes back without output padding.
    Sizes with the same output have the same colour, and pointing at one lights up all of them.
    Raises DoesNotFit if no size up to ``largest`` fits the kernel.
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
    alike = [axes[i].out - 1 if i in axes else NOWHERE for i in sizes]
    below = _row("output_padding", "output padding", extra, [NOWHERE] * largest, role="written")
    ladder = [[i for i in axes if axes[i].out == o] for o in outputs]
    steps = tuple(_step(o, found, axes) for o, found in zip(outputs, ladder, strict=True) if found)
    grids = (
        _row("input", "input size |i|", sizes, alike),
        _row("output", "output size |o|", outputs, range(len(outputs)), role="written"),
        _row("back", "sizes meant", sizes, alike),
        replace(below, frames=_appearing_with(steps, below)),
    )
    sheet = Sheet(SLOTS)
    return sheet.scene(
        "Which size comes back",
        grids,
        table,
        _says(largest, axes, around),
        say="Point at a size: all sizes with the same output light up below.",
        strokes=tuple(_lines(grids, axes, steps)),
        counters=(
            (f"{extra.count(0)} of {len(axes)}", "come back by themselves"),
            (str(len(steps)), "different output sizes"),
        ),
        steps=steps,
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


def _row(name: str, title: str, cells: Iterable, alike: Iterable[int], role: str = "read") -> Grid:
    """A row of sizes; those that are ``alike`` in number are in colour."""
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
        hues=tuple(alike),
    )


def _step(out: int, found: list[int], axes: dict[int, Axis]) -> Step:
    """The input sizes with this output size, and what it takes that each of them comes back."""
    meant = tuple(size - 1 for size in found)
    return Step(
        {"input": meant},
        {"output": (out - 1,), "back": meant, "output_padding": meant},
        f"{_listed(found)} {'gives' if len(found) == 1 else 'give'} {count(out, 'output cell')}. "
        f"{_comes_back(found, axes)}",
    )


def _comes_back(found: list[int], axes: dict[int, Axis]) -> str:
    """Which of the sizes with one output size comes back by itself, and which need output padding."""
    by_itself = [size for size in found if not axes[size].remainder]
    others = [size for size in found if axes[size].remainder]
    alone = f"Back comes {_listed(by_itself)}" if by_itself else "None comes back by itself"
    if not others:
        return f"{alone}."
    extra, make = (
        _listed([axes[size].remainder for size in others]),
        "make" + "s" * (len(others) < 2),
    )
    return f"{alone}; output padding {extra} {make} {_listed(others)}."


def _appearing_with(steps: tuple[Step, ...], grid: Grid) -> tuple[tuple[str, ...], ...]:
    """The frames of a row whose cells are there from the step on that writes them."""
    written = {cell: n for n, step in enumerate(steps) for cell in step.writes[grid.name]}
    since = [written.get(cell, 0) for cell in range(grid.size)]
    return appearing(grid.numbers, since, len(steps))


def _lines(grids: tuple[Grid, ...], axes: dict[int, Axis], steps: tuple[Step, ...]):
    """From each input size down to its output size, and from there to the one size that comes back."""
    above, middle, below, _ = grids
    for n, step in enumerate(steps):
        (out,), found = step.writes["output"], step.reads["input"]
        for place, cell in enumerate(found, 1):
            end = _edge(middle, out, 0, place / (len(found) + 1))
            yield Stroke((_edge(above, cell, 1), end), "forward", steps=(n,))
        for cell in found:
            if not axes[cell + 1].remainder:
                ends = _edge(middle, out, 1), _edge(below, cell, 0)
                yield Stroke(ends, "backward", steps=(n,))


def _edge(grid: Grid, cell: int, low: int, share: float = 0.5) -> tuple[float, float]:
    """A point on the upper or lower edge of a cell, as far along it as ``share`` says."""
    x, y = grid.corner(cell)
    return x + share * grid.place.width, y + grid.place.height + 3 if low else y - 4


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
