"""The documents, checked: every equation, matrix, rule and caption that they print, each one judged.

`printed.py` reads printed LaTeX as a tree, `meaning.py` says what it means in the letters of its
document, `checks.py` compares it with what is derived, and `record.py` holds a statement and the verdict
that follows. `contradictions.py` finds what is printed twice and differently, and `lines.py` the line of
a derivation that a record is. What is printed stands in `note.toml`, `slides.toml` and `blog.toml`, in
reading order, and `loading.py` reads it; `sentences.py` reads sentences. The modules `note_…`, `slides_…`
and `blog_…` compute what decides on them.

``python -m cnnviz.documents`` prints the summary, ``--json`` every record.
"""

from .ledger import all_records, judge_all, records_of, summary

__all__ = ["all_records", "judge_all", "records_of", "summary"]
