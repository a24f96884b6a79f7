"""Which sizes a convolution, a pooling and their backward passes have, and which cannot be.

Every axis of a map has its own input size i, kernel size k, stride s, padding p and dilation d;
rows and columns never mix. From these five follow the output size, the remainder r (how many
cells at the far end no window reaches) and the paddings of the backward pass.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, NamedTuple


class DoesNotFit(ValueError):
    """A geometry that cannot be, or shapes that do not belong together, said in a sentence."""


class Padding(NamedTuple):
    """Cells of padding on either side of one axis."""

    before: int
    after: int


def count(n: int, noun: str) -> str:
    """A number and what is counted.

    >>> count(1, "output"), count(4, "output")
    ('1 output', '4 outputs')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def whole_number(value: Any, name: str, at_least: int) -> int:
    """`value` as an int, or a sentence about `name`.

    Raises TypeError for what is no whole number (floats, text, True) and `DoesNotFit` below
    `at_least`.

    >>> whole_number(0, "stride", at_least=1)
    Traceback (most recent call last):
    cnnviz.functional.geometry.DoesNotFit: The stride must be at least 1, not 0.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):  # Python counts with True: True + True == 2
        raise TypeError(f"The {name} must be a whole number, not {value!r}.")
    if number < at_least:
        raise DoesNotFit(f"The {name} must be at least {at_least}, not {number}.")
    return number


def pair(value: Any, name: str, at_least: int) -> tuple[int, int]:
    """One whole number for both, or two of them: (rows, columns) unless said otherwise.

    Raises TypeError for what is no whole number and `DoesNotFit` for a wrong count or a number
    below `at_least`.

    >>> pair(3, "kernel size", at_least=1), pair((3, 2), "kernel size", at_least=1)
    ((3, 3), (3, 2))
    """
    first, second = _two(value, name)
    return whole_number(first, name, at_least), whole_number(second, name, at_least)


def _two(value: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(value, (tuple, list)):
        return value, value
    if len(value) != 2:
        raise DoesNotFit(
            f"The {name} must be one number or a pair, not {count(len(value), 'number')}."
        )
    return value[0], value[1]


@dataclass(frozen=True, init=False)
class Axis:
    """One axis of a convolution: all sizes in cells.

    `size` i, `kernel` k, `stride` s, `dilation` d, and `padding` p as one number or as
    (before, after); it is kept as a `Padding`.

    Source: the formulas for o and r are those of Dumoulin and Visin, A guide to convolution
    arithmetic for deep learning (2016), relationships 6 and 13, with dilation as in section 5.1.
    Raises `DoesNotFit` where no kernel fits or a number is too small, TypeError where it is no
    whole number.

    >>> axis = Axis(size=6, kernel=3, stride=2)
    >>> axis.out, axis.remainder, axis.adjoint_padding
    (2, 1, Padding(before=2, after=3))
    """

    size: int
    kernel: int
    stride: int
    padding: Padding
    dilation: int

    def __init__(
        self,
        size: int,
        kernel: int,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int = 1,
    ) -> None:
        keep = object.__setattr__  # a frozen dataclass may set its fields only while being made
        keep(self, "size", whole_number(size, "input size", at_least=1))
        keep(self, "kernel", whole_number(kernel, "kernel size", at_least=1))
        keep(self, "stride", whole_number(stride, "stride", at_least=1))
        keep(self, "padding", Padding(*pair(padding, "padding", at_least=0)))
        keep(self, "dilation", whole_number(dilation, "dilation", at_least=1))
        if self.span > self.padded:
            raise DoesNotFit(self._too_large())

    def _too_large(self) -> str:
        kernel = f"A kernel of {self.kernel} does"
        if self.dilation > 1:
            kernel = (
                f"A kernel of {self.kernel} with dilation {self.dilation} spans "
                f"{count(self.span, 'cell')} and does"
            )
        before, after = self.padding
        padding = f"{before} of padding on each side"
        if before != after:
            padding = f"{before} of padding before and {after} after"
        return f"{kernel} not fit in {count(self.size, 'cell')} with {padding}."

    @property
    def span(self) -> int:
        """Cells from the first to the last one a kernel touches: d(k-1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Cells of the input with its padding: i + 2p."""
        return self.size + sum(self.padding)

    @property
    def out(self) -> int:
        """Cells of the output: o = floor((i + 2p - d(k-1) - 1) / s) + 1."""
        return (self.padded - self.span) // self.stride + 1

    @property
    def remainder(self) -> int:
        """Padded cells at the far end that no window reaches: r = (i + 2p - d(k-1) - 1) mod s."""
        return (self.padded - self.span) % self.stride

    @property
    def adjoint_padding(self) -> Padding:
        """Padding of the zero-inserted output gradient: (d(k-1) - p, d(k-1) - p + r).

        Correlated with the kernel turned by 180 degrees, stride 1 and the same dilation, it gives
        the input gradient. A negative number means that many cells are cropped instead.
        """
        before, after = self.padding
        return Padding(self.span - 1 - before, self.span - 1 - after + self.remainder)

    @property
    def gradient_rows(self) -> int:
        """Cells that come out when the padded input is correlated with the output gradient.

        The kernel gradient is that correlation with stride d and dilation s; the cells beyond the
        first k come from the remainder and are cut off: k + floor(r / d).
        """
        return self.kernel + self.remainder // self.dilation


@dataclass(frozen=True)
class Geometry:
    """The two axes of a convolution or pooling. Every pair below is (rows, columns), in cells.

    >>> geometry = Geometry.of((5, 6), 3, stride=2, padding=1)
    >>> geometry.output_size, geometry.remainder
    ((3, 3), (0, 1))
    """

    rows: Axis
    columns: Axis

    @classmethod
    def of(
        cls,
        input_size: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
    ) -> Geometry:
        """The geometry of a convolution, with each argument an int or a pair.

        `padding` may also be "valid" (none) or "same" (output size = input size; stride 1 only,
        an odd cell goes after), as in `torch.nn.functional.conv2d`.
        Raises `DoesNotFit` for a geometry that cannot be, TypeError for what is no whole number.

        >>> Geometry.of((5, 6), 3, stride=2, padding=(1, 0)).output_size
        (3, 2)
        >>> Geometry.of((5, 6), 3, padding="same").output_size
        (5, 6)
        """
        sizes = pair(input_size, "input size", at_least=1)
        kernels = pair(kernel_size, "kernel size", at_least=1)
        strides = pair(stride, "stride", at_least=1)
        dilations = pair(dilation, "dilation", at_least=1)
        paddings = _paddings(padding, kernels, strides, dilations)
        numbers = zip(sizes, kernels, strides, paddings, dilations, strict=True)
        return cls(*(Axis(*axis) for axis in numbers))

    @classmethod
    def of_pool(
        cls,
        input_size: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Geometry:
        """The geometry of a pooling, with each argument an int or a pair; the stride defaults to
        the kernel size.

        With `ceil_mode`, a last window may hang over the far edge if it starts inside the input or
        the padding before it (PyTorch's rule); the cells it hangs over are extra padding after.
        Raises `DoesNotFit` for a padding of more than half a kernel, as PyTorch does, and for a
        geometry that cannot be; TypeError for what is no whole number.

        >>> Geometry.of_pool(5, 2).output_size, Geometry.of_pool(5, 2, ceil_mode=True).output_size
        ((2, 2), (3, 3))
        >>> Geometry.of_pool(5, 2, ceil_mode=True).rows.padding
        Padding(before=0, after=1)
        """
        sizes = pair(input_size, "input size", at_least=1)
        kernels = pair(kernel_size, "kernel size", at_least=1)
        strides = kernels if stride is None else pair(stride, "stride", at_least=1)
        paddings = pair(padding, "padding", at_least=0)
        dilations = pair(dilation, "dilation", at_least=1)
        numbers = zip(sizes, kernels, strides, paddings, dilations, strict=True)
        return cls(*(_pool_axis(*axis, ceil_mode) for axis in numbers))

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """(rows, columns)."""
        return self.rows, self.columns

    @property
    def input_size(self) -> tuple[int, int]:
        """i of both axes."""
        return self.rows.size, self.columns.size

    @property
    def padded_size(self) -> tuple[int, int]:
        """i + 2p of both axes."""
        return self.rows.padded, self.columns.padded

    @property
    def kernel_size(self) -> tuple[int, int]:
        """k of both axes."""
        return self.rows.kernel, self.columns.kernel

    @property
    def stride(self) -> tuple[int, int]:
        """s of both axes."""
        return self.rows.stride, self.columns.stride

    @property
    def padding(self) -> tuple[Padding, Padding]:
        """p of both axes, each as (before, after)."""
        return self.rows.padding, self.columns.padding

    @property
    def dilation(self) -> tuple[int, int]:
        """d of both axes."""
        return self.rows.dilation, self.columns.dilation

    @property
    def output_size(self) -> tuple[int, int]:
        """o of both axes."""
        return self.rows.out, self.columns.out

    @property
    def remainder(self) -> tuple[int, int]:
        """r of both axes."""
        return self.rows.remainder, self.columns.remainder

    @property
    def adjoint_padding(self) -> tuple[Padding, Padding]:
        """`Axis.adjoint_padding` of both axes."""
        return self.rows.adjoint_padding, self.columns.adjoint_padding

    @property
    def gradient_rows(self) -> tuple[int, int]:
        """`Axis.gradient_rows` of both axes."""
        return self.rows.gradient_rows, self.columns.gradient_rows


def transposed_size(
    input_size: Any,
    kernel_size: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
) -> tuple[int, int]:
    """The output size of a transposed convolution: s(o-1) + d(k-1) + 1 - 2p + output_padding.

    Here o is its *input* size, since it undoes the sizes of a convolution. `output_padding` says
    which of the input sizes with the same o is meant; it is not padding with zeros. Each argument
    is an int or a pair. Source: `torch.nn.ConvTranspose2d`.
    Raises `DoesNotFit` if nothing is left or `output_padding` is not below stride or dilation.

    >>> transposed_size(2, 3, stride=2), transposed_size(2, 3, stride=2, output_padding=1)
    ((5, 5), (6, 6))
    """
    sizes = pair(input_size, "input size", at_least=1)
    kernels = pair(kernel_size, "kernel size", at_least=1)
    strides = pair(stride, "stride", at_least=1)
    paddings = pair(padding, "padding", at_least=0)
    extras = pair(output_padding, "output padding", at_least=0)
    dilations = pair(dilation, "dilation", at_least=1)
    numbers = zip(sizes, kernels, strides, paddings, extras, dilations, strict=True)
    rows, columns = (_transposed_axis(*axis) for axis in numbers)
    return rows, columns


def _transposed_axis(o: int, k: int, s: int, p: int, extra: int, d: int) -> int:
    if extra >= max(s, d):
        raise DoesNotFit(
            f"An output padding of {extra} must be less than the stride {s} or the dilation {d}."
        )
    size = s * (o - 1) + d * (k - 1) + 1 - 2 * p + extra
    if size < 1:
        raise DoesNotFit(
            f"A padding of {p} on each side crops away the {count(size + 2 * p, 'cell')} that "
            f"{count(o, 'cell')} {'spreads' if o == 1 else 'spread'} to with a kernel of {k}, "
            f"stride {s} and dilation {d}."
        )
    return size


def _paddings(
    padding: Any, kernels: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]
) -> tuple[Padding, Padding]:
    """The padding of both axes, also where it is given in a word."""
    if not isinstance(padding, str):
        above, left = pair(padding, "padding", at_least=0)
        return Padding(above, above), Padding(left, left)
    if padding == "valid":
        return Padding(0, 0), Padding(0, 0)
    if padding != "same":
        raise DoesNotFit(f'The padding is a number, a pair, "same" or "valid", not {padding!r}.')
    if strides != (1, 1):
        raise DoesNotFit(
            f'Padding "same" keeps the size only with stride 1, not with stride {strides}.'
        )
    rows, columns = (d * (k - 1) for k, d in zip(kernels, dilations, strict=True))
    return Padding(rows // 2, rows - rows // 2), Padding(columns // 2, columns - columns // 2)


def _pool_axis(i: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> Axis:
    if 2 * p > k:
        raise DoesNotFit(f"A padding of {p} is more than half of a pooling window of {k}.")
    uncovered = i + 2 * p - d * (k - 1) - 1
    if not ceil_mode or uncovered % s == 0:
        return Axis(i, k, s, p, d)
    last = -(uncovered // -s)  # rounded up: the number of steps to the window that hangs over
    if last < 0 or last * s >= i + p:
        return Axis(i, k, s, p, d)
    return Axis(i, k, s, (p, p + last * s - uncovered), d)
