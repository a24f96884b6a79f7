"""The picture of a small convolution as a gate: one gradient arrives, and one leaves for each input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import ink_of

FORWARD, BACKWARD = 56, 240  # where the two rows of the picture start
CELL = 58
SLOTS = {  # x of the first cell, and the most cells
    "input": (20, 5),
    "kernel": (352, 3),
    "bias": (568, 1),
    "output": (668, 5),
}


def conv_gate(
    input: np.ndarray,
    weight: np.ndarray,
    upstream: np.ndarray,
    bias: float | None = None,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A convolution along a line, (n,) by (k,), as a gate: forward on top, backward below.

    ``upstream`` is the gradient that arrives, (n - k + 1,). With a ``bias`` three gradients leave
    the gate instead of two.
    Raises DoesNotFit where ``conv2d`` does. Source: slides, the gate of a layer; blog, "all those
    instances where the output is affected".

    >>> scene = conv_gate(np.array([1.0, 4.0, 7.0]), np.array([1.0, 2.0]), np.array([1.0, -2.0]))
    >>> scene["input_gradient"].numbers, scene["kernel_gradient"].numbers
    (('1', '0', '−4'), ('−7', '−10'))
    """
    a, k, g = (values.reshape(1, -1) for values in (input, weight, upstream))
    result = conv2d(a, k) + (bias or 0)
    table = convolution_table(Geometry.of(a.shape, k.shape))
    values = {
        "input": a,
        "kernel": k,
        "output": result,
        "upstream": g,
        "input_gradient": conv2d_input(a.shape, k, g),
        "kernel_gradient": conv2d_weight(a, k.shape, g),
    }
    if bias is not None:
        values |= {"bias": np.array([[bias]]), "bias_gradient": g.sum(keepdims=True)}
    steps = _steps(table, values, notation, start)
    grids = [
        replace(_line(name, cells, notation, start), show=show) for name, cells in values.items()
    ]
    grids = [_worded(grid, table, notation, start, bias is not None) for grid in grids]
    return Scene(
        title="A small convolution as a gate",
        grids=tuple(_with_frames(grid, table, values, show) for grid in grids),
        table=_meetings(table, bias is not None),
        say="Forward on top, backward below. One gradient arrives at the output, and one leaves for "
        "each thing that went in.",
        size=(1200, 400),
        equations=_equations(notation, bias is not None),
        strokes=_wires(bias is not None),
        signs=_signs(bias is not None),
        steps=steps,
        beware=notation.beware,
        code=f"{notation.output} = torch.nn.functional.conv1d({notation.input}, {notation.kernel}"
        f"{', b' if bias is not None else ''})",
    )


def letters(notation: Notation) -> dict[str, str]:
    """The letter of each part of the gate; its gradient has the same."""
    own = {"input": notation.input, "kernel": notation.kernel, "output": notation.output}
    return {**own, "bias": "B" if notation.document == "blog" else "b", "upstream": notation.output}


def _names(name: str, size: int, notation: Notation, start: int) -> tuple[str, ...]:
    """Along a line one index is enough: a_1, a_2, … and ∂F/∂a_1, ∂F/∂a_2, …"""
    of = name.removesuffix("_gradient")
    letter = letters(notation)[of]
    cells = [f"{letter}_{n}" for n in range(start, start + size)] if of != "bias" else [letter]
    is_gradient = of != name or name == "upstream"
    return tuple(f"∂{notation.scalar}/∂{cell}" for cell in cells) if is_gradient else tuple(cells)


def _line(name: str, cells: np.ndarray, notation: Notation, start: int) -> Grid:
    of = "output" if name == "upstream" else name.removesuffix("_gradient")
    x, most = SLOTS[of]
    is_gradient = name == "upstream" or name.endswith("_gradient")
    letter = letters(notation)[of]
    titles = {
        "upstream": f"upstream |∂{notation.scalar}/∂{letter}|",
        "input_gradient": f"downstream |∂{notation.scalar}/∂{letter}|",
    }
    plain = f"|∂{notation.scalar}/∂{letter}|" if is_gradient else f"{name} |{letter}|"
    return Grid(
        name,
        titles.get(name, plain),
        (1, 1, *cells.shape),
        Slot(x, BACKWARD if is_gradient else FORWARD, most * CELL, CELL, largest=CELL),
        role="written" if name == "output" or name.endswith("_gradient") else "read",
        symbols=_names(name, cells.size, notation, start),
        numbers=tuple(map(number, cells.ravel().tolist())),
        ink=ink_of(cells),
    )


def _meetings(table: dict, with_bias: bool) -> dict[str, np.ndarray]:
    """Forward and each of the ways back are meetings of their own: what is read on the way to
    ∂F/∂k is not what is read on the way to ∂F/∂a."""
    a, k, h = table["input"], table["kernel"], table["output"]
    nothing = np.zeros(len(a), int)
    blocks = [
        {"input": a, "kernel": k, "output": h} | ({"bias": nothing} if with_bias else {}),
        {"upstream": h, "kernel": k, "input_gradient": a},
        {"upstream": h, "input": a, "kernel_gradient": k},
    ]
    if with_bias:
        blocks.append({"upstream": h, "bias_gradient": nothing})
    names = dict.fromkeys(name for block in blocks for name in block)
    nowhere = np.full(len(a), NOWHERE)
    return {name: np.concatenate([block.get(name, nowhere) for block in blocks]) for name in names}


def _equations(notation: Notation, with_bias: bool) -> dict[str, Equation]:
    forward = tuple(f"{{{part}}}" for part in notation.factors)
    equations = {
        "output": Equation("{output}", forward, counted=True, plus="{bias}" if with_bias else ""),
        "input_gradient": Equation("{input_gradient}", ("{upstream}", "{kernel}"), counted=True),
        "kernel_gradient": Equation("{kernel_gradient}", ("{upstream}", "{input}"), counted=True),
    }
    if with_bias:
        equations["bias_gradient"] = Equation("{bias_gradient}", ("{upstream}",), counted=True)
    return equations


def _wires(with_bias: bool) -> tuple[Stroke, ...]:
    """The gradient that arrives at the output goes along one wire to everything that went in."""
    low, under = BACKWARD + CELL + 44, BACKWARD + CELL
    names = ("input", "kernel", "bias") if with_bias else ("input", "kernel")
    middles = {name: SLOTS[name][0] + SLOTS[name][1] * CELL / 2 for name in (*names, "output")}
    out = middles["output"]
    words = {"input": "upstream × local, added where amounts meet"}
    return (
        Stroke(((out, FORWARD + CELL), (out, FORWARD + CELL + 34))),
        Stroke(((out - 110, 176), (out + 110, 176)), "axis", "the rest of the network"),
        Stroke(((out, 180), (out, BACKWARD - 26)), "backward"),
        *(
            Stroke(
                (
                    (out, under),
                    (out, low),
                    (middles[name], low),
                    (middles[name], under + 4),
                ),
                "backward",
                words.get(name, ""),
                below=True,
            )
            for name in names
        ),
    )


def _signs(with_bias: bool) -> tuple[tuple[float, float, str], ...]:
    y = FORWARD + CELL / 2 + 10
    return ((331, y, "∗"), (647, y, "=")) + (((547, y, "+"),) if with_bias else ())


def _worded(grid: Grid, table: dict, notation, start: int, with_bias: bool) -> Grid:
    """The grid with a sentence for each cell."""
    a, k, h = table["input"], table["kernel"], table["output"]
    name = grid.name
    arrives = _names("upstream", h.max() + 1, notation, start)

    def feeds(part: np.ndarray, cell: int) -> str:
        return _list([arrives[n] for n in h[part == cell]])

    def uses(part: np.ndarray, cell: int) -> str:
        return _count(int((part == cell).sum()), "output")

    def sentence(cell: int, label: str) -> str:
        match name:
            case "input":
                return f"{label} is read by {uses(a, cell)}: so many amounts come back to it."
            case "kernel":
                return f"{label} is used by {uses(k, cell)}: so many amounts come back to it."
            case "output":
                reads = _count(int((h == cell).sum()), "product")
                more = " and the bias" if with_bias else ""
                return f"{label} is a sum of {reads}{more}: small multiply gates and an add gate."
            case "upstream":
                return f"{label} arrives from what comes later. It goes back to all that its output has read."
            case "input_gradient":
                collected = (
                    f"{label} collects {feeds(a, cell)}, each times the weight it came through."
                )
                return f"{collected} The layer before gets it as its upstream gradient."
            case "kernel_gradient":
                return f"{label} collects {feeds(k, cell)}, each times the input it met. The weight learns from it."
            case "bias":
                return f"{label} is added to every output, so every amount comes back to it."
            case _:
                return f"{label} is the sum of all that arrives: the local gradient of an add gate is 1."

    words = tuple(sentence(cell, spoken(label)) for cell, label in enumerate(grid.symbols))
    typed = name in ("input", "kernel", "bias", "upstream")
    return replace(grid, sentences=words, editable=typed)


def _steps(table: dict, values: dict, notation: Notation, start: int) -> tuple[Step, ...]:
    """Forward in one step, then each upstream gradient hands out its amounts."""
    forward = {
        name: tuple(range(values[name].size))
        for name in ("input", "kernel", "bias", "output")
        if name in values
    }
    says = [
        Step(forward, "Forward: the kernel slides over the input, and the gate keeps both of them.")
    ]
    arrives = _names("upstream", values["upstream"].size, notation, start)
    inputs = _names("input", values["input"].size, notation, start)
    for n, label in enumerate(arrives):
        mine = table["output"] == n
        cells = tuple(table["input"][mine].tolist())
        weights = tuple(range(values["kernel"].size))
        lit = {"upstream": (n,), "input_gradient": cells, "kernel_gradient": weights}
        if "bias" in values:
            lit["bias_gradient"] = (0,)
        met = _list([inputs[cell] for cell in cells])
        again = [
            inputs[cell] for cell in cells if (table["input"][table["output"] < n] == cell).any()
        ]
        more = (
            f" {_list(again)} had an amount already: the new one is added to it." if again else ""
        )
        says.append(
            Step(
                lit,
                f"{spoken(label)} goes back to {met}, times the weights, and to the weights, times the "
                f"inputs.{more}",
            )
        )
    return tuple(says)


def _with_frames(grid: Grid, table: dict, values: dict, show: str) -> Grid:
    """What has arrived after each step: a growing sum, or in symbols how many of its amounts."""
    last = values["upstream"].size
    if grid.name in ("input", "kernel", "bias"):
        return grid
    if not grid.name.endswith("_gradient"):
        texts = grid.numbers if show == "numbers" else grid.symbols
        arrived = grid.name == "output"
        empty = ("",) * grid.size
        return replace(grid, frames=(texts if arrived else empty, *[texts] * last))
    part = grid.name.removesuffix("_gradient")
    cells = table[part] if part in table else np.zeros(len(table["output"]), int)
    frames = [("",) * grid.size]
    for n in range(last):
        so_far = _until(grid.name, n, values)
        pairs = {
            (cell, h) for cell, h in zip(cells.tolist(), table["output"].tolist(), strict=True)
        }
        frames.append(
            tuple(
                _progress(
                    sum(h <= n for c, h in pairs if c == cell),
                    sum(c == cell for c, _ in pairs),
                    number(float(so_far.flat[cell])),
                    grid.symbols[cell],
                    show,
                )
                for cell in range(grid.size)
            )
        )
    return replace(grid, frames=tuple(frames))


def _until(name: str, n: int, values: dict) -> np.ndarray:
    """The gradient that the upstream gradients 0 to n give on their own."""
    g = values["upstream"] * (np.arange(values["upstream"].size) <= n)
    if name == "input_gradient":
        return conv2d_input(values["input"].shape, values["kernel"], g)
    if name == "kernel_gradient":
        return conv2d_weight(values["input"], values["kernel"].shape, g)
    return g.sum(keepdims=True)


def _progress(arrived: int, all_of_them: int, sum_so_far: str, label: str, show: str) -> str:
    if not arrived:
        return ""
    if show == "numbers":
        return sum_so_far
    return label if arrived == all_of_them else f"{arrived} of {all_of_them}"


def _list(labels: list[str]) -> str:
    """Names in a sentence.

    >>> _list(["a_1", "a_2", "a_3"])
    'a₁, a₂ and a₃'
    """
    words = [spoken(label) for label in dict.fromkeys(labels)]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
