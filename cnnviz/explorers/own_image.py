"""The learner's own image, and what a network that has learned says about it."""

from __future__ import annotations

import threading
from html import escape

import ipywidgets as widgets
import numpy as np

from ..functional import conv2d
from ..network import log_softmax
from ..network.photographs import MOST_BYTES, Refused, as_digit, photograph, read_image, too_large
from ..network.trained import Trained, trained_network
from ..scene.stage import FileChoice, SliderNames
from .controls import Slider
from .curves import FIGURE_STYLE, framed, svg_text, what_it_says
from .widget import beside_widget, drawn, tick

DIGIT, PHOTOGRAPH, OWN = "a held-out digit", "the photograph", "my own image"
LARGE = 112  # cells of a photograph for the first layer, which takes any size


class OwnImageView(widgets.VBox):
    """A choice of image above ten bars and the maps of the first layer.

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
        self.which = widgets.ToggleButtons(
            options=[DIGIT, PHOTOGRAPH, OWN], style={"button_width": "140px"}
        )
        number = Slider("digit", "held-out digit, number", 8, 1, len(self.split.test_images))
        self.digit = drawn(number, number.start)
        self.digit.layout.width = "380px"
        self.invert = tick("invert: my digit is light on dark")
        self.choice = FileChoice("my own image, PNG or JPEG:", MOST_BYTES, self._taken)
        self._line, self._figure = widgets.HTML(), widgets.HTML()
        self._line.add_class("cnnviz-spoken")
        for control in (self.which, self.digit, self.invert):
            control.observe(lambda _: self._show(), names="value")
        super().__init__(self._layout(), _dom_classes=("cnnviz-explorer",))
        self._show()

    def upload(self, content: bytes, name: str = "") -> None:
        """Take the bytes of a PNG or JPEG file, as the control does; or say why not, below it."""
        self._taken(name, len(content), content)

    @property
    def message(self) -> str:
        """What stands below the controls: why an image was not taken, or what the network says."""
        return self._said

    def seen(self) -> tuple[np.ndarray, np.ndarray, int | None]:
        """The image as the network gets it and as the first layer is shown it, both ink, and the
        label where there is one. Raises `Refused` for an own image without a digit on it."""
        if self.which.value == PHOTOGRAPH:
            return 1 - photograph(28), 1 - photograph(LARGE), None
        if self.which.value == OWN and self._own is not None:
            ink = as_digit(self._own, self.invert.value)
            return ink, ink, None
        number = self.digit.value - 1
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
                as_digit(image, self.invert.value)
            except Refused as sentence:
                self._say(f"“{name[:60]}” was not taken. {sentence}", wrong=True)
                return
            except Exception as error:
                self._say(f"The course made a mistake here: {type(error).__name__}.", wrong=True)
                raise
            self._own, self._name = image, name[:60]
            self.which.value = OWN
            self._show()

    def _show(self) -> None:
        with self._one_at_a_time:
            self.digit.disabled = self.which.value != DIGIT
            if self.which.value == OWN and self._own is None:
                self._say("Choose a file first. Until then you see the held-out digit.")
                self._draw()
                return
            try:
                shares, label = self._draw()
            except Refused as sentence:
                self._say(str(sentence), wrong=True)
                return
            best = int(shares.argmax())
            said = f"The network says {best}, with a share of {shares[best]:.1%}."
            if self.which.value == OWN:
                said = f"“{self._name}”: {said}"
            if label is not None:
                said += f" It is {'indeed' if best == label else 'really'} {label}."
            if self.which.value == PHOTOGRAPH:
                said += " It has ten answers and no other: that this is no digit, it cannot say."
            self._say(said)

    def _draw(self) -> tuple[np.ndarray, int | None]:
        figure, shares, label = self._drawn()
        words = ", ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(shares))
        self._figure.value = framed(figure, f"What the network says. {words}")
        return shares, label

    def _drawn(self):
        """The figure, the ten shares and the label, where there is one."""
        seen, shown, label = self.seen()
        shares = self.shares(seen)
        photo = self.which.value == PHOTOGRAPH
        figure = what_it_says(seen, shares, shown, self.maps(shown), label, photo)
        return figure, shares, label

    def _say(self, words: str, wrong: bool = False) -> None:
        self._said = words
        kind = "line wrong" if wrong else "line"
        self._line.value = f'<div class="{kind}">{"✕ " * wrong}{escape(words)}</div>'

    def _layout(self) -> list[widgets.Widget]:
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = [widgets.HBox([self.which, self.digit], layout=wrap)]
        rows.append(widgets.HBox([self.choice, self.invert], layout=wrap))
        for row in rows:
            row.add_class("cnnviz-controls")
        style = widgets.HTML(f"<style>{FIGURE_STYLE}</style>", layout={"display": "none"})
        return [style, *rows, self._line, self._figure, SliderNames()]

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the picture as it stands, for places that show no widgets."""
        static = {
            "image/svg+xml": svg_text(self._drawn()[0], themed=False),
            "text/plain": self._said,
        }
        return beside_widget(super()._repr_mimebundle_(**options), static)
