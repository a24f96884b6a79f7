"""The gradients of a convolution to its kernel and to its bias.

Sizes, channels, letters and errors are those of `Layer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Geometry
from ..functional.operands import full_shape
from ..functional.windows import pad
from ..network import Conv2d
from .arrays import array, row
from .calling import called_like
from .chain import Chain, chain_rule_line
from .layer import Layer
from .values import Applied, Correlation, Derivation, Line


@called_like(Layer)
def kernel_gradient(layer: Layer) -> Derivation:
    """The input correlated with the upstream gradient, stride and dilation having changed places.

    The correlation gives k + floor(r/d) rows and columns; the first k are kept. With channels there
    is one such correlation for each pair of an output and an input channel. The result has the
    shape of the kernel. Source: note, section 3; slides, "Loss gradient w.r.t the filter"; blog,
    "∂L/∂K = conv(X, ∂L/∂Z)".

    >>> kernel_gradient((1, 3), (1, 2)).result
    array([[a_11*∂F/∂h_11 + a_12*∂F/∂h_12, a_12*∂F/∂h_11 + a_13*∂F/∂h_12]],
          dtype=object)
    """
    a, k, chain, geometry = layer.input, layer.kernel, layer.chain, layer.geometry
    wanted = chain.gradient(k)
    lines = [
        chain_rule_line(chain, k, wanted),
        Line(
            wanted,
            chain.substituted(k),
            "Each slope is the input cell that this kernel cell lies on.",
        ),
    ]
    for plane, cells, gradient in _pairs_of_planes(layer):
        lines += _kernel_plane(wanted[plane], cells, gradient, geometry)
    lines.append(Line(wanted, chain.substituted(k), "Multiplied out, as by the chain rule."))
    return Derivation(
        "The kernel gradient is a correlation of input and upstream gradient",
        "note, section 3",
        tuple(lines),
        meanings=lambda: chain.meanings(k),
        code=lambda: functional.conv2d_weight(a, k.shape, chain.upstream, **layer.how),
        calculus=lambda: chain.calculus(k),
        notation=layer.notation,
    )


@called_like(Layer)
def bias_gradient(layer: Layer) -> Derivation:
    """The bias of a channel stands in each of its outputs, so its gradient is their sum.

    The result is one expression, or an array (O,) with channels. Source: blog, "∂L/∂B =
    sum(∂L/∂Z)".

    >>> from cnnviz import NOTATIONS
    >>> bias_gradient((1, 3), (1, 2), notation=NOTATIONS["blog"]).result
    ∂L/∂Z_11 + ∂L/∂Z_12
    """
    biases = _biases(layer)
    names, channels = layer.names, layer.out_channels
    outputs = layer.outputs.reshape(channels, -1) + biases[:, np.newaxis]
    chain = Chain(layer.notation.scalar, names, outputs.reshape(names.shape))
    wanted = chain.gradient(biases)
    lines = (
        Line(names, chain.outputs, "The bias is added to each output of its channel."),
        chain_rule_line(chain, biases, wanted),
        Line(
            chain.local(biases),
            chain.slopes(biases),
            "If the bias grows by one, so does each output of its channel.",
        ),
        Line(
            _plain(wanted),
            _plain(chain.substituted(biases)),
            "All cells of the upstream gradient pour into one.",
        ),
    )

    return Derivation(
        "The bias gradient is the sum of the upstream gradient",
        "blog, ∂L/∂B = sum(∂L/∂Z)",
        lines,
        meanings=lambda: chain.meanings(biases),
        code=lambda: _plain(_by_code(layer, biases)),
        calculus=lambda: _plain(chain.calculus(biases)),
        notation=layer.notation,
    )


def _by_code(layer: Layer, biases: np.ndarray) -> np.ndarray:
    """The bias gradient as the layer of the network computes it."""
    x, weight, g = (
        cells.reshape(full_shape(cells.shape))
        for cells in (layer.input, layer.kernel, layer.upstream)
    )
    channels, kernel_size = (layer.in_channels, layer.out_channels), layer.geometry.kernel_size
    convolution = Conv2d(*channels, kernel_size, **layer.how, dtype=object)
    convolution.load_state({"weight": weight, "bias": biases})
    convolution(x)
    convolution.backward(g, input_gradient=False)
    return convolution.gradients["bias"]


def _biases(layer: Layer) -> np.ndarray:
    """One letter, with an index where there are several channels: (O,)."""
    letter, channels = layer.notation.bias, layer.out_channels
    if channels == 1:
        return array([sympy.Symbol(letter)])
    return row(letter, channels, layer.start)


def _pairs_of_planes(layer: Layer):
    """Each plane of the kernel, with the input plane and the upstream gradient it connects."""
    if layer.kernel.ndim == 2:
        yield ..., layer.input, layer.upstream
        return
    outside = layer.out_channels // layer.groups
    for o, c in np.ndindex(layer.kernel.shape[:2]):
        read = o // outside * layer.kernel.shape[1] + c
        yield (o, c), layer.input[read], layer.upstream[o]


def _kernel_plane(
    wanted: np.ndarray, cells: np.ndarray, gradient: np.ndarray, geometry: Geometry
) -> list[Line]:
    """The kernel gradient of one pair of channels: a correlation, and what is kept of it."""
    padded = pad(cells, geometry.padding)
    correlation = Correlation(padded, gradient, geometry.dilation, geometry.stride)
    sentence = "Slide the upstream gradient over the input, as if it were the kernel."
    if geometry.padding != ((0, 0), (0, 0)):
        sentence = "Slide the upstream gradient over the padded input, as if it were the kernel."
    if geometry.stride != (1, 1) or geometry.dilation != (1, 1):
        sentence += " The stride has become the dilation, and the dilation the stride."
    if geometry.gradient_rows == geometry.kernel_size:
        return [Line(wanted, correlation, sentence)]
    rows, columns = geometry.gradient_rows
    kh, kw = geometry.kernel_size
    keep = Applied(f"first {kh}×{kw}", lambda m: m[:kh, :kw], correlation)
    sentence += (
        f" It fits in {rows}×{columns} places, because of the remainder. Keep the first {kh}×{kw}."
    )
    return [Line(wanted, keep, sentence)]


def _plain(cells: np.ndarray) -> Any:
    """A single entry by itself; an array otherwise."""
    return cells.reshape(-1)[0] if cells.size == 1 else cells
