"""What the note prints in section 3, Convolution Weights, and in section 4, Applications."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ..functional import conv2d, conv_transpose2d, max_pool2d, max_unpool2d
from .checks import both, displays, equation, result, rule
from .meaning import Layer, convolve
from .note_parts import (
    ARRAYSTRETCH,
    DILATED,
    GRADIENT,
    MAP_4,
    MAP_5,
    NAMES,
    NOTE,
    ORDER,
    equal,
    kernel_gradient,
    only,
)
from .record import Record

EVERY_WEIGHT = {"i": 3, "j": 3}


@cache
def _influence() -> list[str]:
    """Whether each weight enters every output."""
    slopes = [sympy.diff(h, k) for k in NOTE.kernel.flat for h in NOTE.output.flat]
    return ["$k_{ij}$", "all the other elements", "not just $h_{12}$"] if all(slopes) else []


@cache
def _weight_with(shift: tuple[int, int]) -> tuple[int, int]:
    """The weight whose gradient sums ∂F/∂h_i'j' times the input shifted by so many cells."""
    down, right = shift
    wanted = np.sum(NOTE.upstream * NOTE.input[down : down + 2, right : right + 2])
    ((i, j),) = (
        (i + 1, j + 1)
        for i, j in np.ndindex(3, 3)
        if sympy.expand(kernel_gradient(NOTE)[i, j] - wanted) == 0
    )
    return i, j


def _equal_indices(at: tuple[int, int]) -> list:
    """The words for a weight on the diagonal: its index, given once for row and column."""
    i, j = at
    return ["$i = j =", i, "gradient of $k_{", int(f"{i}{j}")] if i == j else []


@cache
def _operands() -> list[str]:
    """Which of input and gradient slides over the other."""
    went_in = "the input to the convolution operation during the forward pass"
    arrives = "the gradient matrix that arrives as input during the backward pass"
    for swap, left, right in ((False, went_in, arrives), (True, arrives, went_in)):
        try:
            slid = convolve(NOTE.input, NOTE.upstream, swap=swap)
        except ValueError:  # a map of 4 × 4 does not fit on one of 2 × 2
            continue
        if equal(slid, kernel_gradient(NOTE)):
            return [f"on the left is {left}", f"on the right is {right}"]
    return []


@cache
def _stride_and_dilation(stride: int) -> list[tuple[int, int]]:
    """The steps and the dilation with which the gradient, slid over the input, gives ∂F/∂k."""
    layer = Layer(NAMES, (3 + stride, 3 + stride), (3, 3), stride=stride)
    found = []
    for s in (1, 2, 3):
        for d in (1, 2, 3):
            try:
                made = conv2d(layer.input, layer.upstream, stride=s, dilation=d)
            except ValueError:  # it does not fit
                continue
            found += [(s, d)] if equal(made, kernel_gradient(layer)) else []
    return found


def _dilation() -> list[str]:
    """What changes in the kernel gradient when the stride does."""
    same = all(_stride_and_dilation(n) == [(1, n)] for n in (1, 2, 3))
    if not same:
        return []
    return [
        "stride of the original convolution is greater than",
        1,
        "The same result",
        r"\textit{dilation}",
    ]


def _named_pair() -> list:
    ((stride, dilation),) = _stride_and_dilation(2)
    return ["stride of", stride, "dilation of", dilation]


@cache
def _small_network() -> list[str]:
    """A convolution and a max pooling: the gradient of F by the input, through both."""
    layer = Layer(NAMES, (5, 5), (2, 2))
    maxima, switches = max_pool2d(layer.output, 2, order=ORDER, return_indices=True)
    arriving = np.array(sympy.symbols("g:4"), dtype=object).reshape(2, 2)
    scalar = sympy.Add(*(arriving * maxima).flat)
    direct = np.array([sympy.diff(scalar, a) for a in layer.input.flat], dtype=object)
    back = conv_transpose2d(max_unpool2d(arriving, switches, 2), layer.kernel)
    done = equal(back, direct.reshape(5, 5))
    return (
        ["Transposed convolution", "max unpooling", "backward pass through a CNN"] if done else []
    )


@cache
def _modified() -> list[str]:
    """The two rules for a ReLU on the way back: by the sign of what went in, or of what comes."""
    went_in, comes = np.array([2, 2, -1, -1]), np.array([3, -3, 3, -3])
    gradient, deconvnet = comes * (went_in > 0), comes * (comes > 0)
    return [] if equal(gradient, deconvnet) else ["a modified backward pass"]


RECORDS = (
    Record(
        "note-53",
        "note",
        "section 3, before the first display",
        "the size of the output of (1), again",
        r"Its output is a $2 \times 2$ feature map",
        only(rule(("output",), lambda: ["output", *NOTE.output.shape])),
        "06",
        "A 3 × 3 kernel has 2 · 2 places on a 4 × 4 map.",
    ),
    Record(
        "note-54",
        "note",
        "section 3, first display",
        "the outputs of (1) are called h",
        r"""\begin{bmatrix}
h_{11} & h_{12} \\
h_{21} & h_{22}
\end{bmatrix}""",
        only(displays(NOTE, lambda layer: layer.output)),
        "06",
        "Each h stands at the place of its window; read as its sum, each entry is the output that "
        "sliding the kernel gives there.",
    ),
    Record(
        "note-55",
        "note",
        "section 3, second display",
        "one output as a double sum",
        r"h_{12} = \sum_{i=1}^3 \sum_{j=1}^3 k_{ij} a_{i,j{+}1}",
        only(equation(NOTE)),
        "06",
        "The window of h_12 starts one column further right, so its cells are a_i,j+1. The nine "
        "products agree with sliding the kernel, and with the first row of the sums in section 2.",
    ),
    Record(
        "note-56",
        "note",
        "section 3, third display",
        "how h_12 depends on a weight",
        r"\frac{\partial h_{12}}{\partial k_{ij}} = a_{i,j{+}1}",
        only(equation(NOTE, EVERY_WEIGHT)),
        "06",
        "Each weight occurs in one term of h_12 only, and its factor there is the derivative. All nine "
        "derivatives are taken and compared.",
    ),
    Record(
        "note-57",
        "note",
        "section 3, after the third display",
        "a weight influences every output",
        "this particular $k_{ij}$ influences all the other elements in the feature map and not just "
        "$h_{12}$",
        only(rule(("$k_{ij}$", "all the other elements", "not just $h_{12}$"), _influence)),
        "06",
        "None of the 9 · 4 derivatives of an output by a weight is zero: the kernel is used in every "
        "window. So the chain rule will need a sum over all outputs.",
    ),
    Record(
        "note-58",
        "note",
        "section 3, fourth display",
        "how any output depends on any weight",
        r"\frac{\partial h_{i'j'}}{\partial k_{ij}} = a_{i{+}i'{-}1, j{+}j'{-}1}",
        only(equation(NOTE, {**EVERY_WEIGHT, "i'": 2, "j'": 2})),
        "06",
        "The window of h_i'j' starts at row i', column j', so its cell number (i, j) is "
        "a_i+i'-1,j+j'-1. All 36 derivatives are taken and compared.",
    ),
    Record(
        "note-59",
        "note",
        "section 3, fifth display",
        "the kernel gradient by the chain rule",
        r"\frac{\partial F}{\partial k_{ij}} = \sum_{i'=1}^2 \sum_{j'=1}^2 "
        r"\frac{\partial F}{\partial h_{i'j'}} \frac{\partial h_{i'j'}}{\partial k_{ij}}",
        only(equation(NOTE, EVERY_WEIGHT)),
        "06",
        "F depends on a weight through each of the four outputs, and what comes along different ways "
        "is added.",
    ),
    Record(
        "note-60",
        "note",
        "section 3, sixth display",
        "the kernel gradient as a double sum",
        r"\frac{\partial F}{\partial k_{ij}} = \sum_{i'=1}^2 \sum_{j'=1}^2 "
        r"\left( \frac{\partial F}{\partial h_{i'j'}} \right) a_{i{+}i'{-}1,j{+}j'{-}1}",
        only(equation(NOTE, EVERY_WEIGHT)),
        "06",
        "The derivative of h_i'j' by k_ij, put into the chain rule. The two sums run over i' and j'; "
        "the PDF conversion has i' twice, which leaves j' without a value. The LaTeX source has both.",
        converted=r"\frac{\partial F}{\partial k_{ij}} = \sum_{i'=1}^{2} \sum_{i'=1}^{2} "
        r"\left( \frac{\partial F}{\partial h_{i'j'}} \right) a_{i+i'-1,j+j'-1}",
    ),
    Record(
        "note-61",
        "note",
        "section 3, before the seventh display",
        "which indices give the gradient of k_11",
        r"First take $i = j = 1$, i.e. we are looking at the gradient of $k_{11}$",
        only(
            rule(
                ("$i = j =", "$i =", "gradient of $k_{"),
                lambda: _equal_indices(_weight_with((0, 0))),
            )
        ),
        "06",
        "The sum with the unshifted input a_i'j' is the gradient of one weight only, k_11, the one in "
        "row 1 and column 1.",
    ),
    Record(
        "note-62",
        "note",
        "section 3, seventh display",
        "the gradient of k_11",
        r"\frac{\partial F}{\partial k_{11}} = \sum_{i'=1}^2 \sum_{j'=1}^2 "
        r"\left( \frac{\partial F}{\partial h_{i'j'}} \right) a_{i'j'}",
        only(equation(NOTE)),
        "06",
        "With i = j = 1 the index i + i' - 1 is just i'. The four products agree with the chain rule.",
    ),
    Record(
        "note-63",
        "note",
        "section 3, before the eighth display",
        "which indices give the gradient of k_12",
        "Then take $i = 1$, $j = 2$",
        only(
            rule(
                ("$i =", "$j ="),
                lambda: [
                    "$i =",
                    _weight_with((0, 1))[0],
                    "$j =",
                    _weight_with((0, 1))[1],
                ],
            )
        ),
        "06",
        "The sum with the input shifted by one column is the gradient of one weight only, the one in "
        "row 1 and column 2.",
    ),
    Record(
        "note-64",
        "note",
        "section 3, eighth display",
        "the gradient of k_12",
        r"\frac{\partial F}{\partial k_{12}} = \sum_{i'=1}^2 \sum_{j'=1}^2 "
        r"\left( \frac{\partial F}{\partial h_{i'j'}} \right) a_{i',j'{+}1}",
        only(equation(NOTE)),
        "06",
        "With j = 2 the index j + j' - 1 is j' + 1: the same four gradients, over a window one column "
        "further right. The four products agree with the chain rule.",
    ),
    Record(
        "note-65",
        "note",
        "section 3, ninth display",
        "the kernel gradient as a convolution of the input with the gradient",
        MAP_4.replace("a_{44}\n", "a_{44} \\\\\n") + " *\n" + ARRAYSTRETCH + GRADIENT,
        only(
            both(
                result(NOTE, kernel_gradient),
                displays(NOTE, lambda layer: layer.input, lambda layer: layer.upstream),
            )
        ),
        "06",
        "Worked out, the expression gives the nine derivatives of the chain rule, each at the place of "
        "its weight. Nothing is flipped here: in a_i+i'-1 the two indices add up, so gradient and "
        "input are met in the same direction.",
    ),
    Record(
        "note-66",
        "note",
        "section 3, after the ninth display",
        "which operand is the input and which the gradient",
        "the feature map on the left is the input to the convolution operation during the forward "
        "pass, and the kernel on the right is the gradient matrix that arrives as input during the "
        "backward pass",
        only(
            rule(
                (
                    "on the left is the input to the convolution operation during the forward pass",
                    "on the right is the gradient matrix that arrives as input during the "
                    "backward pass",
                ),
                _operands,
            )
        ),
        "06",
        "The 2 × 2 gradient slid over the 4 × 4 input gives the nine derivatives. The other way round "
        "the operands do not fit.",
    ),
    Record(
        "note-67",
        "note",
        "section 3, last paragraph",
        "a stride becomes a dilation in the kernel gradient",
        "What if the stride of the original convolution is greater than 1? The same result holds, "
        r"except that we would have to introduce some \textit{dilation}.",
        only(
            rule(
                (
                    "stride of the original convolution is greater than",
                    "The same result",
                    r"\textit{dilation}",
                ),
                _dilation,
            )
        ),
        "06",
        "For the strides 1, 2 and 3, each pair of steps and dilation up to 3 is tried. The kernel "
        "gradient comes out for steps of 1 and a dilation equal to the stride, and for no other pair. "
        "This is for strides that use the map up to its edge; otherwise the result has rows or "
        "columns too many, which are cut off.",
    ),
    Record(
        "note-68",
        "note",
        "section 3, tenth display",
        "the kernel gradient at stride 2",
        f"{MAP_5} *\n{ARRAYSTRETCH}{GRADIENT}",
        only(
            both(
                result(DILATED, kernel_gradient),
                displays(DILATED, lambda layer: layer.input, lambda layer: layer.upstream),
            )
        ),
        "06",
        "With the dilation of 2 that the line below it states, the expression gives the nine "
        "derivatives of the chain rule through the outputs of (4): output h_i'j' meets k_ij with the "
        "cell a_2i'+i-2,2j'+j-2, so neighbouring gradients stand two cells apart.",
    ),
    Record(
        "note-69",
        "note",
        "section 3, last line",
        "stride and dilation of this convolution",
        "with a stride of 1 but a dilation of 2",
        only(rule(("stride of", "dilation of"), _named_pair)),
        "06",
        "Of all pairs of steps and dilation up to 3, only steps of 1 and a dilation of 2 give the "
        "derivatives of the chain rule.",
    ),
    Record(
        "note-70",
        "note",
        "section 4, first paragraph",
        "the two operations compute the backward pass",
        "Transposed convolution and max unpooling operations are used behind-the-scenes in deep "
        "learning libraries to compute the backward pass through a CNN",
        only(
            rule(
                ("Transposed convolution", "max unpooling", "backward pass through a CNN"),
                _small_network,
            )
        ),
        "09",
        "A convolution followed by max pooling is differentiated by the chain rule; unpooling the "
        "gradient and then the transposed convolution give the same 25 derivatives. That is what is "
        "proved here; what libraries do inside is not a matter of computation. Where pooling windows "
        "overlap, gradients that meet have to be added.",
    ),
    Record(
        "note-71",
        "note",
        "section 4, second paragraph",
        "deconvolutional networks modify the backward pass",
        "these operations are used to perform a modified backward pass",
        only(rule(("a modified backward pass",), _modified)),
        "09",
        "A deconvolutional network uses the same transposed kernels and switches, but at a ReLU it "
        "keeps what comes back where that is positive, while the gradient is kept where the value that "
        "went forward was positive. The two rules differ on a small example, so this is not the "
        "gradient but a modified one.",
    ),
)
