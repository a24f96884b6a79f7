"""Layers one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..functional.geometry import DoesNotFit
from .base import Layer, Shape


class Step(NamedTuple):
    """One layer of a network and the shapes on either side of it."""

    layer: Layer
    input_shape: Shape
    output_shape: Shape


class Sequential(Layer):
    """Layers one after the other, itself a layer; layer number i is `network[i]`.

    `parameters` and `gradients` name the arrays of all layers, "0.weight" for layer 0, as in
    PyTorch. After a forward pass `maps` holds the input and every layer's output, and after a
    backward pass `map_gradients` the gradient to each of them, None for one not asked for.
    Raises `DoesNotFit` with the number of the layer where shapes do not fit.
    Source: `torch.nn.Sequential`.
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = list(layers)
        self.input, self.made = None, ()
        self.maps: list[np.ndarray] = []
        self.map_gradients: list[np.ndarray | None] = []

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """All parameters, by number of the layer and name: the arrays themselves, no copies."""
        return self._of_all("parameters")

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """What the last backward pass set, under the names of `parameters`."""
        return self._of_all("gradients")

    def _of_all(self, what: str) -> dict[str, np.ndarray]:
        return {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in getattr(layer, what).items()
        }

    def shapes(self, input_shape: Shape) -> list[Step]:
        """Every layer with its input and output shape, without computing anything.

        >>> from cnnviz.network import Flatten, MaxPool2d
        >>> for step in Sequential(MaxPool2d(2), Flatten()).shapes((1, 8, 26, 26)):
        ...     print(*step)
        MaxPool2d(2) (1, 8, 26, 26) (1, 8, 13, 13)
        Flatten() (1, 8, 13, 13) (1, 1352)
        """
        steps: list[Step] = []
        shape = tuple(input_shape)
        for number, layer in enumerate(self.layers):
            try:
                made = layer.output_shape(shape)
            except DoesNotFit as problem:
                raise DoesNotFit(
                    f"Layer {number} of the network (counted from 0) does not fit: {problem}"
                ) from None
            steps.append(Step(layer, shape, made))
            shape = made
        return steps

    def output_shape(self, input_shape: Shape) -> Shape:
        steps = self.shapes(input_shape)
        return steps[-1].output_shape if steps else tuple(input_shape)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        self.maps = [x]
        for layer in self.layers:
            self.maps.append(layer.forward(self.maps[-1]))
        return self.maps[-1]

    def backward(self, grad_output: Any, input_gradient: bool = False) -> np.ndarray | None:
        """As in every layer, except that the gradient to the input is only computed on request:
        training does not need it, and the first layer is the most expensive one."""
        return super().backward(grad_output, input_gradient)

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        self.map_gradients = [g]
        for number, layer in reversed(list(enumerate(self.layers))):
            g = layer.backward(g, input_gradient or number > 0)
            self.map_gradients.insert(0, g)
        return g if input_gradient else None

    def with_parameters(self) -> list[Layer]:
        """The layers that hold parameters, also those of networks inside this one."""
        return [owner for layer in self.layers for owner in layer.with_parameters()]

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, number: int) -> Layer:
        return self.layers[number]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
