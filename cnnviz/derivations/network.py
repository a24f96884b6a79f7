"""Backpropagation through a plain network, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, whole_number
from ..symbols import NOTATIONS, Notation
from .arrays import column, each
from .letters import symbol_array
from .typeset import PlainFunction
from .values import Added, Derivation, Elementwise, Line, Times


class Slope(PlainFunction):
    """The slope f' of the unknown activation."""

    written = "f'"


class Activation(PlainFunction):
    """An activation f of which nothing is known but that it has a slope f'."""

    def fdiff(self, argindex=1):
        return Slope(self.args[0])


activate, slope = (np.frompyfunc(function, 1, 1) for function in (Activation, Slope))


def plain_network(
    widths: tuple[int, ...] = (2, 2, 2), notation: Notation = NOTATIONS["note"], start: int = 1
) -> Derivation:
    """The slides' four steps: forward, δ at the output, δ backwards, and the gradients.

    `widths` counts the units of each layer, the input first. z⁽ˡ⁺¹⁾ = W⁽ˡ⁾ a⁽ˡ⁾ + b⁽ˡ⁾, a = f(z)
    with an unknown f, and J = ½ Σ (y - a)². With the weights numbered so, as in the slides' step 4,
    δ⁽ˡ⁾ is made with W⁽ˡ⁾; step 3 prints W⁽ˡ⁺¹⁾. The result is the gradient to the first W.
    Raises `DoesNotFit` for less than two layers or an empty one.
    Source: slides, "Back-propagation algorithm for NN".

    >>> plain_network((1, 1)).result[0, 0]
    x_1*δ^(2)_1
    """
    if len(widths) < 2:
        raise DoesNotFit("A network needs an input and at least one layer after it.")
    widths = [whole_number(width, "width of a layer", at_least=1) for width in widths]
    network = _Network(widths, start)
    loss = Line(sympy.Symbol("J"), network.loss, "The loss: half the squared error.")
    return Derivation(
        "Backpropagation through a plain network in four steps",
        "slides, Back-propagation algorithm for NN",
        (*network.forward(), loss, *network.backward(), *network.gradients()),
        meanings=network.meanings,
        code=network.four_steps,
        calculus=lambda: _slopes(network.of_inputs(network.loss), network.W[1]),
        notation=notation,
    )


class _Network:
    """The letters of a network, columns and matrices by the number of their layer."""

    def __init__(self, widths: Sequence[int], start: int):
        self.last = last = len(widths)
        self.layers = range(2, last + 1)

        def columns(letter: str) -> dict[int, np.ndarray]:
            return {n: column(f"{letter}^({n})", widths[n - 1], start) for n in self.layers}

        self.z, self.delta = columns("z"), columns("δ")
        self.a = {1: column("x", widths[0], start)} | columns("a")
        self.W = {
            n: symbol_array(f"W^({n})", (widths[n], widths[n - 1]), start) for n in range(1, last)
        }
        self.b = {n: column(f"b^({n})", widths[n], start) for n in range(1, last)}
        self.y = column("y", widths[-1], start)

    @property
    def loss(self) -> sympy.Expr:
        pairs = zip(self.y.flat, self.a[self.last].flat, strict=True)
        return sympy.Add(*((wanted - out) ** 2 for wanted, out in pairs)) / 2

    def forward(self) -> Iterator[Line]:
        z, a, W, b = self.z, self.a, self.W, self.b
        for n in self.layers:
            into = Added((Times(W[n - 1], a[n - 1]), b[n - 1]))
            yield Line(z[n], into, f"Step 1, forward: into layer {n}.")
            yield Line(a[n], activate(z[n]), f"Step 1, forward: out of layer {n}.")

    def backward(self) -> Iterator[Line]:
        z, delta, last = self.z, self.delta, self.last
        yield Line(
            delta[last],
            Elementwise(self.a[last] - self.y, slope(z[last])),
            "Step 2: δ is the derivative of J to z. At the output it is −(y − a) times the slope "
            "of f.",
        )
        for n in reversed(self.layers[:-1]):
            yield Line(
                delta[n],
                Elementwise(Times(self.W[n].T, delta[n + 1]), slope(z[n])),
                f"Step 3: back through W⁽{_raised(n)}⁾, which has led from layer {n} to layer "
                f"{n + 1}, and through f.",
            )

    def gradients(self) -> Iterator[Line]:
        a, delta, W = self.a, self.delta, self.W
        for n in reversed(range(1, self.last)):
            yield Line(
                _by(self.b[n]),
                delta[n + 1],
                "Step 4: a bias is added to z, so its gradient is δ.",
            )
            yield Line(
                _by(W[n]),
                Times(delta[n + 1], a[n].T),
                "Step 4: a weight multiplies one a into one z: an outer product.",
            )
        yield Line(_by(W[1]), delta[2] * a[1].T, "Multiplied out, for the first weights.")

    @cached_property
    def made_of(self) -> dict:
        """What each z and each a is, in letters of the layer before it."""
        found = {}
        for n in self.layers:
            into = self.W[n - 1] @ self.a[n - 1] + self.b[n - 1]
            found |= _pairs(self.z[n], into) | _pairs(self.a[n], activate(self.z[n]))
        return found

    def of_inputs(self, expression: sympy.Expr, keep: Iterable = ()) -> sympy.Expr:
        """The expression in letters of the input and the weights, and of the z that are kept."""
        known = {name: value for name, value in self.made_of.items() if name not in keep}
        while (replaced := expression.xreplace(known)) != expression:
            expression = replaced
        return expression

    def meanings(self) -> dict:
        found = self.made_of | {sympy.Symbol("J"): self.loss}
        whole = self.of_inputs(self.loss)
        for variables in (*self.W.values(), *self.b.values()):
            found |= _pairs(_by(variables), _slopes(whole, variables))
        for n in self.layers:
            kept = self.of_inputs(self.loss, keep=set(self.z[n].flat))
            found |= _pairs(self.delta[n], _slopes(kept, self.z[n]))
        return found

    def four_steps(self) -> np.ndarray:
        """The four steps once more, as matrix products over the symbols."""
        W, outs, ins = self.W, {1: self.a[1]}, {}
        for n in self.layers:
            ins[n] = W[n - 1] @ outs[n - 1] + self.b[n - 1]
            outs[n] = activate(ins[n])
        error = (outs[self.last] - self.y) * slope(ins[self.last])
        for n in reversed(self.layers[:-1]):
            error = (W[n].T @ error) * slope(ins[n])
        return error @ outs[1].T


def _pairs(names: np.ndarray, values: np.ndarray) -> dict:
    return dict(zip(names.flat, values.flat, strict=True))


def _slopes(expression: sympy.Expr, variables: np.ndarray) -> np.ndarray:
    return each(variables, lambda one: sympy.diff(expression, one))


def _by(variables: np.ndarray) -> np.ndarray:
    return each(variables, lambda one: sympy.Symbol(f"∂J/∂{one}"))


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
