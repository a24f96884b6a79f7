"""A scene: what a picture shows, as a value.

A scene knows nothing of pixels on a screen, colours or widgets. It names grids of cells, says what
is written in them, which cells belong together, and the sentence for each cell. It prints as text,
so it can be tested, compared and read aloud.

Cells belong together through one *table*. Each row of the table names a cell in every base grid
(this input cell meets this kernel cell on the way to this output cell). Whatever cell a learner
points at, the rows that contain it say what lights up. Other grids are *derived*: their rows and
columns are themselves cells of base grids. The weight matrix W, for example, has an output cell for
each row and an input cell for each column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path

import numpy as np

from ..symbols import number, spoken
from . import scale
from .grid import NOWHERE, Axis, Grid
from .parts import Equation, Lamp, Step, Stroke

SEEN = {"padding": "•", "inserted": "○"}  # what is seen, and printed, in place of a zero
EDGE = 20  # free at the right of the last grid

# File endings, and the module beside this one whose ``write(scene, path)`` writes them.
WRITERS = {".html": "page", ".svg": "svg", ".txt": "scene", ".pdf": "pdf", ".png": "png"}


@dataclass(frozen=True)
class Scene:
    """Grids, the table that links their cells, and the sentence that says what is seen.

    ``signs`` are (x, y, text) between the grids, ``strokes`` the lines; ``counters`` are (number,
    words) pairs. ``walk`` names the grid whose cells are the steps, unless ``steps`` says itself what
    each of them is. ``code`` is the call in PyTorch, ``beware`` a word on the letters. ``focus`` is the
    (grid, cell) that is pinned now, ``step`` the step that is shown, or -1.
    """

    title: str
    grids: tuple[Grid, ...]
    table: Mapping[str, np.ndarray]
    say: str
    size: tuple[int, int] = (1200, 600)
    equations: Mapping[str, Equation] = field(default_factory=dict)
    signs: tuple[tuple[float, float, str], ...] = ()
    strokes: tuple[Stroke, ...] = ()
    counters: tuple[tuple[str, str], ...] = ()
    lamps: tuple[Lamp, ...] = ()
    walk: str | None = None
    steps: tuple[Step, ...] = ()
    code: str = ""
    beware: str = ""
    focus: tuple[str, int] | None = None
    step: int = -1

    def __post_init__(self):
        frames = {len(grid.frames) for grid in self.grids if grid.frames}
        if frames and frames != {self.length}:
            raise ValueError(f"{self.length} steps need as many frames, not {sorted(frames)}.")
        for grid in self.grids:
            speaks = grid.sentences or grid.saying
            if not speaks and (grid.name in self.table or not (grid.down or grid.across)):
                raise ValueError(f"Grid {grid.name!r} needs a sentence for each of its cells.")

    @property
    def extent(self) -> tuple[float, float]:
        """How wide and high the picture is: all of its slots, lines and signs, whatever is in them."""
        slots = [grid.slot for grid in self.grids]
        right = [slot.x + slot.width for slot in slots]
        right += [x + 30 for stroke in self.strokes if stroke.label for x, _ in stroke.points]
        right += [x + 6 for stroke in self.strokes for x, _ in stroke.points]
        right += [x + 30 for x, _, _ in self.signs]
        return max(right, default=self.size[0]) + EDGE, self.size[1]

    @cached_property
    def _most(self) -> float:
        """The largest number of the grids that share a scale: every frame is coloured by it."""
        alike = (grid for grid in self.grids if grid.coloured and not grid.own_scale)
        return max((scale.largest(grid.counts) for grid in alike), default=0.0)

    def most(self, grid: Grid) -> float:
        """Where the colours of a grid end: at the largest number of the picture, or at its own."""
        return scale.largest(grid.counts) if grid.own_scale else self._most

    @property
    def scale_words(self) -> tuple[str, str]:
        """What stands at the two ends of the scale, or two empty texts where there is none."""
        coloured = [grid for grid in self.grids if grid.coloured]
        if not coloured:
            return "", ""
        if any(grid.own_scale for grid in coloured):
            return "−", "+  each map up to its largest"
        most = number(self.most(coloured[0]))
        return f"−{most}" if most != "0" else "", most

    def levels(self, grid: Grid, step: int = -1) -> np.ndarray | None:
        """The level of each cell of a grid, at rest or after a step; None where it has no colours."""
        if not grid.coloured:
            return None
        frame = grid.frames[step] if grid.frames and step >= 0 else None
        texts = frame or self._shown_after(step, grid)
        if texts is None:
            return scale.levels(grid.counts, self.most(grid))
        return grid.levels_of(texts, self.most(grid))

    @property
    def length(self) -> int:
        """How many steps there are to walk."""
        return len(self.steps) or (self[self.walk].size if self.walk else 0)

    def __getitem__(self, name: str) -> Grid:
        for grid in self.grids:
            if grid.name == name:
                return grid
        names = ", ".join(grid.name for grid in self.grids)
        raise KeyError(f"This scene has no grid {name!r}; it has {names}.")

    def at(self, grid: str, cell: int) -> Scene:
        """The same scene with one cell pinned."""
        if not 0 <= cell < self[grid].size:
            raise IndexError(f"Grid {grid!r} has cells 0 to {self[grid].size - 1}, not {cell}.")
        return replace(self, focus=(grid, cell))

    def at_step(self, step: int) -> Scene:
        """The same scene after one of its steps; -1 is at rest."""
        if not -1 <= step < self.length:
            raise IndexError(f"This scene has steps 0 to {self.length - 1}, not {step}.")
        return replace(self, step=step, focus=None)

    def holds(self, grid: str, cell: int) -> bool:
        """Is there such a cell?"""
        sizes = {one.name: one.size for one in self.grids}
        return grid in sizes and isinstance(cell, int) and 0 <= cell < sizes[grid]

    def following(self, before: Scene) -> Scene:
        """This scene where the one before it stood: at its step, and what was pinned stays pinned, as
        far as there are such a step and such a cell."""
        scene = self.at_step(min(before.step, self.length - 1))
        focus = before.focus
        return scene.at(*focus) if focus and self.holds(*focus) else scene

    def shown(self, grid: Grid) -> tuple[str, ...] | None:
        """What stands in the cells of a grid at this step."""
        return self._shown_after(self.step, grid)

    def _shown_after(self, step: int, grid: Grid) -> tuple[str, ...] | None:
        if grid.texts and grid.awaited(step):
            return ("",) * grid.size
        if grid.texts and grid.frames and step >= 0:
            return grid.frames[step]
        if grid.texts and step >= 0 and self._is_walked(grid):
            return tuple(text if cell <= step else "" for cell, text in enumerate(grid.texts))
        return grid.texts

    def to_come(self, grid: Grid) -> bool:
        """Is this a result, or the edge of a matrix with it, that a walk is writing cell by cell?"""
        return self.step >= 0 and self._is_walked(grid)

    def _is_walked(self, grid: Grid) -> bool:
        walks = self.walk is not None and not self.steps
        return walks and grid.role == "written" and grid.edge_of == self.walk

    @property
    def said(self) -> str:
        """What is said at this moment: of the pinned cell, the step, or neither."""
        if self.looked_at is not None:
            return self.sentence(*self.looked_at)
        return self.steps[self.step].say if self.steps and self.step >= 0 else self.say

    @property
    def looked_at(self) -> tuple[str, int] | None:
        """The (grid, cell) that all is about now: what is pinned, or the cell that a walk has come to."""
        if self.focus is None and self.walk and not self.steps and self.step >= 0:
            return self.walk, self.step
        return self.focus

    def light(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """What is lit at this moment, as (role, grid, cells)."""
        if self.looked_at is not None:
            return self.light_of(*self.looked_at)
        if not self.steps or self.step < 0:
            return []
        step = self.steps[self.step]
        return [
            *(("read", name, cells) for name, cells in step.reads.items()),
            *((self[name].role, name, cells) for name, cells in step.points.items()),
            *(("written", name, cells) for name, cells in step.writes.items()),
        ]

    def light_of(self, grid: str, cell: int) -> list[tuple[str, str, tuple[int, ...]]]:
        """What is lit for a cell. Of a result it is the cell itself that is written, and all that
        belongs to it is read; of anything else the results that it goes into are written."""
        made = self[grid].role == "written"

        def role(name: str) -> str:
            own, same = self[name].role, self[name].edge_of == self[grid].edge_of
            return "read" if made and own == "written" and not same else own

        lit = [(role(name), name, cells) for name, cells in self.lit(grid, cell).items()]
        return sorted(lit, key=lambda one: one[0] == "written")

    def opened(self) -> Scene:
        """The scene as a learner meets it: at its first step, or with a cell of its result pinned. A work
        sheet, whose results are empty at rest, waits for a pencil."""
        if self.focus is not None or any(g.frames and not any(g.texts or "?") for g in self.grids):
            return self
        if self.length:
            return self.at_step(0)
        first = next((grid for grid in self.grids if grid.role == "written"), None)
        return self.at(first.name, 0) if first else self

    @property
    def around(self) -> Mapping[str, tuple[int, ...]]:
        """What shows faintly at this step."""
        walking = self.focus is None and self.steps and self.step >= 0
        return self.steps[self.step].around if walking else {}

    @property
    def equation_of(self) -> tuple[str, int] | None:
        """The (grid, cell) whose equation stands below: that of the pinned cell or of the step. A cell
        of a matrix shows the equation of its row, or else of its column."""
        walking = self.steps and self.step >= 0
        of = self.looked_at or (self.steps[self.step].of if walking else None)
        if of is None or of[0] in self.table:
            owners = [of]
        else:
            entries = self._entries(self[of[0]], of[1])
            owners = [(axis.grid, axis.cells[entry]) for axis, entry in entries]
        return next((owner for owner in owners if owner and owner[0] in self.equations), None)

    def rows_with(self, grid: str, cell: int) -> np.ndarray:
        """The rows of the table in which this cell takes part."""
        if grid in self.table:
            return np.flatnonzero(self.table[grid] == cell)
        found = np.ones(len(next(iter(self.table.values()))), dtype=bool)
        for axis, entry in self._entries(self[grid], cell):
            found &= self.table[axis.grid] == axis.cells[entry]
        return np.flatnonzero(found)

    def lit(self, grid: str, cell: int) -> dict[str, tuple[int, ...]]:
        """For each grid the cells that belong to this one: the support of the Jacobian."""
        rows = self.rows_with(grid, cell)
        found = {name: np.unique(column[rows]) for name, column in self.table.items()}
        for other in self.grids:
            if other.name not in self.table:
                found[other.name] = self._derived(other, rows)
        found[grid] = np.union1d(found[grid], [cell]).astype(int)
        lit = {name: tuple(int(c) for c in cells if c != NOWHERE) for name, cells in found.items()}
        return {name: cells for name, cells in lit.items() if cells}

    def _entries(self, grid: Grid, cell: int) -> list[tuple[Axis, int]]:
        row, column = divmod(cell, grid.shape[3])
        pairs = ((grid.down, row), (grid.across, column))
        return [(axis, entry) for axis, entry in pairs if axis is not None]

    def _derived(self, grid: Grid, rows: np.ndarray) -> np.ndarray:
        """Table rows -> cells of a derived grid. A cell that an axis does not hold drops out."""
        cells, kept = np.zeros(len(rows), dtype=int), np.ones(len(rows), dtype=bool)
        for axis, stride in ((grid.down, grid.shape[3]), (grid.across, 1)):
            if axis is not None:
                column = self.table[axis.grid][rows]
                entries = np.array([axis.position.get(int(c), NOWHERE) for c in column], dtype=int)
                kept &= entries >= 0
                cells += stride * entries
        return np.unique(cells[kept])

    def sentence(self, grid: str, cell: int) -> str:
        """What is to be said when the learner points at this cell."""
        shown = self[grid]
        if shown.sentences is not None:
            return shown.sentences[cell]
        if shown.saying:
            return shown.saying.format(**shown.whereabouts(cell))
        entries = self._entries(shown, cell)
        if shown.entry is None:
            ((axis, entry),) = entries
            return self.sentence(axis.grid, axis.cells[entry])
        names = [spoken(self[axis.grid].written_in(axis.cells[entry])) for axis, entry in entries]
        rows = self.rows_with(grid, cell)
        value = (
            spoken(self[shown.entry].written_in(self.table[shown.entry][rows[0]]))
            if len(rows)
            else "0"
        )
        template = shown.hit if len(rows) else shown.miss
        return template.format(row=names[0], column=names[1], value=value)

    def terms(self, grid: str, cell: int) -> tuple[str, list[tuple[str, ...]]]:
        """The equation of a cell as labels: its left side, and the factors of each term.

        Terms that hold a padding cell or an inserted zero, or no cell at all, are left out.
        """
        terms = [
            tuple(factor.format(**self._words(here)) for factor in factors)
            for factors, here in self._products(grid, cell)
        ]
        return self.equations[grid].left.format(**{grid: self[grid].name_of(cell)}), terms

    def _words(self, here: Mapping[str, int]) -> dict[str, str]:
        """The name of the cell of each grid; of a grid without names nothing can be asked."""
        named = ((self[name], at) for name, at in here.items() if at != NOWHERE)
        return {grid.name: grid.name_of(at) for grid, at in named if grid.called}

    def counted(self, grid: str, cell: int) -> tuple[str, list[tuple[str, ...]]] | None:
        """The same equation as numbers: its result, and the factors of each term. None where it cannot
        be counted."""
        numbers = {name: self[name].numbers or () for name in self.table}
        if not self.equations[grid].counted or not numbers[grid]:
            return None
        terms = [
            tuple(numbers[name][here[name]] for name in map(_grid_in, factors))
            for factors, here in self._products(grid, cell)
        ]
        return numbers[grid][cell], terms

    def _products(self, grid: str, cell: int) -> list[tuple[tuple[str, ...], dict[str, int]]]:
        """The templates of each term in the equation of a cell, and the cells that fill them."""
        equation = self.equations[grid]
        nothing = {name: {NOWHERE, *self[name].zeros} for name in self.table}
        used = [_grid_in(factor) for factor in equation.factors]
        rows = self.rows_with(grid, cell)
        met = [{name: int(column[row]) for name, column in self.table.items()} for row in rows]
        terms = {
            tuple(here[name] for name in used): (equation.factors, here)
            for here in met
            if not any(here[name] in nothing[name] for name in (grid, *used))
        }
        plus = [((equation.plus,), met[0])] if equation.plus and met else []
        return [*terms.values(), *plus]

    def equation_text(self, grid: str, cell: int) -> str:
        """The equation of a cell in one line of text."""
        left, terms = self.terms(grid, cell)
        return f"{left} = " + (" + ".join("·".join(term) for term in terms) or "0")

    def view(self) -> dict:
        """All that a browser needs to light cells and to speak, as plain JSON values."""
        return {
            "title": self.title,
            "size": self.extent,
            "grids": [
                {**_grid_view(grid, grid.name in self.table), **self._colours(grid)}
                for grid in self.grids
            ],
            **self._columns(),
            "equations": {
                name: {
                    "left": e.left,
                    "factors": e.factors,
                    "counted": e.counted,
                    "ledger": e.ledger,
                    "plus": e.plus,
                }
                for name, e in self.equations.items()
            },
            "walk": self.walk,
            "numbers": any(grid.show == "numbers" for grid in self.grids),
            "steps": [
                {
                    "reads": dict(s.reads),
                    "writes": dict(s.writes),
                    "points": dict(s.points),
                    "say": s.say,
                    "of": s.of,
                    "around": dict(s.around),
                }
                for s in self.steps
            ],
            "counters": self.counters,
            "lamps": [(lamp.sign, lamp.words) for lamp in self.lamps],
            "say": self.say,
            "code": self.code,
            "beware": self.beware,
        }

    def _colours(self, grid: Grid) -> dict:
        """The levels of a grid's cells as the browser gets them: at rest, after each step, and where
        numbers are covered at rest, those of the numbers themselves, for equations."""
        at_rest = self.levels(grid)
        if at_rest is None or not (grid.texts or grid.frames):
            return {}
        after = (self.levels(grid, step) for step in range(len(grid.frames)))
        own = scale.levels(grid.counts, self.most(grid))
        return {
            "levels": scale.as_text(at_rest),
            "frameLevels": [scale.as_text(of) for of in after if of is not None],
            **({} if (own == at_rest).all() else {"numberLevels": scale.as_text(own)}),
        }

    def _columns(self) -> dict:
        """The columns of the table; what is one array in several of them is sent only once."""
        first: dict[int, str] = {}
        same = {name: first.setdefault(id(column), name) for name, column in self.table.items()}
        return {
            "table": {name: self.table[name].tolist() for name, of in same.items() if name == of},
            "same": {name: of for name, of in same.items() if name != of},
        }

    def __str__(self) -> str:
        lines = [self.title, ""]
        for grid in self.grids:
            lines += [*_grid_text(grid, self.shown(grid)), ""]
        lines += [stroke.label for stroke in self.strokes if stroke.label]
        lines += [f"{value} {words}" for value, words in self.counters]
        lines += [f"{lamp.sign} {lamp.words}" for lamp in self.lamps]
        lines.append(self.say)
        if self.said != self.say:
            lines.append(self.said)
        if self.equation_of is not None:
            lines.append(self.equation_text(*self.equation_of))
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the scene to a file: .html (hover and step work offline), .svg, .png, .pdf or .txt.

        Raises ModuleNotFoundError, and says what to do, where what makes a .png or .pdf is missing.
        """
        path = Path(path)
        module = WRITERS.get(path.suffix.lower())
        if module is None:
            raise ValueError(
                f"A scene can be saved as {', '.join(sorted(WRITERS))}; {path.name!r} is none of these."
            )
        import_module(f".{module}", __package__).write(self, path)
        return path


def write(scene: Scene, path: Path) -> None:
    """The scene in words, as a text file."""
    path.write_text(f"{scene}\n", encoding="utf-8")


def _grid_view(grid: Grid, is_base: bool) -> dict:
    """A grid as the browser needs it. What is said of a derived cell is found in the base grids."""
    place = grid.place
    view = {
        "name": grid.name,
        "shape": grid.shape,
        "place": [place.x, place.y, place.width, place.height, place.gap],
        "role": grid.role,
        "editable": grid.editable,
        "frames": grid.frames if grid.texts else (),
        **({"corners": grid.cards.corners} if grid.cards else {}),
    }
    if is_base:
        words = {"symbols": grid.called, "numbers": grid.numbers, "sentences": grid.sentences}
        return {**view, **words, "saying": grid.saying, "padding": grid.zeros}
    axes = {"down": _axis_view(grid.down), "across": _axis_view(grid.across)}
    return {**view, **axes, "hit": grid.hit, "miss": grid.miss, "entry": grid.entry}


def _axis_view(axis: Axis | None) -> dict | None:
    return None if axis is None else {"grid": axis.grid, "cells": axis.cells}


def _grid_in(template: str) -> str:
    """The grid whose cell a template names: ``kernel`` of ``{kernel}``."""
    return template[template.index("{") + 1 : template.index("}")]


def _grid_text(grid: Grid, shown: tuple[str, ...] | None) -> list[str]:
    """A grid as lines of text; one too large to write in says only how large it is."""
    tile_rows, tile_columns, rows, columns = grid.shape
    head = grid.title.replace("|", "") or f"{grid.name}  {rows}×{columns}"
    if shown is None:
        return [head]
    texts = [text.replace("\n", " ") for text in shown]
    for mark, sign in SEEN.items():
        for cell in grid.marks.get(mark, ()):
            texts[cell] = sign
    if grid.cards:
        return [head, *_rows_of_cards(grid, texts)]
    cells = np.array(texts, dtype=object).reshape(grid.shape)
    width = max(map(len, texts))
    lines = [head]
    for tile in np.ndindex(tile_rows, tile_columns):
        lines += ["  " + " ".join(text.rjust(width) for text in row) for row in cells[tile]]
    return lines


def _rows_of_cards(grid: Grid, texts: list[str]) -> list[str]:
    """Cards as lines of text: those that stand beside each other in one line."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for cell, text in enumerate(texts):
        x, y = grid.corner(cell)
        rows.setdefault(y, []).append((x, text))
    return ["  " + "  ".join(text for _, text in sorted(rows[y])) for y in sorted(rows)]
