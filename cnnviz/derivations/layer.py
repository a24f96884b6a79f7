"""A convolution of letters, written from its definition.

The outputs are spelled out by index arithmetic alone, without ``windows``: they are what the code
is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, Geometry, whole_number
from ..symbols import NOTATIONS, Notation
from .chain import Chain
from .letters import symbol_array


@dataclass(frozen=True, eq=False)
class Layer:
    """The letters of a convolution: input (H, W), kernel (kh, kw), outputs (oh, ow); with channels
    or groups (C, H, W), (O, C/groups, kh, kw) and (O, oh, ow)."""

    geometry: Geometry
    notation: Notation
    start: int
    in_channels: int
    out_channels: int
    groups: int
    how: dict
    input: np.ndarray
    kernel: np.ndarray
    names: np.ndarray
    outputs: np.ndarray

    @classmethod
    def of(
        cls,
        input_size: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        in_channels: int = 1,
        out_channels: int = 1,
        notation: Notation = NOTATIONS["note"],
        start: int = 1,
    ) -> Layer:
        """Raises `DoesNotFit` for sizes and channels that do not belong together.

        >>> Layer.of((3, 3), (2, 2)).outputs[0, 0]
        a_11*k_11 + a_12*k_12 + a_21*k_21 + a_22*k_22
        """
        geometry = Geometry.of(input_size, kernel_size, stride, padding, dilation)
        shapes = layer_shapes(geometry, groups, in_channels, out_channels)
        letters = notation.input, notation.kernel, notation.output
        x, k, names = (
            symbol_array(letter, shape, start)
            for letter, shape in zip(letters, shapes, strict=True)
        )
        outputs = np.full(names.shape, sympy.Integer(0), dtype=object)
        sums = {place: [] for place in np.ndindex(names.shape)}
        for out, tap, cell in meetings(geometry, groups, in_channels, out_channels):
            sums[out].append(k[tap] * x[cell])
        for place, products in sums.items():
            outputs[place] = sympy.Add(*products)
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return cls(
            geometry, notation, start, in_channels, out_channels, groups, how, x, k, names, outputs
        )

    @property
    def chain(self) -> Chain:
        """The unknown scalar of these outputs."""
        return Chain(self.notation.scalar, self.names, self.outputs)

    @property
    def upstream(self) -> np.ndarray:
        return self.chain.upstream

    @property
    def meetings(self) -> Iterator[tuple]:
        """(output cell, kernel cell, input cell) that meet, in the shapes of the arrays."""
        return meetings(self.geometry, self.groups, self.in_channels, self.out_channels)

    @property
    def matrix(self) -> np.ndarray:
        """W from the definition: one row for each output, one column for each input cell."""
        shape = (self.names.size, self.input.size)
        matrix = np.full(shape, sympy.Integer(0), dtype=object)
        for out, tap, cell in self.meetings:
            row = np.ravel_multi_index(out, self.names.shape)
            column = np.ravel_multi_index(cell, self.input.shape)
            matrix[row, column] = self.kernel[tap]
        return matrix


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
    rows, columns = (_axis_meetings(axis) for axis in geometry.axes)
    inside, outside = in_channels // groups, out_channels // groups
    for o in range(out_channels):
        for c in range(inside):
            fronts = ((), (), ()) if plain else ((o,), (o, c), (o // outside * inside + c,))
            for u, i, y in rows:
                for v, j, x in columns:
                    yield fronts[0] + (u, v), fronts[1] + (i, j), fronts[2] + (y, x)


def _axis_meetings(axis) -> list[tuple[int, int, int]]:
    found = []
    for u in range(axis.out):
        for i in range(axis.kernel):
            x = axis.stride * u + axis.dilation * i - axis.padding.before
            if 0 <= x < axis.size:
                found.append((u, i, x))
    return found
