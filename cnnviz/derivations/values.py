"""A derivation as a value: equations that are all true, with a reason for each step.

A line has two sides. A side is an expression, an array of expressions, or an operation on arrays
that is shown before it is carried out: a matrix product, a correlation, a named function. `holds`
carries everything out and compares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from ..functional import conv2d
from ..symbols import NOTATIONS, Notation
from .arrays import array
from .polynomials import NoPolynomial, Polynomials
from .typeset import PlainFunction
from .written import Line, Written


@dataclass(frozen=True, eq=False)
class Times:
    """A matrix product that is shown before it is carried out. (m, n) and (n, q) -> (m, q)."""

    left: np.ndarray
    right: np.ndarray

    @cached_property
    def value(self) -> np.ndarray:
        return _entries(self.left) @ _entries(self.right)

    def show(self, show: Callable, latex: bool) -> str:
        return f"{show(self.left)} {show(self.right)}" if latex else _spaced(show, self, "·")


@dataclass(frozen=True, eq=False)
class Correlation:
    """A map and the kernel that slides over it: (H, W) and (kh, kw), or with channels."""

    left: np.ndarray
    right: np.ndarray
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def value(self) -> np.ndarray:
        how = {"stride": self.stride, "dilation": self.dilation, "groups": self.groups}
        return conv2d(self.left, self.right, **how)

    def show(self, show: Callable, latex: bool) -> str:
        names = {"s": self.stride, "d": self.dilation}
        said = [f"{name}={_short(pair)}" for name, pair in names.items() if pair != (1, 1)]
        if self.groups > 1:
            said.append(f"groups={self.groups}")
        if not latex:
            return _spaced(show, self, f"⋆({', '.join(said)})" if said else "⋆")
        below = (
            "_{" + r",\, ".join(said).replace("groups", r"\mathrm{groups}") + "}" if said else ""
        )
        return rf"{show(self.left)} \star{below} {show(self.right)}"


@dataclass(frozen=True, eq=False)
class Applied:
    """A function with a name, and what it is applied to."""

    name: str
    function: Callable[[Any], Any]
    argument: Any

    @property
    def value(self) -> Any:
        return self.function(value_of(self.argument))

    def show(self, show: Callable, latex: bool) -> str:
        if not latex:
            return f"{self.name}({show(self.argument)})"
        name = self.name.replace("_", r"\_")
        return rf"\operatorname{{{name}}}\left({show(self.argument)}\right)"


@dataclass(frozen=True, eq=False)
class Added:
    """Sides of one shape that are added up."""

    parts: tuple[Any, ...]

    @property
    def value(self) -> np.ndarray:
        total = _entries(value_of(self.parts[0]))
        for part in self.parts[1:]:
            total = total + _entries(value_of(part))
        return total

    def show(self, show: Callable, latex: bool) -> str:
        return " + ".join(show(part) for part in self.parts)


@dataclass(frozen=True, eq=False)
class Elementwise:
    """A product cell by cell, written with a bullet as on the slides."""

    left: Any
    right: np.ndarray

    @property
    def value(self) -> np.ndarray:
        left, right = _entries(value_of(self.left)), _entries(self.right)
        if left.shape != right.shape:
            raise ValueError("A product cell by cell needs two arrays of one shape.")
        return left * right

    def show(self, show: Callable, latex: bool) -> str:
        sign = r"\bullet" if latex else "•"
        left = show(self.left)
        if hasattr(self.left, "show"):
            left = rf"\left({left}\right)" if latex else f"({left})"
        return f"{left} {sign} {show(self.right)}"


def value_of(side: Any) -> Any:
    """What a side says once it is carried out: an expression or an object array."""
    return side.value if hasattr(side, "value") else side


@dataclass(frozen=True, eq=False)
class Derivation(Written):
    """Equations that follow from one another, with reasons.

    ``meanings`` says what every name stands for (``∂F/∂a_11`` is what calculus gives for it),
    ``code`` runs ``cnnviz.functional`` or a layer of ``cnnviz.network`` over the symbols, and
    ``calculus`` finds the last line's right-hand side without it, by ``sympy.diff`` or from the
    definition. All three run only when asked.

    >>> from cnnviz.derivations import bias_gradient
    >>> derivation = bias_gradient((3, 3), (2, 2))
    >>> derivation.holds()
    True
    >>> derivation.result
    ∂F/∂h_11 + ∂F/∂h_12 + ∂F/∂h_21 + ∂F/∂h_22
    """

    title: str
    source: str
    lines: tuple[Line, ...]
    meanings: Callable[[], Mapping] = field(repr=False)
    code: Callable[[], Any] = field(repr=False)
    calculus: Callable[[], Any] = field(repr=False)
    notation: Notation = NOTATIONS["note"]

    proved = "Proved for this geometry: every line follows, and the last is what the code computes."

    @property
    def result(self) -> Any:
        """What the last line says: an expression or an object array."""
        return value_of(self.lines[-1].right)

    def holds(self) -> bool:
        """Is every line true, and is the last one what the code and calculus give?

        Each line is checked against the one above: names that stand for something (the derivative
        of F to a cell, the output of the layer) are replaced by it, so that both lines speak of the
        same letters, and then all sides must agree.
        """
        return not self.faults()

    def faults(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty if everything holds."""
        meanings = self.meanings()
        meant = [  # both sides of each line, in the same letters
            [_carried_out(lambda side=side: value_of(side), meanings) for side in (x.left, x.right)]
            for x in self.lines
        ]
        ends = {
            "the code computes": _carried_out(self.code, meanings),
            "calculus gives": _carried_out(self.calculus, meanings),
        }
        agree = _comparison(*(side for sides in (*meant, ends.values()) for side in sides))
        found = []
        for number, (line, sides) in enumerate(zip(self.lines, meant, strict=True), 1):
            cannot_run = any(side is None for side in sides)
            if cannot_run or agree(*sides) != (line.relation == "="):
                found.append(f"Line {number} does not hold: {line.reason}")
        for number, (above, below) in enumerate(zip(self.lines, self.lines[1:], strict=False)):
            continues = above.left is below.left and above.relation == below.relation == "="
            if continues and not agree(meant[number][1], meant[number + 1][1]):
                found.append(f"This line does not follow from the one above: {below.reason}")
        found += [
            f"The last line is not what {name}."
            for name, end in ends.items()
            if not agree(meant[-1][1], end)
        ]
        return tuple(found)


def same(found: Any, expected: Any) -> bool:
    """Are two expressions, or two arrays of them, equal for all values of their symbols?

    >>> x, y = sympy.symbols("x y")
    >>> same((x + y) ** 2, x**2 + 2 * x * y + y**2), same(x, y)
    (True, False)
    """
    sides = [_carried_out(lambda side=side: side, {}) for side in (found, expected)]
    return _comparison(*sides)(*sides)


def _comparison(*sides: np.ndarray | None) -> Callable[..., bool]:
    """What tells whether two of these sides agree, cell by cell; a side that cannot run never does.

    All of them are written out over the same letters, so that what stands in several is written
    out once.
    """
    written = Polynomials(cell for side in sides if side is not None for cell in side.flat)

    def agree(one: np.ndarray | None, other: np.ndarray | None) -> bool:
        if one is None or other is None or one.shape != other.shape:
            return False
        pairs = zip(one.flat, other.flat, strict=True)
        return all(a is b or _equal(a, b, written) for a, b in pairs)

    return agree


def _equal(one: sympy.Expr, other: sympy.Expr, written: Polynomials) -> bool:
    try:
        return written.out(one) == written.out(other)
    except NoPolynomial:
        return _zero(one - other)


def _carried_out(run: Callable[[], Any], meanings: Mapping) -> np.ndarray | None:
    """What `run` returns, with every name replaced by what it stands for; None if it cannot run,
    because shapes do not fit."""
    try:
        entries = _entries(run())
    except (ValueError, IndexError):
        return None
    return array([_meant(cell, meanings) for cell in entries.flat], entries.shape)


def _meant(cell: Any, meanings: Mapping) -> sympy.Expr:
    """The cell with every name replaced by what it stands for, names inside names included."""
    cell = sympy.sympify(cell)
    while meanings:
        replaced = cell.xreplace(meanings)
        if replaced == cell:
            break
        cell = replaced
    return cell


def _zero(difference: sympy.Expr) -> bool:
    """Is it 0 for all values? Sums of products are decided; what is beyond them counts as not 0."""
    if difference == 0:
        return True
    unknown = {one: sympy.Dummy() for one in difference.atoms(PlainFunction, sympy.log)}
    letters = defaultdict(sympy.Dummy)
    powers = {one: _as_power(one, letters) for one in difference.atoms(sympy.exp)}
    numerator, _ = sympy.fraction(sympy.together(difference.xreplace(unknown).xreplace(powers)))
    return sympy.expand(numerator) == 0


def _as_power(exponential: sympy.exp, letters: Mapping) -> sympy.Expr:
    """exp(2 z) as the square of the letter for exp(z), so that it is one more product."""
    parts = (term.as_coeff_Mul() for term in sympy.Add.make_args(exponential.exp))
    return sympy.Mul(*(letters[of] ** times for times, of in parts))


def _entries(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=object)


def _short(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _spaced(show: Callable, side: Any, sign: str) -> str:
    return f"{show(side.left)} {sign} {show(side.right)}"
