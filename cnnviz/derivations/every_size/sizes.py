"""Numbers for the sizes, and what the code computes for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from ... import functional
from ...functional.geometry import Axis, DoesNotFit
from ...functional.windows import pad
from .letters import Letters


@dataclass(frozen=True)
class Sizes:
    """Of one axis or two, with so many groups and channels in each of them.

    >>> Sizes((Axis(5, 3, stride=2),)).how["stride"]
    (1, 2)
    """

    axes: tuple[Axis, ...]
    groups: int = 1
    inside: int = 1
    outside: int = 1

    @property
    def both(self) -> tuple[Axis, Axis]:
        """Rows and columns: a single axis is one row."""
        return (Axis(1, 1), *self.axes)[-2:]

    @property
    def how(self) -> dict[str, Any]:
        """What the code is told beside the arrays."""
        return {
            "stride": tuple(axis.stride for axis in self.both),
            "padding": tuple(axis.padding.before for axis in self.both),
            "dilation": tuple(axis.dilation for axis in self.both),
        }

    def numbers(self, letters: Letters) -> dict[sympy.Symbol, int]:
        """What each letter for a size is."""
        found = dict(zip(letters.counts, (self.groups, self.inside, self.outside), strict=True))
        for names, axis in zip(letters.axes, self.axes, strict=True):
            found |= {
                names.n: axis.size, names.m: axis.kernel, names.q: axis.out, names.s: axis.stride,
                names.d: axis.dilation, names.p: axis.padding.before, names.r: axis.remainder,
            }  # fmt: skip
        return found

    def __str__(self) -> str:
        said = [
            f"n={axis.size}, m={axis.kernel}, s={axis.stride}, p={axis.padding.before}, "
            f"d={axis.dilation}"
            for axis in self.axes
        ]
        if self.groups * self.inside * self.outside > 1:
            said.append(f"{self.groups} groups, {self.inside} to {self.outside} channels in each")
        return "; ".join(said)


def random_sizes(
    count: int, seed: int = 0, axes: int = 1, grouped: bool = False
) -> Iterator[Sizes]:
    """Sizes that fit, the same for each seed: with remainders, strides and paddings above the
    kernel, and dilations.

    >>> [str(sizes) for sizes in random_sizes(2)]
    ['n=6, m=3, s=3, p=1, d=1', 'n=1, m=1, s=1, p=3, d=1']
    """
    random = np.random.default_rng(seed)
    for _ in range(count):
        channels = random.integers(1, 3, 3).tolist() if grouped else (1, 1, 1)
        yield Sizes(tuple(_axis(random, 8 // axes) for _ in range(axes)), *channels)


def _axis(random: np.random.Generator, largest: int) -> Axis:
    while True:
        size, kernel, stride, dilation = random.integers(1, (largest, 5, 6, 4)).tolist()
        padding = int(random.integers(0, kernel + 3))
        try:
            return Axis(size, kernel, stride, padding, dilation)
        except DoesNotFit:
            continue


@lru_cache(maxsize=32)
def by_code(letters: Letters, sizes: Sizes) -> Mapping[sympy.IndexedBase, np.ndarray]:
    """Whole numbers for input, kernel and upstream gradient, and what `cnnviz.functional` makes of
    them: a map for each indexed letter, by group, channels and places."""
    input_size, kernel_size, output_size = (
        tuple(getattr(axis, name) for axis in sizes.both) for name in ("size", "kernel", "out")
    )
    groups, inside, outside = sizes.groups, sizes.inside, sizes.outside
    fronts = {"a": (groups, inside), "k": (groups, outside, inside), "h": (groups, outside)}
    random = np.random.default_rng(0)
    a = random.integers(-9, 10, (groups * inside, *input_size))
    k = random.integers(-9, 10, (groups * outside, inside, *kernel_size))
    g = random.integers(-9, 10, (groups * outside, *output_size))
    how = sizes.how | {"groups": groups}
    names = letters.maps
    found = {
        names.a: ("a", a),
        names.k: ("k", k),
        names.h: ("h", functional.conv2d(a, k, **how)),
        names.to_h: ("h", g),
        names.to_a: ("a", functional.conv2d_input(a.shape, k, g, **how)),
        names.to_k: ("k", functional.conv2d_weight(a, k.shape, g, **how)),
        names.of_a: ("ha", functional.conv_matrix(k, a.shape, **how)),
        names.of_k: ("hk", _slopes_to_the_kernel(a, kernel_size, sizes)),
        names.turned: ("k", functional.rot180(k)),
        names.spread: ("h", functional.insert_zeros(g, sizes.how["stride"])),
        names.padded_spread: (
            "h",
            functional.spread_gradient(g, a.shape, kernel_size, **sizes.how),
        ),
        names.padded: ("a", pad(a, tuple(axis.padding for axis in sizes.both))),
    }
    places = {"a": input_size, "k": kernel_size, "h": output_size}

    def indexed(of: str, cells: np.ndarray) -> np.ndarray:
        """By group and channels, if there are any, and by one place or two."""
        shape = []
        for letter in of:
            at = places[letter] if len(of) > 1 else cells.shape[-2:]
            shape += [*(fronts[letter] * letters.grouped), *at[-len(letters.axes) :]]
        return cells.reshape(shape)

    return {name: indexed(*what) for name, what in found.items()}


def _slopes_to_the_kernel(a: np.ndarray, kernel_size: tuple[int, int], sizes: Sizes) -> np.ndarray:
    """∂h/∂k: what an output of the same group and channel has met there, and 0 for all others."""
    met = functional.unfold(a, kernel_size, **sizes.how)
    met = met.reshape(sizes.groups, sizes.inside * kernel_size[0] * kernel_size[1], -1)
    same_group, same_channel = np.eye(sizes.groups, dtype=int), np.eye(sizes.outside, dtype=int)
    return np.einsum("bg,ro,gcu->brugoc", same_group, same_channel, met)
