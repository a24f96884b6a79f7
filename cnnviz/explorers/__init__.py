"""Explorers: a picture with its numbers and controls, one function for each; a file for each topic.

`explorer.py` is the value that all of them are, `controls.py` what can be moved, `numbers.py` how a
layer is cut out of the numbers, and `widget.py` draws an explorer in a notebook. The views that are no
pictures of a layer (training, one's own image, derivations, the ledger) are named in `views.py`; the
ledger's cards are made in `record_card.py`, its pictures in `record_pictures`.
A new explorer is named in this list; the tests and the benchmark then sweep it.
"""

EXPLORERS = {
    "matrix": ["explore_channels", "explore_convolution_matrix"],
    "refresher": [
        "explore_conv_gate",
        "explore_fan_out",
        "explore_gate",
        "explore_plain_network",
    ],
    "pooling": [
        "explore_average_pooling",
        "explore_max_pooling",
        "explore_order_of_steps",
        "explore_overlapping_windows",
        "explore_relu_and_ties",
        "explore_ties",
        "explore_unpooling",
    ],
    "input_gradient": [
        "explore_folding",
        "explore_index_substitution",
        "explore_input_channels",
        "explore_nine_equations",
        "explore_rotation",
        "explore_scatter_gather",
        "explore_transpose",
    ],
    "transposed": [
        "explore_coverage",
        "explore_misnomer",
        "explore_remainder",
        "explore_size_ladder",
        "explore_spreading",
    ],
    "kernel_gradient": [
        "explore_kernel_channels",
        "explore_kernel_gradient",
        "explore_one_weight",
        "explore_wiggle",
    ],
    "small_example": ["explore_meetings", "explore_whole_layer"],
    "network": [
        "explore_first_weights",
        "explore_gradient_check",
        "explore_network_pass",
        "explore_nudge_sizes",
        "explore_repairs",
    ],
    "applications": [
        "explore_reconstruction",
        "explore_relu_rules",
        "explore_saliency",
        "explore_upsampling",
    ],
    "views": [
        "explore_derivation",
        "explore_documents",
        "explore_own_image",
        "explore_training",
    ],
}
