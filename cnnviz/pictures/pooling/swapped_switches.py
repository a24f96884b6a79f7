"""The picture of what the switches are kept for: two maps with one pooled map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d, max_pool2d_backward
from ...functional.geometry import DoesNotFit, Geometry
from ...scene import Grid, Scene, Slot, Stroke
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import map_grid, written
from .pools import named_gradient

SWAP = {
    "input": Slot(20, 40, 232, 210, largest=52),
    "other": Slot(20, 300, 232, 210, largest=52),
    "switches": Slot(282, 40, 130, 210, largest=52),
    "other_switches": Slot(282, 300, 130, 210, largest=52),
    "output": Slot(442, 110, 130, 130, largest=52),
    "upstream": Slot(442, 310, 130, 130, largest=52),
    "input_gradient": Slot(730, 40, 240, 210, largest=52),
    "other_gradient": Slot(730, 300, 240, 210, largest=52),
}


def swapped_switches(
    input: np.ndarray,
    other: np.ndarray,
    upstream: np.ndarray,
    kernel_size=2,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """Two maps (H, W) with one pooled map, one upstream gradient, and their two input gradients.

    Each gradient is sent back by the switches of the other map: cells that hold a wrong gradient
    are crossed. Raises DoesNotFit where ``max_pool2d`` does, or if the two pooled maps differ.
    Source: note, section 1, the last paragraph.

    >>> a, b = np.array([[1.0, 4.0]]), np.array([[4.0, 1.0]])
    >>> scene = swapped_switches(a, b, np.array([[5.0]]), (1, 2))
    >>> scene["input_gradient"].numbers, scene.lamps[0][0]
    (('5', '0'), False)
    """
    maps = {"input": input, "other": other}
    pooled, switches = {}, {}
    for name, values in maps.items():
        pooled[name], switches[name] = max_pool2d(values, kernel_size, return_indices=True)
    if not np.array_equal(pooled["input"], pooled["other"]):
        raise DoesNotFit("The two maps have different pooled maps, so there is nothing to swap.")
    used = {"input": switches["other"], "other": switches["input"]}
    right = {n: max_pool2d_backward(upstream, input.shape, switches[n]) for n in maps}
    sent = {n: max_pool2d_backward(upstream, input.shape, used[n]) for n in maps}
    wrong = {n: np.flatnonzero(sent[n] != right[n]) for n in maps}

    blocks = Geometry.of_pool(input.shape, kernel_size).kernel_size
    grids = []
    for name, letter in zip(maps, (notation.input, "b"), strict=True):
        grids += _map_and_switches(name, letter, maps[name], switches[name], blocks, start)
    h = map_grid("output", notation.output, pooled["input"], SWAP["output"], start)
    h = replace(
        h,
        title=f"pooled |{notation.output}|, the same",
        sentences=tuple(
            f"{spoken(name)} = {text} for both maps: it does not say where it came from."
            for name, text in zip(h.symbols, h.numbers, strict=True)
        ),
    )
    g = named_gradient(
        "upstream", notation.scalar, notation.output, upstream, SWAP["upstream"], start,
        editable=True,
    )  # fmt: skip
    g = replace(
        g,
        title=f"upstream |∂{notation.scalar}/∂{notation.output}|",
        sentences=tuple(f"{spoken(name)} arrives, for both maps the same." for name in g.names),
    )
    backs = [
        _sent_back(notation, name, letter, sent[name], used[name], g.symbols, wrong[name], blocks, start)
        for name, letter in zip(maps, (notation.input, "b"), strict=True)
    ]  # fmt: skip
    count = switches["input"].size
    windows = np.arange(count)
    table = {
        "input": switches["input"].ravel(),
        "other": switches["other"].ravel(),
        **{name: windows for name in ("switches", "other_switches", "output", "upstream")},
        "input_gradient": used["input"].ravel(),
        "other_gradient": used["other"].ravel(),
    }
    lost = sum(map(len, wrong.values()))
    return Scene(
        title="Why the switches must be kept",
        grids=tuple(
            grid if "switches" in grid.name else written(grid, show)
            for grid in (*grids, h, g, *backs)
        ),
        table=table,
        say="Two maps, one pooled map. Their switches are swapped: "
        + (
            "gradients arrive at cells that did not win."
            if lost
            else "that does no harm, for both maps have the same winners."
        ),
        size=(1200, 530),
        strokes=SWAPPED,
        counters=((str(lost), "cells with a wrong gradient"),),
        lamps=((not lost, "every gradient is at the cell that won"),),
        walk="output",
        beware=notation.beware,
        code=f"torch.nn.functional.max_unpool2d(g, switches, {kernel_size})",
    )


SWAPPED = tuple(
    Stroke(((588, 375), (588, height), (700, height), (716, height)), "backward", words)
    for height, words in ((145, "switches of b"), (405, "switches of a"))
)


def _map_and_switches(name, letter, values, switches, blocks, start) -> list[Grid]:
    flat = switches.ravel().tolist()
    grid = map_grid(name, letter, values, SWAP[name], start, editable=name == "input")
    grid = replace(
        grid,
        title=f"{'one map' if name == 'input' else 'another map'} |{letter}|",
        marks={"switch": tuple(flat)},
        blocks=blocks,
        sentences=tuple(
            f"{spoken(cell)} {'wins its window' if n in flat else 'does not win'}."
            for n, cell in enumerate(grid.symbols)
        ),
    )
    width = values.shape[1]
    texts = tuple(f"{cell}\n({cell // width}, {cell % width})" for cell in flat)
    kept = Grid(
        "switches" if name == "input" else "other_switches",
        "its switches",
        (1, 1, *switches.shape),
        SWAP["switches" if name == "input" else "other_switches"],
        role="switch",
        symbols=texts,
        numbers=texts,
        sentences=tuple(f"Switch {cell}: {spoken(grid.symbols[cell])} won." for cell in flat),
    )
    return [grid, kept]


def _sent_back(notation, name, letter, sent, used, symbols, wrong, blocks, start) -> Grid:
    key = "input_gradient" if name == "input" else "other_gradient"
    grid = named_gradient(key, notation.scalar, letter, sent, SWAP[key], start, role="written")
    there = dict(zip(used.ravel().tolist(), symbols, strict=True))
    bad = set(wrong.tolist())
    return replace(
        grid,
        title=f"gradient |∂{notation.scalar}/∂{letter}|",
        symbols=tuple(there.get(cell, "0") for cell in range(sent.size)),
        marks={"wrong": tuple(wrong.tolist())},
        blocks=blocks,
        sentences=tuple(
            f"{spoken(label)} is wrong here: the switches belong to the other map."
            if cell in bad
            else f"{spoken(label)} is right."
            for cell, label in enumerate(grid.names)
        ),
    )
