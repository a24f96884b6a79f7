"""The picture of a small convolution as a gate: one gradient arrives, and one leaves for each input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import number, spoken
from ..meetings import joined, partners
from ..sheet import WIDTH, Sheet, between, is_gradient, row
from ..words import Says, count, equation
from .single_numbers import left

CELL = 60
LINE = {"height": CELL, "gap": 42, "largest": CELL}
FORWARD = row(y=50, **LINE, input=5 * CELL, kernel=3 * CELL, bias=CELL, output=5 * CELL)
BACKWARD = row(
    y=280, **LINE, input_gradient=5 * CELL, kernel_gradient=3 * CELL, bias_gradient=CELL,
    upstream=5 * CELL,
)  # fmt: skip
BACKWARD["upstream"] = replace(BACKWARD["upstream"], under=True)
LOW = 384  # where the wires back run
LEAVING = ("input_gradient", "kernel_gradient", "bias_gradient")


def conv_gate(
    input: np.ndarray,
    weight: np.ndarray,
    upstream: np.ndarray,
    bias: float | None = None,
    **letters,
) -> Scene:
    """A convolution along a line, (n,) by (k,), as a gate: forward on top, backward below.

    ``upstream`` is the gradient that arrives, (n - k + 1,). With a ``bias`` three gradients leave
    the gate instead of two. ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d`` does. Source: slides, the gate of a layer; blog, "all those
    instances where the output is affected".

    >>> scene = conv_gate(np.array([1.0, 4.0, 7.0]), np.array([1.0, 2.0]), np.array([1.0, -2.0]))
    >>> scene["input_gradient"].numbers, scene["kernel_gradient"].numbers
    (('1', '0', '−4'), ('−7', '−10'))
    """
    sheet = Sheet(FORWARD | BACKWARD, **letters)
    values = _values(*(cells.reshape(1, -1) for cells in (input, weight, upstream)), bias)
    table = convolution_table(Geometry.of(values["input"].shape, values["kernel"].shape))
    table["bias"] = np.zeros(len(table["output"]), int)
    grids = {name: _line(sheet, name, cells) for name, cells in values.items()}
    with_bias, notation = bias is not None, sheet.notation
    return sheet.scene(
        "A small convolution as a gate",
        tuple(
            _with_frames(grid, table, values) if grid.name in LEAVING else grid
            for grid in grids.values()
        ),
        _meetings(table, with_bias),
        _says(grids, table, with_bias),
        say="Forward on top, backward below. One gradient arrives at the output, and one leaves for "
        "each thing that went in.",
        size=(WIDTH, LOW + 16),
        equations=_equations(notation.factors, with_bias),
        strokes=_wires(grids),
        signs=_signs(with_bias),
        steps=_steps(grids, table),
        code=sheet.call("output", "nn.functional.conv1d", "input", "kernel", *["b"] * with_bias),
    )


def _values(a: np.ndarray, k: np.ndarray, g: np.ndarray, bias: float | None) -> dict:
    """The numbers of each line, (1, cells)."""
    values = {"input": a, "kernel": k, "upstream": g, "bias": np.array([[bias or 0.0]])}
    values |= {"output": conv2d(a, k) + values["bias"], **_gradients(values, g)}
    shown = ("input", "kernel", "output", "upstream", "input_gradient", "kernel_gradient")
    return {
        name: values[name] for name in (*shown, *("bias", "bias_gradient") * (bias is not None))
    }


def _gradients(values: dict, g: np.ndarray) -> dict[str, np.ndarray]:
    """What an upstream gradient gives to each thing that went in."""
    a, k = values["input"], values["kernel"]
    return {
        "input_gradient": conv2d_input(a.shape, k, g),
        "kernel_gradient": conv2d_weight(a, k.shape, g),
        "bias_gradient": g.sum(keepdims=True),
    }


def _line(sheet: Sheet, name: str, cells: np.ndarray) -> Grid:
    notation, of = sheet.notation, name.removesuffix("_gradient")
    letter = notation.bias if of == "bias" else sheet.letter(name)
    by = f"∂{notation.scalar}/∂" * is_gradient(name)
    titles = {
        "upstream": f"upstream |{by}{letter}|",
        "input_gradient": f"downstream |{by}{letter}|",
    }
    # Along a line one index is enough, and a bias has none.
    index = [f"_{n + sheet.start}" if of != "bias" else "" for n in range(cells.size)]
    return Grid(
        name,
        titles.get(name, f"|{by}{letter}|" if by else f"{name} |{letter}|"),
        (1, 1, *cells.shape),
        sheet.slots[name],
        role="written" if name == "output" or name in LEAVING else "read",
        symbols=tuple(f"{by}{letter}{n}" for n in index),
        numbers=tuple(map(number, cells.ravel().tolist())),
        values=cells.ravel(),
        show=sheet.show,
        editable=name in ("input", "kernel", "bias", "upstream"),
    )


def _meetings(table: dict, with_bias: bool) -> dict[str, np.ndarray]:
    """Forward and each of the ways back are meetings of their own: what is read on the way to
    ∂F/∂k is not what is read on the way to ∂F/∂a."""
    a, k, h, b = (table[name] for name in ("input", "kernel", "output", "bias"))
    forward = {"input": a, "kernel": k, "output": h}
    back = [
        {"upstream": h, "kernel": k, "input_gradient": a},
        {"upstream": h, "input": a, "kernel_gradient": k},
    ]
    if with_bias:
        forward["bias"] = b
        back.append({"upstream": h, "bias_gradient": b})
    return joined(forward, *back)


def _equations(factors: tuple[str, str], with_bias: bool) -> dict[str, Equation]:
    equations = {
        "output": equation("output", *factors, plus="bias" * with_bias),
        "input_gradient": equation("input_gradient", "upstream", "kernel"),
        "kernel_gradient": equation("kernel_gradient", "upstream", "input"),
    }
    if with_bias:
        equations["bias_gradient"] = equation("bias_gradient", "upstream")
    return equations


def _wires(grids: dict[str, Grid]) -> tuple[Stroke, ...]:
    """The output goes on to the rest of the network, and from there a gradient arrives. It goes back
    along one wire to everything that went in."""
    back = tuple(range(1, 1 + grids["upstream"].size))  # the steps
    out, start = _middle(FORWARD["output"]), grids["upstream"].place.x
    above, below = FORWARD["output"].y + CELL, BACKWARD["upstream"].y
    box, half = (above + 56, above + 84), 110
    around = ((out, box[0]), (out + half, box[0]), (out + half, box[1]), (out, box[1]))
    mirrored = ((out - half, box[1]), (out - half, box[0]), (out, box[0]))
    wires = [
        Stroke(((out, above), (out, box[0])), steps=(0,)),
        Stroke((*around, *mirrored), "axis", "the rest of the network"),
        Stroke(((out, box[1]), (out, below)), "backward", steps=back),
    ]
    turn, (_, level) = BACKWARD["upstream"].x - 21, left(BACKWARD["upstream"])
    for name in LEAVING:
        if name in grids:
            end = _middle(BACKWARD[name])
            wire = ((start, level), (turn, level), (turn, LOW), (end, LOW), (end, below + CELL))
            wires.append(Stroke(wire, "backward", steps=back))
    return tuple(wires)


def _middle(slot: Slot) -> float:
    return slot.x + slot.width / 2


def _signs(with_bias: bool) -> tuple[tuple[float, float, str], ...]:
    signs = between(FORWARD, "∗+=" if with_bias else "∗ =")
    return tuple(sign for sign in signs if sign[-1] != " ")


def _says(grids: dict[str, Grid], table: dict, with_bias: bool) -> dict[str, Says]:
    """What each cell says when the learner points at it: its name, and what is true of it."""
    label = {name: list(map(spoken, grid.symbols)) for name, grid in grids.items()}
    meets = {name: _arriving(table, name, grids[name].size) for name in ("input", "kernel")}
    reads = count(len(table["output"]) // grids["output"].size, "product")

    def outputs(name: str, cell: int) -> str:
        n = count(len(meets[name][cell]), "output")
        return f"{n}: so many amounts come back to it."

    def arrives(name: str, cell: int) -> str:
        return _listed(label["upstream"][n] for n in meets[name][cell])

    true = {
        "input": lambda cell: f"is read by {outputs('input', cell)}",
        "kernel": lambda cell: f"is used by {outputs('kernel', cell)}",
        "output": lambda _: (
            f"is a sum of {reads}{' and the bias' * with_bias}: small multiply gates "
            "and an add gate."
        ),
        "upstream": lambda _: (
            "arrives from what comes later. It goes back to all that its output has read."
        ),
        "input_gradient": lambda cell: (
            f"collects {arrives('input', cell)}, each times the weight it "
            "came through. The layer before gets it as its upstream gradient."
        ),
        "kernel_gradient": lambda cell: (
            f"collects {arrives('kernel', cell)}, each times the input it "
            "met. The weight learns from it."
        ),
        "bias": lambda _: "is added to every output, so every amount comes back to it.",
        "bias_gradient": lambda _: (
            "is the sum of all that arrives: the local gradient of an add gate is 1."
        ),
    }
    return {
        name: lambda cell, name=name: f"{label[name][cell]} {true[name](cell)}" for name in grids
    }


def _arriving(table: dict, part: str, size: int) -> list[list[int]]:
    """For each cell of what went in, the upstream gradients that come back to it."""
    return [sorted(set(met)) for met in partners(table[part], table["output"], size)]


def _steps(grids: dict[str, Grid], table: dict) -> tuple[Step, ...]:
    """Forward in one step, then each upstream gradient hands out its amounts."""
    whole = {name: tuple(range(grid.size)) for name, grid in grids.items()}
    given = {name: whole[name] for name in ("input", "kernel", "bias") if name in grids}
    says = "Forward: the kernel slides over the input, and the gate keeps both of them."
    steps, had = [Step(given, {"output": whole["output"]}, says)], set()
    inputs = list(map(spoken, grids["input"].symbols))
    for n, label in enumerate(grids["upstream"].symbols):
        cells = tuple(table["input"][table["output"] == n].tolist())
        reads = {"upstream": (n,), "input": cells, "kernel": whole["kernel"]}
        writes = {name: whole[name] for name in LEAVING if name in grids}
        again = _listed(inputs[cell] for cell in cells if cell in had)
        more = f" {again} had an amount already: the new one is added to it." if again else ""
        words = (
            f"{spoken(label)} goes back to {_listed(inputs[cell] for cell in cells)}, times the "
            f"weights, and to the weights, times the inputs.{more}"
        )
        steps.append(Step(reads, {**writes, "input_gradient": cells}, words))
        had.update(cells)
    return tuple(steps)


def _with_frames(grid: Grid, table: dict, values: dict) -> Grid:
    """What has arrived after each step: a growing sum, or in symbols how many of its amounts."""
    g = values["upstream"]
    arriving = _arriving(table, grid.name.removesuffix("_gradient"), grid.size)
    frames = [("",) * grid.size]
    for n in range(g.size):
        # The gradient that the upstream gradients 0 to n give on their own.
        so_far = _gradients(values, g * (np.arange(g.size) <= n))[grid.name].ravel().tolist()
        frames.append(
            tuple(
                _progress(arriving[cell], n, number(so_far[cell]), text, grid.show)
                for cell, text in enumerate(grid.texts)
            )
        )
    return replace(grid, frames=tuple(frames))


def _progress(amounts: list[int], n: int, sum_so_far: str, label: str, show: str) -> str:
    """What a cell shows of its amounts, of which those up to ``n`` have arrived."""
    arrived = sum(amount <= n for amount in amounts)
    if not arrived:
        return ""
    if show == "numbers":
        return sum_so_far
    return label if arrived == len(amounts) else f"{arrived} of {len(amounts)}"


def _listed(names: Iterable[str]) -> str:
    """Names in a sentence, each once; nothing of none.

    >>> _listed(["a₁", "a₂", "a₃"])
    'a₁, a₂ and a₃'
    """
    names = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
