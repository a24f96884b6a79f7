"""The three roles of a convolution: to the kernel, forward, to the input, each a window on a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Grid, Lamp, Scene
from ...symbols import Notation, spoken
from ..maps import SAYS_CROPPED, padded, padded_or_struck, places, spread, turned
from ..sheet import Sheet, between
from . import kernel_gradient as to_kernel

ROLES = ("kernel gradient", "forward", "input gradient")
# The parts stand where those of the kernel gradient do: nothing jumps when the role changes.
SLOTS = dict(zip(("map", "window", "result"), to_kernel.SLOTS.values(), strict=True))
# What was done to the upstream gradient before the window slides over it, in words for a title.
DONE = {"inserted": "spread", "padding": "padded", "cropped": "cropped"}


def three_correlations(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    role: str = "kernel gradient",
    turn: bool = False,
    **letters,
) -> Scene:
    """Kernel gradient, forward pass or input gradient, always as a window that slides over a map.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; the other
    arguments are PyTorch's, and ``role`` is one of ``ROLES``. ``turn`` turns the window of the kernel
    gradient, which is a mistake. Zeros are inserted where a stride or
    a dilation keeps cells apart; what a padding crops from the map on the way back is struck out.
    ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_input`` does. Source: slides, "Takeaway"; blog, "Intuition".

    >>> x, k, g = np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2))
    >>> three_correlations(x, k, g, role="input gradient").equation_text("input_gradient", 1)
    '∂F/∂a_12 = ∂F/∂h_11·k_12 + ∂F/∂h_12·k_11'
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    if role == "kernel gradient":
        return to_kernel.kernel_gradient(
            input, weight.shape, grad_output, **how, turn=turn, **letters
        )
    gradient = conv2d_input(input.shape, weight, grad_output, **how)  # says what does not fit
    geometry, sheet = Geometry.of(input.shape, weight.shape, **how), Sheet(SLOTS, **letters)
    if role == "forward":
        grids, table, equation, code = _forward(sheet, input, weight, geometry, how)
    else:
        grids, table, equation, code = _to_input(
            sheet, weight, grad_output, gradient, geometry, how
        )
    result = grids[-1].name
    return sheet.scene(
        "The forward pass" if role == "forward" else "The input gradient",
        tuple(_with_sentences(part, grid, table) for part, grid in zip(SLOTS, grids, strict=True)),
        table,
        {},
        say=_say(role, grids[0], sheet.notation),
        equations={result: equation},
        signs=between(SLOTS, "∗="),
        lamps=_lamps(role, grids, geometry, sheet.notation),
        walk=result,
        code=code,
    )


def _forward(sheet: Sheet, input, weight, geometry: Geometry, how: dict):
    a = sheet.grid("input", input, slot="map", editable=True)
    k = spread(sheet.grid("kernel", weight, slot="window", editable=True), geometry.dilation)
    h = sheet.grid("output", conv2d(input, weight, **how), slot="result", role="written")
    table = convolution_table(geometry)
    table |= {"kernel": places(k)[table["kernel"]]}
    code = sheet.call("output", "nn.functional.conv2d", "input", "kernel", **how)
    equation = sheet.forward("output")
    return (padded(a, geometry.padding), k, h), table, equation, code


def _to_input(sheet: Sheet, weight, grad_output, gradient, geometry: Geometry, how: dict):
    """The map has one stop of the turned kernel for each input cell."""
    size = tuple(axis.size + axis.span - 1 for axis in geometry.axes)
    g, k = _spread_upstream(sheet, grad_output, geometry, size), _turned(sheet, weight, geometry)
    da = sheet.grid("input_gradient", gradient, slot="result", role="written")
    kept = np.setdiff1d(np.arange(g.size), g.marks.get("cropped", ()))
    sliding = convolution_table(Geometry.of(size, weight.shape, dilation=geometry.dilation))
    table = {
        "spread": kept[sliding["input"]],
        "turned": places(k)[::-1][sliding["kernel"]],  # the last weight stands in the first place
        "input_gradient": sliding["output"],
    }
    equation = sheet.equation("input_gradient", "spread", "turned", printed="input_gradient")
    parts = ("input.shape", "kernel", "upstream")
    code = sheet.call("input_gradient", "nn.grad.conv2d_input", *parts, **how)
    return (g, k, da), table, equation, code


def _spread_upstream(sheet: Sheet, grad_output, geometry: Geometry, size: tuple) -> Grid:
    """The upstream gradient with zeros between its cells and around them, or cells cropped."""
    bare = sheet.grid("upstream", grad_output, slot="map")
    g = padded_or_struck(spread(bare, geometry.stride), geometry.adjoint_padding)
    name, done, by = bare.title.partition("  ")[0], _done(g), "{}×{}".format(*size)
    return replace(g, name="spread", title=f"{name}, {done} to {by}" if done else f"{name}  {by}")


def _turned(sheet: Sheet, weight: np.ndarray, geometry: Geometry) -> Grid:
    """The kernel turned by 180 degrees; each cell keeps its name."""
    k = turned(sheet.grid("kernel", weight, slot="window"))
    k = replace(k, name="turned", title=f"kernel |{sheet.letter('kernel')}|, turned by 180°")
    return spread(k, geometry.dilation)


def _with_sentences(part: str, grid: Grid, table: dict) -> Grid:
    """What each cell of the map, the window or the result has to say."""
    marked = {cell: mark for mark, cells in grid.marks.items() for cell in cells}
    step, met = "stride" if part == "map" else "dilation", set(table[grid.name].tolist())
    of_marked = {
        "inserted": f"An inserted zero: the {step} keeps the cells apart, so none stands here.",
        "padding": "A padding cell: always 0.",
        "cropped": SAYS_CROPPED,
    }
    of_part = {
        "map": "{} is a cell of the map: the windows that cover it light up on the right.",
        "window": "{} is a cell of the window: it goes to every stop, each time over another cell.",
        "result": (
            "{} is one stop of the window: cells that meet are multiplied, and all is added up."
        ),
    }

    def sentence(cell: int) -> str:
        if cell in marked:
            return of_marked[marked[cell]]
        name = spoken(grid.symbols[cell])
        if cell not in met:
            return f"No window covers {name}, so it stands in no sum."
        return of_part[part].format(name)

    return replace(grid, sentences=tuple(map(sentence, range(grid.size))))


def _done(upstream: Grid) -> str:
    return " and ".join(word for mark, word in DONE.items() if mark in upstream.marks)


def _say(role: str, on: Grid, notation: Notation) -> str:
    """What is to be seen, with ``on`` as the map."""
    n, done = notation, _done(on)
    if role == "forward":
        return f"Forward, the kernel {n.kernel} is the window and slides over the input."
    if cell := to_kernel.probed_output(on):
        return to_kernel.copy_of("input", f"the kernel, on the cells that {cell} read")
    return (
        f"For the input gradient, ∂{n.scalar}/∂{n.output} is the map and {n.kernel} is the window. "
        f"It runs against the forward direction, so it is turned{done and f', and the map is {done}'}."
    )


def _lamps(role: str, grids: tuple[Grid, ...], geometry: Geometry, notation: Notation):
    on, window, _ = grids
    turned, zeros = role == "input gradient", _zeros(on, window)
    alike = geometry.output_size == geometry.kernel_size
    sizes = f"kernel and ∂{notation.scalar}/∂{notation.output}"
    return (
        Lamp(turned, f"the window is {'turned by 180°' if turned else 'not turned'}"),
        Lamp(bool(zeros), f"zeros {zeros}" if zeros else "no zeros are put in"),
        Lamp(alike, f"{sizes} {'have one size' if alike else 'differ in size'}"),
    )


def _zeros(on: Grid, window: Grid) -> str:
    """Where zeros were put in: around the map, in it for the stride, in the window for the dilation."""
    places = {
        "around the map": "padding" in on.marks,
        "in the map": "inserted" in on.marks,
        "in the window": "inserted" in window.marks,
    }
    *first, last = [where for where, there in places.items() if there] or [""]
    return f"{', '.join(first)} and {last}" if first else last
