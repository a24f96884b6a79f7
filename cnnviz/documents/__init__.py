"""The documents, checked: every equation, matrix and rule that they print, each one judged.

`printed.py` reads printed LaTeX as a tree, `meaning.py` says what it means in the letters of its
document, `checks.py` compares it with what is derived, and `record.py` holds a statement and the verdict
that follows. The files `note_…`, `slides_…` and `blog_…` hold what is printed, in reading order.

``python -m cnnviz.documents`` prints the summary, ``--json`` every record.
"""

from .ledger import all_records, judge_all, records_of, summary

__all__ = ["all_records", "judge_all", "records_of", "summary"]
