"""What the blog prints about max pooling and ReLU.

These are formulas in code: each printed line runs inside the blog's loops and is compared with the
course's own pooling, or with the slopes of ReLU. The blog keeps the channels on the last axis.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import max_pool2d, max_pool2d_backward
from ..functional.geometry import Geometry
from .blog_parts import said
from .checks import code, words

# Max pooling: maps (height, width, channels) without ties, and windows side by side.

SIZES = ((2, (4, 6, 3)), (3, (6, 9, 1)))


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


def pooling_gradient(x: np.ndarray, size: int, g: np.ndarray) -> np.ndarray:
    """The gradient of max pooling to a map with channels last."""
    first = np.moveaxis(x, -1, 0)
    _, switches = max_pool2d(first, size, return_indices=True)
    return np.moveaxis(max_pool2d_backward(np.moveaxis(g, -1, 0), first.shape, switches), 0, -1)


def _who_receives() -> list[str]:
    """Nudge each cell of a window: which ones move its output?"""
    window = np.array([[4, 9], [7, 1]])
    moved = {}
    for at in np.ndindex(window.shape):
        nudged = window.astype(float)
        nudged[at] += 0.25
        moved[at] = (max_pool2d(nudged, 2) != max_pool2d(window, 2)).any()
    receivers = [window[at] for at in moved if moved[at]]
    kinds = {"maximum": window.max(), "minimum": window.min()}
    named = [kind for kind, value in kinds.items() if [value] == receivers]
    return [*(["only"] if len(receivers) == 1 else ["all"]), *named]


def _what_is_kept() -> list[str]:
    window = np.array([[4, 9], [7, 1]])
    kinds = {"maximum": window.max(), "minimum": window.min(), "average": window.mean()}
    return [kind for kind, value in kinds.items() if max_pool2d(window, 2)[0, 0] == value]


def _window_rows(run):
    for size, height in ((2, 4), (3, 6), (2, 5), (3, 7)):
        walked = len(run(h=height, self=SimpleNamespace(size=size))["value"])
        rows, _ = Geometry.of_pool((height, height), size).output_size
        yield f"height {height}, size {size}: rows of windows", walked, rows


def _window_maximum(run):
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
            if compare_to_maximum(region=region, max_vals=largest, ii=ii, jj=jj, k=k)["value"]:
                made[i + ii, j + jj, k] = g[i // layer.size, j // layer.size, k]
    return made


def _equality_test(run):
    for layer, _, _, g in _pools():
        yield "no ties:", _received(run, layer, g), pooling_gradient(layer.input, layer.size, g)
    tied = SimpleNamespace(size=2, input=np.array([[5, 1], [2, 5]]).reshape(2, 2, 1))
    g = symbol_array("g", (1, 1)).reshape(1, 1, 1)
    made, derived = _received(run, tied, g), pooling_gradient(tied.input, 2, g)
    yield "a tie 5, 1, 2, 5:", made[..., 0], derived[..., 0]
    yield "a tie: the sum of the gradient", sympy.Add(*made.flat), sympy.Add(*g.flat)


def _placed(run):
    """The first backward pass: every maximum, found by its window, gets the gradient."""
    for layer, out, _, g in _pools():
        made = np.zeros(layer.input.shape, dtype=object)
        for i, j, region in _windows(layer):
            for ii, jj, k in np.ndindex(region.shape):
                if region[ii, jj, k] == out[i // layer.size, j // layer.size, k]:
                    names = {"i": i, "j": j, "ii": ii, "jj": jj, "k": k}
                    run(dL_dinput=made, dL_dout=g, self=layer, **names)
        yield f"size {layer.size}:", made, pooling_gradient(layer.input, layer.size, g)


def _pooled_size(run):
    for size in (2, 3, 4):
        for h, w in ((4, 6), (5, 7), (9, 8), (12, 13)):
            made = run(h=h, w=w, num_filters=3, self=SimpleNamespace(size=size))["output"].shape
            derived = (*Geometry.of_pool((h, w), size).output_size, 3)
            yield f"{h} × {w}, size {size}:", made, derived


def _positions_size(run):
    for size, h, w in ((2, 4, 6), (3, 7, 9)):
        layer = SimpleNamespace(size=size)
        run(h=h, w=w, num_filters=3, self=layer)
        pair = len(np.unravel_index(0, (h, w)))
        derived = (*Geometry.of_pool((h, w), size).output_size, 3, pair)
        yield f"{h} × {w}, size {size}:", layer.max_positions.shape, derived


def _pooled(run):
    for layer, out, _, _ in _pools():
        made = np.zeros(out.shape, dtype=object)
        for i, j, region in _windows(layer):
            run(output=made, max_vals=region.max(axis=(0, 1)), i=i, j=j, self=layer)
        yield f"size {layer.size}:", made, out


def _place_in_window(run):
    for layer, out, switches, _ in _pools():
        for i, j, region in _windows(layer):
            for k in range(out.shape[-1]):
                made = run(region=region, k=k, self=layer)["max_pos"]
                at = switches[i // layer.size, j // layer.size, k]
                row, column = np.unravel_index(at, layer.input.shape[:2])
                yield f"window ({i}, {j}), channel {k}:", made, (row - i, column - j)


def _place_in_map(run):
    for layer, out, switches, _ in _pools():
        layer.max_positions = np.zeros((*out.shape, 2), dtype=int)
        for i, j, region in _windows(layer):
            for k in range(out.shape[-1]):
                window = np.moveaxis(region, -1, 0)[k]
                _, place = max_pool2d(window, layer.size, return_indices=True)
                max_pos = np.unravel_index(place[0, 0], window.shape)
                run(self=layer, i=i, j=j, k=k, max_pos=max_pos)
        derived = np.stack(np.unravel_index(switches, layer.input.shape[:2]), axis=-1)
        yield f"size {layer.size}:", layer.max_positions, derived


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


def _assignment(run):
    for layer, *_ in _pools():
        yield f"size {layer.size}:", *assigned(run, layer.input, layer.size, layer.size)


def _flat_place_and_back() -> list[str]:
    """argmax numbers a window as if it were a flat array; unravel_index turns the number back."""
    window = np.array([[3, 8, 1], [2, 9, 4]])
    number = int(np.argmax(window))
    back = tuple(map(int, np.unravel_index(number, window.shape)))
    flat = "flat" if window.reshape(-1)[number] == window.max() else ""
    shape = "shape" if len(back) == window.ndim else ""
    return [flat, "back" if window[back] == window.max() else "", shape]


# ReLU


def _relu_slopes(value) -> tuple:
    """The slopes of max(0, t) at a value, from the left and from the right."""
    steps = sympy.Rational(-1, 9), sympy.Rational(1, 9)  # the line is straight on both sides
    return tuple((sympy.Max(0, value + d) - sympy.Max(0, value)) / d for d in steps)


VALUES = np.array([-2, 0, 3, -1, 1])


def _relu_mask(sides):
    def use(run):
        g = symbol_array("g", (1, VALUES.size))[0]
        made = g.copy()
        run(dL_dinput=made, self=SimpleNamespace(input=VALUES))
        for side in sides:
            slopes = [_relu_slopes(value)[side == "right"] for value in VALUES]
            for value, one, other in zip(VALUES, made, slopes * g, strict=True):
                yield f"input {value}, slope from the {side}", one, other

    return use


def _relu_passes() -> list[str]:
    """What ReLU does with the gradient, and which inputs let it through."""
    passing = {int(value): _relu_slopes(value) for value in VALUES if value != 0}
    through = {value for value, slopes in passing.items() if slopes != (0, 0)}
    unchanged = all(passing[value] == (1, 1) for value in through)
    kinds = {"positive": 1, "negative": -1}
    signs = {int(np.sign(value)) for value in through}
    return ["unchanged"] * unchanged + [kind for kind, sign in kinds.items() if {sign} == signs]


POOL, RELU = "Max Pool Layer, ", "ReLU Layer, "

RECORDS = (
    said(
        10,
        POOL + "first sentence",
        "max pooling keeps the largest value of a window",
        "only the maximum value is retained in the forward pass",
        words(
            {word: word for word in ("maximum", "minimum", "average", "forward", "backward")},
            lambda: [*_what_is_kept(), "forward"],
        ),
        "02",
        "The output of a window is the largest of its cells; the others leave no trace in it.",
    ),
    said(
        11,
        POOL + "first sentence",
        "only the position of the maximum receives the gradient",
        "passed only to that specific position which has the maximum value",
        words({word: word for word in ("only", "all", "maximum", "minimum")}, _who_receives),
        "02",
        "Nudge a cell that is not the largest, and the output does not move: its derivative is 0. "
        "Nudge the largest, and the output moves as much: its derivative is 1.",
    ),
    said(
        12,
        POOL + "first backward and later forward, the loop over the rows",
        "windows start at every size-th row",
        "range(0, h, self.size)",
        code(_window_rows),
        "02",
        "The loop makes a row of windows for every started block, h / size rounded up. The output "
        "has h // size rows, rounded down. If size does not divide h, there is one row of windows too "
        "many, and writing its maximum fails. 26 rows and size 2, as in the blog, fit.",
        contradicts=17,
    ),
    said(
        13,
        POOL + "first backward",
        "the maximum of a window, one for each channel",
        "max_vals = np.amax(region, axis = (0,1))",
        code(_window_maximum),
        "02",
        "Axes 0 and 1 are the rows and columns of the window; the channels on axis 2 stay apart.",
    ),
    said(
        14,
        POOL + "first backward",
        "a cell receives the gradient if it equals the maximum",
        "region[ii, jj, k] == max_vals[k]",
        code(_equality_test),
        "02",
        "Without equal cells the test finds the one maximum. If two cells are equal and largest, both "
        "pass the test and both get the whole gradient, twice what arrived. Nudging one "
        "moves the output at most once. argmax, in the second version, picks the first; the sentence "
        "before the code also speaks of one position.",
        contradicts=20,
    ),
    said(
        15,
        POOL + "first backward",
        "where the gradient goes: window corner plus place in the window",
        "dL_dinput[i+ii, j+jj, k] = dL_dout[i // self.size, j // self.size, k]",
        code(_placed),
        "02",
        "The window that starts at row i is number i // size, and its cell ii is row i + ii of the map.",
    ),
    said(
        16,
        POOL + "before the second version",
        "argmax numbers the cells in one row; unravel_index makes the number a pair again",
        "use a flat array and convert the indices back to the required shape",
        words({word: word for word in ("flat", "back", "shape")}, _flat_place_and_back),
        "02",
        "Cell (r, c) of a window w cells wide has the number r w + c. Division by w gives r, and "
        "the remainder is c.",
    ),
    said(
        17,
        POOL + "second version, forward",
        "the output has h // size rows and w // size columns",
        "output = np.zeros((h // self.size, w // self.size, num_filters))",
        code(_pooled_size),
        "02",
        "Windows side by side: the stride is the size, and (h − size) // size + 1 is h // size. Rows "
        "that do not fill a window are left out.",
        contradicts=12,
    ),
    said(
        18,
        POOL + "second version, forward",
        "a pair of indices is stored for each window and channel",
        "self.max_positions = np.zeros((h // self.size, w // self.size, num_filters, 2), dtype=int)",
        code(_positions_size),
        "02",
        "Each output cell of each channel has one maximum, whose place is a row and a column.",
    ),
    said(
        19,
        POOL + "second version, forward",
        "the maximum of a window goes to its cell of the output",
        "output[i // self.size, j // self.size] = max_vals",
        code(_pooled),
        "02",
        "Windows start at 0, size, 2 size, …, so the window that starts at i is number i // size.",
    ),
    said(
        20,
        POOL + "second version, forward",
        "the place of the maximum in its window",
        "max_pos = np.unravel_index(np.argmax(region[:, :, k]), (self.size, self.size))",
        code(_place_in_window),
        "02",
        "argmax answers with the number of the first largest cell, and unravel_index with its row and "
        "column. There is one answer for each window, even if cells are equal.",
        contradicts=14,
    ),
    said(
        21,
        POOL + "second version, forward",
        "the place of the maximum in the map",
        "self.max_positions[i // self.size, j // self.size, k] = (i + max_pos[0], j + max_pos[1])",
        code(_place_in_map),
        "02",
        "The corner of the window plus the place in the window. One place is stored for each window "
        "and channel.",
    ),
    said(
        22,
        POOL + "second version, backward",
        "the gradient goes to the stored place",
        "dL_dinput[max_i, max_j, k] = dL_dout[i, j, k]",
        code(_assignment),
        "02",
        "The windows lie side by side, so no cell wins twice, and to set is the same as to add. Where "
        "windows overlap a cell can win several times; then = keeps only the last gradient and += is "
        "needed.",
    ),
    said(
        23,
        RELU + "the sentence",
        "ReLU passes the gradient as it is where its input is positive",
        "passed on as it is, but only to those indices where the value is positive",
        words(
            {"as it is": "unchanged", "positive": "positive", "negative": "negative"}, _relu_passes
        ),
        "08",
        "For t > 0 the output is t itself, with slope 1; for t < 0 it is 0, with slope 0.",
    ),
    said(
        24,
        RELU + "backward",
        "the gradient becomes 0 where the input is 0 or less",
        "dL_dinput[self.input <= 0] = 0",
        (
            ("", code(_relu_mask(("left", "right")))),
            ("at 0 the slope from the left is taken", code(_relu_mask(("left",)))),
        ),
        "08",
        "At 0 ReLU has a corner: slope 0 from the left, 1 from the right, and no derivative. The code "
        "takes 0 there, as most libraries do. Everywhere else the mask is the derivative.",
    ),
)
