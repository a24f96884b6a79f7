"""``python -m cnnviz.documents``: the ledger in words, or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys

from .ledger import all_records, judge_all, summary
from .lines import line_of
from .record import UNREADABLE, Judged


def main(arguments: list[str] | None = None) -> int:
    """Print the ledger. The exit status is 0 unless a print cannot be read or a proof cannot run."""
    parser = argparse.ArgumentParser(prog="python -m cnnviz.documents", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print every record as JSON")
    options = parser.parse_args(arguments)
    judged = judge_all(records=all_records())
    _print(_json(judged) if options.json else summary(judged))
    spoilt = [one for one in judged if one.verdict == UNREADABLE]
    for one in spoilt:
        print(f"{one.record.id}: {one.unreadable}", file=sys.stderr)
    return 1 if spoilt else 0


def _json(judged: tuple[Judged, ...]) -> str:
    """In ASCII, which is JSON too and the same whatever the encoding of the reader."""
    return json.dumps([one.as_json() | {"line": _line(one)} for one in judged], indent=1)


def _line(one: Judged) -> dict | None:
    found = line_of(one)
    return found and found._asdict()


def _print(text: str) -> None:
    """Print, and stop quietly where the reader has seen enough, as ``head`` does."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left to write


if __name__ == "__main__":
    sys.exit(main())
