"""The ledger to look through: filters, the print beside the derivation, the proof, the picture."""

from __future__ import annotations

import re
from collections import Counter
from html import escape

import ipywidgets as widgets
import numpy as np

from ..documents.ledger import all_records, judge_all, summary
from ..documents.record import VERDICTS, Judged, Record
from ..functional.samples import ORDER_OF_THE_NOTE, sample_gradient, sample_input, sample_kernel
from ..pictures.applications.relu_rules import relu_rules
from ..pictures.matrix.convolution_matrix import convolution_matrix
from ..pictures.pooling.average_pooling import average_pooling
from ..pictures.pooling.max_pooling import max_pooling
from ..pictures.refresher.dense_layer import dense_layer
from ..scene import Scene
from ..scene.stage import Stage
from ..symbols import NOTATIONS, spoken
from .mathml import STYLE, formula_or_words
from .widget import beside_widget

# A verdict has a sign of its own beside its colour.
SIGNS = {"proved": "✓", "differs": "✕", "damaged in conversion": "⚠", "convention": "≈"}
LESSONS = {
    "01": "01_backpropagation_refresher.ipynb",
    "02": "02_pooling_and_switches.ipynb",
    "03": "03_convolution_as_a_matrix.ipynb",
    "04": "04_input_gradient.ipynb",
    "05": "05_transposed_convolution.ipynb",
    "06": "06_kernel_gradient.ipynb",
    "07": "07_small_example_by_hand.ipynb",
    "08": "08_layers_and_training.ipynb",
    "09": "09_applications.ipynb",
}
ALL = "all"

CARD_STYLE = """
.cnnviz-ledger { max-width: 1300px;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Arial, "DejaVu Sans", sans-serif;
  color: var(--jp-ui-font-color1, #1b2430); }
.cnnviz-ledger h4 { margin: 0.3em 0; font-size: 1.15em; font-weight: 600; }
.cnnviz-ledger .place, .cnnviz-ledger dt { opacity: 0.72; }
.cnnviz-ledger .sides { display: flex; flex-wrap: wrap; gap: 14px 40px; margin: 10px 0; overflow-x: auto; }
.cnnviz-ledger .side > div { margin-top: 4px; overflow-x: auto; }
.cnnviz-ledger .verdict { display: inline-block;
  padding: 1px 10px; border: 1.5px solid; border-radius: 12px; font-weight: 600; }
.cnnviz-ledger table.summary { border-collapse: collapse; }
.cnnviz-ledger table.summary td, .cnnviz-ledger table.summary th { padding: 3px 16px; text-align: right; }
.cnnviz-ledger table.summary th:first-child { text-align: left; font-weight: 500; }
.cnnviz-ledger table.summary tr:first-child { border-bottom: 1px solid #8884; }
"""


class LedgerView(widgets.VBox):
    """All records with their verdicts, once ``prove`` has run; ``bar`` shows how far it is."""

    def __init__(self):
        self.bar = widgets.IntProgress(
            max=len(all_records()), description="proving", layout={"width": "420px"}
        )
        self._summary, self._card = widgets.HTML(), widgets.HTML()
        documents = [ALL, *dict.fromkeys(record.document for record in all_records())]
        self.document = widgets.Dropdown(options=documents, description="document")
        self.verdict = widgets.Dropdown(options=[ALL, *VERDICTS], description="verdict")
        self.record = widgets.Select(rows=9, layout={"width": "98%", "max_width": "1300px"})
        self._picture = widgets.VBox()
        self.judged: list[Judged] = []
        for control in (self.document, self.verdict):
            control.observe(lambda _: self._list(), names="value")
        self.record.observe(lambda _: self._show(), names="value")
        filters = widgets.HBox([self.document, self.verdict])
        super().__init__([self._summary, filters, self.record, self._card, self._picture])

    def prove(self) -> LedgerView:
        """Judge every record, moving the bar, and show the result."""
        self.judged = list(judge_all(self._proved))
        self._summary.value = _page(summary_table(self.judged))
        self._list()
        return self

    def _proved(self, done: int, _of: int) -> None:
        self.bar.value = done

    def show(self, record_id: str) -> None:
        """Open one record by its id, such as "note-17"."""
        self.document.value = self.verdict.value = ALL
        self.record.value = next(one for one in self.judged if one.record.id == record_id)

    def _list(self) -> None:
        wanted = [
            one
            for one in self.judged
            if self.document.value in (ALL, one.record.document)
            and self.verdict.value in (ALL, one.verdict)
        ]
        self.record.options = [
            (f"{SIGNS[one.verdict]}  {one.record.id}   {one.record.states}", one) for one in wanted
        ]
        self.record.value = wanted[0] if wanted else None
        self._show()

    def _show(self) -> None:
        one = self.record.value
        if one is None:
            self._card.value = _page("<p>No record has this verdict in this document.</p>")
            self._picture.children = ()
            return
        self._card.value = _page(card(one))
        self._picture.children = (Stage(picture_of(one.record)),)

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the summary and every record that is not simply proved."""
        notable = "".join(card(one) for one in self.judged if one.verdict != "proved")
        static = {
            "text/html": _page(summary_table(self.judged) + notable),
            "text/plain": summary(self.judged),
        }
        return beside_widget(super()._repr_mimebundle_(**options), static)


def summary_table(judged: list[Judged]) -> str:
    """How many records of each verdict each document has, as an HTML table."""
    documents = list(dict.fromkeys(one.record.document for one in judged))
    counts = Counter((one.verdict, one.record.document) for one in judged)
    rows = ["<tr><th></th>" + "".join(f"<th>{d}</th>" for d in (*documents, "all")) + "</tr>"]
    for verdict in VERDICTS:
        cells = [counts[verdict, document] for document in documents]
        numbers = "".join(f"<td>{n}</td>" for n in (*cells, sum(cells)))
        rows.append(f"<tr><th>{SIGNS[verdict]} {verdict}</th>{numbers}</tr>")
    return f'<table class="summary">{"".join(rows)}</table>'


def card(one: Judged) -> str:
    """One record as HTML: what is printed, what is derived, where they differ, and why."""
    record = one.record
    places = [difference.at for difference in one.differences]
    printed = record.converted if one.verdict == "damaged in conversion" else record.printed
    sides = [
        ("printed", formula_or_words(printed, places) if printed else "(lost in the conversion)")
    ]
    if one.verdict == "damaged in conversion":
        sides.append(("its LaTeX source", formula_or_words(record.printed)))
    if one.derived:
        sides.append(("derived", formula_or_words(one.derived)))
    shown = "".join(
        f'<div class="side"><span class="place">{head}</span><div>{body}</div></div>'
        for head, body in sides
    )
    parts = [
        f'<p class="place">{record.id} · the {record.document}, {escape(record.place)}</p>',
        f"<h4>{escape(record.states)}</h4>",
        f'<span class="verdict">{SIGNS[one.verdict]} {one.verdict}</span>',
        f'<div class="sides">{shown}</div>',
        _differences(one),
        f"<p><b>Convention:</b> {escape(one.convention)}.</p>" if one.convention else "",
        f"<p>{_prose(record.proof)}</p>",
        ""
        if record.compared
        else "<p>The words themselves are not compared; the computation decides.</p>",
        f"<p>Compare with {record.contradicts}.</p>" if record.contradicts else "",
        _lesson(record),
    ]
    return "".join(parts)


def _differences(one: Judged) -> str:
    if not one.differences or one.verdict == "convention":
        return ""
    rows = "".join(
        f"<li>{escape(d.at)}: {_inline(d.printed)} is printed, {_inline(d.derived)} is derived</li>"
        for d in one.differences
        if len(d.printed) + len(d.derived) < 400
    )
    return f"<ul>{rows}</ul>" if rows else ""


def _inline(latex: str) -> str:
    return formula_or_words(latex) if "\\" in latex or "_" in latex else escape(latex)


def _prose(text: str) -> str:
    """Plain text in which labels such as a_12 become letters with lowered digits."""
    return re.sub(r"[A-Za-zθδ∂/]+_[0-9,]*[0-9]", lambda label: spoken(label[0]), escape(text))


def _lesson(record: Record) -> str:
    name = LESSONS.get(record.lesson)
    if name:
        return f'<p>Taught in <a href="{name}" target="_blank" rel="noopener">lesson {record.lesson}</a>.</p>'
    return f"<p>Belongs to lesson {record.lesson}.</p>"


def _page(html: str) -> str:
    return f'<style>{STYLE}{CARD_STYLE}</style><div class="cnnviz-ledger">{html}</div>'


def picture_of(record: Record) -> Scene:
    """The picture that shows a record, with the cell pinned that its equation is about."""
    notation = NOTATIONS[record.document]
    if record.lesson == "02":
        if "average pooling" in record.place:
            return average_pooling(sample_input(4, 4), 2, notation=notation)
        return max_pooling(np.array(ORDER_OF_THE_NOTE, dtype=float), 2, notation=notation)
    if "a modified backward pass" in record.printed:
        return relu_rules(sample_input(4, 4) - 4, sample_gradient(4, 4), notation=notation)
    if record.lesson in ("01", "08"):
        return dense_layer(sample_input(1, 3)[0], sample_kernel(2, 3), notation=notation)
    strided = "_{55}" in record.printed or "stride of 2" in record.printed
    sizes = ((5, 3, 2) if strided else (4, 3, 1)) if record.document == "note" else (3, 2, 1)
    size, kernel, stride = sizes
    scene = convolution_matrix(
        sample_input(size, size),
        sample_kernel(kernel, kernel),
        stride,
        parts=("W",),
        notation=notation,
    )
    return _pinned(scene, record.printed)


def _pinned(scene: Scene, printed: str) -> Scene:
    """Pin the first cell that the left side of an equation names."""
    left = printed.partition("=")[0]
    named = re.findall(r"([A-Za-z])_\{(\d)(\d)\}", left)
    for letter, row, column in reversed(named):
        for grid in ("output", "kernel", "input"):
            label = f"{letter}_{row}{column}"
            if label in scene[grid].symbols:
                return scene.at(grid, scene[grid].symbols.index(label))
    return scene
