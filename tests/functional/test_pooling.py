"""Pooling, its backward and the switches: by hand, against plain loops, and by their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import functional as F
from cnnviz.functional.geometry import DoesNotFit
from tests.tools import brute_force
from tests.tools.geometries import poolings

nan, inf = np.nan, np.inf


def planes(x):
    return x.reshape(-1, *x.shape[-2:])


# --- max pooling by hand -------------------------------------------------------------------------

X = np.array([[1, 3, 2, 1], [4, 2, 1, 5], [3, 1, 1, 2], [0, 2, 3, 3]])


def test_max_pooling_by_hand():
    values, switches = F.max_pool2d(X, 2, return_indices=True)
    assert values.tolist() == [[4, 5], [3, 3]]
    assert switches.tolist() == [[4, 7], [8, 14]]
    assert F.max_pool2d(X, 2).tolist() == values.tolist()
    assert F.max_pool2d(X, (1, 3), stride=1).tolist() == [[3, 3], [4, 5], [3, 2], [3, 3]]
    assert F.max_pool2d(X, 2, stride=1, dilation=2).tolist() == [[3, 3], [4, 5]]


def test_the_first_of_equal_cells_wins():
    assert F.max_pool2d(np.ones((2, 2)), 2, return_indices=True)[1].tolist() == [[0]]
    tie = np.array([[0, 7], [7, 7]])
    assert F.max_pool2d(tie, 2, return_indices=True)[1].tolist() == [[1]]


def test_backward_follows_the_switches_and_adds_where_windows_overlap():
    _, switches = F.max_pool2d(X, 2, return_indices=True)
    assert F.max_pool2d_backward([[1, 2], [3, 4]], (4, 4), switches).tolist() == [
        [0, 0, 0, 0],
        [1, 0, 0, 2],
        [3, 0, 0, 0],
        [0, 0, 4, 0],
    ]
    x = np.array([[0, 9, 0]])
    _, switches = F.max_pool2d(x, (1, 2), stride=1, return_indices=True)
    assert switches.tolist() == [[1, 1]]
    assert F.max_pool2d_backward([[10, 20]], (1, 3), switches).tolist() == [[0, 30, 0]]


def test_padding_never_wins():
    x = np.array([[-5, -4], [-3, -2]])
    values, switches = F.max_pool2d(x, 2, padding=1, return_indices=True)
    assert values.tolist() == [[-5, -4], [-3, -2]]
    assert switches.tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("lowest", [-inf, np.iinfo(np.int64).min, np.uint8(0)])
def test_not_even_against_the_lowest_number_there_is(lowest):
    x = np.array([[lowest] * 2] * 2)
    values, switches = F.max_pool2d(x, 3, stride=1, padding=1, return_indices=True)
    assert np.array_equal(values, x)
    assert switches.tolist() == [[0, 0], [0, 0]]
    assert F.max_pool2d(x, 2, padding=1, return_indices=True)[1].tolist() == [[0, 1], [2, 3]]


def test_nan_wins_and_the_last_one():
    x = np.array([[nan, 1.0], [nan, 2.0]])
    values, switches = F.max_pool2d(x, 2, return_indices=True)
    assert np.isnan(values).all()
    assert switches.tolist() == [[2]]
    x = np.array([[inf, nan, 3.0, 4.0], [1.0, 2.0, -inf, inf]])
    values, switches = F.max_pool2d(x, 2, return_indices=True)
    assert np.isnan(values).tolist() == [[True, False]]
    assert values[0, 1] == inf
    assert switches.tolist() == [[1, 7]]


def test_ceil_mode_lets_the_last_window_hang_over():
    x = np.array([[1, 2, 3]])
    assert F.max_pool2d(x, (1, 2)).tolist() == [[2]]
    values, switches = F.max_pool2d(x, (1, 2), ceil_mode=True, return_indices=True)
    assert values.tolist() == [[2, 3]]
    assert switches.tolist() == [[1, 2]]
    assert F.max_pool2d(-x, (1, 2), ceil_mode=True).tolist() == [[-1, -3]]


def test_an_order_decides_in_place_of_the_cells():
    values, switches = F.max_pool2d(X, 2, return_indices=True, order=-X)
    assert values.tolist() == [[1, 1], [0, 1]]
    assert switches.tolist() == [[0, 3], [12, 10]]


# --- max pooling in general ----------------------------------------------------------------------


@given(poolings(), st.booleans())
def test_max_pooling_is_the_plain_loop(case, special):
    x = case.x.astype(float)
    if special:
        x[x == 3], x[x == -3] = nan, -inf
    how = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    values, switches = F.max_pool2d(x, *how, return_indices=True)
    for n, plane in enumerate(planes(x)):
        expected, numbers = brute_force.max_pool2d(plane, *how)
        np.testing.assert_array_equal(planes(values)[n], expected)
        assert np.array_equal(planes(switches)[n], numbers)


@given(poolings())
def test_max_pooling_keeps_the_sum_of_the_gradient_and_unpools(case):
    how = (case.kernel, case.stride, case.padding, case.dilation, case.ceil_mode)
    values, switches = F.max_pool2d(case.x, *how, return_indices=True)
    g = 1 + np.arange(values.size).reshape(values.shape)
    dx = F.max_pool2d_backward(g, case.x.shape, switches)
    assert dx.sum() == g.sum()
    assert np.vdot(dx, case.x) == np.vdot(g, values)  # both are linear while the switches stand
    for n, plane in enumerate(planes(dx)):
        by_hand = np.zeros(plane.size, int)
        for cell, gradient in zip(planes(switches)[n].flat, planes(g)[n].flat, strict=True):
            by_hand[cell] += gradient
        assert np.array_equal(plane.ravel(), by_hand)


@given(poolings(dilated=False))
def test_pooling_what_was_unpooled_gives_it_back(case):
    """Of numbers that are not negative; the windows must not overlap."""
    x = abs(case.x)
    kernel = tuple(max(2, k) for k in case.kernel)
    x = np.pad(x, ((0, 0), (0, 0), (0, 3), (0, 3)))
    values, switches = F.max_pool2d(x, kernel, return_indices=True)
    back = F.max_unpool2d(values, switches, kernel, output_size=x.shape)
    assert back.shape == x.shape
    assert np.array_equal(F.max_pool2d(back, kernel), values)
    assert back.sum() == values.sum()


def test_max_pooling_gradient_by_central_differences():
    x = np.random.default_rng(3).permutation(30).reshape(5, 6) / 7  # no ties
    how = {"kernel_size": 3, "stride": 2, "padding": 1}
    values, switches = F.max_pool2d(x, **how, return_indices=True)
    g = np.arange(1.0, values.size + 1).reshape(values.shape)
    for cell in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[cell] = 1e-3
        up, down = (np.vdot(F.max_pool2d(x + d, **how), g) for d in (step, -step))
        assert F.max_pool2d_backward(g, x.shape, switches)[cell] == pytest.approx(
            (up - down) / 2e-3
        )


# --- unpooling -----------------------------------------------------------------------------------


def test_unpooling_by_hand():
    values, switches = [[4, 5], [3, 3]], [[4, 7], [8, 14]]
    assert F.max_unpool2d(values, switches, 2).tolist() == [
        [0, 0, 0, 0],
        [4, 0, 0, 5],
        [3, 0, 0, 0],
        [0, 0, 3, 0],
    ]
    assert F.max_unpool2d([[1, 2]], [[0, 4]], (1, 2), output_size=(1, 5)).tolist() == [
        [1, 0, 0, 0, 2]
    ]
    assert F.max_unpool2d([[1, 2]], [[0, 1]], (1, 3), stride=(1, 2), padding=(0, 1)).tolist() == [
        [1, 2, 0]
    ]


def test_where_a_switch_repeats_the_last_value_stays():
    assert F.max_unpool2d([[1, 2, 3]], [[0, 0, 1]], (1, 1)).tolist() == [[2, 3, 0]]


# --- average pooling -----------------------------------------------------------------------------


def test_average_pooling_by_hand():
    x = np.array([[1.0, 3.0], [5.0, 7.0]])
    assert F.avg_pool2d(x, 2).tolist() == [[4]]
    assert F.avg_pool2d(x, 2, padding=1).tolist() == [[0.25, 0.75], [1.25, 1.75]]
    assert F.avg_pool2d(x, 2, padding=1, count_include_pad=False).tolist() == x.tolist()
    # what hangs over is not counted, padding is
    assert F.avg_pool2d([[2.0, 4.0, 6.0]], (1, 2), ceil_mode=True).tolist() == [[3, 6]]
    assert F.avg_pool2d(
        [[2.0, 4.0, 6.0, 8.0]], (1, 3), stride=(1, 2), padding=(0, 1), ceil_mode=True
    ).tolist() == [[2, 6, 4]]


def test_average_pooling_backward_by_hand():
    assert F.avg_pool2d_backward([[4.0, 8.0]], (1, 4), (1, 2)).tolist() == [[2, 2, 4, 4]]
    assert F.avg_pool2d_backward([[4.0, 8.0]], (1, 3), (1, 2), ceil_mode=True).tolist() == [
        [2, 2, 8]
    ]
    g = [[4.0, 8.0], [12.0, 16.0]]
    assert F.avg_pool2d_backward(g, (2, 2), 2, padding=1).tolist() == [[1, 2], [3, 4]]
    assert F.avg_pool2d_backward(g, (2, 2), 2, padding=1, count_include_pad=False).tolist() == g


@given(poolings(dilated=False), st.booleans())
def test_average_pooling_is_the_plain_loop_and_its_backward_the_transpose(case, include):
    how = (case.kernel, case.stride, case.padding, case.ceil_mode, include)
    means = F.avg_pool2d(case.x, *how)
    g = np.arange(1.0, means.size + 1).reshape(means.shape)
    dx = F.avg_pool2d_backward(g, case.x.shape, *how)
    for n, plane in enumerate(planes(case.x)):
        expected, shares = brute_force.avg_pool2d(plane, *how)
        np.testing.assert_allclose(planes(means)[n], expected, atol=1e-14)
        np.testing.assert_allclose(planes(dx)[n].ravel(), shares.T @ planes(g)[n].ravel())
    assert np.vdot(means, g) == pytest.approx(np.vdot(case.x, dx), abs=1e-9)
    if not include:
        assert dx.sum() == pytest.approx(g.sum())


def test_average_pooling_lets_nan_and_infinity_through_only_where_they_are_read():
    x = np.array([[nan, 1.0, inf, 1.0, 1.0, 1.0]])
    found = F.avg_pool2d(x, (1, 2))
    assert np.isnan(found[0, 0])
    assert found[0, 1:].tolist() == [inf, 1]


def test_means_of_whole_numbers_are_not_cut_off():
    assert F.avg_pool2d([[1, 2]], (1, 2)).tolist() == [[1.5]]
    assert F.avg_pool2d(np.array([[1, 2]], "int8"), (1, 2)).dtype == np.float64
    assert F.avg_pool2d(np.array([[100, 100]], "int8"), (1, 2)).tolist() == [[100]]
    assert F.avg_pool2d([[True, False]], (1, 2)).tolist() == [[0.5]]
    assert F.avg_pool2d_backward([[1]], (1, 2), (1, 2)).tolist() == [[0.5, 0.5]]


# --- ranks, types and memory ---------------------------------------------------------------------


def everything(x, g, switches):
    values, numbers = F.max_pool2d(x, 2, return_indices=True)
    cells, themselves = F.max_pool2d(x, 1, return_indices=True)
    return {
        "max_pool2d": values,
        "max_pool2d, order": F.max_pool2d(x, 2, order=x),
        "switches": numbers,
        "max_pool2d, 1x1": cells,
        "switches, 1x1": themselves,
        "max_pool2d_backward": F.max_pool2d_backward(g, x.shape, switches),
        "max_unpool2d": F.max_unpool2d(g, switches, 2, output_size=x.shape),
        "max_unpool2d, 1x1": F.max_unpool2d(g, np.zeros_like(switches), 1),
        "avg_pool2d": F.avg_pool2d(x, 2),
        "avg_pool2d, 1x1": F.avg_pool2d(x, 1),
        "avg_pool2d_backward": F.avg_pool2d_backward(g, x.shape, 2),
        "avg_pool2d_backward, 1x1": F.avg_pool2d_backward(g, g.shape, 1),
    }


def arguments(dtype):
    x = np.random.default_rng(5).permutation(2 * 3 * 5 * 4).reshape(2, 3, 5, 4).astype(dtype)
    values, switches = F.max_pool2d(x, 2, return_indices=True)
    return x, values + 1, switches


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_every_rank_is_the_batch_without_what_it_lacks(rank):
    x, g, switches = arguments("float64")
    first = (0,) * (4 - rank)
    for name, result in everything(x[first], g[first], switches[first]).items():
        assert np.array_equal(result, everything(x, g, switches)[name][first]), name


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_the_type_stays(dtype):
    for name, result in everything(*arguments(dtype)).items():
        if "switches" in name:
            assert result.dtype == np.int64, name
        elif "avg" in name and "int" in dtype:
            assert result.dtype == np.float64, name
        else:
            assert result.dtype == dtype, name


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_memory_layout_does_not_matter_and_nothing_is_written_or_shared(dtype):
    plain = arguments(dtype)
    expected = everything(*plain)
    layouts = {
        "read-only": lambda a: a.copy(),
        "Fortran": np.asfortranarray,
        "backward": lambda a: np.flip(np.flip(a).copy()),
        "sliced": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    }
    for layout, lay_out in layouts.items():
        others = [lay_out(array) for array in plain]
        before = [other.copy() for other in others]
        for other in others:
            other.flags.writeable = False
        for name, result in everything(*others).items():
            assert np.array_equal(result, expected[name]), (layout, name)
            assert not any(np.shares_memory(result, other) for other in others), (layout, name)
            assert result.flags.writeable, (layout, name)
        for other, kept in zip(others, before, strict=True):
            assert np.array_equal(other, kept)


def test_an_empty_batch_is_a_batch():
    x = np.zeros((0, 2, 4, 4))
    values, switches = F.max_pool2d(x, 2, return_indices=True)
    assert values.shape == switches.shape == (0, 2, 2, 2)
    assert F.max_pool2d_backward(values, x.shape, switches).shape == x.shape
    assert F.max_unpool2d(values, switches, 2).shape == x.shape
    assert F.avg_pool2d(x, 2).shape == (0, 2, 2, 2)
    assert F.avg_pool2d_backward(values, x.shape, 2).shape == x.shape


# --- what does not fit ---------------------------------------------------------------------------

SENTENCES = [
    (
        lambda: F.max_pool2d(np.ones((2, 2)), 3),
        "A kernel of 3 does not fit in 2 cells with 0 of padding on each side.",
    ),
    (
        lambda: F.avg_pool2d(np.ones((4, 4)), 2, padding=2),
        "A padding of 2 is more than half of a pooling window of 2.",
    ),
    (
        lambda: F.max_pool2d(np.ones((2, 2)), 2, padding=1, dilation=3),
        "The window of output cell (0, 0) meets padding only: nothing can win.",
    ),
    (
        lambda: F.max_pool2d(np.ones((4, 4)), 2, order=np.ones((4, 3))),
        "The order has shape (4, 3), but the input (4, 4).",
    ),
    (
        lambda: F.max_pool2d(np.ones(4), 2),
        "The input must have 2, 3 or 4 axes, and the shape (4,) has 1.",
    ),
    (
        lambda: F.max_pool2d_backward([[1]], (2, 2), [0]),
        "The indices must have 2, 3 or 4 axes, and the shape (1,) has 1.",
    ),
    (
        lambda: F.max_pool2d_backward(np.ones((2, 2)), (4, 4), np.ones((2, 3), int)),
        "grad_output (2, 2), indices (2, 3) and the map (4, 4) do not belong together: the first "
        "two must agree, and all three in batch and channels.",
    ),
    (
        lambda: F.max_pool2d_backward(np.ones((1, 2, 2)), (2, 4, 4), np.ones((1, 2, 2), int)),
        "grad_output (1, 2, 2), indices (1, 2, 2) and the map (2, 4, 4) do not belong together: "
        "the first two must agree, and all three in batch and channels.",
    ),
    (
        lambda: F.max_pool2d_backward([[1]], (2, 2), [[4]]),
        "A switch names cell 4, but a plane of 2 x 2 has cells 0 to 3.",
    ),
    (
        lambda: F.max_pool2d_backward([[1]], (1, 1), [[1]]),
        "A switch names cell 1, but a plane of 1 x 1 has only cell 0.",
    ),
    (
        lambda: F.max_unpool2d([[1]], [[-1]], 2),
        "A switch names cell -1, but a plane of 2 x 2 has cells 0 to 3.",
    ),
    (
        lambda: F.max_unpool2d([[1]], [[0]], 2, output_size=(2, 4)),
        "An output size of 4 cannot be: this unpooling makes 2 cells, and with a stride of 2 the "
        "output size is from 1 to 3.",
    ),
    (
        lambda: F.max_unpool2d([[1]], [[0]], 1, output_size=(1, 2)),
        "An output size of 2 cannot be: this unpooling makes 1 cell, and with a stride of 1 the "
        "output size is only 1.",
    ),
    (
        lambda: F.max_unpool2d(
            np.ones((49, 49)), np.arange(49 * 49).reshape(49, 49), 2, output_size=(100, 100)
        ),
        "An output size of 100 cannot be: this unpooling makes 98 cells, and with a stride of 2 "
        "the output size is from 97 to 99.",
    ),
    (
        lambda: F.max_unpool2d([[1]], [[0]], 2, padding=1),
        "The unpooled size must be at least 1, not 0.",
    ),
    (
        lambda: F.avg_pool2d_backward(np.ones((3, 3)), (4, 4), 2),
        "grad_output has shape (3, 3), but this pooling makes (2, 2) of (4, 4).",
    ),
]


@pytest.mark.parametrize(("attempt", "sentence"), SENTENCES)
def test_what_does_not_fit_is_said_in_a_sentence(attempt, sentence):
    with pytest.raises(DoesNotFit) as refused:
        attempt()
    assert str(refused.value) == sentence


def test_switches_are_whole_numbers():
    with pytest.raises(TypeError, match="Switches are whole numbers, not float64"):
        F.max_unpool2d([[1]], [[0.0]], 2)
