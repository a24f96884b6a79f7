"""The steps of col2im: a patch goes back in each, and the map fills."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...scene import Grid, Step
from ...symbols import number
from ..meetings import partners
from ..words import count

Grids = Mapping[str, Grid]


def walk(
    grids: Grids, columns: np.ndarray, met: dict, write: str, show: str
) -> tuple[tuple[Step, ...], tuple[tuple[str, ...], ...]]:
    """A step for each patch, what the map then holds, and where means are taken one more for those."""
    read = partners(met["output"], met["input"], columns.shape[1])
    needed = np.bincount(met["input"], minlength=grids["folded"].size).tolist()
    taken = columns[met["kernel"], met["output"]].reshape(len(read), -1)
    held, sums = [0] * len(needed), [0.0] * len(needed)
    texts = ["" if n else "0" for n in needed]
    per = columns.shape[0]
    steps, frames = [], []
    for n, cells in enumerate(read):
        met_before = sum(held[cell] > 0 for cell in cells)
        for cell, value in zip(cells, taken[n].tolist(), strict=True):
            keeps = write != "="
            held[cell], sums[cell] = held[cell] * keeps + 1, sums[cell] * keeps + value
            texts[cell] = _text(grids, cell, held[cell], needed[cell], sums[cell], show)
        frames.append(tuple(texts))
        steps.append(
            Step(
                {"patches": tuple(range(n * per, (n + 1) * per))},
                {"folded": tuple(cells)},
                _of_step(n, len(read), len(cells), met_before, write),
                around={name: tuple(cells) for name in ("input",) if name in grids},
            )
        )
    if write == "mean":
        every = tuple(cell for cell, n in enumerate(needed) if n)
        steps.append(
            Step({"counts": every}, {"folded": every}, "Each sum is divided by its count.")
        )
        frames.append(grids["folded"].numbers if show == "numbers" else _means(grids, needed))
    return tuple(steps), tuple(frames)


def _text(grids: Grids, cell: int, held: int, needed: int, total: float, show: str) -> str:
    """What stands in a cell of the map that has got so many of its numbers."""
    if show == "numbers":
        return number(total)
    if "input" in grids:
        name = grids["input"].symbols[cell]
        return name if held == 1 else f"{held}·{name}"
    return f"{held} of {needed}"


def _means(grids: Grids, needed: list[int]) -> tuple[str, ...]:
    of = grids["input"].symbols if "input" in grids else tuple(f"sum/{n}" for n in needed)
    return tuple(text if n else "0" for text, n in zip(of, needed, strict=True))


def _of_step(n: int, patches: int, cells: int, before: int, write: str) -> str:
    where = f"Patch {n + 1} of {patches} goes back to the {count(cells, 'cell')} of its window"
    if not before:
        return f"{where}. They were still empty."
    if write == "=":
        return f"{where}, and is written over {before} of them: what stood there is lost."
    return f"{where}. In {before} of them something stands already: it is added."
