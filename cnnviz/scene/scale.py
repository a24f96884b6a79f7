"""Fill says value: how a number becomes a colour, in one scale for all the grids of a picture.

A number is given a *level* from -8 to 8: its sign is the hue, its size how strong that hue covers the
paper. Levels grow with the square root, so that a −2 beside a 100 still shows its sign.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

LEVELS = 8
AT_ZERO = "i"  # levels as text: "a" is -8, "i" is 0, "q" is 8
# Over paper and over dark paper alike, since how much they cover says the size.
PLUS, MINUS = (0xC4, 0x88, 0x45), (0x2F, 0x96, 0x8C)
GOLDEN = 0.381966  # of a turn: hues this far apart stay apart, however many there are
COVERS = 0.34  # how much of the paper a hue of identity covers, so that text on it can be read


# A text stands in many frames of many pictures.
@lru_cache(maxsize=8192)
def number_in(text: str) -> float:
    """The number that a text in a cell is, or NaN where it is none.

    >>> number_in("−2.5"), number_in("a_11")
    (-2.5, nan)
    """
    try:
        return float(text.replace("−", "-").replace("∞", "inf"))
    except ValueError:
        return np.nan


def largest(values: np.ndarray) -> float:
    """The end of a scale: the largest size of a finite number, or 0 where there is none."""
    sizes = np.abs(values)
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))


def levels(values: Sequence[float] | np.ndarray, most: float) -> np.ndarray:
    """The level of each number on a scale that ends at ``most``; of what is no number it is 0.

    >>> levels([0.0, 1.0, -100.0, np.nan], most=100.0).tolist()
    [0, 1, -8, 0]
    """
    numbers = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=most, neginf=-most)
    share = np.clip(np.abs(numbers) / (most or 1.0), 0, 1)
    return (np.sign(numbers) * np.ceil(LEVELS * np.sqrt(share))).astype(int)


def as_text(of: Iterable[int]) -> str:
    """Levels as a text, one letter for each cell: the browser gets them so.

    >>> as_text([-8, 0, 8])
    'aiq'
    """
    return bytes(ord(AT_ZERO) + int(level) for level in of).decode()


def hue(identity: int) -> tuple[int, int, int]:
    """A colour for what a cell is, not for its number: the same for the same weight, wherever it is."""
    red, green, blue = colorsys.hls_to_rgb((0.02 + GOLDEN * identity) % 1, 0.52, 0.62)
    return round(255 * red), round(255 * green), round(255 * blue)


def as_hex(colour: tuple[int, int, int]) -> str:
    """As SVG writes it.

    >>> as_hex((255, 0, 16))
    '#ff0010'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)
