"""The ledger of the documents: all that they print, each statement judged.

Each document is a folder beside this module; the paragraph at its head says where it comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

from . import blog, note, slides
from .checks import Difference
from .contradictions import contradictions
from .loading import load
from .names import names_of
from .record import UNREADABLE, VERDICTS, Judged, Record, judge

DOCUMENTS = {"note": note, "slides": slides, "blog": blog}


@cache
def all_records() -> tuple[Record, ...]:
    """All records in reading order: the note, the slides, the blog."""
    return tuple(record for document in DOCUMENTS for record in records_of(document))


def records_of(document: str, instead: Mapping[str, str] | None = None) -> tuple[Record, ...]:
    """What one document prints: "note", "slides" or "blog".

    ``instead`` has other prints for some records: what is said about them is then judged by these.
    """
    folder = DOCUMENTS[document]
    return load(folder, names_of(folder), instead or {})


def judge_all(
    progress: Callable[[int, int], None] = lambda done, of: None,
    records: Iterable[Record] | None = None,
) -> tuple[Judged, ...]:
    """Judge the whole ledger, or some records; ``progress(done, of)`` is called after each.

    A print that cannot be read, or a proof that cannot run, spoils its own record and no other.
    """
    records, judged = all_records() if records is None else tuple(records), []
    for record in records:
        judged.append(_judged(record))
        progress(len(judged), len(records))
    against = contradictions(judged)
    return tuple(replace(one, contradicts=against.get(one.record.id, "")) for one in judged)


def _judged(record: Record) -> Judged:
    try:
        return judge(record)
    except Exception as error:
        reason = f"the proof could not run: {type(error).__name__}: {error}"
        found = Difference("the whole", record.printed, reason)
        return Judged(record, UNREADABLE, "", (found,))


def summary(judged: Iterable[Judged]) -> str:
    """How many of each verdict in each document, as text, and each record that is not proved."""
    judged = list(judged)
    documents = list(dict.fromkeys(one.record.document for one in judged))
    lines = [_row("", *documents, "all")]
    for verdict in (*VERDICTS, UNREADABLE):
        found = Counter(one.record.document for one in judged if one.verdict == verdict)
        if verdict == UNREADABLE and not found:
            continue
        lines.append(_row(verdict, *(found[d] for d in documents), sum(found.values())))
    totals = Counter(one.record.document for one in judged)
    lines.append(_row("all", *(totals[d] for d in documents), len(judged)))
    for one in judged:
        if one.verdict != "proved":
            lines.append(f"\n{one.record.id}  {one.verdict}: {one.record.states}\n    {_why(one)}")
    return "\n".join(lines)


def _why(one: Judged) -> str:
    """Why a record is not simply proved, in a line."""
    if one.verdict == UNREADABLE:
        return one.unreadable
    places = "; ".join(difference.at for difference in one.differences)
    against = f" (against {one.contradicts})" if one.contradicts else ""
    return (one.convention or one.record.uncompared or places) + against


def _row(head: str, *cells) -> str:
    return f"{head:<22}" + "".join(f"{cell!s:>9}" for cell in cells)
