"""The picture of three correlations: forward, to the kernel, to the input, each a window on a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional import conv2d, conv2d_input, rot180, spread_gradient
from ..geometry import Geometry
from ..scene import Equation, Grid, Scene, Slot, Stroke
from ..symbols import NOTATIONS, Notation, labels, number, spoken
from ..table import convolution_table
from .convolution_matrix import PRINTED
from .grids import gradient_grid, ink_of, map_grid, written
from .kernel_gradient import gradient_table, raw_grid, spread_grid
from .words import call

ROLES = ("forward", "kernel gradient", "input gradient")
MAP = Slot(20, 40, 370, 300, largest=60)
WINDOW = Slot(440, 40, 240, 300, largest=60)
RESULT = Slot(730, 40, 250, 300, largest=60)
CORNERS = {"input": (120, 488), "kernel": (450, 378), "output": (780, 488)}  # of the triangle
CENTRE = (500, 461)


def three_correlations(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    *,
    role: str = "forward",
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """Forward pass, kernel gradient or input gradient, always as a window that slides over a map.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; ``role``
    is one of ``ROLES``. Below, a triangle says which two make the third.
    Raises DoesNotFit where ``conv2d_input`` does. Source: slides, "Takeaway"; blog, "Intuition".

    >>> x, k, g = np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2))
    >>> three_correlations(x, k, g, role="input gradient").equation_text("input_gradient", 1)
    '∂F/∂a_12 = ∂F/∂h_11·k_12 + ∂F/∂h_12·k_11'
    """
    geometry = Geometry.of(input.shape, weight.shape, stride)
    conv2d_input(input.shape, weight, grad_output, stride)  # says in words what does not fit
    make = {"forward": _forward, "kernel gradient": _to_kernel, "input gradient": _to_input}[role]
    grids, table, equation, code = make(input, weight, grad_output, geometry, notation, start)
    result = grids[-1]
    grids = [replace(grid, sentences=grid.sentences or _sentences(grid, result)) for grid in grids]
    corners = _corners(notation, role)
    table |= {grid.name: np.zeros(len(table[result.name]), int) for grid in corners}
    turned, padded = role == "input gradient", "padding" in grids[0].marks
    spread = any("inserted" in grid.marks for grid in grids[:2])
    return Scene(
        title="Three correlations",
        grids=(*(written(grid, show) for grid in grids), *corners),
        table=table,
        say=_say(role, notation),
        size=(1200, 560),
        equations={result.name: equation},
        signs=((415, 200, "∗"), (705, 200, "=")),
        strokes=_strokes(role),
        lamps=(
            (turned, "the window is turned by 180°"),
            (padded, "the map is padded with zeros"),
            (spread, "zeros are inserted, for the stride"),
            (
                geometry.output_size == geometry.kernel_size,
                f"kernel and ∂{notation.scalar}/∂{notation.output} have one size",
            ),
        ),
        walk=result.name,
        beware=notation.beware,
        code=code,
    )


def _forward(input, weight, grad_output, geometry: Geometry, notation: Notation, start: int):
    grids = [
        map_grid("input", notation.input, input, MAP, start, editable=True),
        map_grid("kernel", notation.kernel, weight, WINDOW, start, editable=True),
        map_grid("output", notation.output, conv2d(input, weight, None, geometry.stride), RESULT,
                 start, role="written"),
    ]  # fmt: skip
    factors = tuple(f"{{{part}}}" for part in notation.factors)
    equation = Equation("{output}", factors, True, PRINTED[notation.document]["output"])
    code = call(notation.output, "nn.functional.conv2d", [notation.input, notation.kernel],
                stride=geometry.stride[0])  # fmt: skip
    return grids, convolution_table(geometry), equation, code


def _to_kernel(input, weight, grad_output, geometry: Geometry, notation: Notation, start: int):
    grids = [
        map_grid("input", notation.input, input, MAP, start, editable=True),
        spread_grid(notation, grad_output, geometry, WINDOW, start),
        raw_grid(notation, input, grad_output, geometry, RESULT, start),
    ]
    equation = Equation(
        "{kernel_gradient}", ("{upstream}", "{input}"), True, PRINTED[notation.document]["kernel"]
    )
    arguments = [notation.input, f"{notation.kernel}.shape", f"d{notation.output}"]
    code = call(
        f"d{notation.kernel}", "nn.grad.conv2d_weight", arguments, stride=geometry.stride[0]
    )
    return grids, gradient_table(geometry), equation, code


def _to_input(input, weight, grad_output, geometry: Geometry, notation: Notation, start: int):
    gradient = conv2d_input(input.shape, weight, grad_output, geometry.stride)
    result = gradient_grid(
        "input_gradient", notation.scalar, notation.input, gradient, RESULT, start, role="written"
    )
    grids = [
        _around(grad_output, geometry, notation, start),
        _turned(weight, notation, start),
        result,
    ]
    sliding = convolution_table(Geometry.of(grids[0].shape[2:], weight.shape))
    table = {
        "spread": sliding["input"],
        "turned": sliding["kernel"],
        "input_gradient": sliding["output"],
    }
    equation = Equation(
        "{input_gradient}", ("{spread}", "{turned}"), True, PRINTED[notation.document]["input"]
    )
    arguments = [f"{notation.input}.shape", notation.kernel, f"d{notation.output}"]
    code = call(f"d{notation.input}", "nn.grad.conv2d_input", arguments, stride=geometry.stride[0])
    return grids, table, equation, code


def _around(grad_output, geometry: Geometry, notation: Notation, start: int) -> Grid:
    """The upstream gradient with zeros between its cells and around them."""
    rows, columns = geometry.output_size
    numbers = np.arange(1, 1 + rows * columns).reshape(rows, columns)
    cells = spread_gradient(numbers, geometry.input_size, geometry.kernel_size, geometry.stride) - 1
    values = np.where(cells < 0, 0, np.asarray(grad_output).ravel()[cells])
    names = labels(notation.output, (rows, columns), start)
    height, width = cells.shape
    inside = np.zeros(cells.shape, bool)
    (top, _), (left, _) = geometry.adjoint_padding
    (down, across) = geometry.stride
    inside[top : top + down * (rows - 1) + 1, left : left + across * (columns - 1) + 1] = True
    empty = (cells < 0).ravel()
    marks = {
        "padding": tuple(np.flatnonzero(empty & ~inside.ravel()).tolist()),
        "inserted": tuple(np.flatnonzero(empty & inside.ravel()).tolist()),
    }
    return Grid(
        "spread",
        f"upstream gradient |∂{notation.scalar}/∂{notation.output}|, padded to {height}×{width}",
        (1, 1, height, width),
        MAP,
        symbols=tuple(
            "0" if c < 0 else f"∂{notation.scalar}/∂{names[c]}" for c in cells.ravel().tolist()
        ),
        numbers=tuple(map(number, values.ravel().tolist())),
        ink=ink_of(values),
        marks={role: found for role, found in marks.items() if found},
    )


def _turned(weight: np.ndarray, notation: Notation, start: int) -> Grid:
    """The kernel turned by 180 degrees; each cell keeps its name."""
    grid = map_grid("turned", notation.kernel, rot180(weight), WINDOW, start)
    return replace(
        grid,
        title=f"kernel |{notation.kernel}|, turned by 180°",
        symbols=tuple(reversed(labels(notation.kernel, weight.shape, start))),
    )


def _sentences(grid: Grid, result: Grid) -> tuple[str, ...]:
    """What each cell of a map, a window or a result has to say."""
    nothing = {
        cell: words
        for role, words in (
            ("padding", "A padding cell: always 0."),
            ("inserted", "An inserted zero: the stride passed over this place."),
            ("cropped", "No weight belongs to this place: it is cropped."),
        )
        for cell in grid.marks.get(role, ())
    }
    if grid.name == result.name:
        words = "{} is one stop of the window: cells that meet are multiplied, and all is added up."
    elif grid.slot == MAP:
        words = "{} is a cell of the map: the windows that cover it light up on the right."
    else:
        words = "{} is a cell of the window: it goes to every stop, each time over another cell."
    return tuple(
        nothing.get(cell, words.format(spoken(name))) for cell, name in enumerate(grid.symbols)
    )


def _say(role: str, notation: Notation) -> str:
    n = notation
    return {
        "forward": f"Forward, the kernel {n.kernel} is the window and slides over the input.",
        "kernel gradient": f"For the kernel gradient, ∂{n.scalar}/∂{n.output} takes the place of "
        f"{n.kernel}. The map is the input as before, so nothing is turned.",
        "input gradient": f"For the input gradient, ∂{n.scalar}/∂{n.output} is the map and {n.kernel} "
        "is the window. It runs against the forward direction, so it is turned and the map padded.",
    }[role]


# What each corner of the triangle is: the map, the window on it, or the result.
PARTS = {
    "forward": {"input": "map", "kernel": "window", "output": "result"},
    "kernel gradient": {"input": "map", "kernel": "result", "output": "window"},
    "input gradient": {"input": "result", "kernel": "window, turned", "output": "map"},
}


def _corners(notation: Notation, role: str) -> list[Grid]:
    """The corners of the triangle: two that are read, and the one they make."""
    grids = []
    for name, part in PARTS[role].items():
        letter, made = getattr(notation, name), part == "result"
        is_gradient = role != "forward" and (made or name == "output")
        text = f"∂{notation.scalar}/∂{letter}" if is_gradient else letter
        x, y = CORNERS[name]
        grids.append(
            Grid(
                f"{name}_corner",
                part,
                (1, 1, 1, 1),
                Slot(x, y, 100, 46, largest=100, square=False),
                role="written" if made else "read",
                symbols=(text,),
                numbers=(text,),
                sentences=(f"{text} is the {part}. Any two corners make the third.",),
            )
        )
    return grids


def _strokes(role: str) -> tuple[Stroke, ...]:
    """From two corners into the middle, and out of it to the third."""
    (made,) = (name for name, part in PARTS[role].items() if part == "result")
    edges = {"input": (222, 505), "kernel": (500, 426), "output": (778, 505)}
    strokes = [Stroke((edges[name], CENTRE)) for name in CORNERS if name != made]
    return (*strokes, Stroke((CENTRE, edges[made]), "backward"))
