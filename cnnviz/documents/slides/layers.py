"""The layer of the slides, O = Convolution(X, F) with a 3×3 input and a 2×2 filter, and its maps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from ...symbols import NOTATIONS
from ..captions import fits
from ..checks import Check, Difference, Outcome
from ..meaning import Layer, evaluate
from ..printed import Caption, parse

NAMES = NOTATIONS["slides"]
BASE = Layer(NAMES, (3, 3), (2, 2))
THETA = Layer(NAMES, (3, 3), (2, 2), also=(("theta", "output"),))
# The same layer where the first of the two maps is the one that slides.
OVER = Layer(NAMES, (3, 3), (2, 2), star=(("swap", True),))


def overlaid(layer: Layer) -> np.ndarray:
    """The input with the filter over its first window: where a cell meets a weight, their product."""
    seen = layer.input.copy()
    for product in layer.output[0, 0].args:
        (cell,) = product.free_symbols & set(layer.input.flat)
        seen[layer.input == cell] = product
    return seen


def first_overlap(layer: Layer) -> np.ndarray:
    """The rotated filter over the corner of ∂L/∂O: one product, the other cells as they are."""
    (fh, fw), (gh, gw) = layer.kernel_size, layer.upstream.shape
    table = np.full((fh + gh - 1, fw + gw - 1), None, dtype=object)
    table[fh - 1 :, fw - 1 :] = layer.upstream
    table[:fh, :fw] = layer.rotated
    table[fh - 1, fw - 1] = layer.gradient(layer.input[0, 0])
    return table


@cache
def derivative(of: str, by: str):
    """∂of/∂by of whole maps, or of cells such as F_11; None where the layer has no such thing."""
    try:
        return evaluate(parse(rf"\frac{{\partial {of}}}{{\partial {by}}}").sides[0], BASE)
    except ValueError:
        return None


@cache
def named(noun: str, formula: str):
    """What noun and formula name, if it is one thing; None if it is not."""
    try:
        caption = Caption(noun, parse(formula).sides[0])
        value = evaluate(caption, BASE)
        return value if fits(caption, value, BASE) else None
    except ValueError:
        return None


# Prints that use one sign for another ----------------------------------------------------------


def theta_for_O(check: Check) -> Check:
    """A check that also holds each θ against the print: the output is called O."""

    def judged(printed: str) -> Outcome:
        outcome = check(printed)
        times = printed.count(r"\theta")
        notes = (Difference(f"{times} × the letter", r"\theta", "O"),) if times else ()
        return replace(outcome, differences=notes + outcome.differences)

    return judged


def entry_by_entry(check: Check) -> Check:
    """A check of the print with * between two numbers, as everywhere else on the slides."""
    return lambda printed: check(printed.replace(" * ", r" \bullet "))
