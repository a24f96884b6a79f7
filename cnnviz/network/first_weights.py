"""What first weights do to the size of a signal: the blog's rule beside one that asks for the fan-in."""

from __future__ import annotations

from functools import cache

import numpy as np

from . import Conv2d, ReLU
from .base import he_normal

DIVIDED_BY_9, HE = "randn / 9", "He"
RULES = (DIVIDED_BY_9, HE)
LAST = 3  # cells along a side that the last layer leaves
MAPS = 128  # how many maps of each layer are measured, over all draws together


def fan_in(channels: int, kernel_size: int) -> int:
    """How many products one output adds up.

    >>> fan_in(1, 3), fan_in(8, 7)
    (9, 392)
    """
    return channels * kernel_size**2


def first_weights(rule: str, channels: int, kernel_size: int, generator) -> np.ndarray:
    """Random weights (channels, channels, k, k): normal numbers divided by 9, or those of `he_normal`."""
    shape = (channels, channels, kernel_size, kernel_size)
    if rule == HE:
        return he_normal(shape, fan_in(channels, kernel_size), generator, float)
    return generator.standard_normal(shape) / 9


@cache
def sizes_after(rule: str, channels: int, kernel_size: int, layers: int) -> tuple[float, ...]:
    """The size of a signal before and after each of so many layers, a convolution and a ReLU each.

    The size is the root of the mean square. The input is random, of size 1; many draws are taken
    together, since a few maps say little. Sources: the blog's `np.random.randn(...) / 9` (blog-83);
    He, Zhang, Ren and Sun, Delving deep into rectifiers (2015), equation 10.

    >>> [round(size, 1) for size in sizes_after(HE, 8, 3, 2)]
    [1.0, 1.0, 1.0]
    """
    generator = np.random.default_rng(0)
    side = LAST + layers * (kernel_size - 1)
    squares = np.zeros(layers + 1)
    draws = -(-MAPS // channels)
    for _ in range(draws):
        x = generator.standard_normal((1, channels, side, side))
        squares[0] += np.square(x).mean()
        for number in range(layers):
            layer = Conv2d(channels, channels, kernel_size, bias=False, dtype=float)
            layer.load_state({"weight": first_weights(rule, channels, kernel_size, generator)})
            x = ReLU()(layer(x))
            squares[number + 1] += np.square(x).mean()
    return tuple(np.sqrt(squares / draws).tolist())
