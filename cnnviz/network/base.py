"""What every layer has: parameters, gradients, shapes that are checked, and a state to save."""

from __future__ import annotations

import copy
from os import PathLike
from typing import Any

import numpy as np

from ..functional.geometry import DoesNotFit

Shape = tuple[int, ...]


class Layer:
    """A step of a network. `parameters` and `gradients` are arrays by name, of equal shapes.

    A new kind of layer writes `output_shape`, `_forward` and `_backward`, and may forget about
    shapes in the latter two: they have been checked. Shapes start with the batch. A layer keeps
    its input until the next one and expects that nobody writes into it in between.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self.input: np.ndarray | None = None
        self.made: Shape = ()

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape this layer makes of an input's. Raises `DoesNotFit` where it cannot read it."""
        raise NotImplementedError

    def forward(self, input: Any) -> np.ndarray:
        """The output, (N, ...), for an input (N, ...). Raises `DoesNotFit` for a wrong shape."""
        x = np.asarray(input)
        self.made = self.output_shape(x.shape)
        self.input = x
        return self._forward(x)

    def __call__(self, input: Any) -> np.ndarray:
        return self.forward(input)

    def backward(self, grad_output: Any, input_gradient: bool = True) -> np.ndarray | None:
        """From the gradient to the output, sets `gradients` and returns the gradient to the input,
        or None where `input_gradient` is False.

        No parameter changes, and nothing adds up: calling it again gives the same. Raises
        RuntimeError before the first forward pass and `DoesNotFit` for a wrong shape.
        """
        if self.input is None:
            raise RuntimeError(f"{self!r} has no input yet: run it forward before backward.")
        g = np.asarray(grad_output)
        if g.shape != self.made:
            raise DoesNotFit(
                f"{self!r} made an output of shape {self.made}, but grad_output has shape "
                f"{g.shape}."
            )
        return self._backward(g, input_gradient)

    def _forward(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        raise NotImplementedError

    def piece(self) -> np.ndarray | None:
        """Which straight piece of a bent layer the last input was on: the signs of a ReLU, the
        switches of a max pooling. None for layers without a kink."""
        return None

    # What to keep.

    def state(self) -> dict[str, np.ndarray]:
        """Copies of all parameters, by name."""
        return {name: value.copy() for name, value in self.parameters.items()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Puts the parameters of `state` in place of the present ones.

        Raises `DoesNotFit`, before anything is changed, if names or shapes differ.
        """
        check_state(state, self.parameters, repr(self))
        for name, value in self.parameters.items():
            value[...] = state[name]

    def save(self, path: str | PathLike) -> None:
        """Writes the parameters to an .npz file of plain arrays."""
        np.savez(path, **self.parameters)

    def load(self, path: str | PathLike) -> None:
        """Reads what `save` wrote. Errors as in `load_state`; nothing in the file is executed."""
        self.load_state(read_arrays(path))

    def astype(self, dtype: Any) -> Layer:
        """A copy of this layer with parameters of another dtype and with no gradients yet."""
        other = copy.deepcopy(self)
        for owner in other.with_parameters():
            owner.parameters = {n: value.astype(dtype) for n, value in owner.parameters.items()}
            owner.gradients = {}
        return other

    def with_parameters(self) -> list[Layer]:
        """The layers that hold parameters: this one, if it has some."""
        return [self] if self.parameters else []

    def _reads(self, wanted: str, shape: Shape) -> DoesNotFit:
        return DoesNotFit(f"{self!r} reads inputs of shape {wanted}, but this one has {shape}.")


def check_state(state: dict[str, Any], present: dict[str, np.ndarray], what: str) -> None:
    """Raises `DoesNotFit` unless `state` has the names and shapes of the `present` arrays."""
    if state.keys() != present.keys():
        raise DoesNotFit(
            f"The state holds {', '.join(state) or 'nothing'}, but {what} has "
            f"{', '.join(present) or 'nothing to set'}."
        )
    for name, value in present.items():
        if np.shape(state[name]) != value.shape:
            raise DoesNotFit(
                f"{name} has shape {np.shape(state[name])} in the state, but {value.shape} in {what}."
            )


def read_arrays(path: str | PathLike) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, by name. Nothing in the file is executed."""
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def described(layer: Layer, *arguments: Any, **options: tuple[Any, Any]) -> str:
    """The call that makes a layer: each option is (value, default) and shows where they differ."""
    shown = [repr(argument) for argument in arguments]
    shown += [f"{name}={value!r}" for name, (value, usual) in options.items() if value != usual]
    return f"{type(layer).__name__}({', '.join(shown)})"


def he_normal(shape: Shape, fan_in: float, seed: Any, dtype: Any) -> np.ndarray:
    """Random weights of variance 2 / fan_in, with which ReLU layers keep the size of their signals.

    `fan_in` is how many inputs one output adds up. `seed` is a whole number, a NumPy Generator to
    draw from, or None for other numbers each time. Source: He, Zhang, Ren and Sun, Delving deep
    into rectifiers (2015), equation 10; `torch.nn.init.kaiming_normal_`.

    >>> float(he_normal((1000, 50), 50, seed=0, dtype=float).var().round(3))
    0.04
    """
    generator = np.random.default_rng(seed)
    return (generator.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(dtype)
