"""The picture of equal cells under max pooling, and of three rules for their gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_pool2d
from ...functional.geometry import Geometry
from ...functional.pooling import TIE_RULES, max_pool2d_backward_ties, max_pool2d_shares
from ...scene import NOWHERE, Grid, Scene, Slot
from ...symbols import NOTATIONS, Notation, spoken
from ..grids import map_grid, written
from .pools import meetings, named_gradient, total

TIED = {
    "input": Slot(20, 40, 300, 204, largest=68),
    "output": Slot(400, 40, 180, 204, largest=68),
    "upstream": Slot(680, 40, 180, 204, largest=68),
    "first": Slot(20, 316, 270, 204, largest=68),
    "all": Slot(350, 316, 270, 204, largest=68),
    "split": Slot(680, 316, 270, 204, largest=68),
}
RULE = {
    "first": "one cell gets all of it",
    "all": "each gets all of it",
    "split": "they share it",
}


def pooling_ties(
    input: np.ndarray,
    upstream: np.ndarray,
    kernel_size=2,
    stride=None,
    *,
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """The gradient of max pooling a map (H, W) with equal cells, under the three rules.

    ``upstream`` is (oh, ow). The rules are those of ``max_pool2d_backward_ties``: PyTorch's
    "first", "all", the equality test of the blog's first version, and "split". Raises DoesNotFit
    where ``max_pool2d`` does. Source: blog-14 and blog-20 in the ledger.

    >>> scene = pooling_ties(np.array([[3.0, 1.0], [3.0, 3.0]]), np.array([[1.0]]))
    >>> scene.counters[1:]
    (('1', 'passed on by “first”'), ('3', 'passed on by “all”'), ('1', 'passed on by “split”'))
    """
    geometry = Geometry.of_pool(input.shape, kernel_size, stride)
    pooled = max_pool2d(input, kernel_size, stride)
    met = meetings(geometry)
    shares = {
        rule: max_pool2d_shares(input, kernel_size, stride, rule=rule).ravel() for rule in TIE_RULES
    }
    passed = {
        rule: max_pool2d_backward_ties(upstream, input, kernel_size, stride, rule=rule)
        for rule in TIE_RULES
    }
    sums = {rule: total(gradient) for rule, gradient in passed.items()}

    a = map_grid("input", notation.input, input, TIED["input"], start, editable=True)
    h = map_grid("output", notation.output, pooled, TIED["output"], start)
    g = named_gradient(
        "upstream", notation.scalar, notation.output, upstream, TIED["upstream"], start,
        editable=True,
    )  # fmt: skip
    equal = shares["all"].reshape(pooled.size, -1).sum(axis=1).astype(int)
    largest = np.unique(met["cell"][shares["all"] > 0])
    a = replace(
        a,
        marks={"switch": tuple(largest.tolist())},
        blocks=geometry.kernel_size if geometry.stride == geometry.kernel_size else None,
        sentences=_tied_sentences(a, h, met, shares["all"], equal),
    )
    h = replace(
        h,
        title=f"pooled |{notation.output}|",
        sentences=tuple(
            f"{spoken(name)} = {text}, and {count} of its cells {'is' if count == 1 else 'are'} that large."
            for name, text, count in zip(h.symbols, h.numbers, equal.tolist(), strict=True)
        ),
    )
    g = replace(
        g,
        sentences=tuple(
            f"{spoken(name)} arrives. "
            + ("One cell gets it." if count == 1 else f"{count} equal cells want it.")
            for name, count in zip(g.names, equal.tolist(), strict=True)
        ),
    )
    backs = [
        _under(rule, notation, passed[rule], shares[rule], met, a, h, g, sums[rule], start)
        for rule in TIE_RULES
    ]
    table = {
        "input": met["cell"],
        "output": met["output"],
        "upstream": np.where(shares["all"] > 0, met["output"], NOWHERE),
        **{rule: np.where(shares[rule] > 0, met["cell"], NOWHERE) for rule in TIE_RULES},
    }
    arrived = total(upstream)
    return Scene(
        title="Equal cells: three rules",
        grids=tuple(written(grid, show) for grid in (a, h, g, *backs)),
        table=table,
        say="Point at an upstream gradient: who gets it? Drag a number in the input until it ties.",
        size=(1200, 540),
        counters=(
            (arrived, "arrives"),
            *((sums[rule], f"passed on by “{rule}”") for rule in TIE_RULES),
        ),
        lamps=(
            (
                bool(np.allclose(passed["all"], passed["first"])),
                "the three rules agree",
            ),
        ),
        walk="output",
        beware=notation.beware,
        code=f"{notation.output} = torch.nn.functional.max_pool2d({notation.input}, {kernel_size})"
        if stride in (None, kernel_size)
        else f"{notation.output} = torch.nn.functional.max_pool2d({notation.input}, {kernel_size}, stride={stride})",
    )


def _tied_sentences(a: Grid, h: Grid, met, share, equal) -> tuple[str, ...]:
    said = [
        f"{spoken(name)} is smaller than a neighbour: no rule gives it anything."
        for name in a.symbols
    ]
    for cell, window, part in zip(
        met["cell"].tolist(), met["output"].tolist(), share.tolist(), strict=True
    ):
        if part:
            rivals = "alone" if equal[window] == 1 else f"one of {equal[window]} equal cells"
            said[cell] = (
                f"{spoken(a.symbols[cell])} is largest in the window of {spoken(h.symbols[window])}, {rivals}."
            )
    return tuple(said)


def _part(share: float) -> str:
    """A share as it is said: nothing for the whole, 1/3 for a third."""
    return "" if share == 1 else f"1/{round(1 / share)}·"


def _under(rule, notation, gradient, share, met, a: Grid, h: Grid, g: Grid, sum_of, start) -> Grid:
    """The input gradient under one rule, each cell with its sum in symbols."""
    terms: list[list[str]] = [[] for _ in range(gradient.size)]
    for cell, window, part in zip(
        met["cell"].tolist(), met["output"].tolist(), share.tolist(), strict=True
    ):
        if part:
            terms[cell].append(f"{_part(part)}{g.names[window]}")
    grid = named_gradient(
        rule, notation.scalar, notation.input, gradient, TIED[rule], start, role="written"
    )
    # A share stands above its gradient: side by side they would be too small to read.
    lines = tuple("\n+ ".join(parts).replace("·", "·\n") or "0" for parts in terms)
    return replace(
        grid,
        title=f"“{rule}”: {RULE[rule]}",
        symbols=lines,
        blocks=a.blocks,
        sentences=tuple(
            f"“{rule}”: {spoken(name)} = {' + '.join(map(_said, parts)) or '0'}."
            for name, parts in zip(grid.names, terms, strict=True)
        ),
    )


def _said(product: str) -> str:
    return "·".join(map(spoken, product.split("·")))
