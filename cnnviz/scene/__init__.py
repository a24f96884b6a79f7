"""Scenes: what a picture shows, as a value, and all that draws one.

`grid.py`, `parts.py` and `scene.py` are the value: grids of cells, the table that links them, steps, and the
sentence for each cell; it prints as text. `scale.py` says which colour a number has. `svg.py` is the
one renderer: `fills.py` colours cells, `marks.py` marks them, `labels.py` writes in them, and around a
saved picture `margin.py` and `foot.py` say what a panel says on the screen. `png.py` and `pdf.py` write
the same SVG for print, `page.py` a page that works offline, and `stage.py` is the widget, with the only
JavaScript and CSS in `static/`.
"""

from .grid import MARKS, NOWHERE, ROLES, Axis, Cards, Grid, Place, Slot
from .parts import STROKES, Equation, Lamp, Step, Stroke
from .scene import Scene

__all__ = [
    "MARKS",
    "NOWHERE",
    "ROLES",
    "STROKES",
    "Axis",
    "Cards",
    "Equation",
    "Grid",
    "Lamp",
    "Place",
    "Scene",
    "Slot",
    "Step",
    "Stroke",
]
