"""The picture of one gate z = f(x, y): what goes in, what comes back, and the slope between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...scene import Equation, Grid, Lamp, Scene, Step, Stroke
from ...symbols import NOTATIONS, number
from ..plot import Plot
from ..sheet import Sheet
from .single_numbers import (
    HIGH,
    bent,
    gate_box,
    level,
    lone,
    pair,
    revealed,
    right,
    room,
    saying,
    step,
    table_of,
)


@dataclass(frozen=True)
class Gate:
    """A function of two numbers with its local gradients.

    ``written`` is the function in letters, ``slopes`` its two local gradients in letters,
    ``sign`` what stands in its box, ``reach`` how far z is plotted and ``marked`` the number that is
    marked there, and ``call`` PyTorch's.
    """

    value: Callable[[float, float], float]
    local: Callable[[float, float], tuple[float, float]]
    written: str
    slopes: tuple[str, str]
    sign: str
    reach: float
    marked: int
    call: str


def _share_of_max(x: float, y: float) -> tuple[float, float]:
    """1 for the larger input. A tie has no slope; PyTorch's maximum gives each half."""
    return (0.5, 0.5) if x == y else (float(x > y), float(y > x))


GATES = {
    "add": Gate(lambda x, y: x + y, lambda x, y: (1.0, 1.0), "x + y", ("1", "1"), "+", 12, 10, "x + y"),
    "multiply": Gate(lambda x, y: x * y, lambda x, y: (y, x), "x·y", ("y", "x"), "×", 36, 30, "x * y"),
    "max": Gate(
        max, _share_of_max, "max(x, y)", ("1 or 0", "1 or 0"), "max", 7, 5, "torch.maximum(x, y)"
    ),
}  # fmt: skip


SLOTS = {
    **pair("x", "x_gradient", 30, 120), "x_local": room(236, 120, under=True),
    **pair("y", "y_gradient", 30, 380), "y_local": room(236, 380, under=True),
    "gate": room(410, 206, wide=76, high=2 * HIGH),
    **pair("z", "upstream", 560, 250),
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
    measured = upstream * (chosen.value(x + nudge, y) - values["z"])
    steps, written = _steps(kind, values, scalar), f"z = {chosen.written.replace('·', ' · ')}"
    return sheet.scene(
        f"The gate {written}",
        tuple(revealed(grid, steps) for grid in _grids(sheet, chosen, values)),
        _table(kind, x, y),
        saying(_sentences(chosen, values, scalar)),
        say="Values run forward along the blue arrows, gradients back along the orange ones.",
        equations=_equations(sheet, kind, x, y),
        strokes=_wires() + _slope(chosen, x, y, nudge),
        **_promise(values["x_gradient"] * nudge, measured, scalar) if nudge else {},
        steps=steps,
        code=f"z = {chosen.call}",
    )


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


def _promise(predicted: float, measured: float, scalar: str) -> dict:
    """What the gradient predicts for a nudge, what happens, and whether it kept its promise."""
    kept = bool(np.isclose(predicted, measured))
    return {
        "counters": (
            (number(predicted), f"predicted: ∂{scalar}/∂x · nudge"),
            (number(measured), f"measured: ∂{scalar}/∂z · Δz"),
        ),
        "lamps": (Lamp(kept, f"predicted and measured {'agree' if kept else 'differ'}"),),
    }


def _grids(sheet: Sheet, gate: Gate, values: dict[str, float]) -> list[Grid]:
    scalar = sheet.notation.scalar
    symbols = {"z": "z", "upstream": f"∂{scalar}/∂z"}
    titles = {"z": f"|z = {gate.written}|", "upstream": f"upstream |∂{scalar}/∂z|"}
    for name, slope in zip("xy", gate.slopes, strict=True):
        symbols |= {name: name, f"{name}_local": f"∂z/∂{name}"}
        symbols[f"{name}_gradient"] = f"∂{scalar}/∂{name}"
        titles[f"{name}_local"] = f"local |∂z/∂{name} = {slope}|"
    grids = [gate_box(sheet, "gate", gate.sign)]
    for name in values:
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
    """Upstream times local in numbers."""
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


def _wires() -> tuple[Stroke, ...]:
    """Each wire forward, and beside it the way back through the local gradient."""
    at, gate = SLOTS, SLOTS["gate"]
    x_back, y_back = (right(at[f"{name}_local"]) for name in "xy")
    wires = [
        Stroke(bent(right(at["x"]), gate, 0.7), steps=(FORWARD,)),
        Stroke(bent(right(at["y"]), gate, 0.3), steps=(FORWARD,)),
        Stroke(level(gate, at["z"]), steps=(FORWARD,)),
        Stroke(level(at["upstream"], gate), "backward", steps=(ARRIVES, BACK_TO_X, BACK_TO_Y)),
        Stroke(bent(x_back, gate, 0.3)[::-1], "backward", steps=(BACK_TO_X,)),
        Stroke(bent(y_back, gate, 0.7)[::-1], "backward", steps=(BACK_TO_Y,)),
    ]
    for name, back in (("x", BACK_TO_X), ("y", BACK_TO_Y)):
        last = level(at[f"{name}_local"], at[f"{name}_gradient"])
        wires.append(Stroke(last, "backward", steps=(back,)))
    return tuple(wires)


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


FORWARD, LOCAL, ARRIVES, BACK_TO_X, BACK_TO_Y = range(5)  # the steps


def _steps(kind: str, values: dict[str, float], scalar: str) -> tuple[Step, ...]:
    arrives = f"∂{scalar}/∂z = {number(values['upstream'])}"
    back = {
        name: f"∂{scalar}/∂{name} = upstream × local = {_product(values, name)} = "
        f"{number(values[f'{name}_gradient'])}."
        for name in "xy"
    }
    forward = f"Forward: the gate makes z = {GATES[kind].written}, and keeps x and y."
    # Of an add gate both slopes are 1, whatever x and y are.
    found_from = ("gate",) if kind == "add" else ("x", "y")
    return (
        step(("x", "y"), ("z",), forward, of="z"),
        step(found_from, ("x_local", "y_local"), LOCALLY[kind]),
        step((), ("upstream",), f"The upstream gradient {arrives} arrives from what comes later."),
        step(("upstream", "x_local"), ("x_gradient",), back["x"], of="x_gradient"),
        step(
            ("upstream", "y_local"), ("y_gradient",), f"{back['y']} {AFTER[kind]}", of="y_gradient"
        ),
    )


PLOT = (746, 946, 96, 396)  # left, right, top and bottom of the plot of z over x
FARTHEST = 7  # of x to both sides
HANDLE = 36  # the line to the left of the plot that a number stands on


def _slope(gate: Gate, x: float, y: float, nudge: float) -> tuple[Stroke, ...]:
    """z over x with y held still, and the line whose slope is the local gradient: it says where the
    nudge leads, and the curve says where it does lead."""
    plot = Plot(PLOT, across=(-FARTHEST, FARTHEST), up=(-gate.reach, gate.reach))
    at = plot.at
    z, slope = gate.value(x, y), gate.local(x, y)[0]
    bends = sorted({-FARTHEST, min(max(y, -FARTHEST), FARTHEST), FARTHEST})
    return (
        *_scale(plot, gate.marked),
        plot.tangent(x, z, slope, reach=(-2.5, min(2.5, FARTHEST - x))),
        plot.curve(bends, (gate.value(bend, y) for bend in bends)),
        *(Stroke((at(here, 0), at(here, gate.value(here, y))), "axis") for here in (x, x + nudge)),
    )


def _scale(plot: Plot, marked: int) -> tuple[Stroke, ...]:
    """The axes of the plot, with some of the numbers along them."""
    left, right, top, bottom = plot.room
    middle = ((left + right) / 2, top)
    lines = [Stroke((middle, middle), "axis", "z while only x moves")]
    for z in (-marked, 0, marked):
        _, y = plot.at(0, z)
        lines.append(Stroke(((left - HANDLE, y), (left, y)), "axis", number(z)))
    for x in (-5, 0, 5):
        along, _ = plot.at(x, 0)
        lines.append(Stroke(((along, bottom), (along, bottom + 6)), "axis", number(x), below=True))
    ends = (
        ((left, top), (left, bottom), (right, bottom)),
        (plot.at(-FARTHEST, 0), plot.at(FARTHEST, 0)),
    )
    return (*lines, *(Stroke(line, "axis") for line in ends))
