"""The walk through ReLU and pooling: forward, then the gradient back, a window at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...scene import Grid, Step
from ...symbols import spoken
from ..meetings import appearing
from ..sheet import Sheet
from .pooling_ties_walk import PASSED_ON
from .pools import MaxPooled

WAY = ("input", "middle", "last")
BACK = {"input": "input_gradient", "middle": "middle_gradient", "last": "upstream"}


def relu_and_ties_walk(
    sheet: Sheet, grids: Mapping[str, Grid], order: tuple[str, str], rule: str, pool: MaxPooled
) -> dict:
    """The maps and gradients with what stands in them after each step, and the steps."""
    ways = list(zip(order, WAY, WAY[1:], strict=False))
    steps: list[Step] = []
    for step, start, end in ways:
        steps += _relu(grids, start, end) if step == "ReLU" else _pool(grids, start, end, pool)
    for step, start, end in reversed(ways):
        to, arriving = BACK[start], BACK[end]
        if step == "ReLU":
            steps.append(_relu_back(grids, start, to, arriving))
        else:
            steps += _pool_back(grids, rule, to, arriving, start, pool)
    made = ("middle", "last", "middle_gradient", "input_gradient")
    filled = {name: _filled(sheet, grids[name], steps) for name in made}
    return {"grids": {**grids, **filled}, "steps": tuple(steps)}


def _all(grid: Grid) -> tuple[int, ...]:
    return tuple(range(grid.size))


def _relu(grids: Mapping[str, Grid], start: str, end: str) -> list[Step]:
    say = "ReLU: what is above 0 stays, all else becomes 0."
    return [Step({start: _all(grids[start])}, {end: _all(grids[end])}, say)]


def _pool(grids: Mapping[str, Grid], start: str, end: str, pool: MaxPooled) -> list[Step]:
    def say(window: int) -> str:
        return f"Pool: the largest of four is {spoken(grids[end].symbols[window])} = {grids[end].numbers[window]}."

    return [
        Step({start: tuple(cells)}, {end: (window,)}, say(window))
        for window, cells in enumerate(pool.reads)
    ]  # fmt: skip


def _relu_back(grids: Mapping[str, Grid], before: str, to: str, arriving: str) -> Step:
    stopped = [n for n, number in enumerate(grids[before].values) if not number > 0]
    lost = sum(grids[arriving].values[cell] != 0 for cell in stopped)
    ending = f" Here {lost} of them {'is' if lost == 1 else 'are'} stopped." if lost else ""
    return Step(
        {arriving: _all(grids[arriving]), before: _all(grids[before])},
        {to: _all(grids[to])},
        f"Back through ReLU: gradients go on only where it read a number above 0.{ending}",
    )


def _pool_back(
    grids: Mapping[str, Grid], rule: str, to: str, arriving: str, pooled: str, pool: MaxPooled
) -> list[Step]:
    """A step for each window; the last one also writes the zeros of cells in no window."""
    largest = grids[pooled].values
    rest = tuple(cell for cell, read_by in enumerate(pool.windows) if not read_by)
    steps = []
    for window, cells in enumerate(pool.reads):
        g = grids[arriving]
        ties = sum(largest[cell] == max(largest[cells]) for cell in cells)
        how = PASSED_ON[rule].format(ties) if ties > 1 else "goes to the largest cell"
        last = rest if window == g.size - 1 else ()
        steps.append(
            Step(
                {arriving: (window,)},
                {to: (*cells, *last)},
                f"Back through the pooling: {spoken(g.symbols[window])} = {g.numbers[window]} {how}.",
                around={pooled: tuple(cells)},
            )
        )
    return steps


def _filled(sheet: Sheet, grid: Grid, steps: Iterable[Step]) -> Grid:
    """The grid with its cells empty until the step that writes them; what none writes never appears."""
    steps = list(steps)
    since = [len(steps)] * grid.size
    for n, step in reversed(list(enumerate(steps))):
        for cell in step.writes.get(grid.name, ()):
            since[cell] = n
    texts = sheet.written(grid).texts or grid.numbers
    return replace(grid, frames=appearing(texts, since, len(steps)))
