"""Reading a table of meetings: its sections joined, and the cells that a cell meets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..scene import NOWHERE


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
    texts: tuple[str, ...], order: list[int] | tuple[int, ...], empty: str = ""
) -> tuple[tuple[str, ...], ...]:
    """The frames of a grid whose cells are written one after the other, in this order.

    >>> filled_in(("5", "7"), [1, 0])
    (('', '7'), ('5', '7'))
    """
    when = {cell: step for step, cell in enumerate(order)}
    return tuple(
        tuple(text if when.get(cell, -1) <= step else empty for cell, text in enumerate(texts))
        for step in range(len(order))
    )
