"""What the note prints in section 2 after its rule (2): the transposed convolution."""

from __future__ import annotations

from functools import cache

from ..functional.windows import pad
from .checks import both, displays, result, rule
from .meaning import Layer, convolve
from .note_parts import (
    FLIPPED,
    NAMES,
    NOTE,
    VECTORS,
    around,
    equal,
    gathers,
    input_gradient,
    only,
    rotated,
    spread,
    turned_kernels,
)
from .record import Record


@cache
def _gathering_stride() -> list:
    found = [s for s in (1, 2, 3) if gathers(NOTE, spread(NOTE), rotated(NOTE), stride=s)]
    return ["convolution operation", "stride", *found]


@cache
def _padding() -> list:
    found = [p for p in range(5) if gathers(NOTE, pad(NOTE.upstream, around(p)), rotated(NOTE))]
    slid_over = convolve(spread(NOTE), rotated(NOTE))
    return [
        *(["on the left"] if equal(slid_over, input_gradient(NOTE)) else []),
        "gradient matrix that arrives as input during the backward pass",
        "padding",
        *found,
    ]


@cache
def _axes() -> list[str]:
    """The one way to turn the kernel with which (3) is the gradient."""
    ways = turned_kernels()
    found = [way for way, kernel in ways.items() if gathers(NOTE, spread(NOTE), kernel)]
    return [word for way in found for word in way]


@cache
def _another_convolution() -> list[str]:
    """For several sizes: padding by one less than the kernel, and a flip about both axes, do."""
    sizes = ((4, 4), (3, 3)), ((5, 4), (2, 3)), ((3, 5), (3, 2)), ((2, 2), (2, 2))
    for input_size, kernel_size in sizes:
        layer = Layer(NAMES, input_size, kernel_size)
        around = tuple((n - 1, n - 1) for n in kernel_size)
        if not gathers(layer, pad(layer.upstream, around), layer.kernel[::-1][:, ::-1]):
            return []
    return [
        "the backward pass through a convolution operation",
        "another convolution operation",
        "sufficient padding",
        "the kernel of the original convolution",
        "horizontally",
        "vertically",
    ]


@cache
def _matrix_not_kernel() -> list[str]:
    """Whether Wᵀ gives the gradient, and whether a convolution with the transposed kernel does."""
    w, g = NOTE.matrix, NOTE.upstream.ravel()
    by_matrix = equal((w.T @ g).reshape(4, 4), input_gradient(NOTE))
    by_kernel = gathers(NOTE, spread(NOTE), NOTE.kernel.T)
    return [
        *(["it is the weight matrix derived from the convolution kernel"] if by_matrix else []),
        *([] if by_kernel else ["and not the convolution kernel"]),
    ]


@cache
def _flip_or_transpose() -> list[str]:
    """Whether flipping a kernel about both axes is the same as transposing it."""
    flipped = NOTE.kernel[::-1][:, ::-1]
    same = (
        "the same as transposing"
        if equal(flipped, NOTE.kernel.T)
        else "not the same as transposing"
    )
    return ["horizontally", "vertically", same]


RECORDS = (
    Record(
        "note-32",
        "note",
        "section 2, the product after (2), first factor",
        "the transposed matrix Wᵀ, 16 × 4",
        r"""\begin{bmatrix}
k_{11} & 0 & 0 & 0 \\
k_{12} & k_{11} & 0 & 0 \\
k_{13} & k_{12} & 0 & 0 \\
0 & k_{13} & 0 & 0 \\
k_{11} & 0 & k_{11} & 0 \\
k_{12} & k_{11} & k_{12} & 0 \\
k_{13} & k_{12} & k_{13} & 0 \\
0 & k_{13} & 0 & 0 \\
\vdots & \vdots & \vdots & \vdots \\
0 & 0 & 0 & k_{33}
\end{bmatrix}""",
        only(displays(NOTE, lambda layer: layer.matrix.T)),
        "04",
        "Row n of Wᵀ lists how the n-th input cell enters the four outputs. Rows 5 to 8 belong to a_21 "
        "… a_24. In h_11 and h_12 these cells meet the second kernel row, so the first two columns "
        "need k_21, k_22, k_23 where the print has k_11, k_12, k_13. In h_22 the cells a_22, a_23, "
        "a_24 meet k_11, k_12, k_13, so the last column needs them where the print has zeros. It is "
        "the slip of the printed W, transposed; (3) below, worked out, gives the right rows. The PDF "
        "conversion moreover has k_23 in the last row, where its LaTeX source has the right k_33.",
        converted=r"\begin{bmatrix} k_{11} & 0 & 0 & 0 \\ k_{12} & k_{11} & 0 & 0 \\ "
        r"k_{13} & k_{12} & 0 & 0 \\ 0 & k_{13} & 0 & 0 \\ k_{11} & 0 & k_{11} & 0 \\ "
        r"k_{12} & k_{11} & k_{12} & 0 \\ k_{13} & k_{12} & k_{13} & 0 \\ 0 & k_{13} & 0 & 0 \\ "
        r"\vdots & \vdots & \vdots & \vdots \\ 0 & 0 & 0 & k_{23} \end{bmatrix}",
        contradicts="note-35",
    ),
    Record(
        "note-33",
        "note",
        "section 2, the product after (2), second factor",
        "the gradient of the output, flattened",
        r"""\renewcommand{\arraystretch}{1.5}
\begin{bmatrix}
\frac{\partial F}{\partial h_{11}} \\
\frac{\partial F}{\partial h_{12}} \\
\frac{\partial F}{\partial h_{21}} \\
\frac{\partial F}{\partial h_{22}}
\end{bmatrix}""",
        only(displays(VECTORS, lambda layer: layer.upstream.reshape(-1, 1))),
        "04",
        "The gradient of the four outputs stands in the order in which the outputs are flattened, row "
        "by row. The PDF conversion drops ∂F/∂h_21, so that the product would not even fit; the LaTeX "
        "source has it.",
        converted=r"\begin{bmatrix} \frac{\partial F}{\partial h_{11}} \\ "
        r"\frac{\partial F}{\partial h_{12}} \\ \frac{\partial F}{\partial h_{22}} \end{bmatrix}",
    ),
    Record(
        "note-34",
        "note",
        "section 2, before (3)",
        "the stride of the convolution (3)",
        "identical to the result of the following convolution operation (with stride 1)",
        only(rule(("convolution operation", "stride"), _gathering_stride)),
        "04",
        "Sliding the flipped kernel over the padded gradient in steps of 1 gives the sixteen entries of "
        "Wᵀ ∂F/∂h in a 4 × 4 map. With steps of 2 or 3 the result is smaller.",
    ),
    Record(
        "note-35",
        "note",
        "section 2, (3)",
        "the input gradient as a convolution of the padded gradient with the flipped kernel",
        r"""\renewcommand{\arraystretch}{1.5}
\begin{bmatrix}
0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & \frac{\partial F}{\partial h_{11}} & \frac{\partial F}{\partial h_{12}} & 0 & 0 \\
0 & 0 & \frac{\partial F}{\partial h_{21}} & \frac{\partial F}{\partial h_{22}} & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0 \\
0 & 0 & 0 & 0 & 0 & 0
\end{bmatrix} *
"""
        + FLIPPED,
        only(both(result(NOTE, input_gradient), displays(NOTE, spread, rotated))),
        "04",
        "Worked out, the expression gives the sixteen derivatives of the chain rule, cell by cell. The "
        "input cell in row x adds up products in which the output index u and the kernel index i "
        "satisfy u + i = x + 1: as i goes up, u goes down. That is why the kernel is met backwards, in "
        "both directions. The PDF conversion lost this display altogether.",
        converted="",
        contradicts="note-32",
    ),
    Record(
        "note-36",
        "note",
        "section 2, after (3)",
        "the padding of the gradient in (3)",
        "The feature map on the left is the gradient matrix that arrives as input during the backward "
        "pass, with a padding of 2",
        only(
            rule(
                (
                    "on the left",
                    "on the right",
                    "gradient matrix that arrives as input during the backward pass",
                    "padding",
                ),
                _padding,
            )
        ),
        "04",
        "Of the paddings 0 to 4, only 2 gives the gradient of the 4 × 4 input: one less than the "
        "kernel, so that the first window holds a single gradient, in its last corner.",
    ),
    Record(
        "note-37",
        "note",
        "section 2, after (3)",
        "the kernel of (3) is flipped about both axes",
        r"it is \textit{flipped} about the horizontal and vertical axes",
        only(
            rule(
                (r"\textit{flipped}", "horizontal", "vertical"),
                lambda: [r"\textit{flipped}", *_axes()],
            )
        ),
        "04",
        "There are eight ways to lay a square kernel down again: flipped or not about each axis, "
        "transposed or not. Only the flip about both axes, a turn by 180°, gives the gradient.",
    ),
    Record(
        "note-38",
        "note",
        "section 2, after (3)",
        "the backward pass of a convolution is another convolution",
        "the backward pass through a convolution operation can be performed using another convolution "
        "operation -- which utilizes sufficient padding and a kernel formed by flipping the kernel of "
        "the original convolution operation horizontally and vertically",
        only(
            rule(
                (
                    "the backward pass through a convolution operation",
                    "another convolution operation",
                    "sufficient padding",
                    "the kernel of the original convolution",
                    "horizontally",
                    "vertically",
                ),
                _another_convolution,
            )
        ),
        "04",
        "For maps and kernels of four shapes, square and not, padding the gradient by one less than the "
        "kernel on every side and sliding the kernel flipped both ways gives the derivatives of the "
        "chain rule. If the forward pass is padded by p itself, that much less padding is needed.",
    ),
    Record(
        "note-39",
        "note",
        "section 2, the remark in brackets after (3)",
        "what is transposed is the matrix, not the kernel",
        "it is the weight matrix derived from the convolution kernel that is transposed, and not the "
        "convolution kernel itself",
        only(
            rule(
                (
                    "it is the weight matrix derived from the convolution kernel",
                    "and not the convolution kernel",
                ),
                _matrix_not_kernel,
            )
        ),
        "05",
        "Wᵀ times the gradient is the input gradient. Sliding the transposed kernel over the padded "
        "gradient gives something else.",
    ),
    Record(
        "note-40",
        "note",
        "section 2, the remark in brackets after (3)",
        "flipping is not transposing",
        "The kernel is flipped horizontally and vertically, which is not the same as transposing.",
        only(
            rule(
                (
                    "horizontally",
                    "vertically",
                    "not the same as transposing",
                    "the same as transposing",
                ),
                _flip_or_transpose,
            )
        ),
        "04",
        "The flip takes k_ij to the place (4 - i, 4 - j), the transpose to (j, i). For a kernel of nine "
        "free weights these differ. They agree only for a kernel that is its own mirror image in the "
        "diagonal from lower left to upper right.",
    ),
)
