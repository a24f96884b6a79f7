"""The card of a record: what is printed, what is derived, where they differ, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from ..documents.lines import line_of
from ..documents.printed import CannotRead
from ..documents.record import UNREADABLE, Judged, Record
from ..documents.sentences import NUMBER, Reading
from ..symbols import spoken
from .derivation import DERIVATIONS
from .mathml import formula_or_words, mathml

# A verdict has a sign of its own beside its colour.
SIGNS = {
    "proved": "✓",
    "differs": "✕",
    "damaged in conversion": "⚠",
    "convention": "≈",
    "not compared": "–",
    UNREADABLE: "?",
}
LESSONS = {
    "01": "01_backpropagation_refresher.ipynb",
    "02": "02_pooling_and_switches.ipynb",
    "03": "03_convolution_as_a_matrix.ipynb",
    "04": "04_input_gradient.ipynb",
    "05": "05_transposed_convolution.ipynb",
    "06": "06_kernel_gradient.ipynb",
    "07": "07_small_example_by_hand.ipynb",
    "08": "08_layers_and_gradient_check.ipynb",
    "09": "09_training.ipynb",
    "10": "10_applications.ipynb",
}
TITLES = {function: title for title, function in DERIVATIONS.items()}
LONGEST_LISTED = 400  # letters of a difference; a longer one is seen in the print itself


def card(one: Judged) -> str:
    """One record as HTML."""
    record = one.record
    shown = "".join(
        f'<div class="side"><span class="place">{head}</span><div>{body}</div></div>'
        for head, body in _sides(one)
    )
    parts = (
        f'<p class="place" id="{record.id}"><span class="verdict">{SIGNS[one.verdict]} {one.verdict}</span>'
        f"{record.id} · the {record.document}, {_prose(record.place)}</p>",
        f'<div class="title" role="heading" aria-level="3">{_prose(record.states)}</div>',
        f'<div class="sides">{shown}</div>',
        *_because(one),
        f"<p>{_prose(record.proof)}</p>",
        *_further(one),
    )
    return "".join(parts)


def _sides(one: Judged) -> Iterator[tuple[str, str]]:
    """The print, and beside it what is derived and what would be right."""
    record, damaged = one.record, one.verdict == "damaged in conversion"
    places = [difference.at for difference in one.differences]
    printed = record.converted if damaged else record.printed
    yield "printed", formula_or_words(printed, places) if printed else "(lost in the conversion)"
    if damaged:
        yield "its LaTeX source", formula_or_words(record.printed)
    if one.derived and _alike(one.derived) != _alike(record.printed):
        yield "derived", formula_or_words(one.derived)
    if record.right and _alike(one.derived) != _alike(record.right):
        yield "right would be", formula_or_words(record.right)


def _alike(text: str) -> str:
    return " ".join(text.split())


def _because(one: Judged) -> Iterator[str]:
    """What the verdict stands on, and where the print is not what is derived."""
    record = one.record
    if one.verdict == UNREADABLE:
        yield f"<p>This print cannot be read. {escape(one.unreadable)}</p>"
        return
    if one.differences and one.verdict != "convention":
        yield _differences(one)
    if one.convention:
        yield f"<p><b>Convention:</b> {escape(one.convention)}.</p>"
    if record.uncompared:
        reason = _prose(record.uncompared).rstrip(".")
        yield f"<p><b>The words are not compared:</b> {reason}. What they refer to is computed.</p>"
    if decided := _decided(record):
        yield f'<p class="decided">Decided on: {decided}</p>'


def _further(one: Judged) -> Iterator[str]:
    """Where to read on: another record, the derivation, the lesson."""
    record = one.record
    if others := list(dict.fromkeys(filter(None, (one.contradicts, record.see)))):
        yield f"<p>Compare with {' and '.join(map(_link, others))}.</p>"
    if record.derivation:
        title, found = TITLES[record.derivation], line_of(one)
        line = f": it is line {found.number}. {escape(found.reason)}" if found else "."
        yield f"<p>Line by line in the derivation <i>{escape(title)}</i>{line}</p>"
    name = LESSONS[record.lesson]
    yield (
        f'<p>Taught in <a href="{name}" target="_blank" rel="noopener">lesson {record.lesson}</a>.</p>'
    )


def _link(record_id: str) -> str:
    return f'<a href="#{record_id}" data-record="{record_id}">{record_id}</a>'


def _differences(one: Judged) -> str:
    rows = "".join(
        f"<li>{escape(d.at)}: {_inline(d.printed)} is printed, {_inline(d.derived)} is derived</li>"
        for d in one.differences
        if len(d.printed) + len(d.derived) < LONGEST_LISTED
    )
    return f"<ul>{rows}</ul>" if rows else ""


def _decided(record: Record) -> str:
    """The words of a sentence that a computation decides on, each with what could stand there instead."""
    for _, check in record.readings:
        reading: Reading | None = getattr(check, "reading", None)
        try:
            words, _ = reading.read(record.printed) if reading else ({}, False)
        except CannotRead:
            continue
        slots = {slot.name: slot for slot in reading.slots} if reading else {}
        return " · ".join(_chosen(words[name], slot.words) for name, slot in slots.items())
    return ""


def _chosen(word: str | int, choices: tuple[str, ...]) -> str:
    others = ["another number" if one == NUMBER else one for one in choices if one != str(word)]
    return f"<b>{_word(str(word))}</b> <small>({', '.join(map(_word, others))})</small>"


def _word(text: str) -> str:
    """A word as HTML: a label or a piece of a formula is set as one."""
    if not text:
        return "<i>no word</i>"
    text = re.sub(r"\\textit\{(.*?)\}", r"\1", text)
    text = re.sub(r"^([A-Z])_(\w+)$", r"\1_{\2}", text)
    if "$" in text or not re.search(r"[\\{]", text):
        return formula_or_words(text, block=False).strip("“”")
    return mathml(text, block=False)


def _inline(latex: str) -> str:
    return formula_or_words(latex, block=False) if "\\" in latex or "_" in latex else escape(latex)


def lowered(text: str) -> str:
    """Plain text in which labels such as a_12 become letters with lowered digits.

    >>> lowered("the gradient of a_12")
    'the gradient of a₁₂'
    """
    return re.sub(r"[A-Za-zθδ∂/]+_[0-9,]*[0-9]", lambda label: spoken(label[0]), text)


def _prose(text: str) -> str:
    return escape(lowered(text))
