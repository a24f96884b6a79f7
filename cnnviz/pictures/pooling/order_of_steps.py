"""The picture of the three steps of a convolutional layer, in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from ...functional import conv2d, max_pool2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Grid, Lamp, Scene, Slot
from ...symbols import spoken
from ..grids import map_grid
from ..meetings import partners
from ..sheet import Sheet, across, row
from ..words import said
from .order_of_steps_walk import walk_through
from .pools import MaxPooled

ORDERS = {
    "convolve, ReLU, pool": ("convolve", "ReLU", "pool"),
    "convolve, pool, ReLU": ("convolve", "pool", "ReLU"),
    "ReLU, convolve, pool": ("ReLU", "convolve", "pool"),
}
SLIDES = ("convolve", "ReLU", "pool")
TITLES = {
    "input": "input",
    "convolve": "after the convolution",
    "ReLU": "after ReLU",
    "pool": "after pooling",
}
LETTERS = {"ReLU": "r", "pool": "p"}  # maps that no document has a letter for
SAID = {
    "input": "{} is a cell of the input.",
    "convolve": "{} is the sum of a window times the kernel.",
    "ReLU": "{} is the cell before it, or 0 if that is negative.",
    "pool": "{} is the largest cell of its 2×2 window.",
}
SLOTS = {
    **row(250, gap=48, largest=50, input=250, first=250, second=220, third=150),
    "kernel": Slot(20, 324, 250, 84, largest=42),
}
MAPS = ("input", "first", "second", "third")


def order_of_steps(
    input: np.ndarray, weight: np.ndarray, order: tuple[str, ...] = SLIDES, **letters
) -> Scene:
    """A map (H, W) through a convolution, ReLU and 2×2 max pooling, in the given order.

    ``letters`` are those of a `Sheet`: notation, start and show (numbers, unless said).
    Raises DoesNotFit where an operation does. Source: slides, "Review of Conv Nets".

    >>> x, k = np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[-1.0]])
    >>> order_of_steps(x, k)["third"].numbers
    ('2',)
    """
    maps, links = _through(order, input, weight)
    (*_, expected), _ = _through(SLIDES, input, weight)
    same = expected.shape == maps[-1].shape and bool(np.allclose(expected, maps[-1]))

    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    steps = dict(zip(MAPS, ("input", *order), strict=True))
    grids = [
        _map(sheet, name, step, values)
        for (name, step), values in zip(steps.items(), maps, strict=True)
    ]
    kernel = sheet.grid("kernel", weight, editable=True)
    reads = [_read(step, before, weight) for step, before in zip(order, maps, strict=False)]
    walk = walk_through(sheet, order, grids, kernel, reads)
    first, *others = walk["maps"]
    return sheet.scene(
        "The steps of a convolutional layer",
        (first, kernel, *others),
        _chained(links),
        {"kernel": lambda cell: f"{spoken(kernel.symbols[cell])} is a weight of the kernel."},
        say="Point at a cell: what it was made of lights up on its left, and what it goes into on its "
        "right.",
        strokes=tuple(
            across(*pair, "forward", steps=range(n, len(order) * maps[-1].size, len(order)))
            for n, pair in enumerate(pairwise(grids))
        ),
        lamps=(
            Lamp(
                same,
                f"{'the same result' if same else 'not the same result'} as convolve, ReLU, pool",
            ),
        ),
        steps=walk["steps"],
        code=_code(sheet, order),
    )


def _read(step: str, before: np.ndarray, weight: np.ndarray) -> list[list[int]]:
    """For each cell that a step makes all the cells of the map before that it reads."""
    if step == "convolve":
        table = convolution_table(Geometry.of(before.shape, weight.shape))
        return partners(table["output"], table["input"], int(table["output"].max()) + 1)
    if step == "pool":
        return MaxPooled.of(before, 2).reads
    return [[cell] for cell in range(before.size)]


def _through(order: tuple[str, ...], input: np.ndarray, weight: np.ndarray) -> tuple[list, list]:
    """The map after each step, the input first, and the links that each step makes."""
    maps, links = [input], []
    for step in order:
        result, made = _done(step, maps[-1], weight)
        maps.append(result)
        links.append(made)
    return maps, links


def _done(step: str, before: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, dict]:
    """One step, and its pairs of (cell that is read, cell that is made)."""
    if step == "convolve":
        table = convolution_table(Geometry.of(before.shape, weight.shape))
        result = conv2d(before, weight)
        return result, {"read": table["input"], "made": table["output"], "kernel": table["kernel"]}
    if step == "pool":
        pooled, winners = max_pool2d(before, 2, return_indices=True)
        return pooled, {"read": winners.ravel(), "made": np.arange(pooled.size)}
    cells = np.arange(before.size)
    return np.maximum(before, 0), {"read": cells, "made": cells}


def _chained(links: list[dict]) -> dict[str, np.ndarray]:
    """All chains of cells from the last map back to the input."""
    table = {MAPS[-1]: np.unique(links[-1]["made"])}
    for (before, after), link in reversed(list(zip(pairwise(MAPS), links, strict=True))):
        meetings = np.arange(len(link["made"]))
        making = partners(link["made"], meetings, int(link["made"].max()) + 1)
        found = [making[cell] for cell in table[after].tolist()]
        chain, meeting = np.repeat(np.arange(len(found)), [*map(len, found)]), np.concatenate(found)
        table = {name: cells[chain] for name, cells in table.items()}
        table[before] = link["read"][meeting]
        if "kernel" in link:
            table["kernel"] = link["kernel"][meeting]
    return {name: table[name] for name in (*MAPS, "kernel")}


def _map(sheet: Sheet, name: str, step: str, values: np.ndarray) -> Grid:
    """The input, or the map after a step, with what its cells say."""
    is_input = name == "input"
    letter = {**LETTERS, "input": sheet.notation.input, "convolve": sheet.notation.output}[step]
    grid = map_grid(
        name, letter, values, SLOTS[name], sheet.start,
        role="read" if is_input else "written", editable=is_input,
    )  # fmt: skip
    grid = replace(grid, title=f"{TITLES[step]} |{letter}|")
    return said(grid, lambda cell: SAID[step].format(spoken(grid.symbols[cell])))


def _code(sheet: Sheet, order: tuple[str, ...]) -> str:
    call = sheet.notation.input
    for step in order:
        call = {
            "convolve": f"torch.conv2d({call}, {sheet.notation.kernel})",
            "ReLU": f"torch.relu({call})",
            "pool": f"torch.max_pool2d({call}, 2)",
        }[step]
    return call
