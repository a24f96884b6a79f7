"""One printed statement and the verdict on it. A verdict is computed, never typed:

* *proved*: what is printed is what is derived;
* *differs*: it is not, under any reading; the ledger says where and what is derived instead;
* *damaged in conversion*: the PDF conversion of the note differs, and its LaTeX source does not;
* *convention*: true once a convention is stated that the same document uses elsewhere, too;
* *not compared*: words in which nothing could be false; what they refer to is computed all the same.

A print that says nothing the ledger can read has the verdict *cannot be read*. None of ours has it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import sympy

from .checks import Check, Difference, Outcome
from .meaning import Layer

VERDICTS = ("proved", "differs", "damaged in conversion", "convention", "not compared")
UNREADABLE = "cannot be read"


@dataclass(frozen=True)
class Record:
    """One printed statement.

    ``printed`` is the print that is judged: of the note, its LaTeX source. ``converted`` is the
    print of the note's PDF conversion where that is not the same; "" where it was lost.
    ``readings`` are pairs (convention, check): the first, with the convention "", is the plain
    reading, and for each of the others ``seen`` names a record where the document uses that
    convention, too. ``proof`` is the reason in one short paragraph, ``right`` a print that would be
    right where this one is not, and ``see`` another record to compare it with. ``uncompared`` says
    why words are not compared. ``picture`` and ``derivation`` name what shows and what derives the
    statement, and ``pin`` a cell of the picture that it is about, where its left side names none.
    """

    id: str
    document: str
    place: str
    states: str
    printed: str
    readings: tuple[tuple[str, Check], ...]
    lesson: str
    proof: str
    converted: str | None = None
    seen: tuple[str, ...] = ()
    right: str = ""
    see: str = ""
    uncompared: str = ""
    picture: str = ""
    pin: str = ""
    derivation: str = ""

    @property
    def compared(self) -> bool:
        """Whether the print itself is read; if not, a computation decides on its statement."""
        return not self.uncompared


@dataclass(frozen=True)
class Judged:
    """A record with its verdict, what was derived, and where print and derivation differ.

    ``contradicts`` is a record of the same document that prints something else for the same thing;
    ``values`` and ``layer`` are those of the outcome that decided.
    """

    record: Record
    verdict: str
    derived: str
    differences: tuple[Difference, ...] = ()
    convention: str = ""
    contradicts: str = ""
    values: tuple[sympy.Expr, ...] = ()
    layer: Layer | None = None

    @property
    def judged_print(self) -> str:
        """The print whose differences are listed: the conversion where only that is damaged."""
        damaged = self.verdict == "damaged in conversion"
        return (self.record.converted or "") if damaged else self.record.printed

    @property
    def unreadable(self) -> str:
        """Why the print cannot be read, if it cannot."""
        return self.differences[0].derived if self.verdict == UNREADABLE else ""

    def as_json(self) -> dict[str, Any]:
        """All that is known, for other programs. ``differs_at`` counts in ``printed``."""
        own = {one.name: getattr(self.record, one.name) for one in fields(Record)}
        del own["readings"]  # functions
        return own | {
            "printed": self.judged_print or "(lost)",
            "source": self.record.printed,
            "derived": self.derived,
            "verdict": self.verdict,
            "differs_at": [vars(difference) for difference in self.differences],
            "unreadable": self.unreadable,
            "convention": self.convention,
            "contradicts": self.contradicts,
            "compared": self.record.compared,
        }


def judge(record: Record) -> Judged:
    """The verdict on a record. A print that cannot be read spoils its own record and no other."""
    try:
        return _judged(record)
    except ValueError as problem:  # CannotRead, HasNoMeaning, DoesNotRun, DoesNotFit
        found = Difference("the whole", record.printed, str(problem))
        return Judged(record, UNREADABLE, "", (found,))


def _judged(record: Record) -> Judged:
    outcomes = _outcomes(record)
    holding = [(words, outcome) for words, outcome in outcomes if not outcome.differences]
    if not holding:
        readable = [outcome for _, outcome in outcomes if outcome.derived] or [outcomes[0][1]]
        nearest = min(readable, key=lambda one: len(one.differences))
        return _as_found(record, "differs", nearest, nearest.differences)
    convention, outcome = holding[0]
    damage = _damage(record, outcome)
    if damage:
        return _as_found(record, "damaged in conversion", outcome, damage)
    if convention:
        plainly = outcomes[0][1].differences
        return _as_found(record, "convention", outcome, plainly, convention)
    return _as_found(record, "not compared" if record.uncompared else "proved", outcome)


def _as_found(
    record: Record,
    verdict: str,
    outcome: Outcome,
    differences: tuple[Difference, ...] = (),
    convention: str = "",
) -> Judged:
    return Judged(
        record,
        verdict,
        outcome.derived,
        differences,
        convention,
        values=outcome.values,
        layer=outcome.layer,
    )


def _outcomes(record: Record) -> list[tuple[str, Outcome]]:
    """What each reading makes of the print. One that can make nothing of it says so as a difference,
    unless none can: then the print is not readable."""
    found, problems = [], []
    for convention, check in record.readings:
        try:
            found.append((convention, check(record.printed)))
        except ValueError as problem:
            problems.append(problem)
            unread = Difference("the whole", record.printed, str(problem))
            found.append((convention, Outcome("", (unread,))))
    if len(problems) == len(found):
        raise problems[0]
    return found


def _damage(record: Record, holds: Outcome) -> tuple[Difference, ...]:
    """Where the converted print differs from what its source proves."""
    if record.converted is None:
        return ()
    if not record.converted:
        return (Difference("the whole", "(lost)", holds.derived),)
    try:
        return record.readings[0][1](record.converted).differences
    except ValueError as unreadable:
        return (Difference("the whole", record.converted, str(unreadable)),)
