"""A misprint in a picture: the cell that is printed wrong is crossed, and holds what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ...documents.checks import CAPTION, Difference
from ...documents.printed import CannotRead, Name, Number, Partial, Plus, Product, parse
from ...documents.record import Record
from ...scene import NOWHERE, Grid, Scene
from ...symbols import Notation, spoken
from .pins import Cell, entry_of, named_cells

CROSSED = " A crossed cell holds what is printed."
HERE = " Here the print is wrong."


@dataclass(frozen=True)
class _Misprint:
    """A cell that is printed wrong, what stands in it then ("" for what it holds anyway), and what it
    then says ("" for what it says anyway)."""

    cell: Cell
    holds: str
    says: str


def with_misprints(
    scene: Scene,
    record: Record,
    differences: tuple[Difference, ...],
    cell: Cell | None,
    notation: Notation,
) -> tuple[Scene, Cell | None]:
    """The scene with the wrong cells crossed, and the cell to pin: the first of them.

    An entry of a printed table is one of the grid of ``cell``. Where an equation is wrong, it is that
    of the cell which its left side names. A sentence that is wrong has no wrong cell.
    """
    if cell is None:
        return scene, cell
    wrong = _entries(scene, cell, differences)
    of_a_value = all(difference.at != CAPTION for difference in differences)
    if not wrong and of_a_value and not record.pin and named_cells(record, notation):
        wrong = [_equation(scene[cell[0]], cell, record, differences[0])]
    if not wrong:
        return scene, cell
    crossed = _crossed(scene, scene[cell[0]], wrong)
    grids = tuple(crossed if grid.name == crossed.name else grid for grid in scene.grids)
    return replace(scene, grids=grids), wrong[0].cell


def _entries(scene: Scene, cell: Cell, differences: Iterable[Difference]) -> list[_Misprint]:
    """The differences that name an entry of the grid."""
    grid, found = scene[cell[0]], []
    for one in differences:
        match = re.search(r"entry \((\d+), (\d+)\)", one.at)
        at = entry_of(scene, grid.name, int(match[1]), int(match[2])) if match else None
        if at:
            alike = grid.symbols[at[1]] == _text(one.derived)
            found.append(_Misprint(at, _text(one.printed) * alike, _said(one) * alike))
    return found


def _equation(grid: Grid, cell: Cell, record: Record, difference: Difference) -> _Misprint:
    """The equation of a cell, which is written out in it where its grid holds sums."""
    *_, right = parse(record.printed).sides
    in_lines = _written(right).replace(" + ", "\n+ ") if "·" in grid.symbols[cell[1]] else ""
    return _Misprint(cell, in_lines, _said(difference))


def _crossed(scene: Scene, grid: Grid, wrong: list[_Misprint]) -> Grid:
    holds = {one.cell[1]: one.holds for one in wrong if one.holds}
    says = {one.cell[1]: one.says for one in wrong if one.says}
    # A zero that is wrong is not a quiet one: its text is no longer "0".
    symbols = (holds.get(cell, text) for cell, text in enumerate(grid.symbols))
    symbols = tuple(
        f"{text} " if text == "0" and cell in holds else text for cell, text in enumerate(symbols)
    )
    marks = {**grid.marks, "wrong": tuple(sorted(one.cell[1] for one in wrong))}
    made = replace(grid, names=grid.called, symbols=symbols, marks=marks, marked_since={})
    if grid.hues is not None and grid.entry:
        made = replace(made, hues=_hues(grid, scene[grid.entry].symbols, holds))
    if grid.sentences is None:  # those of a matrix follow from its rows and columns
        return replace(made, hit=grid.hit + CROSSED, miss=grid.miss + CROSSED)
    sentences = (
        says.get(cell, f"{text}{HERE * (cell in marks['wrong'])}")
        for cell, text in enumerate(grid.sentences)
    )
    return replace(made, sentences=tuple(sentences))


def _hues(grid: Grid, weights: tuple[str, ...], holds: dict[int, str]) -> tuple[int, ...]:
    """A weight has its hue where it is printed, too."""
    of = {c: weights.index(text) if text in weights else NOWHERE for c, text in holds.items()}
    return tuple(of.get(cell, hue) for cell, hue in enumerate(grid.hues))


# What is printed, in words.


def _said(difference: Difference) -> str:
    """What is printed in place of what; "" for what no sentence can hold."""
    printed, derived = _text(difference.printed), _text(difference.derived)
    if not printed or not derived:
        return ""
    return f"Printed is {_spoken(printed)}. It must be {_spoken(derived)}."


def _spoken(text: str) -> str:
    return re.sub(r"[^\s·]+", lambda label: spoken(label[0]), text)


def _text(latex: str) -> str:
    """A printed sum of products as labels, such as ``K_11·∂L/∂Z_22``; "" for anything else."""
    try:
        return _written(parse(latex).sides[0])
    except CannotRead:
        return ""


def _written(tree) -> str:
    match tree:
        case Number(value):
            return str(value)
        case Name(letter=letter, below=below, above="", primes=0):
            return f"{letter}_{below}" if below else letter
        case Partial(Name() as top, Name() as bottom):
            return f"∂{_written(top)}/∂{_written(bottom)}"
        case Product(left=left, right=right):
            return _joined("·", (left, right))
        case Plus(signs, terms) if set(signs) == {1}:
            return _joined(" + ", terms)
    return ""


def _joined(sign: str, parts: Iterable) -> str:
    texts = [_written(part) for part in parts]
    return sign.join(texts) if all(texts) else ""
