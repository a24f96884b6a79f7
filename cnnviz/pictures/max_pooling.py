"""The picture of max pooling: what wins, and where its gradient goes back to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional import max_pool2d
from ..scene import Scene, Slot
from ..symbols import NOTATIONS, Notation, labels, spoken
from .grids import map_grid, written


def max_pooling(
    input: np.ndarray,
    kernel_size=2,
    stride=None,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "symbols",
) -> Scene:
    """A map (H, W), its pooled map, and the gradient that unpooling puts back, switches marked.

    The note gives a pooled cell the name of the cell that won, and so does this picture. Raises
    DoesNotFit where ``max_pool2d`` does. Source: note, section 1.

    >>> scene = max_pooling(np.array([[1.0, 4.0], [3.0, 2.0]]))
    >>> scene.lit("output", 0)
    {'input': (1,), 'output': (0,), 'gradient': (1,)}
    """
    pooled, switches = max_pool2d(input, kernel_size, stride, return_indices=True)
    winners = switches.ravel()
    marks = {"switch": tuple(np.unique(winners).tolist())}
    a = map_grid(
        "input", notation.input, input, Slot(20, 40, 300, 250, largest=54), start, marks=marks
    )
    p = map_grid("output", "p", pooled, Slot(380, 40, 240, 250, largest=54), start, role="written")
    p = replace(p, title=f"pooled  {pooled.shape[0]}×{pooled.shape[1]}")
    p = replace(p, symbols=tuple(a.symbols[cell] for cell in winners))

    upstream = [f"∂{notation.scalar}/∂{a.symbols[cell]}" for cell in winners]
    texts = np.full(input.size, "0", dtype=object)
    texts[winners] = upstream
    back = replace(
        map_grid("gradient", "", np.zeros(input.shape), Slot(690, 40, 290, 250, largest=54), start),
        title="unpooled gradient",
        role="written",
        symbols=tuple(texts),
        marks=marks,
    )
    won = {int(cell): n for n, cell in enumerate(winners)}
    sentences = tuple(
        f"{spoken(name)} wins its window: its gradient comes back to it."
        if cell in won
        else f"{spoken(name)} loses its window: it plays no further part, and its gradient is 0."
        for cell, name in enumerate(labels(notation.input, input.shape, start))
    )
    a, back = replace(a, sentences=sentences), replace(back, sentences=sentences)
    p = replace(
        p,
        sentences=tuple(
            f"The largest of its window is {spoken(name)}: the switch remembers where it stood."
            for name in p.symbols
        ),
    )
    return Scene(
        title="Max pooling and its switches",
        grids=(written(a, show), written(p, show), written(back, "symbols")),
        table={"input": winners, "output": np.arange(len(winners)), "gradient": winners},
        say="Point at a pooled cell: the cell it came from and the place of its gradient light up.",
        size=(1200, 310),
        signs=((350, 175, "→"), (655, 175, "→")),
        walk="output",
        beware=notation.beware,
        code=f"torch.nn.functional.max_pool2d({notation.input}, {kernel_size}, return_indices=True)",
    )
