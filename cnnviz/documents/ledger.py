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
from functools import cache

from . import (
    blog_code,
    blog_dense,
    blog_input,
    blog_kernel,
    blog_pooling,
    note_convolution,
    note_kernel,
    note_pooling,
    note_stride,
    note_transposed,
    slides_filter,
    slides_input,
    slides_layer,
    slides_network,
    slides_pooling,
)
from .record import VERDICTS, Judged, Record, judge

# The records of each document stand in reading order, part after part.
SECTIONS = {
    "note": (note_pooling, note_convolution, note_transposed, note_stride, note_kernel),
    "slides": (slides_network, slides_layer, slides_filter, slides_input, slides_pooling),
    "blog": (blog_dense, blog_pooling, blog_kernel, blog_input, blog_code),
}


@cache
def all_records() -> tuple[Record, ...]:
    """All records in reading order: the note, the slides, the blog."""
    return tuple(record for document in SECTIONS for record in records_of(document))


def records_of(document: str) -> tuple[Record, ...]:
    """What one document prints: "note", "slides" or "blog"."""
    return tuple(record for section in SECTIONS[document] for record in section.RECORDS)


def judge_all(progress: Callable[[int, int], None] = lambda done, of: None) -> tuple[Judged, ...]:
    """Judge the whole ledger; ``progress(done, of)`` is called after each record."""
    records, judged = all_records(), []
    for record in records:
        judged.append(judge(record))
        progress(len(judged), len(records))
    return tuple(judged)


def summary(judged: Iterable[Judged]) -> str:
    """How many of each verdict in each document, as text, and each record that is not proved."""
    judged = list(judged)
    documents = list(dict.fromkeys(one.record.document for one in judged))
    lines = [_row("", *documents, "all")]
    for verdict in VERDICTS:
        found = Counter(one.record.document for one in judged if one.verdict == verdict)
        lines.append(_row(verdict, *(found[d] for d in documents), sum(found.values())))
    totals = Counter(one.record.document for one in judged)
    lines.append(_row("all", *(totals[d] for d in documents), len(judged)))
    for one in judged:
        if one.verdict != "proved":
            places = "; ".join(d.at for d in one.differences)
            reason = one.convention or places
            lines.append(f"\n{one.record.id}  {one.verdict}: {one.record.states}\n    {reason}")
    return "\n".join(lines)


def _row(head: str, *cells) -> str:
    return f"{head:<22}" + "".join(f"{cell!s:>9}" for cell in cells)
