"""The layer of the blog's example, and how its records are written."""

from __future__ import annotations

from ..symbols import NOTATIONS
from .meaning import Layer
from .record import Record

# The blog's example: X is 3 x 3, K is 2 x 2, and a bias B is added to every Z.
BLOG = Layer(NOTATIONS["blog"], (3, 3), (2, 2), bias=True)


def said(number, place, states, printed, check, lesson, proof, contradicts="") -> Record:
    """A record of the blog; ``check`` is one check, or readings with their conventions."""
    readings = check if isinstance(check, tuple) else (("", check),)
    contradicts = f"blog-{contradicts:02}" if contradicts else ""
    return Record(
        f"blog-{number:02}",
        "blog",
        place,
        states,
        printed,
        readings,
        lesson,
        proof,
        contradicts=contradicts,
    )
