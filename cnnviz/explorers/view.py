"""A view that is no picture of a layer: a bar of controls, and what they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from ..scene.stage import VIEW_STYLE, ControlBar
from .controls import Control
from .shared import SHARED
from .widget import records, values_of


class View(widgets.Box):
    """Controls with a line below them, and the parts that they are about, beside them or below.

    A subclass says in `changed` what follows from a control that was moved, and in `actions` what its
    buttons do. Nothing raised by a control reaches a cell: the line says it.
    """

    def __init__(
        self,
        controls: Sequence[Control],
        parts: Sequence[widgets.Widget],
        kind: str,
        values: Mapping[str, Any],
    ) -> None:
        self.controls = {control.name: control for control in controls}
        self.values = {c.name: SHARED.start_of(c) for c in controls} | dict(values)
        self.bar = ControlBar(_dom_classes=("cnnviz-view-bar",))
        self.bar.on_moved(self._moved)
        self.bar.on_msg(lambda _, message, buffers: self.received(message, buffers))
        names = ("cnnviz-explorer", "cnnviz-view", f"cnnviz-{kind}")
        super().__init__([self.bar, *parts], _dom_classes=names)

    # what a subclass says

    def changed(self, moved: Mapping[str, Any]) -> None:
        """What follows from controls that were moved: their names and new values."""

    def actions(self) -> dict[str, Callable[[], Any]]:
        """What each press of a button does."""
        return {}

    def drawn_controls(self) -> list[dict]:
        """The records of all controls and buttons, as they stand."""
        return records(self)

    # what a lesson or a test calls

    def move(self, **values: Any) -> None:
        """Set controls by name, as moving them does."""
        for name in values:
            if name not in self.controls:
                raise TypeError(f"There is no control {name}, but {', '.join(self.controls)}.")
        moved = {name: self.controls[name].accepts(value) for name, value in values.items()}
        self.values = {**self.values, **moved}
        self.changed(moved)
        self.show_controls()

    def press(self, action: str) -> None:
        """Press a button; what goes wrong is said in the line."""
        try:
            self.actions()[action]()
        except Exception as error:
            self.went_wrong(error)

    # how it stands

    def say(self, words: str, wrong: bool = False, speak: bool = True) -> None:
        """Put words into the line, and where a screen reader will speak them."""
        with self.bar.hold_sync():
            self.bar.line, self.bar.wrong = words, wrong
            if speak:
                self.bar.spoken = words

    def went_wrong(self, error: Exception) -> None:
        """Nothing raised on a thread or by a control reaches a cell: say it where one is looking."""
        self.say(f"The course made a mistake here: {type(error).__name__}: {error}", wrong=True)
        self.show_controls()

    def show_controls(self) -> None:
        self.bar.controls = self.drawn_controls()

    def received(self, message: Mapping[str, Any], buffers: Sequence) -> None:
        """What a button has sent."""
        self.press(message["press"])

    def _moved(self, sent: Mapping) -> None:
        try:
            values = values_of(self.controls, sent)
            self.move(**{n: value for n, value in values.items() if value != self.values[n]})
        except Exception as error:
            self.went_wrong(error)


def action(name: str, words: str, hint: str, does: str = "", *, main=False, disabled=False) -> dict:
    """A button as plain values; ``does`` is what a press of it does, if that is not its name."""
    value = {"does": does or name, "words": words, "disabled": disabled}
    about = {"name": name, "words": "", "hint": hint, "main": main}
    return {**about, "kind": "action", "value": value}


def page(html: str) -> str:
    """HTML with its style, for places where no widget brings it."""
    return f'<style>{VIEW_STYLE}</style><div class="cnnviz-static">{html}</div>'
