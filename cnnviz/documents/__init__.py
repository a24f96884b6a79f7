"""The documents, checked: every equation, matrix, rule and caption that they print, each one judged.

`printed.py` reads printed LaTeX as a tree, `meaning.py` says what it means in the letters of its
document, `checks.py` compares it with what is derived, and `record.py` holds a statement and the verdict
that follows. `contradictions.py` finds what is printed twice and differently, and `lines.py` the line of
a derivation that a record is. The folders `note`, `slides` and `blog` hold one document each: what is
printed, in reading order, as `records.toml`, which `loading.py` reads, and the modules that compute what
its sentences say, which `sentences.py` reads. `claims` computes what several documents say.

``python -m cnnviz.documents`` prints the summary, ``--json`` every record.
"""

from .ledger import all_records, judge_all, records_of, summary

__all__ = ["all_records", "judge_all", "records_of", "summary"]
