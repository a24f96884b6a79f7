"""cnnviz: drive the backward pass of a convolution. These are the names a lesson imports."""

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
    "explore_flattening",
    "flattening",
    "functional",
    "sample_input",
    "sample_kernel",
    "symbol_array",
]
