"""What the slides say of the backward pass of pooling, computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from .note_parts import equal

SIZES = (1, 2, 3, 4)
UPSTREAM = sympy.Symbol("g")


@cache
def _block(kind: str, n: int) -> tuple[np.ndarray, sympy.Expr]:
    """The cells of one block, and what pooling makes of them."""
    cells = symbol_array("x", (n, n))
    pooled = avg_pool2d(cells, n) if kind == "Average" else max_pool2d(cells, n, order=_order(n))
    return cells, pooled[0, 0]


def _order(n: int) -> np.ndarray:
    return np.random.default_rng(n).permutation(n * n).reshape(n, n)


@cache
def _passed_on(kind: str, n: int) -> np.ndarray:
    """What each cell of a block gets of the gradient: by the code, which is held against calculus."""
    arriving = np.array([[UPSTREAM]], dtype=object)
    if kind == "Average":
        made = avg_pool2d_backward(arriving, (n, n), n)
    else:
        _, switches = max_pool2d(_order(n), n, return_indices=True)
        made = max_pool2d_backward(arriving, (n, n), switches)
    cells, pooled = _block(kind, n)
    slopes = [UPSTREAM * sympy.diff(pooled, cell) for cell in cells.flat]
    if not equal(made, np.array(slopes, dtype=object).reshape(n, n)):
        raise ArithmeticError("The backward pass is not the derivative of the pooling.")
    return made


def _cells(where: str, kind: str, n: int) -> np.ndarray:
    """Which cells of a block words name."""
    cells, pooled = _block(kind, n)
    from_here = np.vectorize(pooled.has, otypes=[bool])(cells)
    first = np.zeros((n, n), bool)
    first[0, 0] = True
    return {
        "where it comes from": from_here,
        "the other cells": ~from_here,
        "the whole pooling block": np.ones((n, n), bool),
        "one cell of the pooling block": first,
    }[where]


def _gets(kind: str, n: int, where: str, gradient) -> bool:
    """Whether these cells of a block get this gradient, and the others none."""
    return equal(_passed_on(kind, n), np.where(_cells(where, kind, n), gradient, 0))


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
