"""The layers of the blog's example, what its sentences call their cells, and how prints are read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sympy

from ...symbols import NOTATIONS
from ..checks import right_side
from ..meaning import Layer, same

LETTERS = NOTATIONS["blog"]
# The blog's example: X is 3 x 3, K is 2 x 2, and a bias B is added to every Z.
BLOG = Layer(LETTERS, (3, 3), (2, 2), bias=True)
# The same where ⊛ is the convolution of mathematics, and where k is another name of K.
FLIPPED = Layer(LETTERS, (3, 3), (2, 2), bias=True, star=(("flip", 1),))
LOWER_CASE = Layer(LETTERS, (3, 3), (2, 2), bias=True, also=(("k", "kernel"),))
# Not square, so that rows and columns cannot be exchanged unnoticed.
OBLONG = Layer(LETTERS, (4, 6), (2, 3), bias=True)

BIAS = np.array([sympy.Symbol("B")], dtype=object)
# What the cells of the layer are called in words, and the sums that the outputs stand for.
CELLS = {
    "input": BLOG.input,
    "kernel": BLOG.kernel,
    "weight": BLOG.kernel,
    "bias": BIAS,
    "output": BLOG.chain.names,
    "error signal": BLOG.upstream,
}
VALUES = {**CELLS, "output": BLOG.output}


# The derivative of the loss by each cell of X and K.
DERIVATIVE = {
    cell: slope
    for part, gradient in ((BLOG.input, BLOG.input_gradient), (BLOG.kernel, BLOG.kernel_gradient))
    for cell, slope in zip(part.flat, gradient.flat, strict=True)
}


def agree(made: Iterable, equations: Iterable[str]) -> list[bool]:
    """Of each result whether it is what the equation in its place says."""
    pairs = zip(made, equations, strict=True)
    return [same(one, right_side(equation, BLOG)) for one, equation in pairs]


def braced(cell: str) -> str:
    """A cell as it stands in a formula.

    >>> braced("K_mn")
    'K_{mn}'
    """
    letter, below = cell.split("_")
    return f"{letter}_{{{below}}}"
