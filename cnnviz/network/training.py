"""A training run that can stop after any batch and go on, and how well a network reads.

Nothing here draws or asks: a lesson loops over `Training.run` and shows the reports as it likes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from ..functional.geometry import DoesNotFit, whole_number
from . import Conv2d, CrossEntropyLoss, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential
from .base import check_state, read_arrays
from .optimisers import Optimiser


def small_network(seed: Any = 0, dtype: Any = np.float32) -> Sequential:
    """The blog's network for images (N, 1, 28, 28), put together: 26 x 26 x 8, then 13 x 13 x 8,
    1352 in a row, 10 scores.

    >>> [step.output_shape[1:] for step in small_network().shapes((1, 1, 28, 28))]
    [(8, 26, 26), (8, 26, 26), (8, 13, 13), (1352,), (10,)]
    """
    generator = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 8, 3, seed=generator, dtype=dtype),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(1352, 10, seed=generator, dtype=dtype),
    )


@dataclass(frozen=True)
class Report:
    """How training stands after `step` batches.

    `loss` and `accuracy` are means over the batches since the last report, as the network was when
    it met them; `test_accuracy` is measured at the end of an epoch and None in between. `epoch`
    counts passes through the images, as a fraction.
    """

    step: int
    epoch: float
    loss: float
    accuracy: float
    test_accuracy: float | None = None

    def __str__(self) -> str:
        test = "" if self.test_accuracy is None else f", test accuracy {self.test_accuracy:.1%}"
        return (
            f"epoch {self.epoch:.2f}, batch {self.step}: loss {self.loss:.4f}, "
            f"accuracy {self.accuracy:.1%}{test}"
        )


class Training:
    """A network on its way: everything needed to stop after any batch and to go on from there.

    images (M, C, H, W), taken over in the dtype of the network; labels (M,) whole numbers. The
    order of the images follows from `seed` and the number of the epoch alone. `losses` and `hits`
    hold, for every batch so far, its loss and how many of its images were read rightly.
    Raises `DoesNotFit` if images and labels do not belong together.

    >>> images = np.eye(4).reshape(4, 1, 2, 2)
    >>> network = Sequential(Flatten(), Linear(4, 4, seed=0))
    >>> from cnnviz.network.optimisers import SGD
    >>> training = Training(network, SGD(network, lr=1), images, np.arange(4), batch_size=2)
    >>> for report in training.run(batches=3, every=1):
    ...     print(report.step, report.epoch, report.accuracy)
    1 0.5 0.5
    2 1.0 0.0
    3 1.5 0.5
    """

    def __init__(
        self,
        network: Layer,
        optimiser: Optimiser,
        images: Any,
        labels: Any,
        test_images: Any = None,
        test_labels: Any = None,
        *,
        loss: Any = None,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        self.network, self.optimiser = network, optimiser
        self.loss = CrossEntropyLoss() if loss is None else loss
        self.batch_size = whole_number(batch_size, "batch size", at_least=1)
        self.seed = whole_number(seed, "seed", at_least=0)
        dtype = np.result_type(*network.parameters.values())
        self.images, self.labels = _belonging(images, labels, dtype)
        self.test_images = self.test_labels = None
        if test_images is not None:
            self.test_images, self.test_labels = _belonging(test_images, test_labels, dtype)
        self.losses: list[float] = []
        self.hits: list[int] = []
        self._shuffled: tuple[int, Any] = (-1, None)  # the last epoch asked for, and its order

    @property
    def step(self) -> int:
        """How many batches were learned from so far."""
        return len(self.losses)

    @property
    def batches_per_epoch(self) -> int:
        """Batches of one pass through all images; the last one may be smaller."""
        return -(len(self.images) // -self.batch_size)

    def batch(self, step: int) -> np.ndarray:
        """Which images the batch of a step holds, by number."""
        epoch, place = divmod(step, self.batches_per_epoch)
        if epoch != self._shuffled[0]:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.images))
            self._shuffled = epoch, order
        return self._shuffled[1][place * self.batch_size : (place + 1) * self.batch_size]

    def run(
        self,
        *,
        epochs: float | None = None,
        batches: int | None = None,
        seconds: float | None = None,
        every: int = 10,
    ) -> Iterator[Report]:
        """Learns from so many more epochs, batches or seconds; a report after every `every`
        batches, at the end of every epoch and at the end.

        Stop it where you like, by leaving the loop or by interrupting: a batch is learned from
        wholly or not at all, and the next `run` goes on as if nothing had happened.
        Raises ValueError unless exactly one budget is given.
        """
        if sum(budget is not None for budget in (epochs, batches, seconds)) != 1:
            raise ValueError("Give one budget: epochs, batches or seconds.")
        every = whole_number(every, "number of batches between reports", at_least=1)
        if epochs is not None:
            batches = round(epochs * self.batches_per_epoch)
        return self._run(batches, seconds, every)

    def _run(self, batches: int | None, seconds: float | None, every: int) -> Iterator[Report]:
        last = None if batches is None else self.step + batches
        end = None if seconds is None else time.monotonic() + seconds
        done = False
        while not done and last != self.step:
            self.learn()
            done = self.step == last or (end is not None and time.monotonic() >= end)
            if done or self.step % every == 0 or self.step % self.batches_per_epoch == 0:
                yield self.report(every)

    def learn(self) -> None:
        """Learns from the next batch, wholly or not at all."""
        step, before = self.step, (self.network.state(), self.optimiser.state())
        try:
            chosen = self.batch(step)
            scores = self.network(self.images[chosen])
            loss = self.loss(scores, self.labels[chosen])
            self.network.backward(self.loss.backward(), input_gradient=False)
            self.optimiser.step()
            self.hits.append(int((scores.argmax(axis=1) == self.labels[chosen]).sum()))
            self.losses.append(loss)
        except BaseException:  # an interrupt may come between two layers of one step
            self.network.load_state(before[0])
            self.optimiser.load_state(before[1])
            del self.losses[step:], self.hits[step:]
            raise

    def report(self, every: int = 10) -> Report:
        """How things stand: means over the batches since the last multiple of `every` or the last
        end of an epoch."""
        step, per_epoch = self.step, self.batches_per_epoch
        if not step:
            return Report(0, 0.0, float("nan"), float("nan"), self.test_accuracy())
        first = max((step - 1) // every * every, (step - 1) // per_epoch * per_epoch)
        images = sum(len(self.batch(n)) for n in range(first, step))
        return Report(
            step,
            step / per_epoch,
            float(np.mean(self.losses[first:])),
            sum(self.hits[first:]) / images,
            None if step % per_epoch else self.test_accuracy(),
        )

    def test_accuracy(self) -> float | None:
        """The share of the test images read rightly, or None without test images."""
        if self.test_images is None:
            return None
        return accuracy(self.network, self.test_images, self.test_labels)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that changes while training, as arrays by name."""
        return {
            **{f"network.{name}": value for name, value in self.network.state().items()},
            **{f"optimiser.{name}": value for name, value in self.optimiser.state().items()},
            "losses": np.array(self.losses, float),
            "hits": np.array(self.hits, int),
            "order": np.array([self.seed, self.batch_size, len(self.images)]),
        }

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from a `state`; the optimiser's own settings stay as they are here.

        Raises `DoesNotFit`, before anything is changed, where the state is of another training.
        """
        present = self.state()
        history = {name: state[name] for name in ("losses", "hits") if name in state}
        check_state(state, present | history, "this training")
        if not np.array_equal(state["order"], present["order"]):
            raise DoesNotFit(
                "The state goes with seed, batch size and number of images "
                f"{np.asarray(state['order']).tolist()}, but this training has "
                f"{present['order'].tolist()}."
            )
        self.network.load_state(_under("network.", state))
        self.optimiser.load_state(_under("optimiser.", state))
        self.losses, self.hits = state["losses"].tolist(), state["hits"].tolist()

    def save(self, path: str | PathLike) -> None:
        """Writes `state` to an .npz file of plain arrays."""
        np.savez(path, **self.state())

    def load(self, path: str | PathLike) -> None:
        """Goes on from what `save` wrote. Nothing in the file is executed."""
        self.load_state(read_arrays(path))


# How well a network reads.


def predict(network: Layer, images: Any, batch_size: int = 256) -> np.ndarray:
    """The class with the largest score for every image: (N, ...) -> (N,)."""
    parts = (network(images[n : n + batch_size]) for n in range(0, len(images), batch_size))
    return np.concatenate([scores.argmax(axis=1) for scores in parts])


def accuracy(network: Layer, images: Any, labels: Any) -> float:
    """The share of the images that a network reads rightly, from 0 to 1."""
    return float((predict(network, images) == np.asarray(labels)).mean())


def confusion_matrix(labels: Any, predicted: Any, classes: int = 10) -> np.ndarray:
    """How often each class (row) was read as each class (column): (classes, classes).

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], classes=2)
    array([[1, 1],
           [0, 1]])
    """
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (np.asarray(labels), np.asarray(predicted)), 1)
    return counts


def misread(labels: Any, predicted: Any) -> np.ndarray:
    """The numbers of the images that were read as something else.

    >>> misread([0, 5, 1], [0, 3, 1])
    array([1])
    """
    return np.flatnonzero(np.asarray(labels) != np.asarray(predicted))


def _belonging(images: Any, labels: Any, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    images, labels = np.asarray(images, dtype), np.asarray(labels)
    if not len(images) or labels.shape != images.shape[:1]:
        raise DoesNotFit(
            f"Images of shape {images.shape} and labels of shape {labels.shape} do not belong "
            "together: each image, of at least one, needs one label."
        )
    return images, labels


def _under(prefix: str, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {n.removeprefix(prefix): value for n, value in state.items() if n.startswith(prefix)}
