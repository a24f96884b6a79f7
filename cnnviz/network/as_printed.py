"""How the layers of the blog behave, told again in our own code, with their faults.

Lesson 08 runs these beside `cnnviz.network`. As in the blog there is one image at a time: a map is
(H, W, channels), an image (H, W), a row of inputs (features,), scores (classes,). The backward
functions that update do so in place, before they return. Each function names the lines of the
ledger (`cnnviz.documents`, its folder `blog`) that it follows, and which of them is not right.

Source: A. Saraswat, Backward Pass of CNN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INPUTS, CLASSES = 1352, 10  # the sizes that blog-05 has written into its line

# The fully connected layer.


def dense_weights(inputs: int, classes: int, seed: Any = 0) -> np.ndarray:
    """Random weights (inputs, classes) of standard deviation 1 / inputs: blog-01."""
    return np.random.default_rng(seed).standard_normal((inputs, classes)) / inputs


def dense_forward(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Scores (classes,) of one row of inputs: blog-03, which is right.

    Nothing in the blog lays the pooled maps out in a row, so its own maps (13, 13, 8) fail here
    with NumPy's ValueError.
    """
    return x @ weights + biases


def dense_bias_gradient(g: np.ndarray) -> Any:
    """The gradient that every bias gets: blog-04, for a single image.

    The sum over axis 0 is meant for a batch. The gradient of a single image has the classes on that
    axis, so one number comes out where there should be one for each class, and all biases move
    together.

    >>> print(dense_bias_gradient(np.array([1.0, 2.0, 3.0, -4.0])))  # right: these four
    2.0
    """
    return np.sum(g, axis=0)


def dense_weight_gradient(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Input times gradient (1352, 10): blog-05, with its sizes written into the line.

    Every other size ends in NumPy's ValueError.
    """
    return np.reshape(x, (INPUTS, 1)) @ np.reshape(g, (1, CLASSES))


def dense_backward(
    x: np.ndarray, g: np.ndarray, weights: np.ndarray, biases: np.ndarray, lr: float = 0.01
) -> np.ndarray:
    """The gradient to the inputs, (features,): blog-04 to blog-08.

    It also updates `weights` and `biases`. Each call moves them on, so it can neither be repeated
    nor checked by differences, and no optimiser can be chosen.
    """
    bias_gradient, weight_gradient = dense_bias_gradient(g), dense_weight_gradient(x, g)
    grad_input = g @ weights.T
    weights -= lr * weight_gradient
    biases -= lr * bias_gradient
    return grad_input


# Max pooling: windows of `size` cells, side by side.


def max_pool_forward(x: np.ndarray, size: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """The maxima (H // size, W // size, C) and their places (H // size, W // size, C, 2): blog-12
    and blog-17 to blog-21.

    The loops start a window at every size-th cell (blog-12), rounded up; the output has room for
    the number rounded down (blog-17). Where size does not divide H or W, this ends in IndexError.

    >>> out, places = max_pool_forward(np.array([[1, 5], [4, 0]])[..., None])
    >>> out.ravel(), places.ravel()
    (array([5.]), array([0, 1]))
    """
    height, width, channels = x.shape
    out = np.zeros((height // size, width // size, channels))
    places = np.zeros((*out.shape, 2), int)
    for top in range(0, height, size):
        for left in range(0, width, size):
            window = x[top : top + size, left : left + size]
            out[top // size, left // size] = window.max(axis=(0, 1))
            for channel in range(channels):
                down, right = np.unravel_index(window[:, :, channel].argmax(), (size, size))
                places[top // size, left // size, channel] = top + down, left + right
    return out, places


def max_pool_backward_by_value(x: np.ndarray, g: np.ndarray, size: int = 2) -> np.ndarray:
    """The gradient to x, first version: whoever equals the maximum receives it, blog-13 to blog-15.

    Cells that tie all receive the whole gradient (blog-14), so more goes back than came. After a
    ReLU ties are common: windows of zeros.

    >>> max_pool_backward_by_value(np.array([[5, 1], [2, 5]])[..., None], np.full((1, 1, 1), 7))
    array([[[7.],
            [0.]],
    <BLANKLINE>
           [[0.],
            [7.]]])
    """
    grad = np.zeros(x.shape)
    height, width, _ = x.shape
    for top in range(0, height, size):
        for left in range(0, width, size):
            window = x[top : top + size, left : left + size]
            largest = window.max(axis=(0, 1))
            for down, right, channel in np.ndindex(window.shape):
                if window[down, right, channel] == largest[channel]:
                    received = g[top // size, left // size, channel]
                    grad[top + down, left + right, channel] = received
    return grad


def max_pool_backward(g: np.ndarray, input_shape: tuple, places: np.ndarray) -> np.ndarray:
    """The gradient to the input, second version: each goes to the stored place, blog-22.

    It is set, not added. Side by side no cell wins twice and both are the same; where windows
    overlap, a cell that won several times keeps the last gradient only.

    >>> twice = np.array([[[[0, 1]], [[0, 1]]]])  # two windows with the same winner
    >>> max_pool_backward(np.array([[[3], [4]]]), (1, 3, 1), twice).ravel()
    array([0., 4., 0.])
    """
    grad = np.zeros(input_shape)
    for i, j, channel in np.ndindex(g.shape):
        row, column = places[i, j, channel]
        grad[row, column, channel] = g[i, j, channel]
    return grad


# ReLU.


def relu_forward(x: np.ndarray) -> np.ndarray:
    """max(0, x). The blog prints only the backward pass of this layer."""
    return np.maximum(x, 0)


def relu_backward(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The gradient to x, 0 wherever x is 0 or less: blog-23 and blog-24, which are right."""
    grad = g.copy()
    grad[x <= 0] = 0
    return grad


# The convolution: one channel in, one for each filter out, no bias (blog-79), stride 1, no padding.


def conv_filters(filters: int, size: int, seed: Any = 0) -> np.ndarray:
    """Random filters (filters, size, size) of standard deviation 1/9: blog-83, made for 3 x 3."""
    return np.random.default_rng(seed).standard_normal((filters, size, size)) / 9


def conv_forward(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """One map for each filter, (oh, ow, filters): blog-84 to blog-87, which are right.

    An image is (H, W), so a second layer of this kind cannot read the maps of a first one: unpacking
    three sizes into two is a ValueError.
    """
    height, width = image.shape
    size = filters.shape[-1]
    out = np.zeros((height - size + 1, width - size + 1, len(filters)))
    for i, j in np.ndindex(out.shape[:2]):
        out[i, j] = (image[i : i + size, j : j + size] * filters).sum(axis=(1, 2))
    return out


def conv_backward(
    image: np.ndarray, g: np.ndarray, filters: np.ndarray, lr: float = 0.01
) -> np.ndarray:
    """The gradient to the image, (H, W): blog-80 to blog-82, each line of which is right.

    It also updates `filters`, with what that brings (see `dense_backward`).
    """
    grad_image, grad_filters = np.zeros(image.shape), np.zeros(filters.shape)
    size = filters.shape[-1]
    for i, j in np.ndindex(g.shape[:2]):
        region = np.s_[i : i + size, j : j + size]
        for f in range(len(filters)):
            grad_filters[f] += g[i, j, f] * image[region]
            grad_image[region] += g[i, j, f] * filters[f]
    filters -= lr * grad_filters
    return grad_image
