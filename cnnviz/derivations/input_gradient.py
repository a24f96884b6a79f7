"""The gradient of a convolution to its input, three times: as a product with the transposed matrix, by
scattering, and as a correlation with the turned kernel.

Sizes, channels, letters and errors are those of `Layer`.
"""

from __future__ import annotations

import numpy as np

from .. import functional
from ..functional.geometry import Geometry
from ..functional.windows import pad
from .arrays import zeros
from .calling import called_like
from .chain import chain_rule_line
from .layer import Layer
from .values import Added, Applied, Correlation, Derivation, Line, Times


@called_like(Layer)
def input_gradient_as_transpose(layer: Layer) -> Derivation:
    """∂F/∂a = Wᵀ ∂F/∂h: the input gradient is the transposed matrix times the upstream gradient.

    The result has the shape of the input. Source: note, equation (2).

    >>> input_gradient_as_transpose((1, 3), (1, 2)).result
    array([[k_11*∂F/∂h_11, k_11*∂F/∂h_12 + k_12*∂F/∂h_11, k_12*∂F/∂h_12]],
          dtype=object)
    """
    a, chain = layer.input, layer.chain
    matrix = layer.matrix
    wanted = chain.gradient(a)
    lines = (
        Line(
            layer.names.reshape(-1, 1),
            Times(matrix, a.reshape(-1, 1)),
            "Flatten input and output: the convolution is one matrix product.",
        ),
        Line(chain.local(a), matrix, "Its slopes are the entries of the matrix."),
        chain_rule_line(chain, a, wanted),
        Line(
            wanted.reshape(-1, 1),
            Times(matrix.T, chain.upstream.reshape(-1, 1)),
            "The sum runs down a column of the matrix. That is a row of its transpose.",
        ),
        Line(wanted, chain.substituted(a), "Multiplied out, and folded back into a map."),
    )
    return _input_gradient(
        "The input gradient is Wᵀ times the upstream gradient",
        "note, equation (2)",
        lines,
        layer,
    )


@called_like(Layer)
def input_gradient_as_scatter(layer: Layer) -> Derivation:
    """Each output cell stamps the kernel, times its gradient, onto the cells it has read.

    The result has the shape of the input. Source: blog, `dL_dinput[...] += dL_dout[...] * filters`
    in ConvLayer.backward.

    >>> input_gradient_as_scatter((1, 2), (1, 1), stride=2).result
    array([[k_11*∂F/∂h_11, 0]], dtype=object)
    """
    a, chain = layer.input, layer.chain
    stamps = {place: zeros(a.shape) for place in np.ndindex(layer.names.shape)}
    upstream = chain.upstream
    for out, tap, cell in layer.meetings:
        stamps[out][cell] = upstream[out] * layer.kernel[tap]
    wanted = chain.gradient(a)
    lines = (
        chain_rule_line(chain, a, wanted),
        Line(
            wanted,
            Added(tuple(stamps.values())),
            "Take the outputs one by one: each hands its gradient, times the kernel, to the cells "
            "it has read.",
        ),
        Line(wanted, chain.substituted(a), "Where stamps overlap, they add up."),
    )
    return _input_gradient(
        "The input gradient by scattering", "blog, ConvLayer.backward", lines, layer
    )


@called_like(Layer)
def input_gradient_as_padded_correlation(layer: Layer) -> Derivation:
    """The padded upstream gradient, correlated with the kernel turned by 180 degrees.

    With s-1 zeros between neighbours, d(k-1)-p zeros before and d(k-1)-p+r after (r is the
    remainder; a negative number crops), stride 1 and the same dilation. With channels, input and
    output channels of the kernel change places inside each group. The result has the shape of the
    input. Source: note, equation (3) and the 7×7 display; slides, "Full Convolution"; blog, "conv(
    padded(∂L/∂Z), 180° rotated (K))".

    >>> input_gradient_as_padded_correlation((1, 3), (1, 2)).lines[-2].right.left
    array([[0, ∂F/∂h_11, ∂F/∂h_12, 0]], dtype=object)
    """
    a, k, chain, geometry = layer.input, layer.kernel, layer.chain, layer.geometry
    g, wanted = chain.upstream, chain.gradient(a)
    padded = pad(functional.insert_zeros(g, geometry.stride), geometry.adjoint_padding)
    turned = _turned_by_hand(k, layer.groups)
    lines = (
        chain_rule_line(chain, a, wanted),
        Line(
            wanted,
            chain.substituted(a),
            "Put in the slopes. Read each sum along the upstream gradient: the kernel cells come "
            "in reverse order.",
        ),
        *_inserting_zeros(g, geometry),
        _padding_line(layer, padded),
        Line(
            Applied("rot180", lambda m: _turned(m, layer.groups), k),
            turned,
            "Flip the kernel upside down and left to right."
            + (" Its input and output channels change places." if k.ndim > 2 else ""),
        ),
        Line(
            wanted,
            Correlation(padded, turned, (1, 1), geometry.dilation, layer.groups),
            "Slide the turned kernel over the padded gradient, one cell at a time.",
        ),
        Line(wanted, chain.substituted(a), "Multiplied out: the same sums as by the chain rule."),
    )
    return _input_gradient(
        "The input gradient as a correlation with the turned kernel",
        "note, equation (3)",
        lines,
        layer,
        gather=True,
    )


def _input_gradient(
    title: str, source: str, lines: tuple[Line, ...], layer: Layer, gather: bool = False
) -> Derivation:
    g = layer.upstream
    run = functional.conv2d_input_gather if gather else functional.conv2d_input
    return Derivation(
        title,
        source,
        lines,
        meanings=lambda: layer.chain.meanings(layer.input),
        code=lambda: run(layer.input.shape, layer.kernel, g, **layer.how),
        calculus=lambda: layer.chain.calculus(layer.input),
        notation=layer.notation,
    )


def _inserting_zeros(g: np.ndarray, geometry: Geometry) -> tuple[Line, ...]:
    if geometry.stride == (1, 1):
        return ()
    return (
        Line(
            Applied("insert zeros", lambda m: functional.insert_zeros(m, geometry.stride), g),
            functional.insert_zeros(g, geometry.stride),
            f"A stride of {_pair(geometry.stride)} has left out window places. Put zeros there.",
        ),
    )


def _padding_line(layer: Layer, padded: np.ndarray) -> Line:
    how = {name: layer.how[name] for name in ("stride", "padding", "dilation")}

    def spread(gradient: np.ndarray) -> np.ndarray:
        kernel_size = layer.kernel.shape[-2:]
        return functional.spread_gradient(gradient, layer.input.shape, kernel_size, **how)

    return Line(
        Applied("spread", spread, layer.upstream), padded, _padding_sentence(layer.geometry)
    )


def _padding_sentence(geometry: Geometry) -> str:
    said = []
    for axis, name in zip(geometry.axes, ("rows", "columns"), strict=True):
        before, after = axis.adjoint_padding
        said.append(f"{name}: {before} before and {after} after")
    text = f"Pad with d(k−1)−p zeros before and as many, plus the remainder, after ({'; '.join(said)})."
    if any(number < 0 for padding in geometry.adjoint_padding for number in padding):
        text += " A negative number means: crop."
    return text.replace(" -", " −")


def _turned(kernel: np.ndarray, groups: int) -> np.ndarray:
    """The kernel turned by the code, its channels exchanged."""
    turned = functional.rot180(kernel)
    return turned if kernel.ndim == 2 else _exchanged(turned, groups)


def _turned_by_hand(kernel: np.ndarray, groups: int) -> np.ndarray:
    """The same by index arithmetic: cell (i, j) comes from (kh-1-i, kw-1-j)."""
    kh, kw = kernel.shape[-2:]
    turned = np.empty_like(kernel)
    for *front, i, j in np.ndindex(kernel.shape):
        turned[(*front, i, j)] = kernel[(*front, kh - 1 - i, kw - 1 - j)]
    return turned if kernel.ndim == 2 else _exchanged(turned, groups)


def _exchanged(kernel: np.ndarray, groups: int) -> np.ndarray:
    """(O, C/G, kh, kw) -> (C, O/G, kh, kw)."""
    out_channels, inside, kh, kw = kernel.shape
    split = kernel.reshape(groups, out_channels // groups, inside, kh, kw).swapaxes(1, 2)
    return split.reshape(groups * inside, out_channels // groups, kh, kw)


def _pair(numbers: tuple[int, int]) -> str:
    return str(numbers[0]) if numbers[0] == numbers[1] else f"{numbers[0]}×{numbers[1]}"
