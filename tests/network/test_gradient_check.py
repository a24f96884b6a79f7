"""The gradient check: right layers pass, each broken one is found, and kinks are left out."""

import numpy as np
import pytest

from cnnviz import functional as F
from cnnviz.network import AvgPool2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential
from cnnviz.network.gradient_check import check_gradients
from cnnviz.network.training import small_network

X = np.random.default_rng(3).standard_normal((3, 2, 7, 7))
LABELS = [0, 2, 1]


def network(convolution=Conv2d, pool=MaxPool2d, relu=ReLU, **how):
    how = {"kernel_size": 3, "stride": 2, "padding": 1} | how
    return Sequential(
        convolution(2, 4, seed=0, **how),
        relu(),
        pool(3, stride=1),
        Flatten(),
        Linear(16, 3, seed=1),
    )


def wrong(check):
    return [row.parameter for row in check.rows if not row.ok]


def test_a_right_network_passes():
    check = check_gradients(network(), X, LABELS)
    assert check.ok, check
    assert [row.parameter for row in check.rows] == [
        "input", "0.weight", "0.bias", "4.weight", "4.bias",
    ]  # fmt: skip
    assert {row.checked for row in check.rows} == {20, 4, 3}
    assert max(row.error for row in check.rows) < 1e-7


def test_the_blogs_network_passes_with_float32_weights_left_alone():
    blogs = small_network()
    before = blogs.state()
    images = np.random.default_rng(0).standard_normal((2, 1, 28, 28))
    check = check_gradients(blogs, images, [3, 1], samples=5)
    assert check.ok, check
    assert {p.dtype for p in blogs.parameters.values()} == {np.dtype(np.float32)}
    for name, value in blogs.parameters.items():
        np.testing.assert_array_equal(value, before[name])


# --- broken on purpose ---------------------------------------------------------------------------


class NotTurned(Conv2d):
    """The input gradient gathered with the kernel as it is: rot180 is missing."""

    def _backward(self, g, input_gradient):
        super()._backward(g, False)
        kernel = F.rot180(self.parameters["weight"])
        return F.conv2d_input(self.input.shape, kernel, g, **self.how)


class OneBias(Conv2d):
    """The bias gradient summed over the channels too."""

    def _backward(self, g, input_gradient):
        slope = super()._backward(g, input_gradient)
        self.gradients["bias"] = g.sum()
        return slope


class OneBiasForAll(OneBias):
    """The same, handed to every channel: the shape is right, the numbers are not."""

    def _backward(self, g, input_gradient):
        slope = super()._backward(g, input_gradient)
        self.gradients["bias"] = np.full(self.out_channels, self.gradients["bias"])
        return slope


class NoBias(Conv2d):
    """The bias gradient forgotten."""

    def _backward(self, g, input_gradient):
        slope = super()._backward(g, input_gradient)
        del self.gradients["bias"]
        return slope


class StrideIgnored(Conv2d):
    """The gradients of a convolution with stride 1: what they need beyond g is 0."""

    def _backward(self, g, input_gradient):
        super()._backward(g, False)
        how = self.how | {"stride": 1}
        larger = np.zeros(F.conv2d(self.input, self.parameters["weight"], **how).shape)
        larger[:, :, : g.shape[2], : g.shape[3]] = g
        weight = self.parameters["weight"]
        self.gradients["weight"] = F.conv2d_weight(self.input, weight.shape, larger, **how)
        return F.conv2d_input(self.input.shape, weight, larger, **how)


class MeanForSum(Conv2d):
    """The kernel gradient as a mean over the output cells."""

    def _backward(self, g, input_gradient):
        slope = super()._backward(g, input_gradient)
        self.gradients["weight"] /= g[0, 0].size
        return slope


class Assigned(MaxPool2d):
    """`=` for `+=`: a cell that won several windows keeps one gradient."""

    def _backward(self, g, input_gradient):
        return F.max_unpool2d(g, self.switches, 3, 1, output_size=self.input.shape[-2:])


class TiesDoubled(MaxPool2d):
    """Everybody who equals the maximum receives the gradient."""

    def _backward(self, g, input_gradient):
        x, slope = self.input, np.zeros(self.input.shape)
        for n, c, i, j in np.ndindex(g.shape):
            window = np.s_[n, c, i : i + 3, j : j + 3]
            slope[window] += g[n, c, i, j] * (x[window] == x[window].max())
        return slope


class Leaky(ReLU):
    """A gradient that a ReLU should have stopped."""

    def _backward(self, g, input_gradient):
        return g


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ({"convolution": NotTurned}, ["input"]),
        ({"convolution": OneBias}, ["0.bias"]),
        ({"convolution": OneBiasForAll}, ["0.bias"]),
        ({"convolution": NoBias}, ["0.bias"]),
        ({"convolution": StrideIgnored}, ["input", "0.weight"]),
        ({"convolution": MeanForSum}, ["0.weight"]),
        ({"pool": Assigned}, ["input", "0.weight", "0.bias"]),
        ({"relu": Leaky, "pool": AvgPool2d}, ["input", "0.weight", "0.bias"]),
        ({"relu": lambda: ReLU("guided")}, ["input", "0.weight", "0.bias"]),
    ],
    ids=" ".join,
)
def test_broken_layers_are_found(layers, found):
    assert wrong(check_gradients(network(**layers), X, LABELS)) == found


def test_doubled_ties_are_found_where_there_are_ties():
    flat = np.ones((3, 2, 9, 9))  # every window of the pooling ties, and stays tied under a bias
    right = check_gradients(network(padding=0), flat, LABELS)
    assert right.ok or wrong(right) == ["input"], right
    assert "0.bias" in wrong(check_gradients(network(pool=TiesDoubled, padding=0), flat, LABELS))
    assert check_gradients(network(pool=TiesDoubled), X, LABELS).ok  # no ties, nothing to find


def test_a_gradient_of_the_wrong_shape_is_said():
    (row,) = (r for r in check_gradients(network(OneBias), X, LABELS).rows if not r.ok)
    assert row.note == "the gradient has shape (), but 0.bias has shape (4,)"
    assert "✕ OneBias(2, 4, kernel_size=3, stride=2, padding=1), 0.bias" in str(row)


# --- kinks ---------------------------------------------------------------------------------------


def test_cells_on_a_kink_are_left_out_and_counted():
    check = check_gradients(ReLU(), [[-1.0, 0.0, 1e-6, 3.0]])
    (row,) = check.rows
    assert (row.checked, row.left_out, row.ok) == (2, 2, True)
    assert "2 too near a kink" in str(check)


def test_cells_of_a_tie_are_left_out():
    (row,) = check_gradients(MaxPool2d((1, 3)), [[[[5.0, 5.0, 1.0]]]]).rows
    assert (row.checked, row.left_out, row.ok) == (1, 2, True)


def test_kinks_are_seen_inside_other_networks():
    nested = Sequential(Sequential(ReLU()))
    (row,) = check_gradients(nested, np.zeros((1, 4))).rows
    assert (row.checked, row.left_out, row.ok) == (0, 4, False)
    assert str(row).startswith("?")


def test_a_layer_that_computes_nothing_right():
    class Square(Layer):
        def output_shape(self, input_shape):
            return input_shape

        def _forward(self, x):
            return x**2

        def _backward(self, g, input_gradient):
            return g * self.input  # the 2 is missing

    assert check_gradients(Square(), X).rows[0].error == pytest.approx(0.5, abs=1e-6)
