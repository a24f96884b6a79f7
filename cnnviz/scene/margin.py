"""What stands at the right of a saved picture, and beside it on the screen: counters, lamps, legend."""

from __future__ import annotations

import textwrap
from html import escape

from .fills import covering
from .marks import SWATCH, swatch
from .scale import LEVELS
from .scene import Scene

MARGIN, WRAP = 210, 22  # of a saved picture: its width, and letters in a line
BAR = 136  # the width of the scale in the legend
LEGEND = {
    "read": "read",
    "written": "written",
    "padding": "padding",
    "inserted": "inserted zero",
    "cropped": "cropped",
    "switch": "switch",
    "right": "right",
    "wrong": "wrong",
}


def margin(scene: Scene, x: float) -> tuple[str, float]:
    """What stands at the right of a saved picture, from ``x`` on: counters, lamps and the legend; and
    where it ends."""
    y, parts = 64.0, []
    for value, words in scene.counters:
        parts.append(f'<text class="count" x="{x:g}" y="{y:g}">{escape(value)}</text>')
        lines, y = _wrapped(words, x, y + 20)
        parts.append(lines)
        y += 18
    for lamp in scene.lamps:
        kind = "on" if lamp.holds else "mistake" if lamp.mistake else "off"
        parts.append(f'<text class="lamp {kind}" x="{x:g}" y="{y:g}">{lamp.sign}</text>')
        lines, y = _wrapped(lamp.words, x + 24, y)
        parts.append(lines)
        y += 6
    drawn, y = legend(scene, x, y)
    return "".join([*parts, drawn]), y


def _wrapped(words: str, x: float, y: float) -> tuple[str, float]:
    lines = textwrap.wrap(words, WRAP)
    texts = (
        f'<text class="words" x="{x:g}" y="{y + 18 * n:g}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return "".join(texts), y + 18 * len(lines)


def legend(scene: Scene, x: float, y: float) -> tuple[str, float]:
    """The scale of the colours and the marks that are there, one below the other; and where they end."""
    parts = []
    low, high = scene.scale_words
    if high:
        parts.append(_scale_bar(x, y - 12))
        ends = [(x, "start", low), (x + BAR, "end", high)]
        if len(high) >= 8:  # words stand below the bar, in a line of their own
            ends = [(x, "start", f"{low} … {high}")]
        parts += [
            f'<text class="words" x="{at:g}" y="{y + 16:g}" style="text-anchor:{anchor}">'
            f"{escape(text)}</text>"
            for at, anchor, text in ends
        ]
        y += 44
    for role, words in _meanings(scene):
        parts.append(
            f"{_sample(role, x, y - 14)}"
            f'<text class="words" x="{x + 24:g}" y="{y - 2:g}">{words}</text>'
        )
        y += 24
    return "".join(parts), y


def legend_parts(scene: Scene) -> str:
    """The same in a line, as HTML: for the panel beside a picture."""
    low, high = scene.scale_words
    parts = []
    if high:
        bar = f'<svg class="cnnviz-svg scale" viewBox="0 0 {BAR} 12" aria-hidden="true">{_scale_bar(0, 0)}</svg>'
        parts.append(f"<span>{escape(low)}{bar}{escape(high)}</span>")
    for role, words in _meanings(scene):
        sample = _sample(role, 1, 1)
        mark = f'<svg class="cnnviz-svg" viewBox="0 0 16 16" aria-hidden="true">{sample}</svg>'
        parts.append(f"<span>{mark}{words}</span>")
    return "".join(parts)


def _meanings(scene: Scene) -> list[tuple[str, str]]:
    """The roles and marks that a picture shows at some moment, with their words."""
    marked = {role for grid in scene.grids for role, cells in grid.marks.items() if cells}
    there = marked | {grid.role for grid in scene.grids}
    return [(role, words) for role, words in LEGEND.items() if role in there]


def _sample(role: str, x: float, y: float) -> str:
    """A small cell with the outline or the mark of a role."""
    kind = "l" if role in ("read", "written") else "m"
    return f'<path class="{kind}-{role}" d="{SWATCH[role](swatch(x, y), [0])}"/>'


def _scale_bar(x: float, y: float) -> str:
    """All levels side by side, from the largest below 0 to the largest above."""
    wide = BAR / (2 * LEVELS + 1)
    cells = "".join(
        f'<rect {covering(level)} x="{x + wide * (level + LEVELS):.4g}" y="{y:g}" '
        f'width="{wide:.4g}" height="12"/>'
        for level in range(-LEVELS, LEVELS + 1)
        if level
    )
    return f'{cells}<rect class="bar" x="{x:g}" y="{y:g}" width="{BAR}" height="12"/>'
