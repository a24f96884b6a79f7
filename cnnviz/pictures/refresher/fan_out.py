"""The picture of a number that is used twice: two gradients come back, and they are added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Equation, Grid, Scene, Stroke
from ...symbols import NOTATIONS, number
from ..sheet import WIDTH, Sheet
from ..words import equation
from .gates import GATES, lit, lone, revealed, room, saying, table_of

# A gradient stands under its value.
SLOTS = {
    "y": room(30, 50), "y_gradient": room(30, 118),
    "x": room(30, 205), "x_gradient": room(30, 273),
    "w": room(30, 360), "w_gradient": room(30, 428),
    "x_from_u": room(430, 180), "x_from_v": room(430, 250),
    "u": room(600, 80), "u_gradient": room(600, 148),
    "v": room(600, 330), "v_gradient": room(600, 398),
    "end": room(860, 205), "end_gradient": room(860, 273),
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
    said = _sentences(values, scalar, overwrite)
    steps = tuple(lit((*read, name), said[name], of=name) for name, read in made.items())
    return sheet.scene(
        "A number that is used twice",
        tuple(revealed(grid, steps, grid.name not in made) for grid in _grids(sheet, values)),
        table_of(*({*read, name} for name, read in made.items() if read)),
        saying(said),
        say="x feeds u and v. Press Next: values go forward, then gradients come back along the same "
        "wires, and two of them meet at x.",
        size=(WIDTH, 500),
        equations={
            name: _equation(name, made[name]) for name in (*BACKWARD, *FORWARD, "x_gradient")
        },
        strokes=WIRES,
        signs=(() if overwrite else ((560, 250, "+"),)),
        counters=(
            (number(values["x_gradient"]), f"∂{scalar}/∂x, by the chain rule"),
            (number(slope), f"∂{scalar}/∂x, central difference"),
        ),
        lamps=((agrees, "The two agree."),),
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


WIRES = (
    Stroke(((140, 73), (600, 92))),
    Stroke(((140, 222), (600, 116))),
    Stroke(((140, 234), (600, 342))),
    Stroke(((140, 383), (600, 364))),
    Stroke(((710, 103), (860, 216))),
    Stroke(((710, 353), (860, 240))),
    Stroke(((860, 290), (710, 176)), "backward"),
    Stroke(((860, 306), (710, 421)), "backward"),
    Stroke(((600, 162), (140, 141)), "backward"),
    Stroke(((600, 182), (540, 202)), "backward"),
    Stroke(((600, 410), (540, 276)), "backward"),
    Stroke(((600, 430), (140, 451)), "backward"),
    Stroke(((430, 203), (140, 288)), "backward"),
    Stroke(((430, 273), (140, 304)), "backward"),
)


def _equation(name: str, read: tuple[str, ...]) -> Equation:
    if name in SUMS and len(read) > 1:
        return equation(name, read[0], plus=read[1])
    return equation(name, *read)


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
    for name in SLOTS:
        of = name.removesuffix("_gradient")
        symbol = symbols.get(name, f"∂{scalar}/∂{of}" if of != name else name)
        title = titles.get(name, f"|{symbol}|")
        role = "read" if name in ("x", "y", "w") else "written"
        grid = lone(sheet, name, title, symbol, values[name], role=role)
        grids.append(replace(grid, names=(f"amount_{name[-1]}",)) if "_from_" in name else grid)
    return grids


def _sentences(values: dict[str, float], scalar: str, overwrite: bool) -> dict[str, str]:
    y, x, w, u, v = (number(values[name]) for name in "yxwuv")
    amounts = f"{number(values['x_from_u'])} through u and {number(values['x_from_v'])} through v"
    by_u, by_v = (f"∂{scalar}/∂{of} = {number(values[f'{of}_gradient'])}" for of in "uv")
    return {
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
            "The second has overwritten the first: this is the mistake, and the lamp sees it."
            if overwrite
            else f"They are added: {number(values['x_gradient'])}."
        ),
    }
