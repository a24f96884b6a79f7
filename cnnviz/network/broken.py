"""Layers with one mistake each in their backward pass, to see a gradient check find it."""

from __future__ import annotations

import copy

import numpy as np

from ..functional import conv2d_input
from ..functional.pooling import avg_pool2d_backward, max_pool2d_backward_ties
from . import Conv2d, Linear, MaxPool2d, ReLU, Sequential
from .gradient_check import GradientCheck, check_gradients


class Unturned(Conv2d):
    """Sends gradients back with the kernel turned once too often, by 180°."""

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        made = super()._backward(g, input_gradient)
        if made is None:
            return None
        turned = self.parameters["weight"][:, :, ::-1, ::-1]
        return conv2d_input(
            self.input.shape, turned, g, self.stride, self.padding, self.dilation, self.groups
        )


class TiesDoubled(MaxPool2d):
    """Every cell that equals the maximum gets all of the gradient, as in the blog's first version
    (blog-14)."""

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        how = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        return max_pool2d_backward_ties(g, self.input, *how, rule="all") if input_gradient else None


class Shared(MaxPool2d):
    """All cells of a window share the gradient, as if the mean had been taken."""

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        how = (self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return avg_pool2d_backward(g, self.input.shape, *how) if input_gradient else None


class OneBias(Linear):
    """The bias gradient of a single image is summed over its classes (blog-04)."""

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        made = super()._backward(g, input_gradient)
        self.gradients["bias"] = np.full_like(self.gradients["bias"], g.sum())
        return made


class AsksTheGradient(ReLU):
    """Lets a gradient pass if it is above 0 itself, whatever went in: no derivative."""

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        return g * (g > 0) if input_gradient else None


# What can be broken: the number of the layer in the blog's network, and what it becomes.
FAULTS = {
    "nothing": None,
    "one bias gradient for all": (4, OneBias),
    "max pooling shares": (2, Shared),
    "ties doubled": (2, TiesDoubled),
    "ReLU asks the gradient": (1, AsksTheGradient),
    "kernel turned wrongly": (0, Unturned),
}


def with_fault(network: Sequential, fault: str) -> Sequential:
    """A copy of the blog's network, Conv2d, ReLU, MaxPool2d, Flatten, Linear, with one of `FAULTS`.

    >>> from cnnviz.network.training import small_network
    >>> print(with_fault(small_network(), "ties doubled")[2])
    TiesDoubled(2)
    """
    network = network.astype(np.float64)
    if FAULTS[fault] is not None:
        number, kind = FAULTS[fault]
        network[number].__class__ = kind
    return network


def check_each_layer(network: Sequential, input: np.ndarray, **how) -> tuple[GradientCheck, ...]:
    """`check_gradients` of every layer alone, at the maps that `input` makes it see.

    A layer alone has no labels: its outputs are added up with random weights. `how` is passed on.
    """
    network = network.astype(np.float64)
    network(np.asarray(input, np.float64))
    maps = [values.copy() for values in network.maps]
    return tuple(
        check_gradients(copy.deepcopy(layer), values, **how)
        for layer, values in zip(network, maps[:-1], strict=True)
    )
