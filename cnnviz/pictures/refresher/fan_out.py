"""The picture of a number that is used twice: two gradients come back, and they are added."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...scene import Equation, Grid, Scene, Step, Stroke
from ...symbols import NOTATIONS, Notation, number
from .gates import GATES, lone, revealed, table_of

WRITTEN = {"u": "x·y", "v": "x + w"}


def fan_out(
    y: float,
    x: float,
    w: float,
    *,
    overwrite: bool = False,
    notation: Notation = NOTATIONS["slides"],
    show: str = "numbers",
) -> Scene:
    """u = x·y and v = x + w, and their product: x is used twice, so its gradient has two amounts.

    ``overwrite`` makes the mistake of keeping only the amount that arrives last. The lamp compares
    with a central difference. Source: the chain rule for several paths, as in blog, "all those
    instances where the output is affected".

    >>> scene = fan_out(2.0, 3.0, 1.0)
    >>> [scene[name].numbers[0] for name in ("x_from_u", "x_from_v", "x_gradient")]
    ['8', '6', '14']
    """
    scalar = notation.scalar
    values = _forward(y, x, w)
    back = _backward(values)
    back["x_gradient"] = back["x_from_v"] + (0.0 if overwrite else back["x_from_u"])
    slope = central_difference(lambda x: _forward(y, x, w)["end"], x)
    agrees = bool(np.isclose(back["x_gradient"], slope))
    steps = _steps(values, back, scalar, overwrite)
    grids = _grids(values, back, scalar, overwrite)
    upstream = {
        "u_gradient": ("{end_gradient}", "{v}"),
        "v_gradient": ("{end_gradient}", "{u}"),
        "y_gradient": ("{u_gradient}", "{x}"),
        "x_from_u": ("{u_gradient}", "{y}"),
        "x_from_v": ("{v_gradient}",),
        "w_gradient": ("{v_gradient}",),
    }
    equations = {
        name: Equation(f"{{{name}}}", factors, counted=True) for name, factors in upstream.items()
    }
    equations |= {
        "u": Equation("{u}", ("{x}", "{y}"), counted=True),
        "v": Equation("{v}", ("{x}",), counted=True, plus="{w}"),
        "end": Equation("{end}", ("{u}", "{v}"), counted=True),
        "x_gradient": Equation("{x_gradient}", ("{x_from_v}",), counted=True)
        if overwrite
        else Equation("{x_gradient}", ("{x_from_u}",), counted=True, plus="{x_from_v}"),
    }
    return Scene(
        title="A number that is used twice",
        grids=tuple(
            revealed(replace(grid, show=show), len(steps), KNOWN_AT.get(grid.name, 0), show)
            for grid in grids
        ),
        table=_table(overwrite),
        say="x feeds u and v. Press Next: values go forward, then gradients come back along the same "
        "wires, and two of them meet at x.",
        size=(1200, 500),
        equations=equations,
        strokes=WIRES,
        signs=(() if overwrite else ((560, 250, "+"),)),
        counters=(
            (number(back["x_gradient"]), f"∂{scalar}/∂x, by the chain rule"),
            (number(slope), f"∂{scalar}/∂x, central difference"),
        ),
        lamps=((agrees, "The two agree."),),
        steps=steps,
        beware=notation.beware,
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


# Upper left corners of the cells; a gradient stands under its value.
PLACES = {
    "y": (30, 50), "y_gradient": (30, 118),
    "x": (30, 205), "x_gradient": (30, 273),
    "w": (30, 360), "w_gradient": (30, 428),
    "x_from_u": (430, 180), "x_from_v": (430, 250),
    "u": (600, 80), "u_gradient": (600, 148),
    "v": (600, 330), "v_gradient": (600, 398),
    "end": (860, 205), "end_gradient": (860, 273),
}  # fmt: skip
KNOWN_AT = {
    "u": 0, "v": 1, "end": 2, "end_gradient": 3, "u_gradient": 4, "v_gradient": 5, "y_gradient": 6,
    "x_from_u": 7, "x_from_v": 8, "w_gradient": 9, "x_gradient": 10,
}  # fmt: skip
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


def _grids(values, back, scalar: str, overwrite: bool) -> list[Grid]:
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
    said = _sentences(values, back, scalar, overwrite)
    grids = []
    for name, (x, y) in PLACES.items():
        value = values[name] if name in values else back[name]
        of = name.removesuffix("_gradient")
        symbol = symbols.get(name, f"∂{scalar}/∂{of}" if of != name else name)
        title = titles.get(name, f"|{symbol}|")
        role = "read" if name in ("x", "y", "w") else "written"
        grid = lone(name, title, symbol, value, x, y, said[name], role=role)
        grids.append(replace(grid, names=(f"amount_{name[-1]}",)) if "_from_" in name else grid)
    return grids


def _sentences(values, back, scalar: str, overwrite: bool) -> dict[str, str]:
    y, x, w, u, v = (number(values[name]) for name in "yxwuv")
    amounts = f"{number(back['x_from_u'])} through u and {number(back['x_from_v'])} through v"
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
        "y_gradient": "Upstream ∂"
        f"{scalar}/∂u = {number(back['u_gradient'])} times local ∂u/∂y = x = {x}.",
        "x_from_u": f"Upstream ∂{scalar}/∂u = {number(back['u_gradient'])} times local "
        f"∂u/∂x = y = {y}.",
        "x_from_v": f"Upstream ∂{scalar}/∂v = {number(back['v_gradient'])} times local ∂v/∂x = 1.",
        "w_gradient": f"Upstream ∂{scalar}/∂v = {number(back['v_gradient'])} times local ∂v/∂w = 1.",
        "x_gradient": f"Two amounts arrive, {amounts}. "
        + (
            "The second has overwritten the first: this is the mistake, and the lamp sees it."
            if overwrite
            else f"They are added: {number(back['x_gradient'])}."
        ),
    }


def _table(overwrite: bool) -> dict[str, np.ndarray]:
    arrived = {"x_from_v", "x_gradient"} | (set() if overwrite else {"x_from_u"})
    return table_of(
        {"x", "y", "u"},
        {"x", "w", "v"},
        {"u", "v", "end"},
        {"end_gradient", "v", "u_gradient"},
        {"end_gradient", "u", "v_gradient"},
        {"u_gradient", "x", "y_gradient"},
        {"u_gradient", "y", "x_from_u"},
        {"v_gradient", "x_from_v"},
        {"v_gradient", "w_gradient"},
        arrived,
    )


def _steps(values, back, scalar: str, overwrite: bool) -> tuple[Step, ...]:
    said = _sentences(values, back, scalar, overwrite)
    lit = {
        "u": ("x", "y", "u"),
        "v": ("x", "w", "v"),
        "end": ("u", "v", "end"),
        "end_gradient": ("end_gradient",),
        "u_gradient": ("end_gradient", "v", "u_gradient"),
        "v_gradient": ("end_gradient", "u", "v_gradient"),
        "y_gradient": ("u_gradient", "x", "y_gradient"),
        "x_from_u": ("u_gradient", "y", "x_from_u"),
        "x_from_v": ("v_gradient", "x_from_v"),
        "w_gradient": ("v_gradient", "w_gradient"),
        "x_gradient": ("x_from_v", "x_gradient")
        if overwrite
        else ("x_from_u", "x_from_v", "x_gradient"),
    }
    return tuple(
        Step({name: (0,) for name in names}, said[key], of=(key, 0)) for key, names in lit.items()
    )
