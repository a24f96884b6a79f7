"""What the slides print on the backward pass of pooling."""

from __future__ import annotations

import re

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from .checks import Check, Outcome, both, compare, words
from .printed import CannotRead
from .slides_words import record


def pooled_cells(kind: str) -> list[str]:
    """Which cells of a pooling block get a gradient, for blocks of several sizes."""
    found = set()
    for n in (2, 3):
        order = np.random.default_rng(n).permutation(4 * n * n).reshape(2 * n, 2 * n)
        g = symbol_array("g", (2, 2))
        if kind == "Max":
            winners, switches = max_pool2d(order, n, return_indices=True)
            spread = max_pool2d_backward(g, order.shape, switches)
            where = np.isin(order, winners)
        else:
            spread = avg_pool2d_backward(g, order.shape, n)
            where = np.ones(order.shape, bool)
        named = "the winner" if kind == "Max" else "the whole block"
        found.add(named if np.array_equal(spread != 0, where) else "other cells")
    return sorted(found)


def assigned(kind: str) -> Check:
    """Where the error goes: a rule in words, under the name of its pooling."""
    return words(
        {
            "Max Pooling": "Max",
            "Average Pooling": "Average",
            "just assigned to where it comes from": "the winner",
            "assigned to the whole pooling block": "the whole block",
        },
        lambda: [kind, *pooled_cells(kind)],
    )


def share(printed: str) -> Outcome:
    """The factor of average pooling, for blocks of several sizes N."""
    match = re.search(r"multiplied by \$(\d)/\(([A-Z]) \\times ([A-Z])\)\$", printed)
    if match is None or match[2] != match[3]:
        raise CannotRead(f"By what is the error multiplied? {printed}")
    found = []
    for n in (1, 2, 3, 4):
        x, g = symbol_array("x", (2 * n, 2 * n)), sympy.Symbol("g")
        pooled = avg_pool2d(x, n)
        derived = sympy.diff(pooled[0, 0], x[0, 0])
        backward = avg_pool2d_backward(np.full((2, 2), g, dtype=object), x.shape, n)
        if any(sympy.expand(cell - g * derived) != 0 for cell in backward.flat):
            raise ArithmeticError("The backward pass is not the derivative of the mean.")
        found += compare(sympy.Rational(int(match[1]), n * n), derived, f"{match[2]}={n}")
    return Outcome(r"\frac{1}{N N}", tuple(found))


RECORDS = (
    record(
        86,
        "Backprop in Pooling Layer, max pooling",
        "the gradient goes to the cell that won",
        "Max Pooling\n - the error is just assigned to where it comes from",
        assigned("Max"),
        "02",
        "The largest cell of a block is the result, so the result changes with it one for one, and with "
        "no other cell as long as no other becomes the largest. The winner gets the whole "
        "gradient, the others 0. Between equal cells the document does not choose.",
    ),
    record(
        87,
        "Backprop in Pooling Layer, average pooling, the factor",
        "each cell gets one part in N × N",
        r"The error is multiplied by $1/(N \times N)$",
        share,
        "02",
        "The mean of an N×N block is the sum of its cells, each times 1/(N × N). So the result changes "
        "by that much with each cell, and the gradient is passed on with this factor; all shares "
        "of a block add up to the gradient that arrived.",
    ),
    record(
        88,
        "Backprop in Pooling Layer, average pooling, the cells",
        "the share goes to every cell of the block",
        "Average Pooling\n - The error is multiplied by $1/(N \\times N)$ and assigned to the whole "
        "pooling block",
        both(assigned("Average"), share),
        "02",
        "Every cell of the block has the same part in the mean, so every cell gets the same share. "
        "Where blocks overlap, a cell adds up its shares.",
    ),
)
