"""The colours of cells as SVG: paths of cells that look alike, or an image where a grid is too dense."""

from __future__ import annotations

import base64

import numpy as np

from . import bitmap, scale
from .grid import NOWHERE, Grid
from .marks import boxes
from .scale import LEVELS
from .scene import Scene


def fills(scene: Scene, grid: Grid) -> str:
    """The colours of the cells: those of their numbers, or of what they are."""
    levels = scene.levels(grid, scene.step)
    if grid.hues is not None:
        groups = {hue: hued(hue) for hue in sorted({*grid.hues} - {NOWHERE})}
        kinds = grid.hues
    elif levels is not None:
        kinds = tuple(levels.tolist())
        groups = {level: covering(level) for level in sorted({*kinds} - {0})}
    else:
        return ""
    return "".join(
        f'<path {look} d="{boxes(grid, (cell for cell, one in enumerate(kinds) if one == kind))}"/>'
        for kind, look in groups.items()
    )


def hued(identity: int) -> str:
    """How a cell looks that is coloured by what it is."""
    return f'fill="{scale.as_hex(scale.hue(identity))}" fill-opacity="{scale.COVERS}"'


def covering(level: int) -> str:
    """How a level looks: the hue of its sign, the stronger the larger."""
    return f'class="{"plus" if level > 0 else "minus"}" fill-opacity="{abs(level) / LEVELS:g}"'


THIN = 4  # units: of thinner cells the whole is coloured by their hue, to be seen


def pixels_of(scene: Scene, grid: Grid) -> np.ndarray:
    """A pixel for each cell of a grid without texts: grey for a photograph, else a colour and how much
    of the paper it covers (as `fills` does for cells)."""
    values = grid.counts
    if grid.photograph:
        return (255 * np.clip(values, 0, 1)).astype(np.uint8)[:, np.newaxis]
    pixels = np.zeros((grid.size, 4), np.uint8)
    if grid.hues is not None:
        hues = np.array(grid.hues)
        covers = max(scale.COVERS, min(1, THIN / min(grid.place.width, grid.place.height)))
        for hue in np.unique(hues[hues != NOWHERE]):
            pixels[hues == hue] = (*scale.hue(int(hue)), round(255 * covers))
        return pixels
    levels = scale.levels(values, scene.most(grid))
    pixels[levels > 0, :3], pixels[levels < 0, :3] = scale.PLUS, scale.MINUS
    pixels[:, 3] = 255 * np.abs(levels) / LEVELS
    return pixels


def image(pixels: np.ndarray, x: float, y: float, width: float, height: float) -> str:
    """Pixels (rows, columns, channels) as a picture. Shrinking keeps the strongest cell, so that thin
    diagonals survive."""
    for axis, room in ((0, height), (1, width)):
        step = int(np.ceil(pixels.shape[axis] / (2 * room)))
        if step > 1:
            pixels = _strongest(pixels, step, axis)
    data = base64.b64encode(bitmap.png(pixels)).decode()
    return (
        f'<image x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{data}"/>'
    )


def _strongest(pixels: np.ndarray, step: int, axis: int) -> np.ndarray:
    """Of each ``step`` pixels along an axis the one that covers most (of a photograph: the lightest)."""
    short = -pixels.shape[axis] % step
    around = [(0, short if n == axis else 0) for n in range(3)]
    lines = np.moveaxis(np.pad(pixels, around), axis, 0)
    runs = lines.reshape(-1, step, *lines.shape[1:])
    strongest = runs[..., -1:].argmax(axis=1, keepdims=True)
    return np.moveaxis(np.take_along_axis(runs, strongest, axis=1)[:, 0], 0, axis)
