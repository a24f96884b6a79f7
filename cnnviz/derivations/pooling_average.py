"""Average pooling and its gradient, derived for any geometry.

Sizes are in cells, as an int or a pair (rows, columns); the stride is that of the kernel unless
said otherwise. Both functions raise `DoesNotFit` for a geometry that cannot be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Geometry
from ..symbols import NOTATIONS, Notation
from .chain import Chain
from .layer import meetings
from .letters import symbol_array
from .values import Derivation, Line, chain_rule_line

NOTE = NOTATIONS["note"]


def average_pooling(
    input_size: Any = (4, 4),
    kernel_size: Any = 2,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """The mean of each window. The result has the size of the output.

    Source: slides, "Backprop in Pooling Layer".

    >>> average_pooling((1, 4), (1, 2)).result
    array([[a_11/2 + a_12/2, a_13/2 + a_14/2]], dtype=object)
    """
    pool = _average(input_size, kernel_size, stride, padding, ceil_mode, count_include_pad)
    chain, a, run = pool(notation, start)
    return Derivation(
        "Average pooling takes the mean of each window",
        "slides, Backprop in Pooling Layer",
        (_mean_line(chain),),
        meanings=lambda: chain.meanings(),
        code=lambda: run(a),
        calculus=lambda: chain.outputs,
        notation=notation,
    )


def average_pooling_gradient(
    input_size: Any = (4, 4),
    kernel_size: Any = 2,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """Each cell of a window gets the same share of its gradient: 1/(N·N) for N×N counted cells.

    The result has the size of the input; shares of overlapping windows add up.
    Source: slides, "Backprop in Pooling Layer".

    >>> average_pooling_gradient((1, 2), (1, 2)).result
    array([[∂F/∂h_11/2, ∂F/∂h_11/2]], dtype=object)
    """
    pool = _average(input_size, kernel_size, stride, padding, ceil_mode, count_include_pad)
    chain, a, _ = pool(notation, start)
    wanted = chain.gradient(a)
    lines = (
        _mean_line(chain),
        chain_rule_line(chain, a, wanted),
        Line(
            chain.local(a),
            chain.slopes(a),
            "A cell moves the mean of its window by one part of the number of cells counted.",
        ),
        Line(
            wanted,
            chain.substituted(a),
            "Each gradient is divided evenly among the cells of its window.",
        ),
    )
    return Derivation(
        "The gradient of average pooling is shared evenly",
        "slides, Backprop in Pooling Layer",
        lines,
        meanings=lambda: chain.meanings(a),
        code=lambda: functional.avg_pool2d_backward(
            chain.upstream, a.shape, kernel_size, stride, padding, ceil_mode, count_include_pad
        ),
        calculus=lambda: chain.calculus(a),
        notation=notation,
    )


def _average(input_size, kernel_size, stride, padding, ceil_mode, count_include_pad):
    """What makes the letters of an average pooling: (chain, input, code)."""
    geometry = Geometry.of_pool(input_size, kernel_size, stride, padding, 1, ceil_mode)

    def make(notation: Notation, start: int):
        a = symbol_array(notation.input, geometry.input_size, start)
        names = symbol_array(notation.output, geometry.output_size, start)
        sums = {place: [] for place in np.ndindex(names.shape)}
        for place, _, cell in meetings(geometry):
            sums[place].append(a[cell])
        outputs = np.empty(names.shape, dtype=object)
        for place, cells in sums.items():
            counted = len(cells)
            if count_include_pad:
                axes = zip(place, geometry.axes, strict=True)
                counted = int(np.prod([_counted(u, axis) for u, axis in axes]))
            outputs[place] = sympy.Add(*(cell / sympy.Integer(counted) for cell in cells))

        def run(cells):
            return functional.avg_pool2d(
                cells, kernel_size, stride, padding, ceil_mode, count_include_pad
            )

        return Chain(notation.scalar, names, outputs), a, run

    return make


def _counted(u: int, axis) -> int:
    """Cells of a window that are inside the input or the padding asked for on both sides."""
    asked = axis.padding.before
    first = axis.stride * u - asked
    return min(first + axis.kernel, axis.size + asked) - first


def _mean_line(chain: Chain) -> Line:
    return Line(chain.names, chain.outputs, "Each output is the mean of its window.")
