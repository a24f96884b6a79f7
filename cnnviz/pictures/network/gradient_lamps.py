"""The picture of a gradient check: a lamp for each layer, and one for the whole network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...network import Sequential
from ...network.gradient_check import INPUT, GradientCheck, Row
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Step, Stroke
from ..meetings import filled_in

LEFT, WIDTH, CELL = 180, 800, 50
TOPS = {"layers": 50, "alone": 192, "left_out": 258, INPUT: 368, "weight": 434, "bias": 500}
BESIDE = {
    "layers": "",
    "alone": "error alone",
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
    >>> [lamp.words for lamp in scene.lamps]
    ['each layer alone is right', 'the whole network is right']
    """
    names = tuple(type(layer).__name__ for layer in network)
    by_place = {_place(row): row for row in whole.rows}
    count = len(network)
    checked, left_out = (
        sum(getattr(row, kind) for check in (*alone, whole) for row in check.rows)
        for kind in ("checked", "left_out")
    )
    wrong = [name for name, check in zip(names, alone, strict=True) if not check.ok]
    layers = _line("layers", names, tuple(map(_said_alone, names, alone)))
    lamps = (*_lamps_alone(layers, alone), *_lamps_together(layers, by_place))
    return Scene(
        title="A lamp for each layer",
        grids=(layers, *lamps, _left_out(alone)),
        table=_table(count, lamps),
        say=_say(wrong, whole),
        size=(1200, TOPS["bias"] + CELL + 20),
        strokes=_arrows(count),
        counters=((str(checked), "cells checked"), (str(left_out), "left out near kinks")),
        lamps=_verdicts(wrong, whole),
        steps=(*_alone_steps(names, alone), _whole_step(whole, by_place)),
    )


def _verdicts(wrong: list[str], whole: GradientCheck) -> tuple[Lamp, Lamp]:
    alone, together = (
        f"{' and '.join(wrong)} alone is wrong" if wrong else "each layer alone is right",
        f"the whole network is {'right' if whole.ok else 'wrong'}",
    )
    return Lamp(not wrong, alone, bool(wrong)), Lamp(whole.ok, together, not whole.ok)


def _table(count: int, lamps: tuple[Grid, ...]) -> dict[str, np.ndarray]:
    """What stands in one column belongs together; each lamp is a grid of its own."""
    columns = np.arange(count)
    of = {lamp.name: int(lamp.name.rpartition("_")[2]) for lamp in lamps}
    return {
        **dict.fromkeys(("layers", "left_out"), columns),
        **{name: np.where(columns == n, 0, NOWHERE) for name, n in of.items()},
    }


def _lamps_alone(layers: Grid, alone: tuple[GradientCheck, ...]) -> Iterable[Grid]:
    """The error of each layer alone. The walk goes backward: the last layer comes first."""
    for number, check in enumerate(alone):
        yield _lamp(layers, "alone", number, _worst(check.rows), since=layers.size - 1 - number)


def _lamps_together(layers: Grid, by_place: dict[tuple[str, int], Row]) -> Iterable[Grid]:
    """The error of each gradient in the check of the whole network: the last step."""
    for (kind, number), row in by_place.items():
        yield _lamp(layers, kind, number, row, since=layers.size)


def _lamp(layers: Grid, kind: str, number: int, row: Row, since: int) -> Grid:
    """An error under its layer, with a tick or a cross where there was something to check. Errors have
    no colours: what is too large is not a matter of degree."""
    x, width = layers.corner(number)[0], layers.place.width
    marks = {"right" if row.ok else "wrong": (0,)} if row.checked else {}
    slot = Slot(x, TOPS[kind], width, CELL, largest=width, square=False, beside=True)
    line = _line(f"{kind}_{number}", (_error(row),), (str(row),))
    title = BESIDE[kind] if number == 0 else ""
    return replace(line, title=title, slot=slot, marks=marks, since=since)


def _left_out(alone: tuple[GradientCheck, ...]) -> Grid:
    """How many of the cells tried are too near a kink, layer by layer, the last one first."""
    left = [sum(row.left_out for row in check.rows) for check in alone]
    checked = [sum(row.checked for row in check.rows) for check in alone]
    tried = [(n, n + more) for n, more in zip(left, checked, strict=True)]
    texts = tuple(f"{n} of {of}" for n, of in tried)
    said = (
        f"{text} cells tried are too near a tie or a kink of this layer: a nudge changes the winner or the "
        "side, so nothing can be said there."
        for text in texts
    )
    frames = (*filled_in(texts, [*reversed(range(len(texts)))]), texts)  # the last: all together
    return replace(_line("left_out", texts, tuple(said)), frames=frames)


def _line(name: str, texts: tuple[str, ...], said: tuple[str, ...]) -> Grid:
    """A line of boxes."""
    return Grid(
        name,
        BESIDE.get(name, ""),
        (1, len(texts), 1, 1),
        Slot(LEFT, TOPS.get(name, 0), WIDTH, CELL, largest=WIDTH, square=False, beside=True),
        role="read" if name == "layers" else "written",
        symbols=texts,
        numbers=texts,
        values=np.full(len(texts), np.nan),
        show="numbers",
        sentences=said,
    )


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


def _said_alone(name: str, check: GradientCheck) -> str:
    verdict = "its gradients are the central differences." if check.ok else "its backward is wrong."
    return f"{name} alone: {verdict} Checked: {', '.join(row.parameter for row in check.rows)}."


def _alone_steps(names, alone) -> list[Step]:
    """From the loss backward, one layer after the other."""
    steps = []
    for number in reversed(range(len(names))):
        made = {f"alone_{number}": (0,), "left_out": (number,)}
        said = _said_alone(names[number], alone[number])
        steps.append(Step({"layers": (number,)}, made, said))
    return steps


def _whole_step(whole: GradientCheck, by_place) -> Step:
    found = {f"{kind}_{number}": (0,) for kind, number in by_place}
    layers = tuple(sorted({number for _, number in by_place}))
    wrong = [row.parameter for row in whole.rows if not row.ok]
    verdict = f"wrong are those to {', '.join(wrong)}" if wrong else "all agree"
    return Step({"layers": layers}, found, f"The whole network with its loss: {verdict}.")


def _say(wrong: list[str], whole: GradientCheck) -> str:
    if not wrong and whole.ok:
        return "All lamps are on: every gradient agrees with its central difference."
    if not wrong:
        return (
            "Every layer alone passes, and the whole network fails. Ties are left out where one cell is "
            "nudged; a weight moves all tied cells at once, so the tie stays and the fault shows."
        )
    spoiled = [row.parameter for row in whole.rows if not row.ok]
    if spoiled == [INPUT]:
        return (
            f"{wrong[0]} alone fails, but only its gradient to the image is wrong. This network would learn "
            "all the same; one more convolution below it would not."
        )
    if INPUT not in spoiled:
        return (
            f"{wrong[0]} alone fails, but its gradient to its input is right. So in the network nothing "
            f"before it is spoiled: only {' and '.join(spoiled)} is wrong."
        )
    return (
        f"{wrong[0]} alone fails: its gradient to its input is wrong. In the network that spoils every "
        "gradient before it, and none behind it."
    )


def _arrows(count: int) -> tuple[Stroke, ...]:
    right, top, low = LEFT + WIDTH, TOPS["layers"] - 16, TOPS["layers"] + CELL + 16
    return (
        Stroke(((LEFT, top), (right, top)), "forward", "forward"),
        Stroke(((right, low), (LEFT, low)), "backward", "backward", below=True),
        Stroke(((20, TOPS["alone"] - 16), (right, TOPS["alone"] - 16)), "axis", "each layer alone"),
        Stroke(
            ((20, TOPS[INPUT] - 16), (right, TOPS[INPUT] - 16)),
            "axis",
            "the whole network, with its loss",
        ),
    )
