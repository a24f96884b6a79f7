"""Every explorer of the course in its variants, as a lesson would write it: swept by the tests and
timed by the benchmark. One that is not named here takes part as it starts."""

import cnnviz
from cnnviz.explorers import EXPLORERS as TOPICS

# No explorers of scenes: these have tests of their own.
VIEWS = {"explore_derivation", "explore_documents", "explore_training", "explore_own_image"}

EXPLORERS = {
    "gate": "explore_gate()",
    "fan-out": "explore_fan_out()",
    "conv gate": "explore_conv_gate()",
    "plain network": "explore_plain_network()",
    "max pooling": "explore_max_pooling()",
    "max pooling, nudged": "explore_max_pooling(nudge=True)",
    "unpooling": "explore_unpooling()",
    "unpooled values": 'explore_unpooling(what="values")',
    "unpooling, switches swapped": "explore_unpooling(swap=True)",
    "ties": "explore_ties()",
    "ties, nudged": "explore_ties(nudge=0.5)",
    "unpooling, size forgotten": "explore_unpooling(input_size=5, forget=True)",
    "overlapping windows": "explore_overlapping_windows()",
    "average pooling": "explore_average_pooling()",
    "order of steps": "explore_order_of_steps()",
    "ReLU and ties": "explore_relu_and_ties()",
    "ReLU and ties, pooled first": 'explore_relu_and_ties(order="pool, then ReLU", rule="all")',
    "maps": "explore_convolution_matrix(parts=())",
    "matrix": "explore_convolution_matrix()",
    "rectangles": "explore_convolution_matrix(3, 4, 2, 1, rectangles=True)",
    "large": 'explore_convolution_matrix(28, parts=("W",), largest=28)',
    "channels": "explore_channels()",
    "transpose": "explore_transpose()",
    "nine equations": "explore_nine_equations()",
    "index substitution": "explore_index_substitution()",
    "rotation": "explore_rotation()",
    "scatter and gather": "explore_scatter_gather()",
    "scatter and gather, strided": "explore_scatter_gather(rectangles=True, stride=1)",
    "scatter and gather, overwritten": "explore_scatter_gather(overwrite=True)",
    "col2im": "explore_folding()",
    "col2im, symbols of the input": 'explore_folding(patches="input", show="symbols")',
    "input channels": "explore_input_channels()",
    "input channels, not turned": 'explore_input_channels(way="not turned")',
    "spreading": "explore_spreading()",
    "spreading, stride forgotten": "explore_spreading(forget_stride=True)",
    "spreading, rectangles": "explore_spreading(rectangles=True)",
    "remainder": "explore_remainder()",
    "size ladder": "explore_size_ladder()",
    "misnomer": "explore_misnomer()",
    "coverage": "explore_coverage()",
    "one weight": "explore_one_weight()",
    "kernel gradient": "explore_kernel_gradient()",
    "kernel gradient, strided": "explore_kernel_gradient(6, 3, stride=2)",
    "kernel gradient, forward": 'explore_kernel_gradient(role="forward")',
    "kernel gradient, to the input": 'explore_kernel_gradient(role="input gradient")',
    "kernel gradient, turned": "explore_kernel_gradient(6, 3, stride=2, turn=True)",
    "wiggle": "explore_wiggle()",
    "wiggle, curved": 'explore_wiggle(scalar="curved")',
    "kernel channels": "explore_kernel_channels()",
    "meetings": "explore_meetings()",
    "meetings, by weight": 'explore_meetings(sort="by weight")',
    "meetings, by input": 'explore_meetings(sort="by input", input_size=4, padding=1)',
    "whole layer": "explore_whole_layer()",
    "whole layer, squared error": 'explore_whole_layer(scalar="squared error")',
    "whole layer, hidden": "explore_whole_layer(blank=True)",
    "repairs": "explore_repairs()",
    "network pass": "explore_network_pass()",
    "network pass, numbers": 'explore_network_pass(size="8×8")',
    "gradient check": "explore_gradient_check()",
    "first weights": "explore_first_weights()",
    "nudge sizes": "explore_nudge_sizes()",
    "nudge sizes, straight": 'explore_nudge_sizes(loss="weighted sum")',
    "ReLU rules": "explore_relu_rules()",
    "saliency": "explore_saliency()",
    "reconstruction": "explore_reconstruction()",
    "upsampling": "explore_upsampling()",
}
_named = {call.partition("(")[0] for call in EXPLORERS.values()}
EXPLORERS |= {
    name: f"{name}()" for names in TOPICS.values() for name in names if name not in _named | VIEWS
}


def made(call: str):
    """The explorer of a call such as "explore_gate()"."""
    name = call.partition("(")[0]
    return eval(call, {name: getattr(cnnviz, name)})
