"""What is chosen once for all pictures of a notebook: the letters, and the first index."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from .explorer import Explorer


class SharedChoices:
    """Changed in one picture, they change in each of them."""

    def __init__(self):
        self.values: dict = {"notation": "note", "first_index": 1}
        self._pictures: WeakSet[Explorer] = WeakSet()

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
            picture.move(**{name: values[name] for name in values if name in picture.controls})


SHARED = SharedChoices()
