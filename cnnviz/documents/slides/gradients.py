"""What the slides say of the gradients that meet in a layer: local, arriving, and handed on."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy

from ...network import Conv2d
from ..checks import factors
from ..meaning import equal, evaluate
from ..printed import Name, Partial, parse
from .layers import BASE, NAMES, THETA, derivative, named


@cache
def _chain() -> dict[sympy.Symbol, sympy.Expr]:
    """Three layers one after the other: what each makes, and of what."""
    maps = sympy.symbols("o:4")
    return {maps[n]: sympy.Function(f"f_{n}")(maps[n - 1]) for n in (1, 2, 3)}


def is_neighbour(way: str, which: str, backward: bool) -> bool:
    """Whether the second of three layers gets its gradient from this layer, or gives one to it.

    It gets the gradient by what it makes from the layer that takes that in, and gives the gradient
    by what it takes in to the layer that makes that. The layers are counted as the data pass them,
    or as the backward pass does.
    """
    order = list(_chain())[::-1] if backward else list(_chain())
    _, this, _ = order
    (taken,) = _chain()[this].args
    partner = {"from": [m for m in order if _chain()[m].has(this)], "to": [taken]}[way]
    step = {"next": 1, "previous": -1}[which]
    return [order[order.index(this) + step]] == partner


def _goes_to(way: str, others: str) -> bool:
    """Whether other layers need, on this way, what arrives at the second of three."""
    (first, below), (this, middle), (_, above) = _chain().items()
    arriving = sympy.Symbol("g")
    (start,) = below.args
    handed_down = arriving * sympy.diff(middle, first) * sympy.diff(below, start)
    handed_up = above.subs(this, middle)
    needed = {"backpropagated": handed_down, "propagated forward": handed_up}[way].has(arriving)
    return needed == (others == "other")


def is_called(value, words: str) -> bool:
    """Whether a derivative of this layer is what words call it.

    A gradient of the loss is made of what arrives; a local one knows the layer alone. The loss
    itself is a single number.
    """
    if value is None:
        return False
    if words.lower() == "loss":
        return not isinstance(value, np.ndarray)
    arrived = any(entry.has(*BASE.upstream.flat) for entry in np.ravel(value))
    return arrived != words.lower().startswith("local")


# Gates -----------------------------------------------------------------------------------------


def gate(one: str, other: str, role: str, result: str) -> bool:
    """Whether f takes two things in this role, and gives a third."""
    value = sympy.Function("f")(sympy.Symbol(one), sympy.Symbol(other))
    taken, given = set(value.args), sympy.Symbol(result)
    roles = {"inputs": taken, "outputs": {given}}
    return len(taken) == 2 and given not in taken and roles[role] == taken


def local(of: str, by: str, other_of: str, other_by: str, what: str) -> bool:
    """Whether two derivatives are local gradients, with which the chain rule holds, or of the loss."""
    pairs = {(of, by), (other_of, other_by)}
    return len(pairs) == 2 and all(is_called(derivative(*pair), what) for pair in pairs)


def arrives(
    by: str, what: str, way: str, which: str, then: str, others: str, *,
    backward: bool = False, output: str = "O",
) -> bool:  # fmt: skip
    """Whether ∂L by this is what a neighbour hands over, what it is, and where it has to go.

    ``output`` is another letter for what the layer puts out.
    """
    by = "O" if by == output else by
    return _is_handed(derivative("L", by), what, way, which, backward) and _goes_to(then, others)


def got(passing: str, what: str, which: str) -> bool:
    """Whether this is handed to a layer in a pass, and its neighbour is the one that takes in O."""
    handed = BASE.upstream if passing == "backward" else BASE.output
    kinds = {"loss gradient": is_called(handed, "loss gradient"), "loss": is_called(handed, "loss")}
    return kinds[what] and is_neighbour("from", which, backward=False)


def computed(what: str, one: str, other: str) -> bool:
    """Whether this changes with each cell of two parts of the layer, the output being given by them."""
    total = sympy.Add(*(BASE.upstream * BASE.output).flat)
    whole = {"loss": total, "input": sympy.Add(*BASE.input.flat)}
    whole["filter"] = sympy.Add(*BASE.kernel.flat)
    cells = {"input": BASE.input, "filter": BASE.kernel, "output": BASE.chain.names}
    slopes = [sympy.diff(whole[what], cell) for part in {one, other} for cell in cells[part].flat]
    return one != other and 0 not in slopes


# Labels ----------------------------------------------------------------------------------------


def _stands_in(equation: str, of: str, by: str) -> bool:
    """Whether a derivative is a side or a factor of a printed equation."""
    wanted = Partial(Name(of), Name(by))
    return any(wanted in factors(side) for side in parse(equation).sides)


def updates(equation: str, of: str, by: str, what: str, use: str, noun: str, letter: str) -> bool:
    """Whether a derivative of the equation serves this part of the layer, and for what.

    A layer that has run backward holds the gradients by which it learns, and passes on another.
    """
    value, wanted = derivative(of, by), derivative("L", letter)
    if not (_stands_in(equation, of, by) and is_called(value, what) and equal(value, wanted)):
        return False
    numbers, layer, passed_on = _run_backward()
    serving = {"update": list(layer.gradients.values()), "pass on to": [passed_on]}[use]
    seen = [[sympy.sympify(entry).xreplace(numbers) for entry in row] for row in value]
    return named(noun, letter) is not None and any(equal(seen, one[0, 0]) for one in serving)


@cache
def _run_backward() -> tuple[dict, Conv2d, np.ndarray]:
    """Numbers for the symbols, and the layer of the slides that has run backward with them."""
    symbols = [*BASE.input.flat, *BASE.kernel.flat, *BASE.upstream.flat]
    numbers = dict(zip(symbols, range(1, len(symbols) + 1), strict=True))
    x, f, g = (
        np.array([[[[numbers[s] for s in row] for row in part]]], float)
        for part in (BASE.input, BASE.kernel, BASE.upstream)
    )
    layer = Conv2d(1, 1, f.shape[2:], bias=False, dtype=float)
    layer.parameters["weight"] = f
    layer(x)
    return numbers, layer, layer.backward(g)


def labelled(
    equation: str, of: str, by: str, what: str, way: str, which: str, *, backward: bool = False
) -> bool:
    """Whether a derivative of the equation is this, and a neighbour hands it over."""
    handed = _is_handed(derivative(of, by), what, way, which, backward)
    return _stands_in(equation, of, by) and handed


def labelled_local(equation: str, of: str, by: str, what: str) -> bool:
    return _stands_in(equation, of, by) and is_called(derivative(of, by), what)


def captioned_from(
    equation: str, what: str, way: str, which: str, *, backward: bool = False
) -> bool:
    """Whether all sides of an equation, as printed, are this, and a neighbour hands it over."""
    sides = (evaluate(side, THETA) for side in parse(equation).sides)
    return all(_is_handed(side, what, way, which, backward) for side in sides)


def _is_handed(value, what: str, way: str, which: str, backward: bool) -> bool:
    """Whether this is what the layer gets from a neighbour, or gives to it."""
    handed = {"from": BASE.upstream, "to": derivative("L", NAMES.input)}[way]
    is_it = is_called(value, what) and equal(value, handed)
    return is_it and is_neighbour(way, which, backward)
