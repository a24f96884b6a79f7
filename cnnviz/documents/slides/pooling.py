"""What the slides say of the backward pass of pooling, computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ...derivations.arrays import array, each
from ...derivations.letters import symbol_array
from ...functional import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from ..meaning import equal

SIZES = (1, 2, 3, 4)
UPSTREAM = sympy.Symbol("g")


@cache
def _block(kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Which cells of a block make what pooling makes of it, and what each gets of the gradient: by
    the code, which is held against calculus."""
    cells, arriving = symbol_array("x", (n, n)), array([UPSTREAM], (1, 1))
    if kind == "Average":
        pooled, made = avg_pool2d(cells, n), avg_pool2d_backward(arriving, (n, n), n)
    else:
        order = np.random.default_rng(n).permutation(n * n).reshape(n, n)
        pooled, switches = max_pool2d(cells, n, order=order, return_indices=True)
        made = max_pool2d_backward(arriving, (n, n), switches)
    if not equal(made, each(cells, lambda cell: UPSTREAM * sympy.diff(pooled[0, 0], cell))):
        raise ArithmeticError("The backward pass is not the derivative of the pooling.")
    return each(cells, pooled[0, 0].has).astype(bool), made


def _gets(kind: str, n: int, where: str, gradient) -> bool:
    """Whether these cells of a block get this gradient, and the others none."""
    from_here, passed_on = _block(kind, n)
    first = np.arange(n * n).reshape(n, n) == 0
    cells = {
        "where it comes from": from_here,
        "the other cells": ~from_here,
        "the whole pooling block": np.ones_like(first),
        "one cell of the pooling block": first,
    }[where]
    return equal(passed_on, np.where(cells, gradient, 0))


def assigned(kind: str, how: str, where: str) -> bool:
    """Whether the error goes to these cells as it is, or changed."""
    times = {"just": 1, "doubled and": 2, "halved and": sympy.Rational(1, 2)}[how]
    return all(_gets(kind, n, where, times * UPSTREAM) for n in SIZES)


def shared(
    kind: str, operation: str, top: int, one: str, sign: str, other: str, where: str
) -> bool:
    """Whether the error, changed by this factor, goes to these cells of blocks of any size."""
    return all(_gets(kind, n, where, _changed(operation, top, one, sign, other, n)) for n in SIZES)


def _changed(operation: str, top: int, one: str, sign: str, other: str, n: int):
    left, right = (sympy.Integer(n if side == "N" else int(side)) for side in (one, other))
    factor = top / (left * right if sign == r"\times" else left + right)
    if operation == "multiplied":
        return UPSTREAM * factor
    return UPSTREAM / factor if factor else sympy.zoo


def share(operation: str, top: int, one: str, sign: str, other: str) -> bool:
    """The factor alone, which average pooling gives to every cell of its block."""
    return shared("Average", operation, top, one, sign, other, "the whole pooling block")
