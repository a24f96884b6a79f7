"""One function for each picture: arrays in, a Scene out. Nothing here draws."""

from .convolution_matrix import convolution_matrix
from .dense_layer import dense_layer
from .flattening import flattening
from .max_pooling import max_pooling

__all__ = ["convolution_matrix", "dense_layer", "flattening", "max_pooling"]
