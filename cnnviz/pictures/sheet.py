"""The sheet a picture is drawn on: whose letters, the room for each grid, and the scene it becomes.

The name of a grid says what it holds. In the note "input" is a, "upstream" ∂F/∂h and
"kernel_gradient" ∂F/∂k; on the slides they are X, ∂L/∂O and ∂L/∂F.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..scene import Equation, Grid, Scene, Slot, Stroke
from ..symbols import NOTATIONS, Notation
from .grids import gradient_grid, map_grid, written
from .printed import record_of
from .words import Says, call, equation, said

# Which letter of a document a grid bears, where its name does not say so itself.
LETTERS = {"upstream": "output", "vector": "input", "padded": "input"}
BELOW, WIDTH = 20, 1200  # the margin under the lowest slot, and how wide every picture is
TITLE = 12  # how much more a title takes that stands under its grid


@dataclass(frozen=True)
class Sheet:
    """The slots of the grids, whose letters, the first index, and symbols or numbers."""

    slots: Mapping[str, Slot]
    notation: Notation = NOTATIONS["note"]
    start: int = 1
    show: str = "symbols"

    def grid(self, name: str, values: np.ndarray, *, of: str = "", slot: str = "", **more) -> Grid:
        """Maps (H, W), (C, H, W) or a kernel bank, with the names and numbers of their cells.

        ``of`` says what the grid holds where its name does not: a picture may show two input gradients.
        ``slot`` is its room where that is not the one of its name.

        >>> sheet = Sheet(row(100, upstream=100), NOTATIONS["slides"])
        >>> sheet.grid("upstream", np.ones((1, 2))).symbols
        ('∂L/∂O_11', '∂L/∂O_12')
        """
        holds, room = of or name, self.slots[slot or name]
        letter = self.letter(holds)
        if is_gradient(holds):
            scalar = self.notation.scalar
            made = gradient_grid(holds, scalar, letter, values, room, self.start, **more)
        else:
            made = map_grid(holds, letter, values, room, self.start, **more)
        return replace(made, name=name)

    def again(self, grid: Grid, name: str, title: str, *, editable: bool = False) -> Grid:
        """Cells that are shown a second time under another name, such as a kernel that is turned.

        >>> sheet = Sheet(row(100, kernel=100, turned=100))
        >>> sheet.again(sheet.grid("kernel", np.ones((1, 2))), "turned", "turned").symbols
        ('k_11', 'k_12')
        """
        return replace(
            grid, name=name, title=title, slot=self.slots[name], of=grid.origin, editable=editable
        )

    def letter(self, name: str) -> str:
        """The letter of what a grid holds; a gradient's is that of what it differentiates by."""
        name = name.removesuffix("_gradient")
        return getattr(self.notation, LETTERS.get(name, name))

    def equation(self, of: str, *factors: str, printed: str = "", plus: str = "") -> Equation:
        """A cell as a sum of products, with the record of the document that prints it: ``printed`` is
        one of PRINTED.

        >>> Sheet({}).equation("kernel_gradient", "upstream", "input", printed="kernel_gradient").ledger
        'note-60'
        """
        return equation(of, *factors, plus=plus, ledger=self.record(printed))

    def record(self, printed: str) -> str:
        """The id of the record of the document that prints a quantity, or ""."""
        return printed and record_of(printed, self.notation.document)

    def forward(self, printed: str = "", plus: str = "") -> Equation:
        """The equation of an output cell, its products in the order of the document.

        >>> Sheet({}, NOTATIONS["slides"]).forward().factors
        ('{input}', '{kernel}')
        """
        return self.equation("output", *self.notation.factors, printed=printed, plus=plus)

    def backward(self, by: str, other: str, printed: str = "") -> Equation:
        """What a cell collects on the way back, where no grid shows the gradients: the upstream
        gradient of each output it went to, times the cell of the other grid that it met there.

        >>> Sheet({}).backward("input", "kernel").left
        '∂F/∂{input}'
        """
        gradient = f"∂{self.notation.scalar}/∂{{{by}}}"
        factors = (f"{{{other}}}", f"∂{self.notation.scalar}/∂{{output}}")
        return Equation(gradient, factors, ledger=self.record(printed))

    def call(self, result: str, function: str, *arguments: str, **given) -> str:
        """The call in PyTorch. Grids bear their names in code: "kernel_gradient" is dk, and
        "kernel.shape" k.shape.

        >>> sheet = Sheet({}, NOTATIONS["note"])
        >>> sheet.call("output", "nn.functional.conv2d", "input", "kernel", stride=2, padding=0)
        'h = torch.nn.functional.conv2d(a, k, stride=2)'
        """
        return call(self.in_code(result), function, map(self.in_code, arguments), **given)

    def in_code(self, name: str) -> str:
        stem, dot, rest = name.partition(".")
        if not hasattr(self.notation, LETTERS.get(stem, stem).removesuffix("_gradient")):
            return name
        return f"{'d' * is_gradient(stem)}{self.letter(stem)}{dot}{rest}"

    def scene(
        self, title: str, grids: tuple[Grid, ...], table: Mapping, says: Mapping[str, Says], **more
    ) -> Scene:
        """The picture, as high as its slots need.

        ``says`` makes the sentence of a cell of a grid from its number; ``more`` is what else a
        `Scene` knows.
        """
        shown = tuple(
            self.written(said(grid, says[grid.name]) if grid.name in says else grid)
            for grid in grids
        )
        low = max(slot.y + slot.height + TITLE * slot.under for slot in self.slots.values())
        about = {"size": (WIDTH, low + BELOW), "beware": self._beware(shown), **more}
        return Scene(title, shown, table, **about)

    def _beware(self, grids: Iterable[Grid]) -> str:
        """The remark about a letter that means two things, where it stands in a title."""
        clashes = self.notation.clashes
        bites = clashes and any(clashes in grid.title for grid in grids)
        return self.notation.beware if bites else ""

    def written(self, grid: Grid) -> Grid:
        """Symbols or numbers in its cells. What was made to show numbers or colours always does, and
        switches are marks and keep what they show."""
        show = self.show if grid.show == "symbols" else grid.show
        return grid if grid.role == "switch" else written(grid, show)


def is_gradient(name: str) -> bool:
    return name == "upstream" or name.endswith("_gradient")


# The room for each grid.


def row(height: float, *, y=40, left=20, gap=50, largest=66, **widths: float) -> dict[str, Slot]:
    """Slots side by side, as wide as said.

    >>> row(330, input=370, upstream=240)["upstream"].x
    440
    """
    slots = {}
    for name, width in widths.items():
        slots[name] = Slot(left, y, width, height, largest)
        left += width + gap
    return slots


def column(width: float, *, left=20, y=40, gap=50, largest=66, **heights: float) -> dict[str, Slot]:
    """Slots one below the other, as high as said.

    >>> column(300, input=100, upstream=80)["upstream"].y
    190
    """
    slots = {}
    for name, height in heights.items():
        slots[name] = Slot(left, y, width, height, largest)
        y += height + gap
    return slots


def between(slots: Mapping[str, Slot], signs: str) -> tuple[tuple[float, float, str], ...]:
    """A sign in each gap of a row of slots.

    >>> between(row(100, input=100, kernel=50, output=80), "∗=")
    ((145, 100, '∗'), (245, 100, '='))
    """
    return tuple(
        ((a.x + a.width + b.x) // 2, a.y + a.height // 2 + 10, sign)
        for (a, b), sign in zip(pairwise(slots.values()), signs, strict=True)
    )


@dataclass(frozen=True)
class Edges:
    """Where an arrow may touch a grid: just outside its frame."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def edges(grid: Grid, away: float = 8) -> Edges:
    """The frame of a grid as it is, not of its slot, so that no arrow ends in the air.

    >>> box = edges(Sheet(row(100, input=100)).grid("input", np.ones((1, 1))), away=0)
    >>> box.left, box.right, box.middle
    (37.0, 103.0, (70.0, 90.0))
    """
    place, (tile_rows, tile_columns, rows, columns) = grid.place, grid.shape
    wide = tile_columns * (columns * place.width + place.gap) - place.gap
    high = tile_rows * (rows * place.height + place.gap) - place.gap
    return Edges(place.x - away, place.x + wide + away, place.y - away, place.y + high + away)


def across(start: Grid, end: Grid, kind: str, label: str = "", steps: Iterable[int] = ()) -> Stroke:
    """An arrow from the edge of one grid to that of another beside it, in the middle of the first."""
    a, b, y = edges(start), edges(end), edges(start).middle[1]
    ends = (a.right, b.left) if a.right < b.left else (a.left, b.right)
    return Stroke(tuple((x, y) for x in ends), kind, label, steps=tuple(steps))
