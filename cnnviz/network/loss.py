"""How wrong a network is: the cross entropy of its scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..functional.geometry import DoesNotFit


def largest_score(scores: np.ndarray) -> np.ndarray:
    """The largest along the last axis, which stays: (..., classes) -> (..., 1)."""
    return scores.max(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Functions:
    """What a softmax asks of its scores beyond sums and quotients: other cells than numbers bring
    their own."""

    exp: Callable[[np.ndarray], np.ndarray] = np.exp
    log: Callable[[np.ndarray], np.ndarray] = np.log
    largest: Callable[[np.ndarray], Any] = largest_score


OF_NUMBERS = Functions()


def log_softmax(scores: Any, functions: Functions = OF_NUMBERS) -> np.ndarray:
    """The logarithms of the probabilities that scores (..., classes) stand for.

    The largest score is taken off first, so that no exponential overflows.

    >>> np.exp(log_softmax([1000.0, 1000.0])).round(6)
    array([0.5, 0.5])
    """
    s = np.asarray(scores)
    s = s - functions.largest(s)
    return s - functions.log(functions.exp(s).sum(axis=-1, keepdims=True))


class CrossEntropyLoss:
    """The mean of -log p(right class) over a batch of scores.

    Called with scores (N, classes) and labels (N,), whole numbers from 0, it returns a number;
    `backward` then returns its gradient to the scores, (p - 1[right class]) / N.
    `functions` are those of numbers; a derivation hands in those of symbols.
    Raises `DoesNotFit` for shapes or labels that do not belong to the scores, and TypeError for
    labels that are no whole numbers. Source: `torch.nn.CrossEntropyLoss`.

    >>> loss = CrossEntropyLoss()
    >>> round(loss([[0.0, 0.0], [0.0, 0.0]], [0, 1]), 6)  # log 2
    0.693147
    >>> loss.backward()
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    """

    def __init__(self, functions: Functions = OF_NUMBERS) -> None:
        self.functions = functions
        self.log_probabilities: np.ndarray | None = None
        self.labels: np.ndarray | None = None

    def __call__(self, scores: Any, labels: Any) -> float:
        scores, labels = np.asarray(scores), np.asarray(labels)
        _check(scores, labels)
        self.log_probabilities, self.labels = log_softmax(scores, self.functions), labels
        right = self.log_probabilities[np.arange(len(labels)), labels]
        return -right.mean(keepdims=True).item()

    def backward(self) -> np.ndarray:
        """The gradient to the scores, (N, classes). RuntimeError before the first call."""
        if self.labels is None:
            raise RuntimeError("The loss has seen no scores yet: call it before backward.")
        gradient = self.functions.exp(self.log_probabilities)
        gradient[np.arange(len(self.labels)), self.labels] -= 1
        return gradient / len(self.labels)

    def __repr__(self) -> str:
        return "CrossEntropyLoss()"


def _check(scores: np.ndarray, labels: np.ndarray) -> None:
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not len(labels):
        raise DoesNotFit(
            "CrossEntropyLoss needs scores (N, classes) and one label for each of at least one "
            f"image, not scores of shape {scores.shape} and labels of shape {labels.shape}."
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"Labels are whole numbers, not {labels.dtype}.")
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise DoesNotFit(
            f"The labels go from {labels.min()} to {labels.max()}, but the {scores.shape[1]} "
            f"classes of scores of shape {scores.shape} are 0 to {scores.shape[1] - 1}."
        )
