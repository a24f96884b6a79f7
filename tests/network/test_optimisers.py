"""Optimisers by hand: what one step, and the next ones, make of a single weight."""

import numpy as np
import pytest

from cnnviz.network import Linear
from cnnviz.network.optimisers import SGD, Adam


def one_weight(value=5.0):
    layer = Linear(1, 1, bias=False, dtype=float)
    layer.parameters["weight"][...] = value
    layer.gradients["weight"] = np.array([[2.0]])
    return layer, layer.parameters["weight"]


def test_momentum_by_hand():
    layer, weight = one_weight()
    sgd = SGD(layer, lr=0.1, momentum=0.5)
    steps = [(sgd.step(), weight.item())[1] for _ in range(3)]
    assert steps == pytest.approx([5 - 0.2, 4.8 - 0.3, 4.5 - 0.35])


def test_adam_by_hand():
    layer, weight = one_weight()
    adam = Adam(layer, lr=0.1, betas=(0.5, 0.75), eps=0)
    adam.step()
    assert weight.item() == pytest.approx(4.9)
    layer.gradients["weight"] = np.array([[-1.0]])
    adam.step()  # mean (1 - 1) / 2 = 0, so nothing moves
    assert weight.item() == pytest.approx(4.9)
    adam.step()  # mean -1/2 / (1 - 1/8); square ((1 · 3/4 + 1/4) · 3/4 + 1/4) / (1 - 27/64)
    assert weight.item() == pytest.approx(4.9 + 0.1 * (0.5 / 0.875) / np.sqrt(1 / (37 / 64)))


def test_an_optimiser_without_gradients_or_with_wrong_numbers():
    with pytest.raises(RuntimeError, match="run backward first"):
        SGD(Linear(1, 1), 0.1).step()
    for make in (lambda n: SGD(n, -1), lambda n: SGD(n, 1, -1), lambda n: Adam(n, betas=(1, 0))):
        with pytest.raises(ValueError):
            make(Linear(1, 1))
