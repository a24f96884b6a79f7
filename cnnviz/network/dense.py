"""The end of a network: maps laid out in a row, and the fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional.geometry import whole_number
from .base import Layer, Shape, described, he_normal


class Flatten(Layer):
    """All cells of an image in one row: (N, C, H, W) -> (N, C H W).

    >>> Flatten()(np.arange(8).reshape(2, 1, 2, 2))
    array([[0, 1, 2, 3],
           [4, 5, 6, 7]])
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2:
            raise self._reads("(N, ...) with at least two axes", input_shape)
        return (input_shape[0], int(np.prod(input_shape[1:])))

    def _forward(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(self.made)

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        return g.reshape(self.input.shape) if input_gradient else None

    def __repr__(self) -> str:
        return described(self)


class Linear(Layer):
    """The fully connected layer: (N, in_features) -> (N, out_features), x Wᵀ + b.

    Parameters: weight (out_features, in_features), from `he_normal` with fan-in in_features, and
    bias (out_features,), at first 0.
    Raises `DoesNotFit` and TypeError for numbers that cannot be. Source: `torch.nn.Linear`.

    >>> layer = Linear(3, 2, seed=0)
    >>> layer.parameters["weight"][...] = [[1, 2, 3], [0, 0, 10]]
    >>> layer(np.array([[1, 1, 1]]))
    array([[ 6., 10.]])
    >>> layer.backward(np.array([[1, 10]]))
    array([[  1.,   2., 103.]])
    >>> layer.gradients["weight"].tolist(), layer.gradients["bias"].tolist()
    ([[1, 1, 1], [10, 10, 10]], [1, 10])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        seed: Any = None,
        dtype: Any = np.float32,
    ) -> None:
        super().__init__()
        self.in_features = whole_number(in_features, "number of input features", at_least=1)
        self.out_features = whole_number(out_features, "number of output features", at_least=1)
        shape = (self.out_features, self.in_features)
        self.parameters["weight"] = he_normal(shape, self.in_features, seed, dtype)
        if bias:
            self.parameters["bias"] = np.zeros(self.out_features, dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2 or input_shape[1] != self.in_features:
            raise self._reads(f"(N, {self.in_features})", input_shape)
        return (input_shape[0], self.out_features)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        out = x @ self.parameters["weight"].T
        return out + self.parameters["bias"] if "bias" in self.parameters else out

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        self.gradients = {"weight": g.T @ self.input}
        if "bias" in self.parameters:
            self.gradients["bias"] = g.sum(axis=0)
        return g @ self.parameters["weight"] if input_gradient else None

    def __repr__(self) -> str:
        bias = "bias" in self.parameters
        return described(self, self.in_features, self.out_features, bias=(bias, True))
