"""Controls as plain records: what a learner can move, before anything of it is drawn.

A control bears the name of the argument that it moves, the same in every explorer, and the words that
stand beside it. ``accepts`` lets a value pass or says in a sentence which values there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

from ..symbols import NOTATIONS

# A control that matters only at some values of another: (its name, the values).
When = tuple[str, tuple]


@dataclass(frozen=True)
class Slider:
    """A number between two ends, whole unless so many ``digits`` follow the point. Where it is not
    given it starts as the control that it ``follows`` does: PyTorch's stride of a pooling is its
    kernel size. Where ``factors`` is set it moves by factors, not by steps. ``more``: it is moved
    less often, and stands under *more* wherever it is in the order."""

    name: str
    words: str
    start: float
    low: float
    high: float
    step: float = 1
    digits: int | None = None
    when: When | None = None
    follows: str = ""
    factors: bool = False
    more: bool = False

    @property
    def whole(self) -> bool:
        return self.digits is None

    @property
    def options(self) -> list:
        """All stops of a slider of whole numbers, seven of any other."""
        if self.whole:
            return list(range(int(self.low), int(self.high) + 1))
        sixth = (self.high - self.low) / 6
        return [round(self.low + n * sixth, 6) for n in range(7)]

    def accepts(self, value: Any) -> float:
        kind, noun = (Integral, "a whole number") if self.whole else (Real, "a number")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"{self.name} is {noun} {self._range}, not {value!r}.")
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} goes {self._range}, not {value}.")
        return int(value) if self.whole else float(value)

    @property
    def _range(self) -> str:
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Choice:
    """One of a few words; where there are only a few, all of them are seen. ``values`` is what each
    stands for, where that is not the word itself. ``shared``: chosen once for all of a notebook."""

    name: str
    labels: tuple[str, ...]
    start: Any
    words: str = ""
    values: tuple = ()
    shared: bool = False
    when: When | None = None

    @property
    def options(self) -> list:
        return list(self.values or self.labels)

    def accepts(self, value: Any) -> Any:
        # A list or an array equals no option, and must not be asked element by element.
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value in self.options:
            return value
        *first, last = map(repr, self.options)
        there_are = f"{', '.join(first)} or {last}" if first else last
        raise ValueError(f"{self.name} is {there_are}, not {value!r}.")


@dataclass(frozen=True)
class Tick:
    """Something that is or is not so."""

    name: str
    words: str
    start: bool = False
    when: When | None = None

    @property
    def options(self) -> list:
        return [False, True]

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError(f"{self.name} is True or False, not {value!r}.")
        return value


Control = Slider | Choice | Tick

# What stands beside a slider, where that is not its name.
WORDS = {
    "input_height": "height",
    "input_width": "width",
    "one_hot": "one-hot probe",
    "ceil_mode": "ceil_mode",
}


def sliders(
    when: When | None = None, more: bool = False, **ranges: tuple[int, int, int]
) -> tuple[Slider, ...]:
    """A slider for each name: its start, its lowest and its highest value.

    >>> (size,) = sliders(input_size=(4, 1, 9))
    >>> size.words, size.accepts(9)
    ('input size', 9)
    >>> size.accepts(50)
    Traceback (most recent call last):
    ...
    ValueError: input_size goes from 1 to 9, not 50.
    """
    return tuple(
        Slider(name, WORDS.get(name, name.replace("_", " ")), *ends, when=when, more=more)
        for name, ends in ranges.items()
    )


def fine_slider(
    name: str, words: str, start: float, low: float, high: float, step: float, digits: int = 2,
    when: When | None = None,
) -> Slider:  # fmt: skip
    """A slider for numbers that are not whole, read to so many digits after the point."""
    return Slider(name, words, start, low, high, step, digits, when)


def tick(name: str, words: str = "", start: bool = False, when: When | None = None) -> Tick:
    """Something that is or is not so; the words are its name unless said."""
    return Tick(name, words or WORDS.get(name, name.replace("_", " ")), start, when)


def buttons(name: str, labels: Iterable[str], start: str, when: When | None = None) -> Choice:
    """A choice of a few words, all of them seen."""
    return Choice(name, tuple(labels), start, when=when)


def dropdown(name: str, words: str, labels: Iterable[str], start: str) -> Choice:
    """A choice of more words than there is room for."""
    return Choice(name, tuple(labels), start, words)


def letters(show: str | None = "symbols", *, indices: bool = True) -> tuple[Choice, ...]:
    """What every picture offers: symbols or numbers (not where ``show`` is None), whose letters, and
    the first index, where there are ``indices``."""
    offered = (replace(SHOW, start=show),) if show else ()
    return (*offered, LETTERS, *(FIRST_INDEX,) * indices)


SHOW = Choice("show", ("symbols", "numbers"), "symbols", "cells show", shared=True)
LETTERS = Choice("notation", tuple(NOTATIONS), "note", "letters of the", shared=True)
FIRST_INDEX = Choice(
    "first_index", ("1, as in print", "0, as in code"), 1, "count from", values=(1, 0), shared=True
)
