"""Labels as SVG, wherever one stands: in a cell, beside a line, in the equation of a saved picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

# A cell may hold a whole sum. These stand between its labels.
BETWEEN = re.compile(r"(·| ?[+−=] )")
BACK_UP = '<tspan dy="-0.245em">\u200b</tspan>'  # 0.35 of a letter of 70 %: to the line again


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A label as SVG, or a sum of products of labels: letters in italics, subscripts lowered,
    channels raised. An index that stands alone is a little smaller and lower than a number."""
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
    if not name:
        return f'<tspan class="i" dy="0.22em">{escape(lowered)}</tspan>'
    parts = [f'<tspan class="v">{escape(name)}</tspan>']
    if raised:
        parts.append(f'<tspan class="s" dy="-0.5em">{escape(raised)}</tspan>')
    parts.append(
        f'<tspan class="s" dy="{"0.85em" if raised else "0.35em"}">{escape(lowered)}</tspan>'
    )
    return "".join(parts)


# Of a wide font, in ems: a number must stay in its cell whichever font its reader has.
WIDTHS = dict.fromkeys("0123456789", 0.64) | {"−": 0.84, "∂": 0.55, ".": 0.32, ",": 0.32, " ": 0.32}


LARGEST = 22.0  # units of the picture


def text_size(width: float, height: float, texts: Iterable[str], lines: int = 1) -> float:
    """How large texts can be in cells of this size, all at one size, in units of the picture.

    >>> text_size(30, 100, ["7", "12"]), text_size(90, 90, ["7"])
    (21.09375, 22.0)
    """
    widest = max(map(width_in_ems, texts))
    tall = 0.46 if lines == 1 else 0.7 / lines
    return min(tall * height, 0.9 * width / max(widest, 0.5), LARGEST)


@lru_cache(maxsize=4096)
def width_in_ems(text: str) -> float:
    if "\n" in text:
        return max(map(width_in_ems, text.split("\n")))
    pieces = BETWEEN.split(text)
    if len(pieces) > 1:
        return sum(map(width_in_ems, pieces[::2])) + 0.4 * sum(map(len, pieces[1::2]))
    name, _, lowered = text.partition("_")
    name, _, raised = name.partition("^")
    beside = 0.45 if name else 0.55  # an index that stands alone is written larger
    return sum(WIDTHS.get(letter, 0.62) for letter in name) + beside * (len(lowered) + len(raised))
