"""Max pooling, its gradient, and unpooling, derived for any geometry.

Sizes are in cells, as an int or a pair (rows, columns); the stride is that of the kernel unless
said otherwise. `order` holds numbers of the input's size and decides which letters are larger, as
in `max_pool2d`. All functions raise `DoesNotFit` for a geometry that cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import DoesNotFit, Geometry
from ..functional.samples import ORDER_OF_THE_NOTE
from ..symbols import NOTATIONS, Notation, spoken
from .arrays import array, zeros
from .chain import Chain
from .layer import meetings
from .letters import symbol_array
from .values import Applied, Derivation, Line, chain_rule_line

NOTE = NOTATIONS["note"]


def max_pooling(
    input_size: Any = (4, 4),
    kernel_size: Any = 2,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    order: Any = None,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """The largest cell of each window goes on. The result has the size of the output.

    Source: note, section 1, the three matrices with bold maxima.

    >>> max_pooling().result
    array([[a_21, a_14],
           [a_31, a_43]], dtype=object)
    """
    pool = _MaxPooling(
        input_size, kernel_size, stride, padding, dilation, ceil_mode, order, notation, start
    )
    return Derivation(
        "Max pooling keeps the largest cell of each window",
        "note, section 1",
        pool.forward,
        meanings=lambda: pool.meanings,
        code=lambda: pool.code()[0],
        calculus=lambda: pool.largest,
        notation=notation,
    )


def max_pooling_gradient(
    input_size: Any = (4, 4),
    kernel_size: Any = 2,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    order: Any = None,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """The gradient goes to the winners, and nothing to the others. A cell that won in several
    windows gets the sum.

    The result has the size of the input. Source: note, section 1; slides, "Backprop in Pooling
    Layer"; blog, MaxPoolLayer.backward (which has = where overlapping windows need +=).

    >>> max_pooling_gradient((1, 3), (1, 2), stride=1, order=[[1, 3, 2]]).result
    array([[0, ∂F/∂h_11 + ∂F/∂h_12, 0]], dtype=object)
    """
    pool = _MaxPooling(
        input_size, kernel_size, stride, padding, dilation, ceil_mode, order, notation, start
    )
    chain, a = pool.chain, pool.input
    wanted = chain.gradient(a)
    lines = (
        *pool.forward,
        chain_rule_line(chain, a, wanted),
        Line(
            chain.local(a),
            chain.slopes(a),
            "An output moves with its winner, by the same amount. A cell that lost does not move "
            "it at all.",
        ),
        Line(
            wanted,
            chain.substituted(a),
            "Each gradient goes to the place of its winner. All other cells get 0. Where one cell "
            "won twice, its gradients add up.",
        ),
    )
    return Derivation(
        "The gradient of max pooling goes to the winners",
        "note, section 1",
        lines,
        meanings=lambda: pool.meanings | dict(chain.meanings(a)) | pool.levels,
        code=lambda: functional.max_pool2d_backward(chain.upstream, a.shape, pool.code()[1]),
        calculus=lambda: chain.calculus(a),
        notation=notation,
    )


def unpooling_as_partial_inverse(
    input_size: Any = (4, 4),
    kernel_size: Any = 2,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    order: Any = None,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """pool(unpool(p)) = p if no maximum is negative; unpool(pool(a)) is not a.

    Here p = pool(a), in any geometry. (For a p that is no pooled map, the windows must not overlap
    either.) Where a window has zeros in it, a negative maximum loses against them: the derivation
    shows it with a number. The result has the size of the output.
    Source: note, section 1, "partial inverse".

    >>> print(unpooling_as_partial_inverse().lines[2].right[0, 0])
    Max(0, a_21)
    """
    pool = _MaxPooling(
        input_size, kernel_size, stride, padding, dilation, ceil_mode, order, notation, start
    )
    a, size = pool.input, pool.geometry.input_size
    restored = zeros(size)
    for place in np.ndindex(pool.names.shape):
        restored[pool.winners[place]] = a[pool.winners[place]]
    again = pool.over_windows(lambda cells: sympy.Max(*(restored[cell] for cell in cells)))
    kept = pool.chain.outputs
    lines = (
        Line(Applied("pool", pool.run, a), kept, "Pooling keeps the winners."),
        Line(
            Applied("unpool", pool.unpool, kept),
            restored,
            "Unpooling puts each back in its place, and zeros everywhere else. The cells that lost "
            "do not come back.",
        ),
        Line(
            Applied("pool", pool.run_on_restored, restored),
            again,
            "Pool once more: each winner now competes with zeros.",
        ),
        *pool.counterexample(),
        Line(
            again,
            kept,
            "If no winner is negative, it beats the zeros: pooling undoes unpooling.",
        ),
    )
    return Derivation(
        "Unpooling is a partial inverse of pooling",
        "note, section 1, “partial inverse”",
        lines,
        meanings=lambda: pool.meanings_without_negative_winners(),
        code=lambda: pool.run_on_restored(pool.unpool(pool.code()[0])),
        calculus=lambda: pool.largest,
        notation=notation,
    )


class _MaxPooling:
    """The letters of a max pooling, and its winners found by looking through each window."""

    def __init__(
        self, input_size, kernel_size, stride, padding, dilation, ceil_mode, order, notation, start
    ):
        self.geometry = Geometry.of_pool(
            input_size, kernel_size, stride, padding, dilation, ceil_mode
        )
        size = self.geometry.input_size
        self.order = _order(size) if order is None else np.asarray(order)
        if self.order.shape != size:
            raise DoesNotFit(f"The order has shape {self.order.shape}, but the input {size}.")
        self.how = (kernel_size, stride, padding, dilation, ceil_mode)
        self.input = symbol_array(notation.input, size, start)
        self.names = symbol_array(notation.output, self.geometry.output_size, start)
        self.code()  # raises the code's own sentence where a window meets padding only
        self.windows = {place: [] for place in np.ndindex(self.names.shape)}
        for place, _, cell in meetings(self.geometry):
            self.windows[place].append(cell)
        # `max` keeps the first of equal numbers, and the windows are in row-major order
        self.winners = {
            place: max(cells, key=lambda cell: self.order[cell])
            for place, cells in self.windows.items()
        }
        outputs = self.over_windows(lambda cells: None)
        for place, cell in self.winners.items():
            outputs[place] = self.input[cell]
        self.chain = Chain(notation.scalar, self.names, outputs)
        self.largest = self.over_windows(lambda cells: sympy.Max(*(self.input[c] for c in cells)))

    def over_windows(self, function) -> np.ndarray:
        found = np.empty(self.names.shape, dtype=object)
        for place, cells in self.windows.items():
            found[place] = function(cells)
        return found

    @property
    def forward(self) -> tuple[Line, ...]:
        return (
            Line(self.names, self.largest, "Each output is the largest cell of its window."),
            Line(
                self.names,
                self.chain.outputs,
                "The numbers in the cells decide. Here these cells win.",
            ),
        )

    def code(self) -> tuple[np.ndarray, np.ndarray]:
        """Winners and switches, as the code finds them."""
        return functional.max_pool2d(self.input, *self.how, return_indices=True, order=self.order)

    def run(self, cells: np.ndarray) -> np.ndarray:
        return functional.max_pool2d(cells, *self.how, order=self.order)

    def unpool(self, pooled: np.ndarray) -> np.ndarray:
        # the kernel spans d(k-1)+1 cells; the size asked for says the rest
        spans = tuple(axis.span for axis in self.geometry.axes)
        before = tuple(axis.padding.before for axis in self.geometry.axes)
        return functional.max_unpool2d(
            pooled, self.code()[1], spans, self.geometry.stride, before, self.input.shape
        )

    def run_on_restored(self, restored: np.ndarray) -> np.ndarray:
        """Pooling of what unpooling made, if no winner is negative: zeros count as 0."""
        order = np.unique(self.order, return_inverse=True)[1].reshape(self.order.shape) + 1
        zero = np.array([cell == 0 for cell in restored.flat]).reshape(restored.shape)
        return functional.max_pool2d(restored, *self.how, order=np.where(zero, 0, order))

    @property
    def levels(self) -> dict:
        """Each letter as the lowest one plus positive steps: all numbers that are ordered so."""
        return self._levels(sympy.Dummy("t", real=True), 0)

    @property
    def meanings(self) -> Mapping:
        return dict(zip(self.names.flat, self.largest.flat, strict=True)) | self.levels

    def meanings_without_negative_winners(self) -> Mapping:
        """The same letters, with the smallest winner at least 0."""
        smallest = min(self.order[cell] for cell in self.winners.values())
        return self._levels(sympy.Dummy("t", nonnegative=True), smallest)

    def _levels(self, base, base_number) -> dict:
        numbers = sorted(set(self.order.flat) | {base_number})
        at = numbers.index(base_number)
        level = {base_number: base}
        for lower, upper in zip(numbers[at:], numbers[at + 1 :], strict=False):
            level[upper] = level[lower] + sympy.Dummy("d", positive=True)
        for upper, lower in zip(numbers[at::-1], numbers[at - 1 :: -1] if at else [], strict=False):
            level[lower] = level[upper] - sympy.Dummy("d", positive=True)
        return {x: level[n] for x, n in zip(self.input.flat, self.order.flat, strict=True)}

    def counterexample(self) -> list[Line]:
        """One negative winner in a window with a zero: it does not come back. None without such."""
        kept = set(self.winners.values())
        for place, cells in self.windows.items():
            if all(cell in kept for cell in cells):
                continue
            order = np.unique(self.order, return_inverse=True)[1].reshape(self.order.shape)
            numbers = _whole(order - order[self.winners[place]] - 1)  # this winner is now -1
            pooled = functional.max_pool2d(numbers, *self.how)
            there = Applied("unpool", self.unpool, pooled)
            name = spoken(str(self.input[self.winners[place]]))
            return [
                Line(
                    Applied("pool", lambda m: functional.max_pool2d(m, *self.how), there),
                    pooled,
                    "A negative winner loses against a zero. Put numbers in the same order, with "
                    f"−1 for {name}: it comes back as 0.",
                    relation="≠",
                )
            ]
        return []


def _order(size: tuple[int, int]) -> np.ndarray:
    """Different numbers in a mixed order; for 4×4 cells those of the note."""
    if size == (4, 4):
        return np.array(ORDER_OF_THE_NOTE)
    count = size[0] * size[1]
    return np.random.default_rng(3).permutation(count).reshape(size)


def _whole(numbers: np.ndarray) -> np.ndarray:
    return array([sympy.Integer(int(number)) for number in numbers.flat], numbers.shape)
