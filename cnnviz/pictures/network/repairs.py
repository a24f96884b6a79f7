"""The picture of a fault: one result as printed in the blog, the same result repaired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...network.repairs import PRINTED, REPAIRED, Arrays, Repair, Trial
from ...scene import Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import number
from ..grids import bank_of
from ..meetings import joined

LEFT, MIDDLE, WIDTH = 16, 526, 480  # the two halves
LINE = 300  # below it the results
CELL = 56  # the largest
STEP_OF = {PRINTED: 1, REPAIRED: 2}  # which writes the results


def repairs(repair: Repair, size: int, count: int) -> Scene:
    """One fault of the blog's layers: above what both versions are given, below what each makes.

    ``size`` and ``count`` are the two settings of the ``repair``. Cells that differ are crossed;
    where the printed lines stop, all are, and hold a question mark. Raises DoesNotFit where the
    repaired layer does. Source: the records of the ledger that ``repair.ledger`` names.

    >>> from cnnviz.network.repairs import REPAIRS
    >>> scene = repairs(REPAIRS["one bias gradient for all"], 4, 1)
    >>> scene["printed"].numbers, scene["repaired"].numbers
    (('6', '6', '6', '6'), ('1', '−2', '3', '4'))
    """
    trial = repair.run(size, count)
    given = _given(trial)
    printed, repaired = _results(trial)
    wrong = sum(int(trial.differs(title).sum()) for title in trial.repaired)
    cells = sum(values.size for values in trial.repaired.values())
    say = repair.gain if not trial.same else f"With these settings both are right. {repair.gain}"
    rule = f" ({repair.ledger})" if repair.ledger else ""
    headings = (
        (LEFT, f"as printed{rule}:  {repair.was}"),
        (MIDDLE, f"repaired:  {repair.now}"),
    )
    return Scene(
        title=f"A fault and its repair: {repair.fault}",
        grids=(*given, *printed, *repaired),
        table=_table(trial, (*given, *printed, *repaired)),
        say=say,
        size=(1200, 568),
        strokes=tuple(
            Stroke(((x, LINE), (x + WIDTH, LINE)), "axis", words) for x, words in headings
        ),
        counters=((f"{wrong} of {cells}", "numbers differ"),),
        lamps=(_lamp(trial),),
        steps=_steps(repair, say, trial, given, printed, repaired),
    )


def _lamp(trial: Trial) -> Lamp:
    if trial.same:
        return Lamp(True, "as printed is right here")
    stops = trial.stopped.startswith("stops")
    wrong = f"as printed it {trial.stopped}" if stops else "as printed is wrong here"
    return Lamp(False, wrong if stops else trial.stopped or wrong, mistake=True)


def _given(trial: Trial) -> list[Grid]:
    """What both versions get, side by side above."""
    slots = (Slot(LEFT, 36, WIDTH, 214, CELL), Slot(MIDDLE, 36, WIDTH, 214, CELL))
    return [
        _grid(f"given {n}", title, values, slot, "read", "Both versions are given this {number}.")
        for n, ((title, values), slot) in enumerate(zip(trial.given.items(), slots, strict=False))
    ]


def _results(trial: Trial) -> tuple[list[Grid], list[Grid]]:
    sides: tuple[list[Grid], list[Grid]] = ([], [])
    for n, (title, right) in enumerate(trial.repaired.items()):
        differs = trial.differs(title)
        for side, left, kind in zip(sides, (LEFT, MIDDLE), (PRINTED, REPAIRED), strict=True):
            x, width = (
                (left, WIDTH if len(trial.repaired) == 1 else 300) if n == 0 else (left + 330, 140)
            )
            slot = Slot(x, LINE + 42, width, 212, CELL)
            name = kind if n == 0 else f"{kind} {title}"
            if kind == REPAIRED:
                said = _said(
                    right, differs, None if trial.printed is None else trial.printed[title]
                )
                side.append(_grid(name, title, right, slot, "written", sentences=said))
                continue
            made = None if trial.printed is None else trial.printed[title]
            marks = {"wrong": tuple(np.flatnonzero(differs).tolist())}
            said = _said_printed(trial, right, made, differs)
            values = right if made is None else made
            side.append(
                _grid(name, title, values, slot, "written", sentences=said, marks=marks,
                      unknown=made is None)
            )  # fmt: skip
    return sides


def _grid(name, title, values, slot, role, saying="", unknown=False, **more) -> Grid:
    bank = bank_of(values)
    texts = tuple(number(round(value, 3)) for value in bank.ravel().tolist())
    # Zeros are written faintly, but not where they are wrong and crossed: a name that is not "0".
    wrong = more.get("marks", {}).get("wrong", ())
    if bank.shape[2] == 1:  # numbers in a row have room to be wide
        middle = slot.y + slot.height / 2
        slot = replace(slot, y=middle - 28, height=CELL, largest=76, square=False)
    return Grid(
        name,
        title,
        bank.shape,
        slot,
        role=role,
        since=STEP_OF.get(name.partition(" ")[0], -1),
        symbols=tuple(f"{text} " if cell in wrong else text for cell, text in enumerate(texts)),
        numbers=("?",) * bank.size if unknown else texts,
        show="numbers",
        saying=saying,
        **more,
    )


def _said(right: np.ndarray, differs: np.ndarray, made: np.ndarray | None) -> tuple[str, ...]:
    ends = ["." if made is not None else ". As printed there is no number here."] * right.size
    if made is not None:
        ends = [
            f"; as printed it is {number(round(float(was), 3))}."
            if off
            else ", and as printed it is the same."
            for was, off in zip(made.ravel(), differs, strict=True)
        ]
    return tuple(
        f"Repaired: {number(round(float(value), 3))}{end}"
        for value, end in zip(right.ravel(), ends, strict=True)
    )


def _said_printed(trial: Trial, right, made, differs) -> tuple[str, ...]:
    if made is None:
        return (f"As printed: {trial.stopped}.",) * right.size
    return tuple(
        f"As printed: {number(round(float(was), 3))}, "
        + (f"in place of {number(round(float(value), 3))}." if off else "which is right.")
        for was, value, off in zip(made.ravel(), right.ravel(), differs, strict=True)
    )


def _table(trial: Trial, grids: tuple[Grid, ...]) -> dict[str, np.ndarray]:
    """The links of the trial; then each cell of a result with its partner, and each cell alone."""
    names = {title: f"given {n}" for n, title in enumerate(trial.given)}
    blocks: list[Arrays] = [
        {names.get(key, key): cells for key, cells in block.items()} for block in trial.links
    ]
    for n, (title, right) in enumerate(trial.repaired.items()):
        both = (PRINTED, REPAIRED) if n == 0 else (f"{PRINTED} {title}", f"{REPAIRED} {title}")
        blocks.append(dict.fromkeys(both, np.arange(right.size)))
    linked = {name for block in blocks for name in block}
    blocks += [{grid.name: np.arange(grid.size)} for grid in grids if grid.name not in linked]
    table = joined(*blocks)
    return {grid.name: table[grid.name] for grid in grids}


def _steps(repair: Repair, say: str, trial: Trial, given, printed, repaired) -> tuple[Step, ...]:
    def all_of(grids) -> dict:
        return {grid.name: tuple(range(grid.size)) for grid in grids}

    titles = " and ".join(trial.given)
    stops = f" It {trial.stopped}." if trial.stopped.startswith("stops") else ""
    compared = {
        grid.name: wrong.marks["wrong"]
        for wrong, right in zip(printed, repaired, strict=True)
        for grid in (wrong, right)
        if wrong.marks["wrong"]
    }
    return (
        Step(all_of(given), {}, f"Both versions are given the same: {titles}."),
        Step(all_of(given), all_of(printed), f"As printed: {repair.was}.{stops}"),
        Step(all_of(given), all_of(repaired), f"Repaired: {repair.now}."),
        Step(compared or all_of(repaired), {}, say),
    )
