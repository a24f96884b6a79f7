"""What the note prints in its abstract and in section 1, Max Unpooling."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ..functional import conv2d, conv_transpose2d, max_pool2d, max_pool2d_backward, max_unpool2d
from .checks import bold_cells, both, displays, dotted_cells, rule
from .meaning import ANYTHING
from .note_parts import (
    ARRAYSTRETCH,
    EVERY_CELL,
    MAP_4,
    NOTE,
    ORDER,
    POOLING,
    equal,
    input_gradient,
    only,
    pooled,
    pooled_gradient,
    pooled_upstream,
    winners,
)
from .record import Record

WINNERS = set(winners())
EVERY_MAXIMUM = {(1, 1), (1, 2), (2, 1), (2, 2)}

POOLED_GRADIENT = r"""\begin{bmatrix}
\frac{\partial F}{\partial a_{21}} & \frac{\partial F}{\partial a_{14}} \\
\frac{\partial F}{\partial a_{31}} & \frac{\partial F}{\partial a_{43}}
\end{bmatrix}"""
MAXIMA = r"""\begin{bmatrix}
\mathbf{a_{21}} & \mathbf{a_{14}} \\
\mathbf{a_{31}} & \mathbf{a_{43}}
\end{bmatrix}"""


@cache
def _partners() -> list:
    """For each forward operation, the operation that gives its gradient by calculus."""
    _, switches = pooled()
    backward = {
        "transposed convolution": lambda g: conv_transpose2d(g, NOTE.kernel),
        "max unpooling": lambda g: max_unpool2d(g, switches, 2),
        "convolution": lambda g: conv2d(g, NOTE.kernel, padding=2),
        "max pooling": lambda g: max_pool2d(g, 1, order=ORDER[:2, :2]),
    }
    forward = (
        (NOTE.upstream, input_gradient(NOTE)),
        (pooled_upstream(), pooled_gradient()),
    )
    found = [name for g, dx in forward for name, run in backward.items() if equal(run(g), dx)]
    return (
        ["convolution", "max pooling", "two other operations", *found]
        if len(set(found)) == 2
        else found
    )


@cache
def _tiling() -> list:
    """The square windows and strides that make 2 × 2 of 4 × 4 and meet every cell exactly once."""
    found = []
    for kernel in range(1, 5):
        for stride in range(1, 5):
            met = conv_transpose2d(np.ones((2, 2)), np.ones((kernel, kernel)), stride=stride)
            if equal(met.astype(int), np.ones((4, 4), int)):
                found += ["kernel size", kernel, "stride", stride]
    return found


def _sizes(array: np.ndarray) -> list:
    return list(array.shape)


@cache
def _scalar_functions() -> list:
    """Whether the chain rule through the switches holds for several scalars of the maxima."""
    maxima, switches = pooled()
    cells = list(maxima.flat)
    scalars = (
        sum(cells),
        sum(cell**2 for cell in cells),
        cells[0],
        sympy.Mul(*cells),
        sympy.Function("F")(*cells),
    )
    for scalar in scalars:
        arriving = np.array([sympy.diff(scalar, p) for p in cells], dtype=object).reshape(2, 2)
        direct = np.array([sympy.diff(scalar, a) for a in POOLING.input.flat], dtype=object)
        if not equal(max_pool2d_backward(arriving, (4, 4), switches), direct.reshape(4, 4)):
            return []
    return ["any scalar-valued function"]


@cache
def _without_gradient() -> list:
    """Which cells an undefined function of the maxima does not depend on, and its slope there."""
    maxima, _ = pooled()
    scalar = sympy.Function("F")(*maxima.flat)
    slopes = {str(a): sympy.diff(scalar, a) for a in POOLING.input.flat}
    flat = {name for name, slope in slopes.items() if slope == 0}
    losers = {str(a) for a in POOLING.input.flat} - {str(p) for p in maxima.flat}
    return ["the non-maximal elements", "max pooling step", "zero"] if flat == losers else []


@cache
def _moved() -> list:
    """Where the gradients stand after the backward pass, and where the maxima stood before."""
    moved = pooled_gradient()
    filled = {(r + 1, c + 1) for r, c in np.argwhere(moved != 0)}
    right = all(
        moved[r - 1, c - 1] == sympy.Symbol(f"∂F/∂{POOLING.input[r - 1, c - 1]}") for r, c in filled
    )
    if filled == WINNERS and right:
        return ["gradients of the maximal elements", "locations originally occupied by the maximal"]
    return []


@cache
def _rest() -> list:
    values = {pooled_gradient()[r - 1, c - 1] for r, c in EVERY_CELL - WINNERS}
    return ["rest of the locations", "zeros"] if values == {0} else []


@cache
def _restored() -> list:
    maxima, switches = pooled()
    back = max_unpool2d(maxima, switches, 2)
    kept = all(back[r - 1, c - 1] == POOLING.input[r - 1, c - 1] for r, c in WINNERS)
    gone = all(back[r - 1, c - 1] == 0 for r, c in EVERY_CELL - WINNERS)
    said = ["the maximal values have been restored to their original locations"]
    return [*said, "the non-maximal values have been replaced by zeros"] if kept and gone else []


@cache
def _inverse() -> list:
    """In which order pooling and unpooling undo each other, read off with the same switches."""
    maxima, switches = pooled()
    back = max_unpool2d(maxima, switches, 2)
    again = back.ravel()[switches]
    right, left = equal(again, maxima), equal(back, POOLING.input)
    return {
        (True, True): ["inverse", "max pooling"],
        (True, False): [r"\textit{partial inverse}", "max pooling"],
    }.get((right, left), [])


@cache
def _switches_needed() -> list:
    """Two maps with the same maxima at other places: the values alone do not say where to."""
    one = np.array([[5, 0], [0, 0]])
    other = np.array([[0, 0], [0, 5]])
    (p, here), (q, there) = (max_pool2d(x, 2, return_indices=True) for x in (one, other))
    g = np.array([[1]])
    told_apart = not equal(p, q)
    same_way = equal(max_pool2d_backward(g, (2, 2), here), max_pool2d_backward(g, (2, 2), there))
    come_back = equal(max_unpool2d(p, here, 2), one) and equal(max_unpool2d(q, there, 2), other)
    if told_apart or same_way or not come_back:
        return []
    return [
        "max unpooling",
        "we have to keep track of the locations",
        "the maximal elements",
        "during the forward pass",
    ]


def _only_gradients(_) -> np.ndarray:
    """The gradients at their new places, with nothing said yet about the rest."""
    moved = max_pool2d_backward(pooled_upstream(), (4, 4), pooled()[1])
    moved[moved == 0] = ANYTHING
    return moved


RECORDS = (
    Record(
        "note-01",
        "note",
        "abstract",
        "which operation is the backward pass of which",
        "the backward pass through the convolution and max pooling operations can be performed by "
        "means of two other operations, namely the transposed convolution and max unpooling "
        "operations respectively",
        only(
            rule(
                (
                    "two other operations",
                    "transposed convolution",
                    "max unpooling",
                    "convolution",
                    "max pooling",
                ),
                _partners,
            )
        ),
        "01",
        "The gradients to the input of a 3 × 3 convolution and of 2 × 2 max pooling are worked out by "
        "the chain rule. Of four candidates, only the transposed convolution gives the first and only "
        "max unpooling gives the second. This is for windows that do not overlap, as in the note: "
        "where windows overlap, gradients that meet in one cell are added, and a plain unpooling "
        "would keep only one of them.",
    ),
    Record(
        "note-02",
        "note",
        "section 1, first display",
        "the 4 × 4 feature map",
        MAP_4.replace("a_{44}\n", "a_{44} \\\\\n"),
        only(displays(POOLING, lambda layer: layer.input)),
        "02",
        "The cell in row i and column j is called a_ij. Each printed entry has the index of its place.",
    ),
    Record(
        "note-03",
        "note",
        "section 1, before the second display",
        "the windows of the max pooling: kernel size and stride",
        "(with kernel size 2 and stride 2)",
        only(rule(("kernel size", "stride"), _tiling)),
        "02",
        "Among all square windows and strides, only 2 and 2 make four windows of the 4 × 4 map that "
        "meet every cell exactly once. That is what the four bold winners, one in each quarter, need.",
    ),
    Record(
        "note-04",
        "note",
        "section 1, second display",
        "max pooling keeps the largest element of each window",
        f"{MAP_4} \\rightarrow\n"
        r"""\begin{bmatrix}
a_{11} & a_{12} & a_{13} & \mathbf{a_{14}} \\
\mathbf{a_{21}} & a_{22} & a_{23} & a_{24} \\
\mathbf{a_{31}} & a_{32} & a_{33} & a_{34} \\
a_{41} & a_{42} & \mathbf{a_{43}} & a_{44}
\end{bmatrix} \rightarrow
""" + MAXIMA,
        only(
            both(
                displays(
                    POOLING,
                    lambda layer: layer.input,
                    lambda layer: layer.input,
                    lambda layer: pooled(layer)[0],
                ),
                bold_cells(set(), part=0),
                bold_cells(WINNERS, part=1),
                bold_cells(EVERY_MAXIMUM, part=2),
            )
        ),
        "02",
        "With numbers in the map for which a_21, a_14, a_31 and a_43 are the largest of their windows, "
        "the pooling keeps exactly these four, in this arrangement. The bold cells are one winner for "
        "each of the four windows, and the small map holds the same four.",
    ),
    Record(
        "note-05",
        "note",
        "section 1, before the third display",
        "the size of the gradient that arrives at max pooling",
        r"in the backward pass, we essentially have a $2 \times 2$ matrix of gradients",
        only(rule(("backward pass",), lambda: ["backward pass", *_sizes(pooled_upstream())])),
        "02",
        "A scalar has one derivative for each output of the pooling, and four windows make a 2 × 2 "
        "output.",
    ),
    Record(
        "note-06",
        "note",
        "section 1, third display",
        "the gradient that arrives, named after the elements that won",
        ARRAYSTRETCH + POOLED_GRADIENT,
        only(displays(POOLING, pooled_upstream)),
        "02",
        "The output of a window is the very element that won there, so the derivative by the output "
        "is the derivative by that element. Each stands at the place of its window.",
    ),
    Record(
        "note-07",
        "note",
        "section 1, after the third display",
        "the size of the gradient that is wanted",
        r"""the goal is to somehow ``expand" this matrix to get a $4 \times 4$ matrix containing """
        "the backpropagated gradient",
        only(
            rule(
                ("backpropagated gradient",),
                lambda: [*_sizes(pooled_gradient()), "backpropagated gradient"],
            )
        ),
        "02",
        "A scalar has one derivative for each cell of the map that went in, and that map is 4 × 4.",
    ),
    Record(
        "note-08",
        "note",
        "section 1, after the third display, in brackets",
        "F may be any scalar of the network",
        "in general it can be any scalar-valued function of the network",
        only(rule(("any scalar-valued function",), _scalar_functions)),
        "02",
        "For the sum, the sum of squares, a single element, the product and an undefined F of the four "
        "maxima, the derivative by each of the sixteen cells is what the switches make of the "
        "derivatives by the maxima. Nothing but the chain rule is used, so every scalar will do.",
    ),
    Record(
        "note-09",
        "note",
        "section 1, the key point",
        "elements that did not win have no gradient",
        "the non-maximal elements are discarded during the max pooling step, so they play no role in "
        "the computation afterward. This means that the gradient of $F$ with respect to these "
        "elements must be zero.",
        only(
            rule(
                ("the non-maximal elements", "max pooling step", "$F$", "zero"),
                lambda: [*_without_gradient()[:-1], "$F$", *_without_gradient()[-1:]],
            )
        ),
        "02",
        "An undefined function F of the four maxima has the derivative 0 by each of the other twelve "
        "elements and by no other. A small change of an element that is not the largest does not move "
        "the maximum. At a tie the maximum has a kink, and the rule of the code decides.",
    ),
    Record(
        "note-10",
        "note",
        "section 1, first step of the list",
        "first step of max unpooling: move the gradients",
        "Move the gradients of the maximal elements to the locations originally occupied by the "
        "maximal elements",
        only(
            rule(
                (
                    "gradients of the maximal elements",
                    "locations originally occupied by the maximal",
                ),
                _moved,
            )
        ),
        "02",
        "By the chain rule, the only cells with a gradient are those of the four winners, and each "
        "has the gradient that carries its own name.",
    ),
    Record(
        "note-11",
        "note",
        "section 1, second step of the list",
        "second step of max unpooling: fill up with zeros",
        "fill up the rest of the locations with zeros",
        only(rule(("rest of the locations", "zeros"), _rest)),
        "02",
        "By the chain rule, the twelve cells that won nowhere have the derivative 0.",
    ),
    Record(
        "note-12",
        "note",
        "section 1, fourth display",
        "the two steps of max unpooling, on the gradient",
        ARRAYSTRETCH
        + POOLED_GRADIENT
        + r""" \rightarrow
\begin{bmatrix}
\cdot & \cdot & \cdot & \frac{\partial F}{\partial a_{14}} \\
\frac{\partial F}{\partial a_{21}} & \cdot & \cdot & \cdot \\
\frac{\partial F}{\partial a_{31}} & \cdot & \cdot & \cdot \\
\cdot & \cdot & \frac{\partial F}{\partial a_{43}} & \cdot
\end{bmatrix} \rightarrow
\begin{bmatrix}
0 & 0 & 0 & \frac{\partial F}{\partial a_{14}} \\
\frac{\partial F}{\partial a_{21}} & 0 & 0 & 0 \\
\frac{\partial F}{\partial a_{31}} & 0 & 0 & 0 \\
0 & 0 & \frac{\partial F}{\partial a_{43}} & 0
\end{bmatrix}""",
        only(
            both(
                displays(POOLING, pooled_upstream, _only_gradients, pooled_gradient),
                dotted_cells(set(), part=0),
                dotted_cells(set(EVERY_CELL - WINNERS), part=1),
                dotted_cells(set(), part=2),
            )
        ),
        "02",
        "The middle stage is what the switches do with the arriving gradient, the last stage what the "
        "chain rule gives for all sixteen elements. The PDF conversion draws the dots of the middle "
        "stage in other shapes; they stand at the same places.",
    ),
    Record(
        "note-13",
        "note",
        "section 1, fifth display",
        "max unpooling of the maximal values themselves",
        MAXIMA
        + r""" \rightarrow
\begin{bmatrix}
0 & 0 & 0 & \mathbf{a_{41}} \\
\mathbf{a_{21}} & 0 & 0 & 0 \\
\mathbf{a_{31}} & 0 & 0 & 0 \\
0 & 0 & \mathbf{a_{43}} & 0
\end{bmatrix}""",
        only(
            both(
                displays(
                    POOLING,
                    lambda layer: pooled(layer)[0],
                    lambda layer: max_unpool2d(*pooled(layer), 2),
                ),
                bold_cells(EVERY_MAXIMUM, part=0),
                bold_cells(WINNERS, part=1),
            )
        ),
        "02",
        "The value at row 1, column 4 must be a_14, the winner of its window: it stands in the small "
        "map on the left, and the sentence below says that each maximum returns to its original "
        "location. The print has a_41 there, with the two digits exchanged; a_41 did not win and is "
        "not even in the small map. The other three values are right.",
        contradicts="note-14",
    ),
    Record(
        "note-14",
        "note",
        "section 1, after the fifth display",
        "what max unpooling of the values gives back",
        "the maximal values have been restored to their original locations, while the non-maximal "
        "values have been replaced by zeros",
        only(
            rule(
                (
                    "the maximal values have been restored to their original locations",
                    "the non-maximal values have been replaced by zeros",
                ),
                _restored,
            )
        ),
        "02",
        "Unpooling the four maxima with their switches gives the original value at the four winning "
        "cells and 0 at the twelve others. The display above this sentence has a slip at one of the "
        "four cells; the sentence itself is right.",
        contradicts="note-13",
    ),
    Record(
        "note-15",
        "note",
        "section 1, after the fifth display",
        "max unpooling inverts max pooling in part",
        r"max unpooling can be viewed as computing a \textit{partial inverse} of the max pooling "
        "operation",
        only(rule((r"\textit{partial inverse}", "inverse", "max pooling"), _inverse)),
        "02",
        "Unpooling the maxima and reading them off again at the same switches gives the maxima back: "
        "one order of the two operations does nothing. The other order, pooling and then unpooling, "
        "loses the twelve other values. So the inverse is one-sided. If the largest element is looked "
        "for afresh instead, the filled-in zeros win over a negative maximum; then even the first "
        "order needs maxima that are not negative, as they are after a ReLU.",
    ),
    Record(
        "note-16",
        "note",
        "section 1, last paragraph",
        "the locations of the maxima, the switches, must be kept",
        "in order to perform a max unpooling operation, we have to keep track of the locations of "
        "the maximal elements during the forward pass",
        only(
            rule(
                (
                    "max unpooling",
                    "we have to keep track of the locations",
                    "the maximal elements",
                    "during the forward pass",
                ),
                _switches_needed,
            )
        ),
        "02",
        "Two maps with the same maximum at different places give the same pooled map but send the "
        "gradient to different cells. So the pooled values alone cannot say where the gradient goes; "
        "with the locations, both maps come back right. The locations are seen in the map that went in, so "
        "they must be kept from the forward pass on.",
    ),
)
