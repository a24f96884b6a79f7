"""The picture of the right nudge: the error of a gradient check against its size, in two precisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

import numpy as np

from ...network.nudge_sizes import POWERS, PRECISIONS
from ...scene import Grid, Lamp, Scene, Slot, Step, Stroke
from ..meetings import filled_in
from ..plot import Plot

LEFT, COLUMN, HIGH = 190, 66, 44
RIGHT = LEFT + COLUMN * len(POWERS)
TOPS = {"nudges": 30, "float64": 90, "float32": 140}
TITLES = {"nudges": "nudge h", "float64": "error, float64", "float32": "error, float32"}
KINDS = {"float64": "curve", "float32": "tangent"}
DIGITS = {"float64": 16, "float32": 7}
TOLERANCE = -6  # the power of ten that `check_gradients` asks for
SCALE = (0, -3, TOLERANCE, -9, -12)  # powers of ten beside the plot
# Half a column is free at both ends, so that every point stands under its nudge.
PLOT = Plot((LEFT, RIGHT, 225, 545), (POWERS[0] - 0.5, POWERS[-1] + 0.5), (-15, 1), digits=1)


def nudge_sizes(errors: Mapping[str, Sequence[float]], power: int, bent: bool) -> Scene:
    """How far central differences are from the gradient, for a nudge of 10 to the minus 1, 2, ... 12.

    ``errors`` has one for each of these powers, by precision; the nudge of the chosen ``power`` is
    marked. ``bent`` says whether the loss is a curve in every weight, or a straight line.
    Source: `cnnviz.network.nudge_sizes`, from the project's own `check_gradients`.

    >>> scene = nudge_sizes({"float64": [1e-3, *[1e-9] * 11], "float32": [0.5] * 12}, 5, True)
    >>> [lamp.words for lamp in scene.lamps]
    ['float64 at 10⁻⁵: error 1e−9, passes', 'float32 at 10⁻⁵: error 0.5, fails']
    >>> scene["nudges"].numbers[:2], scene["float64"].numbers[:2]
    (('10⁻¹', '10⁻²'), ('0.001', '1e−9'))
    """
    columns = np.arange(len(POWERS))
    nudges = tuple(f"10{_raised(power)}" for power in POWERS)
    return Scene(
        title="How large a nudge?",
        grids=(
            _line("nudges", nudges, tuple(map(_nudge_says, nudges))),
            *(_errors(name, errors[name], nudges, bent) for name in PRECISIONS),
        ),
        table=dict.fromkeys(TOPS, columns),
        say=_say(bent),
        size=(1010, 590),
        strokes=(*_axes(), *_curves(errors), _chosen(power)),
        lamps=tuple(_lamp(name, errors[name], power) for name in PRECISIONS),
        steps=tuple(_step(n, nudges[n], errors) for n in columns.tolist()),
    )


def _line(name: str, texts: tuple[str, ...], said: tuple[str, ...], **more) -> Grid:
    """A line of boxes. Errors have no colours: they differ by powers of ten."""
    return Grid(
        name,
        TITLES[name],
        (1, 1, 1, len(texts)),
        Slot(LEFT, TOPS[name], RIGHT - LEFT, HIGH, largest=COLUMN, square=False, beside=True),
        symbols=texts,
        numbers=texts,
        values=np.full(len(texts), np.nan),
        show="numbers",
        sentences=said,
        **more,
    )


def _errors(name: str, errors: Sequence[float], nudges: Sequence[str], bent: bool) -> Grid:
    texts, best = tuple(map(_written, errors)), int(np.argmin(errors))
    said = tuple(
        f"{name}, h = {nudge}: the largest error is {text}. {_why(name, n - best, bent)}"
        for n, (nudge, text) in enumerate(zip(nudges, texts, strict=True))
    )
    passed = [_passes(error) for error in errors]
    return _line(
        name,
        texts,
        said,
        role="written",
        frames=filled_in(texts, range(len(texts))),
        marks={
            "right": tuple(n for n, right in enumerate(passed) if right),
            "wrong": tuple(n for n, right in enumerate(passed) if not right),
        },
        marked_since={n: n for n in range(len(texts))},
    )


def _passes(error: float) -> bool:
    return error <= 10.0**TOLERANCE


def _why(name: str, beyond: int, bent: bool) -> str:
    """Why the error is what it is, so many places from the smallest."""
    if not beyond:
        return "It is the smallest of this line."
    if beyond < 0:
        return "The nudge is long, and the loss bends between its two ends: ten times shorter, a hundred times better."
    digits = f"Numbers have {DIGITS[name]} digits here"
    start = "" if bent else "A straight line has no bend, so a long nudge does no harm. "
    return (
        f"{start}{digits}, and L(w + h) and L(w − h) agree in most of them: little is left of their "
        "difference."
    )


def _nudge_says(nudge: str) -> str:
    return f"Every weight is moved up by {nudge} and down by {nudge}; the difference of the losses is divided by 2h."


def _say(bent: bool) -> str:
    if bent:
        return (
            "From the left the error falls with h², since the loss bends. From the right it grows with 1/h, "
            "since numbers have few digits. The best nudge lies between."
        )
    return (
        "In every single weight this loss is a straight line: nothing bends. Only the digits count, and the "
        "longest nudge is the best."
    )


def _lamp(name: str, errors: Sequence[float], power: int) -> Lamp:
    error = errors[power - 1]
    verdict = "passes" if _passes(error) else "fails"
    return Lamp(
        _passes(error), f"{name} at 10{_raised(power)}: error {_written(error)}, {verdict}", True
    )


def _step(n: int, nudge: str, errors: Mapping[str, Sequence[float]]) -> Step:
    found = " and ".join(f"{_written(errors[name][n])} in {name}" for name in PRECISIONS)
    writes = {name: (n,) for name in PRECISIONS}
    return Step({"nudges": (n,)}, writes, f"h = {nudge}: the error is {found}.")


def _curves(errors: Mapping[str, Sequence[float]]) -> list[Stroke]:
    strokes = []
    for name in PRECISIONS:
        heights = [max(log10(error), PLOT.up[0]) if error else PLOT.up[0] for error in errors[name]]
        points = PLOT.curve(POWERS, heights).points
        strokes.append(Stroke(points, KINDS[name]))
    key = ((RIGHT - 270, 500, "float64"), (RIGHT - 270, 530, "float32"))
    return strokes + [Stroke(((x, y), (x + 120, y)), KINDS[name], name) for x, y, name in key]


def _axes() -> tuple[Stroke, ...]:
    left, right, top, bottom = PLOT.room
    words = _, height = PLOT.at(11, TOLERANCE)  # a label stands at the middle point
    return (
        Stroke(((left, bottom), (right, bottom)), "axis", "nudge h, as above", below=True),
        Stroke(((left, top), (left, bottom)), "axis"),
        Stroke(((left, height), words, (right, height)), "axis", "asked for", below=True),
        *(_tick(power) for power in SCALE),
    )


def _tick(power: int) -> Stroke:
    """A power of ten at the left edge."""
    left, height = PLOT.at(PLOT.across[0], power)
    text = f"10{_raised(-power)}" if power else "1"
    return Stroke(((left - 56, height), (left, height)), "axis", text)


def _chosen(power: int) -> Stroke:
    """The line under the chosen nudge."""
    x, _ = PLOT.at(power, 0)
    return Stroke(((x, TOPS["float32"] + HIGH + 6), (x, PLOT.room[3])), "axis")


def _raised(power: int) -> str:
    return "⁻" + str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _written(error: float) -> str:
    """An error in few letters.

    >>> _written(3.2e-10), _written(0.104), _written(0.0009)
    ('3e−10', '0.1', '9e−4')
    """
    if error >= 1e-3:
        return f"{error:.1g}"
    digits, _, power = f"{error:.0e}".partition("e")
    return f"{digits}e{int(power)}".replace("-", "−")
