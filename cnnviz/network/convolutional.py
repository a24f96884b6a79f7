"""The layers with kernels: a convolution and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from ..functional.geometry import DoesNotFit, Geometry, pair, transposed_size, whole_number
from ..functional.windows import pad
from .base import Layer, Shape, described, he_normal


class _Kernels(Layer):
    """What both have in common: channels, a geometry, kernels and a bias."""

    def __init__(self, in_channels, out_channels, kernel_size, stride, groups) -> None:
        super().__init__()
        self.in_channels = whole_number(in_channels, "number of input channels", at_least=1)
        self.out_channels = whole_number(out_channels, "number of output channels", at_least=1)
        self.kernel_size = pair(kernel_size, "kernel size", at_least=1)
        self.stride = pair(stride, "stride", at_least=1)
        self.groups = whole_number(groups, "number of groups", at_least=1)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise DoesNotFit(
                f"{self.groups} groups do not divide {self.in_channels} input and "
                f"{self.out_channels} output channels."
            )

    def _start(self, weight_shape: Shape, fan_in: float, bias: bool, seed, dtype) -> None:
        self.parameters["weight"] = he_normal(weight_shape, fan_in, seed, dtype)
        if bias:
            self.parameters["bias"] = np.zeros(self.out_channels, dtype)

    @property
    def how(self) -> dict[str, Any]:
        """stride, padding, dilation and groups, as `cnnviz.functional` takes them."""
        names = ("stride", "padding", "dilation", "groups")
        return {name: getattr(self, name) for name in names}

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 4 or input_shape[1] != self.in_channels:
            raise self._reads(f"(N, {self.in_channels}, H, W)", input_shape)
        try:
            size = self._output_size(input_shape[2:])
        except DoesNotFit as problem:
            raise DoesNotFit(f"{self!r} cannot read the shape {input_shape}. {problem}") from None
        return (input_shape[0], self.out_channels, *size)

    def _output_size(self, size: tuple[int, int]) -> tuple[int, int]:
        raise NotImplementedError

    def _set_gradients(self, weight: np.ndarray, g: np.ndarray) -> None:
        self.gradients = {"weight": weight}
        if "bias" in self.parameters:  # added to every cell of its channel, so all of them count
            self.gradients["bias"] = g.sum(axis=(0, 2, 3))

    def _described(self, **options: tuple[Any, Any]) -> str:
        return described(
            self,
            self.in_channels,
            self.out_channels,
            kernel_size=(_short(self.kernel_size), None),
            stride=(_short(self.stride), 1),
            **options,
            groups=(self.groups, 1),
            bias=("bias" in self.parameters, True),
        )


class Conv2d(_Kernels):
    """A convolution layer: (N, in_channels, H, W) -> (N, out_channels, oh, ow).

    Sizes are in cells, an int or a pair; `padding` may be "same" or "valid". Parameters: weight
    (out_channels, in_channels / groups, kh, kw), from `he_normal` with fan-in
    in_channels / groups · kh · kw, and bias (out_channels,), at first 0.
    Raises `DoesNotFit` and TypeError for numbers that cannot be. Source: `torch.nn.Conv2d`.

    >>> layer = Conv2d(1, 8, 3, seed=0)
    >>> layer, layer(np.zeros((5, 1, 28, 28))).shape
    (Conv2d(1, 8, kernel_size=3), (5, 8, 26, 26))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        seed: Any = None,
        dtype: Any = np.float32,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, groups)
        Geometry.of(10**9, kernel_size, stride, padding, dilation)  # knows what cannot be
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", at_least=0)
        self.dilation = pair(dilation, "dilation", at_least=1)
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self._start(shape, np.prod(shape[1:]), bias, seed, dtype)

    def _output_size(self, size: tuple[int, int]) -> tuple[int, int]:
        geometry = Geometry.of(size, self.kernel_size, self.stride, self.padding, self.dilation)
        return geometry.output_size

    def _forward(self, x: np.ndarray) -> np.ndarray:
        return F.conv2d(x, self.parameters["weight"], self.parameters.get("bias"), **self.how)

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        weight = self.parameters["weight"]
        self._set_gradients(F.conv2d_weight(self.input, weight.shape, g, **self.how), g)
        return F.conv2d_input(self.input.shape, weight, g, **self.how) if input_gradient else None

    def __repr__(self) -> str:
        return self._described(
            padding=(_short(self.padding), 0), dilation=(_short(self.dilation), 1)
        )


class ConvTranspose2d(_Kernels):
    """A transposed convolution: (N, in_channels, H, W) -> (N, out_channels, oh, ow), usually
    larger; see `transposed_size`.

    Parameters: weight (in_channels, out_channels / groups, kh, kw) and bias (out_channels,), at
    first 0. The weight is from `he_normal`; with a stride, one output cell meets only every s-th
    kernel cell of each axis, so the fan-in is in_channels / groups · kh · kw / (sh · sw).
    Raises `DoesNotFit` and TypeError for numbers that cannot be.
    Source: `torch.nn.ConvTranspose2d`, whose order of arguments this is.

    >>> layer = ConvTranspose2d(2, 1, 4, stride=2, padding=1, seed=0)
    >>> layer, layer(np.zeros((5, 2, 7, 7))).shape
    (ConvTranspose2d(2, 1, kernel_size=4, stride=2, padding=1), (5, 1, 14, 14))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        *,
        seed: Any = None,
        dtype: Any = np.float32,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, groups)
        transposed_size(10**9, kernel_size, stride, padding, output_padding, dilation)
        self.padding = pair(padding, "padding", at_least=0)
        self.output_padding = pair(output_padding, "output padding", at_least=0)
        self.dilation = pair(dilation, "dilation", at_least=1)
        shape = (self.in_channels, self.out_channels // self.groups, *self.kernel_size)
        met = np.prod(self.kernel_size) / np.prod(self.stride)
        self._start(shape, self.in_channels / self.groups * met, bias, seed, dtype)

    def _output_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return transposed_size(
            size, self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation
        )

    def _forward(self, x: np.ndarray) -> np.ndarray:
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        return F.conv_transpose2d(x, weight, bias, output_padding=self.output_padding, **self.how)

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        # Forward is the input gradient of a convolution. So backward is that convolution, in which
        # g stands where its input was, and our input where its gradient was. An output padding as
        # large as the stride gives it windows that our input knows nothing of: there it is 0.
        weight, (height, width) = self.parameters["weight"], self.input.shape[2:]
        geometry = Geometry.of(
            g.shape[2:], self.kernel_size, self.stride, self.padding, self.dilation
        )
        oh, ow = geometry.output_size
        x = pad(self.input, ((0, oh - height), (0, ow - width)))
        self._set_gradients(F.conv2d_weight(g, weight.shape, x, **self.how), g)
        return F.conv2d(g, weight, **self.how)[..., :height, :width] if input_gradient else None

    def __repr__(self) -> str:
        return self._described(
            padding=(_short(self.padding), 0),
            output_padding=(_short(self.output_padding), 0),
            dilation=(_short(self.dilation), 1),
        )


def _short(sizes: Any) -> Any:
    """(3, 3) as 3."""
    return sizes[0] if isinstance(sizes, tuple) and sizes[0] == sizes[1] else sizes
