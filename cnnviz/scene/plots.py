"""Scenes for print: the same picture by matplotlib. The only module that knows matplotlib.

pyplot keeps global state and is not safe in callbacks, which can run on threads of their own: figures
here are ``matplotlib.figure.Figure`` objects.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib as mpl
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .grid import Grid
from .scene import Scene, Stroke
from .svg import BETWEEN

# The light palette of picture.css, by role: (colour, width of the outline).
ROLE_STYLE = {
    "read": ("#0a62bd", 1.2),
    "written": ("#c24a00", 2.6),
    "padding": ("#66717d", 0.7),
    "inserted": ("#66717d", 0.7),
    "switch": ("#00735a", 2.0),
    "wrong": ("#b01f78", 2.0),
    "right": ("#1b2430", 0.6),
    "cropped": ("#66717d", 1.2),
}
STROKE_STYLE = {
    "forward": ("#0a62bd", "-"),
    "backward": ("#c24a00", "-"),
    "axis": ("#7c8794", "-"),
    "curve": ("#1b2430", "-"),
    "tangent": ("#c24a00", "--"),
}
HATCH = {"padding": "//", "inserted": "..", "wrong": "xx", "cropped": "--"}
INCHES_PER_UNIT = 1 / 110


def figure(scene: Scene) -> Figure:
    """The scene as a matplotlib figure, with what is pinned, on white paper."""
    width, height = scene.size
    drawn = Figure(figsize=(width * INCHES_PER_UNIT, height * INCHES_PER_UNIT))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for grid in scene.grids:
        _draw_grid(axes, grid, scene.shown(grid))
    lit, sentence = scene.now()
    for name, cells in scene.around.items():
        _draw_cells(axes, scene[name], cells, None, alpha=0.5)
    for name, cells in lit.items():
        _draw_cells(axes, scene[name], cells, scene[name].role, alpha=0.25)
    if lit:
        axes.text(20, height - 4, sentence, fontsize=9, va="bottom")
    for stroke in scene.strokes:
        _draw_stroke(axes, stroke)
    for x, y, sign in scene.signs:
        axes.text(x, y, sign, fontsize=18, ha="center")
    for row, (value, words) in enumerate(scene.counters):
        axes.text(width - 190, 64 + 62 * row, value, fontsize=15, weight="bold")
        axes.text(width - 190, 84 + 62 * row, words, fontsize=8, color="#66717d")
    top = 64 + 62 * len(scene.counters)
    for row, (holds, words) in enumerate(scene.lamps):
        said = textwrap.fill(f"{'✓' if holds else '✕'} {words}", 26)
        axes.text(width - 190, top + 46 * row, said, fontsize=8, va="top")
    return drawn


def mathtext(text: str) -> str:
    """A label as matplotlib mathtext.

    >>> mathtext("a_10,12"), mathtext("k^(1,2)_11"), mathtext("−3")
    ('$a_{10,12}$', '$k^{(1,2)}_{11}$', '−3')
    >>> mathtext("k_11·a_12 + 1")
    '$k_{11}$·$a_{12}$ + 1'
    """
    if "\n" in text or BETWEEN.search(text):
        lines = [BETWEEN.split(line) for line in text.split("\n")]
        return "\n".join(
            "".join(piece if n % 2 else mathtext(piece) for n, piece in enumerate(pieces))
            for pieces in lines
        )
    name, _, lowered = text.partition("_")
    name, _, raised = name.partition("^")
    if not lowered:
        return text
    name = name.replace("∂", r"\partial ")
    return f"${name}{f'^{{{raised}}}' if raised else ''}_{{{lowered}}}$"


def _draw_grid(axes, grid: Grid, shown: tuple[str, ...] | None) -> None:
    place, (_, _, rows, columns) = grid.place, grid.shape
    for tile in range(0, grid.size, rows * columns):
        x, y = grid.corner(tile)
        right, low = x + columns * place.width, y + rows * place.height
        if grid.texts is None and grid.ink is not None:
            ink = grid.ink[tile : tile + rows * columns].reshape(rows, columns)
            axes.imshow(
                ink,
                cmap="Greys",
                vmin=0,
                vmax=1,
                extent=(x, right, low, y),
                aspect="auto",
                interpolation="nearest" if max(ink.shape) < 200 else "antialiased",
            )
        axes.add_patch(
            Rectangle((x, y), right - x, low - y, fill=False, edgecolor="#7c8794", linewidth=1)
        )
    if shown:
        _draw_cells(axes, grid, range(grid.size), None)
        lines = [line for text in shown for line in text.split("\n")]
        tall = 0.42 if len(lines) == grid.size else 0.6 * grid.size / len(lines)
        widest = max(*map(len, lines), 1)
        size = 72 * INCHES_PER_UNIT * min(tall * place.height, 1.7 * place.width / widest, 20)
        for cell, text in enumerate(shown):
            x, y = grid.corner(cell)
            axes.text(
                x + place.width / 2,
                y + place.height / 2,
                mathtext(text),
                fontsize=size,
                ha="center",
                va="center_baseline",
                color="#a3abb4" if text == "0" else "#1b2430",
            )
    for role, cells in grid.marks.items():
        _draw_cells(axes, grid, cells, role)
    if grid.title:
        words = grid.title.split("|")
        title = "".join(f"${w}$" if n % 2 else w for n, w in enumerate(words))
        middle = (place.x + grid.corner(grid.size - 1)[0] + place.width) / 2
        x, side = (middle, "center") if grid.slot.centred else (place.x, "left")
        y = place.y - 9
        if grid.slot.beside:
            x, y, side = place.x - 12, place.y + rows * place.height / 2 + 5, "right"
        axes.text(x, y, title, fontsize=9.5, ha=side, color="#66717d")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())


def _draw_stroke(axes, stroke: Stroke) -> None:
    colour, dashes = STROKE_STYLE[stroke.kind]
    points = stroke.points
    across, down = zip(*points, strict=True)
    axes.plot(across, down, color=colour, linestyle=dashes, linewidth=1.3)
    if stroke.kind in ("forward", "backward"):
        axes.annotate("", points[-1], points[-2], arrowprops={"arrowstyle": "->", "color": colour})
    if stroke.label:
        (x0, y0), (x1, y1) = points[(len(points) - 1) // 2], points[len(points) // 2]
        side = 10 if stroke.below else -6
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + side, mathtext(stroke.label), fontsize=9,
                  ha="center", va="top" if stroke.below else "bottom")  # fmt: skip


def _draw_cells(axes, grid: Grid, cells, role: str | None, alpha: float = 0.0) -> None:
    """Outlines of some cells; a role adds its colour, its width and its hatching."""
    if not cells:
        return
    colour, width = ROLE_STYLE[role] if role else ("#c9d0d8", 0.6)
    boxes = [Rectangle(grid.corner(cell), grid.place.width, grid.place.height) for cell in cells]
    face = mpl.colors.to_rgba(colour, alpha)
    axes.add_collection(
        PatchCollection(
            boxes, facecolor=face, edgecolor=colour, linewidth=width, hatch=HATCH.get(role)
        )
    )


def write(scene: Scene, path: Path) -> None:
    """The figure as a file, a PNG or a PDF by its ending."""
    figure(scene).savefig(path, dpi=220, facecolor="white")
