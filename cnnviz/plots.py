"""Scenes for print: the same picture by matplotlib. The only module that knows matplotlib.

pyplot keeps global state and is not safe in callbacks, which can run on threads of their own: figures
here are ``matplotlib.figure.Figure`` objects.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .scene import WRITERS, Grid, Scene

# The light palette of picture.css, by role: (colour, width of the outline).
ROLE_STYLE = {
    "read": ("#0a62bd", 1.2),
    "written": ("#c24a00", 2.6),
    "padding": ("#66717d", 0.7),
    "inserted": ("#66717d", 0.7),
    "switch": ("#00735a", 2.0),
    "wrong": ("#b01f78", 2.0),
}
HATCH = {"padding": "//", "inserted": "..", "wrong": "xx"}
INCHES_PER_UNIT = 1 / 110


def figure(scene: Scene) -> Figure:
    """The scene as a matplotlib figure, with what is pinned, on white paper."""
    width, height = scene.size
    drawn = Figure(figsize=(width * INCHES_PER_UNIT, height * INCHES_PER_UNIT))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for grid in scene.grids:
        _draw_grid(axes, grid)
    if scene.focus:
        for name, cells in scene.lit(*scene.focus).items():
            _draw_cells(axes, scene[name], cells, scene[name].role, alpha=0.25)
        axes.text(20, height - 4, scene.sentence(*scene.focus), fontsize=9, va="bottom")
    for x, y, sign in scene.signs:
        axes.text(x, y, sign, fontsize=18, ha="center")
    for row, (value, words) in enumerate(scene.counters):
        axes.text(width - 190, 64 + 62 * row, value, fontsize=15, weight="bold")
        axes.text(width - 190, 84 + 62 * row, words, fontsize=8, color="#66717d")
    return drawn


def mathtext(text: str) -> str:
    """A label as matplotlib mathtext.

    >>> mathtext("a_10,12"), mathtext("k^(1,2)_11"), mathtext("−3")
    ('$a_{10,12}$', '$k^{(1,2)}_{11}$', '−3')
    """
    name, _, lowered = text.partition("_")
    name, _, raised = name.partition("^")
    if not lowered:
        return text
    name = name.replace("∂", r"\partial ")
    return f"${name}{f'^{{{raised}}}' if raised else ''}_{{{lowered}}}$"


def _draw_grid(axes, grid: Grid) -> None:
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
    if grid.texts:
        _draw_cells(axes, grid, range(grid.size), None)
        size = (
            72
            * INCHES_PER_UNIT
            * min(0.42 * place.height, 1.7 * place.width / max(map(len, grid.texts)), 20)
        )
        for cell, text in enumerate(grid.texts):
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
        axes.text(x, place.y - 9, title, fontsize=9.5, ha=side, color="#66717d")
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())


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


def _write(scene: Scene, path: Path) -> None:
    figure(scene).savefig(path, dpi=220, facecolor="white")


WRITERS[".pdf"] = WRITERS[".png"] = _write
