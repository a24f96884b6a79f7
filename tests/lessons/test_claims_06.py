"""What lesson 06 says, computed: by section and claim."""

import numpy as np
import pytest
import sympy

from cnnviz import (
    explore_kernel_channels,
    explore_kernel_gradient,
    explore_one_weight,
    explore_wiggle,
    sample_input,
    symbol_array,
)
from cnnviz.functional import conv2d, conv2d_weight
from cnnviz.functional.geometry import Geometry
from cnnviz.functional.table import convolution_table, unpadded_cells
from cnnviz.network import CrossEntropyLoss

UPSTREAM = [[2, -1], [4, 3]]


def four_by_four():
    a, k, g = symbol_array("a", (4, 4)), symbol_array("k", (3, 3)), symbol_array("g", (2, 2))
    return a, k, g, (g * conv2d(a, k)).sum()


def test_1_which_inputs_stand_in_the_sums_of_k12_and_k33():
    a, k, g, scalar = four_by_four()
    assert sympy.diff(scalar, k[0, 1]) == (g * a[:2, 1:3]).sum()
    assert sympy.diff(scalar, k[2, 2]) == (g * a[2:, 2:]).sum()
    assert explore_one_weight().scene["product"].size == 4
    assert explore_one_weight(5).scene["product"].size == 9


def test_2_nine_stops_and_every_sum_holds_every_output():
    scene = explore_kernel_gradient().scene
    assert scene["kernel_gradient"].size == scene.length == 9
    assert all(len(scene.lit("upstream", cell)["kernel_gradient"]) == 9 for cell in range(4))


def test_2_the_kernel_gradient_is_a_sum_of_weighted_patches():
    x = sample_input(4, 4)
    patches = 2 * x[0:3, 0:3] - 1 * x[0:3, 1:4] + 4 * x[1:4, 0:3] + 3 * x[1:4, 1:4]
    assert (patches == conv2d_weight(x, (3, 3), UPSTREAM)).all()


def test_2_a_step_moves_an_output_that_should_grow_up_and_its_kernel_towards_its_patch():
    x = sample_input(4, 4).astype(float)
    step = -0.01 * conv2d_weight(x, (3, 3), [[0, -1], [0, 0]])  # h_12 should grow
    assert np.allclose(step, 0.01 * x[0:3, 1:4])
    assert conv2d(x, step)[0, 1] > 0


def test_2_a_turned_window_makes_all_nine_wrong():
    scene = explore_kernel_gradient(turn=True).scene
    assert scene["kernel_gradient"].marks["wrong"] == tuple(range(9))
    assert scene.lamps[0].sign == "✕" and explore_kernel_gradient().scene.lamps[0].sign == "✓"


def test_3_a_nudge_of_a_half_moves_h22_by_a_half():
    assert sample_input(4, 4)[1, 2] == 1
    assert explore_wiggle().scene["change"].numbers == ("2", "3.5", "3.5", "0.5")


def test_3_the_central_difference_agrees_for_a_curved_loss():
    x, k = sample_input(3, 3), [[1.0, 2.0], [3.0, -2.0]]

    def loss(first):
        return (conv2d(x, [[first, 2.0], [3.0, -2.0]]) ** 2).sum() / 2

    slope = conv2d_weight(x, (2, 2), conv2d(x, k))[0, 0]
    assert abs((loss(1.001) - loss(0.999)) / 0.002 - slope) < 1e-6


@pytest.mark.parametrize("size", [5, 6, 7])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (2, 0, 2), (3, 2, 2)]
)
def test_4_the_general_slope(size, stride, padding, dilation):
    geometry = Geometry.of((size, size), (3, 3), stride, padding, dilation)
    table = convolution_table(geometry)
    cells = unpadded_cells(geometry)[table["input"]]
    kernel = np.array(np.unravel_index(table["kernel"], (3, 3))) + 1
    output = np.array(np.unravel_index(table["output"], geometry.output_size)) + 1
    index = stride * (output - 1) + dilation * (kernel - 1) + 1 - padding
    inside = ((index >= 1) & (index <= size)).all(axis=0)
    assert (inside == (cells >= 0)).all()
    assert (cells[inside] == ((index[0] - 1) * size + index[1] - 1)[inside]).all()


def test_4_the_spread_window_and_its_stops():
    scene = explore_kernel_gradient(5, 3, stride=2).scene
    assert scene["upstream"].shape[2:] == (3, 3) and scene["kernel_gradient"].shape[2:] == (3, 3)
    x = sample_input(6, 6)
    raw = conv2d(x, UPSTREAM, dilation=2)
    assert raw.shape == (4, 4)
    assert (raw[:3, :3] == conv2d_weight(x, (3, 3), UPSTREAM, stride=2)).all()
    last = explore_kernel_gradient(6, 3, stride=2).scene.sentence("input", 35)
    assert last == "No output read a₆₆, so it stands in no sum that is kept."


def test_4_the_number_of_stops_for_every_geometry():
    for size, k, s, p, d in np.ndindex(8, 4, 3, 3, 3):
        size, k, s, d = size + 1, k + 1, s + 1, d + 1
        if size + 2 * p < d * (k - 1) + 1:
            continue
        geometry = Geometry.of((size, size), (k, k), s, p, d)
        remainder = (size + 2 * p - d * (k - 1) - 1) % s
        assert geometry.gradient_rows[0] == k + remainder // d
        spread = s * (geometry.output_size[0] - 1) + 1
        assert (size + 2 * p - spread) // d + 1 == geometry.gradient_rows[0]


def marks_of(role, **how):
    scene = explore_kernel_gradient(5, 2, role=role, **how).scene
    return {grid.name for grid in scene.grids[:2] if "inserted" in grid.marks}


def test_5_where_zeros_are_inserted():
    roles = ("forward", "kernel gradient", "input gradient")
    assert [marks_of(role, stride=2) for role in roles] == [set(), {"upstream"}, {"spread"}]
    assert [marks_of(role, dilation=2) for role in roles] == [{"kernel"}, set(), {"turned"}]


def test_5_kernel_and_upstream_gradient_have_one_size_for_3_and_2_but_not_for_4_and_2():
    sizes = [Geometry.of((n, n), (2, 2)).output_size for n in (3, 4)]
    assert sizes == [(2, 2), (3, 3)]


def test_5_each_gradient_holds_two_of_the_three():
    a, k, _, scalar = four_by_four()

    def letters(by):
        return {str(symbol)[0] for one in by for symbol in sympy.diff(scalar, one).free_symbols}

    assert letters(k.ravel()) == {"a", "g"} and letters(a.ravel()) == {"k", "g"}


def test_6_a_plane_comes_from_one_pair_of_channels():
    x, g = symbol_array("a", (2, 3, 3)), symbol_array("g", (2, 2, 2))
    planes = conv2d_weight(x, (2, 2, 2, 2), g)
    assert all((planes[1, 0] == conv2d_weight(x[0], (2, 2), g[1])).ravel())


def test_6_planes_and_biases_with_one_group_and_with_two():
    explorer = explore_kernel_channels()
    assert explorer.scene["kernel_gradient"].shape[:2] == (2, 2)
    assert explorer.scene["bias_gradient"].size == 2
    explorer.move(groups=2)
    assert explorer.scene["kernel_gradient"].shape[:2] == (2, 1)
    assert explorer.scene["bias_gradient"].size == 2


def test_6_depthwise_meets_one_channel_each():
    x, g = symbol_array("a", (2, 3, 3)), symbol_array("g", (2, 2, 2))
    depthwise = conv2d_weight(x, (2, 1, 2, 2), g, groups=2)
    for channel in range(2):
        assert all((depthwise[channel, 0] == conv2d_weight(x[channel], (2, 2), g[channel])).ravel())


def test_6_over_a_batch_the_layer_sums_and_the_loss_divides():
    x, g = np.arange(54.0).reshape(3, 1, 3, 6), np.arange(30.0).reshape(3, 1, 2, 5)
    alone = [conv2d_weight(x[[n]], (1, 1, 2, 2), g[[n]]) for n in range(3)]
    assert (conv2d_weight(x, (1, 1, 2, 2), g) == sum(alone)).all()
    scores, labels = np.array([[1.0, 2.0, 0.5]]), np.array([1])
    one, four = CrossEntropyLoss(), CrossEntropyLoss()
    one(scores, labels)
    four(np.repeat(scores, 4, axis=0), np.repeat(labels, 4))
    assert np.allclose(4 * four.backward(), np.repeat(one.backward(), 4, axis=0))
