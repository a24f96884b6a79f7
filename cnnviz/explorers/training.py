"""A network that learns while one looks on: buttons, curves, filters and maps, misread digits."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from html import escape
from os import PathLike
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..network.digits import digits_to_learn
from ..network.recorded_training import LOWERED, OPTIMISERS, RecordedTraining
from ..network.training import Training
from ..scene.stage import SliderNames
from .controls import buttons
from .curves import FIGURE_STYLE, framed, held_out, learning_curves, network_inside, svg_text
from .widget import beside_widget, drawn, tick

MORE = 4  # epochs, each time it goes on after the last
BETWEEN_PICTURES = 0.25  # seconds
SPOKEN = 5.0  # seconds between two lines for a screen reader
SLOW = 0.1  # seconds for a batch
VIEW_STYLE = """
.cnnviz-training .cnnviz-figure { max-width: min(1500px, 120vh); } /* all three on one screen */
.cnnviz-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""
TOO_LARGE = (
    "The loss is not a number any more: the steps were too large. "
    "Press “stop and reset”, and take a smaller learning rate."
)


class TrainingView(widgets.VBox):
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
        self._make_controls(optimiser, lr)
        self.record = self._first_record()
        super().__init__(self._layout(), _dom_classes=("cnnviz-explorer", "cnnviz-training"))
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
            self._enable()
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
            self.record.save(path, lr=self.lr.value, lower=self.lower.value)

    def load(self, path: str | PathLike) -> None:
        """Go on from what `save` wrote. Nothing in the file is executed.

        Raises `DoesNotFit`, before anything is changed, where it is a file of something else.
        """
        with self._turn:
            self.pause()
            self.record, settings = RecordedTraining.load(path, self.split)
            self.seed, self.optimiser.value = self.record.seed, self.record.optimiser
            self.lr.value, self.lower.value = settings["lr"], settings["lower"]
            self._wrong = ""
            self._show_all()

    # learning

    def _first_record(self) -> RecordedTraining:
        return RecordedTraining(
            self.split, self.optimiser.value, self.lr.value, self.epochs, self.seed
        )

    def _in_background(self) -> None:
        try:
            left = self.record.goal * self.training.batches_per_epoch - self.training.step
            self._learn(batches=left)
        except Exception as error:
            self._went_wrong(error)
        try:
            self._show_all()
        except Exception as error:
            self._went_wrong(error)
        self.running = False
        self._enable()

    def _pressed(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception as error:
            self._went_wrong(error)

    def _went_wrong(self, error: Exception) -> None:
        """Nothing raised on a thread or by a button reaches a cell: say it where one is looking."""
        self._wrong = f"The course made a mistake here: {type(error).__name__}: {error}"
        self._say()
        self._enable()

    def _learn(self, **budget: Any) -> None:
        """The loop, in whichever thread: learns, and shows how it goes now and then."""
        self._wrong = ""
        next_look, next_word = 0.0, time.monotonic() + SPOKEN
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
                    # Drawing must not take more than a quarter of the time from learning.
                    next_look = now + max(BETWEEN_PICTURES, 4 * (time.monotonic() - now))
                if self._halt.is_set() or (self.slowly.value and self._halt.wait(SLOW)):
                    return
                self._follow_controls()

    def _follow_controls(self) -> None:
        self.record.use(self.optimiser.value, self.lr.value, self.lower.value)

    # showing

    def _make_controls(self, optimiser: str, lr: float) -> None:
        self.lr = widgets.FloatLogSlider(
            lr, base=10, min=-4, max=0, step=0.1, description="learning rate",
            readout_format=".2g", layout={"width": "330px"}, style={"description_width": "92px"},
        )  # fmt: skip
        self.optimiser = drawn(buttons("optimiser", OPTIMISERS, optimiser), optimiser)
        self.lower = tick(f"a quarter of this rate after epoch {LOWERED[0]}", True)
        self.slowly = tick("slowly, 10 batches a second")
        actions = (
            ("start", "play", "Learn, or go on learning", self.start),
            ("pause", "pause", "Stop after this batch; nothing is lost", self._halt.set),
            ("one batch", "step-forward", "Learn from the next 32 digits", self.one_batch),
            ("stop and reset", "stop", "Back to the first weights", self.reset),
        )
        self._buttons = {}
        for name, icon, hint, call in actions:
            button = widgets.Button(
                description=name, icon=icon, tooltip=hint, layout={"width": "auto"}
            )
            button.on_click(lambda _, call=call: self._pressed(call))
            self._buttons[name] = button
        self.bar = widgets.FloatProgress(0, min=0, max=1, layout={"width": "98%"})
        self._line, self._spoken = widgets.HTML(), widgets.HTML()
        for name in ("cnnviz-spoken", "cnnviz-unseen"):
            self._spoken.add_class(name)
        self._curves, self._inside, self._held_out = (widgets.HTML() for _ in range(3))

    def _layout(self) -> list[widgets.Widget]:
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = [
            widgets.HBox([*self._buttons.values(), self.slowly], layout=wrap),
            widgets.HBox([self.lr, self.optimiser, self.lower], layout=wrap),
        ]
        for row in rows:
            row.add_class("cnnviz-controls")
        style = widgets.HTML(
            f"<style>{FIGURE_STYLE}{VIEW_STYLE}</style>", layout={"display": "none"}
        )
        pictures = [self._curves, self._inside, self._held_out]
        return [style, *rows, self.bar, self._line, self._spoken, *pictures, SliderNames()]

    def _enable(self) -> None:
        """Buttons that can be pressed now."""
        for name, button in self._buttons.items():
            button.disabled = name != "stop and reset" and self.running != (name == "pause")
        self._buttons["start"].description = "go on" if self.training.step else "start"

    def sentence(self) -> str:
        """How things stand, or what went wrong, in one line."""
        return self._wrong or self.record.sentence()

    def _say(self, speak: bool = True) -> str:
        """Put what there is to say into the line, and where a screen reader will speak it."""
        said, kind = self.sentence(), "line wrong" if self._wrong else "line"
        self._line.value = f'<div class="{kind}">{"✕ " * bool(self._wrong)}{escape(said)}</div>'
        if speak:
            self._spoken.value = escape(said)
        return said

    def _show_progress(self, speak: bool = False) -> None:
        """The line, the bar, the curves, the filters and the maps."""
        said, image = self._say(speak), self.split.test_images[0]
        self.bar.value = min(self.record.epoch / self.record.goal, 1)
        self._curves.value = framed(
            self._drawn_curves(), f"The curves of loss and accuracy. {said}"
        )
        filters = self.record.network[0].parameters["weight"]
        drawn = network_inside(
            self.record.first, filters, image[0] - self._paper, self.record.maps(image)
        )
        self._inside.value = framed(drawn, "Filters, and the maps of one digit.")

    def _show_all(self) -> None:
        """All of it, with the held-out digits: when nothing is learning."""
        with np.errstate(all="ignore"):
            predicted = self.record.test()
            self._show_progress(speak=True)
        labels, images = self.split.test_labels, self.split.test_images[:, 0] - self._paper
        title = (
            f"The {len(labels)} held-out digits after batch {self.training.step}: "
            f"{(predicted == labels).mean():.1%} read rightly"
        )
        self._held_out.value = framed(held_out(labels, predicted, images, title), title)
        self._enable()

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
