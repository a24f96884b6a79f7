"""The picture of equal cells under max pooling, and of three rules for their gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional.pooling import TIE_RULES, max_pool2d_backward_ties, max_pool2d_shares
from ...scene import NOWHERE, Grid, Lamp, Scene
from ...symbols import spoken
from ..sheet import Sheet, across, row
from ..words import Says
from .nudged_ties import TiesNudged
from .pooling_ties_walk import pooling_ties_walk, stacked, terms_of
from .pools import MaxPooled, down_to_each, pooled_map, pooling_call

SLOTS = {
    **row(210, gap=40, largest=84, input=270, output=270, upstream=270),
    **row(210, y=344, gap=40, largest=84, first=270, all=270, split=270),
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
    nudge: float = 0.0,
    **letters,
) -> Scene:
    """The gradient of max pooling a map (H, W) with equal cells, under the three rules.

    ``upstream`` is (oh, ow). The rules are those of ``max_pool2d_backward_ties``: PyTorch's
    "first", "all", the equality test of the blog's first version, and "split". ``nudge`` is added to
    all cells that tie, and what each rule predicts is compared with what happens. ``letters`` are
    those of a `Sheet`: notation, start and show (numbers, unless said).
    Raises DoesNotFit where ``max_pool2d`` does. Source: blog-14 and blog-20 in the ledger.

    >>> scene = pooling_ties(np.array([[3.0, 1.0], [3.0, 3.0]]), np.array([[1.0]]))
    >>> scene.steps[-1].say
    '1 arrives. “first” passes on 1, “all” 3, “split” 1.'
    """
    promise = TiesNudged.of(input, upstream, (kernel_size, stride), nudge)
    input = promise.input
    pool = MaxPooled.of(input, kernel_size, stride)
    shares = {
        rule: max_pool2d_shares(input, kernel_size, stride, rule=rule).ravel() for rule in TIE_RULES
    }
    passed = {
        rule: max_pool2d_backward_ties(upstream, input, kernel_size, stride, rule=rule)
        for rule in TIE_RULES
    }
    met, largest = pool.met, shares["all"] > 0

    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    a = pooled_map(sheet, input, pool.geometry)
    a = replace(a, marks={"switch": tuple(np.unique(met["cell"][largest]).tolist())})
    h = replace(sheet.grid("output", pool.pooled), title=f"pooled |{sheet.notation.output}|")
    g = sheet.grid("upstream", upstream, editable=True)
    terms = {rule: terms_of(shares[rule], met, a.size, g) for rule in TIE_RULES}
    backs = {rule: _under(sheet, rule, passed[rule], terms[rule], a) for rule in TIE_RULES}
    walk = pooling_ties_walk(sheet, pool, g, backs, shares)
    return sheet.scene(
        "Equal cells: three rules",
        (a, h, g, *walk["grids"]),
        {
            "input": met["cell"],
            "output": met["output"],
            "upstream": np.where(largest, met["output"], NOWHERE),
            **{rule: np.where(shares[rule] > 0, met["cell"], NOWHERE) for rule in TIE_RULES},
        },
        {
            **_says(pool, shares["all"], a, h, g),
            **{rule: _of_rule(rule, backs[rule], terms[rule]) for rule in TIE_RULES},
        },
        say=promise.say
        or "Point at an upstream gradient: who gets it? Drag a number in the input until it ties.",
        counters=promise.counters(sheet.notation.scalar),
        strokes=(across(a, h, "forward", "max"), *down_to_each(g, backs.values())),
        lamps=(
            _agreement(bool(np.allclose(passed["all"], passed["first"]))),
            *promise.lamps,
        ),
        steps=walk["steps"],
        code=pooling_call(sheet, "max_pool2d", kernel_size, stride),
    )


def _agreement(agree: bool) -> Lamp:
    return Lamp(agree, "the three rules agree" if agree else "the three rules do not agree")


def _under(sheet: Sheet, rule: str, gradient: np.ndarray, terms: list[list[str]], a: Grid) -> Grid:
    """The input gradient under one rule, each cell with its sum in symbols."""
    grid = sheet.grid(rule, gradient, of="input_gradient", role="written", blocks=a.blocks)
    return replace(
        grid,
        title=f"“{rule}”: {RULE[rule]}",
        names=grid.symbols,
        symbols=tuple(map(stacked, terms)),
    )


def _says(pool: MaxPooled, shares: np.ndarray, a: Grid, h: Grid, g: Grid) -> dict[str, Says]:
    """What each cell says when the learner points at it; ``shares`` are 1 for all equal cells."""
    met, largest = pool.met, shares > 0
    equal = np.bincount(met["output"][largest], minlength=h.size).tolist()
    # Of windows that overlap the last one is named.
    window_of = dict(
        zip(met["cell"][largest].tolist(), met["output"][largest].tolist(), strict=True)
    )

    def of_input(cell: int) -> str:
        name, window = spoken(a.symbols[cell]), window_of.get(cell)
        if window is None:
            return f"{name} is smaller than a neighbour: no rule gives it anything."
        rivals = "alone" if equal[window] == 1 else f"one of {equal[window]} equal cells"
        return f"{name} is largest in the window of {spoken(h.symbols[window])}, {rivals}."

    def of_output(window: int) -> str:
        are = "is" if equal[window] == 1 else "are"
        return (
            f"{spoken(h.symbols[window])} = {h.numbers[window]}, and {equal[window]} of its cells {are} "
            "that large."
        )

    def of_upstream(window: int) -> str:
        several = f"{equal[window]} equal cells want it."
        who = "One cell gets it." if equal[window] == 1 else several
        return f"{spoken(g.symbols[window])} arrives. {who}"

    return {"input": of_input, "output": of_output, "upstream": of_upstream}


def _of_rule(rule: str, grid: Grid, terms: list[list[str]]) -> Says:
    def of_gradient(cell: int) -> str:
        return (
            f"“{rule}”: {spoken(grid.names[cell])} = {' + '.join(map(_said, terms[cell])) or '0'}."
        )

    return of_gradient


def _said(product: str) -> str:
    return "·".join(map(spoken, product.split("·")))
