"""An explorer: controls around a stage. What all explorers share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

import ipywidgets as widgets
import numpy as np
import traitlets

from ..derivations import prove
from ..functional.geometry import DoesNotFit
from ..scene import Scene
from ..scene.stage import SliderNames, Stage
from ..scene.svg import svg
from ..symbols import NOTATIONS, spoken


class Explorer(widgets.VBox):
    """Controls above a stage.

    ``build(data, **values)`` makes the scene from the arrays in ``data`` and the values of the
    controls. A value that cannot be shows its sentence and keeps the last picture. Controls never
    change ``data``; only typing into a cell does. ``cell_of(values, grid, cell)`` says which
    entry of which array a cell shows, as (name, index). ``geometry_of(**values)`` gives the
    arguments of ``prove`` for these values.
    """

    def __init__(
        self,
        build: Callable[..., Scene],
        data: dict[str, np.ndarray],
        controls: dict[str, widgets.Widget],
        cell_of: Callable | None = None,
        geometry_of: Callable[..., dict] | None = None,
    ):
        self._build, self._cell_of, self._geometry_of = build, cell_of, geometry_of
        self._original = {name: array.copy() for name, array in data.items()}
        self.data = {name: array.copy() for name, array in data.items()}
        self.controls = controls
        # Since ipykernel 7 two callbacks can run at once, on threads of their own.
        self._one_at_a_time = threading.Lock()
        self.stage = Stage(self._scene())
        for control in controls.values():
            control.observe(self._control_moved, names="value")
        self.stage.observe(self._cell_typed, names="edit")
        self.stage.observe(self._prove, names="asked")
        super().__init__(
            [self._panel(), self.stage, SliderNames()], _dom_classes=("cnnviz-explorer",)
        )

    @property
    def values(self) -> dict:
        """What the controls say now."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def scene(self) -> Scene:
        """The scene as it is seen now, with the pinned cell."""
        return self.stage.scene

    def save(self, path):
        """Write what is seen now to a file: .html, .svg, .pdf, .png or .txt."""
        return self.scene.save(path)

    def _scene(self) -> Scene:
        return self._build(self.data, **self.values)

    def _panel(self) -> widgets.Box:
        """Sliders in one row that wraps, choices in a second one."""
        rows = [[], []]
        for control in self.controls.values():
            rows[not isinstance(control, (widgets.IntSlider, widgets.FloatSlider))].append(control)
        if self._cell_of is not None:
            reset = widgets.Button(
                description="first numbers", tooltip="Undo all typing into cells"
            )
            reset.on_click(lambda _: self.reset())
            rows[1].append(reset)
        wrap = widgets.Layout(flex_flow="row wrap")
        boxes = [widgets.HBox(row, layout=wrap) for row in rows if row]
        for box in boxes:
            box.add_class("cnnviz-controls")
        return widgets.VBox(boxes)

    def _control_moved(self, _change) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        """Show the scene for the present values, or say why there is none."""
        with self._one_at_a_time:
            try:
                self.stage.show(self._scene())
            except DoesNotFit as sentence:
                self.stage.message = f"{sentence} The picture still shows the last sizes that fit."
            except Exception as error:
                # Nothing raised in a callback reaches the cell: say it where the learner is looking.
                self.stage.message = (
                    f"The course made a mistake here: {type(error).__name__}: {error}"
                )
                raise

    def _cell_typed(self, change) -> None:
        edit = change["new"]
        grid, cell, text = edit["grid"], edit["cell"], edit["text"]
        value = parse_number(text)
        shown = self.scene[grid]
        if value is None:
            name = spoken(shown.called[cell])
            self.stage.message = f"“{text[:24]}” is not a number a cell can hold. {name} keeps {shown.numbers[cell]}."
            return
        name, index = self._cell_of(self.values, shown, cell)
        self.data[name][index] = value
        self._rebuild()

    def _prove(self, _change) -> None:
        """Prove the backward pass for the present geometry and say so under the picture."""
        if self._geometry_of is None or self.stage.message:
            return
        geometry = self._geometry_of(**self.values)
        if max(geometry["input_size"]) > LARGEST_PROVED:
            self.stage.proof = f"Proofs run for inputs up to {LARGEST_PROVED}×{LARGEST_PROVED}."
            return
        proof = _proved_once(**geometry)
        if proof.holds:
            self.stage.proof = proof.sentence
        else:
            self.stage.message = proof.sentence

    def close(self) -> None:
        """Let go of the controls and the stage too; without a first picture there is no stage."""
        for part in (*self.controls.values(), *filter(None, [vars(self).get("stage")])):
            part.close()
        super().close()

    def reset(self) -> None:
        """Undo everything that was typed into cells."""
        self.data = {name: array.copy() for name, array in self._original.items()}
        self._rebuild()

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it a static picture and text for places that show no widgets."""
        scene = self.scene
        if scene.focus is None and scene.walk:
            scene = scene.at(
                scene.walk, 0
            )  # a picture that cannot be pointed at shows one cell lit
        static = {"image/svg+xml": svg(scene), "text/plain": str(scene)}
        return beside_widget(super()._repr_mimebundle_(**options), static)


def beside_widget(bundle, static: dict[str, str]) -> tuple[dict, dict]:
    """A widget's MIME bundle with what stands in for it where widgets do not run."""
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    return {**data, **static}, metadata


# Going back to a geometry must not cost its proof again.
_proved_once = lru_cache(maxsize=256)(prove)


class SharedChoices(traitlets.HasTraits):
    """What is chosen once for all pictures of a notebook: the letters, and the first index."""

    notation = traitlets.Enum(list(NOTATIONS), "note")
    start = traitlets.Enum([0, 1], 1)


SHARED = SharedChoices()
LARGEST_PROVED = 12  # cells; beyond that a proof takes longer than a learner waits


def parse_number(text: str) -> float | None:
    """A number as a learner types it: 3, −0.5, 1/3, 2,5. None for anything else.

    >>> parse_number("−1/4"), parse_number("2,5"), parse_number("abc"), parse_number("1/0")
    (-0.25, 2.5, None, None)
    """
    above, slash, below = text.strip().replace("−", "-").replace(",", ".").partition("/")
    try:
        value = float(above) / (float(below) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        return None
    # Larger numbers, infinity and NaN have no room in a cell. A NaN fails every comparison.
    return value if abs(value) < 1e6 else None


def slider(name: str, value: int, low: int, high: int) -> widgets.IntSlider:
    return widgets.IntSlider(
        value,
        low,
        high,
        description=name,
        continuous_update=True,
        layout=widgets.Layout(width=f"{max(208, 7 * len(name) + 126)}px"),
        style={"description_width": f"{7 * len(name) + 10}px"},
    )


def fine_slider(
    name: str, value: float, low: float, high: float, step: float, digits: int = 2
) -> widgets.FloatSlider:
    """A slider for numbers that are not whole, read to so many digits after the point."""
    return widgets.FloatSlider(
        value,
        min=low,
        max=high,
        step=step,
        description=name,
        continuous_update=True,
        readout_format=f".{digits}f",
        layout=widgets.Layout(width=f"{max(240, 7 * len(name) + 140)}px"),
        style={"description_width": f"{8 * len(name) + 6}px"},
    )


def buttons(options: list[str], value: str) -> widgets.ToggleButtons:
    """A choice of a few words, all of them seen."""
    longest = max(map(len, options))
    return widgets.ToggleButtons(
        options=options, value=value, style={"button_width": f"{max(64, 8 * longest + 36)}px"}
    )


def dropdown(name: str, options: list[str], value: str) -> widgets.Dropdown:
    """A choice of more words than there is room for."""
    return widgets.Dropdown(
        options=options,
        value=value,
        description=name,
        layout=widgets.Layout(width="300px"),
        style={"description_width": "auto"},
    )


def tick(name: str, value: bool = False) -> widgets.Checkbox:
    """Something that is or is not so."""
    return widgets.Checkbox(value, description=name, indent=False, layout={"width": "auto"})


class SharedChoice(widgets.Dropdown):
    """A choice made once for all pictures: changed in one place, it changes in each of them."""

    def __init__(self, name: str, **options):
        super().__init__(style={"description_width": "auto"}, **options)
        self._link = traitlets.link((SHARED, name), (self, "value"))

    def close(self) -> None:
        """Listen no longer: a picture that is gone must not be drawn again."""
        if self._link is not None:
            self._link.unlink()
            self._link = None
        super().close()


def shared_choices() -> dict[str, widgets.Widget]:
    """The letters, and the first index."""
    return {
        "notation": SharedChoice(
            "notation",
            options=list(NOTATIONS),
            description="letters of the",
            layout=widgets.Layout(width="170px"),
        ),
        "start": SharedChoice(
            "start",
            options=[("1, as in print", 1), ("0, as in code", 0)],
            description="count from",
            layout=widgets.Layout(width="200px"),
        ),
    }


def choices(show: str) -> dict[str, widgets.Widget]:
    """The choices that every picture offers: symbols or numbers, whose letters, first index."""
    return {"show": buttons(["symbols", "numbers"], show), **shared_choices()}
