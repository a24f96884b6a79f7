"""What lesson 08 says of sizes, faults and checks, computed; by section."""

import numpy as np
import pytest

from cnnviz import explore_gradient_check
from cnnviz.documents.ledger import all_records
from cnnviz.network import (
    REPAIRS,
    SGD,
    Conv2d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    ReLU,
    Sequential,
    as_printed,
    check_gradients,
    small_network,
)
from cnnviz.network.first_weights import sizes_after
from cnnviz.network.nudge_sizes import POWERS, errors_of_nudges


def is_right(fault, size, count):
    return REPAIRS[fault].run(size, count).same


# 1. A layer is two functions


def test_1_eight_filters_make_1352_numbers_of_a_digit():
    assert 28 - 3 + 1 == 26 and 26 // 2 == 13 and 1352 / (13 * 13) == 8
    shapes = [step.output_shape[1:] for step in small_network().shapes((1, 1, 28, 28))]
    assert shapes == [(8, 26, 26), (8, 26, 26), (8, 13, 13), (1352,), (10,)]


def test_1_of_its_network_the_blog_prints_1352_and_10_and_no_28():
    code = " ".join(one.printed for one in all_records() if one.document == "blog")
    assert "reshape(1352, 1)" in code and "reshape(1, 10)" in code
    assert "28" not in code and "26" not in code


def test_1_the_last_layer_holds_nearly_all_numbers():
    counts = {name: array.size for name, array in small_network().parameters.items()}
    assert counts == {"0.weight": 72, "0.bias": 8, "4.weight": 13520, "4.bias": 10}
    assert sum(counts.values()) == 13_610 and 13_520 + 10 == 13_530 and 72 + 8 == 80


def test_1_rows_and_columns_are_the_same_computation():
    W, x, b, g = np.arange(6.0).reshape(2, 3), np.array([1.0, -1, 2]), np.array([5.0, 7]), [3.0, -2]
    layer = Linear(3, 2, dtype=float)
    layer.load_state({"weight": W, "bias": b})
    assert layer.parameters["weight"].shape == (2, 3)  # outputs × inputs
    assert np.allclose(layer(x[None])[0], W @ x + b)
    assert np.allclose(layer.backward(np.array([g]))[0], W.T @ g)
    assert np.allclose(layer.gradients["weight"], np.outer(g, x))
    assert np.allclose(x @ W.T + b, as_printed.dense_forward(x, W.T, b))  # the blog's rows


# 2. Faults


def test_2_one_number_is_printed_for_all_biases():
    trial = REPAIRS["one bias gradient for all"].run(4, 1)
    assert trial.given["upstream gradient"].tolist() == [[1, -2, 3, 4]]
    assert trial.printed["bias gradient"].tolist() == [[6, 6, 6, 6]]
    assert is_right("one bias gradient for all", 4, 2)


def test_2_the_printed_biases_stay_0():
    assert not any(REPAIRS["biases that stay 0"].run(4, 20).printed["biases"].ravel())


@pytest.mark.parametrize("equal", [1, 2, 3, 4])
def test_2_ties_send_the_gradient_back_once_for_each_equal_cell(equal):
    trial = REPAIRS["ties"].run(2, equal)
    title = "gradient to the map"
    corner = trial.printed[title][:2, :2], trial.repaired[title][:2, :2]
    assert corner[0].sum() == equal * corner[1].sum()
    below = trial.printed[title][2:, :2].sum(), trial.repaired[title][2:, :2].sum()
    assert not trial.given["map"][2:, :2].any() and below[0] == 4 * below[1]


def test_2_the_sizes_that_work():
    assert [n for n in range(2, 9) if is_right("odd sizes", n, 2)] == [2, 4, 6, 8]
    assert [n for n in range(20, 33) if is_right("sizes written into a line", n, 10)] == [28, 29]
    assert [n for n in range(2, 13) if is_right("sizes written into a line", 28, n)] == [10]
    assert [n for n in range(1, 5) if is_right("no flatten", n, 2)] == [1]


def test_2_29_stops_in_the_blogs_pooling_unless_the_odd_sizes_are_repaired():
    with pytest.raises(IndexError):
        as_printed.max_pool_forward(np.zeros((29 - 2, 29 - 2, 8)), 2)
    as_printed.max_pool_forward(np.zeros((26, 26, 8)), 2)
    assert "odd sizes are repaired" in REPAIRS["sizes written into a line"].gain


def test_2_overwriting_is_as_good_as_adding_from_stride_3_on():
    assert [s for s in range(1, 5) if is_right("overlapping windows", 5, s)] == [3, 4]
    once, title = REPAIRS["overlapping windows"].run(5, 1), "gradient to the map"
    assert (once.repaired[title][1, 1], once.printed[title][1, 1]) == (2, -1)


def test_2_only_the_right_class_has_a_negative_number():
    for right in range(1, 5):
        made = REPAIRS["no loss"].run(4, right).repaired["upstream gradient"][0]
        assert np.flatnonzero(made < 0).tolist() == [right - 1] and abs(made.sum()) < 1e-12


def test_2_a_second_call_returns_a_gradient_with_weights_that_no_forward_pass_has_used():
    image, g, filters = np.arange(9.0).reshape(3, 3), np.ones((2, 2, 1)), np.ones((1, 2, 2))
    first, second = (as_printed.conv_backward(image, g, filters).copy() for _ in range(2))
    moved = 1 - 0.01 * np.array([[8, 12], [20, 24]])  # the filter after one step
    layer = Conv2d(1, 1, 2, bias=False, dtype=float)
    layer.load_state({"weight": moved[None, None]})
    layer(image[None, None])
    assert np.allclose(second, layer.backward(np.ones((1, 1, 2, 2)))[0, 0])
    assert first[0, 0] == 1 and second[0, 0] == 0.92 == moved[0, 0]


# 3. The first weights


def test_3_filters_of_a_network_whose_weights_are_all_equal_stay_equal():
    network = Sequential(Conv2d(1, 2, 3, dtype=float), ReLU(), Flatten(), Linear(8, 3, dtype=float))
    for array in network.parameters.values():
        array[...] = 0.1
    loss, descent = CrossEntropyLoss(), SGD(network, lr=0.5)
    images = np.random.default_rng(0).random((4, 1, 4, 4))
    for _ in range(5):
        loss(network(images), [0, 1, 2, 1])
        network.backward(loss.backward())
        descent.step()
    one, other = network.parameters["0.weight"]
    assert np.allclose(one, other) and np.abs(one - 0.1).max() > 0.01


def test_3_a_sum_of_n_random_numbers_has_a_spread_of_the_root_of_n():
    sums = np.random.default_rng(0).standard_normal((20_000, 49)).sum(axis=1)
    assert sums.std() == pytest.approx(7, rel=0.02)


def test_3_relu_throws_away_half_of_the_square():
    z = np.random.default_rng(0).standard_normal(200_000)
    assert np.square(np.maximum(z, 0)).mean() == pytest.approx(0.5, rel=0.02)


def test_3_the_numbers_of_the_answers():
    factors = [np.sqrt(8 * k**2 / 2) / 9 for k in (3, 5, 7)]
    assert np.round(factors, 2).tolist() == [0.67, 1.11, 1.56]
    faded, _, grown = (sizes_after("randn / 9", 8, k, 4)[-1] for k in (3, 5, 7))
    assert 0.15 < faded < 0.25 and 5 < grown < 7
    assert all(0.8 < sizes_after("He", 8, k, 4)[-1] < 1.25 for k in (3, 5, 7))
    one_map = sizes_after("randn / 9", 1, 3, 4)
    assert 0.2 < one_map[1] < 0.3 and one_map[4] < 0.01
    assert np.sqrt(18 * 9 / 2) == 9 and abs(sizes_after("randn / 9", 18, 3, 4)[-1] - 1) < 0.15


# 4. Lamps


def test_4_the_difference_of_a_cube():
    assert round((2.1**3 - 1.9**3) / 0.2, 2) == 12.01
    assert (round(2.1**3, 3), round(1.9**3, 3)) == (9.261, 6.859)


def test_4_the_slope_of_a_relu_at_0_is_taken_as_0():
    layer = ReLU()
    layer(np.array([[0.0, 1.0, -1.0]]))
    assert layer.backward(np.ones((1, 3))).tolist() == [[0, 1, 0]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "right"),
    [
        ("nothing", 10),
        ("max pooling shares", 6),
        ("one bias gradient for all", 8),
        ("ties doubled", 8),
        ("kernel turned wrongly", 8),
    ],
)
def test_4_how_many_of_the_ten_lamps_are_on(fault, right):
    scene = explore_gradient_check(fault=fault).scene
    assert sum("right" in grid.marks for grid in scene.grids) == right


# 5. How large a nudge?


def test_5_which_nudges_pass_and_which_is_best():
    errors = errors_of_nudges()
    double = dict(zip(POWERS, errors["float64"], strict=True))
    single = dict(zip(POWERS, errors["float32"], strict=True))
    assert min((2, 5, 10), key=double.get) == 5
    assert [power for power in POWERS if double[power] <= 1e-6] == [3, 4, 5, 6, 7, 8]
    assert not [power for power in POWERS if single[power] <= 1e-6]
    assert min(POWERS, key=single.get) == 2 and 5e-5 < single[2] < 5e-4


def test_5_a_straight_loss_is_checked_best_with_the_longest_nudge():
    for errors in errors_of_nudges(bent=False).values():
        assert min(errors) == errors[0]


def test_the_check_agrees_with_a_forward_pass_that_is_wrong():
    """The answer to the friend's question: a layer that does the wrong thing, both ways alike."""

    class Halved(ReLU):
        def _forward(self, x):
            return super()._forward(x) / 2

        def _backward(self, g, input_gradient):
            return super()._backward(g, input_gradient) / 2

    assert check_gradients(Halved(), np.array([[1.0, -2.0, 3.0]])).ok
