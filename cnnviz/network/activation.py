"""ReLU, with the three rules by which a gradient goes back through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Layer, Shape, described

# Which gradients R pass a ReLU whose input was x.
RULES = {
    "backprop": lambda x, R: x > 0,
    "deconvnet": lambda x, R: R > 0,
    "guided": lambda x, R: (x > 0) & (R > 0),
}


class ReLU(Layer):
    """max(0, x), for inputs of any shape: numbers, or symbols whose sign is known.

    The slope at 0 is taken as 0, as in PyTorch. `rule` says which gradients R go back, and may be
    set later: "backprop" is the derivative, 1[x > 0] R; "deconvnet" is 1[R > 0] R; "guided" asks
    for both. The last two are ways of looking at a network and no derivatives. Raises ValueError
    for another rule. Source: Springenberg, Dosovitskiy, Brox and Riedmiller, Striving for
    simplicity (2015), figure 1.

    >>> relu = ReLU()
    >>> relu([[-1, 0, 2, 3]])
    array([[0, 0, 2, 3]])
    >>> relu.backward([[5, 5, 5, -5]])
    array([[ 0,  0,  5, -5]])
    >>> relu.rule = "guided"
    >>> relu.backward([[5, 5, 5, -5]])
    array([[0, 0, 5, 0]])
    """

    def __init__(self, rule: str = "backprop") -> None:
        super().__init__()
        self.rule = rule

    @property
    def rule(self) -> str:
        """The name of the backward rule."""
        return self._rule

    @rule.setter
    def rule(self, name: str) -> None:
        if name not in RULES:
            raise ValueError(f"A ReLU goes back by {', '.join(RULES)}, not by {name!r}.")
        self._rule = name

    def output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        return np.maximum(x, np.zeros_like(x))  # twice as fast as beside the number 0

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        if not input_gradient:
            return None
        passes = RULES[self.rule](self.input, g)
        # A product is ten times faster than `where`. With 1 and 0, for a symbol times True is nothing.
        return g * passes.view(np.int8)

    def piece(self) -> np.ndarray:
        return self.input > 0

    def __repr__(self) -> str:
        options: dict[str, Any] = {"rule": (self.rule, "backprop")}
        return described(self, **options)
