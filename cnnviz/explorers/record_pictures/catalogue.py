"""What the ``picture`` of a record may name, in the letters of its document.

A picture is an expression such as ``kernel_gradient(4, 3)``: of a layer come first the size of its input
and of its kernel. ``ties`` alone is the picture with its usual sizes. Any of them takes a ``step``, at
which it opens where no cell is pinned, and ``show="numbers"`` where it can show both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ...documents.checks import Difference
from ...documents.loading import named
from ...documents.record import Record
from ...functional.geometry import Geometry
from ...functional.samples import sample_gradient, sample_input, sample_kernel
from ...network.repairs import REPAIRS
from ...pictures.applications.relu_rules import relu_rules
from ...pictures.input_gradient.input_gradient import transposed_matrix
from ...pictures.input_gradient.scatter_gather import scatter_gather
from ...pictures.input_gradient.turned_kernel import turned_kernel
from ...pictures.input_gradient.written_out import written_out
from ...pictures.kernel_gradient.kernel_gradient import kernel_gradient
from ...pictures.kernel_gradient.one_weight import one_weight
from ...pictures.kernel_gradient.roles import three_correlations
from ...pictures.matrix.convolution_matrix import convolution_matrix
from ...pictures.network.repairs import repairs
from ...pictures.pooling.average_pooling import average_pooling
from ...pictures.pooling.max_pooling import max_pooling
from ...pictures.pooling.order_of_steps import order_of_steps
from ...pictures.pooling.overlapping_windows import overlapping_windows
from ...pictures.pooling.pooling_ties import pooling_ties
from ...pictures.pooling.swapped_switches import swapped_switches
from ...pictures.pooling.unpooling import unpooling
from ...pictures.refresher.conv_gate import conv_gate
from ...pictures.refresher.dense_layer import dense_layer
from ...pictures.refresher.gates import gate
from ...pictures.refresher.plain_network import plain_network
from ...pictures.small_example.whole_layer import whole_layer
from ...pictures.transposed.misnomer import misnomer
from ...pictures.transposed.size_ladder import size_ladder
from ...pictures.transposed.transposed import spreading
from ...scene import Scene
from ...symbols import NOTATIONS
from ..numbers import upstream_of
from ..pooling import distinct_map, turned_windows
from ..refresher import network_numbers
from .misprints import with_misprints
from .pins import pinned_cell


def picture_of(record: Record, differences: tuple[Difference, ...] = ()) -> Scene:
    """The picture of what a record states, with the cell lit that it is about.

    ``differences`` are those of a record that differs: what is printed wrong is crossed in the picture,
    and pinned. Raises ValueError, with the id of the record, if its picture or its pin is unknown.
    """
    notation = NOTATIONS[record.document]
    try:
        scene = _built(record.picture, {"notation": notation})
        cell = pinned_cell(record, scene, notation)
        if differences:
            scene, cell = with_misprints(scene, record, differences, cell, notation)
    except ValueError as problem:
        raise ValueError(f"{record.id}: {problem}") from None
    return scene.at(*cell) if cell else scene.opened() if scene.step < 0 else scene


def _built(expression: str, letters: Mapping) -> Scene:
    """The scene of an expression; what stands alone is called as it is.

    >>> _built("kernel_gradient(4, 3)", {}).title
    'The kernel gradient'
    >>> _built("karnel_gradient(4, 3)", {})
    Traceback (most recent call last):
    ...
    ValueError: Nothing is called karnel_gradient.
    """
    known = {name: partial(_at_step, make, letters) for name, make in PICTURES.items()}
    made = named(expression, known)
    return made() if callable(made) else made


def _at_step(make: Callable, letters: Mapping, *sizes, step: int = -1, **more) -> Scene:
    scene = make(*sizes, **{**letters, **more})
    return scene if step < 0 else scene.at_step(step)


# A convolution forward, and as a matrix.


def convolution(size: int, kernel: int, stride: int = 1, filters: int = 1, **letters) -> Scene:
    """The window on the input; several filters, such as those of the blog, make as many maps."""
    x = sample_input(*(1,) * (filters > 1), size, size)
    weights = sample_kernel(*(filters, 1) * (filters > 1), kernel, kernel)
    return convolution_matrix(x, weights, stride, parts=(), **letters)


def matrix(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """The weight matrix W beside its maps."""
    x, k, _ = _layer(size, kernel, stride)
    return convolution_matrix(x, k, stride, parts=("W",), **letters)


def layer(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """A whole layer with its bias, each gradient below its value."""
    x, k, g = _layer(size, kernel, stride)
    return whole_layer(x, k, 1.0, g, stride, **{"show": "symbols", **letters})


def layer_gate(size: int, kernel: int, **letters) -> Scene:
    """The layer as a gate, along a line of as many cells."""
    x, k, g = _layer(size, kernel, 1)
    return conv_gate(x[0], k[0], g[0], **letters)


def one_gate(kind: str, **letters) -> Scene:
    return gate(kind, 2.0, -3.0, 2.0, **letters)


# The gradient to the input.


def transposed(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """W and Wᵀ, and its product with the gradient that arrives."""
    return transposed_matrix(*_layer(size, kernel, stride), stride, **letters)


def scattered(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """Stamps of the kernel above, the turned kernel that slides below."""
    x, k, g = _layer(size, kernel, stride)
    return scatter_gather(g, k, x.shape, stride, **letters)


def gathered(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """The gradient in its padding, the turned kernel, and the input gradient that both give."""
    how = {"role": "input gradient", **letters}
    return three_correlations(*_layer(size, kernel, stride), stride, **how)


def spread(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """The gradient spread by the stride, beside what it was, and the kernel beside its turned one."""
    x, k, g = _layer(size, kernel, stride)
    return spreading(g, k, x.shape, stride, **letters)


def laid(size: int, kernel: int, turn: str = "180°", **letters) -> Scene:
    """A kernel that lies some way over the padded gradient, and which cells come out right."""
    x, k, g = _layer(size, kernel, 1)
    return turned_kernel(g, k, x.shape, turn, **letters)


def equations(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """All equations of the input gradient, written into its cells."""
    x, k, g = _layer(size, kernel, stride)
    return written_out(g, k, x.shape, stride, **letters)


def not_inverted(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """What the transpose and the pseudo-inverse bring back of a map."""
    x, k, _ = _layer(size, kernel, stride)
    return misnomer(x, k, stride, **letters)


def sizes(largest: int, kernel: int, stride: int = 1, **_letters) -> Scene:
    """Which input sizes give which output size, and which of them comes back."""
    return size_ladder(largest, kernel, stride)


# The gradients to kernel and bias.


def to_kernel(size: int, kernel: int, stride: int = 1, **letters) -> Scene:
    """The gradient that arrives as a window on the input."""
    x, k, g = _layer(size, kernel, stride)
    return kernel_gradient(x, k.shape, g, stride, **letters)


def paths(size: int, kernel: int, weight: int = 2, stride: int = 1, **letters) -> Scene:
    """The chain rule of one weight, whose number counts from 1: each of its local slopes is called
    ∂h/∂k, as in print."""
    scene = one_weight(*_layer(size, kernel, stride), weight - 1, stride, **letters)
    slopes = tuple(f"∂{h}/∂{scene['weight'].symbols[0]}" for h in scene["output"].symbols)
    grids = (replace(g, names=slopes) if g.name == "local" else g for g in scene.grids)
    return replace(scene, grids=tuple(grids))


# Pooling.


def pooled(size: int = 4, kernel: int = 2, **letters) -> Scene:
    """Max pooling there and back, with the winners of the note."""
    return max_pooling(_map(size), kernel, **letters)


def losing_cell(**letters) -> Scene:
    """The scalar against a cell that loses: it is flat."""
    return max_pooling(_map(4), 2, nudged=1, **letters)


def unpooled(what: str = "gradients", **letters) -> Scene:
    """The two steps of unpooling, of "gradients" or of the "values" themselves."""
    return unpooling(_map(4), 2, sample_gradient(2, 2) if what == "gradients" else None, **letters)


def swapped(**letters) -> Scene:
    """Two maps with one pooled map, and the switches of each for the other."""
    map_ = _map(4)
    return swapped_switches(map_, turned_windows(map_, 2), sample_gradient(2, 2), 2, **letters)


TIED = ((5, 1, 4, 0), (2, 5, 3, 1), (1, 6, 7, 3), (0, 2, 2, 1))  # two 5s in the first window


def ties(**letters) -> Scene:
    """Two equal cells under three rules, of which "all" is that of the equality test."""
    return pooling_ties(np.array(TIED, float), sample_gradient(2, 2), **letters)


def overlapping(size: int, kernel: int, stride: int, **letters) -> Scene:
    """A gradient added, and set, where it goes; the two differ where windows overlap."""
    x = sample_input(size, size)
    arriving = sample_gradient(*Geometry.of_pool(x.shape, kernel, stride).output_size)
    return overlapping_windows(x, arriving, kernel, stride, **letters)


def averaged(size: int = 4, kernel: int = 2, **letters) -> Scene:
    """Average pooling there and back, with the share of each cell."""
    return average_pooling(sample_input(size, size), kernel, **letters)


def steps_of_a_layer(**letters) -> Scene:
    """Convolution, ReLU and pooling, one after the other."""
    return order_of_steps(sample_input(5, 5) - 4, sample_kernel(2, 2), **letters)


# Networks.


def network(layers: int = 3, **letters) -> Scene:
    """The slides' four steps in a network of so many layers."""
    n = network_numbers()
    width = {1: 2, 2: 3, 3: 2, 4: 2}
    W = {l: n[f"W{l}"][: width[l + 1], : width[l]] for l in range(1, layers)}
    b = {l: n[f"b{l}"][: width[l + 1]] for l in range(1, layers)}
    return plain_network(n["a1"][: width[1]], W, b, n["y"][: width[layers]], **letters)


def dense(inputs: int = 3, outputs: int = 2, **letters) -> Scene:
    """A fully connected layer, a row times its weights, each gradient below its value."""
    x, weights = sample_input(1, inputs)[0], sample_kernel(inputs, outputs)
    bias, arriving = np.arange(1.0, outputs + 1), sample_gradient(1, outputs)[0]
    return dense_layer(x, weights, bias, arriving, **letters)


def relu(less: int = 4, **letters) -> Scene:
    """A ReLU on the way back: the first of the three rules is that of the gradient. ``less`` is what is
    taken off its input."""
    return relu_rules(sample_input(4, 4) - less, sample_gradient(4, 4), **letters)


def repair(fault: str, **_letters) -> Scene:
    """A fault of the blog's code beside its repair."""
    found = REPAIRS[fault]
    return repairs(found, found.size.first, found.count.first)


def _layer(size: int, kernel: int, stride: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of a square layer: its input, its kernel, and what arrives."""
    geometry = Geometry.of((size, size), (kernel, kernel), stride)
    return sample_input(size, size), sample_kernel(kernel, kernel), upstream_of(geometry.rows.out)


def _map(size: int) -> np.ndarray:
    """A map in which the same cells win as in the note."""
    return distinct_map()[:size, :size]


PICTURES: dict[str, Callable[..., Scene]] = {
    "convolution": convolution,
    "matrix": matrix,
    "layer": layer,
    "layer_gate": layer_gate,
    "gate": one_gate,
    "transposed_matrix": transposed,
    "scatter_gather": scattered,
    "gather": gathered,
    "spreading": spread,
    "turned_kernel": laid,
    "equations": equations,
    "misnomer": not_inverted,
    "sizes": sizes,
    "kernel_gradient": to_kernel,
    "paths": paths,
    "max_pooling": pooled,
    "losing_cell": losing_cell,
    "unpooling": unpooled,
    "swapped_switches": swapped,
    "ties": ties,
    "overlapping_windows": overlapping,
    "average_pooling": averaged,
    "order_of_steps": steps_of_a_layer,
    "network": network,
    "dense": dense,
    "relu": relu,
    "repair": repair,
}
