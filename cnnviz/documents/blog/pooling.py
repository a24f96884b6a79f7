"""What the blog says of max pooling, computed.

Its lines of code run inside the blog's loops and are compared with the course's own pooling. The blog
keeps the channels on the last axis.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import sympy

from ...derivations import max_pooling_gradient
from ...derivations.chain import partials
from ...derivations.letters import symbol_array
from ...functional import max_pool2d, max_pool2d_backward
from ...functional.geometry import Geometry
from .layers import LETTERS
from .runs import in_words


class Pool:
    """Max pooling of a map (height, width, channels), as the loops of the blog walk through it; a line
    of code that speaks of ``self`` means this."""

    def __init__(self, input: np.ndarray, size: int, stride: int | None = None) -> None:
        self.input, self.size = input, size
        first = np.moveaxis(input, -1, 0)
        maxima, switches = max_pool2d(first, size, stride, return_indices=True)
        g = symbol_array("g", (1, maxima.size)).reshape(maxima.shape)
        gradient = max_pool2d_backward(g, first.shape, switches)
        self.maxima, self.g, self.gradient = (np.moveaxis(m, 0, -1) for m in (maxima, g, gradient))
        # Rows and columns of the map, one after the other.
        self.places = [np.moveaxis(n, 0, -1) for n in np.unravel_index(switches, first.shape[1:])]

    def windows(self):
        """Each window: its place in the output, its corner, and its cells."""
        for place in np.ndindex(self.maxima.shape[:2]):
            i, j = (self.size * n for n in place)
            yield place, i, j, self.input[i : i + self.size, j : j + self.size]


def _pools():
    """Maps of different numbers, with windows side by side."""
    for size, shape in ((2, (4, 4, 1)), (2, (4, 6, 3)), (3, (6, 9, 1))):
        cells = np.random.default_rng(size).permutation(np.prod(shape)).reshape(shape)
        yield Pool(cells, size)


def _each_channel(size: int, made: np.ndarray, derived: np.ndarray):
    for k in range(derived.shape[2]):
        yield f"size {size}, channel {k}:", made[:, :, k], derived[:, :, k]


def window_rows(run):
    for size, height in ((2, 4), (3, 6), (2, 5), (3, 7)):
        walked = list(run(h=height, self=SimpleNamespace(size=size))["value"])
        rows, _ = Geometry.of_pool((height, height), size).output_size
        derived = [size * row for row in range(rows)]
        yield f"height {height}, size {size}: first rows", walked, derived


def window_maximum(run):
    for pool in _pools():
        for place, i, j, region in pool.windows():
            yield f"window ({i}, {j})", run(region=region)["max_vals"], pool.maxima[place]


def _received(compare_to_maximum, pool: Pool) -> np.ndarray:
    """The backward pass with the equality test: the gradient goes wherever the test is true."""
    made = np.zeros(pool.input.shape, dtype=object)
    for place, i, j, region in pool.windows():
        for ii, jj, k in np.ndindex(region.shape):
            names = {"region": region, "max_vals": pool.maxima[place], "ii": ii, "jj": jj, "k": k}
            if compare_to_maximum(self=pool, **names)["value"]:
                made[i + ii, j + jj, k] = pool.g[place][k]
    return made


def equality_test(run):
    tied = Pool(np.array([[5, 1], [2, 5]]).reshape(2, 2, 1), 2)
    made = _received(run, tied)
    yield "a tie 5, 1, 2, 5:", made[..., 0], tied.gradient[..., 0]
    yield "a tie: the sum of the gradient", sympy.Add(*made.flat), sympy.Add(*tied.g.flat)
    for pool in _pools():
        yield "no ties:", _received(run, pool), pool.gradient


def placed(run):
    """The first backward pass: every maximum, found by its window, gets the gradient."""
    for pool in _pools():
        made = np.zeros(pool.input.shape, dtype=object)
        for place, i, j, region in pool.windows():
            for ii, jj, k in np.argwhere(region == pool.maxima[place]):
                names = {"i": i, "j": j, "ii": ii, "jj": jj, "k": k}
                run(dL_dinput=made, dL_dout=pool.g, self=pool, **names)
        yield from _each_channel(pool.size, made, pool.gradient)


def pooled_size(run):
    for size in (2, 3, 4):
        for h, w in ((4, 6), (5, 7), (9, 8), (12, 13)):
            made = run(h=h, w=w, num_filters=3, self=SimpleNamespace(size=size))["output"].shape
            derived = (*Geometry.of_pool((h, w), size).output_size, 3)
            yield f"{h} × {w}, size {size}:", in_words(made), in_words(derived)


def positions_size(run):
    for size, h, w in ((2, 4, 6), (3, 7, 9)):
        layer = SimpleNamespace(size=size)
        run(h=h, w=w, num_filters=3, self=layer)
        pair = len(np.unravel_index(0, (h, w)))
        derived = (*Geometry.of_pool((h, w), size).output_size, 3, pair)
        yield f"{h} × {w}, size {size}:", in_words(layer.max_positions.shape), in_words(derived)


def pooled_maps(run):
    for pool in _pools():
        made = np.zeros(pool.maxima.shape, dtype=object)
        for place, i, j, _ in pool.windows():
            run(output=made, max_vals=pool.maxima[place], self=pool, i=i, j=j)
        yield from _each_channel(pool.size, made, pool.maxima)


def _switches(pool: Pool):
    """For each window and channel i, j and k, and the place of the maximum in the window."""
    for place, i, j, region in pool.windows():
        for k in range(region.shape[2]):
            row, column = (places[place][k] for places in pool.places)
            yield region, {"i": i, "j": j, "k": k}, (row - i, column - j)


def place_in_window(run):
    for pool in _pools():
        for region, at, switch in _switches(pool):
            yield f"{at}", run(region=region, k=at["k"], self=pool)["max_pos"], switch


def place_in_map(run):
    for pool in _pools():
        pool.max_positions = np.zeros((*pool.maxima.shape, 2), dtype=int)
        for _, at, switch in _switches(pool):
            run(self=pool, max_pos=switch, **at)
        for axis, places in enumerate(pool.places):
            yield from _each_channel(pool.size, pool.max_positions[..., axis], places)


def assigned(run, pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """The second backward pass with a printed line in its loop, and the gradient that is derived."""
    made = np.zeros(pool.input.shape, dtype=object)
    for i, j, k in np.ndindex(pool.g.shape):
        max_i, max_j = (places[i, j, k] for places in pool.places)
        run(dL_dinput=made, dL_dout=pool.g, max_i=max_i, max_j=max_j, i=i, j=j, k=k)
    return made, pool.gradient


def assignment(run):
    for pool in _pools():
        yield from _each_channel(pool.size, *assigned(run, pool))


# What its sentences say

WINDOWS = tuple(np.array(rows) for rows in ([[4, 9], [7, 1]], [[8, 3], [2, 5]], [[1, 2], [3, 4]]))
KINDS = {"maximum": np.max, "minimum": np.min, "average": np.mean}


def retained(scope: str, which: str, fate: str, passing: str) -> bool:
    """Which values of a window are left by a pass, or lost in it."""
    g = symbol_array("g", (1, 1))
    for window in WINDOWS:
        made, switches = max_pool2d(window, 2, return_indices=True)
        if passing == "backward":
            made = max_pool2d_backward(g, window.shape, switches)
        left = {value for value in window.flat if value in made.ravel().tolist()}
        found = left if fate == "retained" else set(window.flat) - left
        named = {KINDS[which](window)}
        meant = named if scope == "only the" else set(window.flat) - named
        if not named <= set(window.flat) or found != meant:
            return False
    return True


def passed_to(what: str, scope: str, which: str) -> bool:
    """Which gradient a window passes on, and to which of its cells: by calculus."""
    for window in WINDOWS:
        made = max_pooling_gradient((2, 2), 2, order=window, notation=LETTERS).calculus()
        named = window == KINDS[which](window)
        cells = {"dL_dout": symbol_array("Z", (1, 1)), "dL_dinput": symbol_array("X", (2, 2))}
        there = named if scope == "only to that specific position which has" else ~named
        if not (made == np.where(there, partials("L", cells[what]), 0)).all():
            return False
    return True


def numbered(need: str, array: str, what: str, way: str) -> bool:
    """What argmax says of the largest cell, and how that becomes a place of the map again."""
    window = np.array([[3, 8, 1], [2, 9, 4]])
    number, largest = np.argmax(window), window.max()
    counted = {"flat": window.reshape(-1), "square": window}[array]
    given = {"indices": number, "values": largest}[what]
    place = (given,)
    if way == "back to" and given < window.size:
        place = np.unravel_index(given, window.shape)
    return (
        _holds(counted, (number,), largest)
        and _holds(window, place, largest)
        and (np.size(number) < window.ndim) == (need == "will have to")
    )


def _holds(cells: np.ndarray, place: tuple, value: int) -> bool:
    """Whether there is a cell at this place, and this value in it."""
    inside = all(n < side for n, side in zip(place, cells.shape, strict=False))
    return inside and np.array_equal(cells[place], value)
