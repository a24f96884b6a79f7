"""The picture of a whole convolution layer: forward on top, every gradient below its value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv2d_weight
from ...functional.geometry import DoesNotFit, Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Stroke
from ...symbols import number, spoken
from ..grids import map_grid
from ..kernel_gradient.kernel_channels import bias_grid
from ..kernel_gradient.kernel_gradient import equation_of
from ..maps import PADDING, padded
from ..meetings import joined, worked_through
from ..sheet import Sheet
from ..words import Says, count

SCALARS = ("given", "sum", "squared error")
TOP, LOW, TALL = 40, 352, 232
COLUMNS = {  # a value with its gradient below it: left edge and width
    ("input", "input_gradient"): (20, 300),
    ("kernel", "kernel_gradient"): (370, 180),
    ("bias", "bias_gradient"): (592, 64),
    ("output", "upstream"): (700, 190),
}
SLOTS = {
    name: Slot(x, y, width, TALL, largest=66)
    for column, (x, width) in COLUMNS.items()
    for name, y in zip(column, (TOP, LOW), strict=True)
}
SLOTS["target"] = Slot(900, TOP, 92, TALL, largest=46)


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
    **letters,
) -> Scene:
    """One layer from the first equation to the last, one step for each line of the calculation.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` and ``target`` have the size of the
    output. ``scalar`` says where the upstream gradient comes from: "given" as ``grad_output``, of
    the "sum" of the output, or of the "squared error", half the sum of (output − target)².
    ``blank`` leaves the results empty until they are stepped to, as on a work sheet.
    ``letters`` are those of a `Sheet`: notation, start and show.
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
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    n, how = sheet.notation, {"stride": stride, "padding": padding}
    grids = [
        *_values(sheet, input, weight, bias, outputs, geometry),
        *_gradients(sheet, input, weight, upstream, scalar, how),
    ]
    if scalar == "squared error":
        wanted = map_grid("target", "T", target, SLOTS["target"], sheet.start, editable=True)
        grids.append(replace(wanted, title="target |T|"))
    lines = sum(grid.size for grid in grids if grid.role == "written")
    call = sheet.call("output", "nn.functional.conv2d", "input", "kernel", "bias", **how)
    back, y = f"back: each gradient of {n.scalar} below its value", LOW - 44
    # From where a target would stand: the picture is as wide with one as without.
    right = SLOTS["target"].x + SLOTS["target"].width - 30
    scene = sheet.scene(
        "A whole layer",
        tuple(grids),
        _table(geometry, scalar),
        _says(grids, scalar),
        say=f"Top: forward. Below each value stands its gradient. Press Next for one line of the "
        f"calculation after the other: {lines} lines in all.",
        size=(1200, 600),
        equations=_equations(sheet),
        signs=((345, 165, "∗"), (571, 165, "+"), (678, 165, "=")),
        strokes=(Stroke(((right, y), (20, y)), "backward", back),),
        counters=((number(value), f"= {n.scalar}, {MEANS[scalar]}"),) * (scalar != "given"),
        code=f"{call}; {n.output}.backward(d{n.output})",
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


def _values(sheet: Sheet, input, weight, bias, outputs, geometry: Geometry) -> list[Grid]:
    letter = sheet.letter("bias")
    return [
        padded(sheet.grid("input", input, editable=True), geometry.padding),
        sheet.grid("kernel", weight, editable=True),
        Grid("bias", f"bias |{letter}|", (1, 1, 1, 1), SLOTS["bias"], symbols=(letter,),
             numbers=(number(float(bias)),), editable=True),
        sheet.grid("output", outputs, role="written"),
    ]  # fmt: skip


def _gradients(sheet: Sheet, input, weight, upstream, scalar: str, how: dict) -> list[Grid]:
    """The upstream gradient, and the three that the layer computes from it."""
    given = scalar == "given"
    dk = conv2d_weight(input, weight.shape, upstream, **how)
    da = conv2d_input(input.shape, weight, upstream, **how)
    return [
        sheet.grid("upstream", upstream, editable=given, role="read" if given else "written"),
        sheet.grid("kernel_gradient", dk, role="written"),
        bias_grid(sheet, upstream),
        sheet.grid("input_gradient", da, role="written"),
    ]


def _table(geometry: Geometry, scalar: str) -> dict[str, np.ndarray]:
    """The same meetings once for each thing that is computed from them, one below the other."""
    met = convolution_table(geometry)
    a, k, h = met["input"], met["kernel"], met["output"]
    zero, unpadded = np.zeros(len(h), int), unpadded_cells(geometry)[a]

    def unless_padding(cells: np.ndarray) -> np.ndarray:
        """A meeting with padding hands nothing back: its row would light a cell for nobody."""
        return np.where(unpadded < 0, NOWHERE, cells)

    back = {"kernel": k, "upstream": h, "input_gradient": unpadded}
    from_scalar = {
        "given": [],
        "sum": [{"output": h, "upstream": h}],
        "squared error": [{"output": h, "upstream": h, "target": h}],
    }
    return joined(
        {"input": a, "kernel": k, "bias": zero, "output": h},
        {"input": unless_padding(a), "upstream": h, "kernel_gradient": k},
        {"upstream": h, "bias_gradient": zero},
        {name: unless_padding(cells) for name, cells in back.items()},
        *from_scalar[scalar],
    )


def _equations(sheet: Sheet) -> dict[str, Equation]:
    return {
        "output": sheet.forward("output", plus="bias"),
        "kernel_gradient": equation_of(sheet),
        "bias_gradient": sheet.equation("bias_gradient", "upstream", printed="bias_gradient"),
        "input_gradient": sheet.equation(
            "input_gradient", "upstream", "kernel", printed="input_gradient"
        ),
    }


def _says(grids: list[Grid], scalar: str) -> dict[str, Says]:
    words = {
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

    def of(grid: Grid) -> Says:
        names = grid.origin.symbols
        return lambda cell: (
            "A padding cell: always 0. It has no gradient of its own."
            if cell == PADDING
            else words[grid.name].format(spoken(names[cell]))
        )

    return {grid.name: of(grid) for grid in grids if grid.name in words}


def _with_steps(scene: Scene, scalar: str, blank: bool) -> Scene:
    """One step for each cell that is computed, in the order of a calculation by hand."""
    reads = {name: of for name, of in READS.items() if name != "upstream" or scalar != "given"}
    lines = [(name, cell) for name in reads for cell in range(scene[name].size)]

    def say(name: str, cell: int) -> str:
        return _line(scene, lines.index((name, cell)) + 1, len(lines), name, cell)

    made = worked_through(scene, reads, say)
    grids = (_empty(g) if blank and g.name in reads else g for g in made.grids)
    return replace(made, grids=tuple(grids))


def _empty(grid: Grid) -> Grid:
    """Nothing stands in its cells at rest; what they are called and hold is known all the same."""
    return replace(grid, names=grid.called, symbols=("",) * grid.size, show="symbols")


# What is read while a cell of this grid is computed, in the order of a calculation by hand.
READS = {
    "output": ("input", "kernel", "bias"),
    "upstream": ("output", "target"),
    "kernel_gradient": ("input", "upstream"),
    "bias_gradient": ("upstream",),
    "input_gradient": ("kernel", "upstream"),
}


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
