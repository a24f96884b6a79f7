"""What a sentence could say instead: other words in its slots, and the opposite of what it says."""

from __future__ import annotations

from collections.abc import Iterator

from cnnviz.documents.ledger import records_of
from cnnviz.documents.record import Record
from cnnviz.documents.sentences import Reading

DENIED_BY = ("not", "never")


def of_right_prints(document: str) -> tuple[Record, ...]:
    """The records of a document as if everything in it had been printed right: what a sentence says of
    another print is then judged by what should have stood there."""
    right = {record.id: record.right for record in records_of(document) if record.right}
    return records_of(document, instead=right)


def reading_of(record: Record) -> Reading | None:
    """How a sentence is read; None for a formula."""
    found = [check.reading for _, check in record.readings if hasattr(check, "reading")]
    return found[0] if found else None


def other_sentences(printed: str, reading: Reading) -> Iterator[str]:
    """The sentence with each other word of each slot, and with *not* or *never* before each word.

    >>> list(other_sentences("2 fits", Reading("<1|2> fits")))[:3]
    ['1 fits', 'not 2 fits', 'never 2 fits']
    """
    said, _ = reading.read(printed)
    for slot in reading.slots:
        for word in slot.values:
            if word != said[slot.name]:
                yield reading.say({**said, slot.name: word})
    words = printed.split(" ")
    for n in range(len(words) + 1):
        for denial in DENIED_BY:
            yield " ".join([*words[:n], denial, *words[n:]])


def key_words(printed: str, reading: Reading) -> str:
    """The words in the slots and no others.

    >>> key_words("a stride of 2 fits", Reading("a stride of <n:#> <fits|fails>"))
    '2 fits'
    """
    said, _ = reading.read(printed)
    return " ".join(str(said[slot.name]) for slot in reading.slots)
