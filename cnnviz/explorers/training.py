"""A network that learns while one looks on: buttons, curves, filters and maps, misread digits."""

from __future__ import annotations

import math
import threading
import time
from os import PathLike
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..network.digits import digits_to_learn
from ..network.recorded_training import LOWERED, RecordedTraining
from ..network.training import Training
from .controls import tick
from .curves import framed, held_out, learning_curves, network_inside, svg_text
from .training_controls import OPTIMISER, RATE
from .view import View, action
from .widget import beside_widget

MORE = 4  # epochs, each time it goes on after the last
BETWEEN_PICTURES = 0.25  # seconds
SPOKEN = 5.0  # seconds between two lines for a screen reader
BETWEEN_TESTS = (
    3.0  # seconds: reading all held-out digits and drawing it takes as long as many batches
)
SLOW = 0.1  # seconds for a batch
TOO_LARGE = (
    "The loss is not a number any more: the steps were too large. "
    "Press “stop and reset”, and take a smaller learning rate."
)
CONTROLS = (
    tick("slowly", "slowly, 10 batches a second"),
    RATE,
    tick("lower", f"a quarter of it after epoch {LOWERED[0]}", True),
    OPTIMISER,
)


class TrainingView(View):
    """A training run with its buttons and pictures.

    It runs on a thread of its own after `start`, or in the foreground by `run`; whatever ends it,
    the weights stay, and the next start goes on with the next batch. What the controls say counts
    from the next batch on.
    """

    def __init__(
        self, optimiser: str = "Adam", lr: float = 0.002, epochs: int = 16, seed: int = 0
    ) -> None:
        self.epochs, self.seed, self.split = epochs, seed, digits_to_learn()
        self._paper = self.split.images.min()  # what was subtracted from every image
        self._thread, self.running, self._wrong = threading.Thread(), False, ""
        self._halt, self._turn = threading.Event(), threading.Lock()
        self._curves, self._inside, self._held_out = (widgets.HTML() for _ in range(3))
        pictures = widgets.Box([self._curves, self._inside, self._held_out])
        super().__init__(CONTROLS, [pictures], "training", {"optimiser": optimiser, "lr": lr})
        self.record = self._first_record()
        self._show_all()

    # what a lesson or a test calls

    @property
    def training(self) -> Training:
        """The run itself."""
        return self.record.training

    @property
    def accuracy(self) -> float:
        """The share of the held-out digits read rightly, by the network as it is now."""
        return self.training.test_accuracy()

    def start(self) -> None:
        """Learn in the background until `pause`, or until the epochs asked for are over."""
        with self._turn:
            if self.running:
                return
            if self.record.epoch >= self.record.goal:
                self.record.goal = math.floor(self.record.epoch) + MORE
            self._halt.clear()
            self.running = True
            self.show_controls()
            self._thread = threading.Thread(target=self._in_background, daemon=True)
            self._thread.start()

    def pause(self) -> None:
        """Stop after the present batch. Nothing is lost: `start` and `run` go on from there."""
        self._halt.set()
        if self._thread.is_alive():
            self._thread.join()

    def one_batch(self) -> None:
        """Learn from one more batch."""
        self.run(batches=1)

    def reset(self) -> None:
        """Stop, and begin again with the first weights. The controls stay as they are."""
        self._halt.set()
        with self._turn:
            self.pause()
            self.record, self._wrong = self._first_record(), ""
            self._show_all()

    def run(
        self,
        *,
        epochs: float | None = None,
        batches: int | None = None,
        seconds: float | None = None,
    ) -> TrainingView:
        """Learn here and now, for so many more epochs, batches or seconds.

        An interrupt stops it as `pause` does, after the view has been brought up to date.
        """
        with self._turn:
            self.pause()
            self._halt.clear()
            try:
                self._learn(epochs=epochs, batches=batches, seconds=seconds)
            finally:
                self._show_all()
        return self

    def save(self, path: str | PathLike) -> None:
        """Write weights, optimiser, settings and curves to a file of plain arrays."""
        with self._turn:
            self.pause()
            self.record.save(path, lr=self.values["lr"], lower=self.values["lower"])

    def load(self, path: str | PathLike) -> None:
        """Go on from what `save` wrote. Nothing in the file is executed.

        Raises `DoesNotFit`, before anything is changed, where it is a file of something else.
        """
        with self._turn:
            self.pause()
            self.record, settings = RecordedTraining.load(path, self.split)
            self.seed, self._wrong = self.record.seed, ""
            self.move(optimiser=self.record.optimiser, lr=settings["lr"], lower=settings["lower"])
            self._show_all()

    # learning

    def _first_record(self) -> RecordedTraining:
        return RecordedTraining(
            self.split, self.values["optimiser"], self.values["lr"], self.epochs, self.seed
        )

    def _in_background(self) -> None:
        try:
            left = self.record.goal * self.training.batches_per_epoch - self.training.step
            self._learn(batches=left)
        except Exception as error:
            self.went_wrong(error)
        try:
            self._show_all()
        except Exception as error:
            self.went_wrong(error)
        self.running = False
        self.show_controls()

    def say(self, words: str, wrong: bool = False, speak: bool = True) -> None:
        """As every view; and what went wrong stays until it learns again."""
        self._wrong = words if wrong else ""
        super().say(words, wrong, speak)

    def _learn(self, **budget: Any) -> None:
        """The loop, in whichever thread: learns, and shows how it goes now and then."""
        self._wrong = ""
        next_look, next_word = 0.0, time.monotonic() + SPOKEN
        next_test = time.monotonic() + BETWEEN_TESTS
        self._follow_controls()
        # With steps far too large numbers overflow; the curves show it, warnings would hide them.
        with np.errstate(all="ignore"):
            for report in self.record.learn(**budget):
                if not math.isfinite(report.loss):
                    self._wrong = TOO_LARGE
                    return
                now = time.monotonic()
                if now >= next_look:
                    self._show_progress(speak=now >= next_word)
                    next_word = now + SPOKEN if now >= next_word else next_word
                    if now >= next_test:
                        self._show_held_out()
                        next_test = time.monotonic() + BETWEEN_TESTS
                    # Drawing must not take more than a quarter of the time from learning.
                    next_look = now + max(BETWEEN_PICTURES, 4 * (time.monotonic() - now))
                if self._halt.is_set() or (self.values["slowly"] and self._halt.wait(SLOW)):
                    return
                self._follow_controls()

    def _follow_controls(self) -> None:
        self.record.use(*(self.values[name] for name in ("optimiser", "lr", "lower")))

    # showing

    def actions(self) -> dict:
        """What each button does; while it runs, `pause` is in the place of `start`."""
        return {
            "start": self.start,
            "pause": self._halt.set,
            "one batch": self.one_batch,
            "stop and reset": self.reset,
        }

    def drawn_controls(self) -> list[dict]:
        go_on = "go on" if self.training.step else "start"
        does, words = ("pause", "pause") if self.running else ("start", go_on)
        hint = "Learn, or go on learning; or stop after this batch: nothing is lost"
        return [
            action("start", words, hint, does, main=True),
            action(
                "one batch", "one batch", "Learn from the next 32 digits", disabled=self.running
            ),
            action("stop and reset", "stop and reset", "Back to the first weights"),
            *super().drawn_controls(),
        ]

    def sentence(self) -> str:
        """How things stand, or what went wrong, in one line."""
        return self._wrong or self.record.sentence()

    def _say(self, speak: bool = True) -> str:
        """Put what there is to say into the line, and now and then where it is spoken."""
        said = self.sentence()
        self.say(said, bool(self._wrong), speak)
        return said

    def _show_progress(self, speak: bool = False) -> None:
        """The line, the curves, the filters and the maps."""
        said, image = self._say(speak), self.split.test_images[0]
        self._curves.value = framed(
            self._drawn_curves(), f"The curves of loss and accuracy. {said}"
        )
        filters = self.record.network[0].parameters["weight"]
        drawn = network_inside(
            self.record.first, filters, image[0] - self._paper, self.record.maps(image)
        )
        self._inside.value = framed(drawn, "Filters, and the maps of one digit.")
        late = self.training.step - self._tested >= self.training.batches_per_epoch
        (self._held_out.add_class if late else self._held_out.remove_class)("cnnviz-late")

    def _show_held_out(self) -> None:
        """How each held-out digit is read by the network as it is now."""
        predicted, self._tested = self.record.test(), self.training.step
        labels, images = self.split.test_labels, self.split.test_images[:, 0] - self._paper
        title = (
            f"The {len(labels)} held-out digits after batch {self.training.step}: "
            f"{(predicted == labels).mean():.1%} read rightly"
        )
        self._held_out.value = framed(held_out(labels, predicted, images, title), title)

    def _show_all(self) -> None:
        """All of it: when nothing is learning."""
        with np.errstate(all="ignore"):
            self._show_held_out()
            self._show_progress(speak=True)
        self.show_controls()

    def _drawn_curves(self):
        record, training = self.record, self.training
        right = record.right()
        return learning_curves(
            training.losses[: len(right)], right, dict(record.tested), training.batches_per_epoch,
            record.goal, tuple(record.changes),
        )  # fmt: skip

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the curves as they stand, for places that show no widgets."""
        static = {
            "image/svg+xml": svg_text(self._drawn_curves(), themed=False),
            "text/plain": self.sentence(),
        }
        return beside_widget(super()._repr_mimebundle_(**options), static)
