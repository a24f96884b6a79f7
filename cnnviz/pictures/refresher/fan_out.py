"""The picture of a number that is used twice: two gradients come back, and they are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...scene import Equation, Grid, Lamp, Scene, Stroke
from ...symbols import NOTATIONS, number
from ..sheet import Sheet
from ..words import equation
from .gate_kinds import AFTER, GATES
from .single_numbers import (
    bent,
    gate_box,
    left,
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

# A gradient stands right under its value.
SLOTS = {
    **pair("y", "y_gradient", 30, 110),
    **pair("x", "x_gradient", 30, 280),
    **pair("w", "w_gradient", 30, 450),
    "fork": room(186, 240, wide=44, high=80),
    "x_from_u": room(288, 178, under=True), "x_from_v": room(288, 338),
    "u_gate": room(460, 72, wide=56, high=144), "v_gate": room(460, 344, wide=56, high=144),
    **pair("u", "u_gradient", 590, 144),
    **pair("v", "v_gradient", 590, 416),
    "end_gate": room(766, 230, wide=64, high=100),
    **pair("end", "end_gradient", 890, 280),
}  # fmt: skip
# Each number and what it is made of, in the order in which they become known.
FORWARD = {"u": ("x", "y"), "v": ("x", "w"), "end": ("u", "v")}
BACKWARD = {
    "u_gradient": ("end_gradient", "v"),
    "v_gradient": ("end_gradient", "u"),
    "y_gradient": ("u_gradient", "x"),
    "x_from_u": ("u_gradient", "y"),
    "x_from_v": ("v_gradient",),
    "w_gradient": ("v_gradient",),
}
SUMS = ("v", "x_gradient")  # the others are products
GATES_HERE = {"u_gate": "multiply", "v_gate": "add", "end_gate": "multiply"}


def fan_out(y: float, x: float, w: float, *, overwrite: bool = False, **letters) -> Scene:
    """u = x·y and v = x + w, and their product: x is used twice, so its gradient has two amounts.

    ``overwrite`` makes the mistake of keeping only the amount that arrives last. The lamp compares
    with a central difference. ``letters`` are those of a `Sheet`, numbers of the slides unless said:
    notation and show. Source: the chain rule for several paths, as in blog, "all those instances
    where the output is affected".

    >>> scene = fan_out(2.0, 3.0, 1.0)
    >>> [scene[name].numbers[0] for name in ("x_from_u", "x_from_v", "x_gradient")]
    ['8', '6', '14']
    """
    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["slides"], "show": "numbers", **letters})
    scalar, values = sheet.notation.scalar, _forward(y, x, w)
    values |= _backward(values)
    arrived = ("x_from_v",) if overwrite else ("x_from_u", "x_from_v")
    values["x_gradient"] = sum(values[name] for name in arrived)
    slope = central_difference(lambda x: _forward(y, x, w)["end"], x)
    agrees = bool(np.isclose(values["x_gradient"], slope))
    made = {**FORWARD, "end_gradient": (), **BACKWARD, "x_gradient": arrived}
    said = _sentences(values, scalar, slope, overwrite)
    steps = tuple(step(read, (name,), said[name], of=name) for name, read in made.items())
    return sheet.scene(
        "A number that is used twice",
        (*_boxes(sheet, overwrite), *(revealed(grid, steps) for grid in _grids(sheet, values))),
        _table(made),
        saying(said),
        say="x feeds u and v. Values go forward, then gradients come back beside them, and two of them "
        "meet at x.",
        equations={
            name: _equation(name, made[name]) for name in (*BACKWARD, *FORWARD, "x_gradient")
        },
        strokes=_wires(made),
        lamps=(_judge(agrees, f"∂{scalar}/∂x"),),
        steps=steps,
        code=f"{scalar} = (x * y) * (x + w); {scalar}.backward(); x.grad",
    )


def central_difference(function, at: float, h: float = 1e-4) -> float:
    """How fast a function moves at a point, measured a little to both sides.

    >>> round(central_difference(lambda x: x**2, 3.0), 6)
    6.0
    """
    return (function(at + h) - function(at - h)) / (2 * h)


def _forward(y: float, x: float, w: float) -> dict[str, float]:
    u, v = GATES["multiply"].value(x, y), GATES["add"].value(x, w)
    return {"y": y, "x": x, "w": w, "u": u, "v": v, "end": GATES["multiply"].value(u, v)}


def _backward(values: dict[str, float]) -> dict[str, float]:
    """Upstream times local, gate by gate, from the end."""
    y, x, w, u, v = (values[name] for name in "yxwuv")
    by_u, by_v = GATES["multiply"].local(u, v)
    u_by_x, u_by_y = GATES["multiply"].local(x, y)
    v_by_x, v_by_w = GATES["add"].local(x, w)
    return {
        "end_gradient": 1.0,
        "u_gradient": by_u,
        "v_gradient": by_v,
        "y_gradient": by_u * u_by_y,
        "x_from_u": by_u * u_by_x,
        "x_from_v": by_v * v_by_x,
        "w_gradient": by_v * v_by_w,
    }


def _wires(made: Mapping[str, tuple[str, ...]]) -> tuple[Stroke, ...]:
    """Every wire, bright in the steps that make these numbers of what is on it."""
    at, steps = SLOTS, {name: n for n, name in enumerate(made)}
    fork, u_gate, v_gate, end_gate = (at[name] for name in ("fork", *GATES_HERE))
    # On a lane out of the fork the wire forward runs outside, and the way back inside.
    to_u, to_v = left(u_gate, 166), left(v_gate, 394)
    forward = (
        (level(at["y"], u_gate), "u"),
        (level(at["x"], fork), "u", "v"),
        (bent(to_u, fork, 0.25)[::-1], "u"),
        (bent(to_v, fork, 0.25)[::-1], "v"),
        (level(at["w"], v_gate), "v"),
        (level(u_gate, at["u"]), "u"),
        (level(v_gate, at["v"]), "v"),
        (bent(right(at["u"]), end_gate, 0.7), "end"),
        (bent(right(at["v"]), end_gate, 0.3), "end"),
        (level(end_gate, at["end"]), "end"),
    )
    backward = (
        (level(at["end_gradient"], end_gate), "u_gradient", "v_gradient"),
        (bent(right(at["u_gradient"]), end_gate, 0.3)[::-1], "u_gradient"),
        (bent(right(at["v_gradient"]), end_gate, 0.7)[::-1], "v_gradient"),
        (level(at["u_gradient"], u_gate), "y_gradient", "x_from_u"),
        (level(at["v_gradient"], v_gate), "x_from_v", "w_gradient"),
        (level(u_gate, at["y_gradient"]), "y_gradient"),
        (level(v_gate, at["w_gradient"]), "w_gradient"),
        (level(u_gate, at["x_from_u"]), "x_from_u"),
        (level(v_gate, at["x_from_v"]), "x_from_v"),
        *((bent(left(at[name]), fork, 0.75), "x_gradient") for name in ("x_from_u", "x_from_v")),
        (level(fork, at["x_gradient"]), "x_gradient"),
    )
    return tuple(
        Stroke(points, kind, steps=tuple(steps[name] for name in names))
        for kind, wires in (("forward", forward), ("backward", backward))
        for points, *names in wires
    )


def _judge(agrees: bool, gradient: str) -> Lamp:
    verdict = "agrees" if agrees else "does not agree"
    return Lamp(agrees, f"{gradient} {verdict} with a central difference", mistake=True)


def _table(made: Mapping[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """Each number with what it is made of, and with the gate that makes it on the way forward."""
    through = {name.removesuffix("_gate"): name for name in GATES_HERE} | {"x_gradient": "fork"}
    return table_of(
        *({*read, name, through.get(name, name)} for name, read in made.items() if read)
    )


def _equation(name: str, read: tuple[str, ...]) -> Equation:
    if name in SUMS and len(read) > 1:
        return equation(name, read[0], plus=read[1])
    return equation(name, *read)


def _boxes(sheet: Sheet, overwrite: bool) -> list[Grid]:
    """The gates, and the fork where x goes two ways and its two amounts come together."""
    signs = {name: GATES[kind].sign for name, kind in GATES_HERE.items()}
    signs["fork"] = "=" if overwrite else "+"
    return [gate_box(sheet, name, sign) for name, sign in signs.items()]


def _grids(sheet: Sheet, values: dict[str, float]) -> list[Grid]:
    scalar = sheet.notation.scalar
    symbols = {
        "end": scalar,
        "end_gradient": f"∂{scalar}/∂{scalar}",
        "x_from_u": f"∂{scalar}/∂u·y",
        "x_from_v": f"∂{scalar}/∂v·1",
    }
    titles = {
        "u": "|u = x·y|",
        "v": "|v = x + w|",
        "end": f"|{scalar} = u·v|",
        "x_from_u": "through |u|",
        "x_from_v": "through |v|",
    }
    grids = []
    for name in values:
        of = name.removesuffix("_gradient")
        symbol = symbols.get(name, f"∂{scalar}/∂{of}" if of != name else name)
        title = titles.get(name, f"|{symbol}|")
        role = "read" if name in ("x", "y", "w") else "written"
        grid = lone(sheet, name, title, symbol, values[name], role=role)
        grids.append(replace(grid, names=(f"amount_{name[-1]}",)) if "_from_" in name else grid)
    return grids


def _sentences(
    values: dict[str, float], scalar: str, slope: float, overwrite: bool
) -> dict[str, str]:
    y, x, w, u, v = (number(values[name]) for name in "yxwuv")
    amounts = f"{number(values['x_from_u'])} through u and {number(values['x_from_v'])} through v"
    total, measured = (
        number(values["x_gradient"]),
        f"A central difference measures {number(slope)}.",
    )
    by_u, by_v = (f"∂{scalar}/∂{of} = {number(values[f'{of}_gradient'])}" for of in "uv")
    return {
        **{name: AFTER[kind] for name, kind in GATES_HERE.items()},
        "fork": "Forward, x goes both ways. On the way back "
        + ("the last amount overwrites the other." if overwrite else "its two amounts are added."),
        "y": f"y = {y} is used once, in u. One gradient comes back to it.",
        "x": f"x = {x} is used twice, in u and in v. When x moves, both move.",
        "w": f"w = {w} is used once, in v. One gradient comes back to it.",
        "u": f"u = x · y = {u}.",
        "v": f"v = x + w = {v}.",
        "end": f"{scalar} = u · v = {number(values['end'])} is the scalar at the end.",
        "end_gradient": f"The way back starts with 1: {scalar} moves as fast as itself.",
        "u_gradient": f"Upstream 1 times local v: u moves {scalar} by v = {v}.",
        "v_gradient": f"Upstream 1 times local u: v moves {scalar} by u = {u}.",
        "y_gradient": f"Upstream {by_u} times local ∂u/∂y = x = {x}.",
        "x_from_u": f"Upstream {by_u} times local ∂u/∂x = y = {y}.",
        "x_from_v": f"Upstream {by_v} times local ∂v/∂x = 1.",
        "w_gradient": f"Upstream {by_v} times local ∂v/∂w = 1.",
        "x_gradient": f"Two amounts arrive, {amounts}. "
        + (
            f"The second overwrites the first: {total}. {measured}"
            if overwrite
            else f"They are added: {total}. {measured}"
        ),
    }
