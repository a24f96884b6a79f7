"""Explorers of the transposed convolution: spreading, remainder, sizes, the misnomer, coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functional.geometry import DoesNotFit, Geometry, transposed_size
from ..functional.samples import sample_gradient, sample_input, sample_kernel
from ..pictures.transposed.coverage import coverage
from ..pictures.transposed.misnomer import misnomer
from ..pictures.transposed.remainder import remainder_strip
from ..pictures.transposed.size_ladder import size_ladder
from ..pictures.transposed.transposed import CALLED, spreading
from ..scene import Scene
from .controls import Slider, buttons, letters, sliders, tick
from .explorer import Explorer, explorer
from .numbers import Layer, convolution, one_channel, probed


def explore_spreading(*start, rectangles: bool = False, **given) -> Explorer:
    """The upstream gradient with zeros between and around it, and the turned kernel that moves over it.

    ``rectangles`` gives rows and columns sliders of their own. One button for each of the three names
    of the operation; ``forget_stride`` shows what goes wrong without the zeros between the gradients.
    """

    def build(layer: Layer, **others) -> Scene:
        input_size = layer.geometry["input_size"]
        return spreading(layer.upstream, layer.kernel, input_size, **layer.how, **others)

    square = sliders(gradient_size=(2, 1, 5), stride=(2, 1, 4), kernel_size=(3, 1, 5))
    oblong = (
        Slider("gradient_height", "gradient rows", 2, 1, 5),
        Slider("gradient_width", "gradient columns", 3, 1, 5),
        Slider("stride_height", "stride rows", 2, 1, 4),
        Slider("stride_width", "stride columns", 3, 1, 4),
        Slider("kernel_height", "kernel rows", 3, 1, 5),
        Slider("kernel_width", "kernel columns", 2, 1, 5),
    )
    controls = (
        *(oblong if rectangles else square),
        *sliders(more=True, padding=(0, 0, 4), output_padding=(0, 0, 3), dilation=(1, 1, 2)),
        *sliders(more=True, one_hot=(0, 0, 9)),
        buttons("called", CALLED, "transposed"),
        tick("forget_stride", "forget the stride"),
        *letters("symbols"),
    )
    numbers = {"upstream": sample_gradient(5, 5), "kernel": sample_kernel(5, 5)}
    cut = _oblong_gradient if rectangles else _square_gradient
    return Explorer(build, controls, numbers, cut, start, given)


def _square_gradient(data, *, gradient_size, kernel_size, stride, **others) -> tuple[Layer, dict]:
    return _going_back(data, (gradient_size,) * 2, (kernel_size,) * 2, (stride,) * 2, **others)


def _oblong_gradient(
    data, *, gradient_height, gradient_width, kernel_height, kernel_width, stride_height,
    stride_width, **others,
) -> tuple[Layer, dict]:  # fmt: skip
    gradient_size, kernel_size = (gradient_height, gradient_width), (kernel_height, kernel_width)
    return _going_back(data, gradient_size, kernel_size, (stride_height, stride_width), **others)


def _going_back(
    data, gradient_size, kernel_size, stride, *, padding, output_padding, dilation, one_hot, **others
) -> tuple[Layer, dict]:  # fmt: skip
    """The convolution whose upstream gradient has this size; the output padding is its remainder."""
    if output_padding >= min(stride):
        raise DoesNotFit(
            f"An output padding of {output_padding} is no remainder of a division by the stride "
            f"{min(stride)}."
        )
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    input_size = transposed_size(gradient_size, kernel_size, output_padding=output_padding, **how)
    return convolution(data, input_size, kernel_size, how, one_hot), others


def _line_numbers() -> dict[str, np.ndarray]:
    return {
        "input": sample_input(1, 12)[0],
        "kernel": sample_kernel(1, 5)[0],
        "upstream": sample_gradient(1, 18)[0],
    }


def _line(
    data, *, input_size, kernel_size, stride, padding, dilation, **others
) -> tuple[Layer, dict]:
    """A convolution along one axis."""
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    flat = {"input_size": (1, input_size), "kernel_size": (1, kernel_size)}
    flat |= {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation)}
    arrays = {
        "input": data["input"][:input_size],
        "kernel": data["kernel"][:kernel_size],
        "upstream": data["upstream"][: Geometry.of(**flat).columns.out],
    }
    return Layer(arrays, (kernel_size,), how, flat), others


@explorer(
    *sliders(input_size=(6, 1, 12), kernel_size=(3, 1, 5), stride=(2, 1, 4)),
    *sliders(more=True, padding=(0, 0, 3), dilation=(1, 1, 3)),
    *sliders(output_padding=(0, 0, 3)),
    *letters("symbols"),
    numbers=_line_numbers,
    cut=_line,
)
def explore_remainder(layer: Layer, **others) -> Scene:
    """Along one axis: the windows, the cells they do not reach, and the gradient that is too short."""
    return remainder_strip(layer.input, layer.kernel, layer.upstream, **layer.how, **others)


@explorer(
    *sliders(stride=(2, 1, 4), kernel_size=(3, 1, 5), padding=(0, 0, 3), dilation=(1, 1, 3)),
    Slider("largest", "largest input", 12, 4, 16),
)
def explore_size_ladder(*, largest: int, kernel_size: int, **how) -> Scene:
    """All input sizes, their output sizes, and the size that comes back without output padding."""
    return size_ladder(largest, kernel_size, **how)


def _one_hot_kernel(data, *, one_hot, **values) -> tuple[Layer, dict]:
    """A square layer of one channel with a probe in place of its kernel."""
    layer, others = one_channel(data, **values)
    kernel = probed(layer.kernel, one_hot)
    return replace(layer, arrays={**layer.arrays, "kernel": kernel}), others


@explorer(
    *sliders(input_size=(4, 1, 6), kernel_size=(3, 1, 4), stride=(1, 1, 4)),
    *sliders(padding=(0, 0, 2), dilation=(1, 1, 2)),
    Slider("one_hot", "one-hot kernel", 0, 0, 16),
    *letters(None),
    numbers=lambda: {"input": sample_input(6, 6), "kernel": sample_kernel(4, 4)},
    cut=_one_hot_kernel,
)
def explore_misnomer(layer: Layer, **letters) -> Scene:
    """A map, its convolution, and what the transpose and the pseudo-inverse bring back of it."""
    return misnomer(layer.input, layer.kernel, **layer.how, **letters)


# Which choice shows the numbers of an array; the other one shows ones.
SAMPLES = {"kernel": ("weights", "sample kernel"), "upstream": ("gradient", "sample gradient")}


def explore_coverage(*start, **given) -> Explorer:
    """How often each cell of an up-sampled map is written, and the checkerboard in the gradient.

    With ones in kernel and gradient the two maps are equal. ``output_padding`` adds the cells at the
    far end that the remainder leaves over. A ``kernel`` or an ``upstream`` gradient that is given is
    what the sample buttons show.
    """

    def build(layer: Layer, **others) -> Scene:
        return coverage(layer.upstream, layer.kernel, **layer.how, **others)

    at_first = "gradient of ones" if given.get("upstream") is None else "sample gradient"
    controls = (
        *sliders(kernel_size=(3, 1, 6), stride=(2, 1, 4)),
        *sliders(more=True, padding=(0, 0, 3), gradient_size=(5, 1, 10), output_padding=(0, 0, 3)),
        buttons("weights", ["kernel of ones", "sample kernel"], "sample kernel"),
        buttons("gradient", ["gradient of ones", "sample gradient"], at_first),
        buttons("show", ["colour", "numbers"], "colour"),
        *letters(None),
    )
    numbers = {
        "kernel": np.pad(sample_kernel(5, 5), (0, 1), mode="reflect"),
        "upstream": sample_gradient(10, 10),
    }
    return Explorer(build, controls, numbers, _samples_or_ones, start, given)


def _samples_or_ones(
    data, *, kernel_size, stride, padding, gradient_size, output_padding, weights, gradient, **others
) -> tuple[Layer, dict]:  # fmt: skip
    """The convolution whose upstream gradient has this size, with ones where they are chosen."""
    chosen = {"weights": weights, "gradient": gradient}
    arrays = {
        array: data[array] if chosen[choice] == shown else np.ones_like(data[array])
        for array, (choice, shown) in SAMPLES.items()
    }
    how = {"stride": stride, "padding": padding}
    input_size = transposed_size(gradient_size, kernel_size, output_padding=output_padding, **how)
    layer = convolution(arrays, input_size, (kernel_size,) * 2, how)
    return layer, {"output_padding": output_padding, **others}
