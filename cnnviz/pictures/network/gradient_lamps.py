"""The picture of a gradient check: a lamp for each layer, and one for the whole network."""

from __future__ import annotations

import numpy as np

from ...network import Sequential
from ...network.gradient_check import INPUT, GradientCheck, Row
from ...scene import Grid, Scene, Slot, Step, Stroke

LEFT, WIDTH, CELL = 200, 780, 50
TOPS = {"layers": 60, "alone": 196, "left_out": 264, INPUT: 398, "weight": 466, "bias": 534}
BESIDE = {
    "layers": "",
    "alone": "error, alone",
    "left_out": "left out: kinks",
    INPUT: "error to the image",
    "weight": "error to the weights",
    "bias": "error to the biases",
}


def gradient_lamps(
    network: Sequential, alone: tuple[GradientCheck, ...], whole: GradientCheck
) -> Scene:
    """Each layer of a network checked alone, and all of its gradients checked together.

    ``alone`` are the checks of the layers in their order, ``whole`` is that of the network with its
    loss; each error is the largest difference from a central difference, as a share of the largest
    gradient. Source: lesson 2 on kinks; `cnnviz.network.gradient_check`.

    >>> from cnnviz.network.broken import check_each_layer
    >>> from cnnviz.network.gradient_check import check_gradients
    >>> from cnnviz.network import Linear, ReLU
    >>> network, x = Sequential(Linear(2, 2, seed=0), ReLU()), np.array([[1.0, 2.0]])
    >>> scene = gradient_lamps(network, check_each_layer(network, x), check_gradients(network, x))
    >>> scene.lamps
    ((True, 'Linear alone'), (True, 'ReLU alone'), (True, 'the whole network'))
    """
    names = tuple(type(layer).__name__ for layer in network)
    by_place = {_place(row): row for row in whole.rows}
    count = len(network)
    checked, left_out = (
        sum(getattr(row, kind) for check in (*alone, whole) for row in check.rows)
        for kind in ("checked", "left_out")
    )
    wrong = [name for name, check in zip(names, alone, strict=True) if not check.ok]
    return Scene(
        title="A lamp for each layer",
        grids=(
            *_lines_alone(names, alone),
            *(_line_together(kind, count, by_place) for kind in (INPUT, "weight", "bias")),
        ),
        table=dict.fromkeys(TOPS, np.arange(count)),
        say=_say(wrong, whole),
        size=(1200, 610),
        strokes=_arrows(count),
        counters=((str(checked), "cells checked"), (str(left_out), "left out near kinks")),
        lamps=(
            *((check.ok, f"{name} alone") for name, check in zip(names, alone, strict=True)),
            (whole.ok, "the whole network"),
        ),
        steps=(*_alone_steps(names, alone), _whole_step(whole, by_place)),
    )


def _lines_alone(names: tuple[str, ...], alone: tuple[GradientCheck, ...]) -> tuple[Grid, ...]:
    """What the layers are, the error of each when checked alone, and what was left out."""
    verdicts = (f"{name}: {_verdict(check)}" for name, check in zip(names, alone, strict=True))
    worst = [_worst(check.rows) for check in alone]
    left = [sum(row.left_out for row in check.rows) for check in alone]
    checked = [sum(row.checked for row in check.rows) for check in alone]
    tried = [(n, n + more) for n, more in zip(left, checked, strict=True)]
    kinks = (
        f"{n} of the {of} cells tried are too near a tie or a kink of this layer: a nudge changes the "
        "winner or the side, so nothing can be said there."
        for n, of in tried
    )
    return (
        _line("layers", names, tuple(verdicts)),
        _line("alone", tuple(map(_error, worst)), tuple(map(str, worst)), _marks(worst)),
        _line("left_out", tuple(f"{n} of {of}" for n, of in tried), tuple(kinks)),
    )


def _line_together(kind: str, count: int, by_place: dict) -> Grid:
    """The error of each layer's gradient of one kind, in the check of the whole network."""
    found = [by_place.get((kind, number)) for number in range(count)]
    errors = tuple("" if row is None else _error(row) for row in found)
    nothing = "There is nothing of this kind here."
    return _line(kind, errors, tuple(str(row or nothing) for row in found), _marks(found))


def _line(name: str, texts, said, marks=None) -> Grid:
    return Grid(
        name,
        BESIDE[name],
        (1, 1, 1, len(texts)),
        Slot(LEFT, TOPS[name], WIDTH, CELL, largest=WIDTH, square=False, beside=True),
        role="read" if name in ("layers", "left_out") else "written",
        symbols=texts,
        numbers=texts,
        show="numbers",
        sentences=said,
        marks=marks or {},
    )


def _marks(rows) -> dict[str, tuple[int, ...]]:
    """A tick or a cross, where there was something to check."""
    checked = [(n, row) for n, row in enumerate(rows) if row is not None and row.checked]
    return {
        "right": tuple(n for n, row in checked if row.ok),
        "wrong": tuple(n for n, row in checked if not row.ok),
    }


def _place(row: Row) -> tuple[str, int]:
    """Which line and which layer a row of the whole check stands in: `4.bias` is (bias, 4)."""
    number, _, kind = row.parameter.partition(".")
    return (kind, int(number)) if kind else (INPUT, 0)


def _worst(rows: tuple[Row, ...]) -> Row:
    """The row with the largest error; what could not be checked comes last."""
    return max(rows, key=lambda row: -1.0 if np.isnan(row.error) else row.error)


def _error(row: Row) -> str:
    if not row.checked:
        return "?"
    if row.error > 0.01 or not row.error:
        return f"{row.error:.2g}"
    digits, _, power = f"{row.error:.0e}".partition("e")
    return f"{digits}e{int(power)}".replace("-", "−")


def _verdict(check: GradientCheck) -> str:
    return "its gradients are the central differences." if check.ok else "its backward is wrong."


def _alone_steps(names, alone) -> list[Step]:
    """From the loss backward, one layer after the other."""
    steps = []
    for number in reversed(range(len(names))):
        lit = {name: (number,) for name in ("layers", "alone", "left_out")}
        of = ", ".join(row.parameter for row in alone[number].rows)
        said = f"{names[number]} alone: {_verdict(alone[number])} Checked: {of}."
        steps.append(Step(lit, said))
    return steps


def _whole_step(whole: GradientCheck, by_place) -> Step:
    lit: dict[str, tuple[int, ...]] = {}
    for kind, number in by_place:
        lit[kind] = (*lit.get(kind, ()), number)
    wrong = [row.parameter for row in whole.rows if not row.ok]
    verdict = f"wrong are those to {', '.join(wrong)}" if wrong else "all agree"
    return Step(lit, f"The whole network with its loss: {verdict}.")


def _say(wrong: list[str], whole: GradientCheck) -> str:
    if not wrong and whole.ok:
        return "All lamps are on: every gradient agrees with its central difference."
    if not wrong:
        return (
            "Every layer alone passes, and the whole network fails. Ties are left out where one cell is "
            "nudged; a weight moves all tied cells at once, so the tie stays and the fault shows."
        )
    if whole.rows[0].ok or any(not row.ok for row in whole.rows[1:]):
        return (
            f"{wrong[0]} alone fails, so the fault is in its lines. In the network it spoils the gradients "
            "of what comes before it, and no others."
        )
    return (
        f"{wrong[0]} alone fails, but only its gradient to the image is wrong. This network would learn "
        "all the same; one more convolution below it would not."
    )


def _arrows(count: int) -> tuple[Stroke, ...]:
    top, low = TOPS["layers"] - 18, TOPS["layers"] + CELL + 18
    return (
        Stroke(((LEFT, top), (LEFT + WIDTH, top)), "forward", "forward"),
        Stroke(((LEFT + WIDTH, low), (LEFT, low)), "backward", "backward", below=True),
        Stroke(((20, 182), (LEFT + WIDTH, 182)), "axis", "each layer alone"),
        Stroke(((20, 384), (LEFT + WIDTH, 384)), "axis", "the whole network, with its loss"),
    )
