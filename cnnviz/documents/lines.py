"""Where a record stands in the derivation that it names: the line that says what was derived for it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import sympy

from .. import derivations
from ..derivations.values import Derivation, Line, value_of
from ..symbols import NOTATIONS
from .checks import cells_of
from .meaning import Layer
from .printed import Call, CannotRead, Matrix, Name, Partial, Product, nodes, parse
from .record import Judged, Record, judge

# The sizes of each document's example, for what is derived without a layer.
EXAMPLES = {"note": ((4, 4), (3, 3)), "slides": ((3, 3), (2, 2)), "blog": ((3, 3), (2, 2))}
# How a right side is written: with local slopes, with operations on whole maps, or written out.
SLOPES, OPERATION, WRITTEN_OUT = "slopes", "operation", "written out"


class FoundLine(NamedTuple):
    """The title of a derivation, the number of a line of it, counted from 1, and its reason."""

    title: str
    number: int
    reason: str


def line_of(one: Judged | Record) -> FoundLine | None:
    """The line of the named derivation that holds every expression that was derived for a record.

    Several lines may, for all of them are equal: then the first that is written as the print is. None
    where no derivation is named, or where it says nothing of what was derived.
    """
    judged = one if isinstance(one, Judged) else judge(one)
    record = judged.record
    if not record.derivation or not judged.values:
        return None
    derivation = derivation_of(judged)
    wanted = {_expanded(value) for value in judged.values}
    found = [n for n, cells in enumerate(_cells_of_lines(derivation)) if wanted <= cells]
    if not found:
        return None
    printed = _how_printed(record)

    def unlike(n: int) -> tuple[bool, bool]:
        """A line that is written otherwise comes later, and the chain rule last."""
        written = _how_written(derivation.lines[n])
        return written != printed, written == SLOPES

    number = min(found, key=unlike)
    return FoundLine(derivation.title, number + 1, derivation.lines[number].reason)


def derivation_of(judged: Judged) -> Derivation:
    """The derivation that a record names, in the letters of its document and the sizes of its layer."""
    record, layer = judged.record, judged.layer
    if layer is None:
        layer = Layer(NOTATIONS[record.document], *EXAMPLES[record.document])
    return _derived(record.derivation, layer)


@lru_cache(maxsize=64)
def _derived(name: str, layer: Any) -> Derivation:
    derive = getattr(derivations, name)
    known = inspect.signature(derive).parameters
    sizes = dict(layer.sizes)
    if "ceil_mode" in known:  # a pooling, whose windows are no kernels
        sizes = {key: sizes[key] for key in ("input_size", "notation")}
    if name == "transposed_convolution":  # it goes the other way
        sizes["input_size"] = layer.upstream.shape
    if name == "index_substitution":  # one axis of the layer
        sizes |= {key: sizes[key][0] for key in ("input_size", "kernel_size")}
    return derive(**{key: value for key, value in sizes.items() if key in known})


# What stands in a line.


@lru_cache(maxsize=64)
def _cells_of_lines(derivation: Derivation) -> tuple[frozenset[sympy.Expr], ...]:
    """For each line the expressions on both sides and in what its operations work on, with the values
    of local slopes put in."""
    slopes = {name: value for name, value in derivation.meanings().items() if _is_slope(name)}
    return tuple(
        frozenset(
            _expanded(cell.xreplace(slopes))
            for side in (line.left, line.right)
            for part in _parts(side)
            for cell in cells_of(part)
        )
        for line in derivation.lines
    )


def _parts(side: Any) -> Iterator[Any]:
    """A side carried out, and each array that it operates on."""
    yield value_of(side)
    if _is_operation(side):
        for part in vars(side).values():
            for one in part if isinstance(part, tuple) else (part,):
                if isinstance(one, np.ndarray) or _is_operation(one):
                    yield from _parts(one)


def _how_written(line: Line) -> str:
    if any(_is_slope(s) for cell in cells_of(value_of(line.right)) for s in cell.free_symbols):
        return SLOPES
    return OPERATION if _is_operation(line.right) else WRITTEN_OUT


def _is_operation(side: Any) -> bool:
    return hasattr(side, "show")


def _is_slope(name: sympy.Expr) -> bool:
    """Whether a letter is the slope of an output, ∂h_11/∂a_11, and not one of the scalar."""
    top, _, below = str(name).partition("/")
    return below.startswith("∂") and "_" in top


@lru_cache(maxsize=8192)
def _expanded(cell: sympy.Expr) -> sympy.Expr:
    return sympy.expand(cell)


# What stands in a print.


def _how_printed(record: Record) -> str:
    try:
        sides = parse(record.printed).sides
    except CannotRead:
        return WRITTEN_OUT
    parts = [part for side in sides[1:] or sides for part in nodes(side)]
    scalar = NOTATIONS[record.document].scalar
    if any(isinstance(part, Partial) and part.top.letter != scalar for part in parts):
        return SLOPES
    return OPERATION if any(map(_operates, parts)) else WRITTEN_OUT


def _operates(tree: Any) -> bool:
    """Whether whole maps are operated on here: by name, by a sign, or as matrices written out."""
    match tree:
        case Call() | Matrix():
            return True
        case Product("" | "circledast", left, right):
            return _is_whole(left) or _is_whole(right)
    return False


def _is_whole(tree: Any) -> bool:
    """Whether a letter stands for all cells of a map: W, or ∂F/∂h."""
    match tree:
        case Partial(_, Name(_, below)) | Name(_, below):
            return not below
    return False
