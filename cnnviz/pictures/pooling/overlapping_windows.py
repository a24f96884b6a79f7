"""The picture of windows that overlap: their gradients must be added, not set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d_backward, max_unpool2d
from ...scene import NOWHERE, Grid, Scene, Step
from ...symbols import number, spoken
from ..sheet import Sheet, row
from ..words import Says, count, names
from .pools import MaxPooled, pooling_call, total

SLOTS = {
    **row(250, left=20, gap=80, largest=56, input=300, output=200),
    **row(250, left=690, largest=56, upstream=200),
    **row(250, y=356, left=180, gap=80, largest=56, input_gradient=300, overwritten=300),
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
    won = tuple(np.flatnonzero(pool.wins).tolist())
    a = sheet.grid("input", input, editable=True, marks={"switch": won})
    h = replace(sheet.grid("output", pool.pooled), title=f"pooled |{sheet.notation.output}|")
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
        size=(1200, 622),
        equations={
            "input_gradient": sheet.equation(
                "input_gradient", "upstream", printed="max pooling that overlaps"
            )
        },
        counters=(
            (total(upstream), "arrives"),
            (total(added), "passed on with +="),
            (total(last), "passed on with ="),
            (str(max(pool.wins)), "windows won by one cell"),
        ),
        lamps=((not wrong, "= gives the same as +="),),
        steps=_sends(pool, a, g),
        code=pooling_call(sheet, "max_pool2d", kernel_size, stride),
    )


def _gradients(sheet: Sheet, pool: MaxPooled, upstream, added, last) -> tuple[Grid, Grid]:
    """The input gradient made with += and made with =, where wrong cells are crossed."""
    return (
        replace(
            sheet.grid("input_gradient", added, role="written"),
            title="right: gradient |+=|",
            frames=_running(upstream, pool, add=True),
        ),
        replace(
            sheet.grid("overwritten", last, of="input_gradient", role="written"),
            title="wrong where windows overlap: gradient |=|",
            frames=_running(upstream, pool, add=False),
            marks={"wrong": tuple(np.flatnonzero(added != last).tolist())},
        ),
    )


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
        return f"{spoken(right.symbols[cell])} = {right.numbers[cell]}{is_sum}."

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


def _running(upstream: np.ndarray, pool: MaxPooled, add: bool) -> tuple:
    """What stands in the gradient after each window."""
    now, texts, frames = [0.0] * pool.input.size, ["0"] * pool.input.size, []
    for value, cell in zip(upstream.ravel().tolist(), pool.winners, strict=True):
        now[cell] = now[cell] + value if add else value
        texts[cell] = number(now[cell])
        frames.append(tuple(texts))
    return tuple(frames)


def _sends(pool: MaxPooled, a: Grid, g: Grid) -> tuple[Step, ...]:
    """A gradient at a time, to the cell that won its window."""
    steps = []
    for window, cell in enumerate(pool.winners):
        again = cell in pool.winners[:window]
        second = " It has one already: += adds, = wipes it out." if again else ""
        lit = {
            "input": tuple(pool.reads[window]),
            "output": (window,),
            "upstream": (window,),
            "input_gradient": (cell,),
            "overwritten": (cell,),
        }
        sent = f"{spoken(g.symbols[window])} = {g.numbers[window]}"
        steps.append(Step(lit, f"{sent} goes to {spoken(a.symbols[cell])}.{second}"))
    return tuple(steps)
