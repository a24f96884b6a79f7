"""Images in another size: by hand, and beside Pillow."""

import numpy as np
import pytest
from PIL import Image

from cnnviz.network.digits import enlarge, load_digits
from cnnviz.network.resampling import BILINEAR, BOX, LANCZOS, resize, weights

FILTERS = {
    "box": (BOX, Image.Resampling.BOX),
    "bilinear": (BILINEAR, Image.Resampling.BILINEAR),
    "Lanczos": (LANCZOS, Image.Resampling.LANCZOS),
}


@pytest.mark.parametrize("filter", [BOX, BILINEAR, LANCZOS])
@pytest.mark.parametrize(("old", "new"), [(8, 28), (28, 8), (5, 5), (7, 3), (1, 4), (4, 1)])
def test_what_is_all_alike_stays_so(filter, old, new):
    matrix = weights(old, new, filter)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    if filter is not BOX:  # left and right alike; a cell on the border of two boxes is in one
        np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-12)
    if old == new:
        np.testing.assert_allclose(matrix, np.eye(old), atol=1e-12)


def test_smaller_by_hand():
    # A tent of two new cells' width over four old ones: 1/8 3/8 3/8 1/8, cut off at the edge.
    np.testing.assert_allclose(weights(4, 2), np.array([[3, 3, 1, 0], [0, 1, 3, 3]]) / 7)
    # 5 cells to 2: the middles of the first, the second and the third lie within the first 2.5.
    np.testing.assert_allclose(weights(5, 2, BOX)[0], [1 / 3, 1 / 3, 1 / 3, 0, 0])


def test_no_cell_leaves_the_range_of_the_image():
    edge = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)
    assert resize(edge, 24, LANCZOS).min() == 0 and resize(edge, 24, LANCZOS).max() == 1
    # The filter itself overshoots, so that there was something to cut off.
    assert (weights(6, 24, LANCZOS) @ edge[0]).max() > 1.01


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("shape", [(8, 8), (64, 64), (37, 53), (100, 3), (1, 1)])
@pytest.mark.parametrize("size", [1, 8, 28, 64])
def test_pillow_finds_the_same(filter, shape, size):
    ours, pillows = FILTERS[filter]
    image = np.random.default_rng(0).random(shape, np.float32)
    theirs = np.asarray(Image.fromarray(image).resize((size, size), pillows))
    rows, columns = (weights(old, size, ours) for old in shape)
    np.testing.assert_allclose(rows @ image @ columns.T, theirs, atol=1e-6)  # before any cut
    if filter != "Lanczos":
        np.testing.assert_allclose(resize(image, size, ours), theirs, atol=1e-6)


def test_every_digit_is_enlarged_as_by_pillow():
    images, _ = load_digits()
    theirs = [Image.fromarray(i).resize((28, 28), Image.Resampling.BILINEAR) for i in images]
    np.testing.assert_allclose(enlarge(images), np.stack(theirs), rtol=0, atol=1e-6)
