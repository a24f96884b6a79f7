"""The last line is what the code computes: the code that is run is the project's own."""

import numpy as np
import pytest
import sympy as sp

import cnnviz.derivations as D
from cnnviz.derivations.network import Network, slope
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network import Conv2d, CrossEntropyLoss, Linear, ReLU, four_steps

NOT_THE_CODE = ("The last line is not what the code computes.",)
CONVOLUTIONS = [
    {"input_size": 4, "kernel_size": 3},
    {"input_size": (2, 3), "kernel_size": (1, 2), "padding": 2, "stride": (1, 3)},
    {"input_size": 5, "kernel_size": 3, "padding": "same", "dilation": 2},
    {"input_size": 3, "kernel_size": 2, "groups": 2, "in_channels": 2, "out_channels": 4},
]
DENSE = [
    {"by": by, "convention": convention, "batch": batch}
    for by in ("weight", "bias", "input")
    for convention in ("row", "column")
    for batch in (1, 2)
]
SIGNS = [{"input_size": (1, 4), "values": [[2, -1, 0, 0.5]]}, {"input_size": 2}]
RUN = [
    *((D.relu_gradient, how) for how in SIGNS),
    *((D.fully_connected, how) for how in DENSE),
    *((D.softmax_cross_entropy, {"classes": n}) for n in (2, 4)),
    *((D.plain_network, {"widths": widths}) for widths in ((1, 1), (2, 3, 1))),
    *((D.bias_gradient, how) for how in CONVOLUTIONS),
]


def nothing_goes_back(monkeypatch):
    """Every backward pass of the network gives zeros."""

    def zeros(layer, g, input_gradient=True):
        layer.gradients = {n: np.zeros_like(value) for n, value in layer.parameters.items()}
        return np.zeros_like(layer.input)

    for layer in (ReLU, Linear, Conv2d):
        monkeypatch.setattr(layer, "backward", zeros)
    monkeypatch.setattr(
        CrossEntropyLoss, "backward", lambda loss: np.zeros_like(loss.log_probabilities)
    )
    run = four_steps.four_steps

    def with_zeros(*given):
        passes = run(*given)
        for gradients in (passes.delta, passes.by_W, passes.by_b):
            gradients |= {number: np.zeros_like(cells) for number, cells in gradients.items()}
        return passes

    monkeypatch.setattr(four_steps, "four_steps", with_zeros)


@pytest.mark.parametrize(("derive", "how"), RUN, ids=lambda value: getattr(value, "__name__", None))
def test_the_last_line_is_what_the_layers_compute(derive, how, monkeypatch):
    derivation = derive(**how)
    assert derivation.faults() == ()
    nothing_goes_back(monkeypatch)
    assert derivation.faults() == NOT_THE_CODE


def test_a_layer_with_a_small_mistake_is_noticed_too(monkeypatch):
    """The bias gradient of one image summed over its classes, as the blog prints it; and a loss that
    forgets to divide by the number of images."""
    right = Linear._backward

    def one_bias(layer, g, input_gradient):
        made = right(layer, g, input_gradient)
        layer.gradients["bias"] = np.full_like(layer.gradients["bias"], g.sum())
        return made

    monkeypatch.setattr(Linear, "_backward", one_bias)
    assert D.fully_connected(by="bias").faults() == NOT_THE_CODE
    assert D.fully_connected(by="weight").holds()

    mean = CrossEntropyLoss.backward
    monkeypatch.setattr(CrossEntropyLoss, "backward", lambda loss: mean(loss) * len(loss.labels))
    assert D.softmax_cross_entropy().faults() == NOT_THE_CODE


# A plain network, numbered either way.

WIDTHS = [(1, 1), (2, 3), (2, 3, 1), (1, 2, 1, 2)]


@pytest.mark.parametrize("into", [False, True], ids=["out of", "into"])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_a_network_of_any_widths_in_either_numbering(widths, into):
    assert D.plain_network(widths, into=into).faults() == ()


@pytest.mark.parametrize("into", [False, True], ids=["out of", "into"])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_calculus_layer_by_layer_gives_the_four_steps(widths, into):
    network = Network(widths, into=into)
    z, a, y, delta, last = network.z, network.a, network.y, network.delta, network.last
    assert D.same(network.delta_of(last), (a[last] - y) * slope(z[last]))
    for n in network.layers[:-1]:
        back = network.weights_to(n + 1).T @ delta[n + 1]
        assert D.same(network.delta_of(n), back * slope(z[n]))
    for n in network.layers:
        number = n if into else n - 1
        assert D.same(network.gradient("W", number), delta[n] @ a[n - 1].T)
        assert D.same(network.gradient("b", number), delta[n])
        assert network.W[number].shape == (widths[n - 1], widths[n - 2])


def test_one_layer_by_hand():
    network = Network((2, 1), start=0)
    x0, x1, a, y, z, delta = sp.symbols("x_0 x_1 a^(2)_0 y_0 z^(2)_0 δ^(2)_0")
    assert D.same(network.delta_of(2), [[-(y - a) * slope(z)]])
    assert D.same(network.gradient("W", 1), [[delta * x0, delta * x1]])
    assert D.same(network.gradient("b", 1), [[delta]])


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda network: network.delta_of(1), r"no δ\^\(1\)"),
        (lambda network: network.gradient("b", 0), r"no b\^\(0\)"),
        (lambda network: network.gradient("W", 3), r"no W\^\(3\)"),
        (lambda network: network.delta_of(4), r"no δ\^\(4\)"),
        (lambda network: Network((3,)), "at least one layer after it"),
        (lambda network: Network((3, 0)), "width of a layer"),
    ],
)
def test_what_a_network_does_not_have(ask, sentence):
    with pytest.raises(DoesNotFit, match=sentence):
        ask(Network((2, 2, 2)))
