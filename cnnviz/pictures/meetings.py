"""Reading a table of meetings: its sections joined, the cells that a cell meets, and a step for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..scene import NOWHERE, Scene, Step


def joined(*sections: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The sections of a table, one below the other; what a section leaves out is NOWHERE.

    >>> joined({"a": np.array([0, 1]), "b": np.array([2, 3])}, {"a": np.array([4])})["b"].tolist()
    [2, 3, -1]
    """
    sizes = [len(next(iter(section.values()))) for section in sections]
    names = dict.fromkeys(name for section in sections for name in section)
    return {
        name: np.concatenate(
            [s.get(name, np.full(n, NOWHERE)) for s, n in zip(sections, sizes, strict=True)]
        )
        for name in names
    }


def partners(cells: np.ndarray, others: np.ndarray, size: int) -> list[list[int]]:
    """For each of ``size`` cells those that it meets, from two columns of a table.

    >>> partners(np.array([0, 1, 0, NOWHERE]), np.array([5, 6, 7, 8]), 2)
    [[5, 7], [6]]
    """
    met: list[list[int]] = [[] for _ in range(size)]
    for cell, other in zip(cells.tolist(), others.tolist(), strict=True):
        if cell != NOWHERE and other != NOWHERE:
            met[cell].append(other)
    return met


def filled_in(
    texts: tuple[str, ...], order: Sequence[int], empty: str = ""
) -> tuple[tuple[str, ...], ...]:
    """The frames of a grid whose cells are written one after the other, in this order.

    >>> filled_in(("5", "7"), [1, 0])
    (('', '7'), ('5', '7'))
    """
    when = {cell: step for step, cell in enumerate(order)}
    since = [when.get(cell, 0) for cell in range(len(texts))]
    return appearing(texts, since, len(order), empty)


def appearing(
    texts: tuple[str, ...], since: Sequence[int], steps: int, empty: str = ""
) -> tuple[tuple[str, ...], ...]:
    """The frames of a grid over so many steps, each of whose cells is there since a step of its own.

    >>> appearing(("5", "7"), [1, 2], steps=3)
    (('', ''), ('5', ''), ('5', '7'))
    """
    return tuple(
        tuple(text if there <= step else empty for text, there in zip(texts, since, strict=True))
        for step in range(steps)
    )


def worked_through(
    scene: Scene, reads: Mapping[str, Iterable[str]], say: Callable[[str, int], str]
) -> Scene:
    """The scene with one step for each cell of some grids, which are empty until they are come to.

    ``reads`` are these grids in their order, each with the grids whose cells it is computed from;
    ``say`` makes the sentence of a step from the name of the grid and its cell.
    """
    walk = [(name, cell) for name in reads for cell in range(scene[name].size)]
    steps = []
    for name, cell in walk:
        lit = scene.lit(name, cell)
        read = {other: lit[other] for other in reads[name] if lit.get(other)}
        steps.append(Step(read, {name: (cell,)}, say(name, cell), (name, cell)))
    grids = (
        replace(grid, frames=filled_in(grid.texts, [_of(grid.name, one) for one in walk]))
        if grid.name in reads and grid.texts
        else grid
        for grid in scene.grids
    )
    return replace(scene, grids=tuple(grids), steps=tuple(steps))


def _of(grid: str, written: tuple[str, int]) -> int:
    name, cell = written
    return cell if name == grid else NOWHERE
