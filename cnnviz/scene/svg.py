"""The one renderer: a scene as SVG text."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

import numpy as np

from ..symbols import spoken
from . import bitmap
from .foot import foot, foot_height
from .grid import Grid, Slot
from .labels import label, width_in_ems
from .scene import Scene, Stroke

STYLE = (Path(__file__).parent / "static" / "picture.css").read_text(encoding="utf-8")
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


def svg(scene: Scene, standalone: bool = True) -> str:
    """A scene as SVG text.

    ``standalone`` brings its own style and white paper, and below the grids the sentence and the
    equation of this moment: for files and for places that show no widgets. The stage asks for the
    bare picture, styles it with the theme of the page and speaks beside it.
    """
    width, height = saved_size(scene) if standalone else scene.size
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cnnviz-svg" role="img" '
        f'viewBox="0 0 {width} {height}" aria-label="{escape(description(scene))}">'
    ]
    if standalone:
        parts.append(
            f"<style>{resolved(STYLE)}</style>"
            f'<rect class="paper" width="{width}" height="{height}"/>'
        )
    parts += [_cells(grid) for grid in scene.grids]
    parts.append(f'<g class="cnnviz-light">{_light(scene)}</g>')
    written = ((grid, scene.shown(grid)) for grid in scene.grids)
    parts += [_texts(grid, shown) for grid, shown in written if shown]
    parts += map(_stroke, scene.strokes)
    parts += [
        f'<text class="sign" x="{x}" y="{y}">{escape(sign)}</text>' for x, y, sign in scene.signs
    ]
    parts.append(_margin(scene))
    if standalone:
        parts.append(foot(scene))
    parts.append('<g class="cnnviz-veil"></g></svg>')
    return "".join(parts)


def saved_size(scene: Scene) -> tuple[int, int]:
    """Width and height of a saved picture: that of the scene, and the foot."""
    width, height = scene.size
    return width, height + foot_height(scene)


@cache
def resolved(style: str) -> str:
    """A style with its variables filled in: what prints a picture may know none.

    >>> resolved(".a { --edge: #777; stroke: var(--edge); }")
    '.a { stroke: #777; }'
    """
    values = dict(re.findall(r"(--[\w-]+): *([^;]+);", style))
    without = re.sub(r"--[\w-]+: *[^;]+;\s*", "", style)
    return re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], without)


def write(scene: Scene, path: Path) -> None:
    """The picture as a file."""
    path.write_text(svg(scene), encoding="utf-8")


def description(scene: Scene) -> str:
    """What the picture shows, in words: the result, not the drawing."""
    return scene.now()[1]


def boxes(grid: Grid, cells: Iterable[int]) -> str:
    """Path data of the outlines of some cells."""
    width, height = grid.place.width, grid.place.height
    corners = (grid.corner(cell) for cell in cells)
    return "".join(f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z" for x, y in corners)


def _cells(grid: Grid) -> str:
    """Tiles, lines and lasting marks of a grid, with its title above."""
    tile_rows, tile_columns, rows, columns = grid.shape
    place = grid.place
    width, height = columns * place.width, rows * place.height
    tiles = [grid.corner(tile * rows * columns) for tile in range(tile_rows * tile_columns)]
    parts = [
        f'<rect class="tile" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
        for x, y in tiles
    ]
    if grid.texts:
        parts.append(
            f'<path class="lines" d="{"".join(_lines(grid, x, y, 1, 1) for x, y in tiles)}"/>'
        )
    elif grid.ink is not None:
        ink = grid.ink.reshape(tile_rows * tile_columns, rows, columns)
        parts += [
            _image(plane, x, y, width, height, grid.photograph)
            for plane, (x, y) in zip(ink, tiles, strict=True)
        ]
    if grid.blocks:
        lines = "".join(_lines(grid, x, y, *grid.blocks) for x, y in tiles)
        parts.append(f'<path class="blocks" d="{lines}"/>')
    parts += [
        f'<path class="m-{role}" d="{MARKS[role](grid, cells)}"/>'
        for role, cells in grid.marks.items()
        if cells
    ]
    if grid.title:
        middle = place.x + (tile_columns * (width + place.gap) - place.gap) / 2
        x, anchor = (middle, "") if grid.slot.centred else (place.x, ' style="text-anchor:start"')
        y = place.y - 9
        if grid.slot.beside:
            x, y, anchor = place.x - 12, place.y + height / 2 + 5, ' style="text-anchor:end"'
        parts.append(f'<text class="title" x="{x:g}" y="{y:g}"{anchor}>{_title(grid.title)}</text>')
    return "".join(parts)


def _lines(grid: Grid, x: float, y: float, every_row: int, every_column: int) -> str:
    """Path data of the inner lines of one tile."""
    _, _, rows, columns = grid.shape
    place = grid.place
    right, low = columns * place.width, rows * place.height
    across = [
        f"M{x:g} {y + n * place.height:g}h{right:g}" for n in range(every_row, rows, every_row)
    ]
    down = [
        f"M{x + n * place.width:g} {y:g}v{low:g}"
        for n in range(every_column, columns, every_column)
    ]
    return "".join(across + down)


def _slashes(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    return "".join(f"M{x:g} {y + h:g}l{w:g} {-h:g}" for x, y in map(grid.corner, cells))


def _dots(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    r = min(w, h) * 0.09
    middles = ((x + w / 2, y + h * 0.85) for x, y in map(grid.corner, cells))
    return "".join(
        f"M{x - r:g} {y:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0"
        for x, y in middles
    )


def _strikes(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    return "".join(f"M{x:g} {y + h / 2:g}h{w:g}" for x, y in map(grid.corner, cells))


SMALLEST_CORNER = 2.0  # in the smallest cells a corner takes nearly all of the cell, to be seen


def _corners(grid: Grid, cells: Iterable[int]) -> str:
    cell = min(grid.place.width, grid.place.height)
    size = max(0.32 * cell, min(0.9 * cell, SMALLEST_CORNER))
    return "".join(f"M{x:g} {y:g}h{size:g}l{-size:g} {size:g}z" for x, y in map(grid.corner, cells))


def _crosses(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    return "".join(
        f"M{x:g} {y:g}l{w:g} {h:g}m0 {-h:g}l{-w:g} {h:g}" for x, y in map(grid.corner, cells)
    )


def _ticks(grid: Grid, cells: Iterable[int]) -> str:
    w, h = grid.place.width, grid.place.height
    size = 0.2 * min(w, h)
    corners = (grid.corner(cell) for cell in cells)
    return "".join(
        f"M{x + w - 1.5 * size:g} {y + 0.7 * size:g}l{0.4 * size:g} {0.4 * size:g}l{0.7 * size:g} {-0.8 * size:g}"
        for x, y in corners
    )


MARKS = {
    "read": boxes,
    "written": boxes,
    "padding": _slashes,
    "inserted": _dots,
    "cropped": _strikes,
    "switch": _corners,
    "wrong": _crosses,
    "right": _ticks,
}


def _texts(grid: Grid, shown: tuple[str, ...]) -> str:
    """What is written in the cells of a grid, all at one size."""
    place = grid.place
    middle, low = place.width / 2, place.height / 2
    at_rest = grid.texts or ()
    widest = max(map(width_in_ems, {*at_rest, *(t for frame in grid.frames for t in frame)}))
    lines = max(text.count("\n") for text in shown) + 1
    tall = 0.46 if lines == 1 else 0.7 / lines
    size = min(tall * place.height, 0.9 * place.width / max(widest, 0.5), 22)
    write = label if grid.size <= FEW_CELLS else spoken
    low += 0.33 * size
    parts = [f'<g class="texts" data-grid="{grid.name}" font-size="{size:.3g}">']
    for cell, text in enumerate(shown):
        left, top = grid.corner(cell)
        x, y = f"{left + middle:.4g}", top + low
        zero = ' class="zero"' if grid.written_in(cell) == "0" else ""
        if "\n" in text:
            y -= LEADING * size * text.count("\n") / 2
            text = f'</tspan><tspan x="{x}" dy="{LEADING}em">'.join(map(label, text.split("\n")))
            parts.append(f'<text x="{x}" y="{y:.4g}"><tspan>{text}</tspan></text>')
        else:
            parts.append(f'<text{zero} x="{x}" y="{y:.4g}">{write(text)}</text>')
    return "".join([*parts, "</g>"])


LEADING = 1.35  # from one line of a cell to the next, in ems
# In a large map every label counts: there the subscripts are letters of the font, not elements.
FEW_CELLS = 80


def _title(title: str) -> str:
    """A title is words with mathematics between bars: ``input |a|``."""
    words = escape(title).split("|")
    return "".join(f'<tspan class="v">{w}</tspan>' if n % 2 else w for n, w in enumerate(words))


def _image(
    ink: np.ndarray, x: float, y: float, width: float, height: float, photograph: bool = False
) -> str:
    """A plane of ink as a picture. Shrinking keeps the strongest cell, so thin diagonals survive.
    Ink is see-through and takes the colour of the theme; a photograph is grey on any paper."""
    for axis, room in ((0, height), (1, width)):
        step = int(np.ceil(ink.shape[axis] / (2 * room)))
        if step > 1:
            ink = np.maximum.reduceat(ink, np.arange(0, ink.shape[axis], step), axis=axis)
    alpha = (255 * np.clip(ink, 0, 1)).astype(np.uint8)
    channels = [255 - alpha] if photograph else [np.zeros_like(alpha), alpha]
    data = base64.b64encode(bitmap.png(np.stack(channels, axis=-1))).decode()
    kind = "photograph" if photograph else "ink"
    return (
        f'<image class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{data}"/>'
    )


def _light(scene: Scene) -> str:
    """What is lit for the pinned cell."""
    lit, _ = scene.now()
    parts = [
        f'<path class="band" d="{boxes(scene[name], cells)}"/>'
        for name, cells in scene.around.items()
    ]
    parts += [
        f'<path class="l-{scene[name].role}" d="{boxes(scene[name], cells)}"/>'
        for name, cells in lit.items()
    ]
    if scene.focus is not None:
        name, cell = scene.focus
        parts.append(f'<path class="focus" d="{boxes(scene[name], [cell])}"/>')
    return "".join(parts)


def _stroke(stroke: Stroke) -> str:
    """A line with its word at its middle, and a head if it is an arrow."""
    points = stroke.points
    d = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    if stroke.kind in ("forward", "backward"):
        d += _head(points[-2], points[-1])
    parts = [f'<path class="stroke s-{stroke.kind}" d="{d}"/>']
    if stroke.label:
        (x0, y0), (x1, y1) = points[(len(points) - 1) // 2], points[len(points) // 2]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2 + (17 if stroke.below else -7)
        parts.append(f'<text class="beside" x="{x:g}" y="{y:g}">{label(stroke.label)}</text>')
    return "".join(parts)


def _head(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Path data of an arrow's head."""
    way = np.subtract(end, start) / (np.hypot(*np.subtract(end, start)) or 1.0)
    across = np.array([-way[1], way[0]])
    (ax, ay), (bx, by) = end - 9 * way + 4.5 * across, end - 9 * way - 4.5 * across
    return f"M{ax:.4g} {ay:.4g}L{end[0]:g} {end[1]:g}L{bx:.4g} {by:.4g}"


def _margin(scene: Scene) -> str:
    """Counters and the legend, in the right margin."""
    x, y, parts = scene.size[0] - 190, 64, []
    for value, words in scene.counters:
        small = ' style="font-size:18px"' if len(value) > 10 else ""
        parts.append(
            f'<text class="count" x="{x}" y="{y}"{small}>{escape(value)}</text>'
            f'<text class="words" x="{x}" y="{y + 20}">{escape(words)}</text>'
        )
        y += 62
    for lit, words in scene.lamps:
        parts.append(
            f'<text class="lamp {"on" if lit else "off"}" x="{x}" y="{y}">{"✓" if lit else "✕"}</text>'
        )
        for line in textwrap.wrap(words, 22):
            parts.append(f'<text class="words" x="{x + 24}" y="{y}">{escape(line)}</text>')
            y += 18
        y += 10
    roles = {grid.role for grid in scene.grids} | {
        r for g in scene.grids for r in g.marks if g.marks[r]
    }
    for role, words in LEGEND.items():
        if role in roles:
            kind = "l" if role in ("read", "written") else "m"
            parts.append(
                f'<path class="{kind}-{role}" d="{SWATCH[role](_swatch(x, y - 14), [0])}"/>'
                f'<text class="words" x="{x + 24}" y="{y - 2}">{words}</text>'
            )
            y += 24
    return "".join(parts)


def _swatch(x: float, y: float, size: float = 14) -> Grid:
    """A single small cell, to show a mark in the legend."""
    return Grid("swatch", "", (1, 1, 1, 1), Slot(x, y, size, size, largest=size))


# A slash and a strike need their cell around them; a dot and a corner are drawn larger than in a cell.
SWATCH = {
    **MARKS,
    "padding": lambda grid, cells: _slashes(grid, cells) + boxes(grid, cells),
    "cropped": lambda grid, cells: _strikes(grid, cells) + boxes(grid, cells),
    "inserted": lambda grid, cells: _dots(_swatch(grid.slot.x - 14, grid.slot.y - 29, 42), cells),
    "switch": lambda grid, cells: _corners(_swatch(grid.slot.x, grid.slot.y, 35), cells),
}
