"""The ledger to look through: filters, the card of a record, and the picture of what it states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from ..documents.ledger import all_records, judge_all, summary
from ..documents.record import UNREADABLE, VERDICTS, Judged
from ..scene import Scene
from ..scene.stage import Card, Stage
from .controls import Choice
from .record_card import SIGNS, card, lowered
from .record_pictures import picture_of
from .view import View, page
from .widget import beside_widget, record

ALL = "all"

ROWS = 12  # of the list of records; it grows with the window


class LedgerView(View):
    """All records with their verdicts, once ``prove`` has run; ``bar`` shows how far it is."""

    def __init__(self):
        self.progress, self._summary = widgets.HTML(), widgets.HTML()
        self._card = Card()
        self._stage = Stage(NO_PICTURE, brief=True)
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
        self._card.on_msg(lambda _, message, buffers: self.received(message, buffers))

    def prove(self) -> LedgerView:
        """Judge every record, showing how far it is, and show the result."""
        self.judged = list(judge_all(self._proved))
        self._summary.value = summary_table(self.judged)
        labels = (ALL, *verdicts_of(self.judged))
        self.controls = {
            **self.controls,
            "verdict": replace(self.controls["verdict"], labels=labels),
        }
        self.move(document=ALL)
        return self

    def _proved(self, done: int, of: int) -> None:
        self.progress.value = (
            f'<label>proving <progress value="{done}" max="{of}"></progress></label>'
        )

    def show(self, record_id: str) -> None:
        """Open one record by its id, such as "note-17". Filters that hide it are lifted."""
        if not any(one.record.id == record_id for one in self.judged):
            raise ValueError(f"There is no record {record_id}.")
        if not any(one.record.id == record_id for one in self.listed):
            self.move(document=ALL, verdict=ALL)
        self.move(record=record_id)

    def received(self, message: Mapping[str, Any], buffers: Sequence) -> None:
        """A link of the card was followed, or a button pressed."""
        if "open" not in message:
            return super().received(message, buffers)
        try:
            self.show(message["open"])
        except Exception as error:
            self.went_wrong(error)

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
                f"{SIGNS[one.verdict]} {one.record.id} {lowered(one.record.states)}"
                for one in self.listed
            )
            ids = tuple(one.record.id for one in self.listed)
            records = replace(self.controls["record"], labels=tuple(labels), values=ids)
            self.controls = {**self.controls, "record": records}
            self.values = {**self.values, "record": ids[0] if ids else None}
        self._open(self.opened)

    def _open(self, one: Judged | None) -> None:
        has_picture = one is not None and bool(one.record.picture)
        self._stage.layout.display = None if has_picture else "none"
        self._card.html = (
            card(one) if one else "<p>No record has this verdict in this document.</p>"
        )
        if has_picture:
            wrong = one.differences if one.verdict == "differs" else ()
            self._stage.show(picture_of(one.record, wrong))

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


NO_PICTURE = Scene("", (), {}, "")


def verdicts_of(judged: Sequence[Judged]) -> tuple[str, ...]:
    """All verdicts; that a print cannot be read is one of them only where there is such a print."""
    unreadable = any(one.verdict == UNREADABLE for one in judged)
    return (*VERDICTS, *(UNREADABLE,) * unreadable)


def summary_table(judged: Sequence[Judged]) -> str:
    """How many records of each verdict each document has, as an HTML table."""
    documents = list(dict.fromkeys(one.record.document for one in judged))
    counts = Counter((one.verdict, one.record.document) for one in judged)
    rows = [
        "<tr>"
        + "".join(f'<th scope="col">{d}</th>' for d in ("verdict", *documents, "all"))
        + "</tr>"
    ]
    for verdict in verdicts_of(judged):
        cells = [counts[verdict, document] for document in documents]
        numbers = "".join(f"<td>{n}</td>" for n in (*cells, sum(cells)))
        rows.append(f'<tr><th scope="row">{SIGNS[verdict]} {verdict}</th>{numbers}</tr>')
    return f'<table class="summary">{"".join(rows)}</table>'
