"""How the result of a scatter or a gather fills, product by product."""

from __future__ import annotations

import numpy as np

from ...symbols import number

Frames = tuple[tuple[str, ...], ...]


def filling(
    cells: np.ndarray, products: np.ndarray, size: int, show: str, overwrite: bool = False
) -> tuple[Frames, list[int]]:
    """What stands in a result after each product: running sums, or how many of a cell's terms it holds;
    and how many cells then hold all of their terms. With ``overwrite`` a product is written over what
    stood there.

    >>> filling(np.array([0, 0]), np.array([3.0, 4.0]), 1, "numbers")
    ((('3',), ('7',)), [0, 1])
    >>> filling(np.array([0, 0]), np.array([3.0, 4.0]), 1, "symbols", overwrite=True)
    ((('1 of 2',), ('1 of 2',)), [0, 0])
    """
    needed = np.bincount(cells, minlength=size).tolist()
    texts = ["" if terms else "0" for terms in needed]
    held, sums, done = [0] * size, [0.0] * size, needed.count(0)
    frames, finished = [], []
    for cell, product in zip(cells.tolist(), products.tolist(), strict=True):
        if overwrite:
            held[cell], sums[cell] = 0, 0.0
        held[cell] += 1
        sums[cell] += product
        counted = f"{held[cell]} of {needed[cell]}"
        texts[cell] = number(sums[cell]) if show == "numbers" else counted
        frames.append(tuple(texts))
        done += held[cell] == needed[cell]
        finished.append(done)
    return tuple(frames), finished
