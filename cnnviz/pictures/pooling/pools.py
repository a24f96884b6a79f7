"""What the pictures of pooling share: padded maps, gradients under their names, the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import NOWHERE, Grid, Slot
from ...symbols import number, spoken
from ..grids import gradient_grid, padded_grid


def read_grid(
    letter: str, values: np.ndarray, geometry: Geometry, slot: Slot, start: int, fill: str
) -> Grid:
    """The input of a pooling in its padding, which is written ``fill``; thicker lines between
    windows where they tile the map."""
    grid = padded_grid("input", letter, values, geometry, slot, start)
    padding = grid.marks.get("padding", ())
    if not padding:
        tiled = geometry.stride == geometry.kernel_size and geometry.dilation == (1, 1)
        return replace(grid, blocks=geometry.kernel_size) if tiled else grid
    texts = {}
    for kind in ("symbols", "numbers"):
        texts[kind] = np.array(getattr(grid, kind), dtype=object)
        texts[kind][list(padding)] = fill
    return replace(grid, **{kind: tuple(cells) for kind, cells in texts.items()})


def named_gradient(
    name: str, scalar: str, letter: str, values: np.ndarray, slot: Slot, start: int, **more
) -> Grid:
    """A gradient that keeps the names ∂F/∂a_11 of its cells, whatever is written in them."""
    grid = gradient_grid(name, scalar, letter, values, slot, start, **more)
    return replace(grid, names=grid.symbols)


def meetings(geometry: Geometry) -> dict[str, np.ndarray]:
    """The table of a pooling: padded ``input`` cell, ``kernel`` cell and ``output`` cell of each
    meeting, and ``cell``, the input cell without its padding (NOWHERE in the padding)."""
    table = convolution_table(geometry)
    return {**table, "cell": unpadded_cells(geometry)[table["input"]]}


def padded_numbers(geometry: Geometry) -> np.ndarray:
    """For each cell of the input its number in the padded input."""
    return np.flatnonzero(unpadded_cells(geometry) != NOWHERE)


def for_padded(geometry: Geometry, sentences, in_padding: str) -> tuple[str, ...]:
    """One sentence for each input cell -> one for each cell of the padded input."""
    return tuple(
        in_padding if cell == NOWHERE else sentences[cell] for cell in unpadded_cells(geometry)
    )


def size_in_words(geometry: Geometry, padding, ceil_mode: bool) -> str:
    """How many windows fit along a side, as the sum one does by hand.

    >>> size_in_words(Geometry.of_pool(5, 2), 0, False)
    'Windows along a side: ⌊(5 − 2) / 2⌋ + 1 = 2.'
    """
    axis = geometry.rows
    low, high = ("⌈", "⌉") if ceil_mode else ("⌊", "⌋")
    pads = f" + 2·{padding}" if padding else ""
    span = f"{axis.dilation}·({axis.kernel} − 1) − 1" if axis.dilation > 1 else str(axis.kernel)
    counted = -(-(axis.size + 2 * padding - axis.span) // axis.stride) + 1
    last = (
        ", less one that would start beyond the input" if ceil_mode and counted > axis.out else ""
    )
    return (
        f"Windows along a side: {low}({axis.size}{pads} − {span}) / {axis.stride}{high} + 1"
        f"{last} = {axis.out}."
    )


def pooling_call(function: str, letters: tuple[str, str], kernel_size, stride, more: dict) -> str:
    """The call in PyTorch; arguments at their defaults are left out.

    >>> pooling_call("max_pool2d", ("h", "a"), 2, 2, {"padding": (1, 0), "ceil_mode": (False, False)})
    'h = torch.nn.functional.max_pool2d(a, 2, padding=1)'
    """
    more = {"stride": (stride, None if stride is None else kernel_size), **more}
    said = [f"{name}={value}" for name, (value, usual) in more.items() if value != usual]
    arguments = ", ".join([letters[1], str(kernel_size), *said])
    return f"{letters[0]} = torch.nn.functional.{function}({arguments})"


def list_of(names, most: int = 9) -> str:
    """Names as they are said, the first few of them."""
    shown = [spoken(name) for name in names[:most]]
    return ", ".join(shown) + (", …" if len(names) > most else "")


def total(values: np.ndarray) -> str:
    """A sum as it is counted in the margin. Shares such as 1/9 must not leave a trace of rounding."""
    return number(round(float(np.sum(values)), 9))
