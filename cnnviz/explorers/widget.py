"""An explorer in a notebook: ipywidgets for its controls, around a stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..scene.stage import Stage
from ..scene.svg import svg
from .controls import Choice, Control, Slider

MOST_LETTERS = 44  # in the options of a choice that are all seen side by side

if TYPE_CHECKING:
    from .explorer import Explorer
    from .view import View


class ExplorerWidget(Stage):
    """A stage with the controls of an explorer. What is moved here moves the explorer, and what moves
    there shows here."""

    def __init__(self, explorer: Explorer):
        super().__init__(
            explorer.scene,
            controls=records(explorer),
            resettable=bool(explorer.data),
            _dom_classes=("cnnviz-explorer",),
        )
        self.explorer, self._drawn = explorer, explorer.scene
        self.observe(self._pointed, names=["pinned", "step"])
        self.observe(self._typed, names="edit")
        self.on_moved(self._moved)
        self.observe(lambda _: explorer.reset(), names="resets")
        self.observe(lambda _: explorer.prove(), names="asked")
        explorer.watchers.append(self._show)

    def _moved(self, sent: Mapping) -> None:
        explorer = self.explorer
        values = values_of(explorer.controls, sent)
        new = {name: value for name, value in values.items() if value != explorer.values[name]}
        if new:
            explorer.move(**new)

    def _pointed(self, _) -> None:
        self.explorer.scene = self._drawn = self.scene

    def _typed(self, change) -> None:
        edit = change["new"]
        self.explorer.type(edit["grid"], edit["cell"], edit["text"])

    def _show(self, explorer: Explorer) -> None:
        self.controls = records(explorer)
        if explorer.scene is not self._drawn:
            self._drawn = explorer.scene
            self.show(explorer.scene, explorer.message)
        self.message = explorer.message
        self.proof = f"{'✓ ' * explorer.proved}{explorer.proof}"

    def let_go(self) -> None:
        """Close it with all of its parts; the explorer goes on without it."""
        self.explorer.watchers.remove(self._show)
        close_with_parts(self)

    def _repr_mimebundle_(self, **options):
        scene = self.explorer.scene
        static = {"image/svg+xml": svg(scene), "text/plain": str(scene)}
        return beside_widget(super()._repr_mimebundle_(**options), static)


def records(explorer: Explorer | View) -> list[dict]:
    """The controls that matter now, as the browser draws them."""
    used = (c for c in explorer.controls.values() if _matters(c, explorer.values))
    return [record(control, explorer.values[control.name]) for control in used]


def record(control: Control, value) -> dict:
    """A control as plain values. Of a choice the browser knows the number of an option, not the value."""
    about = {"name": control.name, "words": control.words, "more": False, "shared": False}
    if isinstance(control, Slider):
        ends = {"low": control.low, "high": control.high, "step": control.step}
        kind = "log" if control.factors else "slider"
        about |= {**ends, "kind": kind, "digits": control.digits, "more": control.more}
        return {**about, "value": value}
    if isinstance(control, Choice):
        kind = "dropdown" if len("".join(control.labels)) > MOST_LETTERS else "buttons"
        return {
            **about,
            "kind": kind,
            "options": list(control.labels),
            "value": control.options.index(value),
            "more": control.shared,
            "shared": control.shared,
        }
    return {**about, "kind": "tick", "value": value}


def values_of(controls: Mapping[str, Control], sent: Mapping) -> dict:
    """The values of the controls that the browser says have been moved."""
    return {name: _value_of(controls[name], value) for name, value in sent.items()}


def _value_of(control: Control, sent):
    if isinstance(control, Choice):
        return control.options[sent]
    return int(sent) if isinstance(control, Slider) and control.whole else sent


def beside_widget(bundle, static: dict[str, str]) -> tuple[dict, dict]:
    """A widget's MIME bundle with what stands in for it where widgets do not run."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    return {**data, **static}, metadata


def close_with_parts(widget: widgets.Widget) -> None:
    """Close a widget with all that it holds: ipywidgets keeps every part that is not closed."""
    for part in (
        *getattr(widget, "children", ()),
        *map(widget.trait_values().get, ("layout", "style")),
    ):
        if isinstance(part, widgets.Widget):
            close_with_parts(part)
    widget.close()


def _matters(control: Control, values: dict) -> bool:
    if control.when is None:
        return True
    other, at = control.when
    return values[other] in at
