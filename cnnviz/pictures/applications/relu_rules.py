"""The picture of one ReLU on the way back, under three rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...network import ReLU
from ...network.activation import RULES
from ...scene import Equation, Grid, Lamp, Scene, Slot, Step
from ...symbols import labels, number, spoken
from ..grids import map_grid
from ..meetings import filled_in
from ..sheet import Sheet

SIDE, TOP, LOW = 200, 44, 300
COLUMN = {"backprop": 300, "deconvnet": 540, "guided": 780}
ASKS = {"backprop": "|x| > 0", "deconvnet": "|R| > 0", "guided": "|x| > 0 and |R| > 0"}
LETTER = {"backprop": "B", "deconvnet": "D", "guided": "G"}
# What happens to a gradient, by the signs of what went in and of what comes back.
OF_SIGNS = {
    (True, True): "Both are positive: all three rules let it pass.",
    (True, False): "x is positive, so the gradient passes. The two others want it positive itself, "
    "and hold it back.",
    (False, True): "x is not positive: the gradient is 0, and guided holds it back too. Deconvnet "
    "does not look at x and lets it pass.",
    (False, False): "Neither is positive: no rule lets it pass.",
}


def relu_rules(
    input: np.ndarray,
    arriving: np.ndarray,
    **letters,
) -> Scene:
    """What passes a ReLU backward by three rules: backprop, deconvnet and guided.

    ``input`` (H, W) went into the ReLU and ``arriving`` (H, W) comes back. Each rule is a mask of 0
    and 1, times what arrives. Raises ValueError if the shapes differ.
    Source: Springenberg et al., Striving for simplicity (2015), figure 1.

    >>> scene = relu_rules(np.array([[2.0, -1.0]]), np.array([[-3.0, 4.0]]))
    >>> [scene[rule].numbers for rule in ("backprop", "deconvnet", "guided")]
    [('−3', '0'), ('0', '4'), ('0', '0')]
    >>> scene.equation_text("deconvnet", 1)
    'D_12 = m_12·R_12'
    """
    if input.shape != arriving.shape:
        raise ValueError(f"A map of shape {input.shape} and gradients of {arriving.shape}.")
    kept = {rule: _passed(rule, input, arriving) for rule in RULES}
    masks = {rule: asks(input, arriving) for rule, asks in RULES.items()}
    sheet = Sheet({}, **{"show": "numbers", **letters})
    x = map_grid("input", "x", input, _slot(20, TOP), sheet.start, editable=True)
    r = map_grid("upstream", "R", arriving, _slot(20, LOW), sheet.start, editable=True)
    says = tuple(map(_sentence, x.symbols, r.symbols, input.flat, arriving.flat))
    grids = [_said(x, "what went in |x|", says), _said(r, "what comes back |R|", says)]
    for rule in RULES:
        grids += [
            _mask(rule, masks[rule], sheet.start, says),
            _result(rule, kept[rule], r, sheet, says),
        ]
    shown = [_filling(sheet.written(grid)) for grid in grids]
    same = all((kept[rule] == kept["backprop"]).all() for rule in RULES)
    return Scene(
        title="One ReLU, three rules for the way back",
        grids=tuple(shown),
        table={grid.name: np.arange(input.size) for grid in grids},
        say="Above, what each rule asks: 1 lets pass, 0 holds back. Below, what is left of R.",
        size=(1200, 520),
        equations={
            rule: Equation(f"{{{rule}}}", (f"{{{rule}_mask}}", "{upstream}"), counted=True)
            for rule in RULES
        },
        counters=tuple(
            (f"{int(mask.sum())} of {mask.size}", f"pass by {rule}") for rule, mask in masks.items()
        ),
        lamps=(Lamp(same, f"the three rules {'agree' if same else 'differ'} here"),),
        steps=tuple(_step(cell, grids, said) for cell, said in enumerate(says)),
        beware=sheet.notation.beware,
        code="dx = torch.autograd.grad(torch.relu(x), x, R)",
    )


def _filling(grid: Grid) -> Grid:
    """What is left fills in cell by cell."""
    return (
        replace(grid, frames=filled_in(grid.texts, range(grid.size)))
        if grid.name in RULES
        else grid
    )


def _step(cell: int, grids: list[Grid], said: str) -> Step:
    """One cell by all three rules; its equation is that of the derivative."""
    reads = {grid.name: (cell,) for grid in grids if grid.name not in RULES}
    return Step(reads, {rule: (cell,) for rule in RULES}, said, of=("backprop", cell))


def _passed(rule: str, input: np.ndarray, arriving: np.ndarray) -> np.ndarray:
    """What a ReLU with this rule sends back."""
    relu = ReLU()
    relu.rule = rule
    relu(input)
    return relu.backward(arriving)


def _sentence(x: str, r: str, went: float, comes: float) -> str:
    return (
        f"{spoken(x)} = {number(went)} went forward, {spoken(r)} = {number(comes)} comes back. "
        + OF_SIGNS[bool(went > 0), bool(comes > 0)]
    )


def _slot(x: float, y: float) -> Slot:
    return Slot(x, y, SIDE, SIDE, largest=50)


def _said(grid: Grid, title: str, says) -> Grid:
    return replace(grid, title=title, sentences=says)


def _mask(rule: str, mask: np.ndarray, start: int, says) -> Grid:
    texts = tuple(str(int(cell)) for cell in mask.flat)
    return Grid(
        f"{rule}_mask",
        f"1 where {ASKS[rule]}",
        (1, 1, *mask.shape),
        _slot(COLUMN[rule], TOP),
        symbols=texts,
        names=labels("m", mask.shape, start),
        numbers=texts,
        show="numbers",
        sentences=says,
    )


def _result(rule: str, kept: np.ndarray, r: Grid, sheet: Sheet, says) -> Grid:
    names = labels(LETTER[rule], kept.shape, sheet.start)
    if rule == "backprop":
        scalar = sheet.notation.scalar
        names = tuple(f"∂{scalar}/∂{x}" for x in labels("x", kept.shape, sheet.start))
    return Grid(
        rule,
        f"{rule}: what is left",
        (1, 1, *kept.shape),
        _slot(COLUMN[rule], LOW),
        role="written",
        symbols=tuple(s if v else "0" for s, v in zip(r.symbols, kept.flat, strict=True)),
        names=names,
        numbers=tuple(map(number, kept.ravel().tolist())),
        sentences=says,
    )
