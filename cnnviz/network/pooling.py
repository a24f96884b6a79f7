"""The pooling layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from ..functional.geometry import DoesNotFit, Geometry
from .base import Layer, Shape, described


class _Pool(Layer):
    def __init__(self, kernel_size, stride, padding, dilation, ceil_mode) -> None:
        super().__init__()
        Geometry.of_pool(10**9, kernel_size, stride, padding, dilation, ceil_mode)  # what cannot be
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.ceil_mode = dilation, ceil_mode

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 4:
            raise self._reads("(N, C, H, W)", input_shape)
        how = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        try:
            geometry = Geometry.of_pool(input_shape[2:], *how)
        except DoesNotFit as problem:
            raise DoesNotFit(f"{self!r} cannot read the shape {input_shape}. {problem}") from None
        return (*input_shape[:2], *geometry.output_size)

    def _described(self, **options: tuple[Any, Any]) -> str:
        return described(
            self,
            self.kernel_size,
            stride=(self.stride, None),
            padding=(self.padding, 0),
            dilation=(self.dilation, 1),
            ceil_mode=(self.ceil_mode, False),
            **options,
        )


class MaxPool2d(_Pool):
    """The largest cell of every window: (N, C, H, W) -> (N, C, oh, ow).

    Sizes are in cells, an int or a pair; the stride defaults to the kernel size. After a forward
    pass `switches` (N, C, oh, ow) holds the number of the winner in its plane, and backward hands
    it the whole gradient. The first of equal cells wins.
    Raises `DoesNotFit` and TypeError for numbers that cannot be. Source: `torch.nn.MaxPool2d`.

    >>> pool = MaxPool2d(2)
    >>> pool([[[[1, 5, 2, 2], [4, 0, 2, 1]]]]), pool.switches
    (array([[[[5, 2]]]]), array([[[[1, 2]]]]))
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode)
        self.switches: np.ndarray | None = None

    def _forward(self, x: np.ndarray) -> np.ndarray:
        how = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        out, self.switches = F.max_pool2d(x, *how, return_indices=True)
        return out

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        return F.max_pool2d_backward(g, self.input.shape, self.switches) if input_gradient else None

    def piece(self) -> np.ndarray:
        return self.switches

    def __repr__(self) -> str:
        return self._described()


class AvgPool2d(_Pool):
    """The mean of every window: (N, C, H, W) -> (N, C, oh, ow); see `avg_pool2d` for what counts.

    Raises `DoesNotFit` and TypeError for numbers that cannot be. Source: `torch.nn.AvgPool2d`.

    >>> AvgPool2d((1, 2))([[[[1, 2, 3, 5]]]])
    array([[[[1.5, 4. ]]]])
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        self.count_include_pad = count_include_pad

    @property
    def how(self) -> tuple:
        """Everything that `cnnviz.functional.avg_pool2d` takes after its input."""
        return (
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def _forward(self, x: np.ndarray) -> np.ndarray:
        return F.avg_pool2d(x, *self.how)

    def _backward(self, g: np.ndarray, input_gradient: bool) -> np.ndarray | None:
        return F.avg_pool2d_backward(g, self.input.shape, *self.how) if input_gradient else None

    def __repr__(self) -> str:
        return self._described(count_include_pad=(self.count_include_pad, True))
