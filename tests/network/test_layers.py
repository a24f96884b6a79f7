"""The layers of a network: numbers by hand, finite differences, and what backward must not do."""

import numpy as np
import pytest

from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network import (
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    log_softmax,
)
from cnnviz.network.gradient_check import check_gradients
from cnnviz.network.optimisers import SGD, Adam
from cnnviz.network.training import small_network


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def with_parameters(layer, **values):
    for name, value in values.items():
        layer.parameters[name][...] = value
    return layer


# --- by hand -------------------------------------------------------------------------------------


def test_convolution_by_hand():
    layer = with_parameters(Conv2d(1, 1, 2), weight=[[[[1, 2], [3, 4]]]], bias=[100])
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    assert layer(x).ravel().tolist() == [127, 137, 157, 167]
    assert layer.backward([[[[1, 0], [0, 10]]]]).ravel().tolist() == [1, 2, 0, 3, 14, 20, 0, 30, 40]
    assert layer.gradients["weight"].ravel().tolist() == [40, 51, 73, 84]
    assert layer.gradients["bias"].tolist() == [11]


def test_one_bias_gradient_for_each_channel_over_batch_and_cells():
    layer = Conv2d(2, 3, 2, seed=0)
    layer(random(4, 2, 3, 3))
    layer.backward(np.ones((4, 3, 2, 2)) * np.array([1, 10, 100]).reshape(3, 1, 1))
    assert layer.gradients["bias"].tolist() == [16, 160, 1600]


def test_transposed_convolution_by_hand():
    layer = with_parameters(
        ConvTranspose2d(1, 1, (1, 2), stride=(1, 2), output_padding=(0, 1)),
        weight=[[[[1, 10]]]],
        bias=[0.5],
    )
    assert layer([[[[1, 2]]]]).ravel().tolist() == [1.5, 10.5, 2.5, 20.5, 0.5]
    assert layer.backward([[[[1, 2, 3, 4, 100]]]]).ravel().tolist() == [21, 43]
    assert layer.gradients["weight"].ravel().tolist() == [1 * 1 + 2 * 3, 1 * 2 + 2 * 4]
    assert layer.gradients["bias"].tolist() == [110]


def test_poolings_by_hand():
    x = np.array([[[[1.0, 5, 2, 2], [4, 0, 2, 1]]]])
    for pool, out, back in [
        (MaxPool2d(2), [5, 2], [[0, 10, 100, 0], [0, 0, 0, 0]]),
        (AvgPool2d(2), [2.5, 1.75], [[2.5, 2.5, 25, 25]] * 2),
        (MaxPool2d(2, stride=1), [5, 5, 2], None),
    ]:
        assert pool(x).ravel().tolist() == out
        if back:
            assert pool.backward([[[[10, 100]]]])[0, 0].tolist() == back
    assert pool.backward([[[[1, 10, 100]]]])[0, 0].tolist() == [[0, 11, 100, 0], [0, 0, 0, 0]]


def test_relu_is_flat_at_zero_and_below():
    relu = ReLU()
    assert relu([-1.0, 0.0, 2.0]).tolist() == [0, 0, 2]
    assert relu.backward([5.0, 5.0, 5.0]).tolist() == [0, 0, 5]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("backprop", [0, 0, 3, -4]), ("deconvnet", [1, 0, 3, 0]), ("guided", [0, 0, 3, 0])],
)
def test_three_rules_for_relu(rule, expected):
    relu = ReLU(rule)
    relu([-1, -1, 1, 1])
    assert relu.backward([1, -2, 3, -4]).tolist() == expected
    assert repr(ReLU(rule)) == ("ReLU()" if rule == "backprop" else f"ReLU(rule='{rule}')")


def test_a_rule_that_does_not_exist():
    with pytest.raises(ValueError, match="not by 'guide'"):
        ReLU("guide")


def test_cross_entropy_by_hand():
    loss = CrossEntropyLoss()
    assert loss(np.log([[1.0, 3.0], [1.0, 1.0]]), [0, 1]) == pytest.approx(
        (np.log(4) + np.log(2)) / 2
    )
    assert loss.backward().tolist() == [
        [pytest.approx(-3 / 8), pytest.approx(3 / 8)],
        [0.25, -0.25],
    ]


def test_cross_entropy_does_not_overflow():
    loss = CrossEntropyLoss()
    assert loss([[1e4, 0.0]], [1]) == 1e4
    assert loss.backward().tolist() == [[1, -1]]
    assert log_softmax([-1e4, -1e4]).tolist() == [pytest.approx(-np.log(2))] * 2


def test_cross_entropy_against_differences():
    scores, labels, h = random(3, 4), [1, 0, 3], 1e-6
    loss = CrossEntropyLoss()
    loss(scores, labels)
    gradient = loss.backward()
    for cell in np.ndindex(scores.shape):
        nudge = np.zeros_like(scores)
        nudge[cell] = h
        slope = (loss(scores + nudge, labels) - loss(scores - nudge, labels)) / (2 * h)
        assert gradient[cell] == pytest.approx(slope, abs=1e-8)


# --- finite differences --------------------------------------------------------------------------

LAYERS = [
    (Conv2d(1, 2, 3, seed=0), (2, 1, 5, 6)),
    (Conv2d(3, 2, (2, 3), stride=(2, 1), padding=(1, 2), seed=0), (2, 3, 5, 6)),
    (Conv2d(2, 4, 3, stride=2, dilation=2, groups=2, bias=False, seed=0), (3, 2, 8, 9)),
    (Conv2d(2, 2, 3, padding="same", groups=2, seed=0), (1, 2, 4, 5)),
    (ConvTranspose2d(2, 3, 3, seed=0), (2, 2, 3, 4)),
    (ConvTranspose2d(4, 2, 3, 2, 1, output_padding=1, groups=2, seed=0), (2, 4, 3, 4)),
    (ConvTranspose2d(1, 2, 2, dilation=3, output_padding=2, bias=False, seed=0), (2, 1, 2, 3)),
    (ConvTranspose2d(1, 2, 2, 2, 1, output_padding=2, dilation=3, seed=0), (2, 1, 2, 3)),
    (ReLU(), (3, 2, 4)),
    (MaxPool2d(2), (2, 2, 5, 7)),
    (MaxPool2d(3, stride=1, padding=1), (2, 1, 5, 6)),
    (MaxPool2d(2, 2, 1, dilation=2, ceil_mode=True), (2, 2, 6, 7)),
    (AvgPool2d(2), (2, 2, 5, 6)),
    (AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (2, 1, 6, 7)),
    (Flatten(), (2, 3, 2, 2)),
    (Linear(5, 3, seed=0), (4, 5)),
    (Linear(5, 3, bias=False, seed=0), (4, 5)),
]
named = pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=[repr(x) for x, _ in LAYERS])


@named
def test_gradients_are_differences(layer, shape):
    check = check_gradients(layer, random(*shape, seed=1), samples=40)
    assert check.ok, check
    assert len(check.rows) == 1 + len(layer.parameters)


@named
def test_backward_twice_is_backward_once_and_updates_nothing(layer, shape):
    out = layer(random(*shape))
    g = random(*out.shape, seed=2)
    before = layer.state()
    first, gradients = layer.backward(g), dict(layer.gradients)
    second = layer.backward(g)
    np.testing.assert_array_equal(first, second)
    assert first.shape == shape
    for name, value in layer.parameters.items():
        np.testing.assert_array_equal(value, before[name])
        np.testing.assert_array_equal(layer.gradients[name], gradients[name])
        assert gradients[name].shape == value.shape
    assert layer.backward(g, input_gradient=False) is None


@named
def test_the_shape_is_known_without_running(layer, shape):
    assert layer.output_shape(shape) == layer(random(*shape)).shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    network = small_network(0, dtype)
    scores = network(random(2, 1, 28, 28).astype(dtype))
    slope = network.backward(np.ones_like(scores), input_gradient=True)
    assert {scores.dtype, slope.dtype, *(g.dtype for g in network.gradients.values())} == {
        np.dtype(dtype)
    }
    Adam(network).step(), SGD(network, 0.1, 0.9).step()
    assert {p.dtype for p in network.parameters.values()} == {np.dtype(dtype)}


# --- starting values -----------------------------------------------------------------------------


def test_a_seed_gives_the_same_weights_and_a_generator_goes_on():
    same = [Conv2d(1, 2, 3, seed=7).parameters["weight"] for _ in range(2)]
    np.testing.assert_array_equal(*same)
    generator = np.random.default_rng(7)
    one, two = (Conv2d(1, 2, 3, seed=generator).parameters["weight"] for _ in range(2))
    np.testing.assert_array_equal(one, same[0])
    assert (one != two).all()


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (Conv2d(16, 64, 3, groups=4, seed=0), 4 * 9),
        (Linear(50, 400, seed=0), 50),
        (ConvTranspose2d(64, 16, 4, stride=2, seed=0), 64 * 4),
    ],
)
def test_weights_start_by_fan_in_and_biases_at_zero(layer, fan_in):
    assert layer.parameters["weight"].std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.05)
    assert not layer.parameters["bias"].any()


# --- networks ------------------------------------------------------------------------------------


def test_the_shapes_of_the_blogs_network():
    steps = small_network().shapes((5, 1, 28, 28))
    assert [step.output_shape for step in steps] == [
        (5, 8, 26, 26),
        (5, 8, 26, 26),
        (5, 8, 13, 13),
        (5, 1352),
        (5, 10),
    ]
    assert [step.input_shape for step in steps[1:]] == [step.output_shape for step in steps[:-1]]


def test_a_network_keeps_every_map_and_every_gradient():
    network = small_network()
    scores = network(random(2, 1, 28, 28))
    assert [m.shape for m in network.maps[1:]] == [
        s.output_shape for s in network.shapes((2, 1, 28, 28))
    ]
    assert network.backward(np.ones_like(scores)) is None
    assert network.map_gradients[0] is None  # nobody asked for it
    network.backward(np.ones_like(scores), input_gradient=True)
    assert [g.shape for g in network.map_gradients] == [m.shape for m in network.maps]


def test_networks_inside_networks():
    inner = Sequential(Conv2d(1, 2, 3, seed=0), ReLU())
    network = Sequential(inner, Flatten(), Linear(8, 3, seed=1))
    assert list(network.parameters) == ["0.0.weight", "0.0.bias", "2.weight", "2.bias"]
    assert check_gradients(network, random(2, 1, 4, 4), [0, 2]).ok
    assert len(network) == 3 and network[0] is inner and next(iter(network)) is inner


def test_a_step_changes_the_networks_own_arrays():
    network = small_network()
    weight = network[0].parameters["weight"]
    before = weight.copy()
    network.backward(np.ones_like(network(random(2, 1, 28, 28))))
    SGD(network, lr=0.5).step()
    np.testing.assert_allclose(weight, before - 0.5 * network[0].gradients["weight"], rtol=1e-5)


# --- what does not fit ---------------------------------------------------------------------------


def test_a_wrong_layer_is_named_with_both_shapes():
    network = Sequential(Conv2d(1, 8, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(1350, 10))
    with pytest.raises(DoesNotFit) as problem:
        network(np.zeros((5, 1, 28, 28)))
    assert str(problem.value) == (
        "Layer 4 of the network (counted from 0) does not fit: Linear(1350, 10) reads inputs of "
        "shape (N, 1350), but this one has (5, 1352)."
    )


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        (Conv2d(3, 8, 3), (2, 1, 28, 28), r"Conv2d\(3, 8, kernel_size=3\).*\(N, 3, H, W\).*28, 28"),
        (Conv2d(1, 8, 5), (2, 1, 3, 9), r"cannot read the shape \(2, 1, 3, 9\)\. A kernel of 5"),
        (MaxPool2d(2), (8, 8), r"MaxPool2d\(2\) reads inputs of shape \(N, C, H, W\).*\(8, 8\)"),
        (AvgPool2d(4), (1, 1, 3, 3), r"AvgPool2d\(4\) cannot read.*A kernel of 4 does not fit"),
        (ConvTranspose2d(2, 1, 3), (1, 1, 3, 3), r"ConvTranspose2d\(2, 1.*\(N, 2, H, W\)"),
        (ConvTranspose2d(1, 1, 3, padding=4), (1, 1, 1, 1), "crops away the"),
        (Linear(3, 2), (3,), r"Linear\(3, 2\) reads inputs of shape \(N, 3\).*\(3,\)"),
        (Flatten(), (3,), "at least two axes"),
    ],
)
def test_wrong_inputs(layer, shape, sentence):
    with pytest.raises(DoesNotFit, match=sentence):
        layer(np.zeros(shape))


def test_wrong_gradients():
    layer = Linear(3, 2)
    with pytest.raises(RuntimeError, match="forward before backward"):
        layer.backward(np.ones((4, 2)))
    layer(np.ones((4, 3)))
    with pytest.raises(DoesNotFit, match=r"output of shape \(4, 2\), but grad_output has .*\(2,\)"):
        layer.backward(np.ones(2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2d(1, 8, 3, stride=0),
        lambda: Conv2d(3, 8, 3, groups=2),
        lambda: Conv2d(0, 8, 3),
        lambda: ConvTranspose2d(1, 1, 3, stride=2, output_padding=2),
        lambda: MaxPool2d(2, padding=2),
        lambda: Linear(0, 1),
        lambda: CrossEntropyLoss()(np.zeros((2, 3)), [0, 3]),
        lambda: CrossEntropyLoss()(np.zeros((2, 3)), [0]),
        lambda: CrossEntropyLoss()(np.zeros(3), [0]),
    ],
)
def test_numbers_that_cannot_be(make):
    with pytest.raises(DoesNotFit):
        make()


def test_labels_are_whole_numbers():
    with pytest.raises(TypeError, match="whole numbers"):
        CrossEntropyLoss()(np.zeros((1, 3)), [0.5])


# --- keeping -------------------------------------------------------------------------------------


def test_save_and_load(tmp_path):
    one, other = small_network(0), small_network(1)
    x = random(2, 1, 28, 28)
    assert (one(x) != other(x)).any()
    one.save(tmp_path / "network.npz")
    other.load(tmp_path / "network.npz")
    np.testing.assert_array_equal(one(x), other(x))


def test_a_state_is_a_copy_and_a_wrong_one_changes_nothing():
    network = small_network()
    state = network.state()
    state["0.weight"] += 1
    assert (network.parameters["0.weight"] != state["0.weight"]).all()
    with pytest.raises(DoesNotFit, match=r"4.bias has shape \(3,\) in the state, but \(10,\)"):
        network.load_state(state | {"4.bias": np.zeros(3)})
    assert (network.parameters["0.weight"] != state["0.weight"]).all()
    with pytest.raises(DoesNotFit, match="The state holds a, but"):
        network.load_state({"a": np.zeros(3)})


def test_a_file_that_holds_code_is_refused(tmp_path):
    path = tmp_path / "bad.npz"
    np.savez(path, weight=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Linear(1, 1).load(path)
