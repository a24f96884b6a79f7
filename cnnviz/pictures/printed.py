"""Where the documents print what a picture shows: ids of the ledger, by quantity and document."""

from __future__ import annotations

_SENT_TO_THE_WINNER = {"note": "note-12", "slides": "slides-86", "blog": "blog-22"}

# A quantity that one document alone prints, and that is shown in the letters of any, has that one id.
PRINTED: dict[str, dict[str, str] | str] = {
    "output": {"note": "note-21", "slides": "slides-26", "blog": "blog-29"},
    "input_gradient": {"note": "note-30", "slides": "slides-61", "blog": "blog-59"},
    "input_gradient at a stride": {"note": "note-47"},
    "kernel_gradient": {"note": "note-60", "slides": "slides-54", "blog": "blog-45"},
    "bias_gradient": {"blog": "blog-53"},
    "bias_gradient of channels": "blog-53",
    "paths of one weight": {"note": "note-59", "slides": "slides-34", "blog": "blog-39"},
    "output by a weight": {"note": "note-56"},
    "transpose as inverse": {"note": "note-51"},
    "max pooling": _SENT_TO_THE_WINNER,
    "max pooling that overlaps": "blog-22",
    "unpooling": _SENT_TO_THE_WINNER,
    "cell that loses": {"note": "note-09", "slides": "slides-86", "blog": "blog-11"},
    "average pooling": {"slides": "slides-87"},
    "gate": "slides-11",
    "delta of the last layer": "slides-03",
    "delta of a layer": "slides-06",
    "weight gradient by delta": "slides-07",
    "bias gradient by delta": "slides-08",
}


def record_of(quantity: str, document: str) -> str:
    """The id of the record that prints a quantity; "" where the document does not.

    >>> record_of("average pooling", "slides"), record_of("average pooling", "note")
    ('slides-87', '')
    """
    found = PRINTED[quantity]
    return found if isinstance(found, str) else found.get(document, "")
