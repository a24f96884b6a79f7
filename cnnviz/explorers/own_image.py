"""The learner's own image, and what a network that has learned says about it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..functional import conv2d
from ..network import log_softmax
from ..network.photographs import MOST_BYTES, Refused, as_digit, photograph, read_image, too_large
from ..network.trained import Trained, trained_network
from .controls import Choice, Slider, tick
from .curves import framed, svg_text, what_it_says
from .view import View
from .widget import beside_widget

DIGIT, PHOTOGRAPH, OWN = "a held-out digit", "the photograph", "my own image"
LARGE = 112  # cells of a photograph for the first layer, which takes any size


class OwnImageView(View):
    """A choice of image beside ten bars and the maps of the first layer.

    What was uploaded is read by `read_image` and kept in memory as grey values; nothing is written
    to a disk and nothing in it is executed.
    """

    def __init__(self, trained: Trained | None = None) -> None:
        trained = trained_network() if trained is None else trained
        self.network, self.split = trained.network, trained.split
        self._paper = float(self.split.images.min())  # what is subtracted from every image
        self._own: np.ndarray | None = None
        self._name = ""
        self._one_at_a_time = threading.RLock()
        self._figure = widgets.HTML()
        last = len(self.split.test_images)
        super().__init__(
            [
                Choice("which", (DIGIT, PHOTOGRAPH, OWN), DIGIT, "image"),
                Slider("digit", "its number", 8, 1, last, when=("which", (DIGIT,))),
                tick("invert", "invert: my digit is light on dark"),
            ],
            [self._figure],
            "own-image",
            {},
        )
        self._show()
        self.show_controls()

    def changed(self, moved: Mapping[str, Any]) -> None:
        self._show()

    def drawn_controls(self) -> list[dict]:
        about = {"name": "file", "words": "PNG or JPEG"}
        takes = {"accept": ".png,.jpg,.jpeg,image/png,image/jpeg", "most": MOST_BYTES}
        which, *others = super().drawn_controls()
        return [which, *others, {**about, **takes, "kind": "file", "value": None}]

    def received(self, message: Mapping[str, Any], buffers: Sequence) -> None:
        content = bytes(buffers[0]) if buffers else b""
        self._taken(str(message["name"]), int(message["size"]), content)

    def upload(self, content: bytes, name: str = "") -> None:
        """Take the bytes of a PNG or JPEG file, as the control does; or say why not, below it."""
        self._taken(name, len(content), content)

    @property
    def message(self) -> str:
        """What stands below the controls: why an image was not taken, or what the network says."""
        return self.bar.line

    def seen(self) -> tuple[np.ndarray, np.ndarray, int | None]:
        """The image as the network gets it and as the first layer is shown it, both ink, and the
        label where there is one. Raises `Refused` for an own image without a digit on it."""
        if self.values["which"] == PHOTOGRAPH:
            return 1 - photograph(28), 1 - photograph(LARGE), None
        if self.values["which"] == OWN and self._own is not None:
            ink = as_digit(self._own, self.values["invert"])
            return ink, ink, None
        number = self.values["digit"] - 1
        ink = self.split.test_images[number, 0] - self._paper
        return ink, ink, int(self.split.test_labels[number])

    def shares(self, ink: np.ndarray) -> np.ndarray:
        """The softmax of the ten scores for an image (28, 28) of ink."""
        scores = self.network((ink + self._paper)[np.newaxis, np.newaxis].astype(np.float32))
        return np.exp(log_softmax(scores))[0]

    def maps(self, ink: np.ndarray) -> np.ndarray:
        """What the first layer and ReLU make of ink (H, W) of any size: (O, H - 2, W - 2)."""
        first = self.network[0].parameters
        image = (ink + self._paper)[np.newaxis].astype(np.float32)
        return np.maximum(conv2d(image, first["weight"], first["bias"]), 0)

    def _taken(self, name: str, size: int, content: bytes) -> None:
        with self._one_at_a_time:
            try:
                if size > MOST_BYTES:
                    raise Refused(too_large(size))
                image = read_image(content)
                as_digit(image, self.values["invert"])
            except Refused as sentence:
                self.say(f"“{name[:60]}” was not taken. {sentence}", wrong=True)
                return
            except Exception as error:
                self.went_wrong(error)
                raise
            self._own, self._name = image, name[:60]
            self.move(which=OWN)

    def _show(self) -> None:
        with self._one_at_a_time:
            if self.values["which"] == OWN and self._own is None:
                self.say("Choose a file first. Until then you see the held-out digit.")
                self._draw()
                return
            try:
                shares, label = self._draw()
            except Refused as sentence:
                self.say(str(sentence), wrong=True)
                return
            best = int(shares.argmax())
            said = f"The network says {best}, with a share of {shares[best]:.1%}."
            if self.values["which"] == OWN:
                said = f"“{self._name}”: {said}"
            if label is not None:
                said += f" It is {'indeed' if best == label else 'really'} {label}."
            if self.values["which"] == PHOTOGRAPH:
                said += " It has ten answers and no other: that this is no digit, it cannot say."
            self.say(said)

    def _draw(self) -> tuple[np.ndarray, int | None]:
        figure, shares, label = self._drawn()
        words = ", ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(shares))
        self._figure.value = framed(figure, f"What the network says. {words}")
        return shares, label

    def _drawn(self):
        """The figure, the ten shares and the label, where there is one."""
        seen, shown, label = self.seen()
        shares = self.shares(seen)
        photo = self.values["which"] == PHOTOGRAPH
        figure = what_it_says(seen, shares, shown, self.maps(shown), label, photo)
        return figure, shares, label

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the picture as it stands, for places that show no widgets."""
        static = {
            "image/svg+xml": svg_text(self._drawn()[0], themed=False),
            "text/plain": self.message,
        }
        return beside_widget(super()._repr_mimebundle_(**options), static)
