"""A training run of the small network with all that a view of it shows: held-out accuracy, what was
changed when, the first filters. It can be saved whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..functional.geometry import DoesNotFit
from . import Conv2d, ReLU, Sequential
from .base import read_arrays
from .digits import Split
from .optimisers import SGD, Adam, Optimiser
from .training import Report, Training, predict, small_network

OPTIMISERS = {
    "SGD": lambda network, lr: SGD(network, lr),
    "momentum": lambda network, lr: SGD(network, lr, momentum=0.9),
    "Adam": lambda network, lr: Adam(network, lr),
}
LOWERED = 10, 0.25  # after how many epochs the rate is made how much smaller
RECENT = 15  # batches
ONE_CHANGE = 20  # batches: what is changed more often than that was dragged, and is one change


class RecordedTraining:
    """The small network learning from the images of a `Split`, and the record of it.

    `tested` holds the accuracy on the held-out images after each epoch, `changes` (batch, words) for
    every other optimiser or learning rate, `first` the filters (O, 1, k, k) of the start, and `goal`
    how many epochs are asked for. Raises KeyError for an unknown optimiser.
    """

    def __init__(
        self, split: Split, optimiser: str, lr: float, goal: int = 16, seed: int = 0
    ) -> None:
        self.split, self.goal, self.seed = split, goal, seed
        network = small_network(seed)
        self.training = Training(
            network, _optimiser(optimiser, network, lr), *split, batch_size=32, seed=seed
        )
        self.optimiser = optimiser
        self.first = network[0].parameters["weight"].copy()
        self.tested: dict[int, float] = {}
        self.changes: list[tuple[int, str]] = []
        self.lowered = False
        self.test()

    @property
    def network(self) -> Sequential:
        return self.training.network

    @property
    def epoch(self) -> float:
        """How often all images were learned from."""
        return self.training.step / self.training.batches_per_epoch

    def learn(self, **budget: Any) -> Iterator[Report]:
        """`Training.run` with a report after every batch, recorded."""
        for report in self.training.run(**budget, every=1):
            if report.test_accuracy is not None:
                self.tested[round(report.epoch)] = report.test_accuracy
            yield report

    def test(self) -> np.ndarray:
        """What the held-out images are read as now."""
        predicted = predict(self.network, self.split.test_images)
        if self.epoch.is_integer():
            # Where an interrupt came between a batch and its report, the record has a gap.
            share = float((predicted == self.split.test_labels).mean())
            self.tested.setdefault(int(self.epoch), share)
        return predicted

    def use(self, optimiser: str, lr: float, lower: bool = False) -> None:
        """Go on with this optimiser and rate; with `lower`, a quarter of it after 10 epochs.

        Another optimiser begins with an empty memory.
        """
        self.lowered = lower and self.epoch >= LOWERED[0]
        rate = lr * LOWERED[1] if self.lowered else lr
        if optimiser != self.optimiser:
            self.training.optimiser = _optimiser(optimiser, self.network, rate)
            self.optimiser = optimiser
        self.training.optimiser.lr = rate
        words, step = f"{optimiser}, {rate:.2g}", self.training.step
        if self.changes and self.changes[-1][1] == words:
            return
        if self.changes and step - self.changes[-1][0] < ONE_CHANGE:
            self.changes.pop()
        self.changes.append((step, words))

    def right(self) -> np.ndarray:
        """For each batch so far, the share of its images that was read rightly."""
        training, per_epoch = self.training, self.training.batches_per_epoch
        sizes = np.full(training.step, training.batch_size)
        sizes[per_epoch - 1 :: per_epoch] = len(training.batch(per_epoch - 1))
        return np.array(training.hits[: len(sizes)]) / sizes

    def maps(self, image: np.ndarray) -> np.ndarray:
        """What the first layer and ReLU make of an image (1, H, W): (O, H', W').

        A copy of the layer computes it: the layer itself keeps what its backward pass needs.
        """
        layer = Conv2d(1, len(self.first), self.first.shape[2:], seed=0)
        layer.load_state(self.network[0].state())
        return ReLU()(layer(image[np.newaxis]))[0]

    def sentence(self) -> str:
        """How things stand, in one line."""
        latest, training = self.tested[max(self.tested)], self.training
        if not training.step:
            return (
                f"Nothing learned yet. The first weights read {latest:.1%} of the held-out digits "
                "rightly, by chance."
            )
        words = self.changes[-1][1] if self.changes else self.optimiser
        lowered = f", a quarter since epoch {LOWERED[0]}" if self.lowered else ""
        return (
            f"Epoch {self.epoch:.2f} of {self.goal}, batch {training.step}: "
            f"loss {np.mean(training.losses[-RECENT:]):.3f}, "
            f"accuracy {self.right()[-RECENT:].mean():.1%}; "
            f"held-out digits {latest:.1%} after epoch {max(self.tested)}. {words}{lowered}."
        )

    def save(self, path: str | PathLike, **more: Any) -> None:
        """Write weights, the optimiser's memory, the record and `more` to a file of plain arrays."""
        notes = {
            "optimiser": self.optimiser, "lowered": self.lowered, "goal": self.goal, "seed": self.seed,
            "tested": list(self.tested.items()), "changes": self.changes, "more": more,
        }  # fmt: skip
        record = {"record.first": self.first, "record.notes": np.array(json.dumps(notes))}
        with Path(path).open("wb") as file:  # by name, NumPy would add .npz to it
            np.savez(file, **self.training.state(), **record)

    @classmethod
    def load(cls, path: str | PathLike, split: Split) -> tuple[RecordedTraining, dict[str, Any]]:
        """What `save` wrote, and its `more`. Nothing in the file is executed.

        Raises `DoesNotFit` for a file of something else, or of other images.
        """
        try:
            state = read_arrays(path)
            first, notes = state.pop("record.first"), json.loads(str(state.pop("record.notes")))
            one = cls(split, notes["optimiser"], 0, notes["goal"], notes["seed"])
            one.tested, one.changes = (
                dict(map(tuple, notes["tested"])),
                [*map(tuple, notes["changes"])],
            )
            one.lowered, more = notes["lowered"], notes["more"]
        except (AttributeError, KeyError, TypeError, ValueError, BadZipFile):
            raise DoesNotFit("This file was not saved by a view of training.") from None
        one.training.load_state(state)
        one.first = first
        return one, more


def _optimiser(name: str, network: Sequential, lr: float) -> Optimiser:
    return OPTIMISERS[name](network, lr)
