"""What is chosen once for all pictures of a notebook: letters, first index, symbols or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from weakref import WeakSet

from .controls import Choice, Control


class Follower(Protocol):
    """A picture, a view or the bar at the top: what is told of a choice."""

    def follow(self, chosen: Mapping) -> None: ...


class SharedChoices:
    """The letters and the first index are those of all pictures: changed in one, they change in each.
    ``show`` is what they start with; a picture that was told otherwise goes its own way."""

    def __init__(self):
        self.values: dict = {"notation": "note", "first_index": 1, "show": None}
        self._followers: WeakSet[Follower] = WeakSet()

    def start_of(self, control: Control) -> Any:
        """What a control starts with where nothing else is said."""
        chosen = self.values.get(control.name)
        shared = isinstance(control, Choice) and control.shared and chosen is not None
        return chosen if shared else control.start

    def joined(self, follower: Follower) -> None:
        self._followers.add(follower)

    def left(self, follower: Follower) -> None:
        """A picture that is gone must not be drawn again."""
        self._followers.discard(follower)

    def choose(self, **values) -> None:
        if self.values | values == self.values:
            return
        self.values |= values
        for follower in list(self._followers):
            follower.follow(values)


SHARED = SharedChoices()
