"""What is chosen once for all pictures of a notebook: letters, first index, symbols or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .controls import Choice, Control

if TYPE_CHECKING:
    from .explorer import Explorer


class SharedChoices:
    """The letters and the first index are those of all pictures: changed in one, they change in each.
    ``show`` is what they start with; a picture that was told otherwise goes its own way."""

    def __init__(self):
        self.values: dict = {"notation": "note", "first_index": 1, "show": None}
        self._pictures: WeakSet[Explorer] = WeakSet()

    def start_of(self, control: Control) -> Any:
        """What a control starts with where nothing else is said."""
        chosen = self.values.get(control.name)
        shared = isinstance(control, Choice) and control.shared and chosen is not None
        return chosen if shared else control.start

    def joined(self, picture: Explorer) -> None:
        self._pictures.add(picture)

    def left(self, picture: Explorer) -> None:
        """A picture that is gone must not be drawn again."""
        self._pictures.discard(picture)

    def choose(self, **values) -> None:
        if self.values | values == self.values:
            return
        self.values |= values
        for picture in list(self._pictures):
            picture.follow(values)


SHARED = SharedChoices()
