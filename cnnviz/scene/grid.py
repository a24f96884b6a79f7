"""Grids: named cells in a slot of the picture, what stands in them and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from . import scale

ROLES = ("read", "written", "padding", "inserted", "switch", "wrong")
MARKS = (*ROLES, "right", "cropped")  # the last two are ink, not colours: no roles of their own
NOWHERE = -1  # in the table: this meeting has no cell in that grid


@dataclass(frozen=True)
class Slot:
    """The room a grid may fill, in picture units. Slots stay put while the cells in them change."""

    x: float
    y: float
    width: float
    height: float
    largest: float = 44.0  # no cell grows beyond this
    square: bool = True
    centred: bool = True
    beside: bool = False  # the title stands at the left of the grid, not above it,
    under: bool = False  # ... or below it


@dataclass(frozen=True)
class Place:
    """Where the cells of a grid are: corner of the first cell, cell size, gap between tiles."""

    x: float
    y: float
    width: float
    height: float
    gap: float


@dataclass(frozen=True)
class Cards:
    """Cells that stand alone: how large each of them is, and the top left corner of each."""

    width: float
    height: float
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axis:
    """One axis of a derived grid: entry n belongs to cell ``cells[n]`` of the base grid ``grid``."""

    grid: str
    cells: tuple[int, ...]

    @cached_property
    def position(self) -> Mapping[int, int]:
        """Cell of the base grid -> entry on this axis. Cells that are not there (padding) are -1."""
        return {cell: n for n, cell in enumerate(self.cells)}


@dataclass(frozen=True)
class Grid:
    """A named grid of cells.

    ``shape`` is (tile rows, tile columns, rows, columns): channels are tiles side by side, and a
    kernel bank has output channels downward and input channels across. Cells are numbered in
    row-major order of that shape. ``symbols`` and ``numbers`` hold one string for each cell, or
    None where a grid is too large to write in. The number in a cell is also its colour; ``values``
    (one for each cell) are the numbers where none are written. ``hues`` colours cells by what they
    are instead, such as the weights inside W; NOWHERE has no colour. Where ``own_scale`` is set the
    colours end at this grid's own largest number, not at that of the picture.
    ``marks`` gives cells a lasting role; ``marked_since`` says of some the step from which it is seen,
    so that no mark gives away what a walk is still to find. ``down`` and ``across`` make the grid a
    derived one.
    ``frames`` holds, for each step, what stands in the cells after it; at rest the texts do. Where
    colours alone are shown they are the numbers that the cells then have, or "" for none yet.
    ``since`` is the step that writes all of the grid at once: before it the tiles are empty.
    ``cards`` say where each cell stands, where they stand in no rows of one length. A cell of the same
    name in the next picture is the same card: the browser shows how it moves.
    ``names`` is what the cells are called in equations, where their symbols say something else: a
    pooled cell h_11 may show the cell a_21 that won.
    """

    name: str
    title: str
    shape: tuple[int, int, int, int]
    slot: Slot
    role: str = "read"
    symbols: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None
    show: str = "symbols"
    frames: tuple[tuple[str, ...], ...] = ()
    since: int = -1
    values: np.ndarray | None = None
    hues: tuple[int, ...] | None = None
    own_scale: bool = False
    marks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    marked_since: Mapping[int, int] = field(default_factory=dict)
    sentences: tuple[str, ...] | None = None
    saying: str = ""  # or one for all of them, with {map}, {row}, {column} and {number} filled in
    hit: str = ""  # the sentence for a cell of a matrix that a row of the table meets ...
    miss: str = ""  # ... and for one that none meets
    entry: str | None = None  # the base grid whose cell is written in a matrix
    down: Axis | None = None
    across: Axis | None = None
    blocks: tuple[int, int] | None = None  # a stronger line after so many rows and columns
    of: Grid | None = None  # the grid whose cells were laid out anew ...
    cells: tuple[int, ...] = ()  # ... and which of them each cell is; below 0 it is a zero
    editable: bool = False
    brief: bool = False  # of a_12 the cell shows 12: its letter stands in the title
    cards: Cards | None = None
    photograph: bool = False  # values from 0, black, to 1, white, whatever the paper is

    def __post_init__(self):
        if self.role not in ROLES or not set(self.marks) <= set(MARKS):
            raise ValueError(f"Grid {self.name!r}: the roles are {', '.join(ROLES)}.")
        for texts in (self.symbols, self.names, self.numbers, self.sentences, *self.frames):
            if texts is not None and len(texts) != self.size:
                raise ValueError(f"Grid {self.name!r} has {self.size} cells, not {len(texts)}.")

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def awaited(self, step: int) -> bool:
        """Is nothing of it there yet at this step? At rest, -1, all is there."""
        return 0 <= step < self.since

    @property
    def origin(self) -> Grid:
        """The grid that its cells come from: itself, unless they were laid out anew."""
        return self.of or self

    def index_of(self, cell: int) -> tuple[int, ...]:
        """Where a cell stands in the grid that it comes from: (tile row, tile column, row, column)."""
        at = self.cells[cell] if self.cells else cell
        return tuple(int(n) for n in np.unravel_index(at, self.origin.shape))

    @property
    def edge_of(self) -> str:
        """The grid whose cells stand along it, where it is the edge of a matrix; else its own name."""
        axes = [axis.grid for axis in (self.down, self.across) if axis is not None]
        return axes[0] if len(axes) == 1 else self.name

    @property
    def zeros(self) -> tuple[int, ...]:
        """Cells of padding and inserted zeros: always 0, they hold no number of their own."""
        return (*self.marks.get("padding", ()), *self.marks.get("inserted", ()))

    @cached_property
    def texts(self) -> tuple[str, ...] | None:
        """What stands in the cells now. ∂F/∂a stands in the title: of ∂F/∂a_12 the cell shows the index."""
        texts = {"symbols": self.symbols, "numbers": self.numbers}.get(self.show)
        return texts and tuple(map(index_alone if self.brief else index_of_gradient, texts))

    @cached_property
    def counts(self) -> np.ndarray:
        """The number in each cell, NaN where there is none. Zeros that were put in count as none."""
        if self.values is not None:
            return np.asarray(self.values, float).ravel()
        if self.numbers is None:
            return np.full(self.size, np.nan)
        return np.array([scale.number_in(text) for text in self.numbers])

    @property
    def coloured(self) -> bool:
        """Do the colours of its cells say their numbers?"""
        return self.hues is None and not self.photograph and bool(np.isfinite(self.counts).any())

    def levels_of(self, texts: tuple[str, ...], most: float) -> np.ndarray:
        """The level of each cell while these texts stand in its cells: a symbol has the colour of its
        number, and where nothing stands there is no colour."""
        whole = [one for one in (self.texts, self.symbols, self.numbers) if one] or [texts]
        shown = [
            own if text != "" and text in rest else scale.number_in(text)
            for text, own, *rest in zip(texts, self.counts.tolist(), *whole, strict=True)
        ]
        return scale.levels(shown, most)

    @property
    def called(self) -> tuple[str, ...] | None:
        """The names of the cells; None where a grid is too large for names."""
        return self.names or self.symbols

    def name_of(self, cell: int) -> str:
        """What a cell is called. Raises KeyError in a grid whose cells have no names."""
        if self.called is None:
            raise KeyError(f"The cells of grid {self.name!r} have no names.")
        return self.called[cell]

    def written_in(self, cell: int) -> str:
        """The symbol that stands in a cell. Raises KeyError in a grid that has none."""
        if self.symbols is None:
            raise KeyError(f"In the cells of grid {self.name!r} no symbols are written.")
        return self.symbols[cell]

    @cached_property
    def place(self) -> Place:
        if self.cards:
            return Place(self.slot.x, self.slot.y, self.cards.width, self.cards.height, 0.0)
        tile_rows, tile_columns, rows, columns = self.shape
        slot = self.slot
        gap = 14.0 if tile_rows * tile_columns > 1 else 0.0
        width = min(
            slot.largest, (slot.width - gap * (tile_columns - 1)) / (tile_columns * columns)
        )
        height = min(slot.largest, (slot.height - gap * (tile_rows - 1)) / (tile_rows * rows))
        if slot.square:
            width = height = min(width, height)
        across = tile_columns * columns * width + gap * (tile_columns - 1)
        down = tile_rows * rows * height + gap * (tile_rows - 1)
        x = slot.x + (slot.width - across) / 2 * slot.centred
        y = slot.y + (slot.height - down) / 2 * slot.centred
        return Place(round(x, 2), round(y, 2), round(width, 3), round(height, 3), gap)

    def whereabouts(self, cell: int) -> dict[str, str | int]:
        """Which map, row and column a cell is in, counted from 1, and the number in it."""
        rows, columns = self.shape[2:]
        tile, inside = divmod(cell, rows * columns)
        row, column = divmod(inside, columns)
        number = self.numbers[cell] if self.numbers else ""
        return {"map": tile + 1, "row": row + 1, "column": column + 1, "number": number}

    def corner(self, cell: int) -> tuple[float, float]:
        """The top left corner of a cell, in picture units."""
        if self.cards:
            return self.cards.corners[cell]
        _, tile_columns, rows, columns = self.shape
        tile, inside = divmod(cell, rows * columns)
        tile_row, tile_column = divmod(tile, tile_columns)
        row, column = divmod(inside, columns)
        place = self.place
        return (
            place.x + tile_column * (columns * place.width + place.gap) + column * place.width,
            place.y + tile_row * (rows * place.height + place.gap) + row * place.height,
        )


def index_of_gradient(label: str) -> str:
    """What a cell shows of its label: of a gradient the index alone, lowered as an index is, so that
    it does not pass for a number; anything else as it is.

    >>> index_of_gradient("∂F/∂a_12"), index_of_gradient("a_12"), index_of_gradient("∂F/∂x")
    ('_12', 'a_12', '∂F/∂x')
    """
    return index_alone(label) if label.startswith("∂") else label


def index_alone(label: str) -> str:
    """A label without its letter and its channels.

    >>> index_alone("a_12"), index_alone("k^(1,2)_11"), index_alone("0")
    ('_12', '_11', '0')
    """
    _, _, index = label.partition("_")
    return f"_{index}" if index.replace(",", "").isdigit() else label
