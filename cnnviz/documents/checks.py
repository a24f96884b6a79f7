"""How a printed statement is compared with what is derived. Every check can fail.

A check takes the text as printed and answers with an ``Outcome``: what was derived, and each place
where the print differs. Formulas are parsed and compared entry by entry. Rules in words are compared
through the numbers and words they print.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import sympy

from .captions import captions_of, fits, misnamed, right_caption, written
from .meaning import ANYTHING, LEFT_OUT, Layer, evaluate, latex, same
from .printed import CannotRead, Caption, Chain, Dots, Matrix, Name, Product, parse


@dataclass(frozen=True)
class Difference:
    """One place where print and derivation differ, each side as LaTeX."""

    at: str
    printed: str
    derived: str


@dataclass(frozen=True)
class Outcome:
    """What was derived, as LaTeX, and where the print differs from it.

    Of a formula ``values`` are the expressions that were derived, cell by cell, and ``layer`` is the
    layer in whose letters.
    """

    derived: str
    differences: tuple[Difference, ...] = ()
    values: tuple[sympy.Expr, ...] = ()
    layer: Layer | None = None


Check = Callable[[str], Outcome]
CAPTION = "the caption"  # where print and derivation call the same thing by other names


def compare(printed, derived, where: str = "") -> list[Difference]:
    """Entry by entry. Arrays of different shapes differ as a whole."""
    if not (isinstance(printed, np.ndarray) or isinstance(derived, np.ndarray)):
        return [] if same(printed, derived) else [_terms_apart(where, printed, derived)]
    if isinstance(printed, np.ndarray) and isinstance(derived, np.ndarray):
        printed = spread_dots(printed, derived.shape)
    if np.shape(printed) != np.shape(derived):
        return [_difference(f"{where} size".strip(), printed, derived)]
    found = []
    for at in np.ndindex(printed.shape):
        if not same(printed[at], derived[at]):
            place = "entry (" + ", ".join(str(n + 1) for n in at) + ")"
            found.append(_difference(f"{where} {place}".strip(), printed[at], derived[at]))
    return found


def _terms_apart(where: str, printed, derived) -> Difference:
    """Two sums that differ, without the terms they share."""
    if any(side is None or side is ANYTHING for side in (printed, derived)):
        return _difference(where or "the whole", printed, derived)
    one, other = (set(sympy.Add.make_args(sympy.expand(side))) for side in (printed, derived))
    if not one & other:
        return _difference(where or "the whole", printed, derived)
    at = f"{where}, a term" if where else "a term"
    return _difference(at, sympy.Add(*(one - other)), sympy.Add(*(other - one)))


def spread_dots(printed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A printed matrix in full size: a row or column of dots stands for as many as are missing.

    Dots that stand for nothing that is missing stay, and agree with no value.
    """
    if printed.ndim != 2 or len(shape) != 2:
        return printed
    for axis in (0, 1):
        lines = np.moveaxis(printed, axis, 0)
        missing = shape[axis] - len(lines)
        dotted = [n for n, line in enumerate(lines) if all(entry is ANYTHING for entry in line)]
        if missing > 0 and len(dotted) == 1:
            (n,) = dotted
            left_out = np.full((missing + 1, *lines.shape[1:]), LEFT_OUT, dtype=object)
            spread = np.concatenate([lines[:n], left_out, lines[n + 1 :]])
            printed = np.moveaxis(spread, 0, axis)
    return printed


def _difference(at: str, printed, derived) -> Difference:
    return Difference(at, latex(printed), latex(derived))


def cells_of(*values) -> tuple[sympy.Expr, ...]:
    """All expressions in some values, in reading order, without blanks and dots."""
    cells = (cell for value in values for cell in np.asarray(value, dtype=object).flat)
    return tuple(sympy.sympify(cell) for cell in cells if cell is not None and cell is not ANYTHING)


def equation(layer: Layer, free: dict[str, int] | None = None) -> Check:
    """The sides of an equation agree, whatever the free indices are.

    ``free`` gives for each free index its largest value. The first side names what is meant; its
    value comes from calculus on the layer, never from the print.
    """

    def check(printed: str) -> Outcome:
        sides = parse(printed).sides
        if len(sides) < 2:
            raise ValueError(f"An equation has two sides: {printed}")
        found, derived, sizes = _misnamed(sides, layer), [], tuple((free or {}).values())
        for values in itertools.product(*(range(1, n + 1) for n in sizes)):
            indices = dict(zip(free or {}, values, strict=True))
            where = ", ".join(f"{name}={value}" for name, value in indices.items())
            meant, *others = (evaluate(side, layer, indices) for side in sides)
            derived.append(meant)
            for other in others:
                found += compare(other, meant, where)
        return Outcome(_shown(derived, sizes), tuple(found), cells_of(*derived), layer)

    return check


def _shown(derived: list, sizes: tuple[int, ...]) -> str:
    """The one value, or a matrix of those for all free indices, half of which count its rows."""
    if len(derived) == 1:
        return latex(derived[0])
    if any(isinstance(value, np.ndarray) for value in derived):
        return ""
    rows = math.prod(sizes[: (len(sizes) + 1) // 2])
    return latex(np.array(derived, dtype=object).reshape(rows, -1))


def displays(layer: Layer, *derive: Callable[[Layer], object]) -> Check:
    """A display of one or more parts: stages with arrows between them, or factors side by side.

    Each part is compared with its own derivation.
    """

    def check(printed: str) -> Outcome:
        parts = _parts(parse(printed))
        if len(parts) != len(derive):
            raise ValueError(f"{len(derive)} parts were expected, and {len(parts)} are printed.")
        found, shown, values = [], [], []
        for n, (part, make) in enumerate(zip(parts, derive, strict=True), start=1):
            derived = make(layer)
            where = f"part {n}," if len(parts) > 1 else ""
            found += _part_apart(part, derived, where, layer)
            is_caption = isinstance(part, Caption)
            shown.append(right_caption(derived, layer) if is_caption else latex(derived))
            values.append(derived)
        return Outcome(r" \quad ".join(shown), tuple(found), cells_of(*values), layer)

    return check


def _part_apart(part, derived, where: str, layer: Layer) -> list[Difference]:
    """A part of a display beside what is derived; a caption is one as a whole."""
    if not isinstance(part, Caption):
        return compare(evaluate(part, layer), derived, where)
    if fits(part, derived, layer):
        return []
    return [Difference(CAPTION, written(part), right_caption(derived, layer))]


def _misnamed(trees, layer: Layer) -> list[Difference]:
    """The captions that do not fit what they stand beside."""
    return [Difference(CAPTION, *pair) for pair in misnamed(trees, layer)]


def captioned(count: int) -> Check:
    """As many things in a print have a caption; whether each fits, the other checks say."""

    def check(printed: str) -> Outcome:
        found = len(list(captions_of(parse(printed))))
        apart = (Difference("captions", str(found), str(count)),) if found != count else ()
        return Outcome(str(count), apart)

    return check


def part_of(printed: str, n: int, layer: Layer):
    """The value of one part of a printed display, counted from 0: what a sentence speaks of."""
    return evaluate(_parts(parse(printed))[n], layer)


def right_side(printed: str, layer: Layer, indices: dict[str, int] | None = None):
    """The value of the last side of a printed equation."""
    return evaluate(parse(printed).sides[-1], layer, indices)


def _parts(chain: Chain) -> list:
    return [factor for side in chain.sides for factor in factors(side)]


def factors(tree) -> list:
    """The factors of a product, one after the other."""
    if isinstance(tree, Product):
        return factors(tree.left) + factors(tree.right)
    return [tree]


def bold_cells(winners: set[tuple[int, int]], part: int = 1) -> Check:
    """The cells printed in bold in one part of a display are the winners of their windows."""
    return _cells_that_are(
        lambda entry: isinstance(entry, Name) and entry.bold, "bold", "plain", winners, part
    )


def dotted_cells(cells: set[tuple[int, int]], part: int = 1) -> Check:
    """The cells printed as dots in one part of a display are those that have no value yet."""
    return _cells_that_are(lambda entry: isinstance(entry, Dots), "dots", "a value", cells, part)


def _cells_that_are(
    is_so: Callable[[object], bool], yes: str, no: str, wanted: set, part: int
) -> Check:
    """The entries of one part of a display that look so are exactly the wanted ones."""

    def check(printed: str) -> Outcome:
        matrix = _parts(parse(printed))[part]
        if not isinstance(matrix, Matrix):
            raise CannotRead(f"Part {part + 1} is no matrix: {printed}")
        cells = {
            (r + 1, c + 1)
            for r, row in enumerate(matrix.rows)
            for c, entry in enumerate(row)
            if is_so(entry)
        }
        found = [
            Difference(f"entry {at}", *((yes, no) if at in cells else (no, yes)))
            for at in sorted(cells ^ wanted)
        ]
        return Outcome(f"{yes}: {sorted(wanted)}", tuple(found))

    return check


def result(layer: Layer, derive: Callable[[Layer], object]) -> Check:
    """An expression, worked out with the signs of its document, gives what is derived."""

    def check(printed: str) -> Outcome:
        (expression,) = parse(printed).sides
        derived = derive(layer)
        found = [*_misnamed(expression, layer), *compare(evaluate(expression, layer), derived)]
        return Outcome(latex(derived), tuple(found), cells_of(derived), layer)

    return check


def both(*checks: Check) -> Check:
    """Several checks of one print."""

    def check(printed: str) -> Outcome:
        outcomes = [one(printed) for one in checks]
        differences = tuple(d for outcome in outcomes for d in outcome.differences)
        formula = next((one for one in outcomes if one.values), outcomes[0])
        return Outcome(outcomes[0].derived, differences, formula.values, formula.layer)

    return check


class DoesNotRun(ValueError):
    """A printed line of code that fails on what it is given."""


def code(use: Callable[[Callable[..., dict]], Iterable[tuple[str, object, object]]]) -> Check:
    """A printed line of code, run on symbols, makes what is derived.

    ``use`` gets the line as a function: its arguments are the names that the line knows, its answer
    all names after it ran, with the value of an expression under "value". ``use`` runs it wherever
    it is to be tried and yields (where, what the line made, what is derived).

    To run a print is safe because the only prints are those typed in our own records; besides, a
    line sees ``range``, ``int`` and a handful of NumPy's functions and no other builtins.
    """

    def check(printed: str) -> Outcome:
        found, first = [], None
        try:
            for where, made, derived in use(lambda **names: _run(printed, names)):
                first = derived if first is None else first
                made, derived = (
                    np.array(side, dtype=object) if isinstance(side, tuple | list) else side
                    for side in (made, derived)
                )
                found += compare(made, derived, where)
        except (AttributeError, KeyError, TypeError) as error:  # it makes other names or things
            raise DoesNotRun(f"{type(error).__name__}: {error}: {printed}") from None
        if first is None:
            raise ValueError(f"Nothing was tried: {printed}")
        return Outcome(_in_code(first), tuple(found))

    return check


def _in_code(value) -> str:
    """A size as code writes it, and anything else as LaTeX; nothing of what is too large to read."""
    if isinstance(value, tuple | list) and all(isinstance(n, int | np.integer) for n in value):
        return f"({', '.join(map(str, value))})"
    return latex(value) if np.size(value) <= 16 else ""


def _run(line: str, names: dict) -> dict:
    known = {
        "__builtins__": {"__import__": _only_numpy},
        "np": _NUMPY,
        "range": range,
        "int": int,
        **names,
    }
    try:
        try:
            known["value"] = eval(compile(line, "print", "eval"), known)
        except SyntaxError:  # a statement
            exec(compile(line, "print", "exec"), known)
    except Exception as error:  # whatever a line does wrong is the line's own
        raise DoesNotRun(f"{type(error).__name__}: {error}: {line}") from None
    return known


def _only_numpy(name: str, *rest):
    """Some methods of arrays import the rest of NumPy; nothing else is imported."""
    if name.partition(".")[0] != "numpy":
        raise ImportError(f"A printed line imports {name}.")
    return __import__(name, *rest)


def _randn(*shape: int) -> np.ndarray:
    """A symbol for each random number."""
    numbers = [sympy.Symbol(f"r_{n + 1}") for n in range(math.prod(shape))]
    return np.array(numbers, dtype=object).reshape(shape)


_NUMPY = SimpleNamespace(
    amax=np.amax,
    argmax=np.argmax,
    dot=np.dot,
    sum=np.sum,
    unravel_index=np.unravel_index,
    zeros=lambda shape, dtype=object: np.zeros(shape, dtype),
    random=SimpleNamespace(randn=_randn),
)
