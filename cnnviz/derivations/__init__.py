"""Derivations of the documents' equations as values: each line has a reason and can be checked.

>>> from cnnviz import NOTATIONS
>>> derivation = kernel_gradient((3, 3), (2, 2), notation=NOTATIONS["slides"])
>>> derivation.holds()
True
>>> derivation.result[0, 0]
X_11*∂L/∂O_11 + X_12*∂L/∂O_12 + X_21*∂L/∂O_21 + X_22*∂L/∂O_22
"""

from .convolution import convolution_as_matrix, transposed_convolution, transposed_is_not_inverse
from .input_gradient import (
    input_gradient_as_padded_correlation,
    input_gradient_as_scatter,
    input_gradient_as_transpose,
)
from .kernel_and_bias import bias_gradient, kernel_gradient
from .letters import symbol_array
from .network import plain_network
from .one_axis import index_substitution
from .other_layers import fully_connected, relu_gradient, softmax_cross_entropy
from .pooling_average import average_pooling, average_pooling_gradient
from .pooling_max import max_pooling, max_pooling_gradient, unpooling_as_partial_inverse
from .proof import Proof, prove
from .values import Derivation, Line, same

__all__ = [
    "Derivation",
    "Line",
    "Proof",
    "average_pooling",
    "average_pooling_gradient",
    "bias_gradient",
    "convolution_as_matrix",
    "fully_connected",
    "index_substitution",
    "input_gradient_as_padded_correlation",
    "input_gradient_as_scatter",
    "input_gradient_as_transpose",
    "kernel_gradient",
    "max_pooling",
    "max_pooling_gradient",
    "plain_network",
    "prove",
    "relu_gradient",
    "same",
    "softmax_cross_entropy",
    "symbol_array",
    "transposed_convolution",
    "transposed_is_not_inverse",
    "unpooling_as_partial_inverse",
]
