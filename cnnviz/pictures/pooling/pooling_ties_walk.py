"""The walk through equal cells: each gradient that arrives is passed on by one rule after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Grid, Step
from ...symbols import number, spoken
from ..sheet import Sheet
from .pools import MaxPooled, total

# What becomes of a gradient that several equal cells want.
PASSED_ON = {
    "first": "goes to the first of {} equal cells",
    "all": "goes to each of {} equal cells, whole",
    "split": "is split between {} equal cells",
}


def pooling_ties_walk(
    sheet: Sheet, pool: MaxPooled, g: Grid, backs: dict[str, Grid], shares: dict[str, np.ndarray]
) -> dict:
    """The gradients under the rules with what stands in them after each step, and the steps.

    ``shares`` are the parts of each meeting under each rule. A step is a window and a rule, and the
    last one sums up.
    """
    windows, rules = range(g.size), list(backs)
    steps = [
        _step(pool, g, window, rule, backs[rule], shares) for window in windows for rule in rules
    ]
    walking = []
    for turn, rule in enumerate(rules):
        back = backs[rule]
        after = [_texts_after(sheet, n, back, shares[rule], pool, g) for n in range(g.size + 1)]
        # Of this window the rules before this one have had their turn, those behind it have not.
        done = (window + (now >= turn) for window in windows for now in range(len(rules)))
        walking.append(replace(back, frames=(*(after[n] for n in done), after[-1])))
    return {"grids": tuple(walking), "steps": (*steps, _sums(g, walking))}


def _step(
    pool: MaxPooled, g: Grid, window: int, rule: str, back: Grid, shares: dict[str, np.ndarray]
) -> Step:
    of_window = pool.met["output"] == window
    equal, getting = (
        tuple(pool.met["cell"][of_window & (shares[one] > 0)].tolist()) for one in ("all", rule)
    )
    how = PASSED_ON[rule].format(len(equal)) if len(equal) > 1 else "goes to the largest cell"
    return Step(
        {"upstream": (window,), "input": equal},
        {rule: getting},
        f"“{rule}”: {spoken(g.symbols[window])} = {g.numbers[window]} {how}.",
        around={"input": tuple(pool.reads[window])},
    )


def _sums(g: Grid, backs: list[Grid]) -> Step:
    """What each rule has made of all that arrived."""
    first, *others = ((f"“{back.name}”", total(back.counts)) for back in backs)
    more = "".join(f", {rule} {passed}" for rule, passed in others)
    return Step(
        {back.name: tuple(np.flatnonzero(back.counts).tolist()) for back in backs},
        {},
        f"{total(g.counts)} arrives. {first[0]} passes on {first[1]}{more}.",
        around={"upstream": tuple(range(g.size))},
    )


def _texts_after(
    sheet: Sheet, windows: int, back: Grid, shares: np.ndarray, pool: MaxPooled, g: Grid
) -> tuple[str, ...]:
    """What stands in the gradient under one rule when so many windows have passed theirs on."""
    met, size = pool.met, pool.input.size
    come = np.where(met["output"] < windows, shares, 0)
    if sheet.show != "numbers":
        so_far = tuple(map(stacked, terms_of(come, met, size, g)))
        return sheet.written(replace(back, symbols=so_far)).texts or so_far
    real = come > 0  # padding gets nothing
    parts = come[real] * g.counts[met["output"][real]]
    sums = np.bincount(met["cell"][real], weights=parts, minlength=size)
    return tuple(number(round(float(one), 9)) for one in sums)


def terms_of(shares: np.ndarray, met: dict, size: int, g: Grid) -> list[list[str]]:
    """For each cell what the windows send it: nothing before the whole, 1/3· before a third."""
    terms: list[list[str]] = [[] for _ in range(size)]
    for meeting in np.flatnonzero(shares):
        part = "" if shares[meeting] == 1 else f"1/{round(1 / shares[meeting])}·"
        terms[met["cell"][meeting]].append(f"{part}{g.symbols[met['output'][meeting]]}")
    return terms


def stacked(terms: list[str]) -> str:
    """A sum as it stands in a cell. A share is above its gradient: side by side they would be too
    small to read."""
    return "\n+ ".join(terms).replace("·", "·\n") or "0"
