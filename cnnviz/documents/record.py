"""One printed statement and the verdict on it. A verdict is computed, never typed:

* *proved*: what is printed is what is derived;
* *differs*: it is not, under any reading; the ledger says where and what is derived instead;
* *damaged in conversion*: the PDF conversion of the note differs, and its LaTeX source does not;
* *convention*: true once its convention is stated, and not as the same document reads elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from .checks import Check, Difference

VERDICTS = ("proved", "differs", "damaged in conversion", "convention")


@dataclass(frozen=True)
class Record:
    """One printed statement.

    ``printed`` is the print that is judged: of the note, its LaTeX source. ``converted`` is the
    print of the note's PDF conversion where that is not the same; "" where it was lost.
    ``readings`` are pairs (convention, check): the first, with the convention "", is how the
    document reads elsewhere. ``proof`` is the reason in one short paragraph; ``contradicts`` names
    another record of the same document that says otherwise.
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
    contradicts: str = ""

    @property
    def compared(self) -> bool:
        """Whether the print itself is parsed; if not, a computation decides on its statement."""
        return all(getattr(check, "reads_print", True) for _, check in self.readings)


@dataclass(frozen=True)
class Judged:
    """A record with its verdict, what was derived, and where print and derivation differ."""

    record: Record
    verdict: str
    derived: str
    differences: tuple[Difference, ...] = ()
    convention: str = ""

    def as_json(self) -> dict:
        record = self.record
        return {
            "id": record.id,
            "document": record.document,
            "place": record.place,
            "states": record.states,
            "printed": record.printed if record.converted is None else record.converted or "(lost)",
            "source": record.printed,
            "derived": self.derived,
            "verdict": self.verdict,
            "differs_at": [vars(difference) for difference in self.differences],
            "convention": self.convention,
            "compared": record.compared,
            "contradicts": record.contradicts,
            "proof": record.proof,
            "lesson": record.lesson,
        }


def judge(record: Record) -> Judged:
    """The verdict on a record. Raises what a check raises when a proof cannot run."""
    outcomes = [(convention, check(record.printed)) for convention, check in record.readings]
    first = outcomes[0][1]
    holding = [(convention, outcome) for convention, outcome in outcomes if not outcome.differences]
    if not holding:
        return Judged(record, "differs", first.derived, first.differences)
    convention, outcome = holding[0]
    if record.converted is not None:
        damage = _damage(record, outcomes)
        if damage:
            return Judged(record, "damaged in conversion", outcome.derived, damage)
    if convention:
        return Judged(record, "convention", outcome.derived, first.differences, convention)
    return Judged(record, "proved", outcome.derived)


def _damage(record: Record, outcomes) -> tuple[Difference, ...]:
    """Where the converted print differs from what its source proves."""
    if not record.converted:
        return (Difference("the whole", "(lost)", outcomes[0][1].derived),)
    try:
        return record.readings[0][1](record.converted).differences
    except ValueError as unreadable:
        return (Difference("the whole", record.converted, str(unreadable)),)
