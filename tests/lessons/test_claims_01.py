"""What lesson 01 says with a number or a fact, computed. A test is named for the section that says it."""

import numpy as np
import pytest
import sympy

from cnnviz import explore_conv_gate, explore_fan_out, explore_gate, explore_plain_network
from cnnviz.functional import conv2d, conv2d_input, conv2d_weight, conv_matrix
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.network import ReLU
from cnnviz.network.four_steps import ACTIVATIONS


def numbers(scene, *names):
    return [scene[name].numbers[0] for name in names]


# 1. One gate


def test_1_two_times_minus_three_sends_back_minus_six_and_four():
    x, y = sympy.symbols("x y")
    slopes = [sympy.diff(x * y, one).subs({x: 2, y: -3}) for one in (x, y)]
    assert [2 * slope for slope in slopes] == [-6, 4]
    assert numbers(explore_gate().scene, "x_gradient", "y_gradient") == ["−6", "4"]


def test_1_dragging_x_moves_the_gradient_of_y_alone():
    gate = explore_gate()
    gate.move(x=3.0)
    assert numbers(gate.scene, "x_gradient", "y_gradient") == ["−6", "6"]
    gate.move(upstream=0.0)
    assert numbers(gate.scene, "x_gradient", "y_gradient") == ["0", "0"]


@pytest.mark.parametrize(
    ("kind", "back"), [("add", ["2", "2"]), ("multiply", ["−6", "4"]), ("max", ["2", "0"])]
)
def test_1_what_the_three_gates_do_with_what_arrives(kind, back):
    assert numbers(explore_gate(kind=kind).scene, "x_gradient", "y_gradient") == back


def test_1_the_smaller_input_of_max_is_felt_beyond_a_nudge_of_one():
    gate = explore_gate(kind="max", y=3.0)
    for nudge, holds in ((0.5, True), (1.0, True), (1.5, False), (2.0, False)):
        gate.move(nudge=nudge)
        assert gate.scene.lamps[0].holds is holds
    gate.move(nudge=0.0, x=3.0)
    assert numbers(gate.scene, "x_local", "y_local") == ["0.5", "0.5"]


def test_1_relu_is_the_max_gate_with_zero_but_takes_zero_at_zero():
    relu, largest = explore_gate(kind="ReLU"), explore_gate(kind="max", y=0.0)
    for x in (-3.0, -0.5, 0.5, 4.0):
        relu.move(x=x)
        largest.move(x=x)
        assert numbers(relu.scene, "z", "x_gradient") == numbers(largest.scene, "z", "x_gradient")
    relu.move(x=0.0)
    largest.move(x=0.0)
    assert numbers(relu.scene, "x_local") == ["0"] and numbers(largest.scene, "x_local") == ["0.5"]


def test_1_the_layers_of_this_course_take_zero_at_zero_too():
    relu = ReLU()
    relu(np.array([[-1.0, 0.0, 2.0]]))
    assert relu.backward(np.array([[5.0, 5.0, 5.0]])).tolist() == [[0, 0, 5]]
    assert ACTIVATIONS["ReLU"].slope(np.array([-1.0, 0.0, 2.0])).tolist() == [0, 0, 1]


# 2. A number that is used twice


def test_2_the_two_amounts_and_their_sum():
    scene = explore_fan_out().scene
    assert numbers(scene, "u", "v", "end") == ["6", "4", "24"]
    assert numbers(scene, "x_from_u", "x_from_v", "x_gradient") == ["8", "6", "14"]


def test_2_sympy_finds_both_amounts_as_two_terms():
    x, y, w = sympy.symbols("x y w")
    slope = sympy.diff((x * y) * (x + w), x)
    assert set(slope.args) == {x * y, y * (x + w)}  # by way of v, and by way of u
    assert slope.subs({x: 3, y: 2, w: 1}) == 14


def test_2_overwriting_is_right_where_the_lost_amount_is_zero():
    for x, y, w in np.ndindex(5, 5, 5):
        x, y, w = x - 2, y - 2, w - 2
        scene = explore_fan_out(x=x, y=y, w=w, overwrite=True).scene
        assert scene.lamps[0].holds == (y == 0 or x + w == 0)


def test_2_eleven_steps_of_which_the_fifth_to_the_tenth_multiply():
    steps = explore_fan_out().scene.steps
    assert len(steps) == 11
    assert [" times " in step.say for step in steps] == [False] * 4 + [True] * 6 + [False]
    assert "added" in steps[-1].say


def test_2_most_inputs_of_a_convolution_are_in_several_windows_and_corners_are_in_one():
    windows = (conv_matrix(np.ones((3, 3)), (6, 6)) != 0).sum(axis=0).reshape(6, 6)
    assert windows[0, 0] == 1 and (windows > 1).sum() == 32


# 3. A small convolution is a gate


def test_3_how_many_amounts_come_back():
    scene = explore_conv_gate().scene
    amounts = {
        cell: len(scene.terms(grid, n)[1])
        for grid, n, cell in (
            ("input_gradient", 0, "a1"),
            ("input_gradient", 1, "a2"),
            ("kernel_gradient", 0, "k1"),
        )
    }
    assert amounts == {"a1": 1, "a2": 2, "k1": 2}
    _, terms = scene.terms("input_gradient", 1)
    assert [set(term) for term in terms] == [{"k_2", "∂F/∂h_1"}, {"k_1", "∂F/∂h_2"}]


def test_3_the_gradients_by_hand():
    a, k, g = [[1, 4, 7]], [[1, 2]], [[1, -2]]
    assert conv2d(a, k).tolist() == [[9, 18]]
    assert conv2d_input((1, 3), k, g).tolist() == [[1, 0, -4]]
    assert conv2d_weight(a, (1, 2), g).tolist() == [[-7, -10]]
    scene = explore_conv_gate(show="numbers", with_bias=True).scene
    assert scene["input_gradient"].numbers == ("1", "0", "−4")
    assert scene["kernel_gradient"].numbers == ("−7", "−10")
    assert scene["bias_gradient"].numbers == ("−1",)  # 1 − 2


# 4. The four steps


def test_4_shapes_and_numbers_at_the_start():
    scene = explore_plain_network().scene
    assert scene["W1"].shape[-2:] == scene["W1_gradient"].shape[-2:] == (3, 2)
    assert scene["delta2"].shape[-2:] == (3, 1)
    assert scene["delta2"].numbers == ("14", "0", "3") and scene["z2"].numbers[1] == "−5"
    assert scene["W1_gradient"].numbers[2:4] == ("0", "0")


def test_4_the_sum_of_delta_by_hand():
    scene = explore_plain_network().scene
    column = scene["W2"].numbers[::3]
    assert column == ("2", "2") and scene["delta3"].numbers == ("5", "2")
    assert 2 * 5 + 2 * 2 == 14


def test_4_three_units_in_the_first_layer_change_two_shapes():
    before, after = explore_plain_network().scene, explore_plain_network(width_1=3).scene
    shapes = {
        grid.name: (before[grid.name].shape[-2:], grid.shape[-2:])
        for grid in after.grids
        if grid.name in {one.name for one in before.grids}
    }
    changed = {name: now for name, (then, now) in shapes.items() if then != now}
    assert changed == {"a1": (3, 1), "W1": (3, 3), "W1_gradient": (3, 3)}


def test_4_four_layers_have_three_deltas_and_the_input_has_none():
    scene = explore_plain_network(layers=4).scene
    deltas = {grid.name for grid in scene.grids if grid.name.startswith("delta")}
    assert deltas == {"delta2", "delta3", "delta4"}


def test_4_the_slope_of_a_sigmoid_is_at_most_a_quarter():
    slopes = ACTIVATIONS["sigmoid"].slope(np.linspace(-8, 8, 1601))
    assert np.isclose(slopes.max(), 0.25)


def test_4_only_the_transpose_of_the_second_matrix_can_multiply_delta_3():
    scene = explore_plain_network().scene
    rows, columns = scene["W2"].shape[-2:]
    assert (columns, rows) == (3, 2) and scene["delta3"].shape[-2:] == (2, 1)
    assert "W3" not in {grid.name for grid in scene.grids}


def test_4_softmax_and_cross_entropy_begin_with_p_minus_y():
    z = sympy.symbols("z:3")
    p = [sympy.exp(one) / sum(map(sympy.exp, z)) for one in z]
    y = (0, 1, 0)
    loss = -sum(one * sympy.log(share) for one, share in zip(y, p, strict=True))
    for one, share, wanted in zip(z, p, y, strict=True):
        assert sympy.simplify(sympy.diff(loss, one) - (share - wanted)) == 0


def test_4_a_batch_in_columns_adds_its_examples_up():
    rng = np.random.default_rng(0)
    a, delta = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    one_by_one = sum(np.outer(delta[:, n], a[:, n]) for n in range(5))
    assert np.allclose(delta @ a.T, one_by_one)


def test_4_the_factor_of_a_mean_is_in_the_last_delta_and_so_in_every_gradient():
    """The four steps are linear in δ: what multiplies the last one multiplies all gradients."""
    scene = explore_plain_network().scene
    W2 = np.array([[2.0, -2, 1], [2, -2, -1]])
    assert scene["W2"].numbers == tuple(f"{x:g}".replace("-", "−") for x in W2.ravel())
    last = np.array([[5.0], [2.0]])
    assert np.allclose(W2.T @ (last / 8), (W2.T @ last) / 8)


def test_4_the_gradient_of_a_weight_of_a_convolution_is_the_sum_over_its_places_in_w():
    x, k, g = sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2)
    places = conv_matrix(np.arange(1, 10).reshape(3, 3), (4, 4))
    assert places.shape == (4, 16) and (places == 0).sum() == 28
    of_every_place = np.outer(g.ravel(), x.ravel())  # step 4: δ aᵀ
    assert np.count_nonzero(of_every_place[places == 0]) > 0  # also where W has a fixed 0
    sums = [of_every_place[places == n].sum() for n in range(1, 10)]
    assert all((places == n).sum() == 4 for n in range(1, 10))
    assert np.allclose(sums, conv2d_weight(x, (3, 3), g).ravel())
    assert (conv_matrix(k, (4, 4)) @ x.ravel() == conv2d(x, k).ravel()).all()  # steps 1 to 3 stay
