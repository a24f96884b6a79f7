"""What the note prints in section 2 up to its rule (2): convolution as a matrix."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import sympy

from ..functional import conv2d, conv_matrix
from .checks import both, displays, equation, result, rule, words
from .meaning import convolve
from .note_parts import KERNEL, MAP_4, NOTE, VECTORS, equal, input_gradient, only
from .record import Record

FLIPPED, NOT_FLIPPED = "the kernel is flipped", "the kernel is not flipped"


@cache
def _stride() -> list:
    """The strides at which a 3 × 3 kernel makes the printed sums of a 4 × 4 map."""
    a, k = NOTE.input, NOTE.kernel
    sums = [[np.sum(k * a[u : u + 3, v : v + 3]) for v in (0, 1)] for u in (0, 1)]
    found = [s for s in (1, 2, 3) if equal(conv2d(a, k, stride=s), np.array(sums, dtype=object))]
    return ["stride", *found]


@cache
def _meaning_of_star() -> list[str]:
    """Whether the kernel is flipped in the operation whose outputs are the note's sums."""
    a, k = NOTE.input, NOTE.kernel
    readings = ((FLIPPED, True), (NOT_FLIPPED, False))
    found = [says for says, flip in readings if equal(convolve(a, k, flip=flip), NOTE.output)]
    return [*found, "of two maps", "∗"]


@cache
def _degrees() -> list[str]:
    """The powers of the input in the outputs."""
    cells = list(NOTE.input.flat)
    powers = {sum(p) for y in NOTE.output.flat for p in sympy.Poly(y, *cells).monoms()}
    return ["linear"] if powers == {1} else []


@cache
def _zeros() -> list:
    """Zeros whose share grows with the map, and weights that all stand there as often."""
    shares = [float(np.mean(conv_matrix(np.ones((3, 3)), (n, n)) == 0)) for n in (4, 6, 8, 12)]
    times = Counter(str(entry) for entry in NOTE.matrix.flat if entry != 0)
    said = ["a lot of zeros"] if 0 < shares[0] < shares[1] < shares[2] < shares[3] else []
    return said + (["repeat the kernel weights"] if set(times.values()) == {4} else [])


@cache
def _properties() -> list:
    """In what W is less than the matrix of a layer that connects everything with its own weight."""
    weights = [entry for entry in NOTE.matrix.flat if entry != 0]
    found = ["sparse connections"] if len(weights) < NOTE.matrix.size else []
    found += ["weight sharing"] if len(set(weights)) < len(weights) else []
    return ["two additional properties", *found] if len(found) == 2 else found


@cache
def _backward_matrix() -> list:
    """Which matrix made of W takes the gradient of the output to that of the input."""
    made = {"transpose of the weight matrix": NOTE.matrix.T, "weight matrix itself": NOTE.matrix}
    g, dx = NOTE.upstream.reshape(-1, 1), input_gradient(NOTE).reshape(-1, 1)
    found = [name for name, w in made.items() if w.shape[1] == len(g) and equal(w @ g, dx)]
    return [*found, "transposed convolution"]


def _flat_product() -> int:
    """How long W times the flattened input is, if it is the flattened output."""
    product = NOTE.matrix @ NOTE.input.ravel()
    return len(product) if equal(product, NOTE.output.ravel()) else 0


RECORDS = (
    Record(
        "note-17",
        "note",
        "section 2, before (1)",
        "the sign ∗ is called a convolution",
        "The convolution between these two is denoted by $*$",
        (
            (
                "",
                words(
                    {"convolution": FLIPPED, "these two": "of two maps", "$*$": "∗"},
                    _meaning_of_star,
                ),
            ),
            (
                "∗ is a cross-correlation: the kernel is not flipped",
                words(
                    {"convolution": NOT_FLIPPED, "these two": "of two maps", "$*$": "∗"},
                    _meaning_of_star,
                ),
            ),
        ),
        "03",
        "In mathematics a convolution turns the kernel by 180° before sliding it. The sums that the "
        "note gives as the result of (1) multiply k_11 with the upper left cell of each window, so "
        "nothing is turned: the sign stands for a cross-correlation. This is the usual way of "
        "speaking about networks, and the note keeps to it everywhere, in (3) and in section 3 too.",
    ),
    Record(
        "note-18",
        "note",
        "section 2, before (1)",
        "the stride of the convolution (1)",
        "the stride used is $1$",
        only(rule(("stride",), _stride)),
        "03",
        "Of the strides 1, 2 and 3, only 1 gives the four sums of the next display. With a larger "
        "stride a 3 × 3 kernel has only one place on a 4 × 4 map.",
    ),
    Record(
        "note-19",
        "note",
        "section 2, (1)",
        "the convolution of a 4 × 4 map with a 3 × 3 kernel",
        f"{MAP_4} *\n{KERNEL}",
        only(
            both(
                result(NOTE, lambda layer: layer.output),
                displays(NOTE, lambda layer: layer.input, lambda layer: layer.kernel),
            )
        ),
        "03",
        "The two operands have the indices of their places. Worked out with the sign as the note uses "
        "it, the expression gives the four outputs of the layer, which the next display prints as sums.",
    ),
    Record(
        "note-20",
        "note",
        "section 2, after (1)",
        "the size of the result of (1)",
        r"The result of this convolution is a $2 \times 2$ feature map",
        only(rule(("convolution",), lambda: ["convolution", *NOTE.output.shape])),
        "03",
        "A window of 3 cells has 4 - 3 + 1 = 2 places along each side of the map.",
    ),
    Record(
        "note-21",
        "note",
        "section 2, after (1)",
        "the four outputs as double sums",
        r"""\renewcommand{\arraystretch}{1.5}
\begin{bmatrix}
\sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{ij} & \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i,j{+}1} \\
\sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i{+}1,j} & \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i{+}1,j{+}1}
\end{bmatrix}""",
        only(displays(NOTE, lambda layer: layer.output)),
        "03",
        "Each sum runs over the nine cells of the kernel. A window one cell further down has the row "
        "index i + 1, one cell further right the column index j + 1. Expanded, the sums are the 36 "
        "products that sliding the kernel gives.",
        contradicts="note-23",
    ),
    Record(
        "note-22",
        "note",
        "section 2, before the matrix product",
        "the input as a vector",
        r"flatten out the $4 \times 4$ input feature map into a 16-dimensional vector",
        only(
            rule(
                ("input feature map",),
                lambda: [*NOTE.input.shape, "input feature map", NOTE.matrix.shape[1]],
            )
        ),
        "03",
        "W has one column for each cell of the input, 4 · 4 = 16.",
    ),
    Record(
        "note-23",
        "note",
        "section 2, the matrix product, first factor",
        "the 4 × 16 matrix W of the convolution",
        r"""\begin{bmatrix}
k_{11} & k_{12} & k_{13} & 0 & k_{11} & k_{12} & k_{13} & 0 & \dots & 0 \\
0 & k_{11} & k_{12} & k_{13} & 0 & k_{11} & k_{12} & k_{13} & \dots & 0 \\
0 & 0 & 0 & 0 & k_{11} & k_{12} & k_{13} & 0 & \dots & 0 \\
0 & 0 & 0 & 0 & 0 & 0 & 0 & 0 & \dots & k_{33}
\end{bmatrix}""",
        only(displays(NOTE, lambda layer: layer.matrix)),
        "03",
        "Row 1 of W holds what each cell of the input is multiplied with in h_11. Its second group of "
        "entries meets a_21, a_22, a_23, which the sum for h_11 multiplies with the second kernel row "
        "k_21, k_22, k_23; the print repeats the first row k_11, k_12, k_13. Row 2 has the same slip. "
        "Row 4 belongs to h_22, whose window contains a_22, a_23, a_24: k_11, k_12, k_13 belong at "
        "columns 6 to 8, where the print has zeros. With these nine entries changed the "
        "product is what the note says it is. The PDF conversion also loses one zero of the last row.",
        converted=r"\begin{bmatrix} k_{11} & k_{12} & k_{13} & 0 & k_{11} & k_{12} & k_{13} & 0 & "
        r"\dots & 0 \\ 0 & k_{11} & k_{12} & k_{13} & 0 & k_{11} & k_{12} & k_{13} & \dots & 0 \\ "
        r"0 & 0 & 0 & 0 & k_{11} & k_{12} & k_{13} & 0 & \dots & 0 \\ "
        r"0 & 0 & 0 & 0 & 0 & 0 & 0 & \dots & k_{33} \end{bmatrix}",
        contradicts="note-21",
    ),
    Record(
        "note-24",
        "note",
        "section 2, the matrix product, second factor",
        "the input, flattened",
        r"""\begin{bmatrix}
a_{11} \\
a_{12} \\
a_{13} \\
a_{14} \\
a_{21} \\
a_{22} \\
a_{23} \\
a_{24} \\
\vdots \\
a_{44}
\end{bmatrix}""",
        only(displays(VECTORS, lambda layer: layer.input.reshape(-1, 1))),
        "03",
        "The rows of the map stand one below the other, sixteen entries with the dots counted as the "
        "seven that are missing. The PDF conversion drops a_12, a_13 and a_14; the LaTeX source has "
        "them.",
        converted=r"\begin{bmatrix} a_{11} \\ a_{21} \\ a_{22} \\ a_{23} \\ a_{24} \\ \vdots \\ "
        r"a_{44} \end{bmatrix}",
    ),
    Record(
        "note-25",
        "note",
        "section 2, after the matrix product",
        "the output as a vector",
        r"is identical to the $2 \times 2$ feature map we found above, flattened into a "
        "4-dimensional vector",
        only(rule(("flattened",), lambda: [*NOTE.output.shape, "flattened", _flat_product()])),
        "03",
        "The right W times the flattened input has four entries, and they are the four sums, row by "
        "row. The W that is printed does not do this in its rows 1, 2 and 4, see its own record.",
    ),
    Record(
        "note-26",
        "note",
        "section 2, after the matrix product",
        "a convolution is a linear operation",
        "a convolution operation can be expressed as a regular linear multiplication operation",
        only(rule(("convolution", "linear"), lambda: ["convolution", *_degrees()])),
        "03",
        "Every output is a sum of terms that each contain exactly one cell of the input, to the first "
        "power and with nothing left over. Such outputs are a matrix times the input.",
    ),
    Record(
        "note-27",
        "note",
        "section 2, after the matrix product",
        "W has many zeros and repeats the weights",
        "This weight matrix will have a lot of zeros and will repeat the kernel weights throughout",
        only(rule(("a lot of zeros", "repeat the kernel weights"), _zeros)),
        "03",
        "Here 28 of the 64 entries of W are zeros, and each of the nine weights stands there four "
        "times, once in each row. A row never has more than nine entries that are not zero, so the "
        "share of zeros grows with the map: 44 % for 4 × 4, 75 % for 6 × 6, 94 % for 12 × 12.",
    ),
    Record(
        "note-28",
        "note",
        "section 2, after the matrix product",
        "the two properties of a convolution among linear layers",
        "a CNN is equivalent to a feedforward neural network, with two additional properties: "
        r"\textit{sparse connections} and \textit{weight sharing}",
        only(
            rule(
                ("two additional properties", "sparse connections", "weight sharing"),
                _properties,
            )
        ),
        "03",
        "A layer that connects all of its 16 inputs with all of its 4 outputs has 64 weights of its "
        "own. W has only 36 places that are not zero (sparse connections) and only 9 different weights "
        "in them (weight sharing).",
    ),
    Record(
        "note-29",
        "note",
        "section 2, before (2)",
        "the forward pass as a matrix product",
        "h = Wa",
        only(equation(VECTORS)),
        "03",
        "The four flattened sums and W times the sixteen input cells are expanded and compared term "
        "by term. W is built from the places of the kernel on the map, not from the print.",
    ),
    Record(
        "note-30",
        "note",
        "section 2, (2)",
        "the backward pass is the transpose of W",
        r"\frac{\partial F}{\partial a} = W^T \bigg( \frac{\partial F}{\partial h} \bigg)",
        only(equation(VECTORS)),
        "04",
        "The chain rule for a single input cell is a sum over the outputs: ∂F/∂a_n = Σ_m ∂F/∂h_m "
        "W_mn. That is row n of Wᵀ times the column ∂F/∂h. All sixteen derivatives are worked out "
        "from the definition of the outputs and agree. Gradients are columns here, as a and h are; "
        "written as rows, W would stand on the right, without the transpose.",
    ),
    Record(
        "note-31",
        "note",
        "section 2, after (2)",
        "why it is called a transposed convolution",
        "The backward pass uses the transpose of the weight matrix, hence this operation is known as "
        r"a \textit{transposed convolution}.",
        only(rule(("transpose of the weight matrix", "transposed convolution"), _backward_matrix)),
        "05",
        "The matrix that takes the four output gradients to the sixteen input gradients is Wᵀ, entry "
        "by entry; W itself does not even fit.",
    ),
)
