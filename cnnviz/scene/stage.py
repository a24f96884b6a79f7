"""The stage: a widget that holds a picture and lets a learner point at it.

This module and ``page.py`` are the only ones that know of JavaScript and CSS. Pointing, pinning and
stepping happen in the browser, without the kernel; ``pinned`` and ``step`` are synced, so Python can
read and set them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from .scene import Scene
from .svg import STYLE, svg

STATIC = Path(__file__).parent / "static"
STAGE_STYLE = STYLE + (STATIC / "stage.css").read_text(encoding="utf-8")
STAGE_SCRIPT = (STATIC / "stage.js").read_text(encoding="utf-8")


class Stage(anywidget.AnyWidget):
    """Shows a scene. ``pinned`` is [] or [grid name, cell number]; ``step`` is -1 at rest.

    A moment after the last new picture the browser counts ``asked`` up: then there is time for a
    ``proof``, which would hold up a slider that is still moving.
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
            self.view = {"svg": svg(scene, standalone=False), "scene": scene.view()}
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


class FileChoice(anywidget.AnyWidget):
    """A button to choose a file with. ``taken(name, size, content)`` is called for each one; content
    is empty where the file is larger than ``most_bytes``."""

    _esm = (STATIC / "file_choice.js").read_text(encoding="utf-8")
    _css = (STATIC / "file_choice.css").read_text(encoding="utf-8")

    words = traitlets.Unicode().tag(sync=True)
    most_bytes = traitlets.Int().tag(sync=True)

    def __init__(self, words: str, most_bytes: int, taken: Callable[[str, int, bytes], None]):
        super().__init__(words=words, most_bytes=most_bytes)

        def received(_, message, buffers):
            taken(str(message["name"]), int(message["size"]), bytes(buffers[0]) if buffers else b"")

        self.on_msg(received)


class SliderNames(anywidget.AnyWidget):
    """Draws nothing: gives the sliders of the explorer it stands in their names for screen readers."""

    _esm = (STATIC / "slider_names.js").read_text(encoding="utf-8")
