"""Which cell of a picture a record is about: what the left side of its equation names."""

from __future__ import annotations

import re

from ...documents.meaning import places
from ...documents.printed import CannotRead, Matrix, Name, Partial, Product, parse
from ...documents.record import Record
from ...scene import Scene
from ...symbols import Notation, subscript

Cell = tuple[str, int]

# A whole map, or an index that stands free, is shown at this row and column: not on the diagonal, where
# an exchanged index would not be seen.
INSTANCE = (1, 2)
# Letters of single documents for parts that have another letter, too.
ALSO = {"theta": "output", "B": "bias"}


def pinned_cell(record: Record, scene: Scene, notation: Notation) -> Cell | None:
    """The cell that the ``pin`` of a record names, or else the left side of its print. None where they
    name none: the picture then stays as it has opened.

    A pin is the name of a cell, such as ``∂L/∂X_11``, or a grid with row and column: ``W (1, 5)``.
    Raises ValueError for a pin that is no cell of the picture.
    """
    if not record.pin:
        return next(filter(None, (_called(n, scene) for n in named_cells(record, notation))), None)
    cell = _at(record.pin, scene) or _called(record.pin, scene)
    if cell is None:
        raise ValueError(f"Its picture has no cell {record.pin}.")
    return cell


def named_cells(record: Record, notation: Notation) -> list[str]:
    """What the left side of a print names, the best name first: of a map that stands alone, such as
    the bias, the letter is tried before the letter of one of its cells.

    >>> from cnnviz.symbols import NOTATIONS
    >>> from types import SimpleNamespace as Print
    >>> named_cells(Print(printed=r"h_{12} = \\sum_{i=1}^3 k_{i1} a_{i2}"), NOTATIONS["note"])
    ['h_12']
    >>> named_cells(Print(printed="This side names nothing."), NOTATIONS["note"])
    []
    """
    try:
        sides = parse(record.printed).sides
    except CannotRead:
        return []
    # Where a whole formula stands at the left, as in X ⊛ K + B = Z, the thing that it gives is meant.
    things = (thing for thing in map(_thing, (sides[0], sides[-1])) if thing is not None)
    return next((found for thing in things if (found := _labels(thing, notation))), [])


def _thing(tree):
    """A side that is one thing: a letter, a derivative, or a table of them, with or without a caption."""
    match tree:
        case Product("", Matrix() as table, beside) if not isinstance(beside, Matrix):
            return table
        case Name() | Partial() | Matrix():
            return tree
    return None


def _labels(tree, notation: Notation) -> list[str]:
    match tree:
        case Name():
            return _names(tree, notation)
        case Partial(Name(letter=scalar), Name() as by) if scalar == notation.scalar:
            return [f"∂{scalar}/∂{label}" for label in _names(by, notation)]
        case Partial(Name() as of, Name() as by):
            pairs = zip(_names(of, notation), _names(by, notation), strict=False)
            return [f"∂{top}/∂{bottom}" for top, bottom in pairs]
        case Matrix(rows):
            entries = (_labels(entry, notation) for row in rows for entry in row)
            return next(filter(None, entries), [])
    return []


def _names(name: Name, notation: Notation) -> list[str]:
    """What a letter with its index names: a cell of the input, the kernel or the output, or the bias."""
    if name.above or name.primes:
        return []
    own = ("input", "kernel", "output", "bias")
    parts = {getattr(notation, part): part for part in own} | ALSO
    if name.letter not in parts:
        return []
    letter = getattr(notation, parts[name.letter])
    if parts[name.letter] == "bias":
        return [letter]
    return [f"{letter}_{subscript(*_index(name.below))}"]


def _index(below: str) -> tuple[int, int]:
    """A subscript as row and column: free letters are those of the instance, and a map without one is
    shown there, too."""
    if not below:
        return INSTANCE
    free = dict.fromkeys(re.findall(r"[A-Za-z]'*", below))
    if len(free) < 2:  # the slides number all cells in one row: F_i
        found = places(below, dict.fromkeys(free, INSTANCE[1]))
        return found if len(found) == 2 else (INSTANCE[0], found[0])
    return places(below, dict(zip(free, INSTANCE, strict=False)))


def _at(pin: str, scene: Scene) -> Cell | None:
    """A grid with row and column, of its first tile."""
    match = re.fullmatch(r"(\w+) \((\d+), (\d+)\)", pin)
    if not match or match[1] not in {grid.name for grid in scene.grids}:
        return None
    return entry_of(scene, match[1], int(match[2]), int(match[3]))


def entry_of(scene: Scene, grid: str, row: int, column: int) -> Cell | None:
    """The cell of a grid in a row and a column, counted from 1; None outside it."""
    *_, rows, columns = scene[grid].shape
    inside = 1 <= row <= rows and 1 <= column <= columns
    return (grid, (row - 1) * columns + column - 1) if inside else None


def _called(label: str, scene: Scene) -> Cell | None:
    """The cell of this name, in the first grid that has one."""
    for grid in scene.grids:
        if label in (grid.called or ()):
            return grid.name, grid.called.index(label)
    return None
