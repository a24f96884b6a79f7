"""Convolution, its gradients and its matrices: by hand, against plain loops, and by their laws."""

from inspect import signature

import numpy as np
import pytest
from hypothesis import given

from cnnviz import functional as F
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.windows import crop, pad, scatter
from tests.tools import brute_force
from tests.tools.geometries import convolutions

# --- by hand -------------------------------------------------------------------------------------

X = np.arange(16).reshape(4, 4)
K = np.array([[1, 0, 0], [0, 0, 2], [0, 3, 0]])


def test_forward_by_hand():
    # 1 x[i, j] + 2 x[i+1, j+2] + 3 x[i+2, j+1]
    assert F.conv2d(X, K).tolist() == [[0 + 12 + 27, 1 + 14 + 30], [4 + 20 + 39, 5 + 22 + 42]]


def test_forward_with_stride_padding_and_dilation_by_hand():
    x = np.array([[1, 2, 3], [4, 5, 6]])
    assert F.conv2d(x, [[1, 10]], stride=2, padding=1).tolist() == [[0, 0], [40, 65]]
    assert F.conv2d(x, [[1, 10]], dilation=2).tolist() == [[31], [64]]
    assert F.conv2d(x, [[1, 10]], padding="same").tolist() == [[21, 32, 3], [54, 65, 6]]


def test_both_gradients_by_hand():
    g = np.array([[1, 2], [3, 4]])
    assert F.conv2d_weight(X, (3, 3), g).tolist() == [
        [0 + 2 + 12 + 20, 1 + 4 + 15 + 24, 2 + 6 + 18 + 28],
        [4 + 10 + 24 + 36, 5 + 12 + 27 + 40, 6 + 14 + 30 + 44],
        [8 + 18 + 36 + 52, 9 + 20 + 39 + 56, 10 + 22 + 42 + 60],
    ]
    assert F.conv2d_input((4, 4), K, g).tolist() == [
        [1, 2, 0, 0],
        [3, 4, 2, 4],
        [0, 3, 6 + 6, 8],
        [0, 9, 12, 0],
    ]


def test_remainder_by_hand():
    # Six cells, a kernel of three, stride two: the last cell is read by nobody, and the gradient of
    # the kernel comes from a correlation that would have four rows.
    x, g = np.array([[1, 2, 3, 4, 5, 6]]), np.array([[10, 100]])
    assert F.conv2d_input((1, 6), [[1, 2, 3]], g, stride=2).tolist() == [[10, 20, 130, 200, 300, 0]]
    assert F.conv2d_input_gather((1, 6), [[1, 2, 3]], g, stride=2).tolist() == [
        [10, 20, 130, 200, 300, 0]
    ]
    assert F.conv2d_weight(x, (1, 3), g, stride=2).tolist() == [[310, 420, 530]]
    assert F.spread_gradient(g, (1, 6), (1, 3), stride=(1, 2)).tolist() == [
        [0, 0, 10, 0, 100, 0, 0, 0]
    ]


def test_spread_gradient_crops_where_the_padding_is_wide():
    assert F.spread_gradient([[1, 2, 3, 4, 5]], (1, 3), (1, 1), padding=(0, 1)).tolist() == [
        [2, 3, 4]
    ]
    # one window of a single cell, in the padding: nothing of the gradient is left
    assert F.spread_gradient([[7]], (1, 1), 1, stride=(1, 10), padding=(0, 3)).tolist() == [[0]]
    assert F.conv2d_input_gather((1, 1), [[2]], [[7]], stride=(1, 10), padding=(0, 3)).tolist() == [
        [0]
    ]


def test_stride_beyond_the_kernel_leaves_holes():
    gradient = F.conv2d_input((1, 9), [[1, 2]], [[1, 1, 1]], stride=(1, 3))
    assert gradient.tolist() == [[1, 2, 0, 1, 2, 0, 1, 2, 0]]


def test_groups_by_hand():
    x = np.array([[[1, 2]], [[3, 4]]])  # two channels of 1 x 2
    w = np.array([[[[1, 0]]], [[[0, 10]]], [[[1, 1]]], [[[5, 0]]]])  # two for each channel
    assert F.conv2d(x, w, groups=2).ravel().tolist() == [1, 20, 7, 15]
    g = np.array([1, 1, 100, 100]).reshape(4, 1, 1)
    assert F.conv2d_input((2, 1, 2), w, g, groups=2).tolist() == [[[1, 10]], [[600, 100]]]
    assert F.conv2d_weight(x, (4, 1, 1, 2), g, groups=2).reshape(4, 2).tolist() == [
        [1, 2],
        [1, 2],
        [300, 400],
        [300, 400],
    ]


def test_transposed_by_hand():
    assert F.conv_transpose2d([[1, 2]], [[1, 10, 100]], stride=(1, 2)).tolist() == [
        [1, 10, 102, 20, 200]
    ]
    assert F.conv_transpose2d(
        [[1, 2]], [[1, 10, 100]], stride=(1, 2), padding=(0, 1), output_padding=(0, 1)
    ).tolist() == [[10, 102, 20, 200]]
    # an output padding beyond the stride, which a dilation allows
    assert F.conv_transpose2d(
        [[1, 2]], [[1, 10]], dilation=(1, 3), output_padding=(0, 2)
    ).tolist() == [[1, 2, 0, 10, 20, 0, 0]]


def test_bias_is_added_to_every_cell_of_its_channel():
    x, w = np.ones((2, 1, 3, 3), int), np.ones((2, 1, 2, 2), int)
    out = F.conv2d(x, w, bias=[10, 20])
    assert np.unique(out[:, 0]) == 14
    assert np.unique(out[:, 1]) == 24
    assert np.unique(F.conv_transpose2d(x[:, :, :1, :1], w[:1], bias=[7])) == 8
    assert F.conv2d(X, K, bias=5).tolist() == (F.conv2d(X, K) + 5).tolist()


def test_matrix_by_hand():
    assert F.conv_matrix([[1, 2], [3, 4]], (3, 3)).tolist() == [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]
    assert F.conv_matrix([[1, 2, 3]], (1, 2), stride=(1, 2), padding=(0, 2)).tolist() == [
        [3, 0],
        [1, 2],
    ]
    grouped = F.conv_matrix(np.array([5, 7]).reshape(2, 1, 1, 1), (2, 1, 2), groups=2)
    assert grouped.tolist() == np.diag([5, 5, 7, 7]).tolist()


# --- against plain loops -------------------------------------------------------------------------


@given(convolutions())
def test_forward_is_the_plain_loop(case):
    assert np.array_equal(
        F.conv2d(case.x, case.w, **case.how), brute_force.conv2d(case.x, case.w, *case.plainly)
    )


@given(convolutions())
def test_input_gradient_is_the_plain_loop_in_all_three_views(case):
    expected = brute_force.conv2d_input(case.x.shape, case.w, case.g, *case.plainly)
    assert np.array_equal(F.conv2d_input(case.x.shape, case.w, case.g, **case.how), expected)
    assert np.array_equal(F.conv2d_input_gather(case.x.shape, case.w, case.g, **case.how), expected)
    matrix = F.conv_matrix(case.w, case.x.shape[1:], **case.how)
    by_matrix = [matrix.T @ g.ravel() for g in case.g]
    assert np.array_equal(np.reshape(by_matrix, case.x.shape), expected)


@given(convolutions())
def test_weight_gradient_is_the_plain_loop(case):
    assert np.array_equal(
        F.conv2d_weight(case.x, case.w.shape, case.g, **case.how),
        brute_force.conv2d_weight(case.x, case.w.shape, case.g, *case.plainly),
    )


@given(convolutions())
def test_floats_come_to_the_same(case):
    x, w, g = (array.astype(np.float32) for array in (case.x, case.w, case.g))
    assert np.array_equal(F.conv2d(x, w, **case.how), F.conv2d(case.x, case.w, **case.how))
    assert np.array_equal(
        F.conv2d_input(x.shape, w, g, **case.how),
        F.conv2d_input(x.shape, case.w, case.g, **case.how),
    )
    assert np.array_equal(
        F.conv2d_weight(x, w.shape, g, **case.how),
        F.conv2d_weight(case.x, w.shape, case.g, **case.how),
    )


# --- laws ----------------------------------------------------------------------------------------


@given(convolutions())
def test_adjoint_law(case):
    """<W a, g> = <a, W^T g>, and the same in the weight, in which the output is linear too."""
    forward = np.vdot(F.conv2d(case.x, case.w, **case.how), case.g)
    assert forward == np.vdot(case.x, F.conv2d_input(case.x.shape, case.w, case.g, **case.how))
    assert forward == np.vdot(case.w, F.conv2d_weight(case.x, case.w.shape, case.g, **case.how))


@given(convolutions())
def test_matrix_is_the_convolution(case):
    matrix = F.conv_matrix(case.w, case.x.shape[1:], **case.how)
    for x, out in zip(case.x, F.conv2d(case.x, case.w, **case.how), strict=True):
        assert np.array_equal(matrix @ x.ravel(), out.ravel())
    assert np.array_equal(matrix, F.conv_matrix(case.w, case.x.shape[2:], **case.how))


@given(convolutions())
def test_linearity(case):
    other = case.x[..., ::-1, :] - 1
    together = F.conv2d(2 * case.x + other, case.w, **case.how)
    apart = 2 * F.conv2d(case.x, case.w, **case.how) + F.conv2d(other, case.w, **case.how)
    assert np.array_equal(together, apart)


@given(convolutions())
def test_transposed_convolution_is_the_input_gradient(case):
    geometry = Geometry.of(
        case.x.shape[2:], case.w.shape[2:], case.stride, case.padding, case.dilation
    )
    out = F.conv_transpose2d(case.g, case.w, output_padding=geometry.remainder, **case.how)
    assert np.array_equal(out, F.conv2d_input(case.x.shape, case.w, case.g, **case.how))


@given(convolutions())
def test_weight_gradient_is_a_correlation_with_stride_and_dilation_swapped(case):
    """One channel at a time; of k + floor(r/d) rows the first k."""
    geometry = Geometry.of(
        case.x.shape[2:], case.w.shape[2:], case.stride, case.padding, case.dilation
    )
    x, g = case.x[0, 0], case.g[0, 0]
    full = F.conv2d(x, g, stride=case.dilation, padding=case.padding, dilation=case.stride)
    assert full.shape == geometry.gradient_rows
    kh, kw = geometry.kernel_size
    how = {**case.how, "groups": 1}
    assert np.array_equal(full[:kh, :kw], F.conv2d_weight(x, (kh, kw), g, **how))


@given(convolutions())
def test_unfold_and_fold(case):
    """im2col makes the convolution one matrix product; col2im is its adjoint."""
    how = {name: case.how[name] for name in ("stride", "padding", "dilation")}
    kernel, size = case.w.shape[2:], case.x.shape[2:]
    columns = F.unfold(case.x, kernel, **how)
    if case.groups == 1:
        product = case.w.reshape(len(case.w), -1) @ columns
        assert np.array_equal(product.reshape(case.g.shape), F.conv2d(case.x, case.w, **case.how))
    other = np.arange(columns.size).reshape(columns.shape) % 7
    assert np.vdot(columns, other) == np.vdot(case.x, F.fold(other, size, kernel, **how))
    read = F.fold(F.unfold(np.ones_like(case.x), kernel, **how), size, kernel, **how)
    assert np.array_equal(F.fold(columns, size, kernel, **how), case.x * read)


def test_unfold_has_the_layout_of_pytorch():
    x = np.arange(24).reshape(1, 2, 3, 4)
    columns = F.unfold(x, (2, 3))
    assert columns.shape == (1, 12, 4)
    for place, (i, j) in enumerate(np.ndindex(2, 2)):
        assert columns[0, :, place].tolist() == x[0, :, i : i + 2, j : j + 3].ravel().tolist()
    assert np.array_equal(F.unfold(x[0], (2, 3)), columns[0])
    assert np.array_equal(F.unfold(x[0, 0], (2, 3)), columns[0, :6])


def test_fold_takes_a_batch_or_none():
    columns = np.arange(2 * 4 * 4).reshape(2, 4, 4)
    assert F.fold(columns, (3, 3), 2).shape == (2, 1, 3, 3)
    assert np.array_equal(F.fold(columns[1], 3, 2), F.fold(columns, 3, 2)[1])


def test_central_differences():
    random = np.random.default_rng(7)
    x, w = random.standard_normal((1, 2, 5, 4)), random.standard_normal((2, 1, 3, 2))
    how = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    g = random.standard_normal(F.conv2d(x, w, **how).shape)

    def numerically(of, at):
        slopes = np.zeros_like(at)
        for cell in np.ndindex(at.shape):
            step = np.zeros_like(at)
            step[cell] = 1e-6
            slopes[cell] = (of(at + step) - of(at - step)) / 2e-6
        return slopes

    by_input = numerically(lambda x: np.vdot(F.conv2d(x, w, **how), g), x)
    by_weight = numerically(lambda w: np.vdot(F.conv2d(x, w, **how), g), w)
    np.testing.assert_allclose(F.conv2d_input(x.shape, w, g, **how), by_input, atol=1e-8)
    np.testing.assert_allclose(F.conv2d_weight(x, w.shape, g, **how), by_weight, atol=1e-8)


def test_windows_over_cell_numbers_say_who_reads_whom():
    numbers = np.arange(16).reshape(4, 4)
    read = F.windows(numbers, 2, stride=2, dilation=(2, 1))
    assert read.shape == (1, 2, 2, 2)
    assert read[0, 1].tolist() == [[2, 3], [10, 11]]


def test_padding_and_cropping():
    x = np.arange(6).reshape(2, 3)
    padded = pad(x, ((1, 0), (0, 2)), fill=-1)
    assert padded.tolist() == [[-1] * 5, [0, 1, 2, -1, -1], [3, 4, 5, -1, -1]]
    assert crop(padded, ((1, 0), (0, 2))).tolist() == x.tolist()
    assert crop(x, ((0, 0), (0, 0))).tolist() == x.tolist()
    assert pad(x, ((-1, 1), (1, -2))).tolist() == [[0, 3], [0, 0]]


def test_scatter_leaves_the_last_windows_out_if_there_are_fewer_patches():
    assert scatter(np.ones((1, 2, 1, 2), int), (1, 4)).tolist() == [[1, 2, 1, 0]]


# --- ranks, types and memory ---------------------------------------------------------------------


@given(convolutions())
def test_every_rank_is_the_batch_without_what_it_lacks(case):
    x, w, g, how = case.x, case.w, case.g, case.how
    assert np.array_equal(F.conv2d(x[0], w, **how), F.conv2d(x[:1], w, **how)[0])
    assert np.array_equal(
        F.conv2d_input(x[0].shape, w, g[0], **how), F.conv2d_input(x[:1].shape, w, g[:1], **how)[0]
    )
    assert np.array_equal(
        F.conv2d_weight(x[0], w.shape, g[0], **how), F.conv2d_weight(x[:1], w.shape, g[:1], **how)
    )
    how = {**how, "groups": 1}
    plain, kernel, above = x[0, 0], w[0, 0], g[0, 0]
    one = (slice(0, 1), slice(0, 1))
    assert np.array_equal(F.conv2d(plain, kernel, **how), F.conv2d(x[one], w[one], **how)[0, 0])
    assert np.array_equal(
        F.conv2d_input(plain.shape, kernel, above, **how),
        F.conv2d_input(x[one].shape, w[one], g[one], **how)[0, 0],
    )
    assert np.array_equal(
        F.conv2d_input_gather(plain.shape, kernel, above, **how),
        F.conv2d_input(plain.shape, kernel, above, **how),
    )
    assert np.array_equal(
        F.conv2d_weight(plain, kernel.shape, above, **how),
        F.conv2d_weight(x[one], w[one].shape, g[one], **how)[0, 0],
    )


def test_an_empty_batch_is_a_batch():
    x, w = np.zeros((0, 2, 5, 5)), np.ones((3, 2, 3, 3))
    out = F.conv2d(x, w)
    assert out.shape == (0, 3, 3, 3)
    assert F.conv2d_input(x.shape, w, out).shape == x.shape
    assert np.array_equal(F.conv2d_weight(x, w.shape, out), np.zeros(w.shape))


def everything(x, w, g, columns):
    """Each function of the module, on the same four arguments."""
    bias = np.ones(len(w), x.dtype)
    return {
        "conv2d": F.conv2d(x, w, bias, padding=1),
        "conv2d, 1x1": F.conv2d(x, w[:, :, :1, :1]),
        "conv2d_input": F.conv2d_input(x.shape, w, g, padding=1),
        "conv2d_input, 1x1": F.conv2d_input(x.shape, w[:, :, :1, :1], g),
        "conv2d_input_gather": F.conv2d_input_gather(x.shape, w, g, padding=1),
        "conv2d_weight": F.conv2d_weight(x, w.shape, g, padding=1),
        "spread_gradient": F.spread_gradient(g, x.shape, 1),
        "conv_transpose2d": F.conv_transpose2d(g, w, np.ones(w.shape[1], x.dtype)),
        "conv_transpose2d, 1x1": F.conv_transpose2d(g, w[:, :, :1, :1]),
        "unfold": F.unfold(x, 1),
        "fold": F.fold(columns, x.shape[2:], 1),
        "conv_matrix": F.conv_matrix(w, x.shape[2:]),
        "insert_zeros": F.insert_zeros(x, 1),
        "rot180": F.rot180(w),
        "rot180, 1x1": F.rot180(w[:, :, :1, :1]),
    }


def arguments(dtype):
    random = np.random.default_rng(1)
    shapes = [(2, 2, 4, 5), (3, 2, 3, 3), (2, 3, 4, 5), (2, 2, 20)]
    return [random.integers(-3, 4, shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int8", "complex64"])
def test_the_type_stays(dtype):
    for name, result in everything(*arguments(dtype)).items():
        assert result.dtype == dtype, name


def test_mixed_types_meet_as_in_numpy():
    x, w, g, _ = arguments("float32")
    assert F.conv2d(x, w.astype("float64")).dtype == "float64"
    assert F.conv2d(x.astype("int16"), w).dtype == "float32"
    assert F.conv2d_input(x.shape, w.astype(int), g, padding=1).dtype == "float64"
    assert F.conv2d(x, w, bias=np.ones(3)).dtype == "float64"
    assert F.conv2d(x > 0, w.astype(int)).dtype == np.int64
    assert F.conv2d(np.ones((2, 2), bool), np.ones((2, 2), bool)).tolist() == [[4]]


def laid_out_otherwise(array):
    """The same cells, elsewhere in memory."""
    wide = np.zeros([2 * cells for cells in array.shape], array.dtype)
    wide[tuple(slice(None, None, 2) for _ in array.shape)] = array
    backward = np.flip(array).copy()
    read_only = array.copy()
    read_only.flags.writeable = False
    yield read_only
    yield np.asfortranarray(array)
    yield wide[tuple(slice(None, None, 2) for _ in array.shape)]
    yield np.flip(backward)
    yield array.astype(array.dtype.newbyteorder())


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_memory_layout_does_not_matter_and_nothing_is_written_or_shared(dtype):
    plain = arguments(dtype)
    expected = everything(*plain)
    for others in zip(*(laid_out_otherwise(array) for array in plain), strict=True):
        before = [other.copy() for other in others]
        for name, result in everything(*others).items():
            assert np.array_equal(result, expected[name]), name
            assert not any(np.shares_memory(result, other) for other in others), name
            assert result.flags.writeable, name
        for other, kept in zip(others, before, strict=True):
            assert np.array_equal(other, kept)


# --- nan and infinity ----------------------------------------------------------------------------


def test_nan_reaches_only_the_outputs_that_read_it():
    x = np.ones((5, 5))
    x[0, 4] = np.nan
    assert np.isnan(F.conv2d(x, np.ones((3, 3)))).tolist() == [
        [False, False, True],
        [False, False, False],
        [False, False, False],
    ]
    batch = np.ones((2, 3, 6, 6), np.float32)
    batch[1, 2, 5, 5] = np.nan
    found = np.argwhere(np.isnan(F.conv2d(batch, np.ones((4, 3, 3, 3), np.float32))))
    assert found.tolist() == [[1, o, 3, 3] for o in range(4)]


def test_infinite_weights_and_gradients_meet_no_inserted_zeros():
    inf = np.inf
    k, g = np.array([[inf, 1.0], [1.0, 1.0]]), np.ones((2, 2))
    assert F.conv2d_input((4, 4), k, g, stride=2).tolist() == [
        [inf, 1, inf, 1],
        [1, 1, 1, 1],
        [inf, 1, inf, 1],
        [1, 1, 1, 1],
    ]
    assert F.conv2d_input((2, 2), k, np.ones((3, 3)), padding=1).tolist() == [
        [inf, inf],
        [inf, inf],
    ]
    g[1, 1] = inf
    assert F.conv2d_input((3, 3), np.ones((2, 2)), g).tolist() == [
        [1, 2, 1],
        [2, inf, inf],
        [1, inf, inf],
    ]
    assert F.conv_transpose2d(g, np.ones((2, 2)), stride=3).tolist() == [
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [1, 1, 0, inf, inf],
        [1, 1, 0, inf, inf],
    ]


@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_infinite_weight_on_padding_is_nan_as_in_pytorch():
    x, k = np.ones((3, 3)), np.ones((3, 3))
    k[0, 0] = np.inf
    assert np.isnan(F.conv2d(x, k, padding=1)).tolist() == [
        [True, True, True],
        [True, False, False],
        [True, False, False],
    ]


# --- what does not fit ---------------------------------------------------------------------------

ones = np.ones

SENTENCES = [
    (
        lambda: F.conv2d(ones((5, 5)), ones((7, 7))),
        "A kernel of 7 does not fit in 5 cells with 0 of padding on each side.",
    ),
    (
        lambda: F.conv2d(ones((3, 5, 5)), ones((8, 2, 3, 3))),
        "The input of shape (3, 5, 5) has 3 channels, but the weight of shape (8, 2, 3, 3) "
        "reads 2.",
    ),
    (
        lambda: F.conv2d(ones((1, 3, 5, 5)), ones((8, 2, 3, 3)), groups=2),
        "The input of shape (1, 3, 5, 5) has 3 channels, but the weight of shape (8, 2, 3, 3) "
        "reads 2 in each of 2 groups.",
    ),
    (
        lambda: F.conv2d(ones((4, 5, 5)), ones((3, 2, 3, 3)), groups=2),
        "2 groups do not divide the 3 channels that the weight of shape (3, 2, 3, 3) begins with.",
    ),
    (
        lambda: F.conv2d(ones((5, 5)), ones((3, 3)), groups=2),
        "A plain kernel of shape (3, 3) has no channels for 2 groups.",
    ),
    (
        lambda: F.conv2d(ones((5, 5)), ones((1, 1, 3, 3))),
        "A plain (H, W) map goes with a plain (kh, kw) kernel, but the input has shape (5, 5) "
        "and the weight (1, 1, 3, 3).",
    ),
    (
        lambda: F.conv2d(ones(5), ones((1, 1))),
        "The input must have 2, 3 or 4 axes, and the shape (5,) has 1.",
    ),
    (
        lambda: F.conv2d(ones((5, 5)), ones((1, 3, 3))),
        "The weight must have 2 or 4 axes, and the shape (1, 3, 3) has 3.",
    ),
    (
        lambda: F.conv2d(ones((1, 5, 5)), ones((2, 1, 3, 3)), bias=ones(3)),
        "A bias of shape (3,) does not give 2 channels one each.",
    ),
    (lambda: F.conv2d(X, K, groups=0), "The number of groups must be at least 1, not 0."),
    (
        lambda: F.conv2d_input((4, 4), K, ones((3, 3))),
        "grad_output has shape (3, 3), but the convolution of an input (4, 4) with a weight (3, 3) "
        "makes (2, 2).",
    ),
    (
        lambda: F.conv2d_input_gather((2, 1, 4, 4), ones((1, 1, 3, 3)), ones((1, 1, 2, 2))),
        "grad_output has shape (1, 1, 2, 2), but the convolution of an input (2, 1, 4, 4) with a "
        "weight (1, 1, 3, 3) makes (2, 1, 2, 2).",
    ),
    (
        lambda: F.conv2d_weight(ones((1, 4, 4)), (3, 1, 2, 2), ones((2, 3, 3))),
        "grad_output has shape (2, 3, 3), but the convolution of an input (1, 4, 4) with a weight "
        "(3, 1, 2, 2) makes (3, 3, 3).",
    ),
    (
        lambda: F.spread_gradient(ones((3, 3)), (4, 4), 3),
        "The gradient has 3 x 3 cells, but a kernel of 3 x 3 makes 2 x 2 of 4 x 4.",
    ),
    (
        lambda: F.conv_transpose2d(ones((3, 2, 2)), ones((2, 1, 2, 2))),
        "The input of shape (3, 2, 2) has 3 channels, but a transposed convolution with the "
        "weight of shape (2, 1, 2, 2) reads 2.",
    ),
    (
        lambda: F.fold(ones((5, 4)), (3, 3), 2),
        "Columns of shape (5, 4) have 5 rows, which is no multiple of the 4 cells of a kernel of 2 "
        "x 2.",
    ),
    (
        lambda: F.fold(ones((4, 5)), (3, 3), 2),
        "Columns of shape (4, 5) hold 5 windows, but a kernel of 2 x 2 has 4 places in 3 x 3 "
        "cells.",
    ),
    (
        lambda: F.conv_matrix(ones((1, 2, 2, 2)), (3, 4, 4)),
        "The input of shape (3, 4, 4) has 3 channels, but the weight of shape (1, 2, 2, 2) "
        "reads 2.",
    ),
    (
        lambda: F.conv_matrix(ones((2, 2)), (1, 4, 4)),
        "A plain (H, W) map goes with a plain (kh, kw) kernel, but the input has shape "
        "(1, 4, 4) and the weight (2, 2).",
    ),
    (
        lambda: F.conv_matrix(ones((2, 2)), (1, 2, 4, 4)),
        "The input_size must have 2 or 3 axes, and the shape (1, 2, 4, 4) has 4.",
    ),
    (lambda: F.conv2d_input((0, 4), K, ones((1, 1))), "The input_size must be at least 1, not 0."),
    (
        lambda: F.windows(ones((2, 2)), 3),
        "A kernel of 3 does not fit in 2 cells with 0 of padding on each side.",
    ),
]


@pytest.mark.parametrize(("attempt", "sentence"), SENTENCES)
def test_what_does_not_fit_is_said_in_a_sentence(attempt, sentence):
    with pytest.raises(DoesNotFit) as refused:
        attempt()
    assert str(refused.value) == sentence


def test_nonsense_is_refused():
    with pytest.raises(TypeError, match=r"The input must hold numbers or symbols, not <U1"):
        F.conv2d([["a", "b"]], [[1]])
    with pytest.raises(TypeError, match=r"The stride must be a whole number, not 1\.5"):
        F.conv2d(X, K, stride=1.5)
    with pytest.raises(TypeError, match=r"input_size must be a shape such as \(5, 5\), not 4"):
        F.conv2d_input(4, K, ones((2, 2)))
    with pytest.raises(TypeError, match="The padding must be a whole number, not 'same'"):
        F.conv_transpose2d(X, K, padding="same")


def test_the_gradients_take_the_arguments_of_torch_nn_grad():
    around = ["stride", "padding", "dilation", "groups"]
    given = {"conv2d_input": "input_size weight", "conv2d_weight": "input weight_size"}
    for name, first in given.items():
        arguments = [*signature(getattr(F, name)).parameters]
        assert arguments == [*first.split(), "grad_output", *around]
