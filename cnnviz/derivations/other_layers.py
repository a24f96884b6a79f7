"""The layers around a convolution: ReLU, fully connected, and softmax with cross-entropy."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, pair, whole_number
from ..functional.samples import sample_input
from ..symbols import NOTATIONS, Notation
from .arrays import array, each, row
from .chain import Chain
from .letters import symbol_array
from .values import Added, Derivation, Elementwise, Line, Times

NOTE = NOTATIONS["note"]


def relu_gradient(
    input_size: Any = (3, 3),
    values: Any = None,
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """h = max(a, 0) lets a gradient through where a is positive. At 0 it is 0, by convention.

    `values`, numbers of the input's size, say which cells are positive. The result has the size of
    the input. Raises `DoesNotFit` where sizes differ. Source: blog, `dL_dinput[self.input <= 0] =
    0`.

    >>> relu_gradient((1, 3), [[-2, 0, 5]]).result
    array([[0, 0, ∂F/∂h_13]], dtype=object)
    """
    size = pair(input_size, "input size", at_least=1)
    values = sample_input(*size) - 4 if values is None else np.asarray(values)
    if values.shape != size:
        raise DoesNotFit(f"The values have shape {values.shape}, but the input {size}.")
    a, h = symbol_array(notation.input, size, start), symbol_array(notation.output, size, start)
    clipped = each(a, lambda cell, _: sympy.Max(cell, 0), values)
    passed = each(a, lambda cell, value: cell if value > 0 else sympy.Integer(0), values)
    chain = Chain(notation.scalar, h, passed)
    g, wanted = chain.upstream, chain.gradient(a)
    local = np.diagonal(chain.local(a)).reshape(size)
    mask = each(a, lambda _, value: sympy.Integer(value > 0), values)
    lines = (
        Line(h, clipped, "Negative cells become 0."),
        Line(h, passed, "Where the number is positive, the cell passes; elsewhere 0 does."),
        Line(local, mask, _slopes_sentence(values)),
        Line(wanted, Elementwise(g, local), "Chain rule: each output has one input."),
        Line(
            wanted,
            each(g, lambda cell, value: cell if value > 0 else sympy.Integer(0), values),
            "So the gradient passes where the input was positive, and nowhere else.",
        ),
    )

    def slope(value) -> sympy.Expr:
        return _slope_from_below(int(np.sign(value)))

    def by_calculus():
        return each(g, lambda cell, value: cell * slope(value), values)

    def meanings():
        signs = {
            cell: sympy.Dummy("a", positive=True) * int(np.sign(value))
            for cell, value in zip(a.flat, values.flat, strict=True)
        }
        slopes = each(local, lambda _, value: slope(value), values)
        return (
            {cell: sympy.sympify(sign) for cell, sign in signs.items()}
            | dict(zip(h.flat, clipped.flat, strict=True))
            | dict(zip(local.flat, slopes.flat, strict=True))
            | dict(zip(wanted.flat, by_calculus().flat, strict=True))
        )

    return Derivation(
        "ReLU lets the gradient through where its input was positive",
        "blog, ReLU layer",
        lines,
        meanings=meanings,
        code=lambda: np.where(values > 0, g, 0),
        calculus=by_calculus,
        notation=notation,
    )


def fully_connected(
    inputs: int = 3,
    outputs: int = 2,
    batch: int = 1,
    by: str = "weight",
    convention: str = "column",
    notation: Notation = NOTE,
    start: int = 1,
) -> Derivation:
    """The three gradients of z = W x + b, or of z = x W + b, for a batch.

    With convention "column" (note, slides) x is (inputs, batch) and W (outputs, inputs); with "row"
    (blog) x is (batch, inputs) and W (inputs, outputs). `by`, "weight", "bias" or "input", says
    with which gradient the derivation ends; the result has the shape of that array. Gradients to
    weight and bias add up over the batch.
    Raises `DoesNotFit` for sizes below 1 and other names.
    Source: slides, step 4 of the back-propagation algorithm; blog, FullyConnectedLayer.

    >>> fully_connected(2, 1, by="bias", batch=2).result
    array([[∂F/∂z_11 + ∂F/∂z_12]], dtype=object)
    >>> fully_connected(2, 1, convention="row").result.ravel()
    array([x_11*∂F/∂z_11, x_12*∂F/∂z_11], dtype=object)
    """
    counts = {"inputs": inputs, "outputs": outputs, "batch": batch}
    for name, count in counts.items():
        whole_number(count, f"number of {name}" if name != "batch" else "batch", at_least=1)
    if by not in ("weight", "bias", "input") or convention not in ("column", "row"):
        raise DoesNotFit('Say by="weight", "bias" or "input", and convention="column" or "row".')
    columns = convention == "column"

    def turned(array):
        """Written for columns; rows are the same, transposed."""
        return array if columns else array.T

    def letters(letter, rows, cells):
        return symbol_array(letter, (rows, cells) if columns else (cells, rows), start)

    x, W = letters("x", inputs, batch), letters("W", outputs, inputs)
    b, z = letters("b", outputs, 1), letters("z", outputs, batch)
    product = Times(W, x) if columns else Times(x, W)
    spread = turned(np.repeat(turned(b), batch, axis=1))
    chain = Chain(notation.scalar, z, product.value + spread)
    g = chain.upstream
    ones = np.full((batch, 1), sympy.Integer(1), dtype=object)
    gradients = {
        "weight": Times(g, x.T) if columns else Times(x.T, g),
        "bias": Times(g, ones) if columns else Times(ones.T, g),
        "input": Times(W.T, g) if columns else Times(g, W.T),
    }
    variables = {"weight": W, "bias": b, "input": x}
    reasons = {
        "weight": "A weight meets one input and goes to one output: an outer product"
        + (", added up over the batch." if batch > 1 else "."),
        "bias": "A bias goes to one output, with slope 1"
        + (": add up over the batch." if batch > 1 else "."),
        "input": "An input goes to all outputs: the transpose of W brings them back together.",
    }
    last = variables[by]
    order = [name for name in gradients if name != by] + [by]
    lines = [
        Line(z, Added((product, spread)), "The forward pass."),
        Line(
            chain.gradient(last),
            chain.rule(last),
            f"Chain rule: {chain.scalar} feels it through every output.",
        ),
    ]
    lines += [Line(chain.gradient(variables[n]), gradients[n], reasons[n]) for n in order]
    lines.append(
        Line(chain.gradient(last), chain.substituted(last), "Multiplied out, as by the chain rule.")
    )
    return Derivation(
        f"A fully connected layer: the gradient to its {by}",
        "slides, step 4" if columns else "blog, FullyConnectedLayer",
        tuple(lines),
        meanings=lambda: chain.meanings(x, W, b),
        code=lambda: gradients[by].value,
        calculus=lambda: chain.calculus(last),
        notation=notation,
    )


def softmax_cross_entropy(
    classes: int = 3, notation: Notation = NOTE, start: int = 1
) -> Derivation:
    """The gradient of cross-entropy after softmax, to the scores z: p - y.

    y are the wanted probabilities, which add up to 1. The result is an array (classes,).
    Raises `DoesNotFit` for less than one class. Source: beyond the documents; for the output layer
    of the slides' network with this loss.

    >>> softmax_cross_entropy(2).result
    array([p_1 - y_1, p_2 - y_2], dtype=object)
    """
    classes = whole_number(classes, "number of classes", at_least=1)
    z, y, p = (row(letter, classes, start) for letter in "zyp")
    loss = sympy.Symbol("L" if notation.scalar != "L" else "J")
    powers = [sympy.exp(one) for one in z]
    softmax = array([power / sympy.Add(*powers) for power in powers])
    entropy = -sympy.Add(*(wanted * sympy.log(one) for wanted, one in zip(y, p, strict=True)))
    wanted = array([sympy.Symbol(f"∂{loss}/∂{one}") for one in z])
    local = array(
        [sympy.Symbol(f"∂{one}/∂{score}") for one in p for score in z], (classes, classes)
    )
    slopes = array(
        [p[c] * (sympy.Integer(c == j) - p[j]) for c, j in np.ndindex(classes, classes)],
        (classes, classes),
    )
    through = array(
        [sympy.Add(*(-y[c] / p[c] * local[c, j] for c in range(classes))) for j in range(classes)]
    )
    collected = array([p[j] * sympy.Add(*y) - y[j] for j in range(classes)])
    lines = (
        Line(p, softmax, "Softmax: positive numbers that add up to 1."),
        Line(loss, entropy, "Cross-entropy: how surprised p is by y."),
        Line(wanted, through, "Chain rule: each score reaches the loss through every p."),
        Line(local, slopes, "A score lifts its own p and lowers the others."),
        Line(wanted, collected, "Put in: every p under a fraction cancels."),
        Line(wanted, p - y, "The y add up to 1. What is left: what it says minus what it should."),
    )

    def meanings():
        # the last of the y is what the others leave of 1
        means = dict(zip(p, softmax, strict=True)) | {loss: entropy}
        means[y[-1]] = 1 - sympy.Add(*y[:-1])
        for c, j in np.ndindex(classes, classes):
            means[local[c, j]] = sympy.diff(softmax[c], z[j])
        return means | dict(zip(wanted, by_calculus(), strict=True))

    def by_calculus():
        whole = entropy.xreplace(dict(zip(p, softmax, strict=True)))
        return array([sympy.diff(whole, score) for score in z])

    return Derivation(
        "Softmax with cross-entropy: p − y",
        "beyond the documents",
        lines,
        meanings=meanings,
        code=lambda: array([power / sum(powers) for power in powers]) - y,
        calculus=by_calculus,
        notation=notation,
    )


def _slopes_sentence(values: np.ndarray) -> str:
    text = "The slope is 1 where the number is positive and 0 where it is negative."
    if (values == 0).any():
        text += " At 0 it is 0 on one side and 1 on the other; by convention, take 0."
    return text


@cache
def _slope_from_below(sign: int) -> sympy.Expr:
    """The slope of max(x, 0) at -1, 0 or 1, coming from below; at 0 that is the convention."""
    x = sympy.Dummy("x", real=True)
    return sympy.limit(sympy.diff(sympy.Max(x, 0), x), x, sign, "-")
