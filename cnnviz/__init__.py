"""cnnviz: drive the backward pass of a convolution. These are the names a lesson imports."""

from importlib import import_module

from . import functional, page, plots  # noqa: F401  (page and plots add .html, .pdf and .png to save)
from .explorers import (
    explore_average_pooling,
    explore_channels,
    explore_conv_gate,
    explore_convolution_matrix,
    explore_coverage,
    explore_fan_out,
    explore_gate,
    explore_gradient_check,
    explore_index_substitution,
    explore_kernel_channels,
    explore_kernel_gradient,
    explore_max_pooling,
    explore_misnomer,
    explore_network_pass,
    explore_nine_equations,
    explore_one_weight,
    explore_order_of_steps,
    explore_overlapping_windows,
    explore_plain_network,
    explore_reconstruction,
    explore_relu_rules,
    explore_remainder,
    explore_repairs,
    explore_rotation,
    explore_saliency,
    explore_scatter_gather,
    explore_size_ladder,
    explore_spreading,
    explore_ties,
    explore_transpose,
    explore_unpooling,
    explore_upsampling,
    explore_whole_layer,
    explore_wiggle,
)
from .geometry import DoesNotFit, Geometry
from .photographs import photograph
from .pictures import convolution_matrix
from .samples import sample_input, sample_kernel
from .symbols import NOTATIONS, symbol_array

__all__ = [
    "NOTATIONS",
    "DoesNotFit",
    "Geometry",
    "convolution_matrix",
    "explore_average_pooling",
    "explore_channels",
    "explore_conv_gate",
    "explore_convolution_matrix",
    "explore_coverage",
    "explore_derivation",
    "explore_documents",
    "explore_fan_out",
    "explore_gate",
    "explore_gradient_check",
    "explore_index_substitution",
    "explore_kernel_channels",
    "explore_kernel_gradient",
    "explore_max_pooling",
    "explore_misnomer",
    "explore_network_pass",
    "explore_nine_equations",
    "explore_one_weight",
    "explore_order_of_steps",
    "explore_overlapping_windows",
    "explore_own_image",
    "explore_plain_network",
    "explore_reconstruction",
    "explore_relu_rules",
    "explore_remainder",
    "explore_repairs",
    "explore_rotation",
    "explore_saliency",
    "explore_scatter_gather",
    "explore_size_ladder",
    "explore_spreading",
    "explore_ties",
    "explore_training",
    "explore_transpose",
    "explore_unpooling",
    "explore_upsampling",
    "explore_whole_layer",
    "explore_wiggle",
    "functional",
    "photograph",
    "sample_input",
    "sample_kernel",
    "symbol_array",
]

# Few lessons need these, and they take their time: the first two read a whole library of equations.
_LATER = {
    "explore_derivation": "derivation_view",
    "explore_documents": "ledger_view",
    "explore_own_image": "upload",
    "explore_training": "training_view",
}


def __getattr__(name: str):
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"cnnviz has no {name!r}.")
