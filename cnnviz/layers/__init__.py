"""The layers of a trainable network, under the names and arguments of `torch.nn`, in NumPy.

A layer is called with a batch and keeps what its backward pass needs. `backward` takes the gradient
of the loss to its output and returns the gradient to its input; the gradients to its parameters it
puts into `gradients`, beside `parameters`. It changes no parameter, and calling it again gives the
same: that is left to the optimisers (`cnnviz.optimisers`).

>>> import numpy as np
>>> network = Sequential(Conv2d(1, 2, 3, seed=0), ReLU(), Flatten(), Linear(8, 3, seed=1))
>>> loss = CrossEntropyLoss()
>>> surprise = loss(network(np.ones((5, 1, 4, 4))), [0, 1, 2, 0, 1])
>>> network.backward(loss.backward())
>>> {name: gradient.shape for name, gradient in network.gradients.items()}
{'0.weight': (2, 1, 3, 3), '0.bias': (2,), '3.weight': (3, 8), '3.bias': (3,)}
"""

from .activation import ReLU
from .base import Layer
from .convolutional import Conv2d, ConvTranspose2d
from .dense import Flatten, Linear
from .loss import CrossEntropyLoss, log_softmax
from .pooling import AvgPool2d, MaxPool2d
from .sequential import Sequential, Step

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Sequential",
    "Step",
    "log_softmax",
]
