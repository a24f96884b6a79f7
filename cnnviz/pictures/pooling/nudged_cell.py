"""One cell of a max pooling is nudged: the scalar against its value, and the kink where it wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...functional import max_pool2d
from ...scene import Grid, Scene, Stroke
from ...symbols import Notation, number, spoken
from ..maps import places
from ..plot import Plot, Point
from ..printed import record_of
from ..sheet import across
from .pools import MaxPooled

PLOT = (660.0, 864.0, 196.0, 440.0)  # left, right, top, bottom: where the switches stand otherwise
MARGIN = 14  # between the curve and the edges above and below it
SPAN = (-2.0, 16.0)  # the values of the cell that are drawn
SAMPLES = 37
ALONE = -np.inf  # what a cell has to exceed in a window that holds no other


@dataclass(frozen=True)
class NudgedCell:
    """The number of the cell (row-major) that is nudged in the map of a pooling, and what follows.

    ``gradient_of`` gives the upstream gradient (oh, ow) of a pooled map under this ``scalar``.
    """

    pool: MaxPooled
    cell: int
    scalar: str
    gradient_of: Callable[[np.ndarray], np.ndarray]

    @property
    def value(self) -> float:
        return float(self.pool.input.flat[self.cell])

    def pooled(self, values) -> np.ndarray:
        """The pooled map (n, oh, ow) for each value of the cell."""
        maps = np.repeat(self.pool.input[np.newaxis], len(values), axis=0)
        maps.reshape(len(values), -1)[:, self.cell] = values
        return max_pool2d(maps, *self.pool.how)

    def scalars(self, values) -> np.ndarray:
        """F for each value of the cell. Where only its gradient is known, F is the straight one."""
        pooled = self.pooled(values)
        squares = self.scalar == "sum of squares"
        terms = pooled**2 if squares else pooled * self.gradient_of(pooled[0])
        return terms.sum(axis=(-2, -1))

    def rivals(self) -> dict[int, float]:
        """For each window that reads the cell, the largest of the others in it."""
        others = {
            window: [cell for cell in self.pool.reads[window] if cell != self.cell]
            for window in self.pool.windows[self.cell]
        }
        largest = self.pool.input.ravel()
        return {window: float(largest[of].max(initial=ALONE)) for window, of in others.items()}

    def slopes(self, value: float) -> tuple[float, float]:
        """The slope of F to the left and to the right of a value: a cell that is level with its
        rival wins the window as soon as it rises."""
        g = self.gradient_of(self.pooled([value])[0]).ravel()
        rivals = self.rivals().items()
        left = sum(float(g[window]) for window, rival in rivals if value > rival)
        right = sum(float(g[window]) for window, rival in rivals if value >= rival)
        return left, right

    def kinks(self) -> list[float]:
        """The values at which the slope of F changes at once."""
        levels = sorted(set(self.rivals().values()) - {ALONE})
        return [level for level in levels if len(set(self.slopes(level))) == 2]


def with_curve(scene: Scene, nudged: NudgedCell, gradient: float, notation: Notation) -> Scene:
    """The scene of a max pooling with F against the nudged cell in the place of the switches.

    ``gradient`` is what code gives for the cell. The slopes on both sides of its value are counted
    beside it, and the cell is pinned. Source: note, section 1, the key point.
    """
    grids = {grid.name: grid for grid in scene.grids if grid.name != "switches"}
    place = int(places(grids["input"])[nudged.cell])
    name = grids["input"].symbols[place]
    say = _say(nudged, spoken(name), notation.scalar, gradient)
    strokes = (
        across(grids["input"], grids["output"], "forward", "max"),
        across(grids["upstream"], grids["input_gradient"], "backward", "back"),
        _ring(grids["input"], place, "curve"),
        _ring(grids["input_gradient"], nudged.cell, "tangent"),
    )
    left, right = nudged.slopes(nudged.value)
    sentences = (*scene["input"].sentences[:place], say, *scene["input"].sentences[place + 1 :])
    grids["input"] = replace(grids["input"], sentences=sentences)
    return replace(
        scene,
        title="A cell that loses has no say, until it wins",
        grids=tuple(grids.values()),
        table={grid: cells for grid, cells in scene.table.items() if grid in grids},
        say=say,
        strokes=(*strokes, *_plot(nudged, name, notation.scalar, gradient)),
        equations={
            grid: replace(equation, ledger=record_of("cell that loses", notation.document))
            for grid, equation in scene.equations.items()
        },
        counters=(
            (number(left), "slope to the left"),
            (number(right), "slope to the right"),
            (number(gradient), "gradient in code"),
        ),
        focus=("input", place),
    )


def _say(nudged: NudgedCell, name: str, scalar: str, gradient: float) -> str:
    value, rivals = nudged.value, list(nudged.rivals().values())
    left, right = nudged.slopes(value)
    said = f"{name} = {number(value)}"
    won = [rival for rival in rivals if value > rival]
    if not rivals:
        return f"{name} is in no window: {scalar} does not move with it."
    if left != right:
        return (
            f"{said} ties, and {scalar} has a kink: slope {number(left)} to the left, {number(right)} "
            f"to the right. PyTorch's rule, the first of equal cells, gives {number(gradient)}."
        )
    if value in rivals:
        return f"{said} ties, but {scalar} has the same slope on both sides: {number(left)}."
    if not won:
        return (
            f"{said} loses. It would have to rise by {number(min(rivals) - value)} to matter: until "
            f"then {scalar} is flat."
        )
    windows = "its window" if len(rivals) == 1 else f"{len(won)} of its {len(rivals)} windows"
    wins = f"{said} wins {windows}: {scalar} moves with it, with slope {number(gradient)}."
    if ALONE in won:
        return wins
    return f"{wins} It could fall by {number(value - max(won))} before another cell takes over."


def _ring(grid: Grid, cell: int, kind: str) -> Stroke:
    """A line inside a cell, all around it, in the manner of the curve that belongs to it."""
    inside = 4.0
    x, y = (corner + inside for corner in grid.corner(cell))
    right, low = (x + grid.place.width - 2 * inside, y + grid.place.height - 2 * inside)
    return Stroke(((x, y), (right, y), (right, low), (x, low), (x, y)), kind)


def _plot(nudged: NudgedCell, name: str, scalar: str, slope: float) -> tuple[Stroke, ...]:
    """F against the cell: axes, the curve, its kinks, and the tangent that the gradient describes."""
    value = nudged.value
    first, last = min(SPAN[0], value), max(SPAN[1], value)
    kinks = [kink for kink in nudged.kinks() if first <= kink <= last]
    values = np.union1d(np.linspace(first, last, SAMPLES), kinks)
    curve = nudged.scalars(values)
    here = float(nudged.scalars([value])[0])
    low, high = float(curve.min()), float(curve.max())
    room = max(high - low, 1.0)
    left, right, top, bottom = PLOT
    inside = (left, right, top + MARGIN, bottom - MARGIN)
    plot = Plot(inside, (first, last), (low, low + room))
    near = (last - first) / 7
    bounds = (low - room / 20, high + room / 20)  # a steep tangent must not leave the plot
    ends = [(-near, near), (first - value, last - value)]
    ends += [sorted((f - here) / slope for f in bounds)] if slope else []
    starts, stops = zip(*ends, strict=True)
    return (
        *_axes(name, scalar),
        plot.curve(values, curve),
        plot.tangent(value, here, slope, reach=(max(starts), min(stops))),
        *_foot(plot.at(value, here), number(value)),
        *(
            stroke
            for kink in kinks
            for stroke in _kink(plot.at(kink, float(nudged.scalars([kink])[0])))
        ),
    )


def _axes(name: str, scalar: str) -> tuple[Stroke, ...]:
    left, right, top, bottom = PLOT
    return (
        Stroke(((left, bottom), (right, bottom)), "axis"),
        Stroke(((right, bottom + 36),) * 2, "axis", name),
        Stroke(((left, bottom), (left, top)), "axis"),
        Stroke(((left, top), (left, top)), "axis", scalar),
    )


def _foot(point: Point, label: str) -> tuple[Stroke, Stroke]:
    """The line from a point down to the axis, and its value below it."""
    across, bottom = point[0], PLOT[3]
    return (
        Stroke((point, (across, bottom)), "axis"),
        Stroke(((across, bottom), (across, bottom + 5)), "axis", label, below=True),
    )


def _kink(point: Point) -> tuple[Stroke, Stroke]:
    across, down = point
    return (
        Stroke(((across, down - 9), (across, down + 9)), "curve"),
        Stroke(((across - 26, down - 4),) * 2, "axis", "kink"),
    )
