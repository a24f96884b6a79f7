"""The layers over symbols, and that numbers come out as before."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from cnnviz.derivations import symbol_array
from cnnviz.derivations.arrays import each
from cnnviz.network import CrossEntropyLoss, Linear, ReLU, Sequential, log_softmax
from cnnviz.network.four_steps import ACTIVATIONS, Activation, four_steps
from cnnviz.network.loss import Functions

OF_SYMBOLS = Functions(
    exp=lambda cells: each(cells, sp.exp),
    log=lambda cells: each(cells, sp.log),
    largest=lambda scores: sp.Symbol("m"),
)


def test_a_relu_asks_only_for_signs():
    up, down = sp.Symbol("u", positive=True), sp.Symbol("d", negative=True)
    relu = ReLU()
    made = relu(np.array([up, down, sp.Integer(0)], object))
    assert made.tolist() == [up, 0, 0]
    g = np.array(sp.symbols("g_1:4"), object)
    assert relu.backward(g).tolist() == [g[0], 0, 0]
    with pytest.raises(TypeError, match="truth value"):
        relu(np.array([sp.Symbol("x")], object))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_a_relu_leaves_the_dtype(dtype):
    relu = ReLU()
    made = relu(np.array([-1, 2], dtype))
    assert made.dtype == relu.backward(np.array([3, 4], dtype)).dtype == dtype


def test_a_linear_layer_of_letters():
    W, b, x, g = (symbol_array(letter, (1, 2)) for letter in "Wbxg")
    layer = Linear(2, 1, dtype=object)
    layer.load_state({"weight": W, "bias": b[0, :1]})
    assert layer(x)[0, 0] == sum(W[0] * x[0]) + b[0, 0]
    assert layer.backward(g[:, :1]).tolist() == [[g[0, 0] * w for w in W[0]]]
    assert layer.gradients["weight"].tolist() == [[g[0, 0] * cell for cell in x[0]]]
    assert layer.gradients["bias"].tolist() == [g[0, 0]]


def test_a_loss_of_letters():
    z = np.array([sp.symbols("z_1:3")], object)
    loss = CrossEntropyLoss(OF_SYMBOLS)
    surprise = loss(z, [1])
    p = sp.exp(z[0, 1]) / (sp.exp(z[0, 0]) + sp.exp(z[0, 1]))
    assert sp.simplify(sp.exp(-surprise) - p) == 0
    slopes = [sp.diff(surprise, score) for score in z.flat]
    found = zip(loss.backward().flat, slopes, strict=True)
    assert all(sp.simplify(one - other) == 0 for one, other in found)


def test_a_loss_of_numbers_is_a_number():
    for dtype in (np.float32, np.float64, int):
        assert type(CrossEntropyLoss()(np.ones((2, 3), dtype), [0, 1])) is float
    scores = np.array([[1000.0, 0.0]])
    by_hand = Functions(largest=lambda s: np.array([[1000.0]]))
    assert (log_softmax(scores, by_hand) == log_softmax(scores)).all()


def test_the_four_steps_of_letters_are_calculus():
    x, y = symbol_array("x", (2, 1)), symbol_array("y", (1, 1))
    W, b = {1: symbol_array("W", (1, 2))}, {1: symbol_array("b", (1, 1))}
    f = Activation(lambda z: z**3, lambda z: 3 * z**2, "")
    passes = four_steps(x, W, b, y, f)
    assert passes.loss == (y[0, 0] - sum(W[1][0] * x[:, 0], b[1][0, 0]) ** 3) ** 2 / 2
    for variables, gradient in ((W[1], passes.by_W[1]), (b[1], passes.by_b[1])):
        for variable, one in zip(variables.flat, gradient.flat, strict=True):
            assert sp.expand(sp.diff(passes.loss, variable) - one) == 0


def test_the_four_steps_and_the_layers_are_one_network():
    draw = np.random.default_rng(0).standard_normal
    widths = (3, 4, 2)
    shapes = {1: (4, 3), 2: (2, 4)}
    W, b = {l: draw(s) for l, s in shapes.items()}, {l: draw((s[0], 1)) for l, s in shapes.items()}
    x, y = draw((3, 1)), draw((2, 1))
    passes = four_steps(x, W, b, y, ACTIVATIONS["ReLU"])
    dense = [Linear(*pair, dtype=float) for pair in pairwise(widths)]
    for l, layer in enumerate(dense, start=1):
        layer.load_state({"weight": W[l], "bias": b[l].ravel()})
    network = Sequential(dense[0], ReLU(), dense[1], ReLU())
    made = network(x.T)
    network.backward(made - y.T)
    assert type(passes.loss) is float
    for l, layer in enumerate(dense, start=1):
        np.testing.assert_allclose(layer.gradients["weight"], passes.by_W[l])
        np.testing.assert_allclose(layer.gradients["bias"], passes.by_b[l].ravel())
