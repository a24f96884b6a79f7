"""How the sentences and captions of the slides are read: each is turned into what it claims.

The layer of the slides is O = Convolution(X, F) with a 3×3 input and a 2×2 filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import sympy

from ..functional import rot180
from ..functional.geometry import DoesNotFit
from ..symbols import NOTATIONS, spoken
from .checks import Check, Difference, Outcome, compare
from .meaning import HasNoMeaning, Layer, convolve, evaluate, latex
from .printed import CannotRead, Partial, parse
from .record import Record

BASE = Layer(NOTATIONS["slides"], (3, 3), (2, 2))
THETA = Layer(NOTATIONS["slides"], (3, 3), (2, 2), also=(("theta", "output"),))


def record(number, place, states, printed, readings, lesson, proof, contradicts="") -> Record:
    """A record of the slides; ``readings`` may be a single check, where no convention is needed."""
    readings = (("", readings),) if callable(readings) else readings
    name = f"slides-{number:02d}"
    against = f"slides-{contradicts:02d}" if contradicts else ""
    return Record(name, "slides", place, states, printed, readings, lesson, proof, None, against)


def series(first, place, prints: Mapping[str, str], states, readings, lesson, proof) -> tuple:
    """One record for each cell: ``states`` and ``proof`` speak of {cell} and of its {ways}."""
    return tuple(
        record(
            number,
            f"{place}, equation {number - first + 1} of {len(prints)}",
            states.format(cell=spoken(cell)),
            printed,
            readings,
            lesson,
            proof.format(cell=spoken(cell), ways=ways(cell)),
        )
        for number, (cell, printed) in enumerate(prints.items(), start=first)
    )


def ways(cell: str) -> str:
    """Each output that a cell of X or F takes part in, and what it is multiplied by there."""
    names = BASE.notation
    outputs = zip(BASE.upstream.flat, BASE.output.flat, strict=True)
    found = []
    for upstream, output in outputs:
        local = sympy.diff(output, sympy.Symbol(cell))
        if local != 0:
            place = str(upstream).partition("_")[2]
            found.append(f"{spoken(f'{names.output}_{place}')} (times {spoken(str(local))})")
    return ", ".join(found)


def gradient(layer: Layer, part: str) -> np.ndarray:
    """∂L by every cell of the input or of the kernel, from the chain rule."""
    return np.vectorize(layer.gradient, otypes=[object])(layer.part(part))


def noting(written: str, meant: str, check: Check) -> Check:
    """A check that also holds each use of one notation for another against the print."""

    def judged(printed: str) -> Outcome:
        outcome = check(printed)
        times = printed.count(written)
        notes = (Difference(f"{times} × the letter", written, meant),) if times else ()
        return Outcome(outcome.derived, notes + outcome.differences)

    return judged


def instead(written: str, meant: str, check: Check) -> Check:
    """A check of the print with one notation replaced by another."""
    return lambda printed: check(printed.replace(written, meant))


def formulas(printed: str) -> list[str]:
    """The formulas between dollar signs."""
    return re.findall(r"\$([^$]+)\$", printed)


# What is said of a derivative -------------------------------------------------------------------


def role(tree, layer: Layer) -> str:
    """What a derivative is in this layer, from its value: never from its letters."""
    if not isinstance(tree, Partial):
        raise CannotRead("A derivative was expected.")
    value = evaluate(tree, layer)
    if not compare(value, layer.upstream):
        return "arrives"
    for part in ("input", "kernel"):
        if not compare(value, gradient(layer, part)):
            return f"leaves for the {part}"
        if np.ndim(value) == 4 and not compare(
            np.tensordot(layer.upstream, value, axes=2), gradient(layer, part)
        ):
            return f"local to the {part}"
    raise HasNoMeaning("This derivative is none of those that meet in the layer.")


def called(vocabulary: Mapping[str, list[str]], layer: Layer = BASE) -> Check:
    """The derivatives in a sentence are what its words call them.

    ``vocabulary`` gives for a word the roles of the derivatives that may stand beside it.
    """
    pattern = re.compile("|".join(sorted(map(re.escape, vocabulary), key=len, reverse=True)))

    def check(printed: str) -> Outcome:
        printed_formulas = formulas(printed)
        roles = [role(parse(formula).sides[0], layer) for formula in printed_formulas]
        stated = [meant for word in pattern.findall(printed) for meant in vocabulary[word]]
        derived = "; ".join(f"{f}: {r}" for f, r in zip(printed_formulas, roles, strict=True))
        if stated == roles:
            return Outcome(derived)
        return Outcome(derived, (Difference("the name", ", ".join(stated), ", ".join(roles)),))

    return check


def local_gradient(part: str, noun: str, layer: Layer = BASE) -> Check:
    """The formula in a sentence is the local gradient of one part of the layer.

    It is if the chain rule holds with it: Σ_k ∂L/∂O_k times the formula is ∂L by each cell i.
    """
    names = layer.notation
    letter = {"input": names.input, "kernel": names.kernel}[part]
    right = rf"\frac{{\partial {names.output}_k}}{{\partial {letter}_i}}"

    def fits(formula: str) -> bool:
        tree = parse(formula).sides[0]
        try:
            return all(
                sympy.expand(_summed(tree, layer, i) - wanted) == 0
                for i, wanted in enumerate(gradient(layer, part).flat, start=1)
            )
        except CannotRead:
            raise
        except ValueError:  # a letter or a cell that the layer does not have
            return False

    def check(printed: str) -> Outcome:
        found = []
        stated = re.findall(r"\b(?:input|output|filter)\b", printed)
        if stated != [noun]:
            found.append(Difference("the part", ", ".join(stated), noun))
        (formula,) = formulas(printed)
        if not fits(right):
            raise ArithmeticError("The chain rule does not hold with ∂O_k over the part.")
        if not fits(formula):
            found.append(Difference("the formula", formula, right))
        return Outcome(right, tuple(found))

    return check


def _summed(tree, layer: Layer, i: int):
    """Σ_k ∂L/∂O_k times what the tree is for this i and k."""
    return sum(
        upstream * evaluate(tree, layer, {"i": i, "k": k})
        for k, upstream in enumerate(layer.upstream.flat, start=1)
    )


def direction(backward: bool) -> Check:
    """Whether the layer that hands over ∂L/∂O is the next or the previous one.

    The layers are counted as the data pass them, or as the backward pass does.
    """
    names = {"previous layer": "before this layer", "next layer": "after this layer"}

    def check(printed: str) -> Outcome:
        results = sympy.symbols("o:4")
        layers = [sympy.Function(f"f_{n}")(results[n - 1]) for n in (1, 2, 3)]
        this = 1  # the second of three
        reader = next(n for n, f in enumerate(layers) if sympy.diff(f, results[this + 1]) != 0)
        step = this - reader if backward else reader - this
        derived = "after this layer" if step > 0 else "before this layer"
        stated = [names[word] for word in re.findall("|".join(names), printed)]
        differs = Difference("the words", ", ".join(stated), derived)
        return Outcome(derived, () if stated == [derived] else (differs,))

    return check


# What is said of operands -----------------------------------------------------------------------

BETWEEN = re.compile(
    r"(?:wrt the (?P<noun>\w+) \$(?P<target>[^$]+)\$ is given as a )?(?P<full>full )?"
    r"convolution(?: operation)? between (?P<first>.+?) and (?P<second>.+?)\s*"
    r"(?:, gives us an (?P<name>\w+) (?P<made>[A-Z])\b| as shown below|$)",
    re.IGNORECASE,
)


def operands(
    meant: Callable[[Layer], np.ndarray], turned: bool = False, layer: Layer = BASE, **star
) -> Check:
    """The convolution that a sentence makes of its two operands is what it is said to be.

    ``meant`` is the quantity on whose slide the sentence stands. ``turned`` and ``star`` belong to
    a reading: the filter is the rotated one; what slides over what.
    """

    def check(printed: str) -> Outcome:
        sentence = BETWEEN.search(printed.replace("**", ""))
        if sentence is None:
            raise CannotRead(f"Between what is the convolution? {printed}")
        derived, found = meant(layer), []
        for noun, formula in (("noun", "target"), ("name", "made")):
            if sentence[formula]:
                found += _named(sentence[noun], sentence[formula], formula, derived, layer)
        values = [_operand(sentence[which], layer, turned) for which in ("first", "second")]
        try:
            made = convolve(*values, **{"full": bool(sentence["full"]), **star})
        except DoesNotFit as problem:
            return Outcome(latex(derived), (Difference("the sizes", str(problem), latex(derived)),))
        found += compare(made, derived)
        if _letters(made) != _letters(derived):
            found.append(Difference("the operands", _letters(made), _letters(derived)))
        return Outcome(latex(derived), tuple(found))

    return check


def _named(noun: str, formula: str, which: str, derived, layer: Layer) -> list[Difference]:
    """Noun and formula name the quantity that is meant."""
    nouns = {
        "target": {"input": gradient(layer, "input"), "filter": gradient(layer, "kernel")},
        "made": {"output": layer.output, "input": layer.input},
    }[which]
    if noun not in nouns:
        raise CannotRead(f"What is the {noun}?")
    return compare(nouns[noun], derived, "the noun,") + compare(
        evaluate(parse(formula).sides[0], layer), derived, "the name,"
    )


def _operand(phrase: str, layer: Layer, turned: bool) -> np.ndarray:
    """``input X``, ``Filter F``, ``the filter``, ``loss gradient $…$``: noun and letter must agree."""
    nouns = {"input": layer.input, "filter": layer.kernel, "loss gradient": layer.upstream}
    match = re.fullmatch(r"(?:the )?(.*?)\s*(?:\$(.+)\$|([A-Z]))?", phrase.strip())
    value = nouns.get(match[1].lower())
    if value is None:
        raise CannotRead(f"What is “{phrase}”?")
    formula = match[2] or match[3]
    if formula and compare(evaluate(parse(formula).sides[0], layer), value):
        raise HasNoMeaning(f"“{phrase}”: the noun and the formula name different things.")
    return rot180(value) if turned and match[1].lower() == "filter" else value


def _letters(value: np.ndarray) -> str:
    symbols = set().union(*(entry.free_symbols for entry in value.flat))
    return ", ".join(sorted({str(symbol).partition("_")[0] for symbol in symbols}))
