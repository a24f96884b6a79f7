"""Lines with reasons, and how a derivation made of them is written: LaTeX, text and Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from ..symbols import Notation
from .typeset import to_latex, to_text


@dataclass(frozen=True, eq=False)
class Line:
    """left = right, or left ≠ right, and one sentence that says why."""

    left: Any
    right: Any
    reason: str
    relation: str = "="


class Written:
    """What is written down: a title, a source, and lines with reasons, as LaTeX, text and Markdown.

    Whoever inherits this has ``title``, ``source``, ``lines`` and ``notation``.
    """

    title: str
    source: str
    lines: tuple[Line, ...]
    notation: Notation

    def latex(self) -> str:
        """All lines as one LaTeX `aligned`, the reason beside the first row of each."""
        rows = []
        for line in self.lines:
            (left, right), *others = self._equations(line, latex=True)
            sign = r"\neq" if line.relation == "≠" else "="
            rows.append(rf"{left} &{sign} {right} && \text{{{_escaped(line.reason)}}}")
            rows += [rf"{left} &{sign} {right}" for left, right in others]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def text(self) -> str:
        """The derivation as plain text, for terminals and screen readers."""
        parts = [self.title, f"({self.source})"]
        for number, line in enumerate(self.lines, 1):
            parts.append(f"{number}. {line.reason}")
            equations = self._equations(line, latex=False)
            parts += [f"   {left} {line.relation} {right}" for left, right in equations]
        return "\n".join(parts)

    def steps(self) -> list[tuple[list[str], str]]:
        """Each line as its equations in LaTeX and its reason."""
        signs = {"≠": r"\neq", "=": "="}
        return [
            (
                [f"{x} {signs[line.relation]} {y}" for x, y in self._equations(line, latex=True)],
                line.reason,
            )
            for line in self.lines
        ]

    def _repr_markdown_(self) -> str:
        rows = []
        for equations, reason in self.steps():
            shown = "$<br>$".join(rf"\displaystyle {equation}" for equation in equations)
            rows.append(f"| ${shown}$ | {reason} |")
        head = f"**{self.title}** ({self.source})\n\n| equation | why |\n|:--|:--|\n"
        return head + "\n".join(rows)

    def _equations(self, line: Line, latex: bool) -> list[tuple[str, str]]:
        """Two arrays of one shape with sums in them are written cell by cell, as on the slides."""

        def show(side):
            if hasattr(side, "show"):
                return side.show(show, latex)
            return to_latex(side, self.notation) if latex else to_text(side, self.notation)

        left, right = line.left, line.right
        arrays = isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
        if arrays and left.shape == right.shape and _has_sums(right):
            cells = zip(left.flat, right.flat, strict=True)
            return [(show(a), show(b)) for a, b in cells]
        return [(show(left), show(right))]


def _has_sums(array: np.ndarray) -> bool:
    return any(isinstance(cell, sympy.Add | sympy.Max | sympy.Mul) for cell in array.flat)


def _escaped(sentence: str) -> str:
    return "".join("\\" + c if c in "%&_#$" else c for c in sentence)
