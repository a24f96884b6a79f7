"""What lesson 03 says of sizes, counts and places, computed; by section."""

import numpy as np
import pytest
import sympy

from cnnviz import explore_channels, explore_convolution_matrix, symbol_array
from cnnviz.functional import conv2d, conv_matrix, fold, rot180, unfold

A, K = symbol_array("a", (4, 4)), symbol_array("k", (3, 3))
W = conv_matrix(K, (4, 4))
DIGIT = conv_matrix(np.ones((3, 3)), (28, 28))


def matrix_of(size: int, **geometry) -> np.ndarray:
    return conv_matrix(np.ones((3, 3)), (size, size), **geometry)


def columns_of(row: np.ndarray) -> list[int]:
    return np.flatnonzero(row).tolist()


# 1. The window


def test_1_four_inputs_are_read_for_every_output():
    assert conv2d(A, K).shape == (2, 2)
    read = [out.free_symbols & set(A.ravel()) for out in conv2d(A, K).ravel()]
    assert set.intersection(*read) == {A[1, 1], A[1, 2], A[2, 1], A[2, 2]}


def test_1_an_input_that_rises_by_1_changes_an_output_by_the_weight_it_is_read_with():
    nudged = A.copy()
    nudged[0, 1] += 1
    change = [sympy.expand(one) for one in (conv2d(nudged, K) - conv2d(A, K)).ravel()]
    assert change == [K[0, 1], K[0, 0], 0, 0]


def test_1_a_true_convolution_turns_the_kernel_first():
    first = conv2d(A, rot180(K))[0, 0]
    assert sympy.diff(first, A[0, 0]) == K[2, 2] and sympy.diff(first, A[2, 2]) == K[0, 0]


# 2. The matrix W


def test_2_a32_is_entry_10_by_rows_and_7_by_columns():
    assert A.ravel()[10 - 1] == A.ravel()[4 * 2 + 1] == A[2, 1]
    assert A.ravel(order="F")[7 - 1] == A[2, 1] and 4 * (2 - 1) + 3 == 7


def test_2_the_first_row_of_w():
    k = K.ravel().tolist()
    assert W[0].tolist() == [*k[:3], 0, *k[3:6], 0, *k[6:], 0, 0, 0, 0, 0]
    assert W[0].tolist().index(K[1, 0]) + 1 == 5 and A.ravel()[5 - 1] == A[1, 0]
    assert A.ravel()[4 - 1] == A[0, 3] and A[0, 3] not in conv2d(A, K)[0, 0].free_symbols


def test_2_each_weight_stands_in_w_four_times_once_in_each_row():
    for weight in K.ravel():
        assert (weight == W).sum(axis=1).tolist() == [1, 1, 1, 1]


def test_2_a_corner_feeds_one_output_and_the_middle_four():
    fed = (W != 0).sum(axis=0).reshape(4, 4)
    assert fed[0, 0] == 1 and (fed[1:3, 1:3] == 4).all() and fed.max() == 4


def test_2_w_times_the_vector_is_the_convolution_whatever_the_numbers():
    left = W @ A.ravel() - conv2d(A, K).ravel()
    assert [sympy.expand(one) for one in left] == [0, 0, 0, 0]


def test_2_of_64_entries_28_are_0_and_the_others_9_weights():
    assert W.size == 64 and (W == 0).sum() == 28 and (W != 0).sum() == 36
    assert set(W[W != 0]) == set(K.ravel())
    assert explore_convolution_matrix(parts=("W",)).scene.counters == (
        ("36 of 64", "entries of W are weights"),
        ("9", "different weights, shared"),
    )


def test_2_at_28_by_28_99_of_100_entries_are_0():
    assert round(100 * (DIGIT == 0).mean()) == 99


@pytest.mark.parametrize("padding", [0, 1])
def test_2_w_is_doubly_block_toeplitz_at_stride_1_and_not_at_stride_2(padding):
    assert is_doubly_block_toeplitz(conv_matrix(K, (5, 5), padding=padding))
    assert not is_doubly_block_toeplitz(conv_matrix(K, (5, 5), stride=2, padding=padding))


def is_doubly_block_toeplitz(w: np.ndarray) -> bool:
    """Is a matrix for 5×5 inputs made of Toeplitz blocks, which repeat along the diagonal?"""
    side = int(len(w) ** 0.5)
    blocks = w.reshape(side, side, 5, 5).swapaxes(1, 2)
    repeated = (blocks[1:, 1:] == blocks[:-1, :-1]).all()
    toeplitz = (blocks[..., 1:, 1:] == blocks[..., :-1, :-1]).all()
    return bool(repeated and toeplitz)


# 3. What the columns are for


def test_3_how_many_outputs_each_cell_of_6_by_6_feeds():
    fed = (matrix_of(6) != 0).sum(axis=0).reshape(6, 6)
    assert [row[:3].tolist() for row in fed[:3]] == [[1, 2, 3], [2, 4, 6], [3, 6, 9]]
    assert (fed == fed[::-1, ::-1]).all() and (fed.min(), fed.max()) == (1, 9)


def test_3_an_input_in_the_middle_meets_each_weight_once():
    column = conv_matrix(K, (6, 6))[:, 2 * 6 + 2]
    assert sorted(map(str, column[column != 0])) == sorted(map(str, K.ravel()))


def test_3_the_derivative_with_a_row_for_each_output_is_w():
    derivative = [[sympy.diff(out, cell) for cell in A.ravel()] for out in conv2d(A, K).ravel()]
    assert (np.array(derivative, dtype=object) == W).all()


# 4. The other unrolling: im2col


def test_4_a22_stands_in_four_patches_and_a11_in_one():
    patches = unfold(A, (3, 3)).T
    assert patches.shape == (4, 9)
    assert (patches == A[1, 1]).sum() == 4 and (patches == A[0, 0]).sum() == 1
    assert (patches @ K.ravel() == W @ A.ravel()).all()


def test_4_its_column_of_w_and_its_places_in_the_patches_are_the_same_meetings():
    patches = unfold(A, (3, 3)).T
    in_patches = [(u, K.ravel()[m]) for u, m in np.argwhere(patches == A[1, 1])]
    in_w = [(u, weight) for u, weight in enumerate(W[:, 5]) if weight != 0]
    assert in_patches == in_w


def test_4_col2im_is_the_transpose_of_im2col_and_brings_a22_back_four_times():
    im2col = unfold(np.eye(16).reshape(16, 1, 4, 4), 3).reshape(16, 36).T  # a column for each cell
    col2im = fold(np.eye(36).reshape(36, 9, 4), (4, 4), 3).reshape(36, 16).T
    assert (col2im == im2col.T).all()
    back = fold(unfold(A, 3), (4, 4), 3).reshape(4, 4)
    assert back[1, 1] == 4 * A[1, 1] and back[0, 0] == A[0, 0]


# 5. Stride, padding, dilation


def test_5_stride_2_keeps_rows_1_3_7_and_9():
    strided = matrix_of(5, stride=2)
    assert strided.shape == (4, 25) and (strided == matrix_of(5)[[0, 2, 6, 8]]).all()


def test_5_padding_adds_rows_and_no_columns_and_a_corner_loses_5_of_9_weights():
    padded = matrix_of(4, padding=1)
    assert padded.shape == (16, 16) and (padded[0] != 0).sum() == 9 - 5


def test_5_valid_same_and_full():
    sizes = [int(len(matrix_of(4, padding=p)) ** 0.5) for p in (0, 1, 2)]
    assert sizes == [2, 4, 6] and (matrix_of(4, padding=3 - 1)[0] != 0).sum() == 1


def test_5_dilation_2_puts_the_weights_two_columns_and_two_rows_apart():
    assert columns_of(matrix_of(6, dilation=2)[0]) == [0, 2, 4, 12, 14, 16, 24, 26, 28]


def test_5_the_last_row_of_6_by_6_feeds_nothing_at_stride_2():
    assert not matrix_of(6, stride=2).reshape(4, 6, 6)[:, 5].any() and (6 - 3) % 2 == 1


# 6. Larger


def test_6_the_sizes_at_12_by_12():
    assert matrix_of(12).shape == (100, 144) and matrix_of(12).size == 14_400


def test_6_stride_2_moves_a_row_by_two_columns_and_leaves_25_rows():
    strided = matrix_of(12, stride=2)
    assert len(strided) == 25 and columns_of(strided[1])[0] - columns_of(strided[0])[0] == 2
    assert columns_of(matrix_of(12)[1])[0] - columns_of(matrix_of(12)[0])[0] == 1


def test_6_dilation_2_moves_the_bands_apart_and_leaves_64_rows():
    assert columns_of(matrix_of(12)[0]) == [0, 1, 2, 12, 13, 14, 24, 25, 26]
    assert columns_of(matrix_of(12, dilation=2)[0]) == [0, 2, 4, 24, 26, 28, 48, 50, 52]
    assert len(matrix_of(12, dilation=2)) == 64


def test_6_nine_weights_do_the_work_of_half_a_million():
    assert DIGIT.shape == (676, 784) and DIGIT.size == 529_984
    assert (DIGIT != 0).sum() == 6084 and round(6084 / 529_984, 2) == 0.01


# 7. Channels and groups


def test_7_with_2_groups_the_blocks_off_the_diagonal_are_empty():
    grouped = conv_matrix(symbol_array("k", (2, 1, 2, 2)), (2, 3, 3), groups=2)
    assert grouped.shape == (8, 18) and not grouped[:4, 9:].any() and not grouped[4:, :9].any()
    full = explore_channels().scene["kernel"].size
    assert 2 * explore_channels(groups=2).scene["kernel"].size == full


def test_7_three_channels_in_two_groups_are_refused_in_a_sentence():
    explorer = explore_channels(3)
    explorer.move(groups=2)
    assert "groups" in explorer.message


# What to take along


def test_the_four_entries_k11_have_one_gradient_the_sum_of_what_the_four_places_ask_for():
    g = symbol_array("g", (2, 2))
    scalar = (g * conv2d(A, K)).sum()
    at_each_place = np.outer(g.ravel(), A.ravel())  # were all entries of W free
    wanted = sympy.diff(scalar, K[0, 0])
    assert (K[0, 0] == W).sum() == 4
    assert sympy.expand(at_each_place[K[0, 0] == W].sum() - wanted) == 0
