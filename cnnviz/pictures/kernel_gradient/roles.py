"""The three roles of a convolution: to the kernel, forward, to the input, each a window on a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d, conv2d_input, rot180
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Equation, Grid, Scene
from ...symbols import NOTATIONS, Notation, labels, spoken
from ..grids import gradient_grid, map_grid, padded_grid, spread_apart, spread_cells, written
from ..matrix.convolution_matrix import PRINTED
from ..transposed.transposed import padded_cells, padded_gradient_grid
from ..words import call
from .kernel_gradient import SLOTS, kernel_gradient

ROLES = ("kernel gradient", "forward", "input gradient")
MAP, WINDOW, RESULT = SLOTS.values()
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
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """Kernel gradient, forward pass or input gradient, always as a window that slides over a map.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; the other
    arguments are PyTorch's, and ``role`` is one of ``ROLES``. Zeros are inserted where a stride or
    a dilation keeps cells apart; what a padding crops from the map on the way back is struck out.
    Raises DoesNotFit where ``conv2d_input`` does. Source: slides, "Takeaway"; blog, "Intuition".

    >>> x, k, g = np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2))
    >>> three_correlations(x, k, g, role="input gradient").equation_text("input_gradient", 1)
    '∂F/∂a_12 = ∂F/∂h_11·k_12 + ∂F/∂h_12·k_11'
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    letters = {"notation": notation, "start": start}
    if role == "kernel gradient":
        return kernel_gradient(input, weight.shape, grad_output, **how, **letters, show=show)
    conv2d_input(input.shape, weight, grad_output, **how)  # says in words what does not fit
    if role == "forward":
        title, grids, table, equation, code = _forward(input, weight, how, **letters)
    else:
        title, grids, table, equation, code = _to_input(
            input.shape, weight, grad_output, how, **letters
        )
    geometry, result = Geometry.of(input.shape, weight.shape, **how), grids[-1].name
    grids = [replace(grid, sentences=_sentences(grid, result, table)) for grid in grids]
    return Scene(
        title=title,
        grids=tuple(written(grid, show) for grid in grids),
        table=table,
        say=_say(role, grids[0], notation),
        size=(1200, 390),
        equations={result: equation},
        signs=((415, 215, "∗"), (705, 215, "=")),
        lamps=_lamps(role, grids, geometry, notation),
        walk=result,
        beware=notation.beware,
        code=code,
    )


def _forward(input, weight, how: dict, notation: Notation, start: int):
    geometry, output = Geometry.of(input.shape, weight.shape, **how), conv2d(input, weight, **how)
    kernel = map_grid("kernel", notation.kernel, weight, WINDOW, start, editable=True)
    grids = [
        padded_grid("input", notation.input, input, geometry, MAP, start),
        spread_apart(kernel, geometry.dilation),
        map_grid("output", notation.output, output, RESULT, start, role="written"),
    ]
    table = convolution_table(geometry)
    table |= {"kernel": _places(geometry)[table["kernel"]]}
    factors = tuple(f"{{{part}}}" for part in notation.factors)
    equation = Equation("{output}", factors, True, PRINTED[notation.document]["output"])
    code = call(notation.output, "nn.functional.conv2d", [notation.input, notation.kernel], **how)
    return "The forward pass", grids, table, equation, code


def _to_input(input_size, weight, grad_output, how: dict, notation: Notation, start: int):
    geometry = Geometry.of(input_size, weight.shape, **how)
    gradient = conv2d_input(input_size, weight, grad_output, **how)
    grids = [
        _around(grad_output, geometry, notation, start),
        _turned(weight, geometry, notation, start),
        gradient_grid(
            "input_gradient", notation.scalar, notation.input, gradient, RESULT, start,
            role="written",
        ),
    ]  # fmt: skip
    kept = np.setdiff1d(np.arange(grids[0].size), grids[0].marks.get("cropped", ()))
    sliding = convolution_table(
        Geometry.of(_around_size(geometry), weight.shape, dilation=geometry.dilation)
    )
    table = {
        "spread": kept[sliding["input"]],
        "turned": _places(geometry)[sliding["kernel"]],
        "input_gradient": sliding["output"],
    }
    equation = Equation(
        "{input_gradient}", ("{spread}", "{turned}"), True, PRINTED[notation.document]["input"]
    )
    arguments = [f"{notation.input}.shape", notation.kernel, f"d{notation.output}"]
    code = call(f"d{notation.input}", "nn.grad.conv2d_input", arguments, **how)
    return "The input gradient", grids, table, equation, code


def _places(geometry: Geometry) -> np.ndarray:
    """Where each weight stands in the window that the dilation has spread."""
    return np.flatnonzero(spread_cells(geometry.kernel_size, geometry.dilation) >= 0)


def _around(grad_output, geometry: Geometry, notation: Notation, start: int) -> Grid:
    """The upstream gradient with zeros between its cells and around them, or cells cropped."""
    bare = gradient_grid("upstream", notation.scalar, notation.output, grad_output, MAP, start)
    grid = padded_gradient_grid(bare, *padded_cells(grad_output, geometry))
    height, width = _around_size(geometry)
    done = [what for mark, what in DONE.items() if mark in grid.marks]
    after = f", {' and '.join(done)} to {height}×{width}" if done else f"  {height}×{width}"
    name = f"upstream |∂{notation.scalar}/∂{notation.output}|"
    return replace(grid, title=name + after, slot=MAP)


def _around_size(geometry: Geometry) -> tuple[int, int]:
    """The size of the map on which the turned kernel makes one stop for each input cell."""
    rows, columns = geometry.axes
    return rows.size + rows.span - 1, columns.size + columns.span - 1


def _turned(weight: np.ndarray, geometry: Geometry, notation: Notation, start: int) -> Grid:
    """The kernel turned by 180 degrees; each cell keeps its name."""
    grid = map_grid("turned", notation.kernel, rot180(weight), WINDOW, start)
    turned = replace(
        grid,
        title=f"kernel |{notation.kernel}|, turned by 180°",
        symbols=tuple(reversed(labels(notation.kernel, weight.shape, start))),
    )
    return spread_apart(turned, geometry.dilation)


def _sentences(grid: Grid, result: str, table: dict) -> tuple[str, ...]:
    """What each cell of a map, a window or a result has to say."""
    inserted, padding, cropped = (
        grid.marks.get(mark, ()) for mark in ("inserted", "padding", "cropped")
    )
    met = set(table[grid.name].tolist())

    def sentence(cell: int) -> str:
        if cell in inserted:
            step = "stride" if grid.slot == MAP else "dilation"
            return f"An inserted zero: the {step} keeps the cells apart, so none stands here."
        if cell in padding:
            return "A padding cell: always 0."
        name = spoken(grid.symbols[cell])
        if cell in cropped:
            return (
                "Cropped: what it would give belongs to the padding, and the padding was no input."
            )
        if cell not in met:
            return f"No window covers {name}, so it stands in no sum."
        if grid.name == result:
            return f"{name} is one stop of the window: cells that meet are multiplied, and all is added up."
        if grid.slot == MAP:
            return f"{name} is a cell of the map: the windows that cover it light up on the right."
        return (
            f"{name} is a cell of the window: it goes to every stop, each time over another cell."
        )

    return tuple(map(sentence, range(grid.size)))


def _say(role: str, on: Grid, notation: Notation) -> str:
    """What is to be seen, with ``on`` as the map."""
    n = notation
    if role == "forward":
        return f"Forward, the kernel {n.kernel} is the window and slides over the input."
    if [number for number in on.numbers if number != "0"] == ["1"]:
        cell = spoken(on.symbols[on.numbers.index("1")]).partition("/∂")[2]
        return (
            f"A single 1 upstream: the input gradient is a copy of the kernel, on the cells that "
            f"{cell} read."
        )
    done = " and ".join(what for mark, what in DONE.items() if mark in on.marks)
    return (
        f"For the input gradient, ∂{n.scalar}/∂{n.output} is the map and {n.kernel} is the window. "
        f"It runs against the forward direction, so it is turned{done and f', and the map is {done}'}."
    )


def _lamps(role: str, grids: list[Grid], geometry: Geometry, notation: Notation):
    on, window, _ = grids
    return (
        (role == "input gradient", "the window is turned by 180°"),
        ("padding" in on.marks, "the map is padded with zeros"),
        ("inserted" in on.marks, "zeros are inserted, for the stride"),
        ("inserted" in window.marks, "zeros are inserted, for the dilation"),
        (
            geometry.output_size == geometry.kernel_size,
            f"kernel and ∂{notation.scalar}/∂{notation.output} have one size",
        ),
    )
