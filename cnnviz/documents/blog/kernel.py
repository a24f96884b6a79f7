"""What the blog says of the forward pass of the convolution and of the gradient to its kernel, computed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import numpy as np
import sympy

from ...derivations.arrays import array
from ...functional import conv2d, conv_transpose2d, rot180
from ..checks import Check, Outcome, compare, equation, right_side
from ..claims.words import NUMBERS
from ..meaning import HasNoMeaning, Layer, equal, evaluate, latex
from ..printed import Partial, Product, parse
from .layers import BIAS, BLOG, CELLS, LETTERS, agree, braced

FREE = {"m": 2, "n": 2}  # the free indices of a cell of K or Z, each with its largest value

# The chain rule for whole maps


def chain_rule(join: Callable, *free: str) -> Check:
    """∂L/∂K = ∂L/∂Z · ∂Z/∂K, with ``join`` for the dot between the two whole arrays.

    ``free`` are the free indices of K, of which each is 1 or 2.
    """

    def check(printed: str) -> Outcome:
        meant, product = parse(printed).sides
        if not (isinstance(product, Product) and product.sign == "cdot"):
            raise HasNoMeaning(f"The chain rule is a product with a dot: {printed}")
        found, derived = [], []
        for values in itertools.product((1, 2), repeat=len(free)):
            at = dict(zip(free, values, strict=True))
            where = ", ".join(f"{name}={value}" for name, value in at.items())
            joined = join(*(evaluate(factor, BLOG, at) for factor in (product.left, product.right)))
            derived.append(evaluate(meant, BLOG, at))
            found += compare(joined, derived[-1], where)
        whole = array(derived, (2,) * len(free)) if free else derived[0]
        return Outcome(latex(whole), tuple(found))

    return check


def entry_times_entry(left, right):
    """The dot as it stands between two numbers."""
    return np.multiply(left, right)


def sum_over_outputs(left, right):
    """The dot as the sum over all entries of Z."""
    if np.shape(right)[: np.ndim(left)] != np.shape(left):
        raise HasNoMeaning("Both factors run over the same outputs.")
    total = np.tensordot(left, right, axes=np.ndim(left))
    return total if total.shape else total[()]


# The example


def example(display: str, size: str, what: str, kernel: str, which: str, scope: str) -> bool:
    """Which maps of the display are so large, and whether the results hold for other sizes too."""
    convolved, output = parse(display).sides
    product = convolved.terms[0]
    maps = {"input": product.left, "kernel": product.right, "output": output}
    shapes = {name: evaluate(map_, BLOG).shape for name, map_ in maps.items()}
    return (
        shapes[what] == _sides(size)
        and shapes[which] == _sides(kernel)
        and _holds_for_other_sizes() == (scope == "standard")
    )


def _sides(size: str) -> tuple[int, ...]:
    return tuple(int(side) for side in size.split("×"))


@cache
def _holds_for_other_sizes() -> bool:
    """The two convolutions of the blog, with padding k − 1, at other sizes of input and kernel."""
    for shape, kernel in (((4, 3), (2, 2)), ((3, 5), (2, 3)), ((4, 3), (3, 1))):
        layer = Layer(LETTERS, shape, kernel)
        around = tuple(side - 1 for side in kernel)
        back = conv2d(layer.upstream, rot180(layer.kernel), padding=around)
        if not equal(conv2d(layer.input, layer.upstream), layer.kernel_gradient):
            return False
        if not equal(back, layer.input_gradient):
            return False
    return True


def for_each_output(*equations: str, number: int) -> bool:
    """How many equations there are: one for each output."""
    left = {parse(equation).sides[0] for equation in equations}
    return number == len(left) == BLOG.output.size


def cells_of(letter: str, what: str, number: int, cells: str) -> bool:
    """What a letter names, what its cells are called, and how many different ones it has."""
    part = BLOG.letters[letter]
    named = part == what and CELLS[part] is CELLS[cells]
    return named and number == len({*CELLS[part].flat})


# From one formula to others


def put_instead(formula: str, old: str, new: str, aim: str) -> bool:
    """Whether another weight may be written in a formula, and whether it holds for more weights then."""
    if braced(old) not in formula:
        return False
    changed = formula.replace(braced(old), braced(new))
    if equation(BLOG, FREE)(changed).differences:
        return False
    more = _reached(changed) - _reached(formula)
    return more > 0 if aim == "generalise" else more < 0


def _reached(formula: str) -> int:
    """How many derivatives a formula gives as its free indices run."""
    meant = parse(formula).sides[0]
    places = itertools.product((1, 2), repeat=len(FREE))
    return len({evaluate(meant, BLOG, dict(zip(FREE, place, strict=True))) for place in places})


# The letters that move with the place for which an equation is written down again.
MOVED = {"outputs": "ZX", "inputs": "X"}


def for_others(slope: str, which: str, ends: str) -> bool:
    """For how many other places a slope holds if it is written for them."""
    changed = slope
    for letter in MOVED[ends]:
        changed = changed.replace(braced(f"{letter}_11"), braced(f"{letter}_mn"))
    wrong = {difference.at for difference in equation(BLOG, FREE)(changed).differences}
    others = BLOG.output.size - 1
    holds = others - len(wrong - {"m=1, n=1"})
    return holds == {"all": others, "only one of the": 1, "none of the": 0}[which]


# The four equations of the kernel

OPERATIONS = {
    "convolution": lambda map_: conv2d(map_, BLOG.upstream),
    "transposed convolution": lambda map_: conv_transpose2d(map_, BLOG.upstream),
}


def in_one(*equations: str, number: str, many: str, operation: str) -> bool:
    """Whether so many operations on X and the error signal give so many equations, as printed."""
    made = BLOG.input
    for _ in range(NUMBERS[many]):
        made = OPERATIONS[operation](made)
    counted = NUMBERS[number] == len(equations) == made.size
    return counted and all(agree(made.flat, equations))


def exchanged(*equations: str, alike: str, number: str, one: str, other: str, change: str) -> bool:
    """Whether later equations are the initial ones with the terms of two letters exchanged."""
    initial, later = equations[:4], equations[4:]
    swap = {one: other, other: one} if change == "reversed" else {}
    rest = [_left_over(*pair, swap) for pair in zip(initial, later, strict=True)]
    return (
        NUMBERS[number] == len(initial)
        and all(terms == {*BIAS} for terms in rest)  # K has no equation with a bias
        and (max(map(len, rest)) < BLOG.kernel.size / 2) == (alike == "not much")
    )


def _left_over(before: str, after: str, swap: dict[str, str]) -> set:
    """The terms that differ between two equations once the letters of one are exchanged."""
    left, new_left = (_named(equation) for equation in (before, after))
    if (swap.get(left[0], left[0]), left[1]) != new_left:
        return {"another cell"}
    cells = {"X": BLOG.input, "K": BLOG.kernel, "Z": BLOG.upstream}
    if any(cells[one].shape != cells[other].shape for one, other in swap.items()):
        return {"other sizes"}
    symbols = {
        old: new
        for one, other in swap.items()
        for old, new in zip(cells[one].flat, cells[other].flat, strict=True)
    }
    difference = right_side(before, BLOG).xreplace(symbols) - right_side(after, BLOG)
    return {*sympy.Add.make_args(sympy.expand(difference))}


def _named(equation: str) -> tuple[str, str]:
    """The letter and the index of what is on the left side; of a derivative, by which it is."""
    left = parse(equation).sides[0]
    cell = left.bottom if isinstance(left, Partial) else left
    return cell.letter, cell.below
