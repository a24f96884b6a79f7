"""The one renderer: a scene as SVG text."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

import numpy as np

from ..symbols import spoken
from .fills import fills, hued, image, pixels_of
from .foot import foot, foot_height
from .grid import NOWHERE, Grid
from .labels import label, text_size
from .margin import MARGIN, margin
from .marks import MARKS, boxes, outlined
from .parts import Stroke
from .scene import Scene

STYLE = (Path(__file__).parent / "static" / "picture.css").read_text(encoding="utf-8")


def svg(scene: Scene, standalone: bool = True) -> str:
    """A scene as SVG text.

    ``standalone`` brings its own style and white paper, and below the grids the sentence and the
    equation of this moment: for files and for places that show no widgets. The stage asks for the
    bare picture, styles it with the theme of the page and speaks beside it.
    """
    width, height = saved_size(scene) if standalone else scene.extent
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cnnviz-svg" role="img" '
        f'viewBox="0 0 {width:g} {height:g}" aria-label="{escape(description(scene))}">'
    ]
    if standalone:
        parts.append(
            f"<style>{resolved(STYLE)}</style>"
            f'<rect class="paper" width="{width:g}" height="{height:g}"/>'
        )
    parts += [_cells(scene, grid) for grid in scene.grids]
    written = ((grid, scene.shown(grid)) for grid in scene.grids)
    parts += [_texts(scene, grid, shown) for grid, shown in written if shown]
    parts += [_stroke(stroke, scene.step) for stroke in scene.strokes]
    parts += [
        f'<text class="sign" x="{x}" y="{y}">{escape(sign)}</text>' for x, y, sign in scene.signs
    ]
    if standalone:
        parts += [
            margin(scene, scene.extent[0] + 10)[0],
            foot(scene, height - foot_height(scene)),
        ]
    # What is lit lies on top of what is covered: an outline is never half hidden.
    parts.append(f'<g class="cnnviz-veil"></g><g class="cnnviz-light">{_light(scene)}</g></svg>')
    return "".join(parts)


def saved_size(scene: Scene) -> tuple[int, int]:
    """Width and height of a saved picture: those of the scene, its margin and its foot."""
    width, height = scene.extent
    _, low = margin(scene, 0)
    tall = max(height, low)
    return round(width + MARGIN), round(tall + foot_height(scene))


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
    return scene.said


def _cells(scene: Scene, grid: Grid) -> str:
    """Tiles, lines and lasting marks of a grid, with its title above. Of a grid that a step writes
    only the tiles are there before it, and at that step they stand out."""
    if grid.cards:
        return _cards(grid)
    tile_rows, tile_columns, rows, columns = grid.shape
    place = grid.place
    width, height = columns * place.width, rows * place.height
    tiles = [grid.corner(tile * rows * columns) for tile in range(tile_rows * tile_columns)]
    parts = [
        f'<rect class="tile" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
        for x, y in tiles
    ]
    awaited = grid.awaited(scene.step)
    if grid.texts or grid.frames:
        lines = "".join(_lines(grid, x, y, 1, 1) for x, y in tiles)
        parts.append(f'<g class="fills" data-grid="{grid.name}">{fills(scene, grid)}</g>')
        parts.append(f'<path class="lines" d="{lines}"/>')
    elif grid.values is not None and not awaited:
        pixels = pixels_of(scene, grid).reshape(tile_rows * tile_columns, rows, columns, -1)
        parts += [
            image(plane, x, y, width, height) for plane, (x, y) in zip(pixels, tiles, strict=True)
        ]
    if grid.blocks:
        lines = "".join(_lines(grid, x, y, *grid.blocks) for x, y in tiles)
        parts.append(f'<path class="blocks" d="{lines}"/>')
    if not awaited:
        parts += [_marks(scene, grid, role, cells) for role, cells in grid.marks.items()]
    if grid.title:
        middle = place.x + (tile_columns * (width + place.gap) - place.gap) / 2
        x, anchor = (middle, "") if grid.slot.centred else (place.x, ' style="text-anchor:start"')
        y = place.y - 9
        if grid.slot.beside:
            x, y, anchor = place.x - 12, place.y + height / 2 + 5, ' style="text-anchor:end"'
        elif grid.slot.under:
            y = place.y + tile_rows * (height + place.gap) - place.gap + 20
        parts.append(f'<text class="title" x="{x:g}" y="{y:g}"{anchor}>{_title(grid.title)}</text>')
    if grid.since < 0:
        return "".join(parts)
    now = ' class="now"' if scene.step == grid.since and scene.looked_at is None else ""
    return f'<g{now} data-since="{grid.since}">{"".join(parts)}</g>'


def _cards(grid: Grid) -> str:
    """Cells that stand alone, each an element of its own, so that it can be seen to move."""
    hues = grid.hues or (NOWHERE,) * grid.size
    drawn = []
    for cell, hue in enumerate(hues):
        box = boxes(grid, [cell])
        fill = f'<path {hued(hue)} d="{box}"/>' if hue != NOWHERE else ""
        drawn.append(f'<g><path class="tile" d="{box}"/>{fill}</g>')
    return f'<g class="cards" data-grid="{grid.name}">{"".join(drawn)}</g>'


def _marks(scene: Scene, grid: Grid, role: str, cells: tuple[int, ...]) -> str:
    """The marks of one role. What is seen only from some step on stands in a group of that step, which
    the stage hides before it; a picture of an earlier step goes without."""
    since: dict[int, list[int]] = {}
    for cell in cells:
        since.setdefault(grid.marked_since.get(cell, 0), []).append(cell)
    seen = {step: cells for step, cells in since.items() if not 0 <= scene.step < step}
    paths = {
        step: f'<path class="m-{role}" d="{MARKS[role](grid, of)}"/>' for step, of in seen.items()
    }
    return "".join(f'<g data-since="{step}">{d}</g>' if step else d for step, d in paths.items())


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


def _texts(scene: Scene, grid: Grid, shown: tuple[str, ...]) -> str:
    """What is written in the cells of a grid, all at one size."""
    place = grid.place
    middle, low = place.width / 2, place.height / 2
    at_rest = grid.texts or ()
    ever = {*at_rest, *(text for frame in grid.frames for text in frame)}
    lines = max(text.count("\n") for text in shown) + 1
    size = text_size(place.width, place.height, ever, lines)
    write = label if grid.size <= FEW_CELLS else spoken
    low += 0.33 * size
    since = f' data-since="{grid.since}"' if grid.since >= 0 else ""
    parts = [f'<g class="texts" data-grid="{grid.name}"{since} font-size="{size:.3g}">']
    marked = set(grid.zeros)
    for cell, text in enumerate(shown):
        text = "" if cell in marked else text  # its mark says what it is
        left, top = grid.corner(cell)
        x, y = f"{left + middle:.4g}", top + low
        zero = ' class="zero"' if _is_quiet(scene, grid, cell, text) else ""
        if "\n" in text:
            parts.append(f'<text x="{x}" y="{y:.4g}">{_stacked(text, x)}</text>')
        else:
            parts.append(f'<text{zero} x="{x}" y="{y:.4g}">{write(text)}</text>')
    return "".join([*parts, "</g>"])


def _is_quiet(scene: Scene, grid: Grid, cell: int, text: str) -> bool:
    """Is this a 0 that is no result: one that must be, or one in which nothing has arrived yet?"""
    return text == "0" and (grid.written_in(cell) == "0" or not _arrived(scene, grid, cell))


def _arrived(scene: Scene, grid: Grid, cell: int) -> bool:
    """Has a step up to now brought something to this cell, be it a 0? At rest all is there."""
    if scene.step < 0 or not grid.frames:
        return True
    so_far = slice(scene.step + 1)
    return any(frame[cell] != "0" for frame in grid.frames[so_far]) or any(
        cell in step.writes.get(grid.name, ()) for step in scene.steps[so_far]
    )


def _stacked(text: str, x: str) -> str:
    """Lines around the height at which a single one would stand."""
    up, *further = text.split("\n")
    first = f'<tspan x="{x}" dy="{-LEADING * len(further) / 2:g}em">{label(up)}</tspan>'
    return first + "".join(
        f'<tspan x="{x}" dy="{LEADING}em">{label(line)}</tspan>' for line in further
    )


LEADING = 1.35  # from one line of a cell to the next, in ems
# In a large map every label counts: there the subscripts are letters of the font, not elements.
FEW_CELLS = 80


def _title(title: str) -> str:
    """A title is words with mathematics between bars: ``input |a|``."""
    words = escape(title).split("|")
    return "".join(f'<tspan class="v">{w}</tspan>' if n % 2 else w for n, w in enumerate(words))


def _light(scene: Scene) -> str:
    """What is lit for the pinned cell or the step."""
    parts = [
        f'<path class="band" d="{boxes(scene[name], cells)}"/>'
        for name, cells in scene.around.items()
    ]
    parts += [
        f'<path class="l-{role}" d="{outlined(scene[name], cells)}"/>'
        for role, name, cells in scene.light()
    ]
    if scene.looked_at is not None:
        name, cell = scene.looked_at
        parts.append(f'<path class="focus" d="{boxes(scene[name], [cell])}"/>')
    return "".join(parts)


_BELOW = {"tangent": 21}  # how far below a line its word stands: below a broad one farther


def _stroke(stroke: Stroke, step: int) -> str:
    """A line with its word at its middle, and a head if it is an arrow. The stage dims it where it does
    not belong to a step, as here."""
    points = stroke.points
    d = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    if stroke.kind in ("forward", "backward"):
        d += _head(points[-2], points[-1])
    parts = [f'<path class="stroke s-{stroke.kind}" d="{d}"/>']
    if stroke.label:
        (x0, y0), (x1, y1) = points[(len(points) - 1) // 2], points[len(points) // 2]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2 + (_BELOW.get(stroke.kind, 17) if stroke.below else -7)
        parts.append(f'<text class="beside" x="{x:g}" y="{y:g}">{label(stroke.label)}</text>')
    if not stroke.steps:
        return "".join(parts)
    steps, dim = " ".join(map(str, stroke.steps)), ' class="dim"' if stroke.dim(step) else ""
    return f'<g{dim} data-steps="{steps}">{"".join(parts)}</g>'


def _head(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Path data of an arrow's head."""
    way = np.subtract(end, start) / (np.hypot(*np.subtract(end, start)) or 1.0)
    across = np.array([-way[1], way[0]])
    (ax, ay), (bx, by) = end - 9 * way + 4.5 * across, end - 9 * way - 4.5 * across
    return f"M{ax:.4g} {ay:.4g}L{end[0]:g} {end[1]:g}L{bx:.4g} {by:.4g}"
