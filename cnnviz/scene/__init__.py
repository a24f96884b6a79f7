"""Scenes: what a picture shows, as a value, and all that draws one.

`grid.py` and `scene.py` are the value: grids of cells, the table that links them, steps, and the
sentence for each cell; it prints as text. `svg.py` is the one renderer, with `labels.py`, `bitmap.py`
and `foot.py`, which speaks below a saved picture. `png.py` and `pdf.py` write the same SVG for print,
`page.py` a page that works offline, and `stage.py` is the widget, with the only JavaScript and CSS in
`static/`.
"""

from .grid import MARKS, NOWHERE, ROLES, Axis, Grid, Place, Slot
from .scene import STROKES, Equation, Scene, Step, Stroke

__all__ = [
    "MARKS",
    "NOWHERE",
    "ROLES",
    "STROKES",
    "Axis",
    "Equation",
    "Grid",
    "Place",
    "Scene",
    "Slot",
    "Step",
    "Stroke",
]
