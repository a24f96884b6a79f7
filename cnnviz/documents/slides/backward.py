"""What the slides say of the backward pass of a convolution, computed."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from ...derivations.letters import symbol_array
from ...functional import max_pool2d, max_pool2d_backward
from ..checks import right_side
from ..claims import passes
from ..claims.maps import makes, relaid
from ..meaning import equal, evaluate
from ..printed import Call, parse
from .gradients import is_called
from .layers import BASE, THETA, derivative, named

GRADIENTS = {"input": BASE.input_gradient, "filter": BASE.kernel_gradient}

# What is put into the sum of the chain rule ----------------------------------------------------


def put_in(
    *shown: str, deed: str, what: str, part: str, of: str, by: str, how: str = "summation"
) -> bool:
    """Whether these derivatives, put into the chain rule for a part, give what is shown.

    Each is multiplied by its ∂L/∂O, or only added.
    """
    wanted = GRADIENTS[part].ravel()
    table = _local_table(of, by, wanted.size)
    if table is None or not is_called(derivative(of[0], by[0]), what):
        return False
    factors = 1 if deed.lower() == "adding" else BASE.upstream.ravel()
    combine = {"summation": np.sum, "product": np.prod}[how]
    made = combine(factors * table, axis=1)
    return equal(made, wanted) and equal(made, _right_sides(shown))


@cache
def _local_table(of: str, by: str, cells: int) -> np.ndarray | None:
    """The derivative for each cell and output; None where the layer has no such thing.

    ``O_k`` and ``F_i`` may count with any two letters; ``O`` and ``F`` are whole maps.
    """
    tree = parse(rf"\frac{{\partial {of}}}{{\partial {by}}}").sides[0]
    (_, _, output), (_, _, cell) = of.partition("_"), by.partition("_")
    table = np.empty((cells, BASE.output.size), dtype=object)
    rows = 1 if output else BASE.output.size, 1 if cell else cells
    try:
        for i, k in np.ndindex(table.shape):
            value = np.array(evaluate(tree, BASE, {output: k + 1, cell: i + 1}), dtype=object)
            table[i, k] = value.reshape(rows)[0 if output else k, 0 if cell else i]
    except (ValueError, IndexError):
        return None
    return table


@cache
def _right_sides(shown: tuple[str, ...]) -> np.ndarray:
    """What stands to the right in printed equations, cell after cell."""
    return np.concatenate([np.ravel(right_side(one, THETA)) for one in shown])


# Backward --------------------------------------------------------------------------------------


def represents(
    *there: str, operation: str, noun: str, one: str, second_noun: str, of: str, by: str
) -> bool:
    """Whether a convolution makes the sums of the slide before, and the display shows it as such."""
    *sums, display = there
    operands = named(noun, one), named(second_noun, rf"\frac{{\partial {of}}}{{\partial {by}}}")
    total, call = parse(display).sides
    if not isinstance(call, Call):
        return False
    shown = [evaluate(argument, BASE) for argument in call.arguments]
    full = operation == "full convolution"
    wanted = evaluate(total, BASE)
    return (
        makes(*operands, wanted, full=full)
        and makes(*shown, wanted, full=call.name == "Full Convolution")
        and all(equal(one, other) for one, other in zip(operands, shown, strict=True))
        and equal(wanted.ravel(), _right_sides(tuple(sums)))
    )


# How sentences call the maps that meet in the backward pass.
OPERANDS = {
    "input": BASE.input,
    "filter": BASE.kernel,
    "rotated filter": BASE.rotated,
    "loss gradient": BASE.upstream,
}


def _operand(phrase: str) -> str:
    """``the filter``, ``input X``, ``Loss gradient``: the noun; a letter only repeats it."""
    return re.match(r"(?:the )?([A-Za-z ]+?)(?= [A-Z]$| \$|$)", phrase)[1].lower()


@cache
def _is_between(noun: str, operation: str, one: str, other: str, swap: bool) -> bool:
    """Whether this convolution of two maps, in this order, is the gradient to a part."""
    full = operation == "full convolution"
    return makes(OPERANDS[one], OPERANDS[other], GRADIENTS[noun], full=full, swap=swap)


def familiar(display: str, operation: str, one: str, other: str, *, swap: bool = False) -> bool:
    """Whether the sum that is displayed, for each cell of X, is a convolution of two maps."""
    operands = (_operand(phrase) for phrase in (one, other))
    return _sums_of(display) and _is_between("input", operation, *operands, swap)


@cache
def _sums_of(display: str) -> bool:
    """Whether a displayed sum with a free index i runs through ∂L/∂X."""
    wanted = GRADIENTS["input"].ravel()
    return equal([right_side(display, BASE, {"i": i + 1}) for i in range(wanted.size)], wanted)


def is_given_as(
    what: str, noun: str, of: str, by: str, operation: str, one: str, other: str, *,
    swap: bool = False, turned: bool = False,
) -> bool:  # fmt: skip
    """Whether a gradient is this convolution; ``turned``: the filter is the rotated one."""
    operands = [_operand(phrase) for phrase in (one, other)]
    if turned:
        operands = ["rotated filter" if one == "filter" else one for one in operands]
    value = derivative(of, by)
    is_it = _is_between(noun, operation, *operands, swap) and is_called(value, what)
    return is_it and equal(GRADIENTS[noun], value)


def turned_by(when: str, noun: str, letter: str, angle: int) -> bool:
    """Whether ∂L/∂X comes out with the filter turned so, before or after it slides over ∂L/∂O."""
    part = named(noun, letter)
    if part is None or angle % 90:
        return False
    turned = {"First": np.rot90(part, angle // 90), "Last": part}[when]
    return makes(BASE.upstream, turned, GRADIENTS["input"], full=True)


def done_by(sentence: str, how: str, one: str, other: str) -> bool:
    """Whether two deeds, one after the other, turn a table by the angle of the sentence before."""
    (angle,) = map(int, re.findall(r"by (\d+) degrees", sentence))
    tables = (symbol_array("f", shape) for shape in ((2, 2), (2, 3), (3, 3)))
    return all(
        equal(relaid(table, how, one, other), np.rot90(table, angle // 90)) for table in tables
    )


def are_all(how: str, one: str, other: str, kind: str, what: str) -> bool:
    """How many of the two passes of a layer are such operations."""
    found = [_is(what, kind, passing) for passing in (one, other)]
    return one != other and sum(found) == {"Both": 2, "One of": 1, "Neither of": 0}[how]


@cache
def _is(what: str, kind: str, passing: str) -> bool:
    return {"Convolutions": _convolves, "Poolings": _selects}[what](kind, passing)


def _convolves(kind: str, passing: str) -> bool:
    """A convolution adds up, and does the same at every place. Max pooling does neither."""
    x, f, g = BASE.input, BASE.kernel, BASE.upstream
    if kind == "Convolutional" and passing == "Forward pass":
        return makes(x, f, BASE.output)
    if kind == "Convolutional":
        to_filter = makes(x, g, GRADIENTS["filter"])
        return to_filter and makes(g, BASE.rotated, GRADIENTS["input"], full=True)
    one, other = np.array([[1, 5, 2, 0]] * 2), np.array([[7, 0, 0, 3]] * 2)
    if passing == "Forward pass":
        return equal(max_pool2d(one + other, 2), max_pool2d(one, 2) + max_pool2d(other, 2))
    _, switches = max_pool2d(one, 2, return_indices=True)
    stamps = max_pool2d_backward(np.ones((1, 2)), one.shape, switches)
    return equal(stamps[:, :2], stamps[:, 2:])


def _selects(kind: str, passing: str) -> bool:
    """Pooling hands on cells as they are."""
    ways = {
        "Convolutional": passes.of_convolution(BASE),
        "Pooling": passes.of_pooling(BASE.input, np.arange(9).reshape(3, 3), 2, 1),
    }[kind]
    taken, given = ways["forward" if passing == "Forward pass" else "backward"]
    return set(given.flat) <= set(taken.flat)
