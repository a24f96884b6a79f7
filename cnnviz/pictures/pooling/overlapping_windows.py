"""The picture of windows that overlap: their gradients must be added, not set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_pool2d_backward, max_unpool2d
from ...functional.geometry import Geometry
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import map_grid, written
from .pools import list_of, meetings, named_gradient, total

OVER = {
    "input": Slot(20, 40, 300, 250, largest=56),
    "output": Slot(400, 40, 200, 250, largest=56),
    "upstream": Slot(690, 40, 200, 250, largest=56),
    "input_gradient": Slot(180, 356, 300, 250, largest=56),
    "overwritten": Slot(560, 356, 300, 250, largest=56),
}


def overlapping_windows(
    input: np.ndarray,
    upstream: np.ndarray,
    kernel_size=3,
    stride=1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
) -> Scene:
    """The gradient of max pooling a map (H, W) window by window, once with += and once with =.

    ``upstream`` is (oh, ow). Where windows overlap a cell can win several of them; = then keeps
    the last gradient alone, and its cells are crossed. Raises DoesNotFit where ``max_pool2d``
    does. Source: blog-22 in the ledger, whose windows do not overlap.

    >>> scene = overlapping_windows(np.array([[1.0, 9.0, 2.0]]), np.array([[3.0, 4.0]]), (1, 2))
    >>> scene["input_gradient"].numbers, scene["overwritten"].numbers
    (('0', '7', '0'), ('0', '4', '0'))
    """
    geometry = Geometry.of_pool(input.shape, kernel_size, stride)
    pooled, switches = max_pool2d(input, kernel_size, stride, return_indices=True)
    flat = switches.ravel()
    added = max_pool2d_backward(upstream, input.shape, switches)
    last = max_unpool2d(upstream, switches, kernel_size, stride, output_size=input.shape)
    wrong = np.flatnonzero(added != last)
    wins = np.bincount(flat, minlength=input.size)

    a = map_grid("input", notation.input, input, OVER["input"], start, editable=True)
    h = map_grid("output", notation.output, pooled, OVER["output"], start)
    g = named_gradient(
        "upstream", notation.scalar, notation.output, upstream, OVER["upstream"], start,
        editable=True,
    )  # fmt: skip
    backs = {
        name: named_gradient(
            name, notation.scalar, notation.input, values, OVER[name], start, role="written"
        )
        for name, values in (("input_gradient", added), ("overwritten", last))
    }
    a = replace(
        a,
        marks={"switch": tuple(np.flatnonzero(wins).tolist())},
        sentences=_wins_said(a, geometry, wins),
    )
    h = replace(
        h,
        title=f"pooled |{notation.output}|",
        sentences=tuple(
            f"{spoken(name)} = {text}: {spoken(a.symbols[cell])} won."
            for name, text, cell in zip(h.symbols, h.numbers, flat.tolist(), strict=True)
        ),
    )
    g = replace(
        g,
        sentences=tuple(
            f"{spoken(name)} = {text} belongs to {spoken(a.symbols[cell])}."
            for name, text, cell in zip(g.names, g.numbers, flat.tolist(), strict=True)
        ),
    )
    right = replace(
        backs["input_gradient"],
        title="right: gradient |+=|",
        frames=_running(upstream, flat, input.size, add=True),
        sentences=_added_said(backs["input_gradient"], g, flat),
    )
    wrongly = replace(
        backs["overwritten"],
        title="wrong where windows overlap: gradient |=|",
        frames=_running(upstream, flat, input.size, add=False),
        marks={"wrong": tuple(wrong.tolist())},
        sentences=_set_said(last.ravel(), added.ravel(), wins),
    )
    # Only the last window that a cell won is still seen in the grid made with =.
    latest = {int(cell): window for window, cell in enumerate(flat)}
    met = meetings(geometry)
    won = met["cell"] == flat[met["output"]]
    last_of_all = np.array([latest.get(cell, NOWHERE) for cell in met["cell"].tolist()])
    stays = won & (last_of_all == met["output"])
    table = {
        "input": met["cell"],
        "output": met["output"],
        "upstream": np.where(won, met["output"], NOWHERE),
        "input_gradient": np.where(won, met["cell"], NOWHERE),
        "overwritten": np.where(stays, met["cell"], NOWHERE),
    }
    return Scene(
        title="Overlapping windows: add, do not set",
        grids=tuple(written(grid, "numbers") for grid in (a, h, g, right, wrongly)),
        table=table,
        say=f"{len(wrong)} cells are wrong with =, because they won more than once. Press Next to send "
        "one gradient after the other."
        if len(wrong)
        else "No cell wins twice with different results, so = and += agree here.",
        size=(1200, 622),
        equations={
            "input_gradient": Equation(
                "{input_gradient}", ("{upstream}",), counted=True, ledger="blog-22"
            )
        },
        counters=(
            (total(upstream), "arrives"),
            (total(added), "passed on with +="),
            (total(last), "passed on with ="),
            (str(int(wins.max())), "windows won by one cell"),
        ),
        lamps=((not len(wrong), "= gives the same as +="),),
        steps=_sends(a, g, met, flat),
        beware=notation.beware,
        code=f"{notation.output} = torch.nn.functional.max_pool2d({notation.input}, {kernel_size}"
        + (f", stride={stride})" if stride not in (None, kernel_size) else ")"),
    )


def _wins_said(a: Grid, geometry: Geometry, wins) -> tuple[str, ...]:
    met = meetings(geometry)
    seen = np.bincount(met["cell"], minlength=a.size)
    return tuple(
        f"{spoken(name)} wins {won} of the {of} window{'s' * (of != 1)} that read it."
        if of
        else f"{spoken(name)} is in no window."
        for name, won, of in zip(a.symbols, wins.tolist(), seen.tolist(), strict=True)
    )


def _added_said(grid: Grid, g: Grid, flat: np.ndarray) -> tuple[str, ...]:
    def sentence(cell: int) -> str:
        parts = [g.names[window] for window in np.flatnonzero(flat == cell)]
        is_sum = f": the sum of {list_of(parts)}" if len(parts) > 1 else ""
        return f"{spoken(grid.names[cell])} = {grid.numbers[cell]}{is_sum}."

    return tuple(map(sentence, range(grid.size)))


def _set_said(last: np.ndarray, added: np.ndarray, wins: np.ndarray) -> tuple[str, ...]:
    return tuple(
        f"{number(one)}, as it should be."
        if one == other
        else f"Wrong: {number(one)} in place of {number(other)}. Only the last of {count} gradients is left."
        for one, other, count in zip(last.tolist(), added.tolist(), wins.tolist(), strict=True)
    )


def _running(upstream: np.ndarray, flat: np.ndarray, size: int, add: bool) -> tuple:
    """What stands in the gradient after each window."""
    now, texts, frames = [0.0] * size, ["0"] * size, []
    for value, cell in zip(upstream.ravel().tolist(), flat.tolist(), strict=True):
        now[cell] = now[cell] + value if add else value
        texts[cell] = number(now[cell])
        frames.append(tuple(texts))
    return tuple(frames)


def _sends(a: Grid, g: Grid, met, flat: np.ndarray) -> tuple[Step, ...]:
    steps, had = [], {}
    for window, cell in enumerate(flat.tolist()):
        before = had.setdefault(cell, 0)
        had[cell] += 1
        second = " It has one already: += adds, = wipes it out." if before else ""
        steps.append(
            Step(
                {
                    "input": tuple(met["cell"][met["output"] == window].tolist()),
                    "output": (window,),
                    "upstream": (window,),
                    "input_gradient": (cell,),
                    "overwritten": (cell,),
                },
                f"{spoken(g.names[window])} = {g.numbers[window]} goes to {spoken(a.symbols[cell])}.{second}",
            )
        )
    return tuple(steps)
