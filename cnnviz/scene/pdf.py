"""A scene as PDF: the SVG of a saved picture on a page of its size, set by typst. Lines stay lines and
text stays text, to be enlarged, searched and copied."""

from __future__ import annotations

from pathlib import Path

from .png import FONTS
from .scene import Scene
from .svg import description, saved_size, svg

POINTS = 72 / 110  # a unit of the picture, printed as large as on a screen
# The texts come in by name: nothing in them is read as typst's own language.
PAGE = """
#let given = sys.inputs
#set document(title: given.title, date: none)
#set page(width: float(given.width) * 1pt, height: float(given.height) * 1pt, margin: 0pt)
#image(bytes(given.picture), format: "svg", width: 100%, alt: given.says)
"""


def pdf_bytes(scene: Scene) -> bytes:
    """The picture as a PDF file. Raises ModuleNotFoundError where there is no typst."""
    try:
        import typst
    except ImportError:
        raise ModuleNotFoundError(
            "A PDF is set by typst, which is not installed: pip install 'cnnviz[print]'. "
            "Without it a scene can be saved as .svg, .html or .png."
        ) from None
    width, height = saved_size(scene)
    inputs = {
        "title": scene.title or "A picture",
        "width": f"{width * POINTS:.2f}",
        "height": f"{height * POINTS:.2f}",
        "picture": svg(scene),
        "says": description(scene),
    }
    # Its stub wants page and font folder of one type; it takes them as they are.
    return typst.compile(  # type: ignore[call-overload]
        PAGE.encode(), format="pdf", sys_inputs=inputs, font_paths=[FONTS], ignore_system_fonts=True
    )


def write(scene: Scene, path: Path) -> None:
    """The picture as a file."""
    path.write_bytes(pdf_bytes(scene))
