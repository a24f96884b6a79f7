"""What lesson 05 says, computed: by section and claim."""

import numpy as np
import pytest

from cnnviz import (
    explore_coverage,
    explore_remainder,
    explore_size_ladder,
    explore_spreading,
    sample_input,
    sample_kernel,
    symbol_array,
)
from cnnviz.functional import conv2d, conv2d_input, conv_matrix, conv_transpose2d
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.table import convolution_table


def row(n):
    return np.ones((1, n))


def counts(kernel, stride):
    return conv_transpose2d(row(5), row(kernel), stride=(1, stride))[0].tolist()


def test_1_the_transposed_convolution_is_the_transposed_matrix_for_every_number():
    k, g = symbol_array("k", (3, 3)), symbol_array("g", (2, 2))
    w, spread_out = conv_matrix(k, (5, 5), stride=2), conv_transpose2d(g, k, stride=2)
    assert w.shape == (4, 25) and spread_out.shape == (5, 5)
    assert all(spread_out.ravel() == w.T @ g.ravel())


def test_1_the_spread_map_is_7_by_7_and_a_window_meets_1_2_or_4_gradients():
    scene = explore_spreading().scene
    assert scene["spread"].shape == (1, 1, 7, 7)
    met = [len(scene.lit("input_gradient", cell)["upstream"]) for cell in range(25)]
    assert sorted(set(met)) == [1, 2, 4]


def test_1_an_upstream_gradient_reaches_3_by_3_cells_and_its_neighbour_two_further():
    scene = explore_spreading().scene
    first, second = (scene.lit("upstream", cell)["input_gradient"] for cell in (0, 1))
    assert first == (0, 1, 2, 5, 6, 7, 10, 11, 12)
    assert second == tuple(cell + 2 for cell in first)


def test_1_at_stride_4_one_row_and_one_column_are_never_read():
    gradient = conv_transpose2d(np.ones((2, 2)), np.ones((3, 3)), stride=4)
    assert gradient.shape == (7, 7)
    assert np.flatnonzero(~gradient.any(axis=1)).tolist() == [3]
    assert np.flatnonzero(~gradient.any(axis=0)).tolist() == [3]


def test_1_a_forgotten_stride_gives_4_by_4_and_puts_the_lamp_out():
    explorer = explore_spreading(forget_stride=True)
    assert explorer.scene["input_gradient"].shape[2:] == (4, 4)
    assert [lamp.words for lamp in explorer.scene.lamps] == [
        "differs from Wᵀ times the gradient, which is 5×5"
    ]
    explorer.move(stride=1)
    assert [lamp.words for lamp in explorer.scene.lamps] == ["equals Wᵀ times the gradient"]


def test_2_stamps_overlap_in_one_row_and_one_column_at_stride_2_and_not_at_stride_3():
    stamps = conv_transpose2d(np.ones((2, 2)), np.ones((3, 3)), stride=2)
    assert stamps[2].tolist() == [2, 2, 4, 2, 2] and stamps[0].tolist() == [1, 1, 2, 1, 1]
    beside = conv_transpose2d(np.ones((2, 2)), np.ones((3, 3)), stride=3)
    assert beside.shape == (6, 6) and beside.max() == 1


def test_3_the_missing_cell_is_0_without_padding_and_computed_with_it():
    kernel, gradient = sample_kernel(1, 3), np.array([[1.0, -2.0]])
    naive = conv_transpose2d(gradient, kernel, stride=(1, 2))
    whole = conv_transpose2d(gradient, kernel, stride=(1, 2), output_padding=(0, 1))
    assert naive.shape == (1, 5) and whole.shape == (1, 6) and whole[0, 5] == 0
    assert (whole == conv2d_input((1, 6), kernel, gradient, stride=(1, 2))).all()
    three = np.array([[1.0, -2.0, 3.0]])
    padded = conv2d_input((1, 6), kernel, three, stride=(1, 2), padding=(0, 1))
    assert padded[0, 5] == 3 * kernel[0, 2] == -3


@pytest.mark.parametrize(
    ("cells", "padding", "remainder"), [(5, 0, 0), (7, 0, 0), (6, 0, 1), (6, 1, 1)]
)
def test_3_the_remainders(cells, padding, remainder):
    axis = Geometry.of((1, cells), (1, 3), (1, 2), (0, padding)).columns
    assert axis.remainder == remainder == (cells + 2 * padding - 3) % 2
    assert explore_remainder(cells, padding=padding).scene.length


def test_3_with_padding_the_cell_that_no_window_reaches_is_padding():
    read = convolution_table(Geometry.of((1, 6), (1, 3), (1, 2), (0, 1)))["input"]
    assert sorted({*range(8)} - {*read.tolist()}) == [7]  # of 8 padded cells the last


def test_4_up_to_s_sizes_have_one_output_size():
    def outputs(sizes, stride):
        return [conv2d(row(i), row(3), stride=stride).shape[1] for i in sizes]

    assert outputs(range(3, 13), 2) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert outputs(range(3, 12), 3) == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert explore_size_ladder().scene


def test_4_output_and_input_have_one_size_at_stride_1_with_2p_equal_to_dk_minus_d():
    for k, p, d in np.ndindex(6, 4, 3):
        k, d = k + 1, d + 1
        try:
            same = conv2d(row(12), row(k), padding=(0, p), dilation=(1, d)).shape[1] == 12
        except DoesNotFit:
            continue
        assert same == (2 * p == d * (k - 1))


def same_padding(cells, kernel, stride, dilation=1):
    """TensorFlow's rule for SAME: before and after."""
    outputs = -(-cells // stride)
    total = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - cells, 0)
    return total // 2, total - total // 2


def windows_of(padding, cells=6):
    """Which cells the three windows read, from 1; 0 is padding. And what none of them reads."""
    numbers = np.pad(np.arange(1, cells + 1), padding)
    read = [numbers[start : start + 3].tolist() for start in range(0, len(numbers) - 2, 2)]
    last = 2 * (len(read) - 1) + 3
    return read, numbers[last:].tolist()


def test_4_the_row_of_tensorflows_same():
    assert same_padding(6, 3, 2) == (0, 1)
    assert windows_of((0, 1)) == ([[1, 2, 3], [3, 4, 5], [5, 6, 0]], [])
    assert windows_of((1, 1)) == ([[0, 1, 2], [2, 3, 4], [4, 5, 6]], [0])
    assert conv2d(row(6), row(3), stride=2, padding=(0, 1)).shape == (1, 3)


def test_4_the_two_paddings_give_other_numbers_and_the_gradient_is_cropped():
    x, k = sample_input(1, 6), sample_kernel(1, 3)
    by_hand = np.pad(x, ((0, 0), (0, 1)))
    same = conv2d(by_hand, k, stride=(1, 2))
    assert (same != conv2d(x, k, stride=(1, 2), padding=(0, 1))).any()
    g = np.array([[1.0, -2.0, 3.0]])
    back = conv2d_input((1, 7), k, g, stride=(1, 2))[:, :6]
    for cell in range(6):
        nudged = by_hand.astype(float)
        nudged[0, cell] += 1
        assert ((conv2d(nudged, k, stride=(1, 2)) - same) * g).sum() == back[0, cell]


def test_5_the_pseudo_inverse_makes_h_again_but_not_the_input():
    a, k = sample_input(4, 4), sample_kernel(3, 3)
    w = conv_matrix(k, (4, 4))
    h = w @ a.ravel()
    back = np.linalg.pinv(w) @ h
    assert w.shape == (4, 16) and np.allclose(w @ back, h) and not np.allclose(back, a.ravel())


def test_5_ranks_and_who_brings_the_input_back():
    a, k = sample_input(4, 4), sample_kernel(3, 3)
    matrices = [conv_matrix(k, (4, 4), padding=p) for p in (0, 1, 2)]
    assert [np.linalg.matrix_rank(w) for w in matrices] == [4, 16, 16]
    for w in matrices[1:]:
        h = w @ a.ravel()
        assert np.allclose(np.linalg.pinv(w) @ h, a.ravel())
        assert not np.isclose(w.T @ h, a.ravel()).any()  # no cell of it gets its tick
    assert not np.isclose(matrices[0].T @ matrices[0] @ a.ravel(), a.ravel()).any()


def test_5_windows_that_do_not_overlap_and_kernels_that_only_move():
    k = sample_kernel(2, 2)
    w = conv_matrix(k, (4, 4), stride=2)
    assert np.allclose(w @ w.T, 18 * np.eye(4)) and (k**2).sum() == 18
    assert np.allclose(np.linalg.pinv(w), w.T / 18)
    single = conv_matrix(sample_kernel(1, 1), (4, 4))
    assert np.allclose(single.T @ single, single[0, 0] ** 2 * np.eye(16))
    middle = np.zeros((3, 3))
    middle[1, 1] = 1
    moved = conv_matrix(middle, (4, 4), padding=1)
    assert np.allclose(moved.T @ moved, np.eye(16))


def test_6_counts_along_an_axis_and_where_they_are_equal():
    assert counts(3, 2) == [1, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1]
    assert counts(4, 2)[2:-2] == [2] * 8 and counts(6, 3)[3:-3] == [2] * 12
    assert counts(2, 3) == [1, 1, 0] * 4 + [1, 1]
    for kernel, stride in np.ndindex(6, 4):
        inside = counts(kernel + 1, stride + 1)[kernel + 1 : -kernel - 1]
        equal = len({*inside}) <= 1 and 0 not in inside
        if len(inside) > stride + 1:
            assert equal == ((kernel + 1) % (stride + 1) == 0), (kernel + 1, stride + 1)


def test_6_the_corner_and_the_last_row():
    def corner(stride, padding):
        ones = np.ones((5, 5)), np.ones((3, 3))
        return conv_transpose2d(*ones, stride=stride, padding=padding)[0, 0]

    assert [corner(1, 0), corner(1, 1), corner(2, 0), corner(2, 1)] == [1, 4, 1, 1]
    longer = conv_transpose2d(np.ones((5, 5)), np.ones((3, 3)), stride=2, output_padding=1)
    assert longer.shape == (12, 12) and longer[10].any() and not longer[11].any()


def test_6_equal_counts_do_not_make_equal_gradients():
    gradient = conv_transpose2d(
        np.ones((5, 5)), explore_coverage(4, 2).data["kernel"][:4, :4], stride=2
    )
    assert len(np.unique(gradient[4:-4, 4:-4])) > 1


def test_7_kernel_size_1_and_padding_1_crop_all_but_the_middle():
    g = np.arange(1.0, 10).reshape(3, 3)
    assert conv_transpose2d(g, np.ones((1, 1)), padding=1).tolist() == [[5]]


def test_7_padding_makes_the_result_of_a_transposed_convolution_smaller():
    g, k = np.ones((4, 4)), np.ones((3, 3))
    shapes = [conv_transpose2d(g, k, padding=p).shape for p in (0, 1, 2)]
    assert shapes == [(6, 6), (4, 4), (2, 2)]
    assert (conv_transpose2d(g, k)[1:-1, 1:-1] == conv_transpose2d(g, k, padding=1)).all()
    around = [Geometry.of((s, s), (3, 3), padding=p).adjoint_padding for s, p in ((6, 0), (4, 1))]
    assert around == [((2, 2), (2, 2)), ((1, 1), (1, 1))]
