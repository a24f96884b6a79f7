"""The picture of average pooling: equal shares forward and backward, and a constant kernel beside it."""

from __future__ import annotations

import numpy as np

from ...functional import avg_pool2d, avg_pool2d_backward, conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.pooling import counted_cells
from ...functional.samples import sample_gradient
from ...functional.windows import pad
from ...scene import Grid, Scene, Slot
from ...symbols import NOTATIONS, number, spoken
from ..meetings import partners
from ..sheet import Sheet, arrow
from ..words import Says, names
from .pools import THERE_AND_BACK, meetings, pooled_map, pooling_call, size_in_words, there_and_back

SLOTS = {
    **THERE_AND_BACK,
    "share": Slot(780, 40, 200, 264, largest=62),
    "kernel": Slot(780, 374, 200, 264, largest=62),
}
STROKES = (
    arrow(SLOTS["input"], SLOTS["output"], "forward", "mean"),
    arrow(SLOTS["upstream"], SLOTS["input_gradient"], "backward", "shares"),
)


def average_pooling(
    input: np.ndarray,
    kernel_size=2,
    stride=None,
    padding=0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    *,
    upstream: np.ndarray | None = None,
    **letters,
) -> Scene:
    """A map (H, W), the means of its windows, and the gradient that goes back in equal shares.

    ``upstream`` is (oh, ow). The share of a window is one part of the number of cells that its
    mean counts. Beside it stands the constant kernel 1/(N·N), and lamps say whether a convolution
    with it gives the same, forward and backward. ``letters`` are those of a `Sheet`: notation (the
    slides', unless said), start and show (numbers, unless said).
    Raises DoesNotFit where ``avg_pool2d`` does.
    Source: slides, "Backprop in Pooling Layer"; ``torch.nn.functional.avg_pool2d``.

    >>> scene = average_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.equation_text("input_gradient", 3)
    '∂L/∂X_22 = 1/4·∂L/∂O_11'
    """
    how = {"padding": padding, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
    geometry = Geometry.of_pool(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    means = avg_pool2d(input, kernel_size, stride, **how)
    arriving = sample_gradient(*means.shape) if upstream is None else upstream
    returning = avg_pool2d_backward(arriving, input.shape, kernel_size, stride, **how)

    sheet = Sheet(SLOTS, **{"notation": NOTATIONS["slides"], "show": "numbers", **letters})
    counted, met = counted_cells(geometry, count_include_pad), meetings(geometry)
    grids = (
        pooled_map(sheet, input, geometry),
        sheet.grid("output", means, role="written"),
        *_shares_and_kernel(geometry, counted),
        sheet.grid("upstream", arriving, editable=True),
        sheet.grid("input_gradient", returning, role="written"),
    )
    return sheet.scene(
        "Average pooling",
        grids,
        _table(met),
        _says(grids, met, counted, count_include_pad),
        say=f"{size_in_words(geometry, padding, ceil_mode)} Point at an upstream gradient: it spreads "
        "evenly over its window.",
        size=(1200, 656),
        equations={
            "output": sheet.equation("output", "share", "input"),
            "input_gradient": sheet.equation(
                "input_gradient", "share", "upstream", printed="average pooling"
            ),
        },
        strokes=STROKES,
        counters=_counters(arriving, returning),
        lamps=_lamps(geometry, input, means, arriving, returning),
        walk="output",
        code=pooling_call(sheet, "avg_pool2d", kernel_size, stride, **how),
    )


def _table(met: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "input": met["input"],
        "kernel": met["kernel"],
        **dict.fromkeys(("output", "share", "upstream"), met["output"]),
        "input_gradient": met["cell"],
    }


def _shares_and_kernel(geometry: Geometry, counted: np.ndarray) -> tuple[Grid, Grid]:
    """The part that each cell of a window has in its mean, and the kernel that would say the same."""
    rows, columns = geometry.kernel_size
    return (
        _parts("share", "share of each cell", counted),
        _parts(
            "kernel",
            f"constant kernel  {rows}×{columns}",
            np.full((rows, columns), rows * columns),
        ),
    )


def _parts(name: str, title: str, counted: np.ndarray) -> Grid:
    """A grid whose cells each say one part of so many."""
    parts = tuple("1" if count == 1 else f"1/{count}" for count in counted.ravel().tolist())
    shape = (1, 1, *counted.shape)
    return Grid(name, title, shape, SLOTS[name], symbols=parts, numbers=parts)


def _counters(arriving: np.ndarray, returning: np.ndarray) -> tuple[tuple[str, str], ...]:
    lost = float(arriving.sum()) - float(returning.sum())
    return (
        *there_and_back(arriving, returning),
        (number(round(lost, 6)), "lost to counted padding"),
    )


def _lamps(geometry: Geometry, input, means, g, back) -> tuple[tuple[bool, str], ...]:
    """Whether a convolution with the constant kernel, and its transpose, give the same."""
    kernel = np.full(geometry.kernel_size, 1 / np.prod(geometry.kernel_size))
    forward = conv2d(pad(input, geometry.padding), kernel, stride=geometry.stride)
    # The transpose makes the padded input, but for the remainder that no window reaches.
    full = conv_transpose2d(g, kernel, stride=geometry.stride)
    edges = zip(geometry.padding, geometry.remainder, strict=True)
    backward = pad(full, tuple((-before, rest - after) for (before, after), rest in edges))
    return (
        (bool(np.allclose(forward, means)), "conv2d by the kernel gives the same means"),
        (
            bool(np.allclose(backward, back)),
            "conv_transpose2d by it gives the same gradient",
        ),
    )


def _says(
    grids: tuple[Grid, ...], met: dict, counted: np.ndarray, count_include_pad: bool
) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    around, h, share, kernel, g, da = grids
    windows = partners(met["cell"], met["output"], da.size)
    of_input = _of_input(count_include_pad, around.origin, h, windows)
    return {
        "input": of_input,
        "input_gradient": of_input,
        **_of_windows(counted.ravel().tolist(), h, g, share, kernel),
    }


def _of_input(count_include_pad: bool, a: Grid, h: Grid, windows: list[list[int]]) -> Says:
    """What a cell of the input says, and its gradient too."""

    def of_input(cell: int) -> str:
        if cell < 0 and count_include_pad:
            return (
                "Padding is 0. If it counts, its share of the gradient is lost; what hangs over "
                "beyond it never counts."
            )
        if cell < 0:
            return "Padding is 0 and does not count: the mean is over the real cells alone."
        name, found = spoken(a.symbols[cell]), windows[cell]
        if not found:
            return f"{name} is in no window: its gradient is 0."
        if len(found) == 1:
            return f"{name} has a part in {names(h, found)}, and gets that part of its gradient."
        return f"{name} has a part in {len(found)} means, {names(h, found)}: its shares add up."

    return of_input


def _of_windows(counted: list[int], h: Grid, g: Grid, share: Grid, kernel: Grid) -> dict[str, Says]:
    """What the means, the shares, the weights and the upstream gradients say."""
    whole = kernel.size

    def of_output(window: int) -> str:
        count = counted[window]
        fewer = "" if count == whole else f", not {whole}: only {count} cells count"
        return (
            f"{spoken(h.symbols[window])} = {h.numbers[window]}: the sum of its cells, divided by "
            f"{count}{fewer}."
        )

    def of_share(window: int) -> str:
        fewer = ": fewer cells count here, so one constant kernel cannot do it"
        return (
            f"Each cell of the window of {spoken(h.symbols[window])} has the part 1/{counted[window]}"
            f"{'' if counted[window] == whole else fewer}."
        )

    def of_kernel(_: int) -> str:
        return f"Every weight is 1/{whole}: a convolution with this kernel takes the mean of {whole} cells."

    def of_upstream(window: int) -> str:
        return (
            f"{spoken(g.symbols[window])} arrives and spreads: every cell of its window gets "
            f"{share.symbols[window]} of it."
        )

    return {"output": of_output, "share": of_share, "kernel": of_kernel, "upstream": of_upstream}
