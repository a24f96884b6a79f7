"""Cells that tie are moved together: what each rule predicts for it, and what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...functional import max_pool2d
from ...functional.geometry import Geometry
from ...functional.pooling import TIE_RULES, max_pool2d_backward_ties, max_pool2d_shares
from ...functional.windows import scatter
from ...scene import Lamp
from ...symbols import number


@dataclass(frozen=True)
class TiesNudged:
    """The map (H, W) after its tied cells were moved by ``nudge``, by how much F moves, and by how
    much it would move under each rule.

    F is the sum of the pooled cells times what arrives at them.

    >>> TiesNudged.of(np.array([[3.0, 3.0]]), np.array([[2.0]]), ((1, 2), None), 0.5).predicted["all"]
    2.0
    """

    input: np.ndarray
    nudge: float
    ties: int
    measured: float
    predicted: Mapping[str, float]

    @classmethod
    def of(cls, input: np.ndarray, upstream: np.ndarray, how: tuple, nudge: float) -> TiesNudged:
        tied = tied_cells(input, *how)
        moved = np.where(tied, input + nudge, input) if nudge else input
        rises = max_pool2d(moved, *how) - max_pool2d(input, *how)
        slopes = {
            rule: float(max_pool2d_backward_ties(upstream, input, *how, rule=rule)[tied].sum())
            for rule in TIE_RULES
        }
        return cls(
            moved,
            nudge,
            int(tied.sum()),
            float((upstream * rises).sum()),
            {rule: slope * nudge for rule, slope in slopes.items()},
        )

    @property
    def moves(self) -> bool:
        return bool(self.nudge and self.ties)

    @property
    def say(self) -> str:
        """What is done with the cells; nothing where none is moved."""
        if not self.nudge:
            return ""
        if not self.ties:
            return "No two cells tie here, so none is moved."
        way = "up" if self.nudge > 0 else "down"
        return (
            f"{self.ties} tied cells move {way} together by {number(abs(self.nudge))}. Which rule "
            "predicts what happens?"
        )

    def counters(self, scalar: str) -> tuple[tuple[str, str], ...]:
        if not self.moves:
            return ()
        predictions = ((number(by), f"“{rule}” predicts") for rule, by in self.predicted.items())
        return (*predictions, (number(self.measured), f"measured: {scalar} moves by"))

    @property
    def lamps(self) -> tuple[Lamp, ...]:
        """One, once the cells are moved: which rules are wrong."""
        if not self.moves:
            return ()
        wrong = [
            f"“{rule}”" for rule, by in self.predicted.items() if not np.isclose(by, self.measured)
        ]
        if not wrong:
            return (Lamp(True, "each rule predicts what happens"),)
        verb = "predicts" if len(wrong) == 1 else "predict"
        return (Lamp(False, f"{' and '.join(wrong)} {verb} something else", mistake=True),)


def tied_cells(input: np.ndarray, *how) -> np.ndarray:
    """Which cells of a map (H, W) are among several that are largest in a window: (H, W).

    ``how`` are kernel_size and stride, as in ``max_pool2d``.

    >>> tied_cells(np.array([[3, 1, 3, 2]]), (1, 3), 1)
    array([[ True, False,  True, False]])
    """
    equal = max_pool2d_shares(input, *how, rule="all")
    several = equal.sum(axis=(-2, -1), keepdims=True) > 1
    stride = Geometry.of_pool(input.shape, *how).stride
    return scatter(equal * several, input.shape, stride) > 0
