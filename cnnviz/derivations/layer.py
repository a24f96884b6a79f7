"""A convolution of letters, written from its definition.

The outputs are spelled out by index arithmetic alone, without ``windows``: they are what the code
is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import Axis, DoesNotFit, Geometry, whole_number
from ..symbols import NOTATIONS, Notation
from .chain import Chain
from .letters import symbol_array


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution in letters: input (H, W), kernel (kh, kw), outputs (oh, ow); with channels or
    groups (C, H, W), (O, C/groups, kh, kw) and (O, oh, ow).

    Sizes are in cells, as an int or a pair (rows, columns); ``start`` is the first index, 1 as in
    print or 0 as in code. Raises `DoesNotFit` for sizes and channels that do not belong together.
    Letters are made when they are first asked for: a proof has its own.

    >>> Layer((3, 3), (2, 2)).outputs[0, 0]
    a_11*k_11 + a_12*k_12 + a_21*k_21 + a_22*k_22
    """

    input_size: Any
    kernel_size: Any
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    in_channels: int = 1
    out_channels: int = 1
    notation: Notation = NOTATIONS["note"]
    start: int = 1

    def __post_init__(self) -> None:
        _ = self.shapes  # what cannot be is refused at once

    @cached_property
    def geometry(self) -> Geometry:
        return Geometry.of(
            self.input_size, self.kernel_size, self.stride, self.padding, self.dilation
        )

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Those of input, kernel and output."""
        return layer_shapes(self.geometry, self.groups, self.in_channels, self.out_channels)

    @property
    def how(self) -> dict[str, Any]:
        """What the code is told beside the arrays."""
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}

    @cached_property
    def input(self) -> np.ndarray:
        return symbol_array(self.notation.input, self.shapes[0], self.start)

    @cached_property
    def kernel(self) -> np.ndarray:
        return symbol_array(self.notation.kernel, self.shapes[1], self.start)

    @cached_property
    def names(self) -> np.ndarray:
        """What the outputs are called."""
        return symbol_array(self.notation.output, self.shapes[2], self.start)

    @cached_property
    def outputs(self) -> np.ndarray:
        """What the outputs are: sums of products."""
        sums = {place: [] for place in np.ndindex(self.names.shape)}
        for out, tap, cell in self.meetings:
            sums[out].append(self.kernel[tap] * self.input[cell])
        outputs = np.empty(self.names.shape, dtype=object)
        for place, products in sums.items():
            outputs[place] = sympy.Add(*products)
        return outputs

    @property
    def chain(self) -> Chain:
        """The unknown scalar of these outputs."""
        return Chain(self.notation.scalar, self.names, self.outputs)

    @property
    def upstream(self) -> np.ndarray:
        return self.chain.upstream

    @property
    def matrix(self) -> np.ndarray:
        """W as the code makes it: one row for each output, one column for each input cell."""
        return functional.conv_matrix(self.kernel, self.input.shape, **self.how)

    @property
    def meetings(self) -> Iterator[tuple]:
        """(output cell, kernel cell, input cell) that meet, in the shapes of the arrays."""
        return meetings(self.geometry, self.groups, self.in_channels, self.out_channels)


def layer_shapes(
    geometry: Geometry, groups: int = 1, in_channels: int = 1, out_channels: int = 1
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The shapes of input, kernel and output: plain maps for one channel each.

    Raises `DoesNotFit` where the groups do not divide the channels.

    >>> layer_shapes(Geometry.of(4, 3), groups=2, in_channels=2, out_channels=2)
    ((2, 4, 4), (2, 1, 3, 3), (2, 2, 2))
    """
    groups = whole_number(groups, "number of groups", at_least=1)
    for count, name in ((in_channels, "input"), (out_channels, "output")):
        whole_number(count, f"number of {name} channels", at_least=1)
        if count % groups:
            raise DoesNotFit(f"{groups} groups do not divide {count} {name} channels.")
    sizes = geometry.input_size, geometry.kernel_size, geometry.output_size
    if in_channels == out_channels == 1:
        return sizes
    fronts = (in_channels,), (out_channels, in_channels // groups), (out_channels,)
    return tuple(front + size for front, size in zip(fronts, sizes, strict=True))


def meetings(
    geometry: Geometry, groups: int = 1, in_channels: int = 1, out_channels: int = 1
) -> Iterator[tuple]:
    """Output cell u and kernel cell i meet input cell s u + d i - p, on both axes.

    Yields (output cell, kernel cell, input cell) as index tuples, padding left out.

    >>> list(meetings(Geometry.of((1, 2), (1, 2))))
    [((0, 0), (0, 0), (0, 0)), ((0, 0), (0, 1), (0, 1))]
    """
    plain = in_channels == out_channels == 1
    rows, columns = (axis_meetings(axis) for axis in geometry.axes)
    inside, outside = in_channels // groups, out_channels // groups
    for o in range(out_channels):
        for c in range(inside):
            fronts = ((), (), ()) if plain else ((o,), (o, c), (o // outside * inside + c,))
            for u, i, y in rows:
                for v, j, x in columns:
                    yield fronts[0] + (u, v), fronts[1] + (i, j), fronts[2] + (y, x)


def axis_meetings(axis: Axis) -> list[tuple[int, int, int]]:
    found = []
    for u in range(axis.out):
        for i in range(axis.kernel):
            x = axis.stride * u + axis.dilation * i - axis.padding.before
            if 0 <= x < axis.size:
                found.append((u, i, x))
    return found
