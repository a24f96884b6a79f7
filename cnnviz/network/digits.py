"""The handwritten digits that come with the course; see `data/README.md` for source and licence.

Alpaydin, E. and Kaynak, C. (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from ..functional.geometry import DoesNotFit, whole_number
from .resampling import resize

CELLS = 8  # on each side, as they come
INK = 16  # the darkest cell, as they come


class Split(NamedTuple):
    """Images and labels to learn from, and others to be tested on."""

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """All digits: images (1797, 8, 8), float32 from 0 for paper to 1 for ink, and labels (1797,).

    >>> images, labels = load_digits()
    >>> images.shape, labels[:5]
    ((1797, 8, 8), array([0, 1, 2, 3, 4]))
    >>> (16 * images[0, 0]).astype(int)
    array([ 0,  0,  5, 13,  9,  1,  0,  0])
    """
    table = _table()
    images = table[:, :-1].reshape(-1, CELLS, CELLS).astype(np.float32) / INK
    return images, table[:, -1].astype(int)


@cache
def _table() -> np.ndarray:
    packed = (files(__package__) / "data" / "digits.csv.gz").read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    return np.loadtxt(lines, delimiter=",", dtype=np.uint8)


def enlarge(images: np.ndarray, size: int = 28) -> np.ndarray:
    """Images (N, H, W) with size x size cells, (N, size, size) float32, filled in bilinearly.

    28 is the size of the images that the blog's network reads. No image leaves the range of values
    it had. Raises `DoesNotFit` for another number of axes or a size below 1.

    >>> enlarge(np.array([[[0, 1]]]), 4)[0, 0]
    array([0.  , 0.25, 0.75, 1.  ], dtype=float32)
    """
    images = np.asarray(images, np.float32)
    size = whole_number(size, "size", at_least=1)
    if images.ndim != 3:
        raise DoesNotFit(f"enlarge needs images of shape (N, H, W), not {images.shape}.")
    return resize(images, size)


def split(images: np.ndarray, labels: np.ndarray, test: float = 0.2, seed: int = 0) -> Split:
    """Images and labels, shuffled and parted: a share `test` is held out and never learned from.

    The same seed always parts them the same way. Raises `DoesNotFit` if there is not one label for
    each image, or if one of the parts would be empty.

    >>> parts = split(np.zeros((10, 1, 8, 8)), np.arange(10), test=0.3)
    >>> parts.images.shape, parts.test_images.shape
    ((7, 1, 8, 8), (3, 1, 8, 8))
    """
    if len(images) != len(labels):
        raise DoesNotFit(f"{len(images)} images and {len(labels)} labels do not belong together.")
    held_out = round(test * len(images))
    if not 0 < held_out < len(images):
        raise DoesNotFit(
            f"To hold out {test:g} of {len(images)} images leaves nothing on one of the sides."
        )
    order = np.random.default_rng(seed).permutation(len(images))
    learned, tested = order[held_out:], order[:held_out]
    return Split(images[learned], labels[learned], images[tested], labels[tested])


def digits_to_learn(size: int = 28, test: float = 0.2, seed: int = 0) -> Split:
    """All digits as a network wants them: enlarged to (N, 1, size, size), parted, and centred.

    Centred means that the mean of the cells to learn from is subtracted everywhere, so that what
    is not ink is a small negative number; without that, all weights of a kernel are pulled the same
    way and learning is slower.

    >>> parts = digits_to_learn()
    >>> parts.images.shape, parts.test_images.shape, abs(float(parts.images.mean())) < 1e-6
    ((1438, 1, 28, 28), (359, 1, 28, 28), True)
    """
    images, labels = load_digits()
    parts = split(enlarge(images, size)[:, np.newaxis], labels, test, seed)
    paper = parts.images.mean(dtype=float).astype(np.float32)
    return parts._replace(images=parts.images - paper, test_images=parts.test_images - paper)
