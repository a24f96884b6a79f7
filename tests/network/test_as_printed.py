"""The blog's layers as they behave, beside ours: where they agree, and each fault in numbers."""

import re
from pathlib import Path

import numpy as np
import pytest

from cnnviz.documents.ledger import all_records
from cnnviz.network import Conv2d, Linear, MaxPool2d, ReLU
from cnnviz.network import as_printed as blog


def random(*shape):
    return np.random.default_rng(5).standard_normal(shape)


def channels_last(x):
    return np.moveaxis(x[0], 0, -1)


# --- where they agree ----------------------------------------------------------------------------


def test_the_convolution_and_its_input_gradient_are_right():
    image, ours = random(6, 7), Conv2d(1, 3, 3, bias=False, seed=0, dtype=float)
    filters = ours.parameters["weight"][:, 0].copy()
    out = blog.conv_forward(image, filters)
    np.testing.assert_allclose(out, channels_last(ours(image[None, None])))
    g = random(1, 3, 4, 5)
    before = filters.copy()
    slope = blog.conv_backward(image, channels_last(g), filters, lr=0.5)
    np.testing.assert_allclose(slope, ours.backward(g)[0, 0])
    np.testing.assert_allclose(filters, before - 0.5 * ours.gradients["weight"][:, 0])


def test_pooling_side_by_side_and_relu_are_right():
    x, g = random(1, 3, 6, 4), random(1, 3, 3, 2)
    pool, relu = MaxPool2d(2), ReLU()
    out, places = blog.max_pool_forward(channels_last(x))
    np.testing.assert_array_equal(out, channels_last(pool(x)))
    expected = channels_last(pool.backward(g))
    shape, last = channels_last(x).shape, channels_last(g)
    np.testing.assert_array_equal(blog.max_pool_backward(last, shape, places), expected)
    np.testing.assert_array_equal(blog.max_pool_backward_by_value(channels_last(x), last), expected)
    np.testing.assert_array_equal(blog.relu_forward(x), relu(x))
    np.testing.assert_array_equal(blog.relu_backward(x, x + 1), relu.backward(x + 1))


# --- faults --------------------------------------------------------------------------------------


def test_four_bias_gradients_against_one():
    g = np.array([1.0, 2.0, 3.0, -4.0])
    ours = Linear(2, 4)
    ours(np.ones((1, 2)))
    ours.backward(g[None])
    assert ours.gradients["bias"].tolist() == [1, 2, 3, -4]
    assert blog.dense_bias_gradient(g) == 2
    # a gradient of cross entropy adds up to 0, so the blog's biases do not move at all
    assert blog.dense_bias_gradient(np.array([0.2, 0.3, -0.5])) == pytest.approx(0)


def test_other_sizes_than_1352_and_10_cannot_be():
    assert blog.dense_weight_gradient(np.ones(1352), np.ones(10)).shape == (1352, 10)
    with pytest.raises(ValueError, match="reshape"):
        blog.dense_weight_gradient(np.ones(100), np.ones(10))
    with pytest.raises(ValueError, match="reshape"):
        blog.dense_weight_gradient(np.ones(1352), np.ones(2))


def test_backward_updates_so_twice_is_not_once():
    x, g = random(1352), random(10)
    weights, biases = blog.dense_weights(1352, 10), np.zeros(10)
    before = weights.copy()
    first = blog.dense_backward(x, g, weights, biases, lr=0.1)
    second = blog.dense_backward(x, g, weights, biases, lr=0.1)
    np.testing.assert_allclose(weights, before - 0.2 * np.outer(x, g))
    np.testing.assert_allclose(first, before @ g)
    assert not np.allclose(first, second)
    np.testing.assert_allclose(biases, -0.2 * g.sum())  # every bias by the same amount


def test_ties_receive_more_than_came():
    tied, g = np.array([[5.0, 1], [2, 5]]), 7.0
    received = blog.max_pool_backward_by_value(tied[..., None], np.full((1, 1, 1), g))
    assert received.sum() == 14
    pool = MaxPool2d(2)
    pool(tied[None, None])
    assert pool.backward([[[[g]]]]).ravel().tolist() == [7, 0, 0, 0]
    # a window of zeros after a ReLU: four times as much
    assert blog.max_pool_backward_by_value(np.zeros((2, 2, 1)), np.full((1, 1, 1), g)).sum() == 28


@pytest.mark.parametrize("shape", [(5, 4), (4, 5), (13, 13)])
def test_sizes_that_do_not_divide_end_in_an_error(shape):
    with pytest.raises(IndexError):
        blog.max_pool_forward(random(*shape, 1))
    assert MaxPool2d(2)(random(1, 1, *shape)).shape[2:] == (shape[0] // 2, shape[1] // 2)


def test_overlapping_windows_keep_one_gradient():
    pool = MaxPool2d((1, 2), stride=1)
    pool([[[[1.0, 9, 2]]]])
    assert pool.backward([[[[3, 4]]]]).ravel().tolist() == [0, 7, 0]
    places = np.stack(np.unravel_index(pool.switches[0, 0], (1, 3)), axis=-1)[:, :, None]
    assert blog.max_pool_backward(np.array([[[3], [4]]]), (1, 3, 1), places).ravel().tolist() == [
        0,
        4,
        0,
    ]


def test_pooled_maps_do_not_fit_the_dense_layer_without_flattening():
    pooled, weights = random(13, 13, 8), blog.dense_weights(1352, 10)
    with pytest.raises(ValueError, match="matmul"):
        blog.dense_forward(pooled, weights, np.zeros(10))
    assert blog.dense_forward(pooled.ravel(), weights, np.zeros(10)).shape == (10,)


def test_a_second_convolution_cannot_read_the_maps_of_the_first():
    maps = blog.conv_forward(random(8, 8), blog.conv_filters(2, 3))
    with pytest.raises(ValueError, match="unpack"):
        blog.conv_forward(maps, blog.conv_filters(2, 3))


def test_starting_values():
    assert blog.dense_weights(200, 50).std() == pytest.approx(1 / 200, rel=0.05)
    for size in (3, 9):  # 1/9 whatever the size
        assert blog.conv_filters(99, size).std() == pytest.approx(1 / 9, rel=0.1)


def test_the_lines_named_are_in_the_ledger():
    known = {record.id for record in all_records()}
    named = set(re.findall(r"blog-\d\d", Path(blog.__file__).read_text(encoding="utf-8")))
    assert named <= known and len(named) > 15
