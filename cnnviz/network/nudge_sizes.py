"""How large a nudge should be: the error of one gradient check for many sizes, in two precisions."""

from __future__ import annotations

from functools import cache

from . import Conv2d, Flatten, Linear, Sequential
from .digits import digits_to_learn
from .gradient_check import check_gradients

POWERS = tuple(range(1, 13))  # a nudge of 10 to the minus each of these
PRECISIONS = ("float64", "float32")
CELLS = 6  # of each array


@cache
def errors_of_nudges(bent: bool = True, image: int = 3) -> dict[str, tuple[float, ...]]:
    """The largest relative error of a gradient check for each of `POWERS`, by precision.

    The network is a convolution and a fully connected layer: it has no kink, so nothing but the
    nudge counts. The loss is the cross entropy where it is to be `bent`, and else a weighted sum of
    the scores, in which every single weight moves on a straight line.

    >>> errors = errors_of_nudges()
    >>> [POWERS[error.index(min(error))] for error in errors.values()]  # in float64, in float32
    [5, 2]
    """
    split = digits_to_learn(8)
    x, label = split.test_images[image : image + 1], split.test_labels[image : image + 1]
    network = Sequential(Conv2d(1, 2, 3, seed=0), Flatten(), Linear(72, 10, seed=1))

    def error(power: int, precision: str) -> float:
        check = check_gradients(
            network, x, label if bent else None, samples=CELLS, h=10.0**-power, dtype=precision
        )
        return max(row.error for row in check.rows)

    return {name: tuple(error(power, name) for power in POWERS) for name in PRECISIONS}
