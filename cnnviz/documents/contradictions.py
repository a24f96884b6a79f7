"""Where a document prints one thing in two ways that are not the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .checks import CAPTION
from .printed import CannotRead, parse
from .record import Judged, Record, judge


def contradictions(records: Iterable[Record | Judged]) -> dict[str, str]:
    """For each record that another contradicts, the first that does: id to id, both ways.

    Two prints of one document contradict each other where their left sides are the same formula about
    the same layer, and what they make of it differs in value.
    """
    alike = defaultdict(list)
    for one in records:
        judged = one if isinstance(one, Judged) else judge(one)
        if judged.values and (left := _left_side(judged.record.printed)) is not None:
            alike[judged.record.document, left, judged.values].append(judged)
    return {
        one.record.id: against.record.id
        for group in alike.values()
        for one in group
        if (against := next((two for two in group if _stated(two) != _stated(one)), None))
    }


def _left_side(printed: str) -> Any:
    """The tree of the left side of an equation; None of what is none."""
    try:
        chain = parse(printed)
    except CannotRead:
        return None
    return chain.sides[0] if "=" in chain.relations else None


def _stated(judged: Judged) -> frozenset:
    """In what value the print departs from what was derived, which is the same for all of one left
    side. A caption says what something is called, and has no value."""
    if judged.verdict != "differs":  # it holds, plainly or by its convention
        return frozenset()
    found = (d for d in judged.differences if d.at != CAPTION)
    return frozenset((difference.at, difference.printed) for difference in found)
