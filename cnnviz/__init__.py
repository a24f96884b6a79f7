"""cnnviz: drive the backward pass of a convolution. These are the names a lesson imports."""

from importlib import import_module

from . import functional, page, plots  # noqa: F401  (page and plots add .html, .pdf and .png to save)
from .explorers import explore_channels, explore_convolution_matrix, explore_flattening
from .geometry import DoesNotFit, Geometry
from .pictures import convolution_matrix, flattening
from .samples import sample_input, sample_kernel
from .symbols import NOTATIONS, symbol_array

__all__ = [
    "NOTATIONS",
    "DoesNotFit",
    "Geometry",
    "convolution_matrix",
    "explore_channels",
    "explore_convolution_matrix",
    "explore_derivation",
    "explore_documents",
    "explore_flattening",
    "flattening",
    "functional",
    "sample_input",
    "sample_kernel",
    "symbol_array",
]

# Only two lessons need these, and they read a whole library of equations when imported.
_LATER = {"explore_derivation": "derivation_view", "explore_documents": "ledger_view"}


def __getattr__(name: str):
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"cnnviz has no {name!r}.")
