"""The picture of windows that overlap: their gradients must be added, not set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d_backward, max_unpool2d
from ...scene import NOWHERE, Grid, Lamp, Scene, Step
from ...symbols import number, spoken
from ..meetings import filled_in
from ..sheet import Sheet, across, row
from ..words import Says, count, names
from .arrivals import arrivals
from .pools import MaxPooled, down_to_each, pooling_call, total

SLOTS = {
    **row(240, gap=90, largest=56, input=250, output=200, upstream=220),
    **row(240, y=374, left=145, gap=110, largest=56, input_gradient=250, overwritten=250),
}


def overlapping_windows(
    input: np.ndarray, upstream: np.ndarray, kernel_size=3, stride=1, **letters
) -> Scene:
    """The gradient of max pooling a map (H, W) window by window, once with += and once with =.

    ``upstream`` is (oh, ow). Where windows overlap a cell can win several of them; = then keeps
    the last gradient alone, and its cells are crossed. ``letters`` are those of a `Sheet`: notation
    and start; the cells hold numbers.
    Raises DoesNotFit where ``max_pool2d`` does. Source: blog-22 in the ledger, whose windows do not
    overlap.

    >>> scene = overlapping_windows(np.array([[1.0, 9.0, 2.0]]), np.array([[3.0, 4.0]]), (1, 2))
    >>> scene["input_gradient"].numbers, scene["overwritten"].numbers
    (('0', '7', '0'), ('0', '4', '0'))
    """
    pool = MaxPooled.of(input, kernel_size, stride)
    added = max_pool2d_backward(upstream, input.shape, pool.switches)
    last = max_unpool2d(upstream, pool.switches, kernel_size, stride, output_size=input.shape)
    wrong = int(np.count_nonzero(added != last))

    sheet = Sheet(SLOTS, show="numbers", **letters)
    a, h = _pooled(sheet, pool)
    g = sheet.grid("upstream", upstream, editable=True)
    right, wrongly = _gradients(sheet, pool, upstream, added, last)
    return sheet.scene(
        "Overlapping windows: add, do not set",
        (a, h, g, right, wrongly),
        _table(pool),
        _says(pool, a, h, g, right, wrongly),
        say=f"{wrong} cells are wrong with =, because they won more than once. Press Next to send one "
        "gradient after the other."
        if wrong
        else "No cell wins twice with different results, so = and += agree here.",
        equations={
            "input_gradient": sheet.equation(
                "input_gradient", "upstream", printed="max pooling that overlaps"
            )
        },
        strokes=(across(a, h, "forward", "max"), *down_to_each(g, (right, wrongly))),
        counters=(
            (total(upstream), "arrives"),
            (total(added), "passed on with +="),
            (total(last), "passed on with ="),
        ),
        lamps=(
            Lamp(not wrong, "= gives the same as +=")
            if not wrong
            else Lamp(False, f"= loses {count(wrong, 'gradient')}", mistake=True),
        ),
        steps=_sends(pool, a, h, g),
        code=pooling_call(sheet, "max_pool2d", kernel_size, stride),
    )


def _pooled(sheet: Sheet, pool: MaxPooled) -> tuple[Grid, Grid]:
    """The input, where a cell is marked when it wins for the first time, and the pooled map."""
    won_since = {cell: windows[0] for cell, windows in enumerate(pool.won_by) if windows}
    a = sheet.grid("input", pool.input, editable=True)
    h = sheet.grid("output", pool.pooled, role="written")
    texts = sheet.written(h).texts or h.numbers
    return (
        replace(a, marks={"switch": tuple(won_since)}, marked_since=won_since),
        replace(
            h, title=f"pooled |{sheet.notation.output}|", frames=filled_in(texts, range(h.size))
        ),
    )


def _gradients(sheet: Sheet, pool: MaxPooled, upstream, added, last) -> tuple[Grid, Grid]:
    """The input gradient made with += and made with =, where a cell is crossed as soon as it is
    wrong."""
    wrong = np.flatnonzero(added != last).tolist()
    adds, sets = (
        _with_zeros(sheet.grid(name, values, of="input_gradient", role="written"), pool)
        for name, values in (("input_gradient", added), ("overwritten", last))
    )
    landings = [[cell] for cell in pool.winners]
    return (
        replace(
            adds,
            title="right: gradient |+=|",
            frames=tuple(arrivals(sheet, adds, landings, upstream.ravel())[1:]),
        ),
        replace(
            sets,
            title="wrong where it overlaps: gradient |=|",
            frames=_overwriting(pool, upstream),
            marks={"wrong": tuple(wrong)},
            marked_since={cell: _wrong_since(pool, upstream, cell) for cell in wrong},
        ),
    )


def _with_zeros(grid: Grid, pool: MaxPooled) -> Grid:
    """A gradient with a 0, and no name, in the cells that never win."""
    shown = (name if wins else "0" for name, wins in zip(grid.symbols, pool.wins, strict=True))
    return replace(grid, names=grid.symbols, symbols=tuple(shown))


def _wrong_since(pool: MaxPooled, upstream: np.ndarray, cell: int) -> int:
    """The window from which on the last gradient of a cell is not the sum of all that came."""
    windows = pool.won_by[cell]
    came = upstream.ravel()[windows]
    still_right = np.flatnonzero(came.cumsum() == came)  # the first always is
    return windows[int(still_right[-1]) + 1]


def _table(pool: MaxPooled) -> dict[str, np.ndarray]:
    """Every meeting; only the last window that a cell won is still seen in the grid made with =."""
    met = pool.met
    latest = np.full(pool.input.size, NOWHERE)
    latest[pool.winners] = np.arange(len(pool.winners))
    stays = pool.won & (latest[met["cell"]] == met["output"])
    return {
        "input": met["cell"],
        "output": met["output"],
        "upstream": np.where(pool.won, met["output"], NOWHERE),
        "input_gradient": np.where(pool.won, met["cell"], NOWHERE),
        "overwritten": np.where(stays, met["cell"], NOWHERE),
    }


def _says(
    pool: MaxPooled, a: Grid, h: Grid, g: Grid, right: Grid, wrongly: Grid
) -> dict[str, Says]:
    """What each cell says when the learner points at it."""

    def of_input(cell: int) -> str:
        name, read_by = spoken(a.symbols[cell]), len(pool.windows[cell])
        if not read_by:
            return f"{name} is in no window."
        return f"{name} wins {pool.wins[cell]} of the {count(read_by, 'window')} that read it."

    def of_output(window: int) -> str:
        winner = spoken(a.symbols[pool.winners[window]])
        return f"{spoken(h.symbols[window])} = {h.numbers[window]}: {winner} won."

    def of_upstream(window: int) -> str:
        winner = spoken(a.symbols[pool.winners[window]])
        return f"{spoken(g.symbols[window])} = {g.numbers[window]} belongs to {winner}."

    def of_added(cell: int) -> str:
        is_sum = f": the sum of {names(g, pool.won_by[cell])}" if pool.wins[cell] > 1 else ""
        return f"{spoken(right.names[cell])} = {right.numbers[cell]}{is_sum}."

    def of_overwritten(cell: int) -> str:
        last, added = wrongly.numbers[cell], right.numbers[cell]
        if cell not in wrongly.marks["wrong"]:
            return f"{last}, as it should be."
        return f"Wrong: {last} in place of {added}. Only the last of {pool.wins[cell]} gradients is left."

    return {
        "input": of_input,
        "output": of_output,
        "upstream": of_upstream,
        "input_gradient": of_added,
        "overwritten": of_overwritten,
    }


def _overwriting(pool: MaxPooled, upstream: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """What stands in the gradient made with = after each window."""
    texts, frames = ["0"] * pool.input.size, []
    for value, cell in zip(upstream.ravel().tolist(), pool.winners, strict=True):
        texts[cell] = number(value)
        frames.append(tuple(texts))
    return tuple(frames)


def _sends(pool: MaxPooled, a: Grid, h: Grid, g: Grid) -> tuple[Step, ...]:
    """A window at a time: who wins it, and the gradient that goes to the winner."""
    steps = []
    for window, cell in enumerate(pool.winners):
        again = cell in pool.winners[:window]
        second = " It has one already: += adds, = wipes it out." if again else ""
        steps.append(
            Step(
                {"upstream": (window,), "input": (cell,)},
                {"output": (window,), "input_gradient": (cell,), "overwritten": (cell,)},
                f"{spoken(a.symbols[cell])} wins {spoken(h.symbols[window])} and gets "
                f"{spoken(g.symbols[window])} = {g.numbers[window]}.{second}",
                around={"input": tuple(pool.reads[window])},
            )
        )
    return tuple(steps)
