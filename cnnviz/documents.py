"""The ledger of the documents: every equation, matrix and rule that they print, each one judged.

``python -m cnnviz.documents`` prints the summary, ``--json`` every record.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache

from .ledger import VERDICTS, Judged, Record, judge
from .records import blog, note, slides


@cache
def ledger() -> tuple[Record, ...]:
    """All records in reading order: the note, the slides, the blog."""
    return (*note.RECORDS, *slides.RECORDS, *blog.RECORDS)


def judge_all(progress: Callable[[int, int], None] = lambda done, of: None) -> tuple[Judged, ...]:
    """Judge the whole ledger; ``progress(done, of)`` is called after each record."""
    records, judged = ledger(), []
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


def main(arguments: list[str] | None = None) -> int:
    """Print the ledger. The exit status is 0 unless a proof could not run."""
    parser = argparse.ArgumentParser(prog="python -m cnnviz.documents", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print every record as JSON")
    options = parser.parse_args(arguments)
    judged, failed = [], []
    for record in ledger():
        try:
            judged.append(judge(record))
        except Exception as error:  # one proof that cannot run must not hide the others
            failed.append(f"{record.id}: the proof could not run: {type(error).__name__}: {error}")
    if options.json:
        print(json.dumps([one.as_json() for one in judged], ensure_ascii=False, indent=1))
    else:
        print(summary(judged))
    print("\n".join(failed), file=sys.stderr, end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
