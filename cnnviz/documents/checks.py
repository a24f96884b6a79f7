"""How a printed statement is compared with what is derived. Every check can fail.

A check takes the text as printed and answers with an ``Outcome``: what was derived, and each place
where the print differs. Formulas are parsed and compared entry by entry. Rules in words are compared
through the numbers and words they print.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import sympy

from .meaning import ANYTHING, Layer, evaluate, latex, same
from .printed import Chain, Dots, Matrix, Name, Product, parse


@dataclass(frozen=True)
class Difference:
    """One place where print and derivation differ, each side as LaTeX."""

    at: str
    printed: str
    derived: str


@dataclass(frozen=True)
class Outcome:
    """What was derived, as LaTeX, and where the print differs from it."""

    derived: str
    differences: tuple[Difference, ...] = ()


Check = Callable[[str], Outcome]


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
    if printed is None or derived is None:
        return _difference(where or "the whole", printed, derived)
    one, other = (set(sympy.Add.make_args(sympy.expand(side))) for side in (printed, derived))
    if not one & other:
        return _difference(where or "the whole", printed, derived)
    at = f"{where}, a term" if where else "a term"
    return _difference(at, sympy.Add(*(one - other)), sympy.Add(*(other - one)))


def spread_dots(printed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A printed matrix in full size: a whole row or column of dots stands for as many as are missing."""
    if printed.ndim != 2 or len(shape) != 2:
        return printed
    for axis in (0, 1):
        lines = np.moveaxis(printed, axis, 0)
        missing = shape[axis] - len(lines)
        dotted = [n for n, line in enumerate(lines) if all(entry is ANYTHING for entry in line)]
        if missing > 0 and len(dotted) == 1:
            spread = np.repeat(
                lines, [1 + missing * (n in dotted) for n in range(len(lines))], axis=0
            )
            printed = np.moveaxis(spread, 0, axis)
    return printed


def _difference(at: str, printed, derived) -> Difference:
    return Difference(at, latex(printed), latex(derived))


def equation(layer: Layer, free: dict[str, int] | None = None) -> Check:
    """The sides of an equation agree, whatever the free indices are.

    ``free`` gives for each free index its largest value. The first side names what is meant; its
    value comes from calculus on the layer, never from the print.
    """

    def check(printed: str) -> Outcome:
        sides = parse(printed).sides
        if len(sides) < 2:
            raise ValueError(f"An equation has two sides: {printed}")
        found, derived = [], []
        for values in itertools.product(*(range(1, n + 1) for n in (free or {}).values())):
            indices = dict(zip(free or {}, values, strict=True))
            where = ", ".join(f"{name}={value}" for name, value in indices.items())
            meant, *others = (evaluate(side, layer, indices) for side in sides)
            derived.append(meant)
            for other in others:
                found += compare(other, meant, where)
        return Outcome(latex(derived[0]) if len(derived) == 1 else "", tuple(found))

    return check


def displays(layer: Layer, *derive: Callable[[Layer], object]) -> Check:
    """A display of one or more parts: stages with arrows between them, or factors side by side.

    Each part is compared with its own derivation.
    """

    def check(printed: str) -> Outcome:
        parts = _parts(parse(printed))
        if len(parts) != len(derive):
            raise ValueError(f"{len(derive)} parts were expected, and {len(parts)} are printed.")
        found, shown = [], []
        for n, (part, make) in enumerate(zip(parts, derive, strict=True), start=1):
            derived = make(layer)
            where = f"part {n}," if len(parts) > 1 else ""
            found += compare(evaluate(part, layer), derived, where)
            shown.append(latex(derived))
        return Outcome(r" \quad ".join(shown), tuple(found))

    return check


def _parts(chain: Chain) -> list:
    return [factor for side in chain.sides for factor in _factors(side)]


def _factors(tree) -> list:
    """The matrices of a product that stands for itself."""
    if isinstance(tree, Product):
        return _factors(tree.left) + _factors(tree.right)
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
        assert isinstance(matrix, Matrix)
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
        return Outcome(latex(derived), tuple(compare(evaluate(expression, layer), derived)))

    return check


def both(*checks: Check) -> Check:
    """Several checks of one print."""

    def check(printed: str) -> Outcome:
        outcomes = [one(printed) for one in checks]
        differences = tuple(d for outcome in outcomes for d in outcome.differences)
        return Outcome(outcomes[0].derived, differences)

    return check


def numbers(derive: Callable[[], list]) -> Check:
    """The numbers in a sentence, in order, are those that the computation gives."""

    def check(printed: str) -> Outcome:
        derived = [sympy.Integer(n) for n in derive()]
        stated = [sympy.Integer(n) for n in re.findall(r"\d+", printed)]
        if len(stated) != len(derived):
            return Outcome(
                _listed(derived),
                (Difference("how many numbers", _listed(stated), _listed(derived)),),
            )
        found = [
            Difference(f"number {n}", str(one), str(other))
            for n, (one, other) in enumerate(zip(stated, derived, strict=True), start=1)
            if one != other
        ]
        return Outcome(_listed(derived), tuple(found))

    return check


def words(vocabulary: dict[str, object], derive: Callable[[], list]) -> Check:
    """The words of a rule that mean something are those that the computation gives.

    ``vocabulary`` maps words to what they mean; the meanings found in the print, in order, are
    compared with ``derive``.
    """
    pattern = re.compile("|".join(sorted(map(re.escape, vocabulary), key=len, reverse=True)))

    def check(printed: str) -> Outcome:
        stated = [vocabulary[word] for word in pattern.findall(printed)]
        derived = derive()
        if stated == derived:
            return Outcome(_listed(derived))
        return Outcome(
            _listed(derived), (Difference("the words", _listed(stated), _listed(derived)),)
        )

    return check


def rule(terms: tuple[str, ...], derive: Callable[[], list]) -> Check:
    """The terms of a rule and its numbers, in the order of the print, are those computed.

    >>> rule(("stride", "padding"), lambda: ["stride", 1])("with a stride of 2").differences[0].at
    'the words'
    """
    pattern = re.compile("|".join([*sorted(map(re.escape, terms), key=len, reverse=True), r"\d+"]))

    def check(printed: str) -> Outcome:
        stated = [int(word) if word.isdigit() else word for word in pattern.findall(printed)]
        derived = derive()
        if stated == derived:
            return Outcome(_listed(derived))
        return Outcome(
            _listed(derived), (Difference("the words", _listed(stated), _listed(derived)),)
        )

    return check


def fact(test: Callable[[], bool], says: str) -> Check:
    """A statement whose words cannot be parsed: the computation decides whether it is so.

    ``says`` is what the computation shows, in words. Such a record says that its print is not
    compared.
    """

    def check(printed: str) -> Outcome:
        return Outcome(
            says, () if test() else (Difference("the statement", printed, f"not so: {says}"),)
        )

    check.reads_print = False
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
                made, derived = (
                    np.array(side, dtype=object) if isinstance(side, tuple | list) else side
                    for side in (made, derived)
                )
                first = derived if first is None else first
                found += compare(made, derived, where)
        except (AttributeError, KeyError, TypeError) as error:  # it makes other names or things
            raise DoesNotRun(f"{type(error).__name__}: {error}: {printed}") from None
        if first is None:
            raise ValueError(f"Nothing was tried: {printed}")
        return Outcome(latex(first) if np.size(first) <= 16 else "", tuple(found))

    return check


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


def _listed(items) -> str:
    return ", ".join(map(str, items))
