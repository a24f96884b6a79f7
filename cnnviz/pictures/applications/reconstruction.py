"""The picture of the way back from one feature map to the image, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from ...functional.windows import windows
from ...network import Conv2d, Layer, MaxPool2d, ReLU
from ...network.attribution import Stage, likeness, strength
from ...scene import NOWHERE, Grid, Lamp, Scene, Slot, Step, Stroke
from ..grids import colour_grid

TOP, LOW, SIDE = 44, 336, 216
IMAGE = Slot(20, TOP, SIDE, SIDE, largest=60)
MAPS = Slot(310, TOP, 680, SIDE, largest=20, centred=False)
# The places of the way back, from the image outwards; a shallow layer leaves the outer ones empty.
AWAY = 8  # of an arrow from the edge of a grid
BACK = tuple(
    Slot(x, LOW + (SIDE - side) / 2, side, side, largest=60)
    for x, side in ((20, SIDE), (312, 170), (558, 130), (764, 104), (930, 64))
)
PASSES = {"backprop": "R * (x > 0)", "deconvnet": "R * (R > 0)", "guided": "R * (x > 0) * (R > 0)"}


def reconstruction(
    image: np.ndarray,
    maps: np.ndarray,
    chosen: int,
    stages: Sequence[Stage],
    *,
    others: Sequence[Stage] | None = None,
    rule: str = "deconvnet",
    switches: bool = True,
) -> Scene:
    """An image (C, H, W), the ``maps`` of it that a layer gives, and one of them sent back.

    ``maps`` are (maps, h, w). ``stages`` is what ``attribution.reconstruct`` returns for the map
    number ``chosen`` (from 0), and ``others`` the same with the switches the other way, to be compared
    with. Of several maps on the way the strongest at each place shows.
    Source: Zeiler and Fergus (2014), section 2.1.
    """
    shown = _passed(stages)
    names = [f"back_{n}" for n in range(len(shown) - 1)] + ["reconstruction"]
    planes = [strength(stage.maps) for stage in shown]
    slots = BACK[len(shown) - 1 :: -1]
    layers = [stage.layer for stage in reversed(stages) if stage.layer is not None]
    table = _table(layers, image.shape[1:], names, chosen)
    grids = [
        colour_grid("image", "image", strength(image - image.min()), IMAGE),
        _maps(maps, chosen),
        *(
            colour_grid(name, _title(stage, plane), plane, slot, role="written", since=step)
            for step, (name, stage, plane, slot) in enumerate(
                zip(names, shown, planes, slots, strict=True)
            )
        ),
    ]
    return Scene(
        title="From one feature map back to the image",
        grids=tuple(grids),
        table=table,
        say="Press Next: the map goes back layer by layer. Point at a cell of the map on the right: "
        "the part of the image that it sees lights up.",
        size=(1200, LOW + SIDE + 20),
        strokes=(
            Stroke(_ends(IMAGE.x + IMAGE.width, MAPS.x, TOP + SIDE / 2), "forward", "forward"),
            *_arrows(grids[1], grids[2:]),
        ),
        counters=_counters(image, planes[-1], stages, others, switches),
        lamps=(Lamp(switches, f"unpooling {'uses' if switches else 'has no'} switches"),),
        steps=tuple(_steps(names, shown, planes, rule, switches, _kept(maps, chosen))),
        code="R = torch.nn.functional.max_unpool2d(h, switches, 2); "
        f"a = torch.nn.functional.conv_transpose2d({PASSES[rule]}, k)",
    )


def _passed(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that are drawn: the start, and after each ReLU and each convolution."""
    return [s for s in stages if s.layer is None or isinstance(s.layer, (ReLU, Conv2d))]


def _counters(image, reached: np.ndarray, stages, others, switches: bool):
    """How much of the image is reached, and how like it the way back is, with the switches and without."""
    counters = [
        (f"{np.count_nonzero(reached)} of {reached.size}", "cells of the image reached"),
        (_short(likeness(_passed(stages)[-1].maps, image)), f"likeness, {_with(switches)}"),
    ]
    if others is not None:
        without = _short(likeness(others[-1].maps, image))
        counters.append((without, f"likeness, {_with(not switches)}"))
    return tuple(counters)


def _title(stage: Stage, plane: np.ndarray) -> str:
    size = f"{plane.shape[0]}×{plane.shape[1]}"
    if stage.layer is None:
        return f"kept  {size}"
    return f"unpooled, ReLU  {size}" if isinstance(stage.layer, ReLU) else f"through Wᵀ  {size}"


def _maps(maps: np.ndarray, chosen: int) -> Grid:
    count, rows, columns = maps.shape
    across = next(n for n in (8 if count > 8 else 4, 2, 1) if count % n == 0)
    return colour_grid(
        "maps",
        f"{count} maps {rows}×{columns}; number {chosen + 1} goes back",
        maps.reshape(count // across, across, rows, columns),
        MAPS,
        saying="Map {map}, row {row}, column {column}: {number}.",
    )


def _arrows(maps: Grid, grids: Sequence[Grid]) -> list[Stroke]:
    """From the maps to the kept one, and from each stage to the next one on its left."""
    kept = grids[0]
    x = kept.place.x + kept.shape[3] * kept.place.width / 2
    tiles, _, rows, _ = maps.shape
    low = maps.place.y + tiles * (rows * maps.place.height + maps.place.gap) - maps.place.gap
    down = (x, low + AWAY), (x, kept.place.y - 30)
    arrows = [Stroke(down, "backward", steps=(0,))]
    for step, (right, left) in enumerate(pairwise(grids), 1):
        end = left.place.x + left.shape[3] * left.place.width
        word = "Wᵀ" if "Wᵀ" in left.title else "unpool"
        ends = _ends(right.place.x, end, LOW + SIDE / 2)
        arrows.append(Stroke(ends, "backward", word, steps=(step,)))
    return arrows


def _ends(start: float, end: float, y: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of a level arrow between two edges."""
    away = AWAY if start < end else -AWAY
    return (start + away, y), (end - away, y)


def _table(layers: Sequence[Layer], size, names, chosen: int) -> dict[str, np.ndarray]:
    """For each cell of the chosen map, the cells that it sees at every stage of the way back."""
    seen = _seen(tuple(_window(layer) for layer in layers), tuple(size))
    start, count = names[0], len(seen[0])
    rows = [cells.size for cells in seen[1:]]
    table = {name: np.full(sum(rows), NOWHERE) for name in names}
    # A row for each stage and each pair of a kept cell and one that it sees there.
    for name, cells, last in zip(names[1:], seen[1:], np.cumsum(rows).tolist(), strict=True):
        here = np.s_[last - cells.size : last]
        table[name][here] = cells.ravel()
        table[start][here] = np.repeat(np.arange(count), cells.shape[1])
    return {
        **table,
        "image": table["reconstruction"],
        "maps": table[start] + chosen * count,
    }


def _window(layer: Layer) -> tuple | None:
    """(kernel size, stride) of a layer that moves a window; None where cells stay where they are."""
    if isinstance(layer, Conv2d):
        return layer.kernel_size, layer.stride
    if isinstance(layer, MaxPool2d):
        return layer.kernel_size, layer.stride or layer.kernel_size
    return None


@cache
def _seen(moves: tuple, size: tuple[int, int]) -> list[np.ndarray]:
    """For each cell at the end the cells it sees at each drawn stage, (cells, seen), image last.

    Drawn are the end, what lies below each pooling, and what lies below each convolution.
    """
    reads, height, width = [], *size
    for move in filter(None, moves):
        read = windows(np.arange(height * width).reshape(height, width), *move)
        height, width = read.shape[:2]
        reads.append(read.reshape(height * width, -1))
    seen = [np.arange(height * width)[:, np.newaxis]]
    for read in reversed(reads):
        seen.append(np.array([np.unique(read[cells]) for cells in seen[-1]]))
    return seen


def _kept(maps: np.ndarray, chosen: int) -> tuple[int, tuple[int, ...]]:
    """The number of the map that goes back, and its cells among all."""
    cells = np.arange(maps.size).reshape(len(maps), -1)[chosen]
    return chosen, tuple(cells.tolist())


def _steps(names, shown, planes, rule: str, switches: bool, kept: tuple[int, tuple[int, ...]]):
    """Each stage from the one before it; lit are the cells above a quarter of the strongest."""
    chosen, read = kept[0], {"maps": kept[1]}
    for name, stage, plane in zip(names, shown, planes, strict=True):
        cells = tuple(np.flatnonzero(plane > 0.25 * plane.max()).tolist()) or (0,)
        say, points = _said_of(stage, rule, switches, chosen), {}
        if name == "reconstruction":
            say += " This is the image that comes back; strong cells are lit."
            points = {"image": cells}
        yield Step(read, {name: cells}, say, points=points)
        read = {name: cells}


def _said_of(stage: Stage, rule: str, switches: bool, chosen: int) -> str:
    """What happened to the map on its way to this stage."""
    if stage.layer is None:
        return f"Of all maps only number {chosen + 1} is kept. Everything else in the layer is set to 0."
    if isinstance(stage.layer, ReLU):
        where = "where its switch says" if switches else "to the first cell of its window"
        return f"Unpool: each value goes {where}. Then the ReLU, by the rule “{rule}”."
    maps = len(stage.maps)
    strongest = f" Of the {maps} maps this gives, the strongest at each place shows."
    return "Through Wᵀ, the transposed convolution: each value stamps its kernels." + strongest * (
        maps > 1
    )


def _with(switches: bool) -> str:
    return f"switches {'on' if switches else 'off'}"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
