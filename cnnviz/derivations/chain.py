"""The chain rule for an unknown scalar F of the outputs of a layer.

Nothing is known about F but that it depends on the outputs. SymPy differentiates the undefined
``F(h_11(t), h_12(t), …)``; its derivatives to the outputs get the names of the upstream gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy

from .arrays import array
from .values import Line


@dataclass(frozen=True, eq=False)
class Chain:
    """A scalar (its letter), the names of the outputs it depends on, and what these outputs are.

    ``names`` and ``outputs`` have one shape; the entries of ``outputs`` are expressions.
    """

    scalar: str
    names: np.ndarray
    outputs: np.ndarray

    @property
    def upstream(self) -> np.ndarray:
        """The gradient that arrives, in the shape of the outputs: symbols ∂F/∂h_11."""
        return partials(self.scalar, self.names)

    def gradient(self, variables: np.ndarray) -> np.ndarray:
        """The gradient that is wanted, in the shape of the variables: symbols ∂F/∂a_11."""
        return partials(self.scalar, variables)

    def local(self, variables: np.ndarray) -> np.ndarray:
        """One row for each output, one column for each variable: symbols ∂h_11/∂a_11."""
        names = [
            sympy.Symbol(f"∂{output}/∂{variable}")
            for output in self.names.flat
            for variable in variables.flat
        ]
        return array(names, (self.names.size, variables.size))

    def slopes(self, variables: np.ndarray) -> np.ndarray:
        """What the local slopes are: each output differentiated by each variable."""
        slopes = []
        for output in map(sympy.sympify, self.outputs.flat):
            free = output.free_symbols  # most outputs know nothing of most cells
            slopes += [
                sympy.diff(output, v) if v in free else sympy.Integer(0) for v in variables.flat
            ]
        return array(slopes, (self.names.size, variables.size))

    def rule(self, variables: np.ndarray) -> np.ndarray:
        """∂F/∂a = Σ ∂F/∂h · ∂h/∂a for each variable, as SymPy's chain rule gives it.

        >>> a, h = sympy.symbols("a_11 h_11")
        >>> chain = Chain("F", array([h], (1,)), array([2 * a], (1,)))
        >>> chain.rule(array([a], (1,)))[0]
        ∂F/∂h_11*∂h_11/∂a_11
        """
        total, slots = chain_rule(self.scalar, tuple(str(name) for name in self.names.flat))
        columns = self.local(variables).T
        cells = [total.xreplace(dict(zip(slots, column, strict=True))) for column in columns]
        return array(cells, variables.shape)

    def substituted(self, variables: np.ndarray) -> np.ndarray:
        """The chain rule with the local slopes put in."""
        meanings = self.local_meanings(variables)
        return array([c.xreplace(meanings) for c in self.rule(variables).flat], variables.shape)

    def calculus(self, variables: np.ndarray) -> np.ndarray:
        """The derivative of Σ g·h, all at once, by each variable: `sympy.diff` and nothing else."""
        pairs = zip(self.upstream.flat, self.outputs.flat, strict=True)
        total = sympy.Add(*(g * h for g, h in pairs))
        return array([sympy.diff(total, v) for v in variables.flat], variables.shape)

    def local_meanings(self, variables: np.ndarray) -> dict:
        """What each ∂h/∂a stands for."""
        pairs = zip(self.local(variables).flat, self.slopes(variables).flat, strict=True)
        return dict(pairs)

    def meanings(self, *variables: np.ndarray) -> Mapping:
        """What every name stands for: h, ∂h/∂a and ∂F/∂a."""
        found = dict(zip(self.names.flat, self.outputs.flat, strict=True))
        for one in variables:
            found |= self.local_meanings(one)
            found |= dict(zip(self.gradient(one).flat, self.calculus(one).flat, strict=True))
        return {name: sympy.sympify(value) for name, value in found.items() if name != value}


def chain_rule_line(chain: Chain, variables: np.ndarray, wanted: np.ndarray) -> Line:
    """The line that most derivations start from: one term for each output."""
    return Line(
        wanted,
        chain.rule(variables),
        f"Chain rule: {chain.scalar} feels a cell through every output, so there is one term for "
        "each.",
    )


def partials(scalar: str, names: np.ndarray) -> np.ndarray:
    """Symbols ∂F/∂name in the shape of the names.

    >>> partials("F", array([sympy.Symbol("h_11")], (1, 1)))
    array([[∂F/∂h_11]], dtype=object)
    """
    return array([sympy.Symbol(f"∂{scalar}/∂{name}") for name in names.flat], names.shape)


@lru_cache(maxsize=64)
def chain_rule(scalar: str, names: Sequence[str]) -> tuple[sympy.Expr, tuple[sympy.Dummy, ...]]:
    """d/dt of F(h_11(t), …) by SymPy, with ∂F/∂h_11 for its slopes of F and a slot for each dh/dt.

    >>> total, slots = chain_rule("F", ("h_11", "h_12"))
    >>> total.xreplace(dict(zip(slots, sympy.symbols("u v"))))
    u*∂F/∂h_11 + v*∂F/∂h_12
    """
    t = sympy.Dummy("t")
    outputs = [sympy.Function(name)(t) for name in names]
    derivative = sympy.Function(scalar)(*outputs).diff(t)
    slots = tuple(sympy.Dummy(name) for name in names)
    named = {}
    for name, output, slot in zip(names, outputs, slots, strict=True):
        named[output.diff(t)] = slot
        named[sympy.Function(scalar)(*outputs).diff(output)] = sympy.Symbol(f"∂{scalar}/∂{name}")
    return derivative.xreplace(named), slots
