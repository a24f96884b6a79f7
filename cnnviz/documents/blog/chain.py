"""The chain rule as the blog says it in words: which ways through the layer count, and how they are
put together."""

from __future__ import annotations

import operator
from functools import cache, reduce

import sympy

from .layers import BIAS, BLOG, CELLS, DERIVATIVE, VALUES

Ways = tuple[tuple[sympy.Symbol, sympy.Expr], ...]
JOINS = {"multiply": operator.mul, "add": operator.add}


@cache
def ways(ends: str, cell: sympy.Symbol) -> Ways:
    """The cells of a map that another cell affects, each with its slope."""
    slopes = (sympy.diff(value, cell) for value in VALUES[ends].flat)
    return tuple(
        (end, slope) for end, slope in zip(CELLS[ends].flat, slopes, strict=True) if slope != 0
    )


def _left(verb: str, which: str, found: Ways) -> Ways:
    """What is left of all ways, or of one of them, when it is taken or left out."""
    count = {"all": len(found), "one of": 1}[which]
    return found[:count] if verb in ("consider", "Find") else found[count:]


def _arrived(end: sympy.Symbol) -> sympy.Symbol:
    """The gradient that has arrived at the end of a way."""
    return sympy.Symbol(f"∂L/∂{end}")


def weights_count(
    of: str, by: str, verb: str, which: str, ends: str, cause: str, many: str, they: str, way: str
) -> bool:
    """Whether these instances make the derivative by each cell, and none can be left out."""
    felt = {_felt(end) for end in CELLS[they].flat}
    own = len({*BLOG.upstream.flat}) == BLOG.upstream.size
    return (
        (by, ends) == (cause, they)
        and felt == {many == "all"}
        and own == (way == "individually")
        and all(_just_enough(of, x, _left(verb, which, ways(ends, x))) for x in CELLS[by].flat)
    )


@cache
def _felt(end: sympy.Symbol) -> bool:
    """Whether the loss depends on a cell: on an output itself, on others through the outputs."""
    of_outputs, of_the_rest = (
        sympy.Function("L")(*cells["output"].flat) for cells in (CELLS, VALUES)
    )
    return of_outputs.has(end) or of_the_rest.has(end)


def _just_enough(of: str, cell: sympy.Symbol, through: Ways) -> bool:
    wanted = DERIVATIVE[cell] if of == "loss function" else sympy.diff(BIAS[0], cell)
    fewer = (through[:n] + through[n + 1 :] for n in range(len(through)))
    return (
        through != ()
        and _added(through) == wanted
        and all(_added(some) != wanted for some in fewer)
    )


def _added(through: Ways) -> sympy.Expr:
    return sympy.Add(*(_arrived(end) * slope for end, slope in through))


def inputs_count(
    by: str,
    logic: str,
    verb: str,
    which: str,
    ends: str,
    cause: str,
    first: str,
    what: str,
    then: str,
) -> bool:
    """Whether instances that are put together in this way make the derivative by each cell, and
    whether the derivatives by the weights are made in the same way."""

    def made(cell: sympy.Symbol) -> sympy.Expr:
        through = _left(verb, which, ways(ends, cell))
        factors = {"error signal": _arrived, "output": lambda end: end}[what]
        each = [JOINS[first](factors(end), slope) for end, slope in through]
        return sympy.expand(reduce(JOINS[then], each)) if each else sympy.Integer(0)

    right = {
        name: all(made(x) == DERIVATIVE[x] for x in CELLS[name].flat) for name in (by, "weight")
    }
    return CELLS[by] is CELLS[cause] and right[by] and right["weight"] == (logic == "the same")


# Whether the cells of one map that a sentence names are affected by a cell, or affect it themselves.
BY_THE_CELL = {
    "being affected by": True, "affecting": False, "affects": True, "is affected by": False,
}  # fmt: skip


def _touched(ends: str, verb: str, cause: str, cell: sympy.Symbol) -> list[sympy.Symbol]:
    if BY_THE_CELL[verb]:
        return [end for end, _ in ways(ends, cell)]
    return [end for end in CELLS[ends].flat if cell in dict(ways(cause, end))]


def affected(one: str, only: str, ends: str, verb: str, cause: str, cell: str) -> bool:
    """Whether a cell of a map is touched by a cell of another, and whether it is the only one."""
    named, by = sympy.symbols((one, cell))
    if named not in CELLS[ends].flat or by not in CELLS[cause].flat:
        return False
    found = _touched(ends, verb, cause, by)
    return named in found and (len(found) == 1) == (only == "the only")


def affects(alone: str, cell: str, verb: str, many: str, one: str, other: str) -> bool:
    """Whether an input touches more than one output, and both of these."""
    found = _touched("output", verb, "input", sympy.Symbol(cell))
    named = {*sympy.symbols((one, other))} & {*found}
    return (
        one != other
        and len(named) == {"both": 2, "only one of": 1}[many]
        and (len(found) == 1) == (alone == "is")
    )
