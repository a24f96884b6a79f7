"""Images that come from outside: the photograph of the course, and the learner's own image.

Only a learner's own image needs Pillow, which unpacks it, and which is loaded for the first of them.
Nothing in a file is believed but what Pillow finds in it: not its name, and not the type it claims.
"""

from __future__ import annotations

import gzip
import warnings
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from ..functional import max_pool2d
from ..functional.geometry import whole_number
from .digits import CELLS, enlarge
from .resampling import BOX, LANCZOS, resize

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 8 * 2**20  # a message from JupyterLab to its kernel may be 10 MiB long
MOST_PIXELS = 50_000_000  # what the largest telephones take
WORKING_SIZE = 1024  # larger images are made smaller first: 28 cells are wanted in the end
LEAST_CONTRAST = 0.1  # of the range from black to white
WIDE, BROADEST, INKED = 64, 4, 0.2  # cells for broadening, rounds of it, and when it is enough


class Refused(ValueError):
    """An image that is not taken. The text says why, in a sentence for the learner."""


def photograph(size: int = 128) -> np.ndarray:
    """A photograph in grey, (size, size) float32, from 0 for black to 1 for white.

    Commodore Grace Hopper, by the United States Navy, in the public domain: see `data/README.md`.
    It comes with 256 cells on each side; more are only filled in. Raises `DoesNotFit` for a size
    below 1.

    >>> picture = photograph(64)
    >>> picture.shape, picture.dtype, bool(picture.min() < 0.1 < 0.9 < picture.max())
    ((64, 64), dtype('float32'), True)
    """
    size = whole_number(size, "size", at_least=1)
    return resize(_portrait(), size, LANCZOS) / 255


@cache
def _portrait() -> np.ndarray:
    packed = (files(__package__) / "data" / "grace_hopper.npy.gz").read_bytes()
    return np.load(BytesIO(gzip.decompress(packed)))


def read_image(content: bytes) -> np.ndarray:
    """The grey values of a PNG or JPEG file, (H, W) float32 from 0 for black to 1 for white.

    It is turned as the camera was held, what is transparent becomes white, and the longer side is
    at most 1024 afterwards. Raises `Refused` with a sentence for anything else than a whole PNG or
    JPEG image, for more than 8 MB or 50 million pixels, before they are unpacked, and where there
    is no Pillow.

    >>> read_image(b"a list of things to do")
    Traceback (most recent call last):
    cnnviz.network.photographs.Refused: This is not a PNG or JPEG image, whatever its name says.
    """
    content = bytes(content)
    if not content:
        raise Refused("This file is empty.")
    if len(content) > MOST_BYTES:
        raise Refused(too_large(len(content)))
    with _opened(content) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Refused(
                f"This image has {image.width} × {image.height} pixels. At most "
                f"{MOST_PIXELS // 10**6} million are read: save a smaller copy of it."
            )
        try:
            image.load()
            return _grey(_pillow().ImageOps.exif_transpose(image))
        except Exception as problem:  # foreign bytes can make a decoder fail in any way
            raise Refused("This image is damaged: its end or a part of it is missing.") from problem


def too_large(size: int) -> str:
    """The sentence for a file of so many bytes."""
    return f"This file has {size / 2**20:.1f} MB. At most {MOST_BYTES // 2**20} MB are read."


def _pillow():
    """Pillow with the two of its modules that are used here."""
    try:
        import PIL.Image
        import PIL.ImageOps
    except ImportError as missing:
        raise Refused(
            "To read an image of yours, this Python needs Pillow, which it does not have. "
            "Everything else works without it."
        ) from missing
    return PIL


def _opened(content: bytes) -> Image:
    """The image with its head read, and none of its pixels yet."""
    Image = _pillow().Image
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we count ourselves
            return Image.open(BytesIO(content), formats=("PNG", "JPEG"))
    except Image.DecompressionBombError as problem:
        raise Refused(
            f"This image has far more than {MOST_PIXELS // 10**6} million pixels: it is not read."
        ) from problem
    except Exception as problem:  # foreign bytes can make a decoder fail in any way
        raise Refused("This is not a PNG or JPEG image, whatever its name says.") from problem


def _grey(image: Image) -> np.ndarray:
    Image = _pillow().Image
    if image.mode.startswith("I"):  # 16 bits for each pixel, which Pillow would cut off at 255
        image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
    image.thumbnail((WORKING_SIZE, WORKING_SIZE))
    coloured = image.convert("RGBA")
    white = Image.new("RGBA", coloured.size, "white")
    white.alpha_composite(coloured)
    return np.asarray(white.convert("L"), np.float32) / 255


def as_digit(grey: np.ndarray, invert: bool = False, size: int = 28) -> np.ndarray:
    """A drawing as the digits of the course are: (H, W) grey to (size, size) ink from 0 to 1.

    The digits were cropped to their ink, centred on a square of 8 × 8 cells whose height they fill,
    and then enlarged; the same happens here. Paper is the grey value in the middle of all, and ink
    is darker, or lighter with `invert`. Raises `Refused` where nothing stands out from the paper.

    >>> drawing = np.ones((40, 60))
    >>> drawing[10:30, 20:24] = 0  # one dark stroke
    >>> ink = as_digit(drawing)
    >>> ink.shape, bool(ink[:, 14].min() > 0.7), float(ink[:, 2].max())
    ((28, 28), True, 0.0)
    """
    light = np.asarray(grey, np.float32) if invert else 1 - np.asarray(grey, np.float32)
    ink = light - np.median(light)
    strongest = float(np.percentile(ink, 99.9))
    if strongest < LEAST_CONTRAST:
        raise Refused(
            "Nothing on this image is darker than its paper. If the digit is light on a dark "
            "ground, tick “invert”."
            if not invert
            else "Nothing on this image is lighter than its ground. Take the tick from “invert”."
        )
    # A fifth is left out at the dark end of the paper: shadows and the grain of a photograph.
    ink = np.clip((ink / strongest - 0.2) / 0.8, 0, 1)
    rows, columns = (np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(ink.shape)
    above, left = (side - ink.shape[0]) // 2, (side - ink.shape[1]) // 2
    square = np.zeros((side, side), np.float32)
    square[above : above + ink.shape[0], left : left + ink.shape[1]] = ink
    cells = resize(_as_broad_as_a_pen(square), CELLS, BOX)
    cells = cells / max(cells.max(), 1e-6)
    return enlarge(cells[np.newaxis], size)[0]


def _as_broad_as_a_pen(square: np.ndarray) -> np.ndarray:
    """Thin strokes made broader, until about as much of the square is inked as in the digits."""
    ink = resize(square, WIDE, BOX)
    for _ in range(BROADEST):
        if ink.mean() >= INKED:
            break
        ink = max_pool2d(ink, 3, stride=1, padding=1)
    return ink
