"""Convolution as a matrix, its transpose as a layer, and why that is no inverse.

Sizes, channels, letters and errors are those of `Layer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy
from sympy.polys.domains import ZZ
from sympy.polys.matrices import DomainMatrix

from .. import functional
from ..functional.geometry import Geometry, transposed_size
from ..functional.windows import crop, pad
from ..symbols import NOTATIONS, Notation
from .arrays import each
from .calling import called_like
from .chain import Chain
from .layer import Layer
from .polynomials import Polynomials
from .values import Applied, Derivation, Line, Times


@called_like(Layer)
def convolution_as_matrix(layer: Layer) -> Derivation:
    """h = W a: the convolution as one matrix product, entry by entry.

    The result is the column h, (O oh ow, 1), in row-major order; W is (O oh ow, C H W).
    Source: note, the 4×16 matrix and h = Wa above equation (2).

    >>> convolution_as_matrix((1, 3), (1, 2)).result
    array([[a_11*k_11 + a_12*k_12],
           [a_12*k_11 + a_13*k_12]], dtype=object)
    """
    a, h, matrix = layer.input, layer.names, layer.matrix
    column = h.reshape(-1, 1)
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
        notation=layer.notation,
    )


@called_like(Layer)
def transposed_is_not_inverse(layer: Layer) -> Derivation:
    """Wᵀ W a is not a: a transposed convolution brings back the shape and not the values.

    The result has the shape of the input. Source: note, the paragraph on "deconvolution".

    >>> transposed_is_not_inverse((1, 2), (1, 2), padding=(0, 1)).result
    array([[h_11*k_12 + h_12*k_11, h_12*k_12 + h_13*k_11]], dtype=object)
    """
    a, h, matrix = layer.input, layer.names, layer.matrix
    column = h.reshape(-1, 1)
    and_back = Times(matrix.T, column)
    lines = (
        Line(column, Times(matrix, a.reshape(-1, 1)), "The forward pass is h = W a."),
        Line(
            and_back,
            a.reshape(-1, 1),
            "Wᵀ brings back as many cells as there were, but not what stood in them.",
            relation="≠",
        ),
        _rank_line(layer),
        Line(
            Applied("fold", lambda m: m.reshape(a.shape), and_back),
            and_back.value.reshape(a.shape),
            "What comes back: in each cell a mixture of outputs, and each output is itself a "
            "mixture of input cells.",
        ),
    )

    def by_code() -> np.ndarray:
        outputs = functional.conv2d(a, layer.kernel, **layer.how)
        return functional.conv2d_input(a.shape, layer.kernel, outputs, **layer.how)

    def by_calculus() -> np.ndarray:
        """The gradient of half the sum of all squares: its upstream gradient is the output."""
        half = sympy.Add(*(output**2 for output in layer.outputs.flat)) / 2
        written = Polynomials([half, *a.flat])
        slope = written.out(half).diff
        return each(a, lambda cell: slope(written.out(cell)).as_expr())

    return Derivation(
        "A transposed convolution is not an inverse",
        "note, section 2, on “deconvolution”",
        lines,
        meanings=lambda: layer.chain.meanings(),
        code=by_code,
        calculus=by_calculus,
        notation=layer.notation,
    )


def _rank_line(layer: Layer) -> Line:
    """Whole numbers in place of the letters: their rank is a lower bound, and mostly the rank."""
    primes = {k: sympy.Integer(sympy.prime(n)) for n, k in enumerate(layer.kernel.flat, 1)}
    sample = each(layer.matrix, lambda cell: sympy.sympify(cell).xreplace(primes))
    rows, columns = sample.shape
    inverse = "A matrix that is not square has no inverse. Only the shape is inverted."
    if rows == columns:
        inverse = "It may have an inverse, but Wᵀ is another matrix."
    return Line(
        Applied("rank", _rank, sample),
        _rank(sample),
        f"W has {rows} rows and {columns} columns. {inverse} "
        "(Its rank with prime numbers for the kernel.)",
    )


def _rank(matrix: np.ndarray) -> sympy.Integer:
    """The rank of a matrix of whole numbers, exactly."""
    return sympy.Integer(DomainMatrix.from_list(matrix.tolist(), ZZ).to_field().rank())


def transposed_convolution(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    output_padding: Any = 0,
    notation: Notation = NOTATIONS["note"],
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
    layer = Layer(size, kernel_size, stride, padding, dilation, notation=notation, start=start)
    # With a large output padding the convolution back has further windows; nothing arrives there.
    beyond = tuple((0, made - came) for made, came in zip(layer.names.shape, arriving, strict=True))
    chain = Chain(notation.scalar, crop(layer.names, beyond), crop(layer.outputs, beyond))
    return Derivation(
        "The transposed convolution is Wᵀ",
        "note, section 2",
        _transposed_lines(layer, chain, pad(chain.upstream, beyond)),
        meanings=lambda: layer.chain.meanings() | dict(chain.meanings(layer.input)),
        code=lambda: functional.conv_transpose2d(
            chain.upstream, layer.kernel, output_padding=output_padding, **layer.how
        ),
        calculus=lambda: chain.calculus(layer.input),
        notation=notation,
    )


def _transposed_lines(layer: Layer, chain: Chain, arriving: np.ndarray) -> tuple[Line, ...]:
    a, (height, width), (rows, columns) = layer.input, layer.input.shape, layer.names.shape
    wanted = chain.gradient(a)
    return (
        Line(
            layer.names.reshape(-1, 1),
            Times(layer.matrix, a.reshape(-1, 1)),
            f"A convolution of {height}×{width} cells makes {rows}×{columns} outputs.",
        ),
        Line(
            wanted.reshape(-1, 1),
            Times(layer.matrix.T, arriving.reshape(-1, 1)),
            "Its backward pass multiplies by the transpose of W.",
        ),
        Line(
            wanted,
            chain.substituted(a),
            "That is the transposed convolution: the same numbers, called a layer of their own.",
        ),
    )
