"""The picture of average pooling: equal shares there and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import avg_pool2d, avg_pool2d_backward, conv2d, conv_transpose2d
from ...functional.geometry import Geometry
from ...functional.pooling import counted_cells
from ...functional.samples import sample_gradient
from ...functional.windows import pad
from ...scene import Grid, Lamp, Scene
from ...symbols import NOTATIONS, number, spoken
from ..grids import readable
from ..meetings import partners
from ..sheet import Sheet
from ..words import Says, names
from .average_pooling_walk import average_pooling_walk
from .pools import (
    THERE_AND_BACK,
    begun_with,
    meetings,
    pooled_map,
    pooling_call,
    size_in_words,
    taken_arrow,
    there_and_back,
    there_and_back_arrows,
)

SLOTS = THERE_AND_BACK


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
    mean counts. Lamps say whether a convolution with the constant kernel 1/(N·N) gives the same,
    forward and backward. ``letters`` are those of a `Sheet`: notation (the slides', unless said),
    start and show (numbers, unless said).
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
    windows = partners(met["cell"], met["output"], input.size)
    shown = (
        pooled_map(sheet, input, geometry),
        readable(sheet.written(sheet.grid("output", means, role="written"))),
        _shares(counted),
        sheet.grid("upstream", arriving, editable=True),
        _gradient(sheet, returning, windows),
    )
    grids = {grid.name: grid for grid in shown}
    sizes = size_in_words(geometry, padding, ceil_mode)
    walk = average_pooling_walk(sheet, grids, met, counted.ravel())
    return sheet.scene(
        "Average pooling",
        walk["grids"],
        _table(met),
        _says(grids, windows, counted, count_include_pad, geometry.kernel_size),
        say=f"{sizes} Point at an upstream gradient: it spreads evenly over its window.",
        equations={
            "output": sheet.equation("output", "share", "input"),
            "input_gradient": sheet.equation(
                "input_gradient", "share", "upstream", printed="average pooling"
            ),
        },
        strokes=(
            *there_and_back_arrows(grids, "mean"),
            taken_arrow(grids["share"], grids["upstream"]),
        ),
        counters=_counters(arriving, returning),
        lamps=_lamps(geometry, input, means, arriving, returning),
        steps=begun_with(sizes, walk["steps"]),
        code=pooling_call(sheet, "avg_pool2d", kernel_size, stride, **how),
    )


def _table(met: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "input": met["input"],
        **dict.fromkeys(("output", "share", "upstream"), met["output"]),
        "input_gradient": met["cell"],
    }


def _shares(counted: np.ndarray) -> Grid:
    """The part that each cell of a window has in its mean."""
    parts = tuple("1" if count == 1 else f"1/{count}" for count in counted.ravel().tolist())
    shape = (1, 1, *counted.shape)
    return Grid("share", "share of each cell", shape, SLOTS["kept"], symbols=parts, numbers=parts)


def _gradient(sheet: Sheet, returning: np.ndarray, windows: list[list[int]]) -> Grid:
    """The input gradient; in symbols too there is a 0 where no window reads. Sums of shares have many
    digits: where these cannot be read there are colours, and a cell says its number."""
    da = sheet.grid("input_gradient", returning, role="written")
    symbols = (name if read else "0" for name, read in zip(da.symbols, windows, strict=True))
    da = readable(sheet.written(replace(da, names=da.symbols, symbols=tuple(symbols))))
    return replace(da, own_scale=da.show == "colour")


def _counters(arriving: np.ndarray, returning: np.ndarray) -> tuple[tuple[str, str], ...]:
    lost = float(arriving.sum()) - float(returning.sum())
    return (
        *there_and_back(arriving, returning),
        (number(round(lost, 6)), "falls on counted padding"),
    )


def _lamps(geometry: Geometry, input, means, g, back) -> tuple[Lamp, ...]:
    """Whether a convolution with the constant kernel, and its transpose, give the same."""
    size = int(np.prod(geometry.kernel_size))
    kernel = np.full(geometry.kernel_size, 1 / size)
    forward = conv2d(pad(input, geometry.padding), kernel, stride=geometry.stride)
    # The transpose makes the padded input, but for the remainder that no window reaches.
    full = conv_transpose2d(g, kernel, stride=geometry.stride)
    edges = zip(geometry.padding, geometry.remainder, strict=True)
    backward = pad(full, tuple((-before, rest - after) for (before, after), rest in edges))
    return (
        _agreement("conv2d", size, bool(np.allclose(forward, means)), "means"),
        _agreement("conv_transpose2d", size, bool(np.allclose(backward, back)), "gradient"),
    )


def _agreement(function: str, size: int, agrees: bool, made: str) -> Lamp:
    return Lamp(
        agrees, f"{function} by 1/{size}: {'the same' if agrees else 'not the same'} {made}"
    )


def _says(
    grids: dict[str, Grid],
    windows: list[list[int]],
    counted: np.ndarray,
    count_include_pad: bool,
    kernel_size: tuple[int, int],
) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    of_input = _of_input(count_include_pad, grids["input"].origin, grids["output"], windows)
    da = grids["input_gradient"]

    def of_gradient(cell: int) -> str:
        return f"{of_input(cell)} {spoken(da.names[cell])} = {da.numbers[cell]}."

    return {
        "input": of_input,
        "input_gradient": of_gradient,
        **_of_windows(counted.ravel().tolist(), grids, int(np.prod(kernel_size))),
    }


def _of_input(count_include_pad: bool, a: Grid, h: Grid, windows: list[list[int]]) -> Says:
    """What a cell of the input says, and its gradient too."""

    def of_input(cell: int) -> str:
        if cell < 0 and count_include_pad:
            return (
                "Padding is 0. If it counts, its share of the gradient goes nowhere; what hangs over "
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


def _of_windows(counted: list[int], grids: dict[str, Grid], whole: int) -> dict[str, Says]:
    """What the means, the shares and the upstream gradients say."""
    h, share, g = (grids[name] for name in ("output", "share", "upstream"))

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

    def of_upstream(window: int) -> str:
        return (
            f"{spoken(g.symbols[window])} arrives and spreads: every cell of its window gets "
            f"{share.symbols[window]} of it."
        )

    return {"output": of_output, "share": of_share, "upstream": of_upstream}
