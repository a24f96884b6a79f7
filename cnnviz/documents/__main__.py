"""``python -m cnnviz.documents``: the ledger in words, or as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from .ledger import all_records, summary
from .record import judge


def main(arguments: list[str] | None = None) -> int:
    """Print the ledger. The exit status is 0 unless a proof could not run."""
    parser = argparse.ArgumentParser(prog="python -m cnnviz.documents", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print every record as JSON")
    options = parser.parse_args(arguments)
    judged, failed = [], []
    for record in all_records():
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
