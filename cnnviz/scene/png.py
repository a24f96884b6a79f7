"""A scene as PNG: the SVG of a saved picture, drawn by resvg with fonts of our own."""

from __future__ import annotations

from pathlib import Path

from .scene import Scene
from .svg import svg

FONTS = Path(__file__).parent / "static" / "fonts"
DOTS = 2  # to a unit of the picture: 220 to the inch where it is printed as large as on a screen


def png_bytes(scene: Scene) -> bytes:
    """The picture as a PNG file, the same on every machine: fonts of the system are not asked for.

    Raises ModuleNotFoundError where there is no resvg, as in a browser's Python.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise ModuleNotFoundError(
            "A PNG cannot be made here, where resvg_py is not installed; .svg and .html can."
        ) from None
    return svg_to_bytes(
        svg_string=svg(scene), zoom=DOTS, skip_system_fonts=True, font_dirs=[str(FONTS)]
    )


def write(scene: Scene, path: Path) -> None:
    """The picture as a file."""
    path.write_bytes(png_bytes(scene))
