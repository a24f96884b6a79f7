"""The picture of ReLU and max pooling in both orders: other ties, and the same gradient before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...functional import max_pool2d
from ...functional.pooling import TIE_RULES, max_pool2d_backward_ties, max_pool2d_shares
from ...scene import Grid, Lamp, Scene, Step, Stroke
from ...symbols import spoken
from ..grids import gradient_grid, map_grid
from ..sheet import Sheet, across, row
from ..words import Says
from .pools import MaxPooled
from .relu_and_ties_walk import relu_and_ties_walk

ORDERS = {"ReLU, then pool": ("ReLU", "pool"), "pool, then ReLU": ("pool", "ReLU")}
SLOTS = {
    **row(230, gap=70, largest=57, input=250, middle=250, last=250),
    **row(
        230, y=346, gap=70, largest=57, input_gradient=250, middle_gradient=250, upstream=250
    ),
}  # fmt: skip
LETTERS = {"ReLU": "r", "pool": "p"}  # maps that no document has a letter for
TITLES = {"ReLU": "after ReLU", "pool": "after pooling"}


@dataclass(frozen=True)
class TwoSteps:
    """A map (H, W) through ReLU and 2×2 max pooling in some order, and the gradient back through both.

    ``maps`` and ``gradients`` hold the input, the middle and the last one. ReLU hands on where its
    input is above 0; a rule says which of equal cells get the gradient of a window.

    >>> z = np.array([[-1.0, -2.0], [-3.0, -4.0]])
    >>> steps = TwoSteps.of(z, np.array([[5.0]]), ("ReLU", "pool"), "all")
    >>> [gradient.ravel().tolist() for gradient in steps.gradients]
    [[0.0, 0.0, 0.0, 0.0], [5.0, 5.0, 5.0, 5.0], [5.0]]
    """

    order: tuple[str, str]
    rule: str
    maps: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, z: np.ndarray, upstream: np.ndarray, order: tuple[str, str], rule: str) -> TwoSteps:
        maps, gradients = [z], [upstream]
        for step in order:
            maps.append(np.maximum(maps[-1], 0) if step == "ReLU" else max_pool2d(maps[-1], 2))
        for step, before in zip(order[::-1], maps[-2::-1], strict=True):
            arriving = gradients[0]
            if step == "ReLU":
                gradients.insert(0, arriving * (before > 0))
            else:
                gradients.insert(0, max_pool2d_backward_ties(arriving, before, 2, rule=rule))
        return cls(order, rule, tuple(maps), tuple(gradients))

    @property
    def before_pooling(self) -> np.ndarray:
        """The map that is pooled."""
        return self.maps[self.order.index("pool")]


def relu_and_ties(
    input: np.ndarray, upstream: np.ndarray, order: str, rule: str = "first", **letters
) -> Scene:
    """What comes out of a convolution (H, W), through ReLU and 2×2 max pooling, and the gradient back.

    ``order`` is one of ORDERS, ``rule`` one of those for equal cells, ``upstream`` what arrives at the
    last map. ``letters`` are those of a `Sheet`: notation, start and show (numbers, unless said).
    Raises DoesNotFit where ``max_pool2d`` does. Source: slides, "Review of Conv Nets", for the order.

    >>> scene = relu_and_ties(np.array([[-1.0, -2.0]] * 2), np.array([[5.0]]), "ReLU, then pool", "all")
    >>> scene["middle_gradient"].numbers, scene["input_gradient"].numbers
    (('5', '5', '5', '5'), ('0', '0', '0', '0'))
    """
    chosen = TwoSteps.of(input, upstream, ORDERS[order], rule)
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    pool = MaxPooled.of(chosen.before_pooling, 2)
    shares = max_pool2d_shares(chosen.before_pooling, 2, rule=rule).ravel()
    grids = _maps(sheet, chosen, pool, shares) | _gradients(sheet, chosen)
    walk = relu_and_ties_walk(sheet, grids, chosen.order, rule, pool)
    shown = walk["grids"]
    scalar, (first, *_) = sheet.notation.scalar, _letters(sheet, chosen.order)
    there = [shown[name] for name in ("input", "middle", "last")]
    back = [shown[name] for name in ("upstream", "middle_gradient", "input_gradient")]
    return sheet.scene(
        "ReLU and pooling: ties that do no harm",
        tuple(shown.values()),
        _table(chosen.order, pool, shares > 0),
        _says(chosen, grids, pool),
        say="Two steps forward, two steps back. Press Next, then change the rule and the order.",
        strokes=(
            *_arrows(there, "forward", walk["steps"]),
            *_arrows(back, "backward", walk["steps"]),
        ),
        lamps=_lamps(chosen, input, upstream, f"∂{scalar}/∂{first}"),
        steps=walk["steps"],
        code=_code(sheet, chosen.order),
    )  # fmt: skip


def _arrows(grids: list[Grid], kind: str, steps: tuple[Step, ...]) -> tuple[Stroke, ...]:
    """From each grid to the next, lit in the steps that write that one."""
    return tuple(
        across(
            start, end, kind, steps=[n for n, step in enumerate(steps) if end.name in step.writes]
        )
        for start, end in pairwise(grids)
    )


def _lamps(chosen: TwoSteps, z: np.ndarray, upstream: np.ndarray, name: str) -> tuple[Lamp, Lamp]:
    here = chosen.gradients[0]
    rules = all(
        np.allclose(TwoSteps.of(z, upstream, chosen.order, rule).gradients[0], here)
        for rule in TIE_RULES
    )
    orders = all(
        np.allclose(TwoSteps.of(z, upstream, order, chosen.rule).gradients[0], here)
        for order in ORDERS.values()
    )
    return (
        Lamp(rules, f"{name} is the same under every rule" if rules else f"the rule changes {name}"),
        Lamp(orders, f"{name} is the same in both orders" if orders else f"the order changes {name}"),
    )  # fmt: skip


def _letters(sheet: Sheet, order: tuple[str, str]) -> tuple[str, ...]:
    return (sheet.notation.output, *(LETTERS[step] for step in order))


def _maps(sheet: Sheet, chosen: TwoSteps, pool: MaxPooled, shares: np.ndarray) -> dict[str, Grid]:
    """The three maps; in the one that is pooled the cells are marked that get its gradient."""
    titles = ("after the convolution", *(TITLES[step] for step in chosen.order))
    grids = {}
    for name, title, letter, values in zip(
        ("input", "middle", "last"), titles, _letters(sheet, chosen.order), chosen.maps, strict=True
    ):
        role = "read" if name == "input" else "written"
        grid = map_grid(
            name, letter, values, SLOTS[name], sheet.start, role=role, editable=name == "input"
        )
        grids[name] = replace(grid, title=f"{title} |{letter}|")
    pooled = "input" if chosen.order[0] == "pool" else "middle"
    getting = tuple(np.unique(pool.met["cell"][shares > 0]).tolist())
    grids[pooled] = replace(grids[pooled], marks={"switch": getting}, blocks=(2, 2))
    return grids


def _gradients(sheet: Sheet, chosen: TwoSteps) -> dict[str, Grid]:
    names = ("input_gradient", "middle_gradient", "upstream")
    grids = {}
    for name, letter, values in zip(
        names, _letters(sheet, chosen.order), chosen.gradients, strict=True
    ):
        role, typed = ("read", True) if name == "upstream" else ("written", False)
        grid = gradient_grid(
            name, sheet.notation.scalar, letter, values, SLOTS[name], sheet.start, role=role,
            editable=typed,
        )  # fmt: skip
        title = f"|∂{sheet.notation.scalar}/∂{letter}|"
        grids[name] = replace(grid, title=f"upstream {title}" if typed else title)
    return grids


def _table(
    order: tuple[str, str], pool: MaxPooled, getting: np.ndarray
) -> Mapping[str, np.ndarray]:
    """A row for each cell of each window; only those that get the gradient are met on the way back."""
    cells, windows = pool.met["cell"], pool.met["output"]
    sent = np.where(getting, cells, -1)
    if order[0] == "ReLU":
        middle, back = cells, {"middle_gradient": sent, "input_gradient": sent}
    else:
        middle, back = windows, {"middle_gradient": windows, "input_gradient": sent}
    return {"input": cells, "middle": middle, "last": windows, "upstream": windows, **back}


def _says(chosen: TwoSteps, grids: Mapping[str, Grid], pool: MaxPooled) -> dict[str, Says]:
    """What each cell says when the learner points at it."""

    def is_called(name: str, cell: int) -> str:
        grid = grids[name]
        return f"{spoken(grid.symbols[cell])} = {grid.numbers[cell]}"

    def after(step: str, name: str) -> Says:
        if step == "ReLU":
            return lambda cell: f"{is_called(name, cell)}: what is below 0 has become 0."
        return lambda cell: f"{is_called(name, cell)} is the largest cell of its window."

    def before(step: str, name: str, gradient: str) -> Says:
        if step == "pool":
            return lambda cell: (
                f"{is_called(gradient, cell)}: what the rule “{chosen.rule}” sends here."
            )
        values = chosen.maps[0 if name == "input" else 1].ravel()
        return lambda cell: (
            f"{is_called(gradient, cell)}: {spoken(grids[name].symbols[cell])} is "
            + (
                "above 0, so all of it goes on."
                if values[cell] > 0
                else "not above 0, so nothing goes on."
            )
        )

    first, second = chosen.order
    return {
        "input": lambda cell: f"{is_called('input', cell)} comes out of the convolution.",
        "middle": after(first, "middle"),
        "last": after(second, "last"),
        "upstream": lambda cell: f"{is_called('upstream', cell)} arrives.",
        "middle_gradient": before(second, "middle", "middle_gradient"),
        "input_gradient": before(first, "input", "input_gradient"),
    }  # fmt: skip


def _code(sheet: Sheet, order: tuple[str, str]) -> str:
    call = sheet.notation.output
    for step in order:
        call = f"torch.relu({call})" if step == "ReLU" else f"torch.max_pool2d({call}, 2)"
    return call
