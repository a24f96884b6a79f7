"""What the slides say of the forward pass, computed."""

from __future__ import annotations

import numpy as np

from ...functional import conv2d, max_pool2d
from ..claims.maps import makes
from ..meaning import equal
from .layers import BASE, named

AXES = {"vertical", "horizontal"}


def steps(first: str, second: str, third: str) -> bool:
    """Whether the steps of a layer, done in this order, give what their definition gives."""
    rng = np.random.default_rng(0)
    x, k = rng.integers(-9, 10, (6, 6)), rng.integers(-9, 10, (3, 3))
    operations = {
        "Perform convolutions": lambda m: conv2d(m, k),
        "Apply non-linearity": lambda m: np.maximum(m, 0),
        "Pooling": lambda m: max_pool2d(m, 2),
    }
    if {first, second, third} != set(operations):
        return False
    made = operations[third](operations[second](operations[first](x)))
    return np.array_equal(made, [[_pooled_cell(x, k, u, v) for v in range(2)] for u in range(2)])


def _pooled_cell(x, k, u, v) -> int:
    """One pooled cell written out: the largest of four sums of products, none below 0."""
    sums = (
        sum(int(x[2 * u + a + i, 2 * v + b + j] * k[i, j]) for i, j in np.ndindex(k.shape))
        for a, b in np.ndindex(2, 2)
    )
    return max(max(0, s) for s in sums)


def fits_the_output(one: str, other: str, what: str, number: int) -> bool:
    """Whether the layer makes O with this stride or padding, the same along both axes."""
    try:
        made = conv2d(BASE.input, BASE.kernel, **{what: number})
    except ValueError:
        return False
    return {one.lower(), other.lower()} == AXES and equal(made, BASE.output)


def gives(
    operation: str, noun: str, one: str, second_noun: str, other: str, made: str, letter: str
) -> bool:
    """Whether a convolution of two maps makes a third, each of them with its noun and letter."""
    operands = named(noun, one), named(second_noun, other)
    wanted = named(made.split()[-1], letter)
    return makes(*operands, wanted, full=operation == "Full convolution")
