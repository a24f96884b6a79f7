"""Pooling as in PyTorch: forward, backward, and the switches between them.

A map is (N, C, H, W), (C, H, W) or (H, W); results have the same rank. A *switch* is the number of
the winning cell in its H x W plane, row-major; there is one for each window. Sizes are in cells, as
an int or a pair (rows, columns). Cells may be numbers or SymPy expressions (object arrays). No
argument is written to, and no result shares memory with one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .geometry import DoesNotFit, Geometry, count, pair
from .windows import as_maps, as_shape, crop, pad, scatter, windows


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    order: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """The largest cell of every window, and with `return_indices` its switches too.

    input (..., H, W) -> (..., oh, ow), and switches of that shape. The first of equal cells wins.
    A nan is larger than everything, and the last nan wins. Padding never wins, not even against
    -inf. `order`, numbers of input's shape, decides in place of the cells themselves; symbols need
    it, for nobody knows which of two letters is larger.
    Raises `DoesNotFit` where the window does not fit or `order` has another shape, TypeError for
    symbols without an order. Source: `torch.nn.functional.max_pool2d`.

    >>> max_pool2d(np.array([[1, 5, 2, 2], [4, 0, 2, 1]]), 2, return_indices=True)
    (array([[5, 2]]), array([[1, 2]]))
    """
    x = as_maps(input, "input")
    ranking = x if order is None else as_maps(order, "order")
    if ranking.shape != x.shape:
        raise DoesNotFit(f"The order has shape {ranking.shape}, but the input {x.shape}.")
    geometry = Geometry.of_pool(x.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    try:
        winners, switches = _winners(ranking, geometry)
    except TypeError:
        raise TypeError(
            "Nobody knows which of these cells is the largest: max pooling of symbols needs an "
            "`order`, numbers of the input's shape."
        ) from None
    if order is not None:
        winners = np.take_along_axis(_flat(x), _flat(switches), axis=-1).reshape(switches.shape)
    return (winners, switches) if return_indices else winners


def max_pool2d_backward(grad_output: Any, input_size: Any, indices: Any) -> np.ndarray:
    """The gradient of max pooling to its input: each gradient goes to the cell its switch names.

    grad_output and indices (..., oh, ow) -> `input_size` (..., H, W). Where windows overlap, a
    cell that won several times gets the sum; a cell that won nowhere gets 0.
    Raises `DoesNotFit` where shapes do not belong together or a switch names no cell.
    Source for the switches: Zeiler, Taylor and Fergus, Adaptive deconvolutional networks for mid
    and high level feature learning (2011); Zeiler and Fergus, Visualizing and understanding
    convolutional networks (2014), section 2.1.

    >>> max_pool2d_backward([[10, 20]], (1, 3), [[1, 1]])
    array([[ 0, 30,  0]])
    """
    g = as_maps(grad_output, "grad_output")
    shape = as_shape(input_size, "input_size")
    cells, where = _blank(g, indices, shape, "grad_output")
    np.add.at(cells, where, g.ravel())  # `cells[where] += g` would drop repeated switches
    return cells.reshape(shape)


TIE_RULES = ("first", "all", "split")


def max_pool2d_shares(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    rule: str = "first",
) -> np.ndarray:
    """Which part of a window's gradient each of its cells gets, if equal cells share it by a rule.

    Numbers input (..., H, W) -> (..., oh, ow, kh, kw). "first" is PyTorch's rule: all of it to the
    switch. "all" gives all of it to every cell that equals the maximum, "split" an equal part.
    Without equal cells the three are the same. Padding never gets anything.
    Raises `DoesNotFit` where `max_pool2d` does, ValueError for another rule.
    Source for "all": blog-14 in the ledger, the equality test of its first backward pass.

    >>> max_pool2d_shares([[3, 1, 3]], (1, 3), rule="split").ravel()
    array([0.5, 0. , 0.5])
    """
    if rule not in TIE_RULES:
        raise ValueError(f"The rules for equal cells are {', '.join(TIE_RULES)}, not {rule!r}.")
    x = as_maps(input, "input")
    arguments = kernel_size, stride, padding, dilation, ceil_mode
    maxima, switches = max_pool2d(x, *arguments, return_indices=True)
    geometry = Geometry.of_pool(x.shape[-2:], *arguments)
    steps = geometry.kernel_size, geometry.stride, geometry.dilation
    height, width = geometry.input_size
    numbers = np.arange(height * width).reshape(height, width)
    numbers = windows(pad(numbers, geometry.padding, fill=-1), *steps)
    if rule == "first":
        return (numbers == switches[..., np.newaxis, np.newaxis]).astype(float)
    seen = windows(pad(x, geometry.padding), *steps)
    maxima = maxima[..., np.newaxis, np.newaxis]
    equal = (seen == maxima) | ((seen != seen) & (maxima != maxima))  # a nan equals a nan here
    shares = (equal & (numbers >= 0)).astype(float)
    return shares if rule == "all" else shares / shares.sum(axis=(-2, -1), keepdims=True)


def max_pool2d_backward_ties(
    grad_output: Any,
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    rule: str = "first",
) -> np.ndarray:
    """The gradient of max pooling to its input under one of three rules for equal cells.

    grad_output (..., oh, ow) and numbers input (..., H, W) -> (..., H, W). It is here to compare:
    under "first" it is `max_pool2d_backward`; under "all" a tie multiplies the gradient.
    Raises `DoesNotFit` where shapes do not belong together, ValueError for another rule.

    >>> max_pool2d_backward_ties([[2]], [[3, 1, 3]], (1, 3), rule="all")
    array([[2., 0., 2.]])
    """
    x, g = as_maps(input, "input"), as_maps(grad_output, "grad_output")
    shares = max_pool2d_shares(x, kernel_size, stride, padding, dilation, ceil_mode, rule)
    if g.shape != shares.shape[:-2]:
        raise DoesNotFit(
            f"grad_output has shape {g.shape}, but this pooling makes {shares.shape[:-2]}."
        )
    geometry = Geometry.of_pool(x.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    patches = shares * g[..., np.newaxis, np.newaxis]
    size = geometry.padded_size
    return crop(scatter(patches, size, geometry.stride, geometry.dilation), geometry.padding)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> np.ndarray:
    """Max pooling undone as far as it can be: each value at the cell its switch names, 0 elsewhere.

    input and indices (..., oh, ow) -> (..., H, W) with H = s(oh-1) + kh - 2p, unless `output_size`
    ((H, W), or a whole shape) names another size, less than one stride away: several sizes pool to
    the same one. Where a switch repeats, as it can when windows overlap, the last in row-major
    order stays; PyTorch leaves open which.
    Raises `DoesNotFit` where shapes do not belong together or a switch names no cell.
    Source: `torch.nn.functional.max_unpool2d`.

    >>> max_unpool2d([[5, 2]], [[1, 2]], 2)
    array([[0, 5, 2, 0],
           [0, 0, 0, 0]])
    """
    x = as_maps(input, "input")
    size = _unpooled_size(x.shape[-2:], kernel_size, stride, padding, output_size)
    shape = (*x.shape[:-2], *size)
    cells, where = _blank(x, indices, shape, "input")
    cells[where] = x.ravel()
    return cells.reshape(shape)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """The mean of every window.

    input (..., H, W) -> (..., oh, ow). Padding counts as cells of 0 unless `count_include_pad` is
    False; what `ceil_mode` lets hang over beyond the padding never counts. Means of whole numbers
    are float64, as with `np.mean`; PyTorch would cut them off to whole numbers.
    Raises `DoesNotFit` where the window does not fit. Source: `torch.nn.functional.avg_pool2d`.

    >>> avg_pool2d(np.array([[1, 2, 3, 5]]), (1, 2))
    array([[1.5, 4. ]])
    """
    x = _divisible(as_maps(input, "input"))
    geometry = Geometry.of_pool(x.shape[-2:], kernel_size, stride, padding, 1, ceil_mode)
    seen = windows(pad(x, geometry.padding), geometry.kernel_size, geometry.stride)
    total = np.zeros_like(seen[..., 0, 0])
    for a, b in np.ndindex(geometry.kernel_size):
        total += seen[..., a, b]
    return total / counted_cells(geometry, count_include_pad).astype(x.dtype)


def avg_pool2d_backward(
    grad_output: Any,
    input_size: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """The gradient of average pooling to its input: every cell of a window gets an equal share.

    grad_output (..., oh, ow) -> `input_size` (..., H, W). The share is one part of the number of
    cells counted forward; shares that fall on counted padding go nowhere.
    Raises `DoesNotFit` where shapes do not belong together.
    Source: the transpose of `torch.nn.functional.avg_pool2d`.

    >>> avg_pool2d_backward([[1.0, 4.0]], (1, 3), (1, 2), stride=1)
    array([[0.5, 2.5, 2. ]])
    """
    g = _divisible(as_maps(grad_output, "grad_output"))
    shape = as_shape(input_size, "input_size")
    geometry = Geometry.of_pool(shape[-2:], kernel_size, stride, padding, 1, ceil_mode)
    made = (*shape[:-2], *geometry.output_size)
    if g.shape != made:
        raise DoesNotFit(
            f"grad_output has shape {g.shape}, but this pooling makes {made} of {shape}."
        )
    share = g / counted_cells(geometry, count_include_pad).astype(g.dtype)
    shares = np.broadcast_to(share, (*geometry.kernel_size, *made)).copy()
    patches = np.moveaxis(shares, (0, 1), (-2, -1))
    return crop(scatter(patches, geometry.padded_size, geometry.stride), geometry.padding)


def counted_cells(geometry: Geometry, count_include_pad: bool = True) -> np.ndarray:
    """How many cells of each window its mean counts: (oh, ow).

    Padding counts if asked to; what `ceil_mode` lets hang over beyond it never does.

    >>> counted_cells(Geometry.of_pool(3, 2, padding=1), count_include_pad=False)
    array([[1, 2],
           [2, 4]])
    """
    height, width = geometry.input_size
    # `of_pool` puts what hangs over behind the padding, so the padding itself is that before
    (above, below), (left, right) = geometry.padding
    asked = pad(
        np.ones((height, width), int), ((above, above), (left, left)), fill=int(count_include_pad)
    )
    inside = pad(asked, ((0, below - above), (0, right - left)))
    return windows(inside, geometry.kernel_size, geometry.stride).sum(axis=(-2, -1))


def _winners(x: np.ndarray, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The largest cell of every window and its number: one walk through the kernel cells, first to
    last, that keeps the best seen so far and which kernel cell it was."""
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    seen = windows(
        pad(x, geometry.padding, fill=lowest),
        geometry.kernel_size,
        geometry.stride,
        geometry.dilation,
    )
    numbers, first = _cell_numbers(geometry)
    steps = (numbers[0, 0] - numbers[0, 0, 0, 0]).ravel()  # from a window's corner, in any window
    # Nothing exceeds itself, so padding, filled with the lowest number there is, never takes a
    # window from the real cell that has it at the start, even if that is as low.
    best = np.full(seen.shape[:-2], lowest, x.dtype)
    winner = np.empty(best.shape, np.min_scalar_type(steps.size))
    winner[...] = first
    # New arrays cost more than what is done with them, so these serve all kernel cells.
    cell = np.empty_like(best)
    better, nan = np.empty(best.shape, bool), np.empty(best.shape, bool)
    for tap, (a, b) in enumerate(np.ndindex(geometry.kernel_size)):
        np.copyto(cell, seen[..., a, b])  # in one run of memory, which is read four times
        np.greater(cell, best, out=better)
        better |= np.not_equal(cell, cell, out=nan)  # only nan differs from itself
        if x.dtype == object:
            np.copyto(best, cell, where=better)
        else:
            np.maximum(best, cell, out=best)  # the same, ten times faster; it keeps a nan
        # whoever is better later has the larger number, so this is an assignment where `better`
        np.maximum(winner, np.multiply(better, tap, dtype=winner.dtype), out=winner)
    switches = steps.take(winner)
    switches += numbers[..., 0, 0]
    return best, switches


@lru_cache(maxsize=16)  # training asks for the same ones again and again
def _cell_numbers(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """The cells of every window by number (oh, ow, kh, kw), counted on into the padding, and which
    kernel cell is the first to meet a real one (oh, ow)."""
    height, width = geometry.input_size
    (above, below), (left, right) = geometry.padding
    rows, columns = np.arange(-above, height + below), np.arange(-left, width + right)
    how = (geometry.kernel_size, geometry.stride, geometry.dilation)
    numbers = windows(np.add.outer(width * rows, columns), *how)
    real = windows(pad(np.ones((height, width), bool), geometry.padding), *how)
    real = real.reshape(*geometry.output_size, -1)
    if not real.any(axis=-1).all():
        i, j = np.argwhere(~real.any(axis=-1))[0]
        raise DoesNotFit(
            f"The window of output cell ({i}, {j}) meets padding only: nothing can win."
        )
    return numbers, real.argmax(axis=-1)


def _blank(
    values: np.ndarray, indices: Any, shape: tuple[int, ...], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """All cells of `shape` in a row, 0, and the places in that row the switches name."""
    switches = as_maps(indices, "indices")
    if switches.dtype.kind not in "iu":
        raise TypeError(f"Switches are whole numbers, not {switches.dtype}.")
    if switches.shape != values.shape or values.shape[:-2] != shape[:-2]:
        raise DoesNotFit(
            f"{name} {values.shape}, indices {switches.shape} and the map {shape} do not belong "
            "together: the first two must agree, and all three in batch and channels."
        )
    height, width = shape[-2:]
    plane = height * width
    if switches.size and (switches.min() < 0 or switches.max() >= plane):
        astray = switches[(switches < 0) | (switches >= plane)][0]
        raise DoesNotFit(
            f"A switch names cell {astray}, but a plane of {height} x {width} has "
            f"{'only cell 0' if plane == 1 else f'cells 0 to {plane - 1}'}."
        )
    cells = np.zeros(int(np.prod(shape)), values.dtype)
    flat = switches.reshape(-1, switches.shape[-2] * switches.shape[-1])
    return cells, (flat + plane * np.arange(len(flat))[:, np.newaxis]).ravel()


def _unpooled_size(
    pooled: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, int]:
    kernels = pair(kernel_size, "kernel size", at_least=1)
    strides = kernels if stride is None else pair(stride, "stride", at_least=1)
    paddings = pair(padding, "padding", at_least=0)
    axes = list(zip(pooled, kernels, strides, paddings, strict=True))
    usual = tuple(s * (o - 1) + k - 2 * p for o, k, s, p in axes)
    if output_size is None:
        return pair(usual, "unpooled size", at_least=1)
    *_, height, width = as_shape(output_size, "output_size")
    asked = height, width
    for wanted, size, (_, _, s, _) in zip(asked, usual, axes, strict=True):
        if not size - s < wanted < size + s:
            raise DoesNotFit(_no_such_size(wanted, size, s))
    return asked


def _no_such_size(wanted: int, usual: int, stride: int) -> str:
    """Both ends that are named may themselves be asked for."""
    low, high = max(1, usual - stride + 1), usual + stride - 1
    can_be = f"from {low} to {high}" if low < high else f"only {high}"
    return (
        f"An output size of {wanted} cannot be: this unpooling makes {count(usual, 'cell')}, and "
        f"with a stride of {stride} the output size is {can_be}."
    )


def _divisible(x: np.ndarray) -> np.ndarray:
    return x.astype(float) if x.dtype.kind in "iu" else x


def _flat(x: np.ndarray) -> np.ndarray:
    """(..., H, W) -> (..., H W)."""
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])
