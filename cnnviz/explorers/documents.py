"""The ledger to look through: filters, the print beside the derivation, the proof, the picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

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
from .controls import Choice
from .mathml import formula_or_words
from .view import View, page
from .widget import beside_widget, record

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

ROWS = 12  # of the list of records; it grows with the window


class LedgerView(View):
    """All records with their verdicts, once ``prove`` has run; ``bar`` shows how far it is."""

    def __init__(self):
        self.progress, self._summary, self._card = (widgets.HTML() for _ in range(3))
        self._stage = Stage(picture_of(all_records()[0]), brief=True)
        for part, kind in ((self._summary, "summary"), (self._card, "card"), (self._stage, "slot")):
            part.add_class(f"cnnviz-{kind}")
        self.judged: list[Judged] = []
        documents = tuple(dict.fromkeys(record.document for record in all_records()))
        super().__init__(
            [
                Choice("document", (ALL, *documents), ALL, "document"),
                Choice("verdict", (ALL, *VERDICTS), ALL, "verdict"),
                Choice("record", (), None, "records"),
            ],
            [self._summary, self._card, self._stage],
            "ledger",
            {},
        )

    def prove(self) -> LedgerView:
        """Judge every record, showing how far it is, and show the result."""
        self.judged = list(judge_all(self._proved))
        self._summary.value = summary_table(self.judged)
        self.move(document=ALL)
        return self

    def _proved(self, done: int, of: int) -> None:
        self.progress.value = (
            f'<label>proving <progress value="{done}" max="{of}"></progress></label>'
        )

    def show(self, record_id: str) -> None:
        """Open one record by its id, such as "note-17"."""
        self.move(document=ALL, verdict=ALL)
        self.move(record=record_id)

    @property
    def listed(self) -> list[Judged]:
        """The records of the list: those of this document with this verdict."""
        document, verdict = self.values["document"], self.values["verdict"]
        return [
            one
            for one in self.judged
            if document in (ALL, one.record.document) and verdict in (ALL, one.verdict)
        ]

    @property
    def opened(self) -> Judged | None:
        """The record whose card is shown, if any has this verdict in this document."""
        wanted = self.values["record"]
        return next((one for one in self.listed if one.record.id == wanted), None)

    def changed(self, moved: Mapping[str, Any]) -> None:
        if "document" in moved or "verdict" in moved:  # the list is another one
            labels = (
                f"{SIGNS[one.verdict]} {one.record.id} {_lowered(one.record.states)}"
                for one in self.listed
            )
            ids = tuple(one.record.id for one in self.listed)
            records = replace(self.controls["record"], labels=tuple(labels), values=ids)
            self.controls = {**self.controls, "record": records}
            self.values = {**self.values, "record": ids[0] if ids else None}
        self._open(self.opened)

    def _open(self, one: Judged | None) -> None:
        self._stage.layout.display = None if one else "none"
        if one is None:
            self._card.value = "<p>No record has this verdict in this document.</p>"
            return
        self._card.value = card(one)
        self._stage.show(picture_of(one.record))

    def drawn_controls(self) -> list[dict]:
        shown = [
            record(one, self.values[name]) for name, one in self.controls.items() if one.labels
        ]
        return [
            {**one, "kind": "dropdown", "rows": ROWS * (one["name"] == "record")} for one in shown
        ]

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the summary and every record that is not simply proved."""
        notable = "".join(card(one) for one in self.judged if one.verdict != "proved")
        static = {
            "text/html": page(summary_table(self.judged) + notable),
            "text/plain": summary(self.judged),
        }
        return beside_widget(super()._repr_mimebundle_(**options), static)


def summary_table(judged: list[Judged]) -> str:
    """How many records of each verdict each document has, as an HTML table."""
    documents = list(dict.fromkeys(one.record.document for one in judged))
    counts = Counter((one.verdict, one.record.document) for one in judged)
    rows = [
        "<tr>"
        + "".join(f'<th scope="col">{d}</th>' for d in ("verdict", *documents, "all"))
        + "</tr>"
    ]
    for verdict in VERDICTS:
        cells = [counts[verdict, document] for document in documents]
        numbers = "".join(f"<td>{n}</td>" for n in (*cells, sum(cells)))
        rows.append(f'<tr><th scope="row">{SIGNS[verdict]} {verdict}</th>{numbers}</tr>')
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
        f'<div class="title" role="heading" aria-level="3">{_prose(record.states)}</div>',
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
    return formula_or_words(latex, block=False) if "\\" in latex or "_" in latex else escape(latex)


def _lowered(text: str) -> str:
    """Plain text in which labels such as a_12 become letters with lowered digits."""
    return re.sub(r"[A-Za-zθδ∂/]+_[0-9,]*[0-9]", lambda label: spoken(label[0]), text)


def _prose(text: str) -> str:
    return escape(_lowered(text))


def _lesson(record: Record) -> str:
    name = LESSONS.get(record.lesson)
    if name:
        return f'<p>Taught in <a href="{name}" target="_blank" rel="noopener">lesson {record.lesson}</a>.</p>'
    return f"<p>Belongs to lesson {record.lesson}.</p>"


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
