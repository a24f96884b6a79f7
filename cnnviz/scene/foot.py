"""What stands below the grids of a saved picture: the sentence of this moment, and the equation of the
cell that it is about, in symbols and, where it can be counted, in numbers.

Lines are broken at estimated widths, for a wide font: a saved picture does not know what its reader has.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from html import escape

from .labels import label, width_in_ems
from .margin import MARGIN
from .scene import Scene

EDGE = 24  # free at every side of the foot
SENTENCE, EQUATION = 17, 19  # sizes of letters, as in picture.css
LEADING = 1.5  # from line to line, in letters' sizes
LETTER = 0.58  # the width of a letter of a sentence, in its size: rather too wide
SPARE = 1.3  # how much wider than in a cell a label may turn out in another font
MOST_TERMS = 27  # nobody reads a longer sum (the same number stands in stage.js)


def foot(scene: Scene, top: float) -> str:
    """The foot as SVG text, below ``top``."""
    y, parts = top + EDGE, []
    for kind, size, inset, text in _lines(scene):
        y += LEADING * size
        written = escape(text) if kind == "say" else label(text)
        parts.append(
            f'<text class="{kind}" x="{EDGE + inset}" y="{y - 0.4 * size:.4g}">{written}</text>'
        )
    return "".join(parts)


def foot_height(scene: Scene) -> int:
    """How much taller than its scene a saved picture is."""
    return round(2 * EDGE + sum(LEADING * size for _, size, *_ in _lines(scene)))


def _lines(scene: Scene) -> list[tuple[str, int, int, str]]:
    """Kind, size of letters, indent and text of each line."""
    room = scene.extent[0] + MARGIN - 2 * EDGE
    said = textwrap.wrap(scene.said, int(room / (LETTER * SENTENCE)))
    lines = [("say", SENTENCE, 0, line) for line in said]
    if scene.equation_of is not None:
        for sides in _equation(scene, *scene.equation_of):
            broken = _broken(sides, (room - EDGE) / (SPARE * EQUATION))
            lines += [
                ("equation", EQUATION, EDGE * line.startswith(("=", "+")), line) for line in broken
            ]
    return lines


def _equation(scene: Scene, grid: str, cell: int) -> list[list[str]]:
    """The equation of a cell in pieces that stay together, in symbols and then in numbers."""
    left, terms = scene.terms(grid, cell)
    shown = terms if len(terms) <= MOST_TERMS else terms[: MOST_TERMS - 2]
    sum_of = [_signed(n, "·".join(term)) for n, term in enumerate(shown)]
    if len(shown) < len(terms):
        return [[left, *sum_of, f"+ … and {len(terms) - len(shown)} more terms"]]
    counted = scene.counted(grid, cell) if terms else None
    if counted is None:
        return [[left, *(sum_of or ["= 0"])]]
    result, numbers = counted
    products = [_signed(n, _product(term, n > 0)) for n, term in enumerate(numbers)]
    return [[left, *sum_of], [*products, f"= {result}"]]


def _signed(place: int, term: str) -> str:
    return f"{'+' if place else '='} {term}"


def _product(numbers: Iterable[str], after_a_sign: bool) -> str:
    """Factors with dots between them; a negative one after a sign or a dot stands in parentheses."""
    return "·".join(
        f"({number})" if number.startswith("−") and (n or after_a_sign) else number
        for n, number in enumerate(numbers)
    )


def _broken(pieces: list[str], room: float) -> list[str]:
    """Pieces in lines that are at most so many ems wide."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = f"{lines[-1]} {piece}"
        if width_in_ems(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines
