"""The picture of the kernel gradient: the upstream gradient slides over the input as a window."""

from __future__ import annotations

import numpy as np

from ...functional import conv2d, conv2d_weight
from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...scene import Equation, Grid, Lamp, Scene
from ...symbols import differentiated_by, labels, spoken
from ..maps import INSERTED, PADDING, cropped, padded, places, spread
from ..meetings import partners
from ..sheet import Sheet, between, row
from ..words import Says, count, names
from .turned_window import turned_call, turned_result, turned_say, window

SLOTS = row(330, input=370, upstream=240, kernel_gradient=250, largest=82)


def kernel_gradient(
    input: np.ndarray,
    kernel_size,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    turn: bool = False,
    **letters,
) -> Scene:
    """The kernel gradient of one channel, as a window of upstream gradients that slides.

    ``input`` is (H, W), ``kernel_size`` (kH, kW), ``grad_output`` has the size of the output; the
    other arguments are PyTorch's. With a stride the window is spread by inserted zeros. With a
    remainder it fits in more places than there are weights: those are shown, marked as cropped.
    ``turn`` makes the mistake of turning the window by 180°. ``letters`` are those of a `Sheet`:
    notation, start and show.
    Raises DoesNotFit where ``conv2d_weight`` does. Source: note, section 3; slides, "Loss gradient
    w.r.t the filter".

    >>> scene = kernel_gradient(np.arange(9.0).reshape(3, 3), (2, 2), np.ones((2, 2)))
    >>> scene.equation_text("kernel_gradient", 1)
    '∂F/∂k_12 = ∂F/∂h_11·a_12 + ∂F/∂h_12·a_13 + ∂F/∂h_21·a_22 + ∂F/∂h_22·a_23'
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    wanted = conv2d_weight(input, kernel_size, grad_output, **how)  # says what is wrong
    geometry = Geometry.of(input.shape, kernel_size, **how)
    sheet = Sheet(SLOTS, **letters)
    a = padded(sheet.grid("input", input, editable=True), geometry.padding)
    g = spread(window(sheet, grad_output, turn), geometry.stride)
    table = gradient_table(geometry, g, turn)
    dk = (
        turned_result(sheet, input, grad_output, geometry, wanted)
        if turn
        else (raw_gradient(sheet, input, grad_output, geometry))
    )
    wrong = len(dk.marks.get("wrong", ()))
    return sheet.scene(
        "The window turned by mistake" if turn else "The kernel gradient",
        (a, g, dk),
        table,
        _says(sheet, a, g, dk, table, geometry, turn),
        say=turned_say(wrong, wanted.size) if turn else _say(g, dk, geometry),
        equations={"kernel_gradient": equation_of(sheet, turn)},
        signs=between(SLOTS, "∗="),
        counters=_counters(geometry),
        lamps=(
            Lamp(not wrong, f"this is {'not ' * (wrong > 0)}the kernel gradient", mistake=True),
        ),
        walk="kernel_gradient",
        code=turned_call(sheet, **how) if turn else weight_call(sheet, **how),
    )


def _says(
    sheet: Sheet, a: Grid, g: Grid, dk: Grid, table: dict, geometry: Geometry, turn: bool
) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    input, output = (
        list(map(spoken, labels(getattr(sheet.notation, part), size, sheet.start)))
        for part, size in (("input", geometry.input_size), ("output", geometry.output_size))
    )
    cropped = dk.marks.get("cropped", ())
    kept = ~np.isin(table["kernel_gradient"], cropped)
    cells = np.array(a.cells or range(a.size))[table["input"]]
    sums = partners(cells[kept], table["kernel_gradient"][kept], len(input))
    pads = np.bincount(table["kernel_gradient"][cells == PADDING], minlength=dk.size).tolist()
    products = count(len(cells) // dk.size, "product")

    def of_input(cell: int) -> str:
        if cell == PADDING:
            return "A padding cell: always 0, so it adds nothing to any sum."
        if not sums[cell]:
            return f"No output read {input[cell]}, so it stands in no sum that is kept."
        found = sorted(sums[cell])
        return f"{input[cell]} stands in {count(len(found), 'sum')}: {names(dk, found)}."

    def of_upstream(cell: int) -> str:
        if cell == INSERTED:
            return "An inserted zero: the stride passed over this place, so no output stands here."
        once = f"∂{sheet.notation.scalar}/∂{output[cell]} stands in every sum once, "
        if turn:
            return f"{once}in a window that is turned: it stands at the opposite place."
        return f"{once}with a cell of the patch that {output[cell]} read."

    def of_gradient(cell: int) -> str:
        if cell in cropped:
            return (
                "The window fits here only because of the remainder. No weight belongs to this "
                "place: it is cropped."
            )
        name, padded = spoken(dk.symbols[cell]), f", {pads[cell]} of them with padding"
        if turn:
            return f"{name} adds up {products} of a window that is turned."
        return (
            f"{name} adds up {products}{padded if pads[cell] else ''}: each upstream gradient times "
            f"the input cell that {differentiated_by(name)} met there."
        )

    return {"input": of_input, "upstream": of_upstream, "kernel_gradient": of_gradient}


def weight_call(sheet: Sheet, **how) -> str:
    """The call that computes the kernel gradient in PyTorch.

    >>> weight_call(Sheet({}), stride=2)
    'dk = torch.nn.grad.conv2d_weight(a, k.shape, dh, stride=2)'
    """
    parts = ("input", "kernel.shape", "upstream")
    return sheet.call("kernel_gradient", "nn.grad.conv2d_weight", *parts, **how)


def equation_of(sheet: Sheet, turn: bool = False) -> Equation:
    """The sum of one weight: the upstream gradient of each output, times the input it met there. With
    a turn it is a sum that no document prints."""
    printed = "" if turn else "kernel_gradient"
    return sheet.equation("kernel_gradient", "upstream", "input", printed=printed)


def gradient_table(geometry: Geometry, spread: Grid, turn: bool = False) -> dict[str, np.ndarray]:
    """Rows of (input cell, cell of the spread upstream gradient, cell of the raw kernel gradient).

    It is the table of another convolution: the upstream gradient is the kernel, and stride and
    dilation have changed places. ``turn``: the spread gradient lies turned by 180°.
    """
    sliding = Geometry.of(
        geometry.padded_size, geometry.output_size, geometry.dilation, 0, geometry.stride
    )
    met = convolution_table(sliding)
    return {
        "input": met["input"],
        "upstream": places(spread)[:: -1 if turn else 1][met["kernel"]],
        "kernel_gradient": met["output"],
    }


def raw_gradient(sheet: Sheet, input, grad_output, geometry: Geometry) -> Grid:
    """The kernel gradient with the places that the remainder adds, which are cropped."""
    paddings = tuple(padding.before for padding in geometry.padding)
    raw = conv2d(input, grad_output, None, geometry.dilation, paddings, geometry.stride)
    return cropped(sheet.grid("kernel_gradient", raw, role="written"), geometry.kernel_size)


def probed_output(upstream: Grid) -> str:
    """The output that a one-hot probe picks, as it is called in a sentence; "" without a probe."""
    if [number for number in upstream.numbers if number != "0"] != ["1"]:
        return ""
    return differentiated_by(spoken(upstream.symbols[upstream.numbers.index("1")]))


def copy_of(gradient: str, what: str) -> str:
    """What a one-hot probe shows of a gradient."""
    return f"A single 1 upstream: the {gradient} gradient is a copy of {what}."


def _say(g: Grid, dk: Grid, geometry: Geometry) -> str:
    if cell := probed_output(g):
        return copy_of("kernel", f"the patch that {cell} read")
    if "cropped" in dk.marks:
        rows, columns = geometry.gradient_rows
        kept = "×".join(map(str, geometry.kernel_size))
        return (
            f"The last windows left a remainder, so this window fits in {rows}×{columns} places. "
            f"Only the first {kept} are weights; the others are cropped."
        )
    return (
        "Press Next: the upstream gradient slides over the input, and each stop gives the gradient "
        "of one weight."
    )


def _counters(geometry: Geometry) -> tuple[tuple[str, str], ...]:
    rows, columns = geometry.output_size
    stops, weights = ("{}×{}".format(*n) for n in (geometry.gradient_rows, geometry.kernel_size))
    each = "one for each weight" if stops == weights else f"{weights} of them for a weight"
    counters = [(str(rows * columns), "products in each sum"), (stops, f"stops, {each}")]
    if geometry.stride != (1, 1) or geometry.dilation != (1, 1):
        (stride, _), (dilation, _) = geometry.stride, geometry.dilation
        counters.append((f"{dilation} and {stride}", "its stride and its dilation"))
    return tuple(counters)
