"""The picture of a nudged weight: what its gradient predicts, and what the scalar really does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import Notation, number, spoken
from ..meetings import filled_in
from ..plot import Plot
from ..sheet import Sheet
from ..words import Says

FARTHEST = 2.0  # the nudges that the plot reaches
CHECK = 0.001  # the nudge of the central difference
SLOTS = {
    "input": Slot(20, 40, 235, 235, largest=58),
    "kernel": Slot(300, 40, 180, 235, largest=60),
    "output": Slot(520, 40, 130, 110, largest=58),
    "change": Slot(520, 180, 130, 110, largest=58),
    "upstream": Slot(690, 40, 270, 235, largest=72),
    "nudge": Slot(800, 390, 90, 50, largest=90, square=False),
}
PLOT = (70, 670, 350, 546)  # left, right, top and bottom of the curve ...
AXIS = 570  # ... and its axis, below it


def wiggle(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    cell: int = 0,
    nudge: float = 0.5,
    stride=1,
    *,
    scalar: str = "linear",
    **letters,
) -> Scene:
    """One weight nudged: every output moves by the nudge times the input cell it met there.

    ``input`` is (H, W), ``weight`` (kH, kW); ``cell`` is the number of the weight in row-major
    order. ``scalar`` is "linear", the sum of the outputs weighted by ``grad_output``, or "curved",
    half the sum of their squares. ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_weight`` does.
    Source: note, section 3, ∂h_12/∂k_ij = a_i,j+1.

    >>> scene = wiggle(np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2)), nudge=0.5)
    >>> scene["change"].numbers, scene.counters[1]
    (('0.5', '0.5', '0.5', '0.5'), ('2', 'change predicted'))
    """
    trial = _Trial(input, weight, grad_output, cell, nudge, stride, scalar)
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    grids = a, k, h, _, g, _ = _grids(sheet, trial)
    table = _table(Geometry.of(input.shape, weight.shape, stride), cell)
    name, says = spoken(k.symbols[cell]), _says(a, k, h, g, table, cell, scalar)
    return sheet.scene(
        "A weight, nudged",
        grids,
        table,
        says,
        say=_say(sheet.notation, name, scalar),
        size=(1200, 600),
        equations={
            "change": sheet.equation("change", "nudge", "input", printed="output by a weight"),
            "output": sheet.forward(),
        },
        signs=((278, 165, "∗"), (500, 105, "=")),
        strokes=_plot(trial, sheet.notation, name),
        counters=_counters(trial, f"∂{sheet.notation.scalar}/∂{name}"),
        lamps=_lamps(trial),
        steps=_steps(trial, table, says["change"], sheet.notation),
    )


def _grids(sheet: Sheet, trial: _Trial) -> tuple[Grid, ...]:
    """Input, kernel and output, how the output moves, the upstream gradient, and the nudge."""
    h = sheet.grid("output", trial.outputs)
    change = sheet.grid("change", trial.change, of="output", role="written")
    moves = tuple(f"Δ{name}" for name in h.symbols)
    change = replace(change, title="how it moves", symbols=moves)
    texts = sheet.written(change).texts
    frames = (*filled_in(texts, range(h.size)), texts)
    by, one = (number(float(trial.nudge)),), (1, 1, 1, 1)
    return (
        sheet.grid("input", trial.input, editable=True),
        sheet.grid("kernel", trial.weight, editable=True),
        h,
        replace(change, frames=frames),
        sheet.grid("upstream", trial.upstream, editable=trial.kind == "linear"),
        Grid("nudge", "nudge", one, SLOTS["nudge"], symbols=("ε",), numbers=by),
    )


def _counters(trial: _Trial, gradient: str) -> tuple[tuple[str, str], ...]:
    return (
        (number(trial.slope), f"{gradient}, the gradient"),
        (number(trial.predicted), "change predicted"),
        (number(trial.actual), "change in fact"),
    )


def _lamps(trial: _Trial) -> tuple[Lamp, ...]:
    exact = bool(np.isclose(trial.predicted, trial.actual))
    missed = number(abs(trial.actual - trial.predicted))
    agrees = bool(np.isclose(trial.central, trial.slope))
    central = f"the central difference, ±{number(CHECK)}, is {number(trial.central)}"
    return (
        Lamp(exact, "the prediction is exact" if exact else f"the prediction misses by {missed}"),
        Lamp(agrees, f"{central}{', too' * agrees}", mistake=True),
    )


def _steps(trial: _Trial, table: dict, say: Says, notation: Notation) -> tuple[Step, ...]:
    """One step for each output that moves, and one in which the moves add up to the prediction."""
    outputs = tuple(range(trial.outputs.size))
    met = dict(zip(table["change"].tolist(), table["input"].tolist(), strict=True))
    moves = (
        Step(
            {"nudge": (0,), "input": (met[n],)}, {"change": (n,)}, say(n), ("change", n),
            around={"kernel": (trial.cell,), "output": (n,)},
        )
        for n in outputs
    )  # fmt: skip
    promise = (
        f"Each move times its upstream gradient, added up: {notation.scalar} should change by "
        f"{number(trial.predicted)}. In fact it changes by {number(trial.actual)}."
    )
    return (*moves, Step({"change": outputs, "upstream": outputs}, {}, promise))


def _table(geometry: Geometry, cell: int) -> dict[str, np.ndarray]:
    """The meetings of the forward pass; in those of the chosen weight its nudge moves an output."""
    table = convolution_table(geometry)
    chosen = table["kernel"] == cell
    return {
        **table,
        "change": np.where(chosen, table["output"], NOWHERE),
        "upstream": table["output"],
        "nudge": np.where(chosen, 0, NOWHERE),
    }


@dataclass(frozen=True)
class _Trial:
    """A weight that can be moved, and the scalar that follows."""

    input: np.ndarray
    weight: np.ndarray
    grad_output: np.ndarray
    cell: int
    nudge: float
    stride: int
    kind: str

    def moved(self, by: float) -> np.ndarray:
        """The outputs with the weight moved by this much."""
        weight = self.weight.astype(float)
        weight.ravel()[self.cell] += by
        return conv2d(self.input, weight, None, self.stride)

    @property
    def outputs(self) -> np.ndarray:
        return self.moved(0)

    @property
    def change(self) -> np.ndarray:
        return self.moved(self.nudge) - self.outputs

    @property
    def upstream(self) -> np.ndarray:
        """The derivative of the scalar by each output: half a square has the output itself."""
        return self.grad_output if self.kind == "linear" else self.outputs

    @property
    def slope(self) -> float:
        gradient = conv2d_weight(self.input, self.weight.shape, self.upstream, self.stride)
        return float(gradient.ravel()[self.cell])

    def scalar(self, by: float) -> float:
        outputs = self.moved(by)
        if self.kind == "linear":
            return float((self.grad_output * outputs).sum())
        return float((outputs**2).sum() / 2)

    @property
    def predicted(self) -> float:
        return self.slope * self.nudge

    @property
    def actual(self) -> float:
        return self.scalar(self.nudge) - self.scalar(0)

    @property
    def central(self) -> float:
        return (self.scalar(CHECK) - self.scalar(-CHECK)) / (2 * CHECK)


def _say(notation: Notation, weight: str, scalar: str) -> str:
    if scalar == "linear":
        return (
            f"{notation.scalar} is a weighted sum of the outputs, so it is a straight line in {weight}: "
            "the gradient predicts every change exactly."
        )
    return (
        f"{notation.scalar} is half the sum of the squared outputs, a parabola in {weight}: the gradient "
        "is its tangent, and predicts well only for a small nudge."
    )


def _says(a, k, h, g, table: dict, cell: int, scalar: str) -> dict[str, Says]:
    weight = spoken(k.symbols[cell])
    met = dict(zip(table["change"].tolist(), table["input"].tolist(), strict=True))
    outputs_of = {met[n]: n for n in range(h.size)}
    where_from = (
        "is given: it can be anything." if scalar == "linear" else "is the output itself here."
    )

    def of_input(n: int) -> str:
        name = spoken(a.symbols[n])
        if n not in outputs_of:
            return f"{name} does not meet {weight}, so the nudge does not touch it."
        moves = spoken(h.symbols[outputs_of[n]])
        return f"{name} meets {weight} on the way to {moves}: it is the slope of {moves}."

    def of_kernel(n: int) -> str:
        if n == cell:
            return f"{weight} is nudged: {h.size} outputs move."
        return f"{spoken(k.symbols[n])} stays as it is. Choose it with the slider."

    def of_change(n: int) -> str:
        return f"{spoken(h.symbols[n])} moves by the nudge times {spoken(a.symbols[met[n]])}."

    return {
        "input": of_input,
        "kernel": of_kernel,
        "output": lambda n: f"{spoken(h.symbols[n])} before the nudge.",
        "change": of_change,
        "upstream": lambda n: f"{spoken(g.symbols[n])} {where_from}",
        "nudge": lambda _: f"{weight} is nudged by this much. Each output moves in proportion.",
    }


def _plot(trial: _Trial, notation: Notation, weight: str) -> tuple[Stroke, ...]:
    """The scalar against the nudge: the curve, on it the tangent at 0, and the gap at the nudge."""
    at = np.linspace(-FARTHEST, FARTHEST, 3 if trial.kind == "linear" else 33).tolist()
    curve = [trial.scalar(by) for by in at]
    here, end = trial.scalar(0), trial.slope * FARTHEST
    low, high = min(*curve, here - end, here + end), max(*curve, here - end, here + end)
    plot = Plot(PLOT, (-FARTHEST, FARTHEST), (low if low < high else high - 1, high), digits=1)
    predicted = plot.at(trial.nudge, here + trial.predicted)
    actual = plot.at(trial.nudge, trial.scalar(trial.nudge))
    seen = abs(actual[1] - predicted[1]) > 12  # of a smaller gap an arrow would only be its head
    return (
        *_axes(weight, plot.at(0, here)[0]),
        plot.curve(at, curve),
        plot.tangent(0, here, trial.slope, reach=(-FARTHEST, FARTHEST)),
        Stroke(((755, 492), (935, 492)), "curve", f"{notation.scalar} in fact", below=True),
        Stroke(((755, 542), (935, 542)), "tangent", "as its gradient predicts", below=True),
        Stroke(((actual[0], AXIS), actual), "axis"),
        *([Stroke((predicted, actual), "backward")] * seen),
    )


def _axes(weight: str, middle: float) -> tuple[Stroke, ...]:
    left, right, top, _ = PLOT
    along = f"nudge of {weight}, from −2 to 2"
    return (
        Stroke(((left, AXIS), (right, AXIS)), "axis", along, below=True),
        Stroke(((middle, top - 10), (middle, AXIS)), "axis"),
        Stroke(((left, top - 14), (left, AXIS)), "axis"),
    )
