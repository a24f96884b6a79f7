"""The picture of one gate z = f(x, y): what goes in, what comes back, and the slope between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, Notation, number


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


def gate(
    kind: str,
    x: float,
    y: float,
    upstream: float,
    nudge: float = 0.0,
    *,
    notation: Notation = NOTATIONS["slides"],
    show: str = "numbers",
) -> Scene:
    """One gate ("add", "multiply" or "max"), the two inputs, and what flows back to them.

    ``upstream`` is the gradient that arrives at z. ``nudge`` is added to x alone, to compare what
    the gradient predicts with what happens. Source: slides, the gate z = f(x, y).

    >>> scene = gate("multiply", 2.0, 3.0, 5.0)
    >>> scene["x_gradient"].numbers, scene["y_gradient"].numbers
    (('15',), ('10',))
    """
    chosen = GATES[kind]
    z, local = chosen.value(x, y), chosen.local(x, y)
    gradients = tuple(upstream * slope for slope in local)
    grids = _gate_grids(chosen, (x, y), z, upstream, local, gradients, notation.scalar)
    change = chosen.value(x + nudge, y) - z
    predicted, measured = gradients[0] * nudge, upstream * change
    scalar = notation.scalar
    return Scene(
        title=f"The gate z = {chosen.written.replace('·', ' · ')}",
        grids=tuple(
            revealed(replace(grid, show=show), 5, KNOWN_AT.get(grid.name, 0), show)
            for grid in grids
        ),
        table=_gate_table(kind, x, y),
        say="Values run forward along the blue arrows, gradients back along the orange ones. "
        "Press Next to follow them.",
        size=(1200, 440),
        equations={
            "z": _gate_equation(kind, x, y),
            "x_gradient": Equation(
                "{x_gradient}", ("{upstream}", "{x_local}"), counted=True, ledger="slides-11"
            ),
            "y_gradient": Equation(
                "{y_gradient}", ("{upstream}", "{y_local}"), counted=True, ledger="slides-11"
            ),
        },
        strokes=_gate_wires(upstream, local, show) + _slope(chosen, x, y),
        signs=((860, 58, f"z = {chosen.written.replace('·', ' · ')}"),),
        counters=(
            (number(predicted), f"predicted: ∂{scalar}/∂x · nudge"),
            (number(measured), f"measured: ∂{scalar}/∂z · Δz"),
        ),
        lamps=((bool(np.isclose(predicted, measured)), "The prediction holds for this nudge."),),
        steps=_gate_steps(chosen, kind, scalar, local, upstream, gradients),
        beware=notation.beware,
        code=f"z = {chosen.call}",
    )


def lone(
    name: str, title: str, symbol: str, value: float, x: float, y: float, sentence: str, **more
) -> Grid:
    """A single number with its name above it, in a cell of 110 by 46 units."""
    return Grid(
        name,
        title,
        (1, 1, 1, 1),
        Slot(x, y, 110, 46, largest=110, square=False),
        symbols=(symbol,),
        numbers=(number(value),),
        sentences=(sentence,),
        **more,
    )


def signed(value: float) -> str:
    """A number as a factor: a negative one in brackets.

    >>> signed(2.0), signed(-0.5)
    ('2', '(−0.5)')
    """
    return number(value) if value >= 0 else f"({number(value)})"


def revealed(grid: Grid, steps: int, at: int, show: str) -> Grid:
    """The grid with its cells empty until step ``at``."""
    texts = grid.numbers if show == "numbers" else grid.symbols
    empty = ("",) * grid.size
    return replace(grid, frames=tuple(texts if step >= at else empty for step in range(steps)))


def _gate_grids(gate: Gate, inputs, z, upstream, local, gradients, scalar) -> list[Grid]:
    arrives = f"∂{scalar}/∂z"
    sign = {"x·y": "×", "x + y": "+"}.get(gate.written, "max")
    grids = [
        replace(
            lone(
                "gate", "", sign, 0, 410, 209,
                sentence=f"The gate: z = {gate.written}. It keeps x and y, because the way back needs "
                "them.",
            ),
            numbers=(sign,),
        ),
        lone(
            "z", "|z|", "z", z, 600, 180, role="written",
            sentence=f"z = {gate.written} = {number(z)} leaves the gate. The gate does not know what "
            "happens to it later.",
        ),
        lone(
            "upstream", f"upstream |{arrives}|", arrives, upstream, 600, 268,
            sentence=f"The upstream gradient {arrives} = {number(upstream)} arrives: how fast "
            f"{scalar} moves when z moves. All that comes later in the network is in this number.",
        ),
    ]  # fmt: skip
    for n, (name, value_y, gradient_y) in enumerate((("x", 60, 140), ("y", 360, 280))):
        grids += [
            lone(
                name, f"|{name}|", name, inputs[n], 30, value_y,
                sentence=f"{name} = {number(inputs[n])} goes into the gate. When only {name} moves, "
                f"z moves {number(local[n])} times as fast.",
            ),
            lone(
                f"{name}_local", f"local |∂z/∂{name} = {gate.slopes[n]}|", f"∂z/∂{name}", local[n],
                260, gradient_y,
                sentence=f"The local gradient ∂z/∂{name} = {gate.slopes[n]}, here {number(local[n])}. "
                f"The gate finds it alone, from x and y: no {scalar} is in it.",
            ),
            lone(
                f"{name}_gradient", f"|∂{scalar}/∂{name}|", f"∂{scalar}/∂{name}", gradients[n],
                30, gradient_y, role="written",
                sentence=f"Upstream times local: {number(upstream)} · {signed(local[n])} = "
                f"{number(gradients[n])}. It is the upstream gradient of whatever made {name}.",
            ),
        ]  # fmt: skip
    return grids


def _gate_table(kind: str, x: float, y: float) -> dict[str, np.ndarray]:
    """Which numbers meet: forward, in the local gradients, and on each wire back."""
    winner = "x" if x >= y else "y"
    meetings = {
        "add": ({"x", "y", "gate", "z"},),
        "multiply": ({"x", "y", "gate", "z"}, {"y", "x_local"}, {"x", "y_local"}),
        "max": ({winner, "gate", "z"}, {"x", "y", "gate", "x_local", "y_local"}),
    }[kind]
    back = tuple({"upstream", f"{name}_local", f"{name}_gradient"} for name in "xy")
    return table_of(*meetings, *back)


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


def _gate_equation(kind: str, x: float, y: float) -> Equation:
    if kind == "add":
        return Equation("{z}", ("{x}",), counted=True, plus="{y}")
    if kind == "multiply":
        return Equation("{z}", ("{x}", "{y}"), counted=True)
    return Equation("{z} = max(x, y)", ("{x}" if x >= y else "{y}",), counted=True)


def _gate_wires(upstream: float, local, show: str) -> tuple[Stroke, ...]:
    words = [f"{number(upstream)} · {signed(slope)}" for slope in local]
    words = words if show == "numbers" else ["upstream × local"] * 2
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


# The step after which a number is known: forward, the slopes, what arrives, and what goes on.
KNOWN_AT = {"x_local": 1, "y_local": 1, "upstream": 2, "x_gradient": 3, "y_gradient": 4}


def _gate_steps(gate: Gate, kind: str, scalar: str, local, upstream, gradients) -> tuple[Step, ...]:
    lit = [
        ("x", "y", "gate", "z"),
        ("x", "y", "x_local", "y_local"),
        ("upstream",),
        ("upstream", "x_local", "x_gradient"),
        ("upstream", "y_local", "y_gradient"),
    ]
    back = [
        f"∂{scalar}/∂{name} = upstream × local = {number(upstream)} · {signed(slope)} = "
        f"{number(gradient)}."
        for name, slope, gradient in zip("xy", local, gradients, strict=True)
    ]
    say = [
        f"Forward: the gate makes z = {gate.written}, and keeps x and y.",
        {
            "add": "Local gradients: z moves as fast as x, and as fast as y. Both are 1.",
            "multiply": "Local gradients: ∂z/∂x is y and ∂z/∂y is x. Each input is the other's slope.",
            "max": "Local gradients: z moves with the larger input and does not feel the other one.",
        }[kind],
        f"The upstream gradient ∂{scalar}/∂z = {number(upstream)} arrives from what comes later.",
        back[0],
        f"{back[1]} {AFTER[kind]}",
    ]
    of = (("z", 0), None, None, ("x_gradient", 0), ("y_gradient", 0))
    return tuple(
        Step({name: (0,) for name in names}, words, of=cell)
        for names, words, cell in zip(lit, say, of, strict=True)
    )


AFTER = {
    "add": "An add gate hands on what it gets, to both.",
    "multiply": "A multiply gate hands to each what it gets times the other.",
    "max": "A max gate hands all it gets to the larger input: it is a switch.",
}

PLOT = (750, 970, 90, 370)  # left, right, top and bottom of the plot of z over x


def _slope(gate: Gate, x: float, y: float) -> tuple[Stroke, ...]:
    """z over x with y held still, and the line whose slope is the local gradient."""
    left, right, top, bottom = PLOT

    def at(x: float, z: float) -> tuple[float, float]:
        across = left + (x + 7) / 14 * (right - left)
        return round(across, 2), round((top + bottom) / 2 - z / gate.reach * (bottom - top) / 2, 2)

    z, slope = gate.value(x, y), gate.local(x, y)[0]
    bends = sorted({-7.0, min(max(y, -7.0), 7.0), 7.0})
    ends = (x - 2.5, x + 2.5)
    return (
        Stroke((at(-7, 0), at(7, 0)), "axis"),
        Stroke((at(0, -gate.reach), at(0, gate.reach)), "axis"),
        Stroke(tuple(at(bend, gate.value(bend, y)) for bend in bends), "curve"),
        Stroke(tuple(at(end, z + slope * (end - x)) for end in ends), "tangent"),
        Stroke((at(x, 0), at(x, z)), "axis"),
        Stroke((at(6.4, 0), at(7, 0)), "axis", "x", below=True),
        Stroke(
            (at(-7, -gate.reach), at(7, -gate.reach)), "axis", "z while only x moves", below=True
        ),
    )
