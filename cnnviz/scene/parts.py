"""The parts of a scene beside its grids: equations, steps, lamps and lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class Equation:
    """How the equation of a cell reads: ``left`` and the factors of each term, as templates.

    In a template ``{h}`` stands for the label of the cell of grid ``h`` in the term's row. Terms
    with the same cells are one term. ``plus`` is one more term, a template too, such as a bias.
    ``counted`` says whether the equation can also be written with numbers; ``ledger`` names the
    records of the documents that print it.
    """

    left: str
    factors: tuple[str, ...]
    counted: bool = False
    ledger: str = ""
    plus: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a walk that is more than a cell: what it reads, what it writes, and what is said.

    Both are cells by the name of their grid. ``of`` is the (grid, cell) whose equation stands below
    meanwhile. ``around`` are cells that the lit ones are part of, such as the window that a product
    belongs to: they show faintly. ``points`` are cells that are neither read nor written but talked
    about, such as switches and mistakes; they are lit in the role of their grid.
    """

    reads: Mapping[str, tuple[int, ...]]
    writes: Mapping[str, tuple[int, ...]]
    say: str
    of: tuple[str, int] | None = None
    around: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    points: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def lit(self) -> dict[str, tuple[int, ...]]:
        """All cells that light up, by the name of their grid."""
        parts = (self.reads, self.writes, self.points)
        names = dict.fromkeys(name for part in parts for name in part)
        return {
            name: tuple(dict.fromkeys(cell for part in parts for cell in part.get(name, ())))
            for name in names
        }


class Lamp(NamedTuple):
    """A statement about what is shown, in words that are true now: ``holds`` says whether it is what
    one hopes for. Only where it is a ``mistake`` does it get the sign of one."""

    holds: bool
    words: str
    mistake: bool = False

    @property
    def sign(self) -> str:
        return "✓" if self.holds else "✕" if self.mistake else "○"


@dataclass(frozen=True)
class Stroke:
    """A line between the grids, in picture units, with a word beside it.

    ``kind`` is "forward" or "backward" (arrows), "axis", "curve" or "tangent" (a small plot).
    ``label`` stands at the middle of the line, ``below`` it on request. ``steps`` are the steps of the
    walk to which the line belongs: in the others it is dim. Without any it belongs to all.
    """

    points: tuple[tuple[float, float], ...]
    kind: str = "forward"
    label: str = ""
    below: bool = False
    steps: tuple[int, ...] = ()

    def dim(self, step: int) -> bool:
        """Does it stand back at this step?"""
        return step >= 0 and bool(self.steps) and step not in self.steps

    def __post_init__(self):
        if self.kind not in STROKES:
            raise ValueError(f"A stroke is one of {', '.join(STROKES)}, not {self.kind!r}.")


STROKES = ("forward", "backward", "axis", "curve", "tangent")
