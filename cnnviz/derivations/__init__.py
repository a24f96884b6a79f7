"""Derivations of the documents' equations as values: each line has a reason and can be checked.

SymPy is loaded with the first of them that is used: no picture has to wait for it.

>>> from cnnviz import NOTATIONS
>>> from cnnviz.derivations import kernel_gradient
>>> derivation = kernel_gradient((3, 3), (2, 2), notation=NOTATIONS["slides"])
>>> derivation.holds()
True
>>> derivation.result[0, 0]
X_11*∂L/∂O_11 + X_12*∂L/∂O_12 + X_21*∂L/∂O_21 + X_22*∂L/∂O_22
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "convolution": [
            "convolution_as_matrix",
            "transposed_convolution",
            "transposed_is_not_inverse",
        ],
        "every_size.input_gradient": ["input_gradient_for_every_size"],
        "every_size.kernel_gradient": ["kernel_gradient_for_every_size"],
        "input_gradient": [
            "input_gradient_as_padded_correlation",
            "input_gradient_as_scatter",
            "input_gradient_as_transpose",
        ],
        "kernel_and_bias": ["bias_gradient", "kernel_gradient"],
        "letters": ["symbol_array"],
        "network": ["plain_network"],
        "one_axis": ["index_substitution"],
        "other_layers": ["fully_connected", "relu_gradient", "softmax_cross_entropy"],
        "pooling_average": ["average_pooling", "average_pooling_gradient"],
        "pooling_max": ["max_pooling", "max_pooling_gradient", "unpooling_as_partial_inverse"],
        "proof": ["Proof", "prove"],
        "values": ["Derivation", "Line", "same"],
    },
)
