"""Is a backward pass right? Its gradients beside central differences, layer by layer.

A central difference (L(p + h) - L(p - h)) / 2h needs forward passes only. It says nothing where the
loss has a kink between p - h and p + h: at a ReLU that changes sides, at a max pooling that changes
its winner. Cells of which a nudge does that, anywhere in the network, are left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import CrossEntropyLoss, Layer, Sequential

INPUT = "input"


@dataclass(frozen=True)
class Row:
    """One parameter, or the input, beside its central differences.

    `error` is the largest difference among the `checked` cells, as a share of the largest of both
    gradients there; inf if there was no gradient of the right shape, nan if no cell could be
    checked. `left_out` cells had a kink too near. `note` says what is wrong beyond numbers.
    """

    layer: str
    parameter: str
    error: float
    checked: int
    left_out: int
    ok: bool
    note: str = ""

    def __str__(self) -> str:
        verdict = "✓" if self.ok else "✕"
        if not self.checked and not self.note:
            verdict = "?"
        kinks = f", {self.left_out} too near a kink" if self.left_out else ""
        note = f"; {self.note}" if self.note else ""
        return (
            f"{verdict} {self.layer}, {self.parameter}: relative error {self.error:.1e} in "
            f"{self.checked} cells{kinks}{note}"
        )


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found: one row for the input, then one for each parameter."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether every row is."""
        return all(row.ok for row in self.rows)

    def __str__(self) -> str:
        return "\n".join(map(str, self.rows))


def check_gradients(
    network: Layer,
    input: Any,
    labels: Any = None,
    *,
    samples: int = 20,
    h: float = 1e-5,
    tolerance: float = 1e-6,
    seed: int = 0,
    dtype: Any = np.float64,
) -> GradientCheck:
    """The gradients of a network to its input and to each parameter, beside central differences.

    `input` is a batch. With `labels` (N,) the loss is the cross entropy; without, it is the sum of
    all outputs, each times a random weight. Everything is done in `dtype` on a copy, so `network`
    stays as it is; float32 is there to see why float64 is the one to use. Of each array up to
    `samples` cells that are far enough from a kink are checked, chosen by `seed`, after at most four
    times as many tries.

    >>> from cnnviz.network import Linear, ReLU
    >>> network = Sequential(Linear(3, 4, seed=0), ReLU(), Linear(4, 2, seed=1))
    >>> check = check_gradients(network, np.ones((5, 3)), [0, 1, 0, 1, 1])
    >>> check.ok, [(row.parameter, row.checked) for row in check.rows]
    (True, [('input', 15), ('0.weight', 12), ('0.bias', 4), ('2.weight', 8), ('2.bias', 2)])
    """
    network = network.astype(dtype)
    x = np.array(input, dtype)
    loss = _loss(network(x), labels, seed)

    def forward() -> tuple[float, list[np.ndarray]]:
        value, _ = loss(network(x))
        return value, [piece.copy() for piece in _pieces(network)]

    _, grad_output = loss(network(x))
    gradients = {INPUT: network.backward(grad_output, input_gradient=True)}
    gradients |= {name: np.array(value) for name, value in network.gradients.items()}
    generator = np.random.default_rng(seed)
    rows = []
    for name, values in {INPUT: x, **network.parameters}.items():
        gradient = gradients.get(name)
        layer = _owner(network, name)
        if gradient is None or np.shape(gradient) != values.shape:
            got = "is missing" if gradient is None else f"has shape {np.shape(gradient)}"
            note = f"the gradient {got}, but {name} has shape {values.shape}"
            rows.append(Row(layer, name, np.inf, 0, 0, False, note))
            continue
        cells = generator.permutation(values.size)[: 4 * samples]
        pairs, left_out = _compare(values, gradient, cells, forward, samples, h)
        error = _relative_error(pairs)
        rows.append(Row(layer, name, error, len(pairs), left_out, error <= tolerance))
    return GradientCheck(tuple(rows), tolerance)


def _loss(made: np.ndarray, labels: Any, seed: int) -> Callable:
    """A function from outputs to the loss and its gradient to them."""
    if labels is None:
        weights = np.random.default_rng((seed, 1)).standard_normal(made.shape).astype(made.dtype)
        return lambda out: (float((weights * out).sum()), weights)
    entropy = CrossEntropyLoss()
    return lambda out: (entropy(out, labels), entropy.backward())


def _compare(values, gradient, cells, forward, samples, h) -> tuple[list, int]:
    """Pairs (central difference, gradient) of up to `samples` cells, and how many were left out."""
    _, before = forward()
    pairs, left_out = [], 0
    for cell in cells:
        if len(pairs) == samples:
            break
        at = np.unravel_index(cell, values.shape)
        old = values[at]
        values[at] = old + h
        above, pieces_above = forward()
        values[at] = old - h
        below, pieces_below = forward()
        values[at] = old
        if _same(before, pieces_above) and _same(before, pieces_below):
            pairs.append(((above - below) / (2 * h), gradient[at]))
        else:
            left_out += 1
    return pairs, left_out


def _same(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def _relative_error(pairs: list[tuple[float, float]]) -> float:
    if not pairs:
        return float("nan")
    numeric, ours = np.array(pairs).T
    largest = max(abs(numeric).max(), abs(ours).max())
    return float(abs(numeric - ours).max() / largest) if largest else 0.0


def _pieces(layer: Layer) -> Iterator[np.ndarray]:
    """Which straight piece each bent layer was on."""
    if isinstance(layer, Sequential):
        for inner in layer:
            yield from _pieces(inner)
    elif (piece := layer.piece()) is not None:
        yield piece


def _owner(network: Layer, name: str) -> str:
    """The layer that a parameter belongs to, as text; the first one for the input."""
    if not isinstance(network, Sequential):
        return repr(network)
    number, _, rest = ("0", "", INPUT) if name == INPUT else name.partition(".")
    return _owner(network[int(number)], rest)
