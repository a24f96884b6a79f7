"""Average pooling and its gradient, derived for any geometry.

Sizes, letters and errors are those of `AveragePooling`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Axis, Geometry
from ..symbols import NOTATIONS, Notation
from .calling import called_like
from .chain import Chain, chain_rule_line
from .layer import meetings
from .letters import symbol_array
from .values import Derivation, Line


@dataclass(frozen=True, eq=False)
class AveragePooling:
    """An average pooling in letters: input (H, W), outputs (oh, ow).

    Sizes are in cells, as an int or a pair (rows, columns); the stride is that of the kernel unless
    said otherwise. Raises `DoesNotFit` for a geometry that cannot be.

    >>> AveragePooling((1, 2), (1, 2)).chain.outputs
    array([[a_11/2 + a_12/2]], dtype=object)
    """

    input_size: Any = (4, 4)
    kernel_size: Any = 2
    stride: Any = None
    padding: Any = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    notation: Notation = NOTATIONS["note"]
    start: int = 1

    def __post_init__(self) -> None:
        _ = self.geometry  # what cannot be is refused at once

    @property
    def how(self) -> tuple:
        """What the code is told beside the input."""
        return self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad

    @cached_property
    def geometry(self) -> Geometry:
        return Geometry.of_pool(
            self.input_size, self.kernel_size, self.stride, self.padding, 1, self.ceil_mode
        )

    @cached_property
    def input(self) -> np.ndarray:
        return symbol_array(self.notation.input, self.geometry.input_size, self.start)

    @cached_property
    def chain(self) -> Chain:
        """The unknown scalar of the means."""
        names = symbol_array(self.notation.output, self.geometry.output_size, self.start)
        windows = {place: [] for place in np.ndindex(names.shape)}
        for place, _, cell in meetings(self.geometry):
            windows[place].append(self.input[cell])
        means = np.empty(names.shape, dtype=object)
        for place, cells in windows.items():
            counted = len(cells)
            if self.count_include_pad:
                axes = zip(place, self.geometry.axes, strict=True)
                counted = math.prod(_counted(u, axis) for u, axis in axes)
            means[place] = sympy.Add(*(cell / sympy.Integer(counted) for cell in cells))
        return Chain(self.notation.scalar, names, means)

    @property
    def forward(self) -> Line:
        chain = self.chain
        return Line(chain.names, chain.outputs, "Each output is the mean of its window.")


@called_like(AveragePooling)
def average_pooling(pool: AveragePooling) -> Derivation:
    """The mean of each window. The result has the size of the output.

    Source: slides, "Backprop in Pooling Layer".

    >>> average_pooling((1, 4), (1, 2)).result
    array([[a_11/2 + a_12/2, a_13/2 + a_14/2]], dtype=object)
    """
    return Derivation(
        "Average pooling takes the mean of each window",
        "slides, Backprop in Pooling Layer",
        (pool.forward,),
        meanings=lambda: pool.chain.meanings(),
        code=lambda: functional.avg_pool2d(pool.input, *pool.how),
        calculus=lambda: pool.chain.outputs,
        notation=pool.notation,
    )


@called_like(AveragePooling)
def average_pooling_gradient(pool: AveragePooling) -> Derivation:
    """Each cell of a window gets the same share of its gradient: 1/(N·N) for N×N counted cells.

    The result has the size of the input; shares of overlapping windows add up.
    Source: slides, "Backprop in Pooling Layer".

    >>> average_pooling_gradient((1, 2), (1, 2)).result
    array([[∂F/∂h_11/2, ∂F/∂h_11/2]], dtype=object)
    """
    chain, a = pool.chain, pool.input
    wanted = chain.gradient(a)
    lines = (
        pool.forward,
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
        code=lambda: functional.avg_pool2d_backward(chain.upstream, a.shape, *pool.how),
        calculus=lambda: chain.calculus(a),
        notation=pool.notation,
    )


def _counted(u: int, axis: Axis) -> int:
    """Cells of a window that are inside the input or the padding asked for on both sides."""
    asked = axis.padding.before
    first = axis.stride * u - asked
    return min(first + axis.kernel, axis.size + asked) - first
