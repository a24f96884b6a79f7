"""The picture of one gate z = f(x, y): what goes in, what comes back, and the slope between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, number
from ..plot import Plot
from ..sheet import WIDTH, Sheet
from ..words import Says


@dataclass(frozen=True)
class Gate:
    """A function of two numbers with its local gradients.

    ``written`` is the function in letters, ``slopes`` its two local gradients in letters,
    ``reach`` how far z gets for |x|, |y| up to 7, for the plot, and ``call`` PyTorch's.
    """

    value: Callable[[float, float], float]
    local: Callable[[float, float], tuple[float, float]]
    written: str
    slopes: tuple[str, str]
    reach: float
    call: str


def _share_of_max(x: float, y: float) -> tuple[float, float]:
    """1 for the larger input. A tie has no slope; PyTorch's maximum gives each half."""
    return (0.5, 0.5) if x == y else (float(x > y), float(y > x))


GATES = {
    "add": Gate(lambda x, y: x + y, lambda x, y: (1.0, 1.0), "x + y", ("1", "1"), 12, "x + y"),
    "multiply": Gate(lambda x, y: x * y, lambda x, y: (y, x), "x·y", ("y", "x"), 36, "x * y"),
    "max": Gate(
        max, _share_of_max, "max(x, y)", ("1 or 0", "1 or 0"), 7, "torch.maximum(x, y)"
    ),
}  # fmt: skip


def room(x: float, y: float) -> Slot:
    """The room of a single number, its upper left corner at (x, y)."""
    return Slot(x, y, 110, 46, largest=110, square=False)


SLOTS = {
    "gate": room(410, 209), "z": room(600, 180), "upstream": room(600, 268),
    "x": room(30, 60), "x_local": room(260, 140), "x_gradient": room(30, 140),
    "y": room(30, 360), "y_local": room(260, 280), "y_gradient": room(30, 280),
}  # fmt: skip


def gate(kind: str, x: float, y: float, upstream: float, nudge: float = 0.0, **letters) -> Scene:
    """One gate ("add", "multiply" or "max"), the two inputs, and what flows back to them.

    ``upstream`` is the gradient that arrives at z. ``nudge`` is added to x alone, to compare what
    the gradient predicts with what happens. ``letters`` are those of a `Sheet`, numbers of the
    slides unless said: notation and show. Source: slides, the gate z = f(x, y).

    >>> scene = gate("multiply", 2.0, 3.0, 5.0)
    >>> scene["x_gradient"].numbers, scene["y_gradient"].numbers
    (('15',), ('10',))
    """
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["slides"], "show": "numbers", **letters})
    scalar, chosen = sheet.notation.scalar, GATES[kind]
    values = _values(chosen, x, y, upstream)
    predicted = values["x_gradient"] * nudge
    measured = upstream * (chosen.value(x + nudge, y) - values["z"])
    steps, written = _steps(kind, values, scalar), f"z = {chosen.written.replace('·', ' · ')}"
    return sheet.scene(
        f"The gate {written}",
        tuple(revealed(grid, steps) for grid in _grids(sheet, chosen, values)),
        _table(kind, x, y),
        saying(_sentences(chosen, values, scalar)),
        say="Values run forward along the blue arrows, gradients back along the orange ones. "
        "Press Next to follow them.",
        size=(WIDTH, 440),
        equations=_equations(sheet, kind, x, y),
        strokes=_wires(values, sheet.show) + _slope(chosen, x, y),
        signs=((860, 58, written),),
        counters=(
            (number(predicted), f"predicted: ∂{scalar}/∂x · nudge"),
            (number(measured), f"measured: ∂{scalar}/∂z · Δz"),
        ),
        lamps=((bool(np.isclose(predicted, measured)), "The prediction holds for this nudge."),),
        steps=steps,
        code=f"z = {chosen.call}",
    )


# What pictures of single numbers share.


def lone(sheet: Sheet, name: str, title: str, symbol: str, value: float, **more) -> Grid:
    """A single number with its name above it."""
    return Grid(
        name,
        title,
        (1, 1, 1, 1),
        sheet.slots[name],
        symbols=(symbol,),
        numbers=(number(value),),
        show=sheet.show,
        **more,
    )


def saying(sentences: dict[str, str]) -> dict[str, Says]:
    """One sentence for each grid of a single number."""
    return {name: lambda _cell, words=words: words for name, words in sentences.items()}


def lit(names: Iterable[str], say: str, of: str | None = None) -> Step:
    """A step that lights single numbers; ``of`` is the one whose equation is read."""
    return Step({name: (0,) for name in names}, say, of=of and (of, 0))


def revealed(grid: Grid, steps: Sequence[Step], given: bool = False) -> Grid:
    """The grid with its cells empty until the first step that lights it; what is given always stands."""
    known = 0 if given else [grid.name in step.lit for step in steps].index(True)
    empty = ("",) * grid.size
    frames = (empty if step < known else grid.texts for step in range(len(steps)))
    return replace(grid, frames=tuple(frames))


def table_of(*meetings: set[str]) -> dict[str, np.ndarray]:
    """A scene's table for lone cells: a row for each set of grids that belong together.

    >>> table_of({"x", "z"}, {"y", "z"})["x"].tolist()
    [0, -1]
    """
    names = sorted(set().union(*meetings))
    return {
        name: np.array([0 if name in meeting else NOWHERE for meeting in meetings])
        for name in names
    }


def signed(value: float) -> str:
    """A number as a factor: a negative one in brackets.

    >>> signed(2.0), signed(-0.5)
    ('2', '(−0.5)')
    """
    return number(value) if value >= 0 else f"({number(value)})"


# What is one gate's own.


def _values(gate: Gate, x: float, y: float, upstream: float) -> dict[str, float]:
    """The number in each cell."""
    values = {"x": x, "y": y, "z": gate.value(x, y), "upstream": upstream}
    for name, slope in zip("xy", gate.local(x, y), strict=True):
        values |= {f"{name}_local": slope, f"{name}_gradient": upstream * slope}
    return values


def _grids(sheet: Sheet, gate: Gate, values: dict[str, float]) -> list[Grid]:
    scalar = sheet.notation.scalar
    sign = {"x·y": "×", "x + y": "+"}.get(gate.written, "max")
    symbols = {"z": "z", "upstream": f"∂{scalar}/∂z"}
    titles = {"z": "|z|", "upstream": f"upstream |∂{scalar}/∂z|"}
    for name, slope in zip("xy", gate.slopes, strict=True):
        symbols |= {name: name, f"{name}_local": f"∂z/∂{name}"}
        symbols[f"{name}_gradient"] = f"∂{scalar}/∂{name}"
        titles[f"{name}_local"] = f"local |∂z/∂{name} = {slope}|"
    grids = [replace(lone(sheet, "gate", "", sign, 0), numbers=(sign,))]
    for name in list(SLOTS)[1:]:
        title, symbol = titles.get(name, f"|{symbols[name]}|"), symbols[name]
        role = "written" if name in ("z", "x_gradient", "y_gradient") else "read"
        grids.append(lone(sheet, name, title, symbol, values[name], role=role))
    return grids


def _sentences(gate: Gate, values: dict[str, float], scalar: str) -> dict[str, str]:
    n = {name: number(value) for name, value in values.items()}
    said = {
        "gate": f"The gate: z = {gate.written}. It keeps x and y, because the way back needs them.",
        "z": f"z = {gate.written} = {n['z']} leaves the gate. The gate does not know what happens to "
        "it later.",
        "upstream": f"The upstream gradient ∂{scalar}/∂z = {n['upstream']} arrives: how fast {scalar} "
        "moves when z moves. All that comes later in the network is in this number.",
    }
    for name, slope in zip("xy", gate.slopes, strict=True):
        local = f"{name}_local"
        said |= {
            name: f"{name} = {n[name]} goes into the gate. When only {name} moves, z moves "
            f"{n[local]} times as fast.",
            local: f"The local gradient ∂z/∂{name} = {slope}, here {n[local]}. The gate finds it "
            f"alone, from x and y: no {scalar} is in it.",
            f"{name}_gradient": f"Upstream times local: {_product(values, name)} = "
            f"{n[f'{name}_gradient']}. It is the upstream gradient of whatever made {name}.",
        }
    return said


def _product(values: dict[str, float], name: str) -> str:
    """Upstream times local in numbers, on the wire to an input."""
    return f"{number(values['upstream'])} · {signed(values[f'{name}_local'])}"


def _table(kind: str, x: float, y: float) -> dict[str, np.ndarray]:
    """Which numbers meet: forward, in the local gradients, and on each wire back."""
    winner = "x" if x >= y else "y"
    meetings = {
        "add": ({"x", "y", "gate", "z"},),
        "multiply": ({"x", "y", "gate", "z"}, {"y", "x_local"}, {"x", "y_local"}),
        "max": ({winner, "gate", "z"}, {"x", "y", "gate", "x_local", "y_local"}),
    }[kind]
    back = tuple({"upstream", f"{name}_local", f"{name}_gradient"} for name in "xy")
    return table_of(*meetings, *back)


def _equations(sheet: Sheet, kind: str, x: float, y: float) -> dict[str, Equation]:
    winner = "{x}" if x >= y else "{y}"
    forward = {
        "add": sheet.equation("z", "x", plus="y"),
        "multiply": sheet.equation("z", "x", "y"),
        "max": Equation("{z} = max(x, y)", (winner,), counted=True),
    }
    return {"z": forward[kind]} | {
        f"{name}_gradient": sheet.equation(
            f"{name}_gradient", "upstream", f"{name}_local", printed="gate"
        )
        for name in "xy"
    }


def _wires(values: dict[str, float], show: str) -> tuple[Stroke, ...]:
    words = [_product(values, name) if show == "numbers" else "upstream × local" for name in "xy"]
    return (
        Stroke(((140, 83), (465, 83), (465, 209))),
        Stroke(((140, 383), (465, 383), (465, 255))),
        Stroke(((520, 224), (600, 203))),
        Stroke(((600, 291), (520, 244)), "backward"),
        Stroke(((410, 224), (370, 170)), "backward"),
        Stroke(((410, 242), (370, 296)), "backward"),
        Stroke(((260, 163), (140, 163)), "backward", words[0]),
        Stroke(((260, 303), (140, 303)), "backward", words[1]),
    )


LOCALLY = {
    "add": "Local gradients: z moves as fast as x, and as fast as y. Both are 1.",
    "multiply": "Local gradients: ∂z/∂x is y and ∂z/∂y is x. Each input is the other's slope.",
    "max": "Local gradients: z moves with the larger input and does not feel the other one.",
}
AFTER = {
    "add": "An add gate hands on what it gets, to both.",
    "multiply": "A multiply gate hands to each what it gets times the other.",
    "max": "A max gate hands all it gets to the larger input: it is a switch.",
}


def _steps(kind: str, values: dict[str, float], scalar: str) -> tuple[Step, ...]:
    arrives = f"∂{scalar}/∂z = {number(values['upstream'])}"
    back = {
        name: f"∂{scalar}/∂{name} = upstream × local = {_product(values, name)} = "
        f"{number(values[f'{name}_gradient'])}."
        for name in "xy"
    }
    forward = f"Forward: the gate makes z = {GATES[kind].written}, and keeps x and y."
    return (
        lit(("x", "y", "gate", "z"), forward, of="z"),
        lit(("x", "y", "x_local", "y_local"), LOCALLY[kind]),
        lit(("upstream",), f"The upstream gradient {arrives} arrives from what comes later."),
        lit(("upstream", "x_local", "x_gradient"), back["x"], of="x_gradient"),
        lit(("upstream", "y_local", "y_gradient"), f"{back['y']} {AFTER[kind]}", of="y_gradient"),
    )


PLOT = (750, 970, 90, 370)  # left, right, top and bottom of the plot of z over x


def _slope(gate: Gate, x: float, y: float) -> tuple[Stroke, ...]:
    """z over x with y held still, and the line whose slope is the local gradient."""
    plot = Plot(PLOT, across=(-7, 7), up=(-gate.reach, gate.reach))
    at = plot.at
    z, slope = gate.value(x, y), gate.local(x, y)[0]
    bends = sorted({-7.0, min(max(y, -7.0), 7.0), 7.0})
    return (
        Stroke((at(-7, 0), at(7, 0)), "axis"),
        Stroke((at(0, -gate.reach), at(0, gate.reach)), "axis"),
        plot.curve(bends, (gate.value(bend, y) for bend in bends)),
        plot.tangent(x, z, slope, reach=(-2.5, 2.5)),
        Stroke((at(x, 0), at(x, z)), "axis"),
        Stroke((at(6.4, 0), at(7, 0)), "axis", "x", below=True),
        Stroke(
            (at(-7, -gate.reach), at(7, -gate.reach)), "axis", "z while only x moves", below=True
        ),
    )
