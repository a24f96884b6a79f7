"""The picture of the kernel gradient of several channels, with groups and the bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Grid, Scene, Slot
from ...symbols import spoken
from ..grids import bank_of
from ..meetings import joined, partners, worked_through
from ..sheet import Sheet, row
from ..words import Says, count, said
from .kernel_gradient import equation_of, weight_call

SLOTS = {
    "input": Slot(20, 40, 430, 160, largest=46),
    "upstream": Slot(20, 245, 430, 155, largest=60),
    **row(360, left=500, gap=30, largest=76, kernel_gradient=360, bias_gradient=90),
}


def kernel_channels(
    input: np.ndarray,
    weight_size: tuple[int, int, int, int],
    grad_output: np.ndarray,
    groups: int = 1,
    **letters,
) -> Scene:
    """The kernel gradient of several channels: a plane for each pair that meets, and the biases.

    ``input`` is (C, H, W), ``weight_size`` (O, C/groups, kH, kW), ``grad_output`` (O, oH, oW).
    ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_weight`` does. Source: ``torch.nn.grad.conv2d_weight``; the
    bias: blog, "∂L/∂B = sum(∂L/∂Z)".

    >>> scene = kernel_channels(np.ones((2, 2, 2)), (2, 2, 1, 1), np.ones((2, 2, 2)))
    >>> scene["kernel_gradient"].numbers, scene["bias_gradient"].numbers
    (('4', '4', '4', '4'), ('4', '4'))
    """
    gradient = conv2d_weight(input, weight_size, grad_output, groups=groups)
    outputs, inputs = weight_size[:2]
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    # Which channel a cell is in, its tile says.
    a = sheet.grid("input", input, editable=True, brief=len(input) > 1)
    g = sheet.grid("upstream", grad_output, editable=True)
    dk = sheet.grid("kernel_gradient", gradient, role="written")
    table = _table(Geometry.of(input.shape[-2:], weight_size[-2:]), len(input), outputs, groups)
    scene = sheet.scene(
        "A plane for each pair of channels",
        (a, g, dk, bias_grid(sheet, grad_output)),
        table,
        {
            "input": _of_channel(a, dk, table, "output channel"),
            "upstream": _of_channel(g, dk, table, "input channel"),
            "kernel_gradient": _of_plane(dk, groups, len(input), sheet.start),
        },
        say="Point at a plane of the kernel gradient: one input channel meets one output channel.",
        equations={
            "kernel_gradient": equation_of(sheet),
            "bias_gradient": sheet.equation(
                "bias_gradient", "upstream", printed="bias_gradient of channels"
            ),
        },
        counters=(
            (
                f"{outputs * inputs} of {outputs * len(input)}",
                "pairs of channels meet: a plane each",
            ),
            (str(outputs), "bias gradients"),
        ),
        code=weight_call(sheet, groups=groups),
    )
    reads = {"kernel_gradient": ("upstream", "input"), "bias_gradient": ("upstream",)}
    return worked_through(scene, reads, scene.sentence)


def _table(geometry: Geometry, inputs: int, outputs: int, groups: int) -> dict[str, np.ndarray]:
    """The meetings of the forward pass, and below them those of each output with its bias."""
    met = convolution_table(geometry, inputs, outputs, groups)
    cells = int(np.prod(geometry.output_size))
    every_output = np.arange(outputs * cells)
    return joined(
        {"input": met["input"], "upstream": met["output"], "kernel_gradient": met["kernel"]},
        {"upstream": every_output, "bias_gradient": every_output // cells},
    )


def bias_grid(sheet: Sheet, grad_output: np.ndarray) -> Grid:
    """The bias gradient: for each output channel the sum of its upstream gradient."""
    maps = bank_of(grad_output)[0]
    grid = sheet.grid("bias_gradient", maps.sum(axis=(1, 2)).reshape(-1, 1, 1, 1), role="written")
    name = f"∂{sheet.notation.scalar}/∂{sheet.notation.bias}"
    several = len(maps) > 1
    symbols = [f"{name}_{n + sheet.start}" if several else name for n in range(len(maps))]

    def of_bias(n: int) -> str:
        channel = f" of output channel {n + sheet.start}" if several else ""
        return (
            f"The bias was added to every output{channel} with slope 1, so its gradient is the sum of "
            f"all {maps[n].size} upstream gradients{channel}."
        )

    return said(replace(grid, title=f"bias |{name}|", symbols=tuple(symbols)), of_bias)


def _of_channel(grid: Grid, dk: Grid, table: dict, others: str) -> Says:
    """For a cell of a channel, the planes of the kernel gradient in which its channel stands."""
    plane = dk.shape[2] * dk.shape[3]
    planes = partners(table[grid.name], table["kernel_gradient"] // plane, grid.size)

    def of_cell(cell: int) -> str:
        found = len(set(planes[cell]))
        return (
            f"{spoken(grid.symbols[cell])} stands in {count(found, 'plane')} of the kernel gradient: "
            f"its channel meets {count(found, others)}."
        )

    return of_cell


def _of_plane(dk: Grid, groups: int, channels: int, start: int) -> Says:
    """For a weight, which two channels meet in its sum."""
    outputs, inside, rows, columns = dk.shape
    alone = f" It meets {inside} of {channels} input channels, those of its group." * (groups > 1)

    def of_weight(cell: int) -> str:
        o, c = divmod(cell // (rows * columns), inside)
        read = o // (outputs // groups) * inside + c
        return (
            f"{spoken(dk.symbols[cell])}: only input channel {read + start} and the upstream gradient "
            f"of output channel {o + start} stand in this sum.{alone}"
        )

    return of_weight
