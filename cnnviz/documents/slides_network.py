"""The plain network of the slides and what calculus gives for it.

A network in symbols: z = W a + b from layer to layer, a = f(z) with an undefined f. As with the
convolution, the gradient δ that arrives is a column of free symbols, and what a formula should be
comes from calculus on one layer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import sympy

from .meaning import HasNoMeaning
from .printed import Call, Name, Plus, Power, Product


class f(sympy.Function):
    """The undefined activation; its derivative is the equally undefined f'."""

    def fdiff(self, argindex=1):
        return SLOPE(self.args[0])


SLOPE = sympy.Function("f'")


@dataclass(frozen=True)
class Network:
    """A network with ``widths[0]`` inputs. ``into``: W^(l) leads into layer l, not out of it.

    ``also`` names superscripts that stand for the number of the output layer.
    """

    widths: tuple[int, ...]
    into: bool = False
    also: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        return len(self.widths)

    def column(self, letter: str, l: int) -> np.ndarray:
        """One symbol for each unit of layer l."""
        if not 1 <= l <= self.last:
            raise HasNoMeaning(f"There is no layer {l}.")
        return _symbols(letter, l, (self.widths[l - 1], 1))

    def a(self, l: int) -> np.ndarray:
        """The activations of a layer: of the first, the inputs."""
        return self.column("a", 1) if l == 1 else _each(f, self.column("z", l))

    def weights(self, l: int) -> np.ndarray:
        lower = l - 1 if self.into else l
        if not 1 <= lower < self.last:
            raise HasNoMeaning(f"There are no weights W^({l}).")
        return _symbols("W", l, (self.widths[lower], self.widths[lower - 1]))

    def target(self) -> np.ndarray:
        return self.column("y", self.last)

    def z(self, l: int) -> np.ndarray:
        """The sums that enter layer l, from the activations below it."""
        number = l if self.into else l - 1
        return self.weights(number) @ self.a(l - 1) + self.bias(number)

    def bias(self, l: int) -> np.ndarray:
        return _symbols("b", l, (len(self.weights(l)), 1))

    def delta(self, l: int) -> np.ndarray:
        """∂J/∂z of a layer: from the squared error at the output, by the chain rule below it."""
        if l == self.last:
            error = (self.target() - self.a(l)) ** 2
            return self._by(sympy.Add(*error.flat) / 2, self.column("z", l))
        return self._by(self._carried(l + 1), self.column("z", l))

    def gradient(self, letter: str, l: int) -> np.ndarray:
        """∂J by the weights or biases with number l."""
        parts = {"W": self.weights, "b": self.bias}
        return self._by(self._carried(l if self.into else l + 1), parts[letter](l))

    def _carried(self, l: int):
        """Σ δ_i z_i: the loss as layer l sees it, whose derivatives are those of J."""
        return sympy.Add(*(self.column(r"\delta", l) * self.z(l)).flat)

    @staticmethod
    def _by(value, symbols: np.ndarray) -> np.ndarray:
        return _each(lambda symbol: sympy.diff(value, symbol), symbols)


def _symbols(letter: str, l: int, shape: tuple[int, int]) -> np.ndarray:
    rows, columns = shape
    names = [
        [f"{letter}^{{({l})}}_{i}{j if columns > 1 else ''}" for j in range(1, columns + 1)]
        for i in range(1, rows + 1)
    ]
    return np.array([[sympy.Symbol(name) for name in row] for row in names], dtype=object)


def _each(function, array: np.ndarray) -> np.ndarray:
    return np.vectorize(function, otypes=[object])(array)


def _level(above: str, l: int, network: Network) -> int:
    """A superscript as the number of a layer."""
    match = re.fullmatch(r"\((\w+?)([+-]\d+)?\)", above)
    known = {"l": l, "n_l": network.last, **dict.fromkeys(network.also, network.last)}
    if match is None or match[1] not in known:
        raise HasNoMeaning(f"Which layer is {above or 'meant'}?")
    return known[match[1]] + int(match[2] or 0)


def value(tree, network: Network, l: int) -> np.ndarray:
    """What a printed formula of the network is for one l."""
    match tree:
        case Name("y", "", ""):
            return network.target()
        case Name("delta" | "a" | "z" | "W" | "b" as letter, "", above, 0, False):
            parts = {
                "delta": lambda n: network.column(r"\delta", n),
                "a": network.a,
                "z": lambda n: network.column("z", n),
                "W": network.weights,
                "b": network.bias,
            }
            return parts[letter](_level(above, l, network))
        case Power(base, "T"):
            return value(base, network, l).T
        case Plus(signs, terms):
            return sum(s * value(term, network, l) for s, term in zip(signs, terms, strict=True))
        case Product("", left, right):
            return value(left, network, l) @ value(right, network, l)
        case Product("bullet", left, right):
            factors = value(left, network, l), value(right, network, l)
            if factors[0].shape != factors[1].shape:
                raise HasNoMeaning(f"• between {factors[0].shape} and {factors[1].shape}.")
            return factors[0] * factors[1]
        case Call("f'", (inside,)):
            return _each(SLOPE, value(inside, network, l))
    raise HasNoMeaning(f"{tree} has no meaning in a network.")


def meant(tree, network: Network, l: int) -> np.ndarray:
    """What the left side of a formula names, by calculus."""
    match tree:
        case Name("delta", "", above):
            return network.delta(_level(above, l, network))
        case Call("gradient", (Name("W" | "b" as letter, "", above),)):
            return network.gradient(letter, _level(above, l, network))
    raise HasNoMeaning(f"{tree} is nothing that backpropagation computes.")
