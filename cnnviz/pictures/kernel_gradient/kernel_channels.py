"""The picture of the kernel gradient of several channels, with groups and the bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Equation, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import bank_of, gradient_grid, map_grid, written
from ..words import call, count
from .kernel_gradient import equation_of


def kernel_channels(
    input: np.ndarray,
    weight_size: tuple[int, int, int, int],
    grad_output: np.ndarray,
    groups: int = 1,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """The kernel gradient of several channels: a plane for each pair that meets, and the biases.

    ``input`` is (C, H, W), ``weight_size`` (O, C/groups, kH, kW), ``grad_output`` (O, oH, oW).
    Raises DoesNotFit where ``conv2d_weight`` does. Source: ``torch.nn.grad.conv2d_weight``; the
    bias: blog, "∂L/∂B = sum(∂L/∂Z)".

    >>> scene = kernel_channels(np.ones((2, 2, 2)), (2, 2, 1, 1), np.ones((2, 2, 2)))
    >>> scene["kernel_gradient"].numbers, scene["bias_gradient"].numbers
    (('4', '4', '4', '4'), ('4', '4'))
    """
    gradient = conv2d_weight(input, weight_size, grad_output, groups=groups)
    geometry = Geometry.of(input.shape[-2:], weight_size[-2:])
    outputs, inputs = weight_size[:2]
    table = convolution_table(geometry, len(input), outputs, groups)
    each = int(np.prod(geometry.output_size))
    table = {
        "input": table["input"],
        "upstream": table["output"],
        "kernel_gradient": table["kernel"],
        "bias_gradient": table["output"] // each,
    }
    scalar = notation.scalar
    a = map_grid(
        "input", notation.input, input, Slot(20, 40, 430, 160, largest=46), start, editable=True
    )
    g = gradient_grid(
        "upstream", scalar, notation.output, grad_output, Slot(20, 245, 430, 155, largest=60), start,
        editable=True,
    )  # fmt: skip
    dk = gradient_grid(
        "kernel_gradient", scalar, notation.kernel, gradient, Slot(500, 40, 360, 360, largest=76),
        start, role="written",
    )  # fmt: skip
    db = bias_grid(notation, grad_output, Slot(890, 40, 90, 360, largest=76), start)
    a = replace(a, sentences=_channel_sentences(a, dk, table, "input"))
    g = replace(g, sentences=_channel_sentences(g, dk, table, "upstream"))
    dk = replace(dk, sentences=_plane_sentences(dk, groups, len(input), start))
    return Scene(
        title="The kernel gradient of several channels",
        grids=tuple(written(grid, show) for grid in (a, g, dk, db)),
        table=table,
        say="Point at a plane of the kernel gradient: one input channel meets one output channel.",
        size=(1200, 420),
        equations={
            "kernel_gradient": equation_of(notation),
            "bias_gradient": Equation("{bias_gradient}", ("{upstream}",), True, "blog-53"),
        },
        counters=(
            (str(outputs * inputs), "planes: pairs that meet"),
            (str(outputs * len(input)), "pairs of channels"),
            (str(outputs), "bias gradients"),
        ),
        walk="kernel_gradient",
        beware=notation.beware,
        code=call(
            f"d{notation.kernel}",
            "nn.grad.conv2d_weight",
            [notation.input, f"{notation.kernel}.shape", f"d{notation.output}"],
            groups=groups,
        ),
    )


def bias_letter(notation: Notation) -> str:
    """The blog writes B, the others b."""
    return "B" if notation.document == "blog" else "b"


def bias_grid(notation: Notation, grad_output: np.ndarray, slot: Slot, start: int) -> Grid:
    """The bias gradient: for each output channel the sum of its upstream gradient."""
    sums = bank_of(grad_output)[0].sum(axis=(1, 2))
    letter = bias_letter(notation)
    weights = [f"{letter}_{n + start}" for n in range(len(sums))] if len(sums) > 1 else [letter]
    grid = map_grid("bias_gradient", letter, sums.reshape(-1, 1, 1, 1), slot, start, role="written")
    channels = [
        f" of output channel {n + start}" if len(sums) > 1 else "" for n in range(len(sums))
    ]
    return replace(
        grid,
        title=f"bias |∂{notation.scalar}/∂{letter}|",
        symbols=tuple(f"∂{notation.scalar}/∂{weight}" for weight in weights),
        sentences=tuple(
            f"The bias was added to every output{channel} with slope 1, so its gradient is the sum of "
            f"all {grad_output.shape[-2] * grad_output.shape[-1]} upstream gradients{channel}."
            for channel in channels
        ),
    )


def _channel_sentences(grid: Grid, dk: Grid, table: dict, name: str) -> tuple[str, ...]:
    """For each cell of a channel, the planes of the kernel gradient in which its channel stands."""
    plane, across = dk.shape[2] * dk.shape[3], dk.shape[1]
    found: list[set] = [set() for _ in range(grid.size)]
    for cell, weight in zip(table[name].tolist(), table["kernel_gradient"].tolist(), strict=True):
        found[cell].add(divmod(weight // plane, across))
    return tuple(
        f"{spoken(label)} stands in {count(len(planes), 'plane')} of the kernel gradient: its channel "
        f"meets {count(len(planes), 'output channel' if name == 'input' else 'input channel')}."
        for label, planes in zip(grid.symbols, found, strict=True)
    )


def _plane_sentences(dk: Grid, groups: int, channels: int, start: int) -> tuple[str, ...]:
    """For each weight, which two channels meet in its sum."""
    outputs, inside, rows, columns = dk.shape
    said = []
    for o, c in np.ndindex(outputs, inside):
        read = o // (outputs // groups) * inside + c
        alone = f" It meets {inside} of {channels} input channels, those of its group." * (
            groups > 1
        )
        for cell in range(rows * columns):
            name = spoken(dk.symbols[((o * inside) + c) * rows * columns + cell])
            said.append(
                f"{name}: only input channel {read + start} and the upstream gradient of output "
                f"channel {o + start} stand in this sum.{alone}"
            )
    return tuple(said)
