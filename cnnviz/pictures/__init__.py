"""One function for each picture: arrays in, a Scene out. Nothing here draws."""

from .average_pooling import average_pooling
from .conv_gate import conv_gate
from .convolution_matrix import convolution_matrix
from .coverage import coverage
from .dense_layer import dense_layer
from .fan_out import fan_out
from .gates import gate
from .gradient_lamps import gradient_lamps
from .index_substitution import index_substitution
from .input_gradient import transposed_matrix
from .kernel_channels import kernel_channels
from .kernel_gradient import kernel_gradient
from .max_pooling import max_pooling
from .misnomer import misnomer
from .network_pass import network_pass
from .one_weight import one_weight
from .order_of_steps import order_of_steps
from .overlapping_windows import overlapping_windows
from .plain_network import plain_network
from .pooling_ties import pooling_ties
from .reconstruction import reconstruction
from .relu_rules import relu_rules
from .remainder import remainder_strip
from .repairs import repairs
from .roles import three_correlations
from .saliency_maps import saliency_maps
from .scatter_gather import scatter_gather
from .size_ladder import size_ladder
from .swapped_switches import swapped_switches
from .transposed import spreading
from .turned_kernel import turned_kernel
from .unpooling import unpooling
from .upsampling_photo import upsampling_photo
from .whole_layer import whole_layer
from .wiggle import wiggle
from .written_out import written_out

__all__ = [
    "average_pooling",
    "conv_gate",
    "convolution_matrix",
    "coverage",
    "dense_layer",
    "fan_out",
    "gate",
    "gradient_lamps",
    "index_substitution",
    "kernel_channels",
    "kernel_gradient",
    "max_pooling",
    "misnomer",
    "network_pass",
    "one_weight",
    "order_of_steps",
    "overlapping_windows",
    "plain_network",
    "pooling_ties",
    "reconstruction",
    "relu_rules",
    "remainder_strip",
    "repairs",
    "saliency_maps",
    "scatter_gather",
    "size_ladder",
    "spreading",
    "swapped_switches",
    "three_correlations",
    "transposed_matrix",
    "turned_kernel",
    "unpooling",
    "upsampling_photo",
    "whole_layer",
    "wiggle",
    "written_out",
]
