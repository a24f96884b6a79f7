"""The bundled digits: all there, as they were, and parted the same way every time."""

import gzip
import hashlib
from importlib.resources import files

import numpy as np
import pytest

from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network.digits import digits_to_learn, enlarge, load_digits, split

DATA = files("cnnviz.network") / "data"


def test_the_file_is_the_one_that_its_readme_describes():
    text = gzip.decompress((DATA / "digits.csv.gz").read_bytes())
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(text).hexdigest() in readme
    assert "CC BY 4.0" in readme and "10.24432/C50P49" in readme


def test_what_is_in_it():
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8) and images.dtype == np.float32
    assert np.unique(16 * images).tolist() == list(range(17))
    # the class distribution that UCI states for its test set
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (16 * images[0, 1]).tolist() == [0, 0, 13, 15, 10, 15, 5, 0]


def test_loading_again_gives_new_arrays():
    images, _ = load_digits()
    images[...] = 0
    assert load_digits()[0].any()


def test_enlarging_by_hand():
    image = np.array([[[0.0, 4.0]]])
    assert enlarge(image, 4)[0].tolist() == [[0, 1, 3, 4]] * 4
    assert enlarge(np.full((2, 8, 8), 0.25)).tolist() == np.full((2, 28, 28), 0.25).tolist()
    images, _ = load_digits()
    large = enlarge(images[:5])
    assert large.shape == (5, 28, 28) and large.dtype == np.float32
    assert large.min() >= 0 and large.max() <= 1


def test_enlarging_keeps_its_place():
    image = np.zeros((1, 8, 8))
    image[0, 2, 5] = 1
    rows, columns = np.nonzero(enlarge(image)[0] > 0.5)
    assert rows.mean() == pytest.approx(2.5 * 28 / 8 - 0.5, abs=0.5)
    assert columns.mean() == pytest.approx(5.5 * 28 / 8 - 0.5, abs=0.5)


def test_a_split_parts_everything_once_and_the_same_way():
    images, labels = np.arange(50).reshape(50, 1, 1), np.arange(50)
    parts = split(images, labels, test=0.3, seed=4)
    assert len(parts.images) == 35 and len(parts.test_images) == 15
    assert sorted([*parts.labels, *parts.test_labels]) == list(range(50))
    np.testing.assert_array_equal(parts.images.ravel(), parts.labels)
    np.testing.assert_array_equal(parts.test_images.ravel(), parts.test_labels)
    again, other = split(images, labels, 0.3, seed=4), split(images, labels, 0.3, seed=5)
    np.testing.assert_array_equal(again.test_labels, parts.test_labels)
    assert other.test_labels.tolist() != parts.test_labels.tolist()


def test_what_does_not_fit():
    with pytest.raises(DoesNotFit, match="3 images and 2 labels"):
        split(np.zeros((3, 8, 8)), np.zeros(2))
    with pytest.raises(DoesNotFit, match="nothing on one of the sides"):
        split(np.zeros((3, 8, 8)), np.zeros(3), test=1.0)
    with pytest.raises(DoesNotFit, match=r"\(N, H, W\), not \(8, 8\)"):
        enlarge(np.zeros((8, 8)))


def test_ready_to_learn_from():
    parts = digits_to_learn()
    assert parts.images.shape == (1438, 1, 28, 28) and parts.test_images.shape == (359, 1, 28, 28)
    assert parts.images.dtype == parts.test_images.dtype == np.float32
    assert abs(parts.images.mean()) < 1e-6
    # paper is the same small negative number on both sides
    assert parts.images.min() == parts.test_images.min() < 0
