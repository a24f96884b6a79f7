"""The layers around a convolution: ReLU, fully connected, and softmax with cross-entropy."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, pair, whole_number
from ..functional.samples import sample_input
from ..network import CrossEntropyLoss, Linear, ReLU
from ..network.loss import Functions
from ..symbols import NOTATIONS, Notation
from .arrays import array, each, row
from .chain import Chain, partials
from .letters import symbol_array
from .values import Added, Derivation, Elementwise, Line, Times

NOTE = NOTATIONS["note"]
# Nothing can be the largest of several symbols. But whatever is taken off all scores, the
# probabilities stay: so a letter may be.
OF_SYMBOLS = Functions(
    exp=lambda cells: each(cells, sympy.exp),
    log=lambda cells: each(cells, sympy.log),
    largest=lambda scores: sympy.Dummy("largest"),
)


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
    relu = _Relu(values, notation, start)
    return Derivation(
        "ReLU lets the gradient through where its input was positive",
        "blog, ReLU layer",
        relu.lines,
        meanings=relu.meanings,
        code=relu.code,
        calculus=relu.calculus,
        notation=notation,
    )


class _Relu:
    """The letters of a ReLU, and the numbers that say which of them are positive."""

    def __init__(self, values: np.ndarray, notation: Notation, start: int):
        self.values = values
        self.a, self.h = (
            symbol_array(letter, values.shape, start)
            for letter in (notation.input, notation.output)
        )
        chain = Chain(notation.scalar, self.h, self.passed(self.a))
        self.upstream, self.wanted = chain.upstream, chain.gradient(self.a)
        self.local = np.diagonal(chain.local(self.a)).reshape(values.shape)
        self.clipped = each(self.a, lambda cell: sympy.Max(cell, 0))

    def passed(self, cells: np.ndarray) -> np.ndarray:
        """The cells where the number is positive, and 0 elsewhere."""
        return np.where(self.values > 0, cells, sympy.Integer(0))

    @property
    def lines(self) -> tuple[Line, ...]:
        h, wanted = self.h, self.wanted
        ones = self.passed(np.full(self.values.shape, sympy.Integer(1), dtype=object))
        return (
            Line(h, self.clipped, "Negative cells become 0."),
            Line(
                h,
                self.passed(self.a),
                "Where the number is positive, the cell passes; elsewhere 0 does.",
            ),
            Line(self.local, ones, _slopes_sentence(self.values)),
            Line(
                wanted,
                Elementwise(self.upstream, self.local),
                "Chain rule: each output has one input.",
            ),
            Line(
                wanted,
                self.passed(self.upstream),
                "So the gradient passes where the input was positive, and nowhere else.",
            ),
        )

    @property
    def slopes(self) -> np.ndarray:
        """By calculus, from the signs alone."""
        signs = np.sign(self.values).astype(int)
        return array([_slope_from_below(int(sign)) for sign in signs.flat], signs.shape)

    @cached_property
    def signed(self) -> np.ndarray:
        """A symbol for each cell of which nothing is known but its sign."""
        signs = (int(np.sign(value)) for value in self.values.flat)
        return array([sympy.Dummy("a", positive=True) * s for s in signs], self.values.shape)

    def code(self) -> np.ndarray:
        relu = ReLU()
        relu(self.signed)
        return relu.backward(self.upstream)

    def calculus(self) -> np.ndarray:
        return self.upstream * self.slopes

    def meanings(self) -> dict:
        known = (
            (self.a, self.signed),
            (self.h, self.clipped),
            (self.local, self.slopes),
            (self.wanted, self.calculus()),
        )
        return {
            name: sympy.sympify(value)
            for names, values in known
            for name, value in zip(names.flat, values.flat, strict=True)
        }


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
    layer = _FullyConnected(inputs, outputs, batch, columns, notation, start)
    chain, last = layer.chain, layer.variables[by]
    return Derivation(
        f"A fully connected layer: the gradient to its {by}",
        "slides, step 4" if columns else "blog, FullyConnectedLayer",
        layer.lines(by),
        meanings=lambda: chain.meanings(*layer.variables.values()),
        code=lambda: layer.by_code()[by],
        calculus=lambda: chain.calculus(last),
        notation=notation,
    )


class _FullyConnected:
    """The letters of z = W x + b, with a column for each of the batch; or of its transpose, with
    rows."""

    def __init__(self, inputs, outputs, batch, columns: bool, notation: Notation, start: int):
        self.batch, self.columns = batch, columns

        def letters(letter: str, rows: int, cells: int) -> np.ndarray:
            return symbol_array(letter, (rows, cells) if columns else (cells, rows), start)

        x, W = letters("x", inputs, batch), letters("W", outputs, inputs)
        b, z = letters("b", outputs, 1), letters("z", outputs, batch)
        self.variables = {"weight": W, "bias": b, "input": x}
        self.product = self.times(W, x)
        self.spread = np.repeat(b, batch, axis=1 if columns else 0)
        self.chain = Chain(notation.scalar, z, self.product.value + self.spread)

    def times(self, left: np.ndarray, right: np.ndarray) -> Times:
        """The product as it is with columns. With rows all is transposed: the order turns round."""
        return Times(left, right) if self.columns else Times(right, left)

    def turned(self, cells: np.ndarray) -> np.ndarray:
        """From columns to the rows that the code has, and back; rows stay."""
        return cells.T if self.columns else cells

    def by_code(self) -> dict[str, np.ndarray]:
        """The three gradients as the layer of the network computes them: x Wᵀ + b, a row for each
        of the batch."""
        x, W, b = (self.variables[name] for name in ("input", "weight", "bias"))
        weight = W if self.columns else W.T
        layer = Linear(*weight.shape[::-1], dtype=object)
        layer.load_state({"weight": weight, "bias": b.ravel()})
        layer(self.turned(x))
        to_input = layer.backward(self.turned(self.chain.upstream))
        to_weight, to_bias = layer.gradients["weight"], layer.gradients["bias"]
        return {
            "weight": to_weight if self.columns else to_weight.T,
            "bias": to_bias.reshape(b.shape),
            "input": self.turned(to_input),
        }

    @property
    def gradients(self) -> dict[str, Times]:
        g, W, x = self.chain.upstream, self.variables["weight"], self.variables["input"]
        ones = np.full((self.batch, 1), sympy.Integer(1), dtype=object)
        return {
            "weight": self.times(g, x.T),
            "bias": self.times(g, ones if self.columns else ones.T),
            "input": self.times(W.T, g),
        }

    @property
    def reasons(self) -> dict[str, str]:
        several = self.batch > 1
        return {
            "weight": "A weight meets one input and goes to one output: an outer product"
            + (", added up over the batch." if several else "."),
            "bias": "A bias goes to one output, with slope 1"
            + (": add up over the batch." if several else "."),
            "input": "An input goes to all outputs: the transpose of W brings them back together.",
        }

    def lines(self, by: str) -> tuple[Line, ...]:
        """All three gradients; the one asked for comes last, and is multiplied out."""
        chain, last = self.chain, self.variables[by]
        gradients, reasons = self.gradients, self.reasons
        order = [name for name in gradients if name != by] + [by]
        return (
            Line(chain.names, Added((self.product, self.spread)), "The forward pass."),
            Line(
                chain.gradient(last),
                chain.rule(last),
                f"Chain rule: {chain.scalar} feels it through every output.",
            ),
            *(Line(chain.gradient(self.variables[n]), gradients[n], reasons[n]) for n in order),
            Line(
                chain.gradient(last),
                chain.substituted(last),
                "Multiplied out, as by the chain rule.",
            ),
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
    scores = _Scores(classes, "L" if notation.scalar != "L" else "J", start)
    return Derivation(
        "Softmax with cross-entropy: p − y",
        "beyond the documents",
        scores.lines,
        meanings=scores.meanings,
        code=scores.code,
        calculus=scores.calculus,
        notation=notation,
    )


class _Scores:
    """The scores z, what softmax makes of them, p, and what they should be, y."""

    def __init__(self, classes: int, loss: str, start: int):
        z, y, p = self.z, self.y, self.p = [row(letter, classes, start) for letter in "zyp"]
        self.loss = sympy.Symbol(loss)
        powers = [sympy.exp(one) for one in z]
        self.softmax = array([power / sympy.Add(*powers) for power in powers])
        self.entropy = -sympy.Add(*(y * each(p, sympy.log)))
        self.wanted = partials(loss, z)
        names = [sympy.Symbol(f"∂{one}/∂{score}") for one in p for score in z]
        self.local = array(names, (classes, classes))

    @property
    def lines(self) -> tuple[Line, ...]:
        y, p, wanted = self.y, self.p, self.wanted
        own = np.diag([sympy.Integer(1)] * len(p))
        through = [sympy.Add(*(-y / p * column)) for column in self.local.T]
        return (
            Line(p, self.softmax, "Softmax: positive numbers that add up to 1."),
            Line(self.loss, self.entropy, "Cross-entropy: how surprised p is by y."),
            Line(
                wanted, array(through), "Chain rule: each score reaches the loss through every p."
            ),
            Line(
                self.local,
                p[:, np.newaxis] * (own - p),
                "A score lifts its own p and lowers the others.",
            ),
            Line(wanted, p * sympy.Add(*y) - y, "Put in: every p under a fraction cancels."),
            Line(
                wanted, p - y, "The y add up to 1. What is left: what it says minus what it should."
            ),
        )

    def meanings(self) -> dict:
        known = (
            (self.p, self.softmax),
            (self.local, np.stack([self._slopes(one) for one in self.softmax])),
            (self.wanted, self.calculus()),
        )
        # the last of the y is what the others leave of 1
        means = {self.loss: self.entropy, self.y[-1]: 1 - sympy.Add(*self.y[:-1])}
        for names, values in known:
            means |= dict(zip(names.flat, values.flat, strict=True))
        return means

    def code(self) -> np.ndarray:
        """The layer knows one right class. So each has its turn, and y says how much each counts."""
        count = len(self.z)
        loss = CrossEntropyLoss(OF_SYMBOLS)
        loss(np.tile(self.z, (count, 1)), np.arange(count))
        return self.y @ loss.backward() * count  # times count, for the loss is a mean

    def calculus(self) -> np.ndarray:
        whole = self.entropy.xreplace(dict(zip(self.p, self.softmax, strict=True)))
        return self._slopes(whole)

    def _slopes(self, expression: sympy.Expr) -> np.ndarray:
        return each(self.z, lambda score: sympy.diff(expression, score))


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
