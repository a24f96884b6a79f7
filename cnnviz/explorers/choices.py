"""The choices at the top of a notebook: what all of its pictures are written in."""

from __future__ import annotations

from collections.abc import Mapping

from ..scene.stage import ControlBar
from .controls import FIRST_INDEX, LETTERS, SHOW
from .shared import SHARED
from .widget import beside_widget, record, values_of

CHOICES = {control.name: control for control in (SHOW, LETTERS, FIRST_INDEX)}


class ChoicesBar(ControlBar):
    """Three switches that all pictures of a notebook follow."""

    def __init__(self):
        super().__init__(controls=self._records(), _dom_classes=("cnnviz-choices",))
        self.on_moved(self._moved)
        SHARED.joined(self)

    def follow(self, _chosen) -> None:
        """Show what was chosen, in a picture or by a call."""
        self.controls = self._records()

    def close(self) -> None:
        SHARED.left(self)
        super().close()

    @staticmethod
    def _records() -> list[dict]:
        return [
            {**record(control, SHARED.start_of(control)), "more": False}
            for control in CHOICES.values()
        ]

    def _moved(self, sent: Mapping) -> None:
        SHARED.choose(**values_of(CHOICES, sent))

    def _repr_mimebundle_(self, **options):
        words = "; ".join(
            f"{control.words} {control.labels[control.options.index(SHARED.start_of(control))]}"
            for control in CHOICES.values()
        )
        return beside_widget(super()._repr_mimebundle_(**options), {"text/plain": words})


def choices(
    show: str | None = None, notation: str | None = None, first_index: int | None = None
) -> ChoicesBar:
    """The switches at the top of a notebook, and what they start with.

    `show` is "symbols" or "numbers", `notation` "note", "slides" or "blog", `first_index` 1 or 0.
    A picture whose call names `show` keeps what it says; each has a switch of its own under *more*.

    >>> from cnnviz import explore_max_pooling
    >>> bar = choices(show="numbers")
    >>> explore_max_pooling().values["show"], explore_max_pooling(show="symbols").values["show"]
    ('numbers', 'symbols')
    """
    given = {"show": show, "notation": notation, "first_index": first_index}
    SHARED.choose(
        **{name: CHOICES[name].accepts(value) for name, value in given.items() if value is not None}
    )
    return ChoicesBar()
