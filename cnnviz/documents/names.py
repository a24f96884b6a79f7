"""The names that the checks in the files of all documents may speak of."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from operator import attrgetter
from pkgutil import iter_modules
from types import ModuleType

from . import checks

CHECKS = (
    "equation", "displays", "result", "captioned", "bold_cells", "dotted_cells", "code",
)  # fmt: skip
# Parts of a layer, by which a print is told what it should show.
PARTS = (
    "input", "kernel", "rotated", "output", "upstream", "matrix", "input_gradient",
    "kernel_gradient",
)  # fmt: skip
SHARED = {
    **{name: getattr(checks, name) for name in CHECKS},
    **{name: attrgetter(name) for name in PARTS},
    "supposing": partial,  # a claim under a convention
}


def names_of(document: ModuleType) -> dict[str, object]:
    """What the checks of a document may speak of: the public names of the modules in its folder,
    and those that all documents share."""
    own: dict[str, object] = {}
    for found in iter_modules(document.__path__):
        module = import_module(f"{document.__name__}.{found.name}")
        for name, value in vars(module).items():
            if not name.startswith("_") and own.setdefault(name, value) is not value:
                raise ValueError(f"{module.__name__} calls something else {name}, too.")
    return {**own, **SHARED}
