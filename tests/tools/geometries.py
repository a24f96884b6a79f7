"""Random cases for property tests: sizes are drawn by Hypothesis, so that they shrink; the small
whole numbers in the cells come from a drawn seed. Sums of them are exact, in any order."""

from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np


@dataclass(frozen=True)
class Convolution:
    """A convolution: input, weight, and an output gradient, with what they are called by."""

    x: np.ndarray
    w: np.ndarray
    g: np.ndarray
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    @property
    def how(self) -> dict:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    @property
    def plainly(self) -> tuple:
        """The same for `brute_force`."""
        return self.stride, [(p, p) for p in self.padding], self.dilation, self.groups

    def __repr__(self) -> str:
        return f"Convolution({self.x.shape} * {self.w.shape} -> {self.g.shape}, {self.how})"


@dataclass(frozen=True)
class Pooling:
    """A pooling of few different numbers, so that there are ties, and what it is called by."""

    x: np.ndarray
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    ceil_mode: bool

    def __repr__(self) -> str:
        return (
            f"Pooling({self.x.shape}, kernel={self.kernel}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, ceil_mode={self.ceil_mode})"
        )


@st.composite
def convolutions(draw) -> Convolution:
    rows, columns = draw(_axes()), draw(_axes())
    groups = draw(st.integers(1, 2))
    images, inside, outside = (
        draw(st.integers(1, 2)),
        draw(st.integers(1, 2)),
        draw(st.integers(1, 2)),
    )
    size, kernel, stride, padding, dilation = zip(rows, columns, strict=True)
    out = tuple((i + 2 * p - d * (k - 1) - 1) // s + 1 for i, k, s, p, d in (rows, columns))
    draw_cells = _cells(draw)
    return Convolution(
        x=draw_cells((images, groups * inside, *size)),
        w=draw_cells((groups * outside, inside, *kernel)),
        g=draw_cells((images, groups * outside, *out)),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


@st.composite
def poolings(draw, dilated: bool = True) -> Pooling:
    rows, columns = draw(_pool_axes(dilated)), draw(_pool_axes(dilated))
    planes = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    size, kernel, stride, padding, dilation = zip(rows, columns, strict=True)
    ceil_mode = draw(st.booleans())
    x = _cells(draw)((*planes, *size))
    return Pooling(x, kernel, stride, padding, dilation, ceil_mode)


def _cells(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return lambda shape: random.integers(-3, 4, shape)


@st.composite
def _axes(draw) -> tuple[int, int, int, int, int]:
    """(size, kernel, stride, padding, dilation) of one axis."""
    kernel, stride, dilation = (draw(st.integers(1, most)) for most in (3, 3, 2))
    padding = draw(st.integers(0, kernel))
    smallest = max(1, dilation * (kernel - 1) + 1 - 2 * padding)
    return draw(st.integers(smallest, smallest + 4)), kernel, stride, padding, dilation


@st.composite
def _pool_axes(draw, dilated: bool) -> tuple[int, int, int, int, int]:
    kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2)) if dilated else 1
    padding = draw(st.integers(0, kernel // 2))
    span = dilation * (kernel - 1) + 1
    smallest = max(1, span - 2 * padding, dilation)  # so that every window meets a real cell
    return draw(st.integers(smallest, smallest + 5)), kernel, stride, padding, dilation
