"""Labels as SVG, wherever one stands: in a cell, beside a line, in the equation of a saved picture."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

# A cell may hold a whole sum. These stand between its labels.
BETWEEN = re.compile(r"(·| ?[+−=] )")
BACK_UP = '<tspan dy="-0.245em">\u200b</tspan>'  # 0.35 of a letter of 70 %: to the line again


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A label as SVG, or a sum of products of labels: letters in italics, subscripts lowered,
    channels raised."""
    if BETWEEN.search(text):
        pieces = BETWEEN.split(text)
        return "".join(
            piece if n % 2 else label(piece) + (BACK_UP if "_" in piece else "")
            for n, piece in enumerate(pieces)
        )
    name, _, lowered = text.partition("_")
    name, _, raised = name.partition("^")
    if not lowered:
        return escape(text)
    parts = [f'<tspan class="v">{escape(name)}</tspan>']
    if raised:
        parts.append(f'<tspan class="s" dy="-0.5em">{escape(raised)}</tspan>')
    parts.append(
        f'<tspan class="s" dy="{"0.85em" if raised else "0.35em"}">{escape(lowered)}</tspan>'
    )
    return "".join(parts)


@lru_cache(maxsize=4096)
def width_in_ems(text: str) -> float:
    if "\n" in text:
        return max(map(width_in_ems, text.split("\n")))
    pieces = BETWEEN.split(text)
    if len(pieces) > 1:
        return sum(map(width_in_ems, pieces[::2])) + 0.4 * sum(map(len, pieces[1::2]))
    name, _, lowered = text.partition("_")
    name, _, raised = name.partition("^")
    return 0.55 * len(name) + 0.38 * (len(lowered) + len(raised))
