"""The picture of the three steps of a convolutional layer, in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, max_pool2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import map_grid, written

ORDERS = {
    "convolve, ReLU, pool": ("convolve", "ReLU", "pool"),
    "convolve, pool, ReLU": ("convolve", "pool", "ReLU"),
    "ReLU, convolve, pool": ("ReLU", "convolve", "pool"),
}
SLIDES = ("convolve", "ReLU", "pool")
TITLES = {"convolve": "after the convolution", "ReLU": "after ReLU", "pool": "after pooling"}
SLOTS = (
    Slot(20, 50, 290, 200, largest=48),
    Slot(340, 50, 236, 290, largest=48),
    Slot(606, 50, 190, 290, largest=48),
    Slot(826, 50, 150, 290, largest=48),
)
KERNEL = Slot(20, 286, 290, 72, largest=36)


def order_of_steps(
    input: np.ndarray,
    weight: np.ndarray,
    order: tuple[str, ...] = SLIDES,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """A map (H, W) through a convolution, ReLU and 2×2 max pooling, in the given order.

    Raises DoesNotFit where an operation does. Source: slides, "Review of Conv Nets".

    >>> x, k = np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[-1.0]])
    >>> order_of_steps(x, k)["third"].numbers
    ('2',)
    """
    maps, links = [input], []
    for step in order:
        result, reads = _done(step, maps[-1], weight)
        maps.append(result)
        links.append(reads)
    expected = _result(input, weight, SLIDES)
    same = expected.shape == maps[-1].shape and bool(np.allclose(expected, maps[-1]))
    names = ("input", "first", "second", "third")
    grids = []
    for name, values, slot, step in zip(names, maps, SLOTS, (None, *order), strict=True):
        letter = notation.input if step is None else notation.output if step == "convolve" else "r"
        letter = "p" if step == "pool" else letter
        grid = map_grid(name, letter, values, slot, start, role="written" if step else "read")
        title = f"input |{letter}|" if step is None else f"{TITLES[step]} |{letter}|"
        grids.append(replace(grid, title=title, editable=step is None))
    grids = [_worded(grid, step) for grid, step in zip(grids, (None, *order), strict=True)]
    kernel = map_grid("kernel", notation.kernel, weight, KERNEL, start, editable=True)
    said = tuple(f"{spoken(name)} is a weight of the kernel." for name in kernel.symbols)
    grids.insert(1, replace(kernel, sentences=said))
    return Scene(
        title="The steps of a convolutional layer",
        grids=tuple(written(grid, show) for grid in grids),
        table=_chained(names, links),
        say="Point at a cell: what it was made of lights up on its left, and what it goes into on its "
        "right.",
        size=(1200, 380),
        lamps=((same, "the same result as convolve, ReLU, pool"),),
        walk="third",
        beware=notation.beware,
        code=_code(order, notation),
    )


def _result(input: np.ndarray, weight: np.ndarray, order: tuple[str, ...]) -> np.ndarray:
    for step in order:
        input, _ = _done(step, input, weight)
    return input


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


def _chained(names: tuple[str, ...], links: list[dict]) -> dict[str, np.ndarray]:
    """All chains of cells from the last map back to the input."""
    last = len(links)
    chains = [{last: cell} for cell in range(int(links[-1]["made"].max()) + 1)]
    for place, link in reversed(list(enumerate(links))):
        reads: dict[int, list[dict]] = {}
        weights = link.get("kernel", np.full(len(link["made"]), NOWHERE))
        for read, made, weight in zip(link["read"], link["made"], weights, strict=True):
            known = {place: int(read)} | ({"kernel": int(weight)} if "kernel" in link else {})
            reads.setdefault(int(made), []).append(known)
        chains = [
            {**chain, **found} for chain in chains for found in reads.get(chain[place + 1], ())
        ]
    columns = {name: place for place, name in enumerate(names)} | {"kernel": "kernel"}
    return {name: np.array([chain[key] for chain in chains]) for name, key in columns.items()}


def _worded(grid: Grid, step: str | None) -> Grid:
    said = {
        None: "{} is a cell of the input.",
        "convolve": "{} is the sum of a window times the kernel.",
        "ReLU": "{} is the cell before it, or 0 if that is negative.",
        "pool": "{} is the largest cell of its 2×2 window.",
    }[step]
    return replace(grid, sentences=tuple(said.format(spoken(name)) for name in grid.symbols))


def _code(order: tuple[str, ...], notation: Notation) -> str:
    call = notation.input
    for step in order:
        call = {
            "convolve": f"torch.conv2d({call}, {notation.kernel})",
            "ReLU": f"torch.relu({call})",
            "pool": f"torch.max_pool2d({call}, 2)",
        }[step]
    return call
