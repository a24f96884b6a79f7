"""The walk of average pooling: mean by mean forward, then gradient by gradient back in equal shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Grid, Step
from ...symbols import spoken
from ..meetings import appearing, partners
from ..sheet import Sheet
from .arrivals import arrivals


def average_pooling_walk(
    sheet: Sheet, grids: dict[str, Grid], met: dict[str, np.ndarray], counted: np.ndarray
) -> dict:
    """The grids with what stands in them after each step, and the steps.

    Forward a step is a window and its mean. Then the gradient map is set to 0, and on the way back a
    step is a gradient, of which each cell of its window gets the share.
    """
    h, g, da = (grids[name] for name in ("output", "upstream", "input_gradient"))
    windows = range(h.size)
    read = partners(met["output"], met["input"], h.size)
    landings = partners(met["output"], met["cell"], h.size)
    steps = (
        *(_forward(grids, window, read[window], int(counted[window])) for window in windows),
        Step(
            {},
            {"input_gradient": tuple(range(da.size))},
            "Back: the input gradient begins with a 0 in every cell.",
        ),
        *(_back(grids, window, landings[window]) for window in windows),
    )
    spread = arrivals(sheet, da, landings, g.counts / counted)
    frames = {
        "output": appearing(sheet.written(h).texts or h.numbers, windows, len(steps)),
        "input_gradient": (*(("",) * da.size for _ in windows), *spread),
    }
    walking = (replace(grid, frames=frames.get(name, ())) for name, grid in grids.items())
    return {"grids": tuple(walking), "steps": steps}


def _forward(grids: dict[str, Grid], window: int, read: list[int], count: int) -> Step:
    h = grids["output"]
    return Step(
        {"input": tuple(read), "share": (window,)},
        {"output": (window,)},
        f"Forward: {spoken(h.symbols[window])} is the sum of its cells, divided by {count}.",
        of=("output", window),
    )


def _back(grids: dict[str, Grid], window: int, cells: list[int]) -> Step:
    g, share = grids["upstream"], grids["share"]
    return Step(
        {"upstream": (window,), "share": (window,)},
        {"input_gradient": tuple(cells)},
        f"Back: every cell of the window gets {share.numbers[window]} of {spoken(g.symbols[window])} "
        f"= {g.numbers[window]}.",
        of=("input_gradient", cells[0]),
    )
