"""The picture of the input gradient at a stride: the upstream gradient spread apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import conv2d_input_gather, conv_matrix
from ...functional.geometry import Geometry, transposed_size
from ...functional.table import convolution_table
from ...scene import NOWHERE, Equation, Grid, Lamp, Scene
from ...symbols import spoken
from ..grids import map_grid
from ..maps import INSERTED, PADDING, SAYS_CROPPED, padded_or_struck, spread, turned
from ..meetings import joined
from ..sheet import Sheet, between, row
from ..words import Says, count

# The gradient is spread, the kernel below it is turned, and at the right is what both give together.
SPREADING = {
    **row(320, y=40, gap=56, largest=52, upstream=144, spread=320, input_gradient=310),
    **row(136, y=420, gap=56, largest=44, kernel=144, turned=144),
}
# The three names of the operation, and the heading of each.
CALLED = {
    "transposed": "Transposed convolution",
    "fractionally strided": "Fractionally-strided convolution",
    "deconvolution": "“Deconvolution”",
}
WARNING = "Three names, one operation, and none of them undoes a convolution."


def spreading(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_size: tuple[int, int],
    stride=1,
    padding=0,
    dilation=1,
    *,
    called: str = "transposed",
    forget_stride: bool = False,
    **letters,
) -> Scene:
    """The input gradient of a strided convolution as one convolution over the spread gradient.

    ``grad_output`` (oH, oW) gets s-1 zeros between neighbours, then d(k-1)-p zeros around it
    (d(k-1)-p+r at the far end), where a negative number crops. The kernel ``weight`` (kH, kW),
    turned by 180 degrees, moves over it one cell at a time and gives the gradient of ``input_size``.
    ``called`` is one of the three names of the operation, and decides the sentence at rest;
    ``forget_stride`` makes the mistake of leaving the gradients side by side. ``letters`` are those of
    a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_input`` does.
    Source: note, section 2, the display after (4); Dumoulin and Visin (2016), chapter 4.

    >>> scene = spreading(np.ones((2, 2)), np.ones((3, 3)), (5, 5), stride=2)
    >>> scene.equation_text("input_gradient", 2)
    '∂F/∂a_13 = k_13·∂F/∂h_11 + k_11·∂F/∂h_12'
    """
    wanted = conv2d_input_gather(input_size, weight, grad_output, stride, padding, dilation)
    geometry = Geometry.of(input_size, weight.shape, stride, padding, dilation)
    is_transpose = _is_transpose(weight, grad_output, wanted, geometry)
    if forget_stride:
        stride = 1
        input_size = transposed_size(grad_output.shape, weight.shape, 1, padding, 0, dilation)
        geometry = Geometry.of(input_size, weight.shape, 1, padding, dilation)
    gradient = conv2d_input_gather(input_size, weight, grad_output, stride, padding, dilation)
    made_right = is_transpose and _are_equal(gradient, wanted)
    sheet = Sheet(SPREADING, **letters)
    g = sheet.grid("upstream", grad_output, editable=True)
    s = _spread_gradient(sheet, g, geometry)
    k = sheet.grid("kernel", weight, editable=True)
    t = replace(
        turned(k), name="turned", title="turned by 180°", slot=SPREADING["turned"], editable=False
    )
    da = sheet.grid("input_gradient", gradient, role="written")
    table = _spreading_table(geometry, s, t)
    kept = table["upstream"][table["input_gradient"] != NOWHERE]
    lost = tuple(np.setdiff1d(np.arange(g.size), kept).tolist())
    g = replace(g, marks={"cropped": lost} if lost else {})
    if not made_right:
        rows, columns = gradient.shape
        title, slot = f"what comes out  {rows}×{columns}", SPREADING["input_gradient"]
        da = map_grid("input_gradient", "r", gradient, slot, sheet.start, role="written")
        da = replace(da, title=title)
    return sheet.scene(
        CALLED[called] if made_right else "The stride forgotten",
        (g, s, k, t, da),
        table,
        _says(g, k, da, table),
        say=_caption(called, geometry) if made_right else _forgotten(gradient, wanted),
        equations={"input_gradient": _gradient_equation(sheet, stride, made_right)},
        signs=_signs(),
        counters=_spreading_counters(called, geometry),
        lamps=(_lamp(made_right, gradient, wanted),),
        walk="input_gradient",
        beware=f"{WARNING} {sheet.notation.beware}".strip(),
        code=transposed_call(sheet, stride, padding, geometry.remainder, dilation),
    )


def _signs() -> tuple[tuple[float, float, str], ...]:
    """From the gradient to its spread, from the kernel to what it is turned, and both together."""
    upstream, spread, result, kernel, turned = SPREADING.values()
    return (
        *between({"upstream": upstream, "spread": spread, "input_gradient": result}, "→="),
        *between({"kernel": kernel, "turned": turned}, "→"),
        (turned.x + turned.width / 2, spread.y + spread.height + 30, "∗"),
    )


def _lamp(is_transpose: bool, made: np.ndarray, wanted: np.ndarray) -> Lamp:
    words = "equals" if is_transpose else "differs from"
    size = "" if made.shape == wanted.shape else f", which is {_by(wanted)}"
    return Lamp(is_transpose, f"{words} Wᵀ times the gradient{size}", mistake=True)


def _by(cells: np.ndarray) -> str:
    return "×".join(str(n) for n in cells.shape)


def transposed_call(
    sheet: Sheet, stride, padding, output_padding, dilation, function="conv_transpose2d"
) -> str:
    """The call that computes the input gradient in PyTorch; arguments at their defaults left out.

    >>> transposed_call(Sheet({}), 2, 0, (1, 1), 1)
    'da = torch.nn.functional.conv_transpose2d(dh, k, stride=2, output_padding=1)'
    """
    given = {
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "dilation": dilation,
    }
    alike = {name: _one_if_alike(value) for name, value in given.items()}
    return sheet.call("input_gradient", f"nn.functional.{function}", "upstream", "kernel", **alike)


def _one_if_alike(value):
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _is_transpose(weight, grad_output, gradient: np.ndarray, geometry: Geometry) -> bool:
    """Whether the picture, made by spreading, agrees with the transposed matrix."""
    axes = geometry.axes
    w = conv_matrix(
        weight,
        geometry.input_size,
        geometry.stride,
        tuple(axis.padding.before for axis in axes),
        geometry.dilation,
    )
    return bool(np.allclose(w.T @ grad_output.ravel(), gradient.ravel()))


def _spread_gradient(sheet: Sheet, g: Grid, geometry: Geometry) -> Grid:
    """The map that the turned kernel moves over, with the cells that are cropped still around it."""
    grid = padded_or_struck(spread(g, geometry.stride), geometry.adjoint_padding)
    rows, columns = _spread_size(geometry)
    cropped = grid.marks.get("cropped", ())

    def sentence(place: int, cell: int) -> str:
        if place in cropped:
            return SAYS_CROPPED
        if cell == PADDING:
            return (
                "A zero of the padding: with it the window can start and end beyond the gradient."
            )
        if cell == INSERTED:
            return (
                "An inserted zero. The windows of the forward pass were a stride apart, so the "
                "gradients are."
            )
        return f"{spoken(g.symbols[cell])} stands here, a stride away from its neighbours."

    return replace(
        grid,
        name="spread",
        title=f"spread  {rows}×{columns}",
        slot=sheet.slots["spread"],
        sentences=tuple(sentence(*at) for at in enumerate(grid.cells or range(grid.size))),
        editable=False,
    )


def _spread_size(geometry: Geometry) -> tuple[int, int]:
    """A window with the dilation of the kernel has as many places on it as the input has cells."""
    rows, columns = (axis.size + axis.span - 1 for axis in geometry.axes)
    return rows, columns


def _spreading_table(geometry: Geometry, s: Grid, t: Grid) -> dict[str, np.ndarray]:
    """Which spread cell meets which kernel cell on the way to which input gradient.

    A gradient that is cropped meets nothing: its row only says where it stood.
    """
    meetings = convolution_table(
        Geometry.of(_spread_size(geometry), geometry.kernel_size, dilation=geometry.dilation)
    )
    gradients, weights = (np.array(grid.cells or range(grid.size)) for grid in (s, t))
    cropped = np.array(s.marks.get("cropped", ()), dtype=int)
    met = np.setdiff1d(np.arange(s.size), cropped)[meetings["input"]]
    lost = cropped[gradients[cropped] >= 0]
    return joined(
        {
            "upstream": np.where(gradients[met] < 0, NOWHERE, gradients[met]),
            "spread": met,
            "kernel": weights[meetings["kernel"]],
            "turned": meetings["kernel"],
            "input_gradient": meetings["output"],
        },
        {"upstream": gradients[lost], "spread": lost},
    )


def _gradient_equation(sheet: Sheet, stride, right: bool) -> Equation:
    """The input gradient of a cell. Of the three documents only the note has a stride, and none prints
    what a mistake makes."""
    printed = ("input_gradient" + " at a stride" * (_one_if_alike(stride) != 1)) * right
    return sheet.equation("input_gradient", "kernel", "upstream", printed=printed)


def _are_equal(made: np.ndarray, wanted: np.ndarray) -> bool:
    return made.shape == wanted.shape and bool(np.allclose(made, wanted))


def _forgotten(made: np.ndarray, wanted: np.ndarray) -> str:
    """What one sees where the stride is forgotten."""
    comes, should = _by(made), _by(wanted)
    size = f"{comes} cells come out, and the input has {should}"
    return (
        "The stride is forgotten: the gradients stand side by side, and so do their stamps. "
        f"{size if comes != should else 'The size is right, and the numbers are not'}."
    )


def _caption(called: str, geometry: Geometry) -> str:
    """What one of the three names says, and what it does not."""
    return {
        "transposed": "It is the transposed matrix Wᵀ times the upstream gradient.",
        "fractionally strided": "The window steps one cell of the spread map at a time. Counted in "
        f"cells of the gradient, its stride is {_pace(geometry)}.",
        "deconvolution": "Beware of this name. Nothing is undone: only the size of the input comes "
        "back, not what stood in it.",
    }[called]


def _pace(geometry: Geometry) -> str:
    """The steps of the window over the spread map, counted in cells of the gradient."""
    down, across = ("1" if stride == 1 else f"1/{stride}" for stride in geometry.stride)
    return down if down == across else f"{down} down and {across} across"


def _spreading_counters(called: str, geometry: Geometry) -> tuple[tuple[str, str], ...]:
    (top, bottom), (left, right) = geometry.adjoint_padding
    between = [str(s - 1) for s in geometry.stride]
    around = [f"{top}, {bottom}", f"{left}, {right}"]
    around = [text.replace("-", "−") for text in around]
    counters = [
        (_alike(between), f"zero{'s' * ({*between} != {'1'})} between: s − 1"),
        (_alike(around), "padding before, after"),
    ]
    if called == "fractionally strided":
        counters.append((_pace(geometry), "the stride, counted in gradients"))
    if any(geometry.remainder):
        remainder = _alike([str(r) for r in geometry.remainder])
        counters.append((remainder, "of it for the remainder r"))
    return tuple(counters)


def _alike(rows_columns: list[str]) -> str:
    rows, columns = rows_columns
    return rows if rows == columns else f"{rows} | {columns}"


def _says(g: Grid, k: Grid, da: Grid, table: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    real = (table["upstream"] != NOWHERE) & (table["input_gradient"] != NOWHERE)
    reached = np.bincount(table["upstream"][real], minlength=g.size).tolist()
    terms = np.bincount(table["input_gradient"][real], minlength=da.size).tolist()

    def of_upstream(cell: int) -> str:
        name = spoken(g.symbols[cell])
        if cell in g.marks.get("cropped", ()):
            return (
                f"{name} is cropped: its window lay in the padding alone, and padding gets no "
                "gradient."
            )
        return f"{name} reaches {count(reached[cell], 'input cell')}, each through another weight."

    def of_weight(cell: int) -> str:
        return (
            f"{spoken(k.symbols[cell])} stands at the opposite place of the turned kernel. "
            "Lit are all zeros and gradients it meets."
        )

    def of_gradient(cell: int) -> str:
        name, found = spoken(da.symbols[cell]), terms[cell]
        if not found:
            return (
                f"{name} is 0: its window meets only zeros, because no forward window read this "
                "cell."
            )
        rest = f" and on {count(k.size - found, 'zero')}" if found < k.size else ""
        return f"The window of {name} lies on {count(found, 'gradient')}{rest}."

    return {
        "upstream": of_upstream,
        "kernel": of_weight,
        "turned": of_weight,
        "input_gradient": of_gradient,
    }
