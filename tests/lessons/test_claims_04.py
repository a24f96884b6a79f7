"""What lesson 04 says of sums, sizes and mistakes, computed; by section."""

import numpy as np
import pytest
import sympy

from cnnviz import (
    explore_folding,
    explore_index_substitution,
    explore_input_channels,
    explore_rotation,
    explore_scatter_gather,
    explore_transpose,
    symbol_array,
)
from cnnviz.documents.ledger import judge_all
from cnnviz.functional import (
    conv2d,
    conv2d_input,
    conv2d_input_gather,
    conv2d_weight,
    conv_matrix,
    fold,
    rot180,
    unfold,
)
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.pictures.input_gradient.input_channels import WAYS

A, K, G = symbol_array("a", (4, 4)), symbol_array("k", (3, 3)), symbol_array("g", (2, 2))
BY_CALCULUS = np.array([sympy.diff((G * conv2d(A, K)).sum(), cell) for cell in A.ravel()])
X, K2, Z = symbol_array("X", (3, 3)), symbol_array("K", (2, 2)), symbol_array("Z", (2, 2))
NINE = [sympy.diff((Z * conv2d(X, K2)).sum(), cell) for cell in X.ravel()]


def same(one, other) -> bool:
    """Are two arrays of expressions equal, whatever the numbers are?"""
    return not any(sympy.expand(difference) for difference in np.ravel(one - other))


def terms(sum_) -> int:
    return len(sympy.Add.make_args(sympy.expand(sum_)))


# 1. The transpose


def test_1_the_derivatives_of_calculus_are_the_transpose_times_g():
    assert same(conv_matrix(K, (4, 4)).T @ G.ravel(), BY_CALCULUS)


def test_1_one_two_and_four_terms_and_their_weights():
    rows = conv_matrix(K, (4, 4)).T[[0, 1, 5]]
    k = K.tolist()
    assert [[w for w in row if w != 0] for row in rows] == [
        [k[0][0]],
        [k[0][1], k[0][0]],
        [k[1][1], k[1][0], k[0][1], k[0][0]],
    ]


def test_1_a_one_hot_gradient_brings_the_kernel_where_its_output_had_read():
    probe = np.array([[0, 1], [0, 0]])
    wanted = np.zeros((4, 4), dtype=object)
    wanted[:3, 1:] = K
    assert same(conv2d_input((4, 4), K, probe), wanted)


@pytest.mark.parametrize(
    "geometry", [{}, {"stride": 2}, {"padding": 1}, {"stride": 2, "padding": 2}]
)
def test_1_the_adjoint_test_holds_for_the_linear_layer(geometry):
    assert adjoint_test(lambda x, k: conv2d(x, k, **geometry), back(**geometry))


def back(**geometry):
    return lambda size, k, g: conv2d_input(size, k, g, **geometry)


def adjoint_test(forward, backward, size=(6, 6)) -> bool:
    """Does ⟨forward(a), g⟩ = ⟨a, backward(g)⟩?"""
    a, k = sample_input(*size), sample_kernel(3, 3)
    h = forward(a, k)
    g = sample_gradient(*h.shape)
    return bool(np.isclose((h * g).sum(), (a * backward(size, k, g)).sum()))


def test_1_a_backward_pass_that_forgets_the_stride_is_right_at_stride_1():
    def forgets(size, k, g):
        dx = np.zeros(size)
        for u, v in np.ndindex(*g.shape):
            dx[u : u + 3, v : v + 3] += g[u, v] * k
        return dx

    assert adjoint_test(conv2d, forgets)
    assert not adjoint_test(lambda x, k: conv2d(x, k, stride=2), forgets)


def test_1_a_backward_pass_that_forgets_the_padding_or_the_remainder_shows_on_them_alone():
    def no_cut(size, k, g):  # the whole map of stamps, cut to size at the wrong end
        return conv2d_input((8, 8), k, g)[: size[0], : size[1]]

    def no_remainder(size, k, g):  # all that the windows reach, centred where a row is left over
        reached = conv2d_input((5, 5), k, g, stride=2)
        return np.pad(reached, ((size[0] - 5, 0), (size[1] - 5, 0)))

    assert not adjoint_test(lambda x, k: conv2d(x, k, padding=1), no_cut)
    assert adjoint_test(lambda x, k: conv2d(x, k, stride=2), no_remainder, (5, 5))
    assert not adjoint_test(lambda x, k: conv2d(x, k, stride=2), no_remainder, (6, 6))


def test_1_with_a_bias_the_adjoint_test_fails_for_a_right_layer():
    assert not adjoint_test(lambda x, k: conv2d(x, k) + 1, back())


def test_1_the_adjoint_test_of_the_kernel_gradient():
    a, k, g = sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2)
    assert (conv2d(a, k) * g).sum() == (k * conv2d_weight(a, (3, 3), g)).sum()


def test_1_two_numbers_stand_in_the_panel_and_stay_equal():
    explorer = explore_transpose(show="numbers")
    explorer.type("kernel", 4, "7")
    values = [value for value, _ in explorer.scene.counters]
    assert values[0] == values[1] and explorer.scene.lamps[0].holds


def test_1_rows_5_to_8_of_the_printed_transpose_slipped():
    (printed,) = (one for one in judge_all() if one.record.id == "note-32")
    rows = {int(difference.at.split("(")[1].split(",")[0]) for difference in printed.differences}
    assert rows == {5, 6, 7, 8}


# 2. The equations, written out


def test_2_how_many_terms_the_nine_sums_have():
    assert list(map(terms, NINE)) == [1, 2, 1, 2, 4, 2, 1, 2, 1]


def test_2_each_gradient_and_each_weight_stands_in_four_equations():
    for one in (*K2.ravel(), *Z.ravel()):
        assert sum(one in sum_.free_symbols for sum_ in NINE) == 4


def test_2_no_input_stands_in_its_gradient():
    assert not any(sum_.free_symbols & set(X.ravel()) for sum_ in NINE)


# 3. Why the kernel turns round


def test_3_the_column_of_a3_reads_the_kernel_backwards():
    scene = explore_index_substitution(show="symbols").scene
    column = np.array(scene["W"].symbols).reshape(-1, 5)[:, 2]
    assert column.tolist() == ["k_3", "k_2", "k_1"]


# 4. The dial


def dial(**values):
    return explore_rotation(**{"show": "symbols", **values}).scene


def test_4_which_padding_gives_which_size():
    assert [dial(padding=p)["result"].shape[2] for p in (0, 1, 2)] == [1, 3, 5]
    assert [2 + 2 * p - 2 + 1 for p in (0, 1, 2)] == [1, 3, 5]


def test_4_the_title_names_the_padding():
    titles = [dial(padding=p)["spread"].title for p in (0, 1, 2)]
    assert titles == [
        "|∂F/∂h| (valid): 2×2",
        "|∂F/∂h|, padded by 1 (full): 4×4",
        "|∂F/∂h|, padded by 2: 6×6",
    ]
    same_size = dial(padding=1, input_size=4, kernel_size=3)["spread"].title
    assert same_size == "|∂F/∂h|, padded by 1 (same): 4×4"
    assert conv2d(np.ones((2, 2)), np.ones((3, 3)), padding=1).shape == (2, 2)


def test_4_unturned_the_first_gradient_meets_the_last_weight():
    assert dial().equation_text("result", 0) == "r_11 = k_22·∂F/∂h_11"
    assert dial().equation_text("input_gradient", 0) == "∂F/∂a_11 = k_11·∂F/∂h_11"


def test_4_how_many_of_nine_cells_are_right_at_each_position():
    turns = ["0°", "90°", "180°", "270°", "flip ↔", "flip ↕", "transpose"]
    right = [dial(turn=turn).counters[0][0] for turn in turns]
    assert right == [f"{n} of 9" for n in (0, 0, 9, 0, 0, 0, 2)]


def test_4_the_transpose_is_right_in_two_corners():
    assert dial(turn="transpose")["result"].marks["right"] == (2, 6)  # X_13 and X_31
    assert {K2[0, 1], K2[1, 0]} == {*NINE[2].free_symbols, *NINE[6].free_symbols} - {*Z.ravel()}


@pytest.mark.parametrize("turn, flips, right", [
    ("0°", False, False), ("180°", False, True), ("0°", True, True), ("180°", True, False),
])  # fmt: skip
def test_4_of_four_ways_two_are_right(turn, flips, right):
    assert dial(turn=turn, true_convolution=flips).lamps[1].holds == right


def test_4_a_kernel_that_looks_the_same_turned_hides_a_missing_rotation():
    explorer = explore_rotation(show="numbers")
    for cell in range(4):
        explorer.type("kernel", cell, "3")
    for turn in explorer.controls["turn"].options:
        explorer.move(turn=turn)
        assert explorer.scene.lamps[1].holds


def test_4_the_sizes_of_the_note_need_a_padding_of_2():
    assert conv2d(np.ones((2, 2)), np.ones((3, 3)), padding=2).shape == (4, 4)
    assert "(full)" in dial(padding=2, input_size=4, kernel_size=3)["spread"].title


def test_4_no_padding_keeps_the_size_under_a_kernel_of_2():
    assert all(2 + 2 * p - 2 + 1 != 2 for p in range(4))


def test_4_two_flips_in_either_order_are_the_turn():
    assert (K2[::-1][:, ::-1] == rot180(K2)).all() and (K2[:, ::-1][::-1] == rot180(K2)).all()


def test_4_exchanging_the_operands_turns_a_full_cross_correlation_and_no_true_convolution():
    gradient = conv2d(Z, rot180(K2), padding=1)
    exchanged = conv2d(rot180(K2), Z, padding=1)
    assert same(gradient.ravel(), NINE) and same(exchanged, rot180(gradient))
    assert not same(exchanged, gradient)

    def true_convolution(image, kernel):
        return conv2d(image, rot180(kernel), padding=1)

    assert same(true_convolution(Z, K2), true_convolution(K2, Z))


def test_4_for_which_kernels_the_transpose_is_the_turn():
    """Those that are their own mirror image in the diagonal from lower left to upper right."""
    (solution,) = sympy.solve(
        [x for x in (rot180(K) - K.T).ravel() if x != 0], list(K.ravel()), dict=True
    )
    mirrored = K[::-1, ::-1].T
    assert all(sympy.expand((k - m).subs(solution)) == 0
               for k, m in zip(K.ravel(), mirrored.ravel(), strict=True))  # fmt: skip
    assert len(solution) == 3


# 5. Scatter and gather


def test_5_both_make_36_products_and_gather_108_more_with_zeros():
    scene = explore_scatter_gather().scene
    assert len(scene.steps) == G.size * K.size == 36
    assert 16 * 9 - 36 == 108 and scene["spread"].shape[2:] == (6, 6)


def test_5_the_first_cell_is_finished_first_and_the_middle_only_with_the_last_stamp():
    scene = explore_scatter_gather(show="symbols").scene
    scatter, gather = (scene[name].frames for name in ("input_gradient", "gathered"))
    assert scatter[0][0] == gather[0][0] == "1 of 1"
    for middle in (5, 6, 9, 10):
        done = next(step for step, texts in enumerate(scatter) if texts[middle] == "4 of 4")
        assert done >= 27, "not before the fourth stamp, whose products are 27 to 35"


def test_5_with_the_probe_on_4_the_kernel_stands_in_the_lower_right_corner():
    scene = explore_scatter_gather(one_hot=4, show="numbers").scene
    result = np.array([float(n.replace("−", "-")) for n in scene["gathered"].numbers]).reshape(4, 4)
    assert (result[1:, 1:] == sample_kernel(3, 3)).all() and not result[0].any()


def test_5_overwriting_puts_both_lamps_out_and_leaves_the_corners_and_by_chance_a22():
    scene = explore_scatter_gather(overwrite=True, show="numbers").scene
    assert [lamp.holds for lamp in scene.lamps] == [False, False]
    right = set(range(16)) - set(scene["input_gradient"].marks["wrong"])
    assert right == {0, 3, 12, 15, 5}
    by_terms = explore_scatter_gather(overwrite=True, show="symbols").scene
    assert set(range(16)) - set(by_terms["input_gradient"].marks["wrong"]) == {0, 3, 12, 15}


@pytest.mark.parametrize("probe, lit", [(4, True), (1, False)])
def test_5_which_probe_sees_the_overwriting(probe, lit):
    scene = explore_scatter_gather(overwrite=True, one_hot=probe).scene
    assert [lamp.holds for lamp in scene.lamps] == [lit, lit]


def test_5_scatter_gather_the_transpose_and_calculus_are_the_same_sixteen_sums():
    scattered = conv2d_input((4, 4), K, G)
    assert same(scattered, conv2d_input_gather((4, 4), K, G))
    assert same(scattered.ravel(), BY_CALCULUS)


def test_5_the_two_steps_of_col2im_are_the_transposes_of_the_two_forward_steps():
    """Through the unrolled input: h = P k with P = im2col(a), and back through kᵀ and col2im."""
    patches = np.outer(K.ravel(), G.ravel())
    assert same(fold(patches, (4, 4), 3)[0], conv2d_input((4, 4), K, G))


def test_5_with_channels_the_first_step_is_the_transposed_kernel_matrix_times_g():
    weight, g = sample_kernel(3, 2, 2, 2), sample_gradient(3, 3, 3)
    back = fold(weight.reshape(3, -1).T @ g.reshape(3, -1), (4, 4), 2)
    assert (back == conv2d_input((2, 4, 4), weight, g)).all()


def test_5_copies_come_back_as_the_input_times_the_counts():
    back = fold(unfold(A, 3), (4, 4), 3)[0]
    counts = fold(unfold(np.ones((4, 4), int), 3), (4, 4), 3)[0]
    assert same(back, A * counts) and counts[1, 1] == 4


@pytest.mark.parametrize("patches, write, lit", [
    ("gradients", "+=", True), ("gradients", "=", False), ("gradients", "mean", False),
    ("input", "+=", False), ("input", "=", True), ("input", "mean", True),
])  # fmt: skip
def test_5_only_adding_gives_the_gradient_and_the_other_two_bring_the_input_back(
    patches, write, lit
):
    assert explore_folding(patches=patches, write=write).scene.lamps[0].holds == lit


def test_5_a22_gets_its_weights_backwards_patch_by_patch():
    scene = explore_folding(show="symbols").scene
    assert scene.equation_text("folded", 5) == (
        "∂F/∂a_22 = k_22·∂F/∂h_11 + k_21·∂F/∂h_12 + k_12·∂F/∂h_21 + k_11·∂F/∂h_22"
    )


def test_5_what_padding_of_the_layer_needs_on_the_way_back():
    assert (3 - 1 - 2, 2 - 1 - 2) == (0, -1)
    assert conv2d(np.ones((4, 4)), np.ones((3, 3)), padding=2).shape == (6, 6)
    g, k = sample_gradient(6, 6), sample_kernel(3, 3)
    assert (conv2d(g, rot180(k)) == conv2d_input((4, 4), k, g, padding=2)).all()
    g, k = sample_gradient(7, 7), sample_kernel(2, 2)
    assert (conv2d(g[1:-1, 1:-1], rot180(k)) == conv2d_input((4, 4), k, g, padding=2)).all()


def test_5_one_weight_alone_reaches_the_third_input_at_stride_2():
    k, g = symbol_array("k", (1, 3), start=0), symbol_array("g", (1, 2), start=0)
    third = conv2d_input((1, 4), k, g, stride=(1, 2), padding=(0, 1))[0, 2]
    assert third == k[0, 1] * g[0, 1]


# 6. How many terms?


def counts(size: int, kernel: int) -> np.ndarray:
    ones = np.ones((size - kernel + 1,) * 2, int)
    return conv2d_input((size, size), np.ones((kernel, kernel), int), ones)


def test_6_the_counts_are_an_input_gradient():
    assert counts(3, 2).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_6_the_largest_count_of_6_by_6_is_9_in_the_middle_four_cells():
    assert counts(6, 3).max() == 9 and (counts(6, 3) == 9).sum() == 4
    assert (counts(6, 3)[2:4, 2:4] == 9).all()


def test_6_with_stride_the_counts_are_uneven_in_the_middle_too():
    middle = conv2d_input((9, 9), np.ones((3, 3)), np.ones((4, 4)), stride=2)[3:6, 3:6]
    assert len(set(middle.ravel().tolist())) > 1


# 7. Channels and groups


def test_7_the_gradient_is_a_sum_over_the_output_channels_of_turned_planes():
    k, g = symbol_array("k", (2, 3, 2, 2)), symbol_array("g", (2, 2, 2))
    whole = conv2d_input((3, 3, 3), k, g)
    for c in range(3):
        each = [conv2d(g[o], rot180(k[o, c]), padding=1) for o in range(2)]
        assert same(whole[c], sum(each))


@pytest.mark.parametrize("groups, bank, back, planes", [
    (1, (6, 4, 3, 3), (4, 6, 3, 3), 6), (2, (6, 2, 3, 3), (4, 3, 3, 3), 3),
])  # fmt: skip
def test_7_the_shape_of_the_bank_for_the_way_back(groups, bank, back, planes):
    assert WAYS["right"](np.zeros(bank), groups).shape == back and back[1] == planes


def test_7_a_column_of_the_bank_becomes_a_row():
    scene = explore_input_channels(show="symbols").scene
    lit = scene.lit("input_gradient", 4)
    assert {cell // 4 for cell in lit["kernel"]} == {0, 2}  # k(1,1) and k(2,1)
    assert {cell // 4 for cell in lit["laid"]} == {0, 1}
    assert scene["laid"].hues[::4] == (0, 2, 1, 3)


def test_7_more_output_channels_make_each_sum_longer_and_no_more_sums():
    two, three = (explore_input_channels(out_channels=n).scene for n in (2, 3))
    lengths = [len(scene.terms("input_gradient", 4)[1]) for scene in (two, three)]
    assert lengths == [8, 12] and two["input_gradient"].size == three["input_gradient"].size


def test_7_with_groups_an_input_channel_listens_to_its_group_alone():
    scene = explore_input_channels(4, 4, 2).scene
    heard = [scene.lit("input_gradient", 9 * c + 4)["upstream"] for c in range(4)]
    assert [{cell // 4 for cell in cells} for cells in heard] == [{0, 1}, {0, 1}, {2, 3}, {2, 3}]


@pytest.mark.parametrize("way", ["not turned", "not exchanged", "all axes turned"])
def test_7_each_of_the_three_mistakes_puts_the_lamp_out(way):
    assert not explore_input_channels(way=way).scene.lamps[0].holds
    assert explore_input_channels().scene.lamps[0].holds


def test_7_np_flip_turns_all_four_axes():
    bank = sample_kernel(3, 2, 2, 2)
    assert (WAYS["all axes turned"](bank, 1) == np.flip(bank).swapaxes(0, 1)).all()


def test_7_exchange_the_first_two_axes_and_turn_the_last_two():
    k, g = symbol_array("k", (2, 3, 2, 2)), symbol_array("g", (2, 2, 2))
    made = conv2d(g, rot180(k.swapaxes(0, 1)), padding=1)
    assert same(made, conv2d_input((3, 3, 3), k, g))


# What to take along


def test_the_friends_code_stamps_the_turned_kernel_and_the_probe_shows_it():
    probe = np.array([[1, 0], [0, 0]])
    right, turned = (conv2d_input((4, 4), kernel, probe) for kernel in (K, rot180(K)))
    assert same(right[:3, :3], K) and not same(turned[:3, :3], K)
