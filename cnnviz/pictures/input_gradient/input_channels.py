"""The picture of the input gradient of several channels: the kernels exchange in and out, and only
their planes are turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, rot180
from ...functional.geometry import DoesNotFit, Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Stroke
from ...symbols import spoken
from ..grids import readable
from ..maps import laid_out
from ..meetings import partners, worked_through
from ..sheet import Sheet, edges
from ..words import Says, count
from .gathering import input_call, input_equation

SLOTS = {
    "upstream": Slot(20, 40, 300, 150, largest=52),
    "kernel": Slot(20, 250, 300, 300, largest=46),
    "laid": Slot(400, 250, 300, 300, largest=46),
    "input_gradient": Slot(400, 40, 470, 150, largest=46),
}
Bank = np.ndarray


def exchanged(bank: Bank, groups: int) -> Bank:
    """A kernel bank (O, C/groups, …) with in and out exchanged inside each group: (C, O/groups, …).

    >>> exchanged(np.array([[1, 2], [3, 4]]), 1).tolist()
    [[1, 3], [2, 4]]
    >>> exchanged(np.array([[1], [2]]), 2).tolist()
    [[1], [2]]
    """
    outputs, inside, *plane = bank.shape
    split = bank.reshape(groups, outputs // groups, inside, *plane)
    return np.swapaxes(split, 1, 2).reshape(groups * inside, outputs // groups, *plane)


# How the bank may be laid for the way back. The first is right.
WAYS: dict[str, Callable[[Bank, int], Bank]] = {
    "right": lambda bank, groups: rot180(exchanged(bank, groups)),
    "not turned": exchanged,
    "not exchanged": lambda bank, groups: rot180(bank),
    "all axes turned": lambda bank, groups: exchanged(bank, groups)[::-1, ::-1, ::-1, ::-1],
}
TITLES = {
    "right": "in and out exchanged, planes turned",
    "not turned": "in and out exchanged, planes not turned",
    "not exchanged": "planes turned, in and out not exchanged",
    "all axes turned": "exchanged, and all four axes turned",
}


def input_channels(
    weight: np.ndarray,
    grad_output: np.ndarray,
    input_size: tuple[int, int, int],
    groups: int = 1,
    way: str = "right",
    **letters,
) -> Scene:
    """The input gradient of several channels, each collecting from the output channels of its group.

    ``weight`` is (O, C/groups, kH, kW), ``grad_output`` (O, oH, oW), ``input_size`` (C, H, W). ``way`` is
    one of WAYS: how the bank is laid down on the way back. ``letters`` are those of a `Sheet`.
    Raises DoesNotFit where ``conv2d_input`` does, or where a bank that is not exchanged cannot be used.
    Source: ``torch.nn.grad.conv2d_input``; note, (3) for one channel.

    >>> scene = input_channels(np.ones((2, 1, 1, 1)), np.array([[[2]], [[3]]]), (1, 1, 1))
    >>> scene["input_gradient"].numbers
    ('5',)
    """
    inputs, outputs = input_size[0], len(weight)
    truth = conv2d_input(input_size, weight, grad_output, groups=groups)
    if way == "not exchanged" and inputs != outputs:
        raise DoesNotFit(
            f"A bank that is not exchanged reads {inputs} maps and makes {outputs}, but {outputs} "
            f"gradients arrive and {inputs} are wanted. Only with as many inputs as outputs do the "
            "sizes hide this mistake."
        )
    laid = WAYS[way](weight, groups)
    around = tuple(n - 1 for n in weight.shape[-2:])
    result = conv2d(grad_output, laid, padding=around, groups=groups)
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    g = sheet.grid("upstream", grad_output, editable=True, brief=outputs > 1)
    # A hue for each pair of channels: it shows where its plane goes.
    pairs = tuple((np.arange(weight.size) // np.prod(weight.shape[-2:])).tolist())
    hues = pairs if pairs[-1] else None
    k = sheet.grid("kernel", weight, editable=True, brief=outputs * inputs > 1, hues=hues)
    turned = sheet.again(laid_out(k, lambda bank: WAYS[way](bank, groups)), "laid", TITLES[way])
    dx = sheet.grid("input_gradient", result, role="written", brief=inputs > 1)
    slid = Geometry.of(grad_output.shape[-2:], laid.shape[-2:], 1, around)
    table = _table(slid, turned, inputs, outputs, groups)
    needed = _products(_needed(input_size, weight, groups), g)
    wrong = _wrong(dx, result, truth, _products(table, g), needed, sheet.show)
    # A mark is seen from the step on that writes its cell: a step for each.
    since = dict(zip(wrong, wrong, strict=True))
    dx = replace(dx, marks={"wrong": wrong} if wrong else {}, marked_since=since)
    scene = sheet.scene(
        "Channels on the way back",
        (g, k, turned, dx),
        table,
        _says(g, k, dx, groups, sheet.start, way),
        say="Point at an input gradient: the upstream gradients of all output channels of its group "
        "light up, and in the bank the row of kernels that they come through.",
        equations={"input_gradient": input_equation(sheet)},
        strokes=_arrows(g, k, turned, dx),
        counters=(
            (
                str(outputs // groups),
                f"output channel{'s' * (outputs > groups)} for each input channel to collect from",
            ),
        ),
        lamps=(Lamp(not wrong, f"this is {'not ' * bool(wrong)}the gradient", mistake=True),),
        code=input_call(sheet, input_size, groups=groups) if way == "right" else "",
    )
    walked = worked_through(
        scene, {"input_gradient": ("upstream", "kernel", "laid")}, scene.sentence
    )
    return replace(walked, grids=tuple(map(readable, walked.grids)))


def _table(
    slid: Geometry, laid: Grid, inputs: int, outputs: int, groups: int
) -> dict[str, np.ndarray]:
    """What meets as the laid bank slides over the padded gradients; zeros of the padding left out."""
    met = convolution_table(slid, outputs, inputs, groups)
    upstream = unpadded_cells(slid, outputs)[met["input"]]
    real = upstream != NOWHERE
    cells = np.array(laid.cells or range(laid.size))
    return {
        "upstream": upstream[real],
        "kernel": cells[met["kernel"]][real],
        "laid": met["kernel"][real],
        "input_gradient": met["output"][real],
    }


def _needed(input_size: tuple[int, int, int], weight: np.ndarray, groups: int) -> dict:
    """The meetings of the forward pass: what the chain rule adds up for each input."""
    geometry = Geometry.of(input_size[1:], weight.shape[-2:])
    met = convolution_table(geometry, input_size[0], len(weight), groups)
    return {"upstream": met["output"], "kernel": met["kernel"], "input_gradient": met["input"]}


def _products(table: dict, g: Grid) -> list[tuple[int, int]]:
    """Each product of a table with the cell that it goes to."""
    product = table["kernel"] * g.size + table["upstream"]
    return sorted(zip(table["input_gradient"].tolist(), product.tolist(), strict=True))


def _wrong(dx: Grid, result, truth, made: list, needed: list, show: str) -> tuple[int, ...]:
    """The cells that are wrong: those with another number, or in symbols with another sum."""
    if show == "numbers":
        return tuple(np.flatnonzero(~np.isclose(result, truth)).tolist())
    columns = (np.array(pairs).T for pairs in (made, needed))
    sums = (partners(cells, products, dx.size) for cells, products in columns)
    return tuple(n for n, (one, other) in enumerate(zip(*sums, strict=True)) if one != other)


def _says(g: Grid, k: Grid, dx: Grid, groups: int, start: int, way: str) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    outputs, inside, rows, columns = k.shape
    outside = outputs // groups

    def maps(first: int, many: int) -> str:
        if many == 1:
            return f"channel {first + start}"
        numbers = [str(first + n + start) for n in range(many)]
        return f"channels {', '.join(numbers[:-1])} and {numbers[-1]}"

    def of_upstream(cell: int) -> str:
        o = cell // (g.shape[2] * g.shape[3])
        to = maps(o // outside * inside, inside)
        through = f"through {count(inside, 'kernel')} of its own"
        return f"{spoken(g.symbols[cell])} goes back to input {to}, {through}."

    def of_kernel(cell: int) -> str:
        o, c = divmod(cell // (rows * columns), inside)
        read = o // outside * inside + c
        return (
            f"{spoken(k.symbols[cell])}: forward from input channel {read + start} to output channel "
            f"{o + start}, and back from output channel {o + start} to input channel {read + start}."
        )

    def of_gradient(cell: int) -> str:
        c = cell // (dx.shape[2] * dx.shape[3])
        first = c // inside * outside
        name = spoken(dx.symbols[cell])
        if way != "right":
            verdict = "wrong" if cell in dx.marks.get("wrong", ()) else "right"
            return f"{name} is {verdict}. How the kernels lie: {TITLES[way]}."
        alone = ", those of its group" * (groups > 1)
        kernels = (
            "1 kernel, turned" if outside == 1 else f"{outside} kernels, each turned in its plane"
        )
        return (
            f"{name} collects from output {maps(first, outside)}{alone}: through its row of the "
            f"exchanged bank, {kernels}."
        )

    return {
        "upstream": of_upstream,
        "kernel": of_kernel,
        "laid": of_kernel,
        "input_gradient": of_gradient,
    }


def _arrows(g: Grid, k: Grid, laid: Grid, dx: Grid) -> tuple[Stroke, ...]:
    """From the bank to how it is laid down, and from there up to the result."""
    away, to = edges(k), edges(laid)
    y = SLOTS["kernel"].y + SLOTS["kernel"].height / 2
    return (Stroke(((away.right, y), (to.left, y)), "forward"),)
