"""Max pooling, its gradient, and unpooling, derived for any geometry.

Sizes, order, letters and errors are those of `MaxPooling`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from .. import functional
from ..functional.geometry import DoesNotFit, Geometry
from ..functional.samples import ORDER_OF_THE_NOTE
from ..symbols import NOTATIONS, Notation, spoken
from .arrays import array, zeros
from .calling import called_like
from .chain import Chain, chain_rule_line
from .layer import meetings
from .letters import symbol_array
from .values import Applied, Derivation, Line


@dataclass(frozen=True, eq=False)
class MaxPooling:
    """A max pooling in letters: input (H, W), outputs (oh, ow), and the winner of each window.

    Sizes are in cells, as an int or a pair (rows, columns); the stride is that of the kernel unless
    said otherwise. ``order`` holds numbers of the input's size and decides which letters are
    larger, as in `max_pool2d`. Raises `DoesNotFit` for a geometry or an order that cannot be.

    >>> MaxPooling().winners[0, 1]
    (0, 3)
    """

    input_size: Any = (4, 4)
    kernel_size: Any = 2
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: bool = False
    order: Any = None
    notation: Notation = NOTATIONS["note"]
    start: int = 1

    def __post_init__(self) -> None:
        shape, size = self.numbers.shape, self.geometry.input_size
        if shape != size:
            raise DoesNotFit(f"The order has shape {shape}, but the input {size}.")
        self.code()  # raises the code's own sentence where a window meets padding only

    @property
    def how(self) -> tuple:
        """What the code is told beside the input."""
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode

    @cached_property
    def geometry(self) -> Geometry:
        return Geometry.of_pool(self.input_size, *self.how)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The order, or one for this size."""
        return _order(self.geometry.input_size) if self.order is None else np.asarray(self.order)

    @cached_property
    def input(self) -> np.ndarray:
        return symbol_array(self.notation.input, self.geometry.input_size, self.start)

    @cached_property
    def names(self) -> np.ndarray:
        """What the outputs are called."""
        return symbol_array(self.notation.output, self.geometry.output_size, self.start)

    @cached_property
    def windows(self) -> dict[tuple, list[tuple]]:
        """The cells that each output reads, in row-major order."""
        found = {place: [] for place in np.ndindex(self.names.shape)}
        for place, _, cell in meetings(self.geometry):
            found[place].append(cell)
        return found

    @cached_property
    def winners(self) -> dict[tuple, tuple]:
        """The largest cell of each window, found by looking; of equal ones `max` keeps the first."""
        return {
            place: max(cells, key=lambda cell: self.numbers[cell])
            for place, cells in self.windows.items()
        }

    @cached_property
    def chain(self) -> Chain:
        """The unknown scalar of the winners."""
        outputs = np.empty(self.names.shape, dtype=object)
        for place, cell in self.winners.items():
            outputs[place] = self.input[cell]
        return Chain(self.notation.scalar, self.names, outputs)

    @cached_property
    def largest(self) -> np.ndarray:
        """The outputs from the definition: the maximum of each window, whoever wins."""
        return self.over_windows(lambda cells: sympy.Max(*(self.input[c] for c in cells)))

    def over_windows(self, function: Callable) -> np.ndarray:
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
        return functional.max_pool2d(self.input, *self.how, return_indices=True, order=self.numbers)

    def run(self, cells: np.ndarray) -> np.ndarray:
        return functional.max_pool2d(cells, *self.how, order=self.numbers)

    def unpool(self, pooled: np.ndarray) -> np.ndarray:
        # the kernel spans d(k-1)+1 cells; the size asked for says the rest
        spans = tuple(axis.span for axis in self.geometry.axes)
        before = tuple(axis.padding.before for axis in self.geometry.axes)
        return functional.max_unpool2d(
            pooled, self.code()[1], spans, self.geometry.stride, before, self.input.shape
        )

    def run_on_restored(self, restored: np.ndarray) -> np.ndarray:
        """Pooling of what unpooling made, if no winner is negative: zeros count as 0."""
        order = np.unique(self.numbers, return_inverse=True)[1].reshape(self.numbers.shape) + 1
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
        smallest = min(self.numbers[cell] for cell in self.winners.values())
        return self._levels(sympy.Dummy("t", nonnegative=True), smallest)

    def _levels(self, base, base_number) -> dict:
        numbers = sorted(set(self.numbers.flat) | {base_number})
        at = numbers.index(base_number)
        level = {base_number: base}
        for lower, upper in zip(numbers[at:], numbers[at + 1 :], strict=False):
            level[upper] = level[lower] + sympy.Dummy("d", positive=True)
        for upper, lower in zip(numbers[at::-1], numbers[at - 1 :: -1] if at else [], strict=False):
            level[lower] = level[upper] - sympy.Dummy("d", positive=True)
        return {x: level[n] for x, n in zip(self.input.flat, self.numbers.flat, strict=True)}

    def counterexample(self) -> list[Line]:
        """One negative winner in a window with a zero: it does not come back. None without such."""
        kept = set(self.winners.values())
        for place, cells in self.windows.items():
            if all(cell in kept for cell in cells):
                continue
            order = np.unique(self.numbers, return_inverse=True)[1].reshape(self.numbers.shape)
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


@called_like(MaxPooling)
def max_pooling(pool: MaxPooling) -> Derivation:
    """The largest cell of each window goes on. The result has the size of the output.

    Source: note, section 1, the three matrices with bold maxima.

    >>> max_pooling().result
    array([[a_21, a_14],
           [a_31, a_43]], dtype=object)
    """
    return Derivation(
        "Max pooling keeps the largest cell of each window",
        "note, section 1",
        pool.forward,
        meanings=lambda: pool.meanings,
        code=lambda: pool.code()[0],
        calculus=lambda: pool.largest,
        notation=pool.notation,
    )


@called_like(MaxPooling)
def max_pooling_gradient(pool: MaxPooling) -> Derivation:
    """The gradient goes to the winners, and nothing to the others. A cell that won in several
    windows gets the sum.

    The result has the size of the input. Source: note, section 1; slides, "Backprop in Pooling
    Layer"; blog, MaxPoolLayer.backward (which has = where overlapping windows need +=).

    >>> max_pooling_gradient((1, 3), (1, 2), stride=1, order=[[1, 3, 2]]).result
    array([[0, ∂F/∂h_11 + ∂F/∂h_12, 0]], dtype=object)
    """
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
        notation=pool.notation,
    )


@called_like(MaxPooling)
def unpooling_as_partial_inverse(pool: MaxPooling) -> Derivation:
    """pool(unpool(p)) = p if no maximum is negative; unpool(pool(a)) is not a.

    Here p = pool(a), in any geometry. (For a p that is no pooled map, the windows must not overlap
    either.) Where a window has zeros in it, a negative maximum loses against them: the derivation
    shows it with a number. The result has the size of the output.
    Source: note, section 1, "partial inverse".

    >>> print(unpooling_as_partial_inverse().lines[2].right[0, 0])
    Max(0, a_21)
    """
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
        notation=pool.notation,
    )


def _order(size: tuple[int, int]) -> np.ndarray:
    """Different numbers in a mixed order; for 4×4 cells those of the note."""
    if size == (4, 4):
        return np.array(ORDER_OF_THE_NOTE)
    count = size[0] * size[1]
    return np.random.default_rng(3).permutation(count).reshape(size)


def _whole(numbers: np.ndarray) -> np.ndarray:
    return array([sympy.Integer(int(number)) for number in numbers.flat], numbers.shape)
