"""Convolution as a matrix, its transpose as a layer, and why that is no inverse.

All functions take `input_size`, `kernel_size`, `stride`, `padding` and `dilation` in cells, as an
int or a pair (rows, columns), then `groups`, `in_channels` and `out_channels`, the `notation` and
the first index `start`. They raise `DoesNotFit` for a geometry that cannot be.
"""

from __future__ import annotations

from typing import Any

import sympy

from .. import functional
from ..functional.geometry import Geometry, transposed_size
from ..functional.windows import crop, pad
from ..symbols import NOTATIONS, Notation
from .arrays import each
from .chain import Chain
from .layer import Layer
from .values import Applied, Derivation, Line, Times

NOTE = NOTATIONS["note"]


def convolution_as_matrix(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    in_channels: int = 1,
    out_channels: int = 1,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """h = W a: the convolution as one matrix product, entry by entry.

    The result is the column h, (O oh ow, 1), in row-major order; W is (O oh ow, C H W).
    Source: note, the 4×16 matrix and h = Wa above equation (2).

    >>> convolution_as_matrix((1, 3), (1, 2)).result
    array([[a_11*k_11 + a_12*k_12],
           [a_12*k_11 + a_13*k_12]], dtype=object)
    """
    layer = Layer.of(
        input_size, kernel_size, stride, padding, dilation, groups, in_channels, out_channels,
        notation, start,
    )  # fmt: skip
    a, h = layer.input, layer.names
    column = h.reshape(-1, 1)
    matrix = functional.conv_matrix(layer.kernel, a.shape, **layer.how)
    lines = (
        Line(h, layer.outputs, "Each output cell is the sum of what the kernel lies on."),
        Line(
            layer.chain.local(a),
            matrix,
            "Entry by entry: how much does this output change with this input cell? By the kernel "
            "cell between them, or not at all.",
        ),
        Line(column, Times(matrix, a.reshape(-1, 1)), "The same sums, as one matrix product."),
        Line(column, layer.outputs.reshape(-1, 1), "Multiplied out: the sums of the first line."),
    )
    return Derivation(
        "A convolution is a matrix product",
        "note, h = Wa",
        lines,
        meanings=lambda: layer.chain.meanings(a),
        code=lambda: functional.conv2d(a, layer.kernel, **layer.how).reshape(-1, 1),
        calculus=lambda: layer.outputs.reshape(-1, 1),
        notation=notation,
    )


def transposed_is_not_inverse(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    in_channels: int = 1,
    out_channels: int = 1,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """Wᵀ W a is not a: a transposed convolution brings back the shape and not the values.

    The result has the shape of the input. Source: note, the paragraph on "deconvolution".

    >>> transposed_is_not_inverse((1, 1), (1, 1)).result
    array([[a_11*k_11**2]], dtype=object)
    """
    layer = Layer.of(
        input_size, kernel_size, stride, padding, dilation, groups, in_channels, out_channels,
        notation, start,
    )  # fmt: skip
    a = layer.input
    matrix = functional.conv_matrix(layer.kernel, a.shape, **layer.how)
    column = a.reshape(-1, 1)
    back = each(matrix.T @ (matrix @ column), sympy.expand)
    # whole numbers in place of the letters: their rank is a lower bound, and mostly the rank
    numbers = {k: sympy.Integer(sympy.prime(n)) for n, k in enumerate(layer.kernel.flat, 1)}
    sample = each(matrix, lambda cell: sympy.sympify(cell).xreplace(numbers))
    rank = sympy.Matrix(sample).rank()
    rows, columns = matrix.shape
    square = rows == columns
    lines = (
        Line(layer.names.reshape(-1, 1), Times(matrix, column), "The forward pass is h = W a."),
        Line(
            Times(matrix.T, Times(matrix, column).value),
            column,
            "Wᵀ brings back as many cells as there were, but not what stood in them.",
            relation="≠",
        ),
        Line(
            Applied("rank", lambda m: sympy.Matrix(m).rank(), sample),
            sympy.Integer(rank),
            f"W has {rows} rows and {columns} columns. "
            + (
                "It may have an inverse, but Wᵀ is another matrix."
                if square
                else "A matrix that is not square has no inverse. Only the shape is inverted."
            )
            + " (Its rank with prime numbers for the kernel.)",
        ),
        Line(
            Applied(
                "fold", lambda m: m.reshape(a.shape), Times(matrix.T, Times(matrix, column).value)
            ),
            back.reshape(a.shape),
            "What comes back: in each cell a mixture, as large as the input.",
        ),
    )

    def by_code():
        h = functional.conv2d(a, layer.kernel, **layer.how)
        return functional.conv2d_input(a.shape, layer.kernel, h, **layer.how)

    def by_calculus():
        half = sympy.Add(*(h**2 for h in layer.outputs.flat)) / 2
        return each(a, lambda cell: sympy.diff(half, cell))

    return Derivation(
        "A transposed convolution is not an inverse",
        "note, section 2, on “deconvolution”",
        lines,
        meanings=lambda: layer.chain.meanings(),
        code=by_code,
        calculus=by_calculus,
        notation=notation,
    )


def transposed_convolution(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    output_padding: Any = 0,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """`conv_transpose2d` is Wᵀ, with W the matrix of the convolution that goes the other way.

    `input_size` is that of the transposed convolution: the map that arrives, (oh, ow). The result
    has the size of `transposed_size`. `output_padding` says which input size with these outputs is
    meant. Raises `DoesNotFit` where that cannot be.
    Source: note, section 2; Dumoulin and Visin (2016), chapter 4.

    >>> transposed_convolution((1, 2), (1, 1), stride=2, output_padding=(0, 1)).result
    array([[k_11*∂F/∂h_11, 0, k_11*∂F/∂h_12, 0]], dtype=object)
    """
    arriving = Geometry.of(input_size, 1).input_size
    size = transposed_size(arriving, kernel_size, stride, padding, output_padding, dilation)
    layer = Layer.of(size, kernel_size, stride, padding, dilation, notation=notation, start=start)
    a, chain = layer.input, layer.chain
    # With a large output padding the convolution back has further windows; nothing arrives there.
    extra = ((0, layer.names.shape[0] - arriving[0]), (0, layer.names.shape[1] - arriving[1]))
    g = pad(crop(chain.upstream, extra), extra)
    chain = Chain(notation.scalar, crop(layer.names, extra), crop(layer.outputs, extra))
    matrix = functional.conv_matrix(layer.kernel, size, stride, padding, dilation)
    wanted = chain.gradient(a)
    lines = (
        Line(
            layer.names.reshape(-1, 1),
            Times(matrix, a.reshape(-1, 1)),
            f"A convolution of {size[0]}×{size[1]} cells makes "
            f"{layer.names.shape[0]}×{layer.names.shape[1]} outputs.",
        ),
        Line(
            wanted.reshape(-1, 1),
            Times(matrix.T, g.reshape(-1, 1)),
            "Its backward pass multiplies by the transpose of W.",
        ),
        Line(
            wanted,
            chain.substituted(a),
            "That is the transposed convolution: the same numbers, called a layer of their own.",
        ),
    )
    return Derivation(
        "The transposed convolution is Wᵀ",
        "note, section 2",
        lines,
        meanings=lambda: (
            Chain(notation.scalar, layer.names, layer.outputs).meanings() | dict(chain.meanings(a))
        ),
        code=lambda: functional.conv_transpose2d(
            crop(layer.upstream, extra),
            layer.kernel,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            dilation=dilation,
        ),
        calculus=lambda: chain.calculus(a),
        notation=notation,
    )
