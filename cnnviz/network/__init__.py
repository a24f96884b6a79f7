"""A network that learns, in NumPy: layers under the names of `torch.nn`, training, data, and uses.

A layer is called with a batch and keeps what its backward pass needs. `backward` takes the gradient
of the loss to its output and returns the gradient to its input; the gradients to its parameters it
puts into `gradients`, beside `parameters`. It changes no parameter, and calling it again gives the
same: that is left to the optimisers.

>>> import numpy as np
>>> network = Sequential(Conv2d(1, 2, 3, seed=0), ReLU(), Flatten(), Linear(8, 3, seed=1))
>>> loss = CrossEntropyLoss()
>>> surprise = loss(network(np.ones((5, 1, 4, 4))), [0, 1, 2, 0, 1])
>>> network.backward(loss.backward())
>>> {name: gradient.shape for name, gradient in network.gradients.items()}
{'0.weight': (2, 1, 3, 3), '0.bias': (2,), '3.weight': (3, 8), '3.bias': (3,)}

Beside the layers: `training.py` and `recorded_training.py` (a run that can stop anywhere), `trained.py`
(networks that have learned), `digits.py` and `photographs.py` (data), `gradient_check.py` and
`broken.py` (finding a broken layer), `as_printed.py` and `repairs.py` (the blog's faults),
`attribution.py` and `upsampling.py` (what the backward pass is used for).
"""

import lazy_loader

from .activation import ReLU
from .base import Layer
from .convolutional import Conv2d, ConvTranspose2d
from .dense import Flatten, Linear
from .loss import CrossEntropyLoss, log_softmax
from .pooling import AvgPool2d, MaxPool2d
from .sequential import Sequential, Step

# Used by few lessons; some read data or train.
__getattr__, __dir__, _later = lazy_loader.attach(
    __name__,
    submodules=["as_printed"],
    submod_attrs={
        "attribution": [
            "likeness",
            "likeness_of_scores",
            "one_map",
            "pooled_maps",
            "reconstruct",
            "saliency",
        ],
        "digits": ["digits_to_learn"],
        "gradient_check": ["check_gradients"],
        "optimisers": ["SGD", "Adam"],
        "photographs": ["photograph"],
        "repairs": ["REPAIRS"],
        "trained": ["deep_network", "trained_network"],
        "training": ["Training", "small_network"],
        "upsampling": ["bilinear_kernel", "enlarge_map", "first_kernel", "learn_kernel"],
    },
)

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
    *_later,
]
