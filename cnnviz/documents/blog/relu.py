"""What the blog says of its ReLU layer, computed."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import sympy

from ...derivations import relu_gradient
from ...derivations.chain import partials
from ...derivations.letters import symbol_array
from .layers import LETTERS

INPUTS = np.array([-2, 0, 3, -1, 1])
SIGN_OF = {"positive": 1, "negative": -1, "zero": 0}
FACTORS = {"as it is": 1, "halved": sympy.Rational(1, 2), "reversed": -1}


def slope(value: int, side: str) -> sympy.Expr:
    """The slope of max(0, t) at a value, seen from the left or from the right."""
    step = sympy.Rational(-1 if side == "left" else 1, 9)  # the line is straight on both sides
    return (sympy.Max(0, value + step) - sympy.Max(0, value)) / step


def relu_mask(*sides: str) -> Callable:
    """The gradient under the mask, with the slopes from these sides."""

    def use(run):
        g = symbol_array("g", (1, INPUTS.size))[0]
        made = g.copy()
        run(dL_dinput=made, self=SimpleNamespace(input=INPUTS))
        for side in sides:
            yield f"slopes from the {side}:", made, g * [slope(value, side) for value in INPUTS]

    return use


def let_through(layer: str, how: str, scope: str, sign: str) -> bool:
    """Which gradient ReLU passes on, how, and where its input is so; at 0 it has no derivative."""
    values = INPUTS[INPUTS != 0].reshape(1, -1)
    passed = relu_gradient(values.shape, values, LETTERS).calculus()
    letters = {"upper": LETTERS.output, "lower": LETTERS.input}
    gradient = partials(LETTERS.scalar, symbol_array(letters[layer], values.shape))
    named = np.sign(values) == SIGN_OF[sign]
    there = named if scope == "only to those" else ~named
    return bool((passed == np.where(there, FACTORS[how] * gradient, 0)).all())
