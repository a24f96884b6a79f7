"""What the pictures of the input gradient share: the gradient spread out, the kernel turned, the
table of both, and how a document and PyTorch write it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import insert_zeros, rot180
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...functional.windows import pad
from ...scene import NOWHERE, Grid, Slot
from ...symbols import Notation
from ..words import call


def gather_table(geometry: Geometry) -> dict[str, np.ndarray]:
    """All that the gather multiplies, zeros included, in its order.

    Each row names a cell of the spread gradient, of the turned kernel and of both results; and of
    the upstream gradient and the kernel, or NOWHERE where the spread gradient holds a zero.

    >>> table = gather_table(Geometry.of((3, 3), (2, 2)))
    >>> [table[name][3].item() for name in ("upstream", "kernel", "spread", "turned", "gathered")]
    [0, 0, 5, 3, 0]
    """
    cells = spread_cells(geometry)
    slid = convolution_table(
        Geometry.of(cells.shape, geometry.kernel_size, 1, 0, geometry.dilation)
    )
    upstream = cells.ravel()[slid["input"]]
    kernel = rot180(np.arange(np.prod(geometry.kernel_size)).reshape(geometry.kernel_size)).ravel()
    return {
        "upstream": upstream,
        "kernel": np.where(upstream == NOWHERE, NOWHERE, kernel[slid["kernel"]]),
        "input_gradient": slid["output"],
        "spread": slid["input"],
        "turned": slid["kernel"],
        "gathered": slid["output"],
    }


def spread_cells(geometry: Geometry) -> np.ndarray:
    """The spread gradient as cell numbers of the upstream gradient; NOWHERE where it holds a zero.

    >>> spread_cells(Geometry.of((1, 4), (1, 2), stride=2))
    array([[-1,  0, -1,  1, -1]])
    """
    numbers = 1 + np.arange(np.prod(geometry.output_size)).reshape(geometry.output_size)
    return pad(insert_zeros(numbers, geometry.stride), geometry.adjoint_padding) - 1


def spread_grid(upstream: Grid, geometry: Geometry, slot: Slot) -> Grid:
    """The upstream gradient with zeros between its cells (dots) and around them (slashes)."""
    cells = spread_cells(geometry)
    kinds = np.ones(geometry.output_size, dtype=int)
    kinds = pad(insert_zeros(kinds, geometry.stride), geometry.adjoint_padding, fill=2).ravel()
    of = cells.ravel().tolist()
    marks = {
        "padding": tuple(np.flatnonzero(kinds == 2).tolist()),
        "inserted": tuple(np.flatnonzero(kinds == 0).tolist()),
    }
    widths = sorted({n for axis in geometry.adjoint_padding for n in axis})
    by = f" by {abs(widths[0])}" if len(widths) == 1 else ""
    done = ["zeros between"] * bool(marks["inserted"]) + [f"padded{by}"] * bool(marks["padding"])
    done += [f"cropped{by}"] * (widths[0] < 0)
    rows, columns = cells.shape
    return Grid(
        "spread",
        f"{', '.join(['the same', *done])}: {rows}×{columns}",
        (1, 1, rows, columns),
        slot,
        symbols=tuple("0" if c < 0 else upstream.symbols[c] for c in of),
        numbers=tuple("0" if c < 0 else upstream.numbers[c] for c in of),
        ink=np.where(cells.ravel() < 0, 0, upstream.ink[cells.ravel()]),
        marks={kind: where for kind, where in marks.items() if where},
    )


def turned_grid(kernel: Grid, slot: Slot) -> Grid:
    """The kernel turned by 180°: its cells keep their names."""
    shape = kernel.shape[2:]
    cells = rot180(np.arange(kernel.size).reshape(shape)).ravel()
    return replace(
        kernel,
        name="turned",
        title=f"kernel turned by 180°  {shape[0]}×{shape[1]}",
        slot=slot,
        symbols=tuple(kernel.symbols[c] for c in cells),
        numbers=tuple(kernel.numbers[c] for c in cells),
        ink=kernel.ink[cells],
        editable=False,
    )


def pytorch_input_call(notation: Notation, geometry: Geometry, around: tuple) -> str:
    """The call that computes the input gradient in PyTorch; ``around`` is stride, padding, dilation.

    >>> from cnnviz.symbols import NOTATIONS
    >>> pytorch_input_call(NOTATIONS["note"], Geometry.of(4, 3), (1, 0, 1))
    'grad_a = torch.nn.grad.conv2d_input((1, 1, 4, 4), k, g)'
    """
    size = f"({', '.join(map(str, (1, 1, *geometry.input_size)))})"
    given = dict(zip(("stride", "padding", "dilation"), around, strict=True))
    return call(
        f"grad_{notation.input}", "nn.grad.conv2d_input", [size, notation.kernel, "g"], **given
    )


def gradient_factors(notation: Notation) -> tuple[str, str]:
    """A product of a weight and an upstream gradient, in the order of the document."""
    templates = {"kernel": "{kernel}", "input": "{upstream}"}
    return tuple(templates[part] for part in notation.factors)
