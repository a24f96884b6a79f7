"""The picture of the kink: nudge one cell, and see when the scalar starts to move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional import max_pool2d, max_pool2d_backward
from ..geometry import Geometry
from ..scene import NOWHERE, Equation, Scene, Slot, Stroke
from ..symbols import NOTATIONS, Notation, number, spoken
from .grids import map_grid, written
from .pools import meetings, named_gradient

SLOTS = {
    "input": Slot(20, 40, 250, 250, largest=62),
    "output": Slot(330, 40, 130, 110, largest=54),
    "upstream": Slot(330, 190, 130, 110, largest=54),
}
PLOT = (560.0, 50.0, 400.0, 230.0)  # x, y, width, height
PRINTED = {"note": "note-09", "slides": "slides-86", "blog": "blog-11"}
SAMPLES = 37
A_LITTLE = 1e-3


def losing_cell(
    input: np.ndarray,
    cell: int,
    value: float,
    upstream: np.ndarray,
    kernel_size=2,
    *,
    span: tuple[float, float] = (-2.0, 16.0),
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """A map (H, W) in which ``cell`` (row-major) has the ``value``, and F as a function of it.

    F = the sum of upstream (oh, ow) times the pooled map, drawn for values in ``span``. Windows
    tile the map. The slopes on both sides of the value, and the gradient that PyTorch's rule
    gives, stand in the margin. Raises DoesNotFit where ``max_pool2d`` does.
    Source: note, section 1, the key point; the rule at a tie is that of ``max_pool2d``.

    >>> scene = losing_cell(np.array([[1.0, 4.0], [3.0, 2.0]]), 0, 1.0, np.array([[5.0]]))
    >>> scene.counters[:2]
    (('0', 'slope to the left'), ('0', 'slope to the right'))
    """
    input = input.copy()
    input.flat[cell] = value
    geometry = Geometry.of_pool(input.shape, kernel_size)
    pooled, switches = max_pool2d(input, kernel_size, return_indices=True)
    back = max_pool2d_backward(upstream, input.shape, switches)

    here, left, right = _scalar(
        input, cell, [value, value - A_LITTLE, value + A_LITTLE], kernel_size, upstream
    )
    slopes = round((here - left) / A_LITTLE, 6), round((right - here) / A_LITTLE, 6)
    met = meetings(geometry)
    others = _others(met, input, cell)
    kink = max(others, default=None)
    bends = [] if kink is None else [np.clip(kink, *span)]
    values = np.union1d(np.linspace(*span, SAMPLES), bends)

    a = map_grid("input", notation.input, input, SLOTS["input"], start)
    a = replace(
        a,
        marks={"switch": tuple(switches.ravel().tolist())},
        blocks=geometry.kernel_size,
        sentences=_sentences(a, met, input, switches),
    )
    h = map_grid("output", notation.output, pooled, SLOTS["output"], start, role="written")
    h = replace(
        h,
        title=f"pooled |{notation.output}|",
        sentences=tuple(
            f"{spoken(name)} is the largest cell of its window, {spoken(a.symbols[winner])}."
            for name, winner in zip(h.symbols, switches.ravel().tolist(), strict=True)
        ),
    )
    g = named_gradient(
        "upstream", notation.scalar, notation.output, upstream, SLOTS["upstream"], start,
        editable=True,
    )  # fmt: skip
    g = replace(
        g,
        title=f"upstream |∂{notation.scalar}/∂{notation.output}|",
        sentences=tuple(
            f"{spoken(name)}: by so much {notation.scalar} moves when the pooled cell rises by 1."
            for name in g.symbols
        ),
    )
    won = met["cell"] == switches.ravel()[met["output"]]
    table = {
        "input": met["cell"],
        "output": met["output"],
        "upstream": np.where(won, met["output"], NOWHERE),
    }
    name = a.symbols[cell]
    curve = _scalar(input, cell, values, kernel_size, upstream)
    return Scene(
        title="A cell that loses has no say, until it wins",
        grids=tuple(written(grid, show) for grid in (a, h, g)),
        table=table,
        say=_say(notation, name, value, kink, slopes, back.flat[cell]),
        size=(1200, 350),
        equations={
            "input": Equation(
                f"∂{notation.scalar}/∂{{input}}",
                ("{upstream}",),
                ledger=PRINTED[notation.document],
            )
        },
        strokes=_plot(notation, name, values, curve, value, here, back.flat[cell], kink),
        counters=(
            (number(slopes[0]), "slope to the left"),
            (number(slopes[1]), "slope to the right"),
            (number(back.flat[cell]), "gradient in code"),
        ),
        walk="input",
        beware=notation.beware,
        code=f"{notation.output} = torch.nn.functional.max_pool2d({notation.input}, {kernel_size})",
    )


def _scalar(input, cell: int, values, kernel_size, upstream) -> np.ndarray:
    """F for each value of the cell."""
    maps = np.repeat(input[np.newaxis], len(values), axis=0)
    maps.reshape(len(values), -1)[:, cell] = values
    return (upstream * max_pool2d(maps, kernel_size)).sum(axis=(-2, -1))


def _others(met, input, cell: int) -> list[float]:
    """The other cells in the window of a cell; empty where no window reads it, or it is alone."""
    windows = met["output"][met["cell"] == cell]
    there = met["cell"][np.isin(met["output"], windows)]
    return [float(input.flat[other]) for other in there if other != cell]


def _say(notation, name, value, kink, slopes, gradient) -> str:
    name, scalar = spoken(name), notation.scalar
    if kink is None:
        return f"{name} has no rivals: {scalar} moves with it, or it is in no window at all."
    if value < kink:
        return f"{name} = {number(value)} loses against {number(kink)}: {scalar} does not move with it."
    if value > kink:
        return (
            f"{name} = {number(value)} wins: {scalar} moves with it, with slope {number(gradient)}."
        )
    return (
        f"{name} ties with {number(kink)}, and {scalar} has a kink: slope {number(slopes[0])} to the "
        f"left, {number(slopes[1])} to the right. PyTorch's rule, the first of equal cells, gives "
        f"{number(gradient)}."
    )


def _sentences(a, met, input, switches) -> tuple[str, ...]:
    winners = set(switches.ravel().tolist())

    def sentence(cell: int) -> str:
        name, others = spoken(a.symbols[cell]), _others(met, input, cell)
        value = float(input.flat[cell])
        if not others:
            return f"{name} has no rivals in a window."
        if cell in winners:
            return f"{name} wins. It could fall by {number(value - max(others))} before another cell takes over."
        return (
            f"{name} loses. It would have to rise by {number(max(others) - value)} to matter: until "
            "then its gradient is 0."
        )

    return tuple(map(sentence, range(input.size)))


def _plot(notation, name, values, curve, value, here, slope, kink) -> tuple[Stroke, ...]:
    """F against the cell: axes, the curve, the kink, and the tangent that the gradient describes."""
    x, y, width, height = PLOT
    low, high = float(curve.min()), float(curve.max())
    room = max(high - low, 1.0)

    def at(v: float, f: float) -> tuple[float, float]:
        across = x + width * (v - values[0]) / (values[-1] - values[0])
        return round(across, 2), round(y + height - 14 - (height - 28) * (f - low) / room, 2)

    points = tuple(at(v, f) for v, f in zip(values, curve, strict=True))
    near = (values[-1] - values[0]) / 7
    bounds = (low - room / 20, high + room / 20)  # a steep tangent must not leave the plot
    ends = [(-near, near)] + ([sorted((f - here) / slope for f in bounds)] if slope else [])
    starts, stops = zip(*ends, strict=True)
    tangent = tuple(at(value + d, here + slope * d) for d in (max(starts), min(stops)))
    foot = at(value, here)
    strokes = [
        Stroke(((x, y + height), (x + width, y + height)), "axis"),
        Stroke(((x + width + 20, y + height + 12),) * 2, "axis", name),
        Stroke(((x, y + height), (x, y)), "axis"),
        Stroke(((x, y), (x, y)), "axis", notation.scalar),
        Stroke(points, "curve"),
        Stroke(tangent, "tangent"),
        Stroke((foot, (foot[0], y + height)), "axis"),
        Stroke(
            ((foot[0], y + height), (foot[0], y + height + 5)), "axis", number(value), below=True
        ),
    ]
    if kink is not None and values[0] <= kink <= values[-1]:
        corner = at(kink, float(np.interp(kink, values, curve)))
        strokes += [
            Stroke(((corner[0], corner[1] - 9), (corner[0], corner[1] + 9)), "curve"),
            Stroke(
                ((corner[0] - 30, corner[1] - 4), (corner[0] - 30, corner[1] - 4)), "axis", "kink"
            ),
        ]
    return tuple(strokes)
