"""The mistake of turning the window of the kernel gradient: how it lies, and which cells come out wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, rot180
from ...functional.geometry import Geometry
from ...scene import Grid
from ..grids import map_grid
from ..maps import cropped, turned
from ..sheet import Sheet


def window(sheet: Sheet, grad_output: np.ndarray, turn: bool) -> Grid:
    """The upstream gradient as it slides: as it is, or by mistake turned."""
    g = sheet.grid("upstream", grad_output, editable=True)
    if not turn:
        return g
    return replace(turned(g), title=f"{g.title.partition('  ')[0]}, turned by 180°")


def turned_result(sheet: Sheet, input, grad_output, geometry: Geometry, wanted) -> Grid:
    """What comes out of a window that is turned, with a cross where it is not the kernel gradient."""
    paddings = tuple(padding.before for padding in geometry.padding)
    raw = conv2d(input, rot180(grad_output), None, geometry.dilation, paddings, geometry.stride)
    made = map_grid("kernel_gradient", "r", raw, sheet.slots["kernel_gradient"], sheet.start)
    made = replace(made, title=f"what comes out  {raw.shape[0]}×{raw.shape[1]}", role="written")
    cut = cropped(made, geometry.kernel_size)
    wrong = np.zeros(raw.shape, bool)
    corner = wrong[: wanted.shape[0], : wanted.shape[1]]
    corner[...] = ~np.isclose(raw[: wanted.shape[0], : wanted.shape[1]], wanted)
    crossed = tuple(np.flatnonzero(wrong).tolist())
    return replace(cut, marks={**cut.marks, **({"wrong": crossed} if crossed else {})})


def turned_say(wrong: int, cells: int) -> str:
    if not wrong:
        return (
            "The window is turned by 180°, and nothing shows: these numbers look the same turned."
        )
    return (
        f"The window is turned by 180°, and {wrong} of {cells} cells are wrong. The kernel gradient "
        "needs no turn."
    )


def turned_call(sheet: Sheet, stride, padding, dilation) -> str:
    """The mistake in PyTorch: stride and dilation have changed places, and the window is flipped.

    >>> turned_call(Sheet({}), 2, 0, 1)
    'r = torch.nn.functional.conv2d(a, dh.flip(0, 1), dilation=2)'
    """
    how = {"stride": dilation, "padding": padding, "dilation": stride}
    return sheet.call("r", "nn.functional.conv2d", "input", "upstream.flip(0, 1)", **how)
