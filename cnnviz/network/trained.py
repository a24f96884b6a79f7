"""Networks that have learned to read digits, for the pictures that look into them.

They are trained when first asked for, in a few seconds, always to the same weights on one machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from . import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from .digits import Split, digits_to_learn
from .optimisers import Adam
from .training import Training, small_network


class Trained(NamedTuple):
    """A network, the images it was trained and tested on, and the share of the latter it reads."""

    network: Sequential
    split: Split
    accuracy: float


def deep_network(seed: int = 0) -> Sequential:
    """Two convolutions, each with ReLU and pooling, for images (N, 1, 28, 28): ten scores.

    >>> [step.output_shape[1:] for step in deep_network().shapes((1, 1, 28, 28))][2::3]
    [(8, 13, 13), (16, 5, 5)]
    """
    generator = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 8, 3, seed=generator),
        ReLU(),
        MaxPool2d(2),
        Conv2d(8, 16, 3, seed=generator),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(400, 10, seed=generator),
    )


def tiny_network(seed: int = 0) -> Sequential:
    """The blog's network shrunk until its numbers can be read: digits as they come, (N, 1, 8, 8),
    and two filters.

    >>> [step.output_shape[1:] for step in tiny_network().shapes((1, 1, 8, 8))]
    [(2, 6, 6), (2, 6, 6), (2, 3, 3), (18,), (10,)]
    """
    generator = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 2, 3, seed=generator),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(18, 10, seed=generator),
    )


class Kind(NamedTuple):
    """How a network is made, on images of which size, and its first learning rate."""

    make: Callable[[int], Sequential]
    size: int
    lr: float


KINDS = {
    "small": Kind(small_network, 28, 0.002),
    "deep": Kind(deep_network, 28, 0.002),
    "tiny": Kind(tiny_network, 8, 0.02),
}
EPOCHS, SLOWER, SLOWLY = 16, 10, 0.25  # after 10 of the 16 the learning rate falls to a quarter


def trained_network(kind: str = "small", seed: int = 0, epochs: int = EPOCHS) -> Trained:
    """A network after so many epochs, 0 to 16, trained once in a process; every call has a copy of
    its own.

    "small" is the blog's network put together (`small_network`), "deep" has a second convolution
    (`deep_network`), "tiny" is for reading numbers (`tiny_network`). `seed` decides the first weights
    and the order of the images; which images are held out is always the same. The images are shared
    and cannot be written to. Raises ValueError for another kind or number of epochs.
    """
    if kind not in KINDS:
        raise ValueError(f"The networks are {', '.join(KINDS)}; there is no {kind!r} one.")
    if epochs not in range(EPOCHS + 1):
        raise ValueError(f"There are snapshots after 0 to {EPOCHS} epochs, not after {epochs}.")
    state, accuracy = _snapshots(kind, seed)[epochs]
    network = KINDS[kind].make(seed)
    network.load_state(state)
    return Trained(network, _split(KINDS[kind].size), accuracy)


@cache
def _snapshots(kind: str, seed: int) -> tuple[tuple[dict[str, np.ndarray], float], ...]:
    """The weights and the accuracy before the first epoch and after each."""
    make, size, lr = KINDS[kind]
    network = make(seed)
    adam = Adam(network, lr)
    training = Training(network, adam, *_split(size), batch_size=32, seed=seed)
    snapshots = [(network.state(), training.test_accuracy())]
    for epoch in range(EPOCHS):
        adam.lr = lr if epoch < SLOWER else lr * SLOWLY
        for _ in range(training.batches_per_epoch):
            training.learn()
        snapshots.append((network.state(), training.test_accuracy()))
    return tuple(snapshots)


@cache
def _split(size: int) -> Split:
    """The digits, parted: the same arrays for all networks that read this size."""
    split = digits_to_learn(size)
    for array in split:
        array.flags.writeable = False
    return split
