"""The picture of one gate z = f(x, y), or f(x): what goes in, what comes back, and the slope between."""

from __future__ import annotations

import numpy as np

from ...scene import Equation, Grid, Lamp, Scene, Step, Stroke
from ...symbols import NOTATIONS, number
from ..plot import Plot
from ..sheet import Sheet
from .gate_kinds import GATES, Gate, afterwards, locally
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

SLOTS = {
    **pair("x", "x_gradient", 30, 120), "x_local": room(236, 120, under=True),
    **pair("y", "y_gradient", 30, 380), "y_local": room(236, 380, under=True),
    "gate": room(410, 206, wide=76, high=2 * HIGH),
    **pair("z", "upstream", 560, 250),
}  # fmt: skip


def gate(kind: str, x: float, y: float, upstream: float, nudge: float = 0.0, **letters) -> Scene:
    """One gate ("add", "multiply", "max" or "ReLU"), its inputs, and what flows back to them.

    ReLU reads x alone. ``upstream`` is the gradient that arrives at z. ``nudge`` is added to x alone,
    to compare what the gradient predicts with what happens. ``letters`` are those of a `Sheet`, numbers of the
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
        saying(_sentences(kind, values, scalar)),
        say="Values run forward along the blue arrows, gradients back along the orange ones.",
        equations=_equations(sheet, kind, x, y),
        strokes=_wires(chosen) + _slope(chosen, x, y, nudge),
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
    going_in = dict(zip(gate.inputs, (x, y), strict=False))
    values = {**going_in, "z": gate.value(x, y), "upstream": upstream}
    for name, slope in zip(gate.inputs, gate.local(x, y), strict=True):
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
    for name, slope in zip(gate.inputs, gate.slopes, strict=True):
        symbols |= {name: name, f"{name}_local": f"∂z/∂{name}"}
        symbols[f"{name}_gradient"] = f"∂{scalar}/∂{name}"
        titles[f"{name}_local"] = f"local |∂z/∂{name} = {slope}|"
    grids = [gate_box(sheet, "gate", gate.sign)]
    for name in values:
        title, symbol = titles.get(name, f"|{symbols[name]}|"), symbols[name]
        role = "written" if name in ("z", "x_gradient", "y_gradient") else "read"
        grids.append(lone(sheet, name, title, symbol, values[name], role=role))
    return grids


def _sentences(kind: str, values: dict[str, float], scalar: str) -> dict[str, str]:
    gate = GATES[kind]
    kept, need = ("x and y", "them") if len(gate.inputs) == 2 else ("x", "it")
    kink = gate.at_kink(values["x"], values.get("y", 0.0))
    n = {name: number(value) for name, value in values.items()}
    said = {
        "gate": f"The gate: z = {gate.written}. It keeps {kept}, because the way back needs {need}.",
        "z": f"z = {gate.written} = {n['z']} leaves the gate. The gate does not know what happens to "
        "it later.",
        "upstream": f"The upstream gradient ∂{scalar}/∂z = {n['upstream']} arrives: how fast {scalar} "
        "moves when z moves. All that comes later in the network is in this number.",
    }
    for name, slope in zip(gate.inputs, gate.slopes, strict=True):
        local = f"{name}_local"
        moves = f"When only {name} moves, z moves {n[local]} times as fast."
        said |= {
            name: f"{name} = {n[name]} goes into the gate. "
            + (locally(kind, values["x"], values.get("y", 0.0)) if kink else moves),
            local: f"The local gradient ∂z/∂{name} = {slope}, here {n[local]}. The gate finds it "
            f"alone, from {kept}: no {scalar} is in it.",
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
        # where ReLU is 0, x is no part of z
        "ReLU": ({"gate", "z"} | ({"x"} if x > 0 else set()), {"x", "gate", "x_local"}),
    }[kind]
    back = ({"upstream", f"{name}_local", f"{name}_gradient"} for name in GATES[kind].inputs)
    return table_of(*meetings, *back)


def _equations(sheet: Sheet, kind: str, x: float, y: float) -> dict[str, Equation]:
    winner = "{x}" if x >= y else "{y}"
    forward = {
        "add": sheet.equation("z", "x", plus="y"),
        "multiply": sheet.equation("z", "x", "y"),
        "max": Equation("{z} = max(x, y)", (winner,), counted=True),
        "ReLU": Equation("{z} = max(x, 0)", ("{x}",), counted=True),
    }
    return {"z": forward[kind]} | {
        f"{name}_gradient": sheet.equation(
            f"{name}_gradient", "upstream", f"{name}_local", printed="gate"
        )
        for name in GATES[kind].inputs
    }


def _wires(of: Gate) -> tuple[Stroke, ...]:
    """Each wire forward, and beside it the way back through the local gradient."""
    at, gate = SLOTS, SLOTS["gate"]
    steps = dict(zip(of.inputs, (BACK_TO_X, BACK_TO_Y), strict=False))
    wires = [
        Stroke(level(gate, at["z"]), steps=(FORWARD,)),
        Stroke(level(at["upstream"], gate), "backward", steps=(ARRIVES, *steps.values())),
    ]
    for name, (forth, back) in zip(of.inputs, ((0.7, 0.3), (0.3, 0.7)), strict=False):
        local = at[f"{name}_local"]
        wires += [
            Stroke(bent(right(at[name]), gate, forth), steps=(FORWARD,)),
            Stroke(bent(right(local), gate, back)[::-1], "backward", steps=(steps[name],)),
            Stroke(level(local, at[f"{name}_gradient"]), "backward", steps=(steps[name],)),
        ]
    return tuple(wires)


FORWARD, LOCAL, ARRIVES, BACK_TO_X, BACK_TO_Y = range(5)  # the steps


def _steps(kind: str, values: dict[str, float], scalar: str) -> tuple[Step, ...]:
    arrives = f"∂{scalar}/∂z = {number(values['upstream'])}"
    inputs = tuple(GATES[kind].inputs)
    numbers = values["x"], values.get("y", 0.0)
    forward = (
        f"Forward: the gate makes z = {GATES[kind].written}, and keeps {' and '.join(inputs)}."
    )
    # Of an add gate both slopes are 1, whatever x and y are.
    found_from = ("gate",) if kind == "add" else inputs
    found = tuple(f"{name}_local" for name in inputs)
    there = (
        step(inputs, ("z",), forward, of="z"),
        step(found_from, found, locally(kind, *numbers)),
        step((), ("upstream",), f"The upstream gradient {arrives} arrives from what comes later."),
    )
    back = (
        step(
            ("upstream", f"{name}_local"),
            (f"{name}_gradient",),
            f"∂{scalar}/∂{name} = upstream × local = {_product(values, name)} = "
            f"{number(values[f'{name}_gradient'])}."
            + f" {afterwards(kind, *numbers)}"
            * (name == inputs[-1]),
            of=f"{name}_gradient",
        )
        for name in inputs
    )
    return (*there, *back)


PLOT = (746, 946, 96, 396)  # left, right, top and bottom of the plot of z over x
FARTHEST = 7  # of x to both sides
HANDLE = 36  # the line to the left of the plot that a number stands on


def _slope(gate: Gate, x: float, y: float, nudge: float) -> tuple[Stroke, ...]:
    """z over x with y held still, and the line whose slope is the local gradient: it says where the
    nudge leads, and the curve says where it does lead."""
    plot = Plot(PLOT, across=(-FARTHEST, FARTHEST), up=(-gate.reach, gate.reach))
    at = plot.at
    z, slope = gate.value(x, y), gate.local(x, y)[0]
    bend = 0.0 if gate.rival is None else gate.rival(y)
    bends = sorted({-FARTHEST, min(max(bend, -FARTHEST), FARTHEST), FARTHEST})
    return (
        *_scale(plot, gate),
        plot.tangent(x, z, slope, reach=(-2.5, min(2.5, FARTHEST - x))),
        plot.curve(bends, (gate.value(bend, y) for bend in bends)),
        *(Stroke((at(here, 0), at(here, gate.value(here, y))), "axis") for here in (x, x + nudge)),
    )


def _scale(plot: Plot, gate: Gate) -> tuple[Stroke, ...]:
    """The axes of the plot, with some of the numbers along them."""
    left, right, top, bottom = plot.room
    middle = ((left + right) / 2, top)
    lines = [
        Stroke(
            (middle, middle),
            "axis",
            "z while only x moves" if "y" in gate.inputs else "z as x moves",
        )
    ]
    for z in (-gate.marked, 0, gate.marked):
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
