"""A derivation for every size: its parts, its verdict, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...symbols import NOTATIONS, Notation
from ..written import Written
from .letters import Letters
from .lines import Lines, Writing
from .rules import Book, LineForEverySize
from .sizes import Sizes, random_sizes

TRIED = 12  # sizes for each part of a derivation


@dataclass(frozen=True, eq=False)
class Part:
    """Lines that follow from one another, by name, all in the letters of one convolution."""

    lines: Lines

    @property
    def letters(self) -> Letters:
        return next(iter(self.lines.values())).letters

    def does_not_follow(self) -> list[str]:
        """The names of the lines that do not follow, for all sizes."""
        book, found = Book(self.letters), []
        for name, line in self.lines.items():
            if not line.follows(book):
                found.append(name)
            book.enter(line)
        return found

    def differs(self, tried: Iterable[Sizes]) -> list[tuple[str, Sizes]]:
        """The lines that are not true for these sizes, by name, with the first that says so."""
        found: dict[str, Sizes] = {}
        for sizes in tried:
            for name, line in self.lines.items():
                if name not in found and not np.array_equal(*line.at(sizes)):
                    found[name] = sizes
        return list(found.items())

    def tried(self) -> list[Sizes]:
        """The sizes that are tried each time: always the same."""
        axes = len(self.letters.axes)
        return list(random_sizes(TRIED, axes=axes, grouped=self.letters.grouped))


def in_parts(
    derive: Callable[[Writing], None], notation: Notation, *sentences: Mapping[str, str]
) -> tuple[Part, ...]:
    """The same lines on one axis, on two, and on two with channels in groups; ``sentences`` are those
    of each part."""
    letters = (
        Letters(notation),
        Letters(notation, axes=2),
        Letters(notation, axes=2, grouped=True),
    )
    writings = [Writing(*one) for one in zip(letters, sentences, strict=True)]
    for writing in writings:
        derive(writing)
    return tuple(Part(writing.lines) for writing in writings)


@dataclass(frozen=True, eq=False)
class ForEverySize(Written):
    """Equations with letters for all sizes. Each follows by a rule that looks at the formulas, and
    is then put to numbers and compared with what the code computes.

    Its parts are one axis, two axes, and two axes with channels in groups.
    """

    title: str
    source: str
    parts: tuple[Part, ...]
    notation: Notation = NOTATIONS["note"]

    @property
    def lines(self) -> tuple[LineForEverySize, ...]:
        """What is shown."""
        return tuple(line for part in self.parts for line in part.lines.values() if line.shown)

    def holds(self) -> bool:
        """Does every line follow for all sizes, and is it true for some that are tried?"""
        return not self.faults()

    def faults(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty if everything holds."""
        return self._faults

    @cached_property
    def _faults(self) -> tuple[str, ...]:
        found = []
        for part in self.parts:
            said = {name: line.reason or f"({name})" for name, line in part.lines.items()}
            found += [f"This line does not follow: {said[name]}" for name in part.does_not_follow()]
            found += [
                f"With {sizes} this line is not what the code computes: {said[name]}"
                for name, sizes in part.differs(part.tried())
            ]
        return tuple(found)

    @property
    def proved(self) -> str:
        """What there is to say when it holds."""
        count = sum(len(part.tried()) for part in self.parts)
        return (
            "Proved for every size: each line follows for all sizes at once. "
            f"For {count} random sizes each also says what the code computes."
        )
