"""Sentences as claims: every word is accounted for, and a computation decides on those that matter.

A *reading* repeats a sentence, with each word that could be otherwise in angle brackets, and beside it
what could stand there instead:

    "fill up the <rest|whole> of the locations with <fill:zeros|ones>"

The words in brackets are handed to the computation, which says whether the sentence is so; it never
sees which of them are printed. Any other word must stand as it is in the reading: a sentence that says
something else cannot be read, and is never taken for true. *Not*, *never* and their like may be added
anywhere, and turn the claim into its opposite.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from .checks import Check, Difference, Outcome
from .printed import CannotRead

# What turns a sentence into its opposite, and what is left of it in the sentence that is denied.
DENIALS = {
    "not": "", "never": "", "no": "", "nowhere": "", "hardly": "", "without": "with",
    "cannot": "can", "can't": "can", "don't": "", "doesn't": "", "isn't": "is", "aren't": "are",
    "won't": "will", "neither": "both", "nor": "and",
}  # fmt: skip
SLOT = re.compile(r"<(?:(\w+):)?([^<>]*)>")
NUMBER = "#"
MOST_CHANGED = 4  # words by which a sentence that is so may differ from the one that is printed


@dataclass(frozen=True)
class Slot:
    """A place in a sentence and the words that could stand there; ``#`` is any whole number."""

    name: str
    words: tuple[str, ...]

    @property
    def pattern(self) -> str:
        longest_first = sorted(self.words, key=len, reverse=True)
        return "|".join(r"\d+" if word == NUMBER else _words(word) for word in longest_first)

    @property
    def values(self) -> list[str | int]:
        """What is tried where the right word is looked for: of numbers, the small ones."""
        found = [_value(word) for word in self.words if word != NUMBER]
        return [*found, *range(17)] if NUMBER in self.words else found


@dataclass(frozen=True)
class Reading:
    """A sentence with slots.

    >>> reading = Reading("a stride of <n:#> fits")
    >>> reading.read("a stride of 2 fits")
    ({'n': 2}, False)
    >>> reading.read("a stride of 2 never fits")
    ({'n': 2}, True)
    """

    text: str

    @cached_property
    def _parts(self) -> list[str | Slot]:
        """Plain words and slots in turn; a slot without a name is called by its place: w1, w2, …"""
        parts: list[str | Slot] = []
        end, unnamed = 0, 0
        for match in SLOT.finditer(self.text):
            unnamed += not match[1]
            slot = Slot(match[1] or f"w{unnamed}", tuple(match[2].split("|")))
            parts += [self.text[end : match.start()], slot]
            end = match.end()
        return [*parts, self.text[end:]]

    @cached_property
    def slots(self) -> list[Slot]:
        return [part for part in self._parts if isinstance(part, Slot)]

    @cached_property
    def _pattern(self) -> re.Pattern:
        known: set[str] = set()
        text = ""
        for part in self._parts:
            if isinstance(part, str):
                text += _words(part)
            elif part.name in known:  # the same word again
                text += f"(?P={part.name})"
            else:
                text += f"(?P<{part.name}>{part.pattern})"
                known.add(part.name)
        return re.compile(text)

    def read(self, printed: str) -> tuple[dict[str, str | int], bool]:
        """The words in the slots, and whether the sentence denies what it would say otherwise.

        Raises CannotRead for a sentence that says something else.
        """
        for sentence, denied in _without_denials(_plain(printed)):
            match = self._pattern.fullmatch(sentence)
            if match:
                return {name: _value(word) for name, word in match.groupdict().items()}, denied
        raise CannotRead(f"This is not the sentence that was read: {printed}")

    def say(self, words: dict[str, str | int]) -> str:
        """The sentence with these words in its slots."""
        said = (part if isinstance(part, str) else str(words[part.name]) for part in self._parts)
        return _plain("".join(said))

    def nearest(self, words: dict[str, str | int]) -> Iterator[dict[str, str | int]]:
        """What else the sentence could say, first with one other word, then with two, three or four."""
        slots = {slot.name: slot.values for slot in reversed(self.slots)}  # results stand last
        for count in range(1, min(len(slots), MOST_CHANGED) + 1):
            for names in itertools.combinations(slots, count):
                others = ([v for v in slots[name] if v != words[name]] for name in names)
                for values in itertools.product(*others):
                    yield {**words, **dict(zip(names, values, strict=True))}


def claim(reads: str, decide: Callable[..., bool]) -> Check:
    """A sentence is so if the computation says so of the words in its slots.

    ``decide`` takes a word for each slot, numbers as numbers, and computes whether the claim holds.
    Where it does not, the nearest sentence that does is what is derived.

    >>> check = claim("<2|3> and <2|3> make <n:#>", lambda w1, w2, n: w1 + w2 == n)
    >>> check("2 and 3 make 5").differences
    ()
    >>> check("2 and 3 make 6").differences
    (Difference(at='the words', printed='6', derived='5'),)
    >>> check("2 and 3 never make 5").differences[0].derived
    '2 and 3 make 5'
    """
    reading = Reading(reads)

    def check(printed: str) -> Outcome:
        words, denied = reading.read(printed)
        if denied:
            return _denied(reading, decide, words, printed)
        if decide(**words):
            return Outcome(reading.say(words))
        nearest = next((other for other in reading.nearest(words) if decide(**other)), None)
        if nearest is None:
            return Outcome("", (Difference("the statement", _plain(printed), "never so"),))
        differences = (
            Difference(
                "the words", str(words[name]) or "(nothing)", str(nearest[name]) or "(nothing)"
            )
            for name in _changed(words, nearest)
        )
        return Outcome(reading.say(nearest), tuple(differences))

    check.reading = reading
    return check


def _denied(reading: Reading, decide, words, printed: str) -> Outcome:
    said = reading.say(words)
    if decide(**words):
        return Outcome(said, (Difference("the statement", _plain(printed), said),))
    return Outcome(_plain(printed))


def _changed(words: dict, other: dict) -> list[str]:
    return [name for name in words if words[name] != other[name]]


def _value(word: str) -> str | int:
    return int(word) if word.isdigit() else word


def _plain(sentence: str) -> str:
    """One space between words, none at the ends or before a comma."""
    return re.sub(r" (?=[,.;])", "", " ".join(sentence.split()))


def _words(text: str) -> str:
    """A pattern for these words, however they are spaced."""
    return re.sub(r"(\\\s)+", r"\\s*", re.escape(text))


def _without_denials(sentence: str) -> Iterator[tuple[str, bool]]:
    """The sentence as it is, and without one or two words that deny it."""
    yield sentence, False
    found = list(re.finditer(rf"(?<![\w\\])({'|'.join(DENIALS)})(?!\w)", sentence, re.IGNORECASE))
    for count in (1, 2):
        for denials in itertools.combinations(found, count):
            rest = sentence
            for match in reversed(denials):
                kept = DENIALS[match[1].lower()]
                rest = f"{rest[: match.start()]}{kept} {rest[match.end() :]}"
            yield _plain(rest), count == 1
