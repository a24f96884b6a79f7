"""What stands in a gradient while one contribution after the other arrives in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...scene import Grid
from ...symbols import number
from ..sheet import Sheet


def arrivals(
    sheet: Sheet, gradient: Grid, landings: Sequence[Sequence[int]], amounts: Sequence[float]
) -> list[tuple[str, ...]]:
    """The frames of a gradient: one of zeros, and one after each arrival.

    ``landings`` are the cells in which something lands each time, and ``amounts`` what lands in each
    of them. A cell that still waits for more shows its running sum or, while symbols are shown, how
    many of its parts have come.

    >>> from ..sheet import row
    >>> sheet = Sheet(row(100, input_gradient=100), show="numbers")
    >>> gradient = sheet.written(sheet.grid("input_gradient", np.array([[5.0, 3.0]])))
    >>> arrivals(sheet, gradient, [[0], [0, 1]], [2, 3])
    [('0', '0'), ('2', '0'), ('5', '3')]
    """
    shown = sheet.written(gradient)
    whole = shown.texts or gradient.numbers  # where there are colours alone, they say the numbers
    due = np.bincount([cell for cells in landings for cell in cells], minlength=gradient.size)
    sums, come = np.zeros(gradient.size), np.zeros(gradient.size, int)
    texts = ["0"] * gradient.size
    frames = [tuple(texts)]
    for cells, amount in zip(landings, amounts, strict=True):
        for cell in cells:
            sums[cell] += amount
            come[cell] += 1
            running = f"{come[cell]} of {due[cell]}"
            if shown.show != "symbols":
                running = number(round(float(sums[cell]), 9))
            texts[cell] = whole[cell] if come[cell] == due[cell] else running
        frames.append(tuple(texts))
    return frames
