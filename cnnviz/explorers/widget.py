"""An explorer in a notebook: ipywidgets for its controls, around a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..scene.stage import SliderNames, Stage
from ..scene.svg import svg
from .controls import Choice, Control, Slider

if TYPE_CHECKING:
    from .explorer import Explorer


class ExplorerWidget(widgets.VBox):
    """Controls above a stage. What is moved here moves the explorer, and what moves there shows here."""

    def __init__(self, explorer: Explorer):
        self.explorer, self._built = explorer, {}
        self.stage = Stage(explorer.scene)
        self._drawn = explorer.scene
        self._sliders, self._choices = (_row(), _row())
        self._reset = [_reset_button(explorer)] if explorer.data else []
        self._lay_out()
        self.stage.observe(self._pointed, names=["pinned", "step"])
        self.stage.observe(self._typed, names="edit")
        self.stage.observe(lambda _: explorer.prove(), names="asked")
        explorer.watchers.append(self._show)
        super().__init__(
            [widgets.VBox([self._sliders, self._choices]), self.stage, SliderNames()],
            _dom_classes=("cnnviz-explorer",),
        )

    def _lay_out(self) -> None:
        """Sliders in one row that wraps, choices in a second one: those that matter now."""
        used = [c for c in self.explorer.controls.values() if _matters(c, self.explorer.values)]
        self._sliders.children = [self._control(c) for c in used if isinstance(c, Slider)]
        choices = [self._control(c) for c in used if not isinstance(c, Slider)]
        self._choices.children = choices + self._reset

    def _control(self, control: Control) -> widgets.Widget:
        """The widget of a control, built when it is first shown."""
        if control.name not in self._built:
            made = drawn(control, self.explorer.values[control.name])
            made.observe(lambda change: self._moved(control.name, change["new"]), names="value")
            self._built[control.name] = made
        return self._built[control.name]

    def _moved(self, name: str, value) -> None:
        if self.explorer.values[name] != value:
            self.explorer.move(**{name: value})

    def _pointed(self, _) -> None:
        self.explorer.scene = self._drawn = self.stage.scene

    def _typed(self, change) -> None:
        edit = change["new"]
        self.explorer.type(edit["grid"], edit["cell"], edit["text"])

    def _show(self, explorer: Explorer) -> None:
        self._lay_out()
        for name, control in self._built.items():
            control.value = explorer.values[name]
        if explorer.scene is not self._drawn:
            self._drawn = explorer.scene
            self.stage.show(explorer.scene, explorer.message)
        self.stage.message, self.stage.proof = explorer.message, explorer.proof

    def let_go(self) -> None:
        """Close it with all of its parts; the explorer goes on without it."""
        self.explorer.watchers.remove(self._show)
        for control in self._built.values():
            close_with_parts(control)
        close_with_parts(self)

    def _repr_mimebundle_(self, **options):
        scene = self.explorer.scene
        if scene.focus is None and scene.walk:
            # A picture that cannot be pointed at shows one cell lit.
            scene = scene.at(scene.walk, 0)
        static = {"image/svg+xml": svg(scene), "text/plain": str(scene)}
        return beside_widget(super()._repr_mimebundle_(**options), static)


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


def _row() -> widgets.HBox:
    row = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap"))
    row.add_class("cnnviz-controls")
    return row


def _reset_button(explorer: Explorer) -> widgets.Button:
    button = widgets.Button(description="first numbers", tooltip="Undo all typing into cells")
    button.on_click(lambda _: explorer.reset())
    return button


# Controls as widgets.


def drawn(control: Control, value) -> widgets.Widget:
    """The widget for a control."""
    if isinstance(control, Slider):
        return slider(control, value)
    if isinstance(control, Choice):
        return dropdown(control, value) if control.words else buttons(control, value)
    return tick(control.words, value)


def slider(control: Slider, value) -> widgets.Widget:
    room = 7 * len(control.words)
    about = {
        "value": value,
        "min": control.low,
        "max": control.high,
        "step": control.step,
        "description": control.words,
        "continuous_update": True,
    }
    if control.whole:
        layout = widgets.Layout(width=f"{max(208, room + 126)}px")
        style = {"description_width": f"{room + 10}px"}
        return widgets.IntSlider(**about, layout=layout, style=style)
    layout = widgets.Layout(width=f"{max(240, room + 140)}px")
    style = {"description_width": f"{room + len(control.words) + 6}px"}
    form = f".{control.digits}f"
    return widgets.FloatSlider(**about, readout_format=form, layout=layout, style=style)


def buttons(control: Choice, value) -> widgets.ToggleButtons:
    longest = max(map(len, control.labels))
    return widgets.ToggleButtons(
        options=_options(control),
        value=value,
        style={"button_width": f"{max(64, 8 * longest + 36)}px"},
    )


def dropdown(control: Choice, value) -> widgets.Dropdown:
    longest = max(map(len, control.labels))
    return widgets.Dropdown(
        options=_options(control),
        value=value,
        description=control.words,
        layout=widgets.Layout(width=f"{min(320, 7 * (longest + len(control.words)) + 86)}px"),
        style={"description_width": "auto"},
    )


def tick(words: str, value: bool = False) -> widgets.Checkbox:
    return widgets.Checkbox(value, description=words, indent=False, layout={"width": "auto"})


def _options(control: Choice) -> list:
    return list(zip(control.labels, control.options, strict=True))
