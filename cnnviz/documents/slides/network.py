"""The plain network of the derivations in the letters of the slides, and what a formula says of it."""

from __future__ import annotations

import re

import numpy as np
import sympy

from ...derivations import network as derivations
from ...derivations.arrays import each
from ..meaning import HasNoMeaning
from ..printed import Call, Name, Plus, Power, Product

ACTIVATION, SLOPE = sympy.symbols("f f'", cls=sympy.Function)


class Network(derivations.Network):
    """A network of any depth, whose input is a^(1) and whose target is y^(n_l).

    ``also`` names superscripts that stand for the number of the output layer.
    """

    def __init__(self, widths: tuple[int, ...], into: bool = False, also: tuple[str, ...] = ()):
        super().__init__(widths, into=into)
        self.also = also
        self.y = each(self.y, self._as_printed)
        for parts in (self.z, self.delta, self.a, self.W, self.b):
            parts |= {l: each(cells, self._as_printed) for l, cells in parts.items()}

    def _as_printed(self, cell: sympy.Symbol) -> sympy.Symbol:
        letter, below = cell.name.split("_")
        letter = {"x": "a^(1)", "y": f"y^({self.last})"}.get(letter, letter)
        letter, above = letter.replace("δ", r"\delta").split("^")
        return sympy.Symbol(f"{letter}^{{{above}}}_{below}")

    def part(self, letter: str, l: int) -> np.ndarray:
        """One symbol for each unit or weight; for an activation what it is of z."""
        parts = {"delta": self.delta, "a": self.a, "z": self.z, "W": self.W, "b": self.b}[letter]
        if l not in parts:
            are_none = f"are no weights W^({l})" if letter in "Wb" else f"is no layer {l}"
            raise HasNoMeaning(f"There {are_none}.")
        return each(parts[l], self._of_z)

    def meant(self, letter: str, l: int) -> np.ndarray:
        """What calculus gives for δ^(l), or for the gradient to W^(l) or b^(l)."""
        found = self.delta_of(l) if letter == "delta" else self.gradient(letter, l)
        return each(found, self._of_z)

    def _of_z(self, value: sympy.Expr) -> sympy.Expr:
        """With f(z) for each a that is computed."""
        activations = [cell for l in self.layers for cell in self.a[l].flat]
        value = value.xreplace({cell: self.made_of[cell] for cell in activations})
        return value.replace(derivations.Slope, SLOPE).replace(derivations.Activation, ACTIVATION)

    def is_computed(self, cells: np.ndarray) -> bool:
        """Whether the forward pass makes these, and nobody gives them."""
        return all(cell in self.made_of for cell in cells.flat)


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
            return network.y
        case Name("delta" | "a" | "z" | "W" | "b" as letter, "", above, 0, False):
            return network.part(letter, _level(above, l, network))
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
            return each(value(inside, network, l), SLOPE)
    raise HasNoMeaning(f"{tree} has no meaning in a network.")


def meant(tree, network: Network, l: int) -> np.ndarray:
    """What the left side of a formula names, by calculus."""
    match tree:
        case Name("delta" as letter, "", above) | Call(
            "gradient", (Name("W" | "b" as letter, "", above),)
        ):
            return network.meant(letter, _level(above, l, network))
    raise HasNoMeaning(f"{tree} is nothing that backpropagation computes.")
