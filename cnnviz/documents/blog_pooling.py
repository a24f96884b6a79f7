"""What the blog says of max pooling, computed.

Its lines of code run inside the blog's loops and are compared with the course's own pooling. The blog
keeps the channels on the last axis.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import sympy

from ..derivations import max_pooling_gradient
from ..derivations.chain import partials
from ..derivations.letters import symbol_array
from ..functional import max_pool2d, max_pool2d_backward
from ..functional.geometry import Geometry
from .blog_parts import LETTERS, in_words

# Maps (height, width, channels) without ties, and windows side by side.
SIZES = ((2, (4, 4, 1)), (2, (4, 6, 3)), (3, (6, 9, 1)))


def _pools():
    """For each size: the layer with a map of different numbers, its maxima and its switches."""
    for size, shape in SIZES:
        x = np.random.default_rng(size).permutation(np.prod(shape)).reshape(shape)
        out, switches = max_pool2d(np.moveaxis(x, -1, 0), size, return_indices=True)
        layer = SimpleNamespace(size=size, input=x)
        g = symbol_array("g", (1, out.size)).reshape(np.moveaxis(out, 0, -1).shape)
        yield layer, np.moveaxis(out, 0, -1), np.moveaxis(switches, 0, -1), g


def _windows(layer):
    """The window corners and the windows, as the loops of the blog walk through them."""
    height, width, _ = layer.input.shape
    for i in range(0, height, layer.size):
        for j in range(0, width, layer.size):
            yield i, j, layer.input[i : i + layer.size, j : j + layer.size]


def _each_channel(size: int, made: np.ndarray, derived: np.ndarray):
    for k in range(derived.shape[2]):
        yield f"size {size}, channel {k}:", made[:, :, k], derived[:, :, k]


def pooling_gradient(x: np.ndarray, size: int, g: np.ndarray) -> np.ndarray:
    """The gradient of max pooling to a map with channels last."""
    first = np.moveaxis(x, -1, 0)
    _, switches = max_pool2d(first, size, return_indices=True)
    return np.moveaxis(max_pool2d_backward(np.moveaxis(g, -1, 0), first.shape, switches), 0, -1)


def window_rows(run):
    for size, height in ((2, 4), (3, 6), (2, 5), (3, 7)):
        walked = list(run(h=height, self=SimpleNamespace(size=size))["value"])
        rows, _ = Geometry.of_pool((height, height), size).output_size
        yield (
            f"height {height}, size {size}: first rows",
            walked,
            [size * row for row in range(rows)],
        )


def window_maximum(run):
    for layer, out, _, _ in _pools():
        for i, j, region in _windows(layer):
            made = run(region=region)["max_vals"]
            yield f"window ({i}, {j})", made, out[i // layer.size, j // layer.size]


def _received(compare_to_maximum, layer, g):
    """The backward pass with the equality test: the gradient goes wherever the test is true."""
    made = np.zeros(layer.input.shape, dtype=object)
    for i, j, region in _windows(layer):
        largest = region.max(axis=(0, 1))
        for ii, jj, k in np.ndindex(region.shape):
            names = {"region": region, "max_vals": largest, "ii": ii, "jj": jj, "k": k}
            if compare_to_maximum(self=layer, **names)["value"]:
                made[i + ii, j + jj, k] = g[i // layer.size, j // layer.size, k]
    return made


def equality_test(run):
    tied = SimpleNamespace(size=2, input=np.array([[5, 1], [2, 5]]).reshape(2, 2, 1))
    g = symbol_array("g", (1, 1)).reshape(1, 1, 1)
    made, derived = _received(run, tied, g), pooling_gradient(tied.input, 2, g)
    yield "a tie 5, 1, 2, 5:", made[..., 0], derived[..., 0]
    yield "a tie: the sum of the gradient", sympy.Add(*made.flat), sympy.Add(*g.flat)
    for layer, _, _, g in _pools():
        yield "no ties:", _received(run, layer, g), pooling_gradient(layer.input, layer.size, g)


def placed(run):
    """The first backward pass: every maximum, found by its window, gets the gradient."""
    for layer, out, _, g in _pools():
        made = np.zeros(layer.input.shape, dtype=object)
        for i, j, region in _windows(layer):
            for ii, jj, k in np.ndindex(region.shape):
                if region[ii, jj, k] == out[i // layer.size, j // layer.size, k]:
                    names = {"i": i, "j": j, "ii": ii, "jj": jj, "k": k}
                    run(dL_dinput=made, dL_dout=g, self=layer, **names)
        yield from _each_channel(layer.size, made, pooling_gradient(layer.input, layer.size, g))


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
    for layer, out, _, _ in _pools():
        made = np.zeros(out.shape, dtype=object)
        for i, j, region in _windows(layer):
            run(output=made, max_vals=region.max(axis=(0, 1)), i=i, j=j, self=layer)
        yield from _each_channel(layer.size, made, out)


def place_in_window(run):
    for layer, out, switches, _ in _pools():
        for i, j, region in _windows(layer):
            for k in range(out.shape[-1]):
                made = run(region=region, k=k, self=layer)["max_pos"]
                at = switches[i // layer.size, j // layer.size, k]
                row, column = np.unravel_index(at, layer.input.shape[:2])
                yield f"window ({i}, {j}), channel {k}:", made, (row - i, column - j)


def place_in_map(run):
    for layer, out, switches, _ in _pools():
        layer.max_positions = np.zeros((*out.shape, 2), dtype=int)
        for i, j, region in _windows(layer):
            for k in range(out.shape[-1]):
                window = np.moveaxis(region, -1, 0)[k]
                _, place = max_pool2d(window, layer.size, return_indices=True)
                max_pos = np.unravel_index(place[0, 0], window.shape)
                run(self=layer, i=i, j=j, k=k, max_pos=max_pos)
        for axis, places in enumerate(np.unravel_index(switches, layer.input.shape[:2])):
            yield from _each_channel(layer.size, layer.max_positions[..., axis], places)


def assigned(run, x, size, stride):
    """The second backward pass with a printed line in its loop, and the gradient that is derived."""
    first = np.moveaxis(x, -1, 0)
    out, switches = max_pool2d(first, size, stride, return_indices=True)
    g = symbol_array("g", (1, out.size)).reshape(out.shape)
    derived = np.moveaxis(max_pool2d_backward(g, first.shape, switches), 0, -1)
    rows, columns = np.unravel_index(switches, x.shape[:2])
    made, g = np.zeros(x.shape, dtype=object), np.moveaxis(g, 0, -1)
    for i, j, k in np.ndindex(g.shape):
        names = {"max_i": rows[k, i, j], "max_j": columns[k, i, j], "i": i, "j": j, "k": k}
        run(dL_dinput=made, dL_dout=g, **names)
    return made, derived


def assignment(run):
    for layer, *_ in _pools():
        yield from _each_channel(layer.size, *assigned(run, layer.input, layer.size, layer.size))


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
