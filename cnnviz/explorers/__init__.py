"""Explorers: one function for each picture with its sliders; a file for each lesson."""

from .applications import (
    explore_reconstruction,
    explore_relu_rules,
    explore_saliency,
    explore_upsampling,
)
from .convolution import explore_channels, explore_convolution_matrix
from .input_gradient import (
    explore_index_substitution,
    explore_nine_equations,
    explore_rotation,
    explore_scatter_gather,
    explore_transpose,
)
from .kernel_gradient import (
    explore_kernel_channels,
    explore_kernel_gradient,
    explore_one_weight,
    explore_wiggle,
)
from .network import explore_gradient_check, explore_network_pass, explore_repairs
from .pooling import (
    explore_average_pooling,
    explore_max_pooling,
    explore_order_of_steps,
    explore_overlapping_windows,
    explore_ties,
    explore_unpooling,
)
from .refresher import (
    explore_conv_gate,
    explore_fan_out,
    explore_gate,
    explore_plain_network,
)
from .small_example import explore_whole_layer
from .transposed import (
    explore_coverage,
    explore_misnomer,
    explore_remainder,
    explore_size_ladder,
    explore_spreading,
)

__all__ = [
    "explore_average_pooling",
    "explore_channels",
    "explore_conv_gate",
    "explore_convolution_matrix",
    "explore_coverage",
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
    "explore_transpose",
    "explore_unpooling",
    "explore_upsampling",
    "explore_whole_layer",
    "explore_wiggle",
]
