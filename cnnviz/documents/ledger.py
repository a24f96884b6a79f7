"""The ledger of the documents: all that they print, each statement judged.

* The note: S. Maheshwari, Backpropagation in Convolutional Networks (2021). ``printed`` is its LaTeX
  source; ``converted`` the PDF conversion, where it is not the same.
* The slides: EE5179, Deep Learning for Imaging, on backpropagation. The deck is known only as a
  conversion: where a slip may be the conversion's, its record says so.
* The blog: A. Saraswat, Backward Pass of CNN. Each line of an aligned display is a record of its own,
  without what only aligns or resizes it. Of the code, the lines that compute something are records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from . import (
    blog_chain,
    blog_code,
    blog_dense,
    blog_input,
    blog_intuition,
    blog_kernel,
    blog_parts,
    blog_pooling,
    blog_relu,
    note_applications,
    note_convolution,
    note_displays,
    note_inverse,
    note_kernel,
    note_parts,
    note_pooling,
    note_stride,
    note_transposed,
    slides_backward,
    slides_forward,
    slides_gradients,
    slides_parts,
    slides_pooling,
    slides_steps,
)
from .checks import Difference
from .contradictions import contradictions
from .loading import load
from .names import names_of
from .record import UNREADABLE, VERDICTS, Judged, Record, judge

# Each document, with what the checks in its file may speak of.
COMPUTED = {
    "note": (
        note_parts, note_displays, note_pooling, note_convolution, note_transposed, note_stride,
        note_inverse, note_kernel, note_applications,
    ),
    "slides": (
        slides_parts, slides_steps, slides_gradients, slides_forward, slides_backward,
        slides_pooling,
    ),
    "blog": (
        blog_parts, blog_dense, blog_pooling, blog_relu, blog_kernel, blog_chain, blog_input,
        blog_intuition, blog_code,
    ),
}  # fmt: skip


@cache
def all_records() -> tuple[Record, ...]:
    """All records in reading order: the note, the slides, the blog."""
    return tuple(record for document in COMPUTED for record in records_of(document))


def records_of(document: str) -> tuple[Record, ...]:
    """What one document prints: "note", "slides" or "blog"."""
    return load(document, names_of(*COMPUTED[document]))


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
