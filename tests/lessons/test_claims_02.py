"""What lesson 02 says with a number or a fact, computed. A test is named for the section that says it."""

import numpy as np
import pytest

from cnnviz import (
    DoesNotFit,
    explore_average_pooling,
    explore_max_pooling,
    explore_order_of_steps,
    explore_overlapping_windows,
    explore_relu_and_ties,
    explore_ties,
    explore_unpooling,
    sample_input,
)
from cnnviz.derivations import max_pooling_gradient
from cnnviz.explorers.pooling import distinct_map
from cnnviz.functional import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_backward_ties,
    max_unpool2d,
)
from cnnviz.functional.geometry import Geometry
from cnnviz.functional.pooling import TIE_RULES, max_pool2d_shares

A = np.array([[3, 1, 4, 14], [13, 2, 5, 6], [12, 7, 8, 0], [9, 10, 15, 11]])


def cells(*texts):
    return [float(text.replace("−", "-")) for text in texts]


# 1. The winner takes all


def test_1_the_switches_and_the_four_winners():
    h, switches = max_pool2d(A, 2, return_indices=True)
    assert (distinct_map()[:4, :4] == A).all()
    assert h.tolist() == [[13, 14], [12, 15]]
    assert switches.tolist() == [[4, 3], [8, 14]] and np.unravel_index(8, A.shape) == (2, 0)
    scene = explore_max_pooling(show="symbols").scene
    assert scene["output"].symbols == ("a_21", "a_14", "a_31", "a_43")
    assert scene["upstream"].symbols == ("∂F/∂a_21", "∂F/∂a_14", "∂F/∂a_31", "∂F/∂a_43")


def test_1_five_cells_hold_two_windows_and_with_ceil_mode_three():
    assert max_pool2d(np.zeros((5, 5)), 2).shape == (2, 2)
    assert max_pool2d(np.zeros((5, 5)), 2, ceil_mode=True).shape == (3, 3)
    left_over = explore_max_pooling(input_size=5, show="numbers").scene["input_gradient"]
    gradient = np.array(cells(*left_over.numbers)).reshape(5, 5)
    assert not gradient[4].any() and not gradient[:, 4].any() and gradient.any()


def test_1_padding_of_a_negative_map_never_wins():
    assert max_pool2d(np.full((2, 2), -7), 2, padding=1).tolist() == [[-7, -7], [-7, -7]]
    with_zeros = max_pool2d(np.pad(np.full((2, 2), -7), 1), 2)
    assert (with_zeros == 0).all()


def test_1_neighbouring_cells_always_hold_a_real_one_and_with_dilation_not_always():
    for size, kernel, stride in np.ndindex(7, 5, 5):
        size, kernel, stride = size + 1, kernel + 1, stride + 1
        for padding in range(kernel // 2 + 1):
            for ceil_mode in (False, True):
                how = (kernel, stride, padding, 1, ceil_mode)
                try:
                    Geometry.of_pool(size, *how)
                except DoesNotFit:
                    continue
                assert np.isfinite(max_pool2d(np.zeros((size, size)), *how)).all()
    with pytest.raises(DoesNotFit, match="more than half of a pooling window"):
        max_pool2d(np.zeros((4, 4)), 2, padding=2)
    picture = explore_max_pooling(input_size=2, padding=1)
    picture.move(dilation=3)
    assert "meets padding only: nothing can win." in picture.message


def test_1_three_cells_win_twice_with_stride_one_and_the_names_change():
    scene = explore_max_pooling(stride=1, show="symbols").scene
    names, wins = np.unique(scene["output"].symbols, return_counts=True)
    assert names[wins == 2].tolist() == ["a_21", "a_33", "a_43"] and wins.max() == 2
    assert scene["upstream"].symbols[0] == "∂F/∂h_11"


def test_1_the_loop_of_the_blog_has_three_starts_for_two_rows():
    assert (len(range(0, 5, 2)), 5 // 2) == (3, 2)


def test_1_channels_are_pooled_each_for_itself():
    both = max_pool2d(np.stack([A, -A]), 2)
    assert (both == np.stack([max_pool2d(A, 2), max_pool2d(-A, 2)])).all()


# 2. Why the others get nothing


def test_2_a_kink_has_two_slopes_and_a_two_sided_difference_finds_their_mean():
    def scalar(value):
        nudged = A.astype(float)
        nudged[0, 1] = value
        return max_pool2d(nudged, 2)[0, 0]

    left, right = (scalar(13) - scalar(12.5)) / 0.5, (scalar(13.5) - scalar(13)) / 0.5
    assert (left, right, scalar(13.5) - scalar(12.5)) == (0, 1, 0.5)
    scene = explore_max_pooling(nudge=True, value=13.0).scene
    assert [value for value, _ in scene.counters[:2]] == ["0", "1"]


def test_2_a_third_cell_that_wins_lowers_f_because_minus_two_arrives():
    scene = explore_max_pooling(nudge=True, cell=3, value=15.0).scene
    assert [value for value, _ in scene.counters] == ["−2", "−2", "−2"]


def test_2_in_the_sum_of_squares_the_slope_is_twice_the_cell():
    for value in (14.0, 15.0, 16.0):
        scene = explore_max_pooling(nudge=True, scalar="sum of squares", value=value).scene
        assert scene.counters[2][0] == f"{2 * value:g}"


# 3. Unpooling, in two steps


def test_3_thirteen_dots_are_left_after_the_third_move():
    scene = explore_unpooling(show="symbols").scene
    moved = scene.at_step(2).shown(scene["moved"])
    assert moved.count("·") == 13
    called = dict(zip(scene["moved"].names, moved, strict=True))
    there = {name for name, text in called.items() if text != "·"}
    assert there == {"∂F/∂a_21", "∂F/∂a_14", "∂F/∂a_31"}


def test_3_the_sum_of_the_gradient_is_the_same_before_and_after():
    counters = dict((words, value) for value, words in explore_unpooling().scene.counters)
    assert counters["sum before"] == counters["sum after"]


def test_3_a_partial_inverse_for_maxima_that_are_not_negative():
    h, switches = max_pool2d(A, 2, return_indices=True)
    unpooled = max_unpool2d(h, switches, 2)
    assert (max_pool2d(unpooled, 2) == h).all() and (unpooled != A).any()
    assert np.count_nonzero(unpooled) == 4  # three of four are lost
    picture = explore_unpooling(what="values", show="numbers")
    assert [lamp.holds for lamp in picture.scene.lamps] == [True, False]
    picture.move(less=14)
    assert [lamp.holds for lamp in picture.scene.lamps] == [False, False]
    window = cells(*picture.scene["input"].numbers)
    assert max(window[0], window[1], window[4], window[5]) == -1


# 4. Why the switches must be kept


def test_4_sixteen_cells_are_wrong_eight_in_each_map():
    scene = explore_unpooling(swap=True, show="numbers").scene
    wrong = [len(scene[name].marks["wrong"]) for name in ("input_gradient", "other_gradient")]
    assert wrong == [8, 8]
    assert scene.steps[-1].say.endswith("In all, 16 cells are wrong.")


def test_4_the_input_is_four_times_as_much_to_keep_as_the_switches():
    _, switches = max_pool2d(A, 2, return_indices=True)
    assert (A.size, switches.size) == (16, 4)


def test_4_switch_seven_is_another_cell_in_a_map_of_another_width():
    assert divmod(7, 4) == (1, 3) and divmod(7, 5) == (1, 2)
    assert max_pool2d(np.zeros((4, 4)), 2).shape == max_pool2d(np.zeros((5, 5)), 2).shape


def test_4_without_output_size_three_of_four_numbers_are_not_in_their_place():
    scene = explore_unpooling(input_size=5, forget=True, show="numbers").scene
    assert scene["switches"].numbers == ("5", "3", "10", "17")
    assert scene["forgot"].shape[-2:] == (4, 4) and 2 * (2 - 1) + 2 == 4
    assert scene.lamps[0].words == "3 of 4 numbers not in their place"
    assert divmod(5, 5) == (1, 0) and divmod(5, 4) == (1, 1) and 17 > 15
    with pytest.raises(DoesNotFit, match="A switch names cell 17"):
        max_unpool2d(np.ones((2, 2)), [[5, 3], [10, 17]], 2)


def test_4_output_size_may_be_three_four_or_five():
    pooled = np.ones((2, 2))
    for size in (3, 4, 5):
        assert max_unpool2d(pooled, [[0, 1], [2, 3]], 2, output_size=(size, size)).shape[0] == size
    for size in (2, 6):
        with pytest.raises(DoesNotFit, match="from 3 to 5"):
            max_unpool2d(pooled, [[0, 1], [2, 3]], 2, output_size=(size, size))


def test_4_with_output_size_every_maximum_is_back_in_its_place():
    x = sample_input(5, 5)
    pooled, places = max_pool2d(x, 2, return_indices=True)
    back = max_unpool2d(pooled, places, 2, output_size=(5, 5))
    assert (back.ravel()[places] == x.ravel()[places]).all() and np.count_nonzero(back) == 4


# 5. Equal cells


def test_5_one_arrives_and_the_rules_pass_on_one_three_and_one():
    three = np.array([[3, 1], [3, 3]])
    passed = [max_pool2d_backward_ties([[1]], three, 2, rule=rule) for rule in TIE_RULES]
    assert [round(float(gradient.sum()), 9) for gradient in passed] == [1, 3, 1]


@pytest.mark.parametrize("nudge", [-1.0, -0.25, 0.25, 0.5])
def test_5_moved_together_the_ties_move_the_maximum_once_and_all_predicts_three_times(nudge):
    scene = explore_ties(nudge=nudge).scene
    first, everyone, split, measured = cells(*(value for value, _ in scene.counters))
    assert first == split == measured == nudge and everyone == 3 * nudge
    assert scene.lamps[1].words == "“all” predicts something else"


def test_5_one_tied_cell_alone_has_a_kink():
    def largest(by):
        return max(3 + by, 3, 3)

    assert (largest(0.5) - 3, largest(-0.5) - 3) == (0.5, 0)


def test_5_one_three_dragged_to_four_makes_the_rules_agree():
    picture = explore_ties()
    picture.type("input", 0, "4")
    assert picture.scene.lamps[0].holds


def test_5_four_zeros_make_the_gradient_of_the_second_window_four_times_too_large():
    scene = explore_ties(input_size=4).scene
    gradients = {
        rule: np.array(cells(*scene[rule].numbers)).reshape(4, 4) for rule in ("first", "all")
    }
    assert not np.array(cells(*scene["input"].numbers)).reshape(4, 4)[:2, 2:].any()
    assert gradients["first"][:2, 2:].sum() == 1 and gradients["all"][:2, 2:].sum() == 4
    assert gradients["all"][:2, :2].sum() == 3


# 6. Windows that overlap


def test_6_in_the_smallest_case_the_gradient_of_the_winner_is_a_sum():
    derivation = max_pooling_gradient((1, 3), (1, 2), stride=1, order=[[1, 3, 2]])
    assert derivation.holds()
    _, twice = max_pool2d([[1, 9, 2]], (1, 2), stride=1, return_indices=True)
    assert max_pool2d_backward([[3, 4]], (1, 3), twice).tolist() == [[0, 7, 0]]
    assert max_unpool2d([[3, 4]], twice, (1, 2), stride=1).tolist() == [[0, 4, 0]]


def test_6_the_nine_wins_four_windows_and_the_eight_three_and_their_sums_are_not_zero():
    scene = explore_overlapping_windows().scene
    values = cells(*scene["input"].numbers)
    g = cells(*scene["upstream"].numbers)
    nine, eight = values.index(9), values.index(8)
    arriving = {
        cell: [g[n] for n in scene.table["upstream"][scene.table["input_gradient"] == cell]]
        for cell in (nine, eight)
    }
    assert arriving == {nine: [1, -2, 4, -1], eight: [-3, 5, 3]}
    added, last = (cells(*scene[name].numbers) for name in ("input_gradient", "overwritten"))
    assert (added[nine], added[eight], last[nine], last[eight]) == (2, 5, -1, 3)


def test_6_with_stride_three_the_crosses_are_gone():
    scene = explore_overlapping_windows(stride=3).scene
    assert not scene["overwritten"].marks["wrong"] and scene.lamps[0].holds


# 7. Average pooling


def test_7_each_of_nine_cells_gets_a_ninth():
    assert np.allclose(avg_pool2d_backward([[1.0]], (3, 3), 3), 1 / 9)
    scene = explore_average_pooling(kernel_size=3, one_hot=1).scene
    assert [text for text in scene["input_gradient"].numbers if text != "0"] == ["0.111"] * 9


def test_7_average_pooling_is_a_convolution_with_a_constant_kernel():
    x = np.arange(16.0).reshape(4, 4)
    assert np.allclose(avg_pool2d(x, 2), conv2d(x, np.full((2, 2), 1 / 4), stride=2))
    two = np.stack([x, x[::-1]])
    depthwise = conv2d(two, np.full((2, 1, 2, 2), 1 / 4), stride=2, groups=2)
    assert np.allclose(avg_pool2d(two, 2), depthwise)


def test_7_global_average_pooling_gives_each_cell_the_same_part():
    assert np.allclose(avg_pool2d_backward([[1.0]], (3, 5), (3, 5)), 1 / 15)


def test_7_of_four_ones_1_78_come_back_if_padding_counts_and_that_is_the_derivative():
    g, x = np.ones((2, 2)), sample_input(3, 3)
    counted, real = (avg_pool2d_backward(g, (3, 3), 3, 2, 1, count_include_pad=c) for c in (1, 0))
    assert round(counted.sum(), 2) == 1.78 == round(4 * 4 / 9, 2) and np.isclose(real.sum(), 4)
    for back, counts in ((counted, True), (real, False)):
        for cell in np.ndindex(3, 3):
            moved = x.copy()
            moved[cell] += 1
            rise = avg_pool2d(moved, 3, 2, 1, count_include_pad=counts) - avg_pool2d(
                x, 3, 2, 1, count_include_pad=counts
            )
            assert np.isclose(back[cell], rise.sum())


@pytest.mark.parametrize(("counts", "lost"), [(True, True), (False, False)])
def test_7_the_counters_and_lamps_with_padding(counts, lost):
    scene = explore_average_pooling(
        kernel_size=3, stride=2, padding=1, count_include_pad=counts
    ).scene
    arrives, back, _ = (value for value, _ in scene.counters)
    assert (arrives != back) is lost
    assert all(lamp.holds is counts for lamp in scene.lamps)


def test_7_what_hangs_over_never_counts():
    x = np.ones((6, 6))
    assert (avg_pool2d(x, 4, 4, ceil_mode=True) == 1).all()
    scene = explore_average_pooling(kernel_size=4, stride=4, input_size=6, ceil_mode=True).scene
    assert scene.counters[0][0] == scene.counters[1][0]


# 8. Three steps make a layer


def test_8_pooling_and_relu_may_change_places_and_relu_may_not_go_first():
    picture = explore_order_of_steps()
    holds = {}
    for order in picture.controls["order"].options:
        picture.move(order=order)
        holds[order] = picture.scene.lamps[0].holds
    assert holds == {
        "convolve, ReLU, pool": True,
        "convolve, pool, ReLU": True,
        "ReLU, convolve, pool": False,
    }
    rng = np.random.default_rng(0)
    for _ in range(20):
        z = rng.normal(size=(6, 6))
        relu_first = max_pool2d(np.maximum(z, 0), 2)
        assert (relu_first == np.maximum(max_pool2d(z, 2), 0)).all()


def test_8_with_average_pooling_the_order_matters():
    z = np.array([[-1.0, 1.0], [1.0, 1.0]])
    assert avg_pool2d(np.maximum(z, 0), 2) != np.maximum(avg_pool2d(z, 2), 0)


def test_8_relu_never_puts_a_smaller_number_above_a_larger_one():
    x, y = np.meshgrid(np.linspace(-2, 2, 17), np.linspace(-2, 2, 17))
    assert (np.maximum(x, 0) >= np.maximum(y, 0))[x >= y].all()
    assert np.maximum(-3, 0) > -3  # but it does turn a smaller number into a larger one


@pytest.mark.parametrize("rule", TIE_RULES)
def test_8_of_the_five_that_arrive_at_zeros_nothing_goes_on(rule):
    for order in ("ReLU, then pool", "pool, then ReLU"):
        scene = explore_relu_and_ties(rule=rule, order=order).scene
        assert scene["upstream"].numbers[0] == "5"
        gradient = np.array(cells(*scene["input_gradient"].numbers)).reshape(4, 4)
        assert not gradient[:2, :2].any() and not gradient[2:, 2:].any()
        assert all(lamp.holds for lamp in scene.lamps)


def test_8_the_first_and_the_last_window_have_other_winners_in_the_other_order():
    z = np.array(cells(*explore_relu_and_ties().scene["input"].numbers)).reshape(4, 4)
    (_, relu_first), (_, pooled_first) = (
        max_pool2d(one, 2, return_indices=True) for one in (np.maximum(z, 0), z)
    )
    assert (relu_first != pooled_first).ravel().tolist() == [True, False, False, True]


def test_8_equal_positive_cells_turn_the_first_lamp_off():
    picture = explore_relu_and_ties()
    picture.type("input", 7, "5")
    assert [lamp.holds for lamp in picture.scene.lamps] == [False, True]


def test_8_ties_after_relu_are_harmless_before_it():
    """On noise one window in sixteen is all zeros after ReLU, and no rule sends anything through."""
    z = np.random.default_rng(1).normal(size=(200, 200))
    r = np.maximum(z, 0)
    ties = max_pool2d_shares(r, 2, rule="all").sum(axis=(-2, -1)) > 1
    assert abs(ties.mean() - 1 / 16) < 0.01
    g = np.random.default_rng(2).normal(size=ties.shape)
    back = [max_pool2d_backward_ties(g, r, 2, rule=rule) * (z > 0) for rule in TIE_RULES]
    assert (back[0] == back[1]).all() and (back[0] == back[2]).all()


# What to take along


def test_take_along_the_shares_of_each_window_add_up_to_one():
    x = sample_input(6, 6)
    for rule in ("first", "split"):
        assert np.allclose(max_pool2d_shares(x, 3, 1, rule=rule).sum(axis=(-2, -1)), 1)
    for output in np.ndindex(3, 3):
        probe = np.zeros((3, 3))
        probe[output] = 1
        back = avg_pool2d_backward(probe, (6, 6), 3, 2, 1, count_include_pad=False)
        assert np.isclose(back.sum(), 1)
