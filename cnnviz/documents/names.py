"""The names that the checks in the files of all documents may speak of."""

from __future__ import annotations

from operator import attrgetter
from types import ModuleType

from . import checks
from .note_parts import input_gradient, kernel_gradient

CHECKS = (
    "equation", "displays", "result", "captioned", "bold_cells", "dotted_cells", "code", "fact",
)  # fmt: skip
# Parts of a layer, by which a print is told what it should show.
PARTS = {name: attrgetter(name) for name in ("input", "kernel", "output", "upstream", "matrix")}


def names_of(*modules: ModuleType) -> dict[str, object]:
    """What the checks of a document may speak of: the public names of its own modules, and those
    that all documents share."""
    own = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_")
    }
    shared = {name: getattr(checks, name) for name in CHECKS}
    gradients = {"input_gradient": input_gradient, "kernel_gradient": kernel_gradient}
    return {**own, **gradients, **shared, **PARTS}
