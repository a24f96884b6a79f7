"""Backpropagation through a plain network, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, whole_number
from ..network import four_steps
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
    widths: tuple[int, ...] = (2, 2, 2),
    notation: Notation = NOTATIONS["note"],
    start: int = 1,
    into: bool = False,
) -> Derivation:
    """The slides' four steps: forward, δ at the output, δ backwards, and the gradients.

    `widths` counts the units of each layer, the input first. z⁽ˡ⁺¹⁾ = W⁽ˡ⁾ a⁽ˡ⁾ + b⁽ˡ⁾, a = f(z)
    with an unknown f, and J = ½ Σ (y - a)². With the weights numbered so, as in the slides' step 4,
    δ⁽ˡ⁾ is made with W⁽ˡ⁾; step 3 prints W⁽ˡ⁺¹⁾, which is right if W⁽ˡ⁾ leads `into` layer l. The
    result is the gradient to the first W.
    Raises `DoesNotFit` for less than two layers or an empty one.
    Source: slides, "Back-propagation algorithm for NN".

    >>> plain_network((1, 1)).result[0, 0]
    x_1*δ^(2)_1
    """
    network = Network(widths, start, into)
    loss = Line(sympy.Symbol("J"), network.loss, "The loss: half the squared error.")
    return Derivation(
        "Backpropagation through a plain network in four steps",
        "slides, Back-propagation algorithm for NN",
        (*network.forward(), loss, *network.backward(), *network.gradients()),
        meanings=network.meanings,
        code=network.by_code,
        calculus=lambda: _slopes(network.of_inputs(network.loss), network.weights_to(2)),
        notation=notation,
    )


class Network:
    """A plain network in letters: columns by the number of their layer, W and b by their own.

    W⁽ˡ⁾ leads out of layer l or, with ``into``, into it. `delta_of` and `gradient` are what calculus
    gives, one layer at a time: in the δ of the layer above, and with a for f(z).
    Raises `DoesNotFit` for less than two layers, an empty one, and numbers that nothing has.

    >>> network = Network((1, 1, 1))
    >>> network.delta_of(2)[0, 0]
    W^(2)_11*δ^(3)_1*Slope(z^(2)_1)
    >>> network.gradient("W", 1)[0, 0], Network((1, 1, 1), into=True).gradient("W", 2)[0, 0]
    (x_1*δ^(2)_1, x_1*δ^(2)_1)
    """

    def __init__(self, widths: Sequence[int], start: int = 1, into: bool = False):
        if len(widths) < 2:
            raise DoesNotFit("A network needs an input and at least one layer after it.")
        widths = [whole_number(width, "width of a layer", at_least=1) for width in widths]
        self.sizes = {"widths": tuple(widths), "start": start, "into": into}
        self.last, self.into = len(widths), into
        self.layers = range(2, self.last + 1)

        def columns(letter: str) -> dict[int, np.ndarray]:
            return {n: column(f"{letter}^({n})", widths[n - 1], start) for n in self.layers}

        self.z, self.delta = columns("z"), columns("δ")
        self.a = {1: column("x", widths[0], start)} | columns("a")
        self.y = column("y", widths[-1], start)
        self.W, self.b = {}, {}
        for n in self.layers:
            number, shape = self.number_to(n), (widths[n - 1], widths[n - 2])
            self.W[number] = symbol_array(f"W^({number})", shape, start)
            self.b[number] = column(f"b^({number})", widths[n - 1], start)

    def number_to(self, n: int) -> int:
        """The number of the weights that lead to layer n."""
        return n if self.into else n - 1

    def weights_to(self, n: int) -> np.ndarray:
        """The weights that lead to layer n, by whatever number."""
        return self.W[self.number_to(n)]

    @property
    def loss(self) -> sympy.Expr:
        pairs = zip(self.y.flat, self.a[self.last].flat, strict=True)
        return sympy.Add(*((wanted - out) ** 2 for wanted, out in pairs)) / 2

    # The lines of the derivation.

    def forward(self) -> Iterator[Line]:
        z, a = self.z, self.a
        for n in self.layers:
            into = Added((Times(self.weights_to(n), a[n - 1]), self.b[self.number_to(n)]))
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
                Elementwise(Times(self.weights_to(n + 1).T, delta[n + 1]), slope(z[n])),
                f"Step 3: back through W⁽{_raised(self.number_to(n + 1))}⁾, which has led from layer "
                f"{n} to layer {n + 1}, and through f.",
            )

    def gradients(self) -> Iterator[Line]:
        a, delta = self.a, self.delta
        for n in reversed(self.layers):
            yield Line(
                _by(self.b[self.number_to(n)]),
                delta[n],
                "Step 4: a bias is added to z, so its gradient is δ.",
            )
            yield Line(
                _by(self.weights_to(n)),
                Times(delta[n], a[n - 1].T),
                "Step 4: a weight multiplies one a into one z: an outer product.",
            )
        first = self.weights_to(2)
        yield Line(_by(first), delta[2] * a[1].T, "Multiplied out, for the first weights.")

    # What calculus gives.

    def delta_of(self, n: int) -> np.ndarray:
        """∂J/∂z of layer n, a column."""
        z = _known(self.z, n, f"δ^({n})")
        a = _pairs(activate(z), self.a[n])
        felt = self._felt_above(n).xreplace(_pairs(self.a[n], activate(z)))
        return each(_slopes(felt, z), lambda slope_: slope_.xreplace(a))

    def gradient(self, letter: str, number: int) -> np.ndarray:
        """∂J/∂W or ∂J/∂b: of "W" or "b" with this number."""
        variables = _known({"W": self.W, "b": self.b}[letter], number, f"{letter}^({number})")
        return _slopes(self._felt_above(number - 1 if self.into else number), variables)

    def _felt_above(self, n: int) -> sympy.Expr:
        """J as far as it depends on the a of layer n: Σ δ z of the layer above, whose slopes are
        those of J; for the last layer J itself."""
        if n == self.last:
            return self.loss
        z = self.weights_to(n + 1) @ self.a[n] + self.b[self.number_to(n + 1)]
        return sympy.Add(*(self.delta[n + 1] * z).flat)

    @cached_property
    def made_of(self) -> dict:
        """What each z and each a is, in letters of the layer before it."""
        found = {}
        for n in self.layers:
            into = self.weights_to(n) @ self.a[n - 1] + self.b[self.number_to(n)]
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

    def by_code(self) -> np.ndarray:
        """The gradient to the first weights as the network of the lessons computes it."""
        W = {n - 1: self.weights_to(n) for n in self.layers}
        b = {n - 1: self.b[self.number_to(n)] for n in self.layers}
        f = four_steps.Activation(value=activate, slope=slope, call="f")
        return four_steps.four_steps(self.a[1], W, b, self.y, f).by_W[1]


def _known(parts: dict[int, np.ndarray], number: int, what: str) -> np.ndarray:
    if number not in parts:
        raise DoesNotFit(f"There is no {what} in this network.")
    return parts[number]


def _pairs(names: np.ndarray, values: np.ndarray) -> dict:
    return dict(zip(names.flat, values.flat, strict=True))


def _slopes(expression: sympy.Expr, variables: np.ndarray) -> np.ndarray:
    return each(variables, lambda one: sympy.diff(expression, one))


def _by(variables: np.ndarray) -> np.ndarray:
    return each(variables, lambda one: sympy.Symbol(f"∂J/∂{one}"))


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
