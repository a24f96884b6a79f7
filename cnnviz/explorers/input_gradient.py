"""Explorers of the gradient to the input: Wᵀ, scatter and gather, the turned kernel, the sums."""

from __future__ import annotations

import numpy as np

from ..functional.geometry import Geometry
from ..functional.samples import sample_gradient, sample_input, sample_kernel
from ..pictures.input_gradient.folding import PATCHES, WRITES, folding
from ..pictures.input_gradient.index_substitution import index_substitution
from ..pictures.input_gradient.input_channels import WAYS, input_channels
from ..pictures.input_gradient.input_gradient import transposed_matrix
from ..pictures.input_gradient.scatter_gather import scatter_gather
from ..pictures.input_gradient.turned_kernel import TURNS, turned_kernel
from ..pictures.input_gradient.written_out import written_out
from ..scene import Scene
from .controls import Slider, buttons, letters, sliders, tick
from .explorer import Explorer, explorer
from .numbers import Layer, channels, one_channel
from .numbers import rectangles as oblong

LARGEST_GRADIENT = 12  # cells of the upstream gradient along one side


def _gradient_and_kernel() -> dict[str, np.ndarray]:
    return {
        "upstream": sample_gradient(LARGEST_GRADIENT, LARGEST_GRADIENT),
        "kernel": sample_kernel(4, 4),
    }


@explorer(
    *sliders(input_size=(4, 1, 6), kernel_size=(3, 1, 3), one_hot=(0, 0, 9)),
    *sliders(stride=(1, 1, 3), padding=(0, 0, 1)),
    *letters("symbols"),
    numbers=lambda: {"input": sample_input(6, 6), **_gradient_and_kernel()},
    cut=one_channel,
)
def explore_transpose(layer: Layer, **letters) -> Scene:
    """W beside Wᵀ, and its product with the upstream gradient row by row; the adjoint test."""
    return transposed_matrix(layer.input, layer.kernel, layer.upstream, **layer.how, **letters)


def _one_row(data, *, input_size: int, kernel_size: int, **others) -> tuple[Layer, dict]:
    """A layer in one dimension: its arrays are single rows."""
    geometry = {"input_size": (1, input_size), "kernel_size": (1, kernel_size)}
    outputs = Geometry.of(**geometry).columns.out
    arrays = {"upstream": data["upstream"][:outputs], "kernel": data["kernel"][:kernel_size]}
    return Layer(arrays, geometry=geometry), others


@explorer(
    Slider("input_size", "input cells", 5, 2, 7),
    Slider("kernel_size", "kernel cells", 3, 2, 4),
    *letters("symbols"),
    numbers=lambda: {name: array[0] for name, array in _gradient_and_kernel().items()},
    cut=_one_row,
)
def explore_index_substitution(layer: Layer, **letters) -> Scene:
    """One dimension: rows of W read the kernel forwards, columns read it backwards."""
    return index_substitution(layer.kernel, layer.upstream, layer.input_size[1], **letters)


def explore_scatter_gather(*start, rectangles: bool = False, **given) -> Explorer:
    """Scatter and gather in lock-step: stamps of the kernel, and the turned kernel slid along.

    With a ``stride`` or a ``dilation`` there are sliders for both; ``rectangles`` gives height and
    width sliders of their own. ``overwrite`` makes the mistake of writing = for += when stamping.
    """
    square = sliders(input_size=(4, 1, 6), kernel_size=(3, 1, 4))
    sides = sliders(
        input_height=(4, 1, 6),
        input_width=(5, 1, 6),
        kernel_height=(3, 1, 4),
        kernel_width=(2, 1, 4),
    )
    spaced = any(given.get(name) is not None for name in ("stride", "dilation"))
    controls = (
        *(sides if rectangles else square),
        *sliders(padding=(0, 0, 2)),
        *(sliders(stride=(1, 1, 3), dilation=(1, 1, 3)) if spaced else ()),
        *sliders(one_hot=(0, 0, 16)),
        tick("overwrite"),
        *letters("symbols"),
    )
    cut = oblong if rectangles else one_channel
    return Explorer(_scattered, controls, _gradient_and_kernel(), cut, start, given)


def _scattered(layer: Layer, **others) -> Scene:
    return scatter_gather(layer.upstream, layer.kernel, layer.input_size, **layer.how, **others)


def _before_padding(data, *, padding: int, **sizes) -> tuple[Layer, dict]:
    """A layer without padding: it is the gradient that the learner pads."""
    layer, others = one_channel(data, **sizes)
    return layer, {"padding": padding, **others}


@explorer(
    buttons("turn", TURNS, "0°"),
    *sliders(padding=(1, 0, 3), input_size=(3, 2, 5), kernel_size=(2, 1, 3)),
    tick("true_convolution", "true convolution"),
    *letters("symbols"),
    numbers=_gradient_and_kernel,
    cut=_before_padding,
)
def explore_rotation(
    layer: Layer, *, padding: int, turn: str, true_convolution: bool, **letters
) -> Scene:
    """The rotation dial: turn the kernel, pad the gradient, and see which cells come out right."""
    dial = (turn, padding, true_convolution)
    return turned_kernel(layer.upstream, layer.kernel, layer.input_size, *dial, **letters)


def _square_kernel(data, *, kernel_size: int, **sizes) -> tuple[Layer, dict]:
    return oblong(data, kernel_height=kernel_size, kernel_width=kernel_size, **sizes)


@explorer(
    *sliders(input_height=(3, 1, 4), input_width=(3, 1, 4), kernel_size=(2, 1, 3)),
    *sliders(stride=(1, 1, 3), padding=(0, 0, 1)),
    *letters("symbols"),
    numbers=_gradient_and_kernel,
    cut=_square_kernel,
)
def explore_nine_equations(layer: Layer, **letters) -> Scene:
    """Every input gradient as a sum, written out in its cell."""
    return written_out(layer.upstream, layer.kernel, layer.input_size, **layer.how, **letters)


@explorer(
    *sliders(input_size=(4, 2, 6), kernel_size=(3, 1, 3)),
    buttons("patches", PATCHES, "gradients"),
    buttons("write", WRITES, "+="),
    *sliders(stride=(1, 1, 3), more=True),
    *letters("numbers"),
    numbers=lambda: {"input": sample_input(6, 6), **_gradient_and_kernel()},
    cut=one_channel,
)
def explore_folding(layer: Layer, **others) -> Scene:
    """col2im: patches written back with +=, and what = or a division by the counts makes of them.

    ``patches`` holds "gradients", each upstream gradient times the kernel, or the "input" itself, as
    im2col has copied it. ``write`` is "+=", "=" or "mean".
    """
    stride = layer.how["stride"]
    return folding(layer.input, layer.kernel, layer.upstream, stride, **others)


@explorer(
    *sliders(in_channels=(2, 1, 4), out_channels=(2, 1, 4), groups=(1, 1, 4)),
    buttons("way", WAYS, "right"),
    *sliders(input_size=(3, 2, 4), kernel_size=(2, 1, 3), more=True),
    *letters("numbers"),
    numbers=lambda: {"upstream": sample_gradient(4, 4, 4), "kernel": sample_kernel(4, 4, 3, 3)},
    cut=channels,
)
def explore_input_channels(layer: Layer, *, way: str, **letters) -> Scene:
    """Channels and groups on the way back: in and out are exchanged, and only the planes are turned.

    ``way`` lays the kernels down right, or makes one of three mistakes.
    """
    size = (layer.geometry["in_channels"], *layer.input_size)
    return input_channels(layer.kernel, layer.upstream, size, **layer.how, way=way, **letters)
