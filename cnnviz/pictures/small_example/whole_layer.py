"""The picture of a whole convolution layer: forward on top, every gradient below its value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv2d_weight
from ...functional.geometry import DoesNotFit, Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Step, Stroke
from ...symbols import NOTATIONS, Notation, number, spoken
from ..grids import gradient_grid, map_grid, padded_grid, written
from ..kernel_gradient.kernel_channels import bias_grid, bias_letter
from ..matrix.convolution_matrix import PRINTED
from ..words import call, count

SCALARS = ("given", "sum", "squared error")
TOP, LOW, TALL = 40, 352, 232
SLOTS = {  # left edge and width of a value; its gradient stands below it
    "input": (20, 300),
    "kernel": (370, 180),
    "bias": (592, 64),
    "output": (700, 190),
}
TARGET = Slot(900, TOP, 92, TALL, largest=46)


def whole_layer(
    input: np.ndarray,
    weight: np.ndarray,
    bias: float,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    *,
    scalar: str = "given",
    target: np.ndarray | None = None,
    blank: bool = False,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """One layer from the first equation to the last, one step for each line of the calculation.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` and ``target`` have the size of the
    output. ``scalar`` says where the upstream gradient comes from: "given" as ``grad_output``, of
    the "sum" of the output, or of the "squared error", half the sum of (output − target)².
    ``blank`` leaves the results empty until they are stepped to, as on a work sheet.
    Raises DoesNotFit where ``conv2d`` does. Source: slides, "Convolution Forward Pass" to
    "Takeaway"; blog, "For Convolution layer".

    >>> scene = whole_layer(np.ones((3, 3)), np.ones((2, 2)), 1.0, np.ones((2, 2)))
    >>> scene.equation_text("output", 0)
    'h_11 = k_11·a_11 + k_12·a_12 + k_21·a_21 + k_22·a_22 + b'
    >>> scene.equation_text("bias_gradient", 0)
    '∂F/∂b = ∂F/∂h_11 + ∂F/∂h_12 + ∂F/∂h_21 + ∂F/∂h_22'
    """
    geometry = Geometry.of(input.shape, weight.shape, stride, padding)
    outputs = conv2d(input, weight, np.array([bias]), stride, padding)
    target = np.zeros(outputs.shape) if target is None else target
    upstream, value = _scalar(scalar, outputs, grad_output, target)
    how = (stride, padding)
    values = {
        "kernel_gradient": conv2d_weight(input, weight.shape, upstream, *how),
        "input_gradient": conv2d_input(input.shape, weight, upstream, *how),
    }
    grids = [
        *_values(notation, input, weight, bias, outputs, geometry, start),
        *_gradients(notation, upstream, values, start, scalar),
    ]
    if scalar == "squared error":
        wanted = map_grid("target", "T", target, TARGET, start, editable=True)
        grids.append(replace(wanted, title="target |T|"))
    table = _table(geometry, scalar)
    scene = Scene(
        title="A whole layer",
        grids=tuple(written(grid, show) for grid in _with_sentences(grids, scalar)),
        table=table,
        say=f"Top: forward. Below each value stands its gradient. Press Next for one line of the "
        f"calculation after the other: {_lines(grids, scalar)} lines in all.",
        size=(1200, 600),
        equations=_equations(notation),
        signs=((345, 165, "∗"), (571, 165, "+"), (678, 165, "=")),
        strokes=_strokes(notation),
        counters=((number(value), f"= {notation.scalar}, {MEANS[scalar]}"),) * (scalar != "given"),
        beware=notation.beware,
        code=_code(notation, stride, padding),
    )
    return _with_steps(scene, scalar, blank)


MEANS = {"given": "", "sum": "sum of the output", "squared error": "squared error"}


def _scalar(kind: str, outputs, grad_output, target) -> tuple[np.ndarray, float]:
    """The upstream gradient, and the scalar where it is known."""
    if kind == "given":
        if grad_output.shape != outputs.shape:
            raise DoesNotFit(
                f"The upstream gradient of shape {grad_output.shape} needs that of the output, {outputs.shape}."
            )
        return grad_output, 0.0
    if kind == "sum":
        return np.ones(outputs.shape), float(outputs.sum())
    error = outputs - target
    return error, float((error**2).sum() / 2)


def _slot(name: str, y: float) -> Slot:
    x, width = SLOTS[name]
    return Slot(x, y, width, TALL, largest=66)


def _values(notation, input, weight, bias, outputs, geometry, start) -> list[Grid]:
    letter = bias_letter(notation)
    return [
        padded_grid("input", notation.input, input, geometry, _slot("input", TOP), start),
        map_grid("kernel", notation.kernel, weight, _slot("kernel", TOP), start, editable=True),
        Grid("bias", f"bias |{letter}|", (1, 1, 1, 1), _slot("bias", TOP), symbols=(letter,),
             numbers=(number(float(bias)),), editable=True),
        map_grid("output", notation.output, outputs, _slot("output", TOP), start, role="written"),
    ]  # fmt: skip


def _gradients(notation, upstream, values, start, scalar) -> list[Grid]:
    """The upstream gradient, and the three that the layer computes from it."""
    name = notation.scalar
    g = gradient_grid(
        "upstream", name, notation.output, upstream, _slot("output", LOW), start,
        editable=scalar == "given", role="read" if scalar == "given" else "written",
    )  # fmt: skip
    db = bias_grid(notation, upstream, _slot("bias", LOW), start)
    dk, da = (
        gradient_grid(
            f"{of}_gradient", name, getattr(notation, of), values[f"{of}_gradient"],
            _slot(of, LOW), start, role="written",
        )
        for of in ("kernel", "input")
    )  # fmt: skip
    return [g, dk, db, da]


def _table(geometry: Geometry, scalar: str) -> dict[str, np.ndarray]:
    """The same meetings once for each thing that is computed from them, one below the other."""
    met = convolution_table(geometry)
    a, k, h = met["input"], met["kernel"], met["output"]
    none, zero = np.full(len(h), NOWHERE), np.zeros(len(h), int)
    unpadded = unpadded_cells(geometry)[a]
    sections = [
        {"input": a, "kernel": k, "bias": zero, "output": h},
        {"input": np.where(unpadded < 0, NOWHERE, a), "upstream": h, "kernel_gradient": k},
        {"upstream": h, "bias_gradient": zero},
        {"kernel": k, "upstream": h, "input_gradient": unpadded},
    ]
    names = ["input", "kernel", "bias", "output", "upstream"]
    names += ["kernel_gradient", "bias_gradient", "input_gradient"]
    if scalar != "given":
        sections.append({"output": h, "upstream": h})
    if scalar == "squared error":
        names.append("target")
        sections[-1]["target"] = h
    # A meeting with padding hands nothing back: its row would light an upstream cell for nobody.
    sections[3] = {
        name: np.where(unpadded < 0, NOWHERE, cells) for name, cells in sections[3].items()
    }
    return {name: np.concatenate([part.get(name, none) for part in sections]) for name in names}


def _equations(notation: Notation) -> dict[str, Equation]:
    printed, blog = PRINTED[notation.document], notation.document == "blog"
    forward = tuple(f"{{{part}}}" for part in notation.factors)
    return {
        "output": Equation("{output}", forward, True, printed["output"], "{bias}"),
        "kernel_gradient": Equation(
            "{kernel_gradient}", ("{upstream}", "{input}"), True, printed["kernel"]
        ),
        "bias_gradient": Equation(
            "{bias_gradient}", ("{upstream}",), True, "blog-53" if blog else ""
        ),
        "input_gradient": Equation(
            "{input_gradient}", ("{upstream}", "{kernel}"), True, printed["input"]
        ),
    }


def _strokes(notation: Notation) -> tuple[Stroke, ...]:
    """The way back: from the upstream gradient below to each of the three gradients."""
    y = LOW - 44
    scalar = notation.scalar
    return (
        Stroke(((890, y), (20, y)), "backward", f"back: each gradient of {scalar} below its value"),
    )


def _code(notation: Notation, stride, padding) -> str:
    given = {"stride": stride, "padding": padding}
    bias = bias_letter(notation)
    arguments = [notation.input, notation.kernel, bias]
    made = call(notation.output, "nn.functional.conv2d", arguments, **given)
    return f"{made}; {notation.output}.backward(d{notation.output})"


def _lines(grids: list[Grid], scalar: str) -> int:
    return sum(grid.size for grid in grids if grid.role == "written")


def _with_sentences(grids: list[Grid], scalar: str) -> list[Grid]:
    said = {
        "input": "{} is read: forward by outputs, and backward by the kernel gradient.",
        "kernel": "{} is shared by all outputs, and read again for the input gradient.",
        "bias": "{} is added to every output.",
        "output": "{} adds up the products of its window, and the bias.",
        "kernel_gradient": "{} collects from every output: its upstream gradient times the input met there.",
        "input_gradient": "{} collects from the outputs that read this input, times the weight it met.",
        "target": "{} is what the output should have been.",
        "upstream": {
            "given": "{} arrives from the layers behind. It goes into all three gradients.",
            "sum": "{} is 1: the scalar is the sum of the output, so each output counts once.",
            "squared error": "{} is output minus target, the slope of half the squared error.",
        }[scalar],
    }
    finished = []
    for grid in grids:
        if grid.sentences is None:
            padding = grid.marks.get("padding", ())
            words = said[grid.name]
            sentences = tuple(
                "A padding cell: always 0. It has no gradient of its own."
                if cell in padding
                else words.format(spoken(name))
                for cell, name in enumerate(grid.symbols)
            )
            grid = replace(grid, sentences=sentences)
        finished.append(grid)
    return finished


def _with_steps(scene: Scene, scalar: str, blank: bool) -> Scene:
    """One step for each cell that is computed, in the order of a calculation by hand."""
    order = ["output", *(["upstream"] if scalar != "given" else [])]
    order += ["kernel_gradient", "bias_gradient", "input_gradient"]
    walk = [(name, cell) for name in order for cell in range(scene[name].size)]
    steps = []
    for line, (name, cell) in enumerate(walk, start=1):
        lit = {
            other: cells
            for other, cells in scene.lit(name, cell).items()
            if other in (name, *READS[name])
        }
        steps.append(Step(lit, _line(scene, line, len(walk), name, cell), (name, cell)))
    frames = {name: _frames(scene[name], walk) for name in order}
    grids = []
    for grid in scene.grids:
        if grid.name in frames and grid.texts:
            grid = replace(grid, frames=frames[grid.name])
            if blank:
                grid = replace(grid, numbers=("",) * grid.size, show="numbers")
        grids.append(grid)
    return replace(scene, grids=tuple(grids), steps=tuple(steps))


# What is looked at while a cell of this grid is computed.
READS = {
    "output": ("input", "kernel", "bias"),
    "upstream": ("output", "target"),
    "kernel_gradient": ("input", "upstream"),
    "bias_gradient": ("upstream",),
    "input_gradient": ("kernel", "upstream"),
}


def _frames(grid: Grid, walk: list[tuple[str, int]]) -> tuple[tuple[str, ...], ...]:
    """A grid that fills up, cell after cell, as the walk comes to them."""
    texts, done, frames = grid.texts or (), 0, []
    for name, _ in walk:
        done += name == grid.name
        frames.append((*texts[:done], *("",) * (grid.size - done)))
    return tuple(frames)


def _line(scene: Scene, line: int, lines: int, name: str, cell: int) -> str:
    """What is done in one line of the calculation."""
    here = spoken(scene[name].symbols[cell])
    where = f"Line {line} of {lines}. "
    terms = len(scene.terms(name, cell)[1]) if name in scene.equations else 0
    if name == "output":
        return f"{where}{here}: lay the kernel on this window, add the {count(terms - 1, 'product')} and the bias."
    if name == "upstream":
        return f"{where}{scene[name].sentences[cell]}"
    if name == "kernel_gradient":
        down, right = divmod(cell, scene[name].shape[3])
        return (
            f"{where}{here}: lay the upstream gradient on the input, {down} down and {right} to the "
            f"right, and add the {count(terms, 'product')}."
        )
    if name == "bias_gradient":
        return (
            f"{where}{here}: the bias went to every output, so add up the whole upstream gradient."
        )
    if not terms:
        return f"{where}{here}: no output read this input, so its gradient is 0."
    read = "1 output read" if terms == 1 else f"{terms} outputs read"
    return (
        f"{where}{here}: {read} this input. For each of them, add its upstream gradient times the "
        "weight in between."
    )
