"""What the pictures of the input gradient share: the table of what the turned kernel multiplies as it
slides over the spread gradient, and the sum as a document and PyTorch write it."""

from __future__ import annotations

import numpy as np

from ...functional import insert_zeros, rot180
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...functional.windows import pad
from ...scene import NOWHERE, Equation
from ..sheet import Sheet


def gather_table(geometry: Geometry) -> dict[str, np.ndarray]:
    """All that the gather multiplies, zeros included, in its order.

    Each row names a cell of the spread gradient, of the turned kernel and of both results; and of
    the upstream gradient and the kernel, or NOWHERE where the spread gradient holds a zero.

    >>> table = gather_table(Geometry.of((3, 3), (2, 2)))
    >>> [table[name][3].item() for name in ("upstream", "kernel", "spread", "turned", "gathered")]
    [0, 0, 5, 3, 0]
    """
    numbers = 1 + np.arange(np.prod(geometry.output_size)).reshape(geometry.output_size)
    cells = pad(insert_zeros(numbers, geometry.stride), geometry.adjoint_padding) - 1
    slid = convolution_table(
        Geometry.of(cells.shape, geometry.kernel_size, dilation=geometry.dilation)
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


def input_equation(
    sheet: Sheet,
    result: str = "input_gradient",
    kernel: str = "kernel",
    upstream: str = "upstream",
    printed: str = "input_gradient",
) -> Equation:
    """The sum of one input gradient, its products in the order of the document."""
    grids = {"kernel": kernel, "input": upstream}
    return sheet.equation(result, *map(grids.get, sheet.notation.factors), printed=printed)


def input_call(sheet: Sheet, input_size: tuple[int, ...], **how) -> str:
    """The call that computes the input gradient in PyTorch, for (H, W) or (C, H, W).

    >>> input_call(Sheet({}), (4, 4), stride=2)
    'grad_a = torch.nn.grad.conv2d_input((1, 1, 4, 4), k, g, stride=2)'
    """
    result, size = (
        f"grad_{sheet.letter('input')}",
        str((*(1, 1)[: 4 - len(input_size)], *input_size)),
    )
    return sheet.call(result, "nn.grad.conv2d_input", size, "kernel", "g", **how)
