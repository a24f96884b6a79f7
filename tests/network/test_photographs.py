"""The photograph of the course: the one that its readme describes, in any size."""

import gzip
import hashlib
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

import cnnviz
from cnnviz.functional.geometry import DoesNotFit
from cnnviz.network.photographs import photograph

DATA = files("cnnviz.network") / "data"


def test_the_file_is_the_one_that_its_readme_describes():
    unpacked = gzip.decompress((DATA / "grace_hopper.npy.gz").read_bytes())
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(unpacked).hexdigest() in readme and "public domain" in readme


def test_the_photograph_of_the_course():
    assert cnnviz.photograph is photograph
    picture = photograph(60)
    assert picture.shape == (60, 60) and picture.dtype == np.float32
    assert 0 <= picture.min() < 0.1 < 0.9 < picture.max() <= 1
    # Below on the right is her dark uniform, above it the brighter wall.
    assert picture[-12:, 44:54].mean() < 0.2 < 0.3 < picture[5:20, 44:54].mean()
    assert photograph(1).shape == (1, 1)
    with pytest.raises(DoesNotFit):
        photograph(0)


def test_it_is_the_sample_image_of_matplotlib():
    """Beside the sample itself at full size: on the mean no further off than rounding to 256 greys."""
    sample = pytest.importorskip("matplotlib.cbook").get_sample_data
    with Image.open(sample("grace_hopper.jpg", asfileobj=False)) as image:
        square = image.convert("L").crop((0, 0, image.width, image.width))
    for size, most in ((16, 1), (28, 1.1), (48, 2.5), (112, 5), (128, 6), (256, 1e-6)):
        smaller = square.resize((size, size), Image.Resampling.LANCZOS)
        off = 255 * abs(photograph(size) - np.asarray(smaller, np.float32) / 255)
        assert off.mean() < 0.35 and off.max() <= most, size


def test_more_cells_than_it_has_are_filled_in():
    large = photograph(512)
    assert large.shape == (512, 512) and large.min() >= 0 and large.max() <= 1
    blocks = large.reshape(256, 2, 256, 2).mean(axis=(1, 3))
    assert abs(blocks - photograph(256)).mean() < 0.01
