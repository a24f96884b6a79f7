"""The four steps of backpropagation through a plain network, on numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """A function f of each sum z, its slope f', and how both are written."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    call: str


def _logistic(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


ACTIVATIONS = {
    "ReLU": Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float), "torch.relu"),
    "sigmoid": Activation(_logistic, lambda z: _logistic(z) * (1 - _logistic(z)), "torch.sigmoid"),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, "torch.tanh"),
}


@dataclass(frozen=True)
class Passes:
    """All that the two passes compute; layer l stands at place l, the input at 1.

    ``z[l]``, ``a[l]``, ``slope[l]`` and ``delta[l]`` are columns (width of l, 1); ``by_W[l]`` and
    ``by_b[l]`` have the shapes of ``W[l]`` and ``b[l]``, which lead from layer l to l + 1.
    """

    z: dict[int, np.ndarray]
    a: dict[int, np.ndarray]
    slope: dict[int, np.ndarray]
    error: np.ndarray
    delta: dict[int, np.ndarray]
    by_W: dict[int, np.ndarray]
    by_b: dict[int, np.ndarray]
    loss: float


def forward(x, W: dict, b: dict, f: Activation) -> tuple[dict, dict]:
    """Step 1: z⁽ˡ⁺¹⁾ = W⁽ˡ⁾a⁽ˡ⁾ + b⁽ˡ⁾ and a = f(z), for columns x (n, 1). Returns (z, a)."""
    z, a = {}, {1: x}
    for l in sorted(W):
        z[l + 1] = W[l] @ a[l] + b[l]
        a[l + 1] = f.value(z[l + 1])
    return z, a


def loss_of(output: np.ndarray, y: np.ndarray) -> float:
    """Half the squared error, J = ½‖y − a‖²."""
    return ((y - output) ** 2).sum(keepdims=True).item() / 2


def four_steps(x, W: dict, b: dict, y, f: Activation) -> Passes:
    """Forward, δ at the output, δ backwards, and the gradients.

    ``x`` (n, 1) and ``y`` are columns; ``W[l]`` (width of l + 1, width of l) and ``b[l]`` lead from
    layer l to l + 1. Source: slides, "Back-propagation algorithm for NN", with the numbering of its
    step 4 in step 3 too.

    >>> one = np.array([[1.0]])
    >>> passes = four_steps(one, {1: 3 * one}, {1: 0 * one}, one, ACTIVATIONS["ReLU"])
    >>> passes.loss, passes.by_W[1].tolist()
    (2.0, [[2.0]])
    """
    z, a = forward(x, W, b, f)
    last = max(z)
    slope = {l: f.slope(z[l]) for l in z}
    error = a[last] - y
    delta = {last: error * slope[last]}
    for l in range(last - 1, 1, -1):
        delta[l] = (W[l].T @ delta[l + 1]) * slope[l]
    by_W = {l: delta[l + 1] @ a[l].T for l in W}
    by_b = {l: delta[l + 1] for l in W}
    return Passes(z, a, slope, error, delta, by_W, by_b, loss_of(a[last], y))


def agrees_with_differences(passes: Passes, x, W: dict, b: dict, y, f: Activation) -> bool:
    """Every gradient against the central difference of the loss, entry by entry."""

    def measured(array: np.ndarray, cell: tuple[int, int], h: float = 1e-5) -> float:
        kept, losses = array[cell], []
        for moved in (kept + h, kept - h):
            array[cell] = moved
            losses.append(loss_of(forward(x, W, b, f)[1][max(W) + 1], y))
        array[cell] = kept
        return (losses[0] - losses[1]) / (2 * h)

    W, b = ({l: array.copy() for l, array in arrays.items()} for arrays in (W, b))
    pairs = [(W[l], passes.by_W[l]) for l in W] + [(b[l], passes.by_b[l]) for l in b]
    return all(
        abs(measured(array, cell) - gradient[cell]) < 1e-5 * max(1.0, abs(gradient[cell]))
        for array, gradient in pairs
        for cell in np.ndindex(*array.shape)
    )
