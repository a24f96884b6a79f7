"""The stage: a widget that holds a picture and lets a learner point at it.

This module and ``page.py`` are the only ones that know of JavaScript and CSS. Pointing, pinning and
stepping happen in the browser, without the kernel; ``pinned`` and ``step`` are synced, so Python can
read and set them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import anywidget
import traitlets

from .margin import legend_parts
from .scene import Scene
from .svg import STYLE, svg

STATIC = Path(__file__).parent / "static"


def _read(*names: str) -> str:
    """Files of scripts or styles as one, in this order."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


STAGE_STYLE = STYLE + _read("stage.css")
VIEW_STYLE = _read("views.css")  # of what is no picture of a layer
STAGE_SCRIPT = _read(
    "links.js", "labels.js", "drawing.js", "cards.js", "controls.js", "player.js", "equation.js", "fitting.js",
    "stage.js",
)  # fmt: skip


def view_of(scene: Scene) -> dict:
    """All that the browser needs to show a scene, as plain JSON values. It is drawn at rest: the browser
    itself fills in what stands there after a step, and must know what stood there before."""
    return {
        "svg": svg(scene.at_step(-1), standalone=False),
        "scene": scene.view(),
        "legend": legend_parts(scene),
    }


class Controlled(anywidget.AnyWidget):
    """What is drawn with ``controls``. ``moved`` holds the values of those that a hand has moved, and how
    often; ``heard`` says up to which of these moves they have been taken over."""

    controls: traitlets.List = traitlets.List().tag(sync=True)
    moved = traitlets.Dict().tag(sync=True, echo_update=False)
    heard = traitlets.Int(0).tag(sync=True)

    def on_moved(self, take: Callable[[Mapping], object]) -> None:
        """Call ``take`` with what the browser sends of its controls. All that follows from it goes to the
        browser in one message: each further one would hold up the picture."""

        def hear(change) -> None:
            with self.hold_sync():
                try:
                    take(change["new"]["values"])
                finally:
                    self.heard = change["new"]["count"]

        self.observe(hear, names="moved")


class Stage(Controlled):
    """Shows a scene, below ``controls`` if there are any. ``pinned`` is [] or [grid name, cell number];
    ``step`` is -1 at rest.

    A moment after the last new picture the browser counts ``asked`` up: then there is time for a
    ``proof``, which would hold up a slider that is still moving. ``resets`` counts "first numbers". A
    ``brief`` stage stands in a place of a given height, whose class is "cnnviz-slot", and says one sentence
    below its picture.
    """

    _esm = STAGE_SCRIPT
    _css = STAGE_STYLE

    view = traitlets.Dict().tag(sync=True)
    pinned: traitlets.List = traitlets.List().tag(sync=True)
    step = traitlets.Int(-1).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    edit = traitlets.Dict().tag(sync=True)
    asked = traitlets.Int(0).tag(sync=True)
    proof = traitlets.Unicode("").tag(sync=True)
    resettable = traitlets.Bool(False).tag(sync=True)
    resets = traitlets.Int(0).tag(sync=True)
    brief = traitlets.Bool(False).tag(sync=True)

    def __init__(self, scene: Scene, **traits):
        super().__init__(**traits)
        self._scene = scene
        self.show(scene)

    def show(self, scene: Scene, message: str = "") -> None:
        """Show another scene, at its step and with what is pinned in it, and a message or none."""
        # One message to the browser, and observers are told when all of it belongs together.
        with self.hold_sync(), self.hold_trait_notifications():
            self._scene = scene
            self.pinned, self.step = list(scene.focus or ()), scene.step
            self.view = view_of(scene)
            self.message, self.proof = message, ""

    @property
    def scene(self) -> Scene:
        """The scene as the learner sees it now, with its step and what is pinned."""
        scene = self._scene.at_step(self.step)
        return scene.at(*self.pinned) if self.pinned else scene

    @traitlets.validate("pinned")
    def _pinned_is_a_cell(self, proposal):
        pinned = list(proposal["value"])
        if pinned and not (len(pinned) == 2 and self._scene.holds(*pinned)):
            names = ", ".join(f"{g.name} (0 to {g.size - 1})" for g in self._scene.grids)
            raise traitlets.TraitError(
                f"{pinned} is no cell of this picture. Pin [grid, cell], with one of: {names}."
            )
        return pinned


class ControlBar(Controlled):
    """Controls without a picture, and below them a ``line``: how things stand, or with ``wrong`` what
    went wrong. ``spoken`` is what of it a screen reader says.

    A button sends {"press": its action}, a choice of a file {"name", "size"} and its content, which is
    empty where the file is larger than the control lets pass.
    """

    _esm = _read("drawing.js", "controls.js", "bar.js")
    _css = STAGE_STYLE + VIEW_STYLE

    line = traitlets.Unicode("").tag(sync=True)
    wrong = traitlets.Bool(False).tag(sync=True)
    spoken = traitlets.Unicode("").tag(sync=True)


class Lines(anywidget.AnyWidget):
    """HTML under a ``head``, of which the elements with the class "step" are shown one after the other:
    ``step`` is the last that is seen, -1 before the first. No kernel is needed for it."""

    _esm = _read("drawing.js", "player.js", "lines.js")
    _css = STAGE_STYLE + VIEW_STYLE

    head = traitlets.Unicode("").tag(sync=True)
    html = traitlets.Unicode("").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)


class Card(anywidget.AnyWidget):
    """HTML in which a link with ``data-record`` asks for that record: it sends {"open": its id}."""

    _esm = _read("drawing.js", "card.js")
    _css = VIEW_STYLE

    html = traitlets.Unicode("").tag(sync=True)
