"""What the note prints in section 2 about strides, and about the names of the operation."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import sympy

from ..functional import conv2d, conv_transpose2d, insert_zeros
from ..functional.windows import pad
from .checks import both, displays, result, rule
from .note_parts import (
    FLIPPED,
    KERNEL,
    MAP_5,
    NOTE,
    STEPPED,
    STRIDED,
    around,
    equal,
    gathers,
    input_gradient,
    only,
    rotated,
    spread,
)
from .record import Record


@cache
def _needed_for_stride() -> list[str]:
    """Which of three changes to the gradient and the kernel are needed at stride 2."""
    names = ("flipped in the same way", "adding zeros on the boundary", "add zeros in between")
    enough = []
    for flip, boundary, between in product((False, True), repeat=3):
        g = insert_zeros(STRIDED.upstream, (2, 2)) if between else STRIDED.upstream
        g = pad(g, around(2)) if boundary else g
        kernel = rotated(STRIDED) if flip else STRIDED.kernel
        if gathers(STRIDED, g, kernel):
            enough.append((flip, boundary, between))
    (needed,) = enough
    return [name for name, wanted in zip(names, needed, strict=True) if wanted]


def _strides_to_two_by_two() -> list[int]:
    a, k = STRIDED.input, STRIDED.kernel
    return [s for s in (1, 2, 3) if conv2d(a, k, stride=s).shape == (2, 2)]


@cache
def _between() -> list[str]:
    """How many rows and columns stand between neighbours of the gradient, and what is in them."""
    apart = insert_zeros(STRIDED.upstream, (2, 2))
    places = np.argwhere(np.isin(apart, STRIDED.upstream))
    rows, columns = (sorted(set(axis.tolist())) for axis in places.T)
    between = {rows[1] - rows[0] - 1, columns[1] - columns[0] - 1}
    filled = {apart[r, c] for r, c in np.ndindex(apart.shape) if r not in rows or c not in columns}
    word = {1: "one", 2: "two"}
    return [*(word[n] for n in between), "row/column", *("zeros" for v in filled if v == 0)]


@cache
def _pace() -> tuple[sympy.Rational, list[int]]:
    """The step of the kernel in cells of the gradient, and its step on the spread map."""
    apart = insert_zeros(STRIDED.upstream, (2, 2))
    first = int(np.argwhere(apart == STRIDED.upstream[0, 0])[0, 1])
    second = int(np.argwhere(apart == STRIDED.upstream[0, 1])[0, 1])
    steps = [s for s in (1, 2, 3) if gathers(STRIDED, spread(STRIDED), rotated(STRIDED), stride=s)]
    return sympy.Rational(steps[0], second - first), steps


def _fraction() -> list:
    pace, steps = _pace()
    less = "stride less than" if pace < 1 else "stride more than"
    return [less, 1, "hand-doing the convolution", "stride of", *steps]


def _slower() -> list[str]:
    pace, _ = _pace()
    return [
        "slower pace than before" if pace < STRIDED.stride else "faster pace than before",
        *([] if pace.is_integer else [r"\textit{fractionally-strided}"]),
    ]


@cache
def _no_inverse() -> list[str]:
    """Whether Wᵀ W does nothing to a map, and which matrix gives the gradient."""
    w, a = NOTE.matrix, NOTE.input.ravel()
    undone = equal(w.T @ (w @ a), a)
    square = w.shape[0] == w.shape[1]
    transpose = equal((w.T @ NOTE.upstream.ravel()).reshape(4, 4), input_gradient(NOTE))
    said = ["the transposed convolution does nothing to invert the convolution"]
    return [
        *([] if undone else said),
        *(["$W^T$"] if transpose else []),
        *([] if square else ["not $W^{-1}$"]),
    ]


@cache
def _shapes() -> list:
    forward, back = NOTE.output.shape, conv_transpose2d(NOTE.output, NOTE.kernel).shape
    said = ["inverts the shape of a convolution"] if back == NOTE.input.shape else []
    made = ["a convolution operation produces", *forward, "given", *NOTE.input.shape]
    return [*said, *made, "transposed convolution operation produces", *back, "given", *forward]


RECORDS = (
    Record(
        "note-41",
        "note",
        "section 2, before (4)",
        "the stride of (1), recalled",
        r"the stride used in the original convolution operation \eqref{orig-convolution} was 1",
        only(
            rule(
                ("stride", "original convolution operation"),
                lambda: [
                    "stride",
                    "original convolution operation",
                    *(
                        s
                        for s in (1, 2, 3)
                        if equal(conv2d(NOTE.input, NOTE.kernel, stride=s), NOTE.output)
                    ),
                ],
            )
        ),
        "04",
        "Only steps of 1 give the four sums that the note prints as the result of (1).",
    ),
    Record(
        "note-42",
        "note",
        "section 2, before (4)",
        "what a stride adds to the transposed convolution",
        "The kernel would be flipped in the same way, but along with adding zeros on the boundary of "
        "the feature map as padding, we would also have to add zeros in between the elements of the "
        "feature map",
        only(
            rule(
                (
                    "flipped in the same way",
                    "adding zeros on the boundary",
                    "as padding",
                    "add zeros in between",
                ),
                lambda: [*_needed_for_stride()[:2], "as padding", *_needed_for_stride()[2:]],
            )
        ),
        "05",
        "For the 5 × 5 map with stride 2, all eight choices of flipping the kernel, padding by 2 and "
        "inserting zeros are tried. Only all three together give the gradient of the input.",
    ),
    Record(
        "note-43",
        "note",
        "section 2, before (4)",
        "the stride of the convolution (4)",
        "the following convolution operation with a stride of 2",
        only(
            rule(
                ("convolution operation", "stride"),
                lambda: ["convolution operation", "stride", *_strides_to_two_by_two()],
            )
        ),
        "05",
        "Of the strides 1, 2 and 3, only 2 makes the 2 × 2 map of the next display out of a 5 × 5 map "
        "and a 3 × 3 kernel.",
    ),
    Record(
        "note-44",
        "note",
        "section 2, (4)",
        "the convolution of a 5 × 5 map with a 3 × 3 kernel in steps of 2",
        f"{MAP_5} *\n{KERNEL}",
        only(
            both(
                result(STEPPED, lambda layer: layer.output),
                displays(STEPPED, lambda layer: layer.input, lambda layer: layer.kernel),
            )
        ),
        "05",
        "The operands have the indices of their places. With ∗ in steps of 2, as the sentence before "
        "it says, the expression gives the four outputs that the next display prints as sums.",
    ),
    Record(
        "note-45",
        "note",
        "section 2, after (4)",
        "the size of the result of (4)",
        r"This will produce a $2 \times 2$ feature map",
        only(rule(("produce",), lambda: ["produce", *STRIDED.output.shape])),
        "05",
        "In steps of 2, a window of 3 cells has (5 - 3)/2 + 1 = 2 places along each side of the map.",
    ),
    Record(
        "note-46",
        "note",
        "section 2, after (4)",
        "the four outputs at stride 2 as double sums",
        r"""\renewcommand{\arraystretch}{1.5}
\begin{bmatrix}
\sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{ij} & \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i,j{+}2} \\
\sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i{+}2,j} & \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i{+}2,j{+}2}
\end{bmatrix}""",
        only(displays(STRIDED, lambda layer: layer.output)),
        "05",
        "The window moves by two cells, so the indices grow by 2 from one output to the next. Expanded, "
        "the sums are the 36 products that sliding the kernel in steps of 2 gives.",
    ),
    Record(
        "note-47",
        "note",
        "section 2, the display after these sums",
        "the input gradient at stride 2: zeros around and between",
        r"""\renewcommand{\arraystretch}{1.5}
\begin{bmatrix}
0 & 0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & \frac{\partial F}{\partial h_{11}} & 0 & \frac{\partial F}{\partial h_{12}} & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & \frac{\partial F}{\partial h_{21}} & 0 & \frac{\partial F}{\partial h_{22}} & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 & 0
\end{bmatrix} *
"""
        + FLIPPED,
        only(both(result(STRIDED, input_gradient), displays(STRIDED, spread, rotated))),
        "05",
        "Here ∗ moves in steps of 1. Worked out, the expression gives the 25 derivatives of the chain "
        "rule through the outputs of (4). Neighbouring outputs look at windows two cells apart, so "
        "their gradients have to stand two cells apart. The PDF conversion lost this display "
        "altogether.",
        converted="",
    ),
    Record(
        "note-48",
        "note",
        "section 2, after this display",
        "how many zeros stand between the gradients",
        "one row/column of zeros has been added between the elements of the gradient matrix",
        only(rule(("one", "two", "row/column", "zeros"), _between)),
        "05",
        "A stride of s needs s - 1 rows and columns of zeros between neighbours; for 2 that is one.",
    ),
    Record(
        "note-49",
        "note",
        "section 2, after this display",
        "a stride less than 1",
        "can be viewed as having a stride less than 1 (though while hand-doing the convolution we use "
        "a stride of 1)",
        only(
            rule(
                (
                    "stride less than",
                    "stride more than",
                    "hand-doing the convolution",
                    "stride of",
                ),
                _fraction,
            )
        ),
        "05",
        "The kernel moves one cell at a time on the spread map; larger steps do not give the gradient. "
        "Two neighbouring gradients are two cells apart there, so one step is half a cell of the "
        "gradient: a stride of 1/2.",
    ),
    Record(
        "note-50",
        "note",
        "section 2, after this display",
        "why it is called fractionally-strided",
        "the kernel moves over the feature map at a slower pace than before. For this reason, "
        r"transposed convolutions are also known as \textit{fractionally-strided} convolutions",
        only(
            rule(
                (
                    "slower pace than before",
                    "faster pace than before",
                    r"\textit{fractionally-strided}",
                ),
                _slower,
            )
        ),
        "05",
        "It takes two steps to get from one gradient to the next: a pace of 1/2, which is a fraction.",
    ),
    Record(
        "note-51",
        "note",
        "section 2, last paragraph",
        "deconvolution is a misnomer: the transpose is not the inverse",
        "the transposed convolution does nothing to invert the convolution operation -- it uses "
        "$W^T$, not $W^{-1}$",
        only(
            rule(
                (
                    "the transposed convolution does nothing to invert the convolution",
                    "$W^T$",
                    "not $W^{-1}$",
                ),
                _no_inverse,
            )
        ),
        "05",
        "W has four rows and sixteen columns, so it has no inverse at all: sixteen numbers cannot be "
        "found from four. And Wᵀ W a, worked out, is not a. What takes the gradient back is Wᵀ.",
    ),
    Record(
        "note-52",
        "note",
        "section 2, last paragraph",
        "a transposed convolution undoes the change of size only",
        "At most, this operation only inverts the shape of a convolution operation, i.e. if a "
        r"convolution operation produces $2 \times 2$ feature maps given $4 \times 4$ feature maps, the "
        r"corresponding transposed convolution operation produces $4 \times 4$ feature maps given "
        r"$2 \times 2$ feature maps",
        only(
            rule(
                (
                    "inverts the shape of a convolution",
                    "a convolution operation produces",
                    "given",
                    "transposed convolution operation produces",
                ),
                _shapes,
            )
        ),
        "05",
        "The 3 × 3 kernel makes 2 × 2 of 4 × 4, and its transposed convolution makes 4 × 4 of 2 × 2. "
        "At a larger stride several input sizes have the same output size, and the one that is wanted "
        "must be said as well.",
    ),
)
