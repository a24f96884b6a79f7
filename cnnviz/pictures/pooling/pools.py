"""What the pictures of pooling share: who won and who read whom, the map that is pooled, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...functional import max_pool2d
from ...functional.geometry import Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Grid, Slot, Step, Stroke
from ...symbols import number
from ..maps import padded
from ..meetings import partners
from ..sheet import Sheet, across, edges, row
from ..words import call

# The room for a map and its pooled map, below them for the gradients that go back, and beside both
# for what the way back takes from the way there: the switches, or the shares.
THERE_AND_BACK = {
    **row(250, y=40, gap=110, largest=62, input=270, output=220),
    **row(250, y=360, gap=110, largest=62, input_gradient=270, upstream=220),
    "kept": Slot(640, 200, 240, 250, largest=66),
}
TITLE = 34  # above a grid there must be room for its title
SMALLEST_FOR_TWO_LINES = 34  # a cell in which both ways to store a place can be read


@dataclass(frozen=True)
class MaxPooled:
    """A max pooling of a map (H, W): which cell won which window, and who read whom.

    Cells of the map and windows are numbered row by row from 0. ``how`` are the arguments of
    ``max_pool2d`` after the map.

    >>> pool = MaxPooled.of(np.array([[1.0, 9.0, 2.0]]), (1, 2), 1)
    >>> pool.winners, pool.wins, pool.windows
    ([1, 1], [0, 2, 0], [[0], [0, 1], [1]])
    """

    input: np.ndarray
    how: tuple
    geometry: Geometry
    pooled: np.ndarray
    switches: np.ndarray

    @classmethod
    def of(cls, input: np.ndarray, *how) -> MaxPooled:
        """Raises DoesNotFit where ``max_pool2d`` does."""
        geometry = Geometry.of_pool(input.shape, *how)
        return cls(input, how, geometry, *max_pool2d(input, *how, return_indices=True))

    @cached_property
    def met(self) -> dict[str, np.ndarray]:
        return meetings(self.geometry)

    @cached_property
    def won(self) -> np.ndarray:
        """For each meeting of the table whether it is that of the winner."""
        return self.met["cell"] == self.switches.ravel()[self.met["output"]]

    @cached_property
    def winners(self) -> list[int]:
        """For each window the cell that won it: its switch."""
        return self.switches.ravel().tolist()

    @cached_property
    def won_by(self) -> list[list[int]]:
        """For each cell the windows that it won."""
        return partners(self.switches.ravel(), np.arange(self.switches.size), self.input.size)

    @cached_property
    def wins(self) -> list[int]:
        """For each cell how many windows it won."""
        return list(map(len, self.won_by))

    @cached_property
    def windows(self) -> list[list[int]]:
        """For each cell the windows that read it."""
        return partners(self.met["cell"], self.met["output"], self.input.size)

    @cached_property
    def reads(self) -> list[list[int]]:
        """For each window the cells that it reads; padding is none."""
        return partners(self.met["output"], self.met["cell"], self.switches.size)

    def row_and_column(self, window: int) -> tuple[int, int]:
        """The switch of a window as the blog keeps it, a pair."""
        return divmod(self.winners[window], self.input.shape[1])

    @property
    def both_ways(self) -> tuple[str, ...]:
        """Both ways to store a place: the flat number that PyTorch keeps, and the blog's pair."""
        return tuple(f"{cell}\n{self.row_and_column(n)}" for n, cell in enumerate(self.winners))


def meetings(geometry: Geometry) -> dict[str, np.ndarray]:
    """The table of a pooling: padded ``input`` cell, ``kernel`` cell and ``output`` cell of each
    meeting, and ``cell``, the input cell without its padding (NOWHERE in the padding)."""
    table = convolution_table(geometry)
    return {**table, "cell": unpadded_cells(geometry)[table["input"]]}


def pooled_map(sheet: Sheet, input: np.ndarray, geometry: Geometry, fill: str = "0") -> Grid:
    """The input of a pooling in its padding, which is written ``fill``; thicker lines between
    windows where they tile the map."""
    grid = padded(sheet.grid("input", input, editable=True), geometry.padding, fill)
    tiled = geometry.stride == geometry.kernel_size and geometry.dilation == (1, 1)
    return replace(grid, blocks=geometry.kernel_size) if tiled and not grid.zeros else grid


def switch_grid(name: str, title: str, pool: MaxPooled, slot: Slot) -> Grid:
    """The switches of a pooling, both as flat numbers and as pairs where there is room for both."""
    alone = tuple(map(str, pool.winners))
    grid = Grid(
        name,
        title,
        (1, 1, *pool.switches.shape),
        slot,
        role="switch",
        symbols=alone,
        names=alone,
        numbers=alone,
        values=np.full(len(alone), np.nan),  # places are no values: they get no colour
    )
    if grid.place.height < SMALLEST_FOR_TWO_LINES:
        return grid  # the sentence of a cell still says the pair
    return replace(grid, symbols=pool.both_ways)


# Arrows.


def there_and_back_arrows(grids: Mapping[str, Grid], word: str) -> tuple[Stroke, Stroke]:
    """To the pooled map and, below, back to the input. Forward are the first steps of the walk, one
    for each window, and back the others."""
    windows = grids["output"].size
    return (
        across(grids["input"], grids["output"], "forward", word, range(windows)),
        across(grids["upstream"], grids["input_gradient"], "backward", "back", way_back(windows)),
    )


def way_back(windows: int) -> tuple[int, ...]:
    """The steps back: one that begins with zeros, and one for each window."""
    return tuple(range(windows, 2 * windows + 1))


def kept_arrow(output: Grid, kept: Grid, word: str) -> Stroke:
    """From the pooled map down to what is kept of it, lit while the windows are pooled."""
    h, keep = edges(output), edges(kept)
    turn = keep.middle[0]
    points = ((h.right, h.middle[1]), (turn, h.middle[1]), (turn, keep.top - TITLE + 8))
    return Stroke(points, "forward", word, steps=tuple(range(output.size)))


def taken_arrow(kept: Grid, upstream: Grid) -> Stroke:
    """From what was kept down to the gradient that goes back with it."""
    keep, g = edges(kept), edges(upstream)
    turn = keep.middle[0]
    points = ((turn, keep.bottom), (turn, g.middle[1]), (g.right, g.middle[1]))
    return Stroke(points, "backward", steps=way_back(upstream.size))


def down_to_each(start: Grid, ends: Iterable[Grid]) -> tuple[Stroke, ...]:
    """What arrives, going back to each of some grids in the row below it."""
    x, y = edges(start).middle[0], edges(start).bottom
    tops = [(edges(end).middle[0], edges(end).top - TITLE + 8) for end in ends]
    turn = min(end.slot.y for end in ends) - TITLE - 18
    return tuple(Stroke(((x, y), (x, turn), (to, turn), (to, top)), "backward") for to, top in tops)


def size_in_words(geometry: Geometry, padding, ceil_mode: bool) -> str:
    """How many windows fit along a side, as the sum one does by hand.

    >>> size_in_words(Geometry.of_pool(5, 2), 0, False)
    'Windows along a side: ⌊(5 − 2) / 2⌋ + 1 = 2.'
    """
    axis = geometry.rows
    low, high = ("⌈", "⌉") if ceil_mode else ("⌊", "⌋")
    pads = f" + 2·{padding}" if padding else ""
    span = f"{axis.dilation}·({axis.kernel} − 1) − 1" if axis.dilation > 1 else str(axis.kernel)
    counted = -(-(axis.size + 2 * padding - axis.span) // axis.stride) + 1
    last = (
        ", less one that would start beyond the input" if ceil_mode and counted > axis.out else ""
    )
    return (
        f"Windows along a side: {low}({axis.size}{pads} − {span}) / {axis.stride}{high} + 1"
        f"{last} = {axis.out}."
    )


def begun_with(words: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps of which the first one also says what is to be known before it."""
    return tuple(
        replace(step, say=f"{words} {step.say}") if n == 0 else step for n, step in enumerate(steps)
    )


def pooling_call(sheet: Sheet, function: str, kernel_size, stride=None, **more) -> str:
    """The call in PyTorch; arguments at their defaults are left out.

    >>> pooling_call(Sheet({}), "max_pool2d", 2, 2, padding=1, ceil_mode=False)
    'h = torch.nn.functional.max_pool2d(a, 2, padding=1)'
    """
    result = sheet.letter("output") + ", switches" * more.get("return_indices", False)
    return call(
        result,
        f"nn.functional.{function}",
        [sheet.letter("input"), kernel_size],
        usual={"stride": kernel_size},
        stride=kernel_size if stride is None else stride,
        **more,
    )


def unpooling_call(letter: str, kernel_size, output_size: tuple[int, ...] | None = None) -> str:
    """The call of unpooling in PyTorch; the output size is said where it cannot be inferred.

    >>> unpooling_call("g", 2)
    'torch.nn.functional.max_unpool2d(g, switches, 2)'
    """
    arguments = [letter, "switches", kernel_size]
    return call("", "nn.functional.max_unpool2d", arguments, output_size=output_size)


def total(values: np.ndarray) -> str:
    """A sum as it is counted in the margin. Shares such as 1/9 must not leave a trace of rounding."""
    return number(round(float(np.sum(values)), 9))


def there_and_back(arriving: np.ndarray, returning: np.ndarray) -> tuple[tuple[str, str], ...]:
    """The two sums that tell whether a pooling loses gradient on the way back."""
    return (total(arriving), "sum of what arrives"), (total(returning), "sum of what goes back")
