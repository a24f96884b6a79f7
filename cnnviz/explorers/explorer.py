"""An explorer: numbers, controls and the picture of them, as a value.

It needs no browser and no widgets: it can be moved, stepped, typed into, proved and saved as it is.
`widget.py` draws it in a notebook.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, wraps

import numpy as np

from ..functional.geometry import DoesNotFit
from ..scene import Grid, Scene
from ..symbols import NOTATIONS, spoken
from .controls import Control
from .given import starting
from .numbers import Layer
from .shared import SHARED

LARGEST_PROVED = 12  # cells; beyond that a proof takes longer than a learner waits


class Explorer:
    """A picture that can be driven.

    ``build(layer, **others)`` makes the scene of a layer and of what the controls say besides; where
    there are ``numbers``, ``cut(numbers, **values)`` makes that layer of them (see `numbers.py`), and
    without them it is ``build(**values)``. Moving a control never changes the numbers; only typing does.
    Sizes that cannot be show their sentence as ``message`` and keep the last picture.
    """

    def __init__(
        self,
        build: Callable[..., Scene],
        controls: Sequence[Control],
        numbers: Mapping[str, np.ndarray] | None = None,
        cut: Callable[..., tuple[Layer, dict]] | None = None,
        start: Sequence = (),
        given: Mapping | None = None,
    ):
        self._build, self._cut, self._widget = build, cut, None
        self.message = self.proof = ""
        self.proved = False
        self.watchers: list[Callable[[Explorer], None]] = []
        self.controls = {control.name: control for control in controls}
        self.values, self._original = starting(
            self.controls, numbers or {}, cut, start, given or {}
        )
        self.data = {name: array.copy() for name, array in self._original.items()}
        # Since ipykernel 7 two callbacks can run at once, on threads of their own.
        self._one_at_a_time = threading.RLock()
        self._goes_its_own_way = {"show"} & {*(given or {}), *list(self.controls)[: len(start)]}
        self._show(self.values)
        self.scene = self.scene.opened()
        SHARED.joined(self)
        SHARED.choose(**_for_all(self.values))

    # What is seen.

    def scene_for(self, values: Mapping) -> tuple[Scene, Layer | None]:
        """The picture for these values of the controls, and the layer that it shows."""
        others = dict(values)
        if "notation" in others:
            others["notation"] = NOTATIONS[others["notation"]]
        if "first_index" in others:
            others["start"] = others.pop("first_index")
        if self._cut is None:
            return self._build(**others), None
        layer, others = self._cut(self.data, **others)
        return self._only_own_numbers(self._build(layer, **others), layer), layer

    def _only_own_numbers(self, scene: Scene, layer: Layer) -> Scene:
        """Cells can be typed into where they show the explorer's own numbers, as numbers."""
        grids = (
            replace(grid, editable=self.array_of(grid, layer) is not None)
            if grid.editable
            else grid
            for grid in scene.grids
        )
        return replace(scene, grids=tuple(grids))

    def array_of(self, grid: Grid, layer: Layer) -> np.ndarray | None:
        """The view into the explorer's numbers that a grid shows; None where it shows others."""
        array = layer.arrays.get(grid.origin.name)
        if array is None or grid.show == "symbols":
            return None
        own = any(np.shares_memory(array, numbers) for numbers in self.data.values())
        return array if own else None

    def _show(self, values: Mapping) -> None:
        scene, self._layer = self.scene_for(values)
        self.scene = scene.following(self.scene) if hasattr(self, "scene") else scene
        self._shown = dict(values)

    # What a learner does.

    def move(self, **values) -> None:
        """Set controls by name, as moving a slider does.

        >>> from cnnviz import explore_convolution_matrix
        >>> explorer = explore_convolution_matrix()
        >>> explorer.move(input_size=3, kernel_size=2)
        >>> explorer.scene["output"].shape
        (1, 1, 2, 2)
        """
        for name in values:
            if name not in self.controls:
                raise TypeError(f"There is no control {name}, but {', '.join(self.controls)}.")
        moved = {name: self.controls[name].accepts(value) for name, value in values.items()}
        with self._one_at_a_time:
            self.values = {**self.values, **moved}
            self._rebuild(self.values)
        # Outside the lock: two pictures that waited for one another would wait for ever.
        SHARED.choose(**_for_all(moved))

    def follow(self, chosen: Mapping) -> None:
        """Take over what was chosen for all pictures, as far as it is a choice of this one."""
        self.move(
            **{
                name: value
                for name, value in chosen.items()
                if name in self.controls
                and name not in self._goes_its_own_way
                and value in self.controls[name].options
            }
        )

    def type(self, grid: str, cell: int, text: str) -> None:
        """Write a number into a cell of what is shown, as a learner types it."""
        with self._one_at_a_time:
            shown = self.scene[grid]
            value = parse_number(text)
            if not shown.editable or cell in shown.zeros:
                self._say(f"{spoken(shown.called[cell])} shows no number that can be typed here.")
            elif value is None:
                name = spoken(shown.called[cell])
                self._say(
                    f"“{text[:24]}” is not a number a cell can hold. "
                    f"{name} keeps {shown.numbers[cell]}."
                )
            else:
                array = self.array_of(shown, self._layer)
                array[shown.index_of(cell)[-array.ndim :]] = value
                self._rebuild(self._shown)

    def pin(self, grid: str, cell: int) -> None:
        """Keep a cell lit, with its sentence and equation."""
        self.scene = self.scene.at(grid, cell)
        self._tell()

    def walk_to(self, step: int) -> None:
        """Go to a step of the walk; -1 is before the first."""
        self.scene = self.scene.at_step(step)
        self._tell()

    def prove(self) -> None:
        """Prove the backward pass for the geometry that is shown, and say so as ``proof``."""
        geometry = self._layer and self._layer.geometry
        if not geometry or self.message:
            return
        if max(geometry["input_size"]) > LARGEST_PROVED:
            self.proof = f"Proofs run for inputs up to {LARGEST_PROVED}×{LARGEST_PROVED}."
        else:
            proof = _proved_once(**geometry)
            self.proof, self.message = (proof.sentence, "") if proof.holds else ("", proof.sentence)
            self.proved = proof.holds
        self._tell()

    def reset(self) -> None:
        """Undo everything that was typed into cells."""
        with self._one_at_a_time:
            self.data = {name: array.copy() for name, array in self._original.items()}
            self._rebuild(self._shown)

    # What follows from it.

    def _rebuild(self, values: Mapping) -> None:
        """Show the picture for these values, and say why there is none for those of the controls."""
        try:
            message = self._refusal(self._show, values)
            if values != self.values:
                message = self._refusal(self.scene_for, self.values)
        except Exception as error:
            # Nothing raised in a callback reaches the cell: say it where the learner is looking.
            self._say(f"The course made a mistake here: {type(error).__name__}: {error}")
            raise
        self._say(message)

    def _refusal(self, make: Callable[[Mapping], object], values: Mapping) -> str:
        """Why these sizes cannot be, if they cannot."""
        try:
            make(values)
        except DoesNotFit as sentence:
            return f"{sentence} The picture still shows the last sizes that fit."
        return ""

    def _say(self, message: str) -> None:
        self.message, self.proof, self.proved = message, "", False
        self._tell()

    def _tell(self) -> None:
        for watcher in self.watchers:
            watcher(self)

    # What is handed out.

    def save(self, path):
        """Write what is seen now to a file: .html, .svg, .pdf, .png or .txt."""
        return self.scene.save(path)

    @property
    def widget(self):
        """The explorer in a notebook: its controls around a stage."""
        if self._widget is None:
            from .widget import ExplorerWidget

            self._widget = ExplorerWidget(self)
        return self._widget

    def close(self) -> None:
        """Let go of what was drawn of it; it is not drawn again."""
        SHARED.left(self)
        if self._widget is not None:
            self._widget.let_go()
            self._widget = None

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it a static picture and text for places that show no widgets."""
        return self.widget._repr_mimebundle_(**options)


def explorer(*controls: Control, numbers: Callable[[], dict] | None = None, cut=None):
    """Make a function that builds a scene into one that returns its explorer.

    What it can be called with is read off the controls: their starts, by place or by name, and the
    arrays by name.
    """

    def decorate(build: Callable[..., Scene]) -> Callable[..., Explorer]:
        @wraps(build)
        def explore(*start, **given) -> Explorer:
            return Explorer(build, controls, numbers() if numbers else None, cut, start, given)

        explore.__signature__ = _signature(controls, numbers() if numbers else ())
        return explore

    return decorate


def _signature(controls: Sequence[Control], arrays) -> inspect.Signature:
    kinds = inspect.Parameter
    parameters = [
        *(kinds(one.name, kinds.POSITIONAL_OR_KEYWORD, default=one.start) for one in controls),
        *(kinds(name, kinds.KEYWORD_ONLY, default=None) for name in arrays),
    ]
    return inspect.Signature(parameters, return_annotation=Explorer)


def _for_all(values: Mapping) -> dict:
    """What of these values is chosen for all pictures of a notebook. Symbols or numbers are not: one
    picture may show numbers beside others that do not."""
    return {name: values[name] for name in ("notation", "first_index") if name in values}


# Going back to a geometry must not cost its proof again.
@lru_cache(maxsize=256)
def _proved_once(**geometry):
    from ..derivations.proof import prove  # SymPy: not for a first picture

    return prove(**geometry)


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
