"""Every operation of the course under the names and argument order of `torch.nn.functional` and
`torch.nn.grad`, in NumPy.

All of them take (N, C, H, W), (C, H, W) or plain (H, W) maps, of numbers, of SymPy expressions
(object arrays) or of cell numbers, and return the same rank. `geometry.py` says what fits, `windows.py` alone
knows strides and dilations, `table.py` which cells belong together; `samples.py` holds the numbers that
lessons start with.

>>> import numpy as np
>>> conv2d(np.ones((4, 4)), np.ones((3, 3)))
array([[9., 9.],
       [9., 9.]])
"""

from .convolution import conv2d
from .convolution_gradients import (
    conv2d_input,
    conv2d_input_gather,
    conv2d_weight,
    spread_gradient,
)
from .pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_backward_ties,
    max_unpool2d,
)
from .transposed_convolution import conv_transpose2d
from .unrolled import conv_matrix, fold, unfold
from .windows import insert_zeros, rot180, windows

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_input",
    "conv2d_input_gather",
    "conv2d_weight",
    "conv_matrix",
    "conv_transpose2d",
    "fold",
    "insert_zeros",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_backward_ties",
    "max_unpool2d",
    "rot180",
    "spread_gradient",
    "unfold",
    "windows",
]
