"""Backpropagation through a plain network, layer by layer."""

from __future__ import annotations

import numpy as np
import sympy

from ..functional.geometry import DoesNotFit, whole_number
from ..symbols import NOTATIONS, Notation
from .arrays import column, each
from .letters import symbol_array
from .typeset import PlainFunction
from .values import Added, Derivation, Elementwise, Line, Times

NOTE = NOTATIONS["note"]


class Slope(PlainFunction):
    """The slope f' of the unknown activation."""

    written = "f'"


class Activation(PlainFunction):
    """An activation f of which nothing is known but that it has a slope f'."""

    def fdiff(self, argindex=1):
        return Slope(self.args[0])


def plain_network(
    widths: tuple[int, ...] = (2, 2, 2), notation: Notation = NOTE, start: int = 1
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
    last = len(widths)
    layers = range(2, last + 1)
    z = {n: column(f"z^({n})", widths[n - 1], start) for n in layers}
    a = {n: column(f"a^({n})", widths[n - 1], start) for n in layers}
    a[1] = column("x", widths[0], start)
    delta = {n: column(f"δ^({n})", widths[n - 1], start) for n in layers}
    W = {n: symbol_array(f"W^({n})", (widths[n], widths[n - 1]), start) for n in range(1, last)}
    b = {n: column(f"b^({n})", widths[n], start) for n in range(1, last)}
    y = column("y", widths[-1], start)
    J = sympy.Add(*((t - o) ** 2 for t, o in zip(y.flat, a[last].flat, strict=True))) / 2

    activate, slope = (np.frompyfunc(function, 1, 1) for function in (Activation, Slope))
    lines = []
    for n in layers:
        parts = (Times(W[n - 1], a[n - 1]), b[n - 1])
        lines.append(Line(z[n], Added(parts), f"Step 1, forward: into layer {n}."))
        lines.append(Line(a[n], activate(z[n]), f"Step 1, forward: out of layer {n}."))
    lines.append(Line(sympy.Symbol("J"), J, "The loss: half the squared error."))
    lines.append(
        Line(
            delta[last],
            Elementwise(a[last] - y, slope(z[last])),
            "Step 2: δ is the derivative of J to z. At the output it is −(y − a) times the slope "
            "of f.",
        )
    )
    for n in reversed(layers[:-1]):
        lines.append(
            Line(
                delta[n],
                Elementwise(Times(W[n].T, delta[n + 1]), slope(z[n])),
                f"Step 3: back through W⁽{_raised(n)}⁾, which has led from layer {n} to layer "
                f"{n + 1}, and through f.",
            )
        )
    for n in reversed(range(1, last)):
        lines.append(
            Line(_by(b[n]), delta[n + 1], "Step 4: a bias is added to z, so its gradient is δ.")
        )
        lines.append(
            Line(
                _by(W[n]),
                Times(delta[n + 1], a[n].T),
                "Step 4: a weight multiplies one a into one z: an outer product.",
            )
        )
    result = np.array([[d * cell for cell in a[1].flat] for d in delta[2].flat], dtype=object)
    lines.append(Line(_by(W[1]), result, "Multiplied out, for the first weights."))

    forward = {}
    for n in layers:
        into = W[n - 1] @ a[n - 1] + b[n - 1]
        forward |= dict(zip(z[n].flat, into.flat, strict=True))
        forward |= {out: Activation(cell) for out, cell in zip(a[n].flat, z[n].flat, strict=True)}

    def of_inputs(expr, keep=()):
        """The expression in letters of the input and the weights, and of the z that are kept."""
        known = {name: value for name, value in forward.items() if name not in keep}
        while (replaced := expr.xreplace(known)) != expr:
            expr = replaced
        return expr

    def meanings():
        means = forward | {sympy.Symbol("J"): J}
        whole = of_inputs(J)
        for n in range(1, last):
            for variables in (W[n], b[n]):
                slopes = [sympy.diff(whole, one) for one in variables.flat]
                means |= dict(zip(_by(variables).flat, slopes, strict=True))
        for n in layers:
            kept = of_inputs(J, keep=set(z[n].flat))
            slopes = [sympy.diff(kept, one) for one in z[n].flat]
            means |= dict(zip(delta[n].flat, slopes, strict=True))
        return means

    def by_code():
        """The four steps once more, as matrix products over the symbols."""
        outs, ins = {1: a[1]}, {}
        for n in layers:
            ins[n] = W[n - 1] @ outs[n - 1] + b[n - 1]
            outs[n] = activate(ins[n])
        error = (outs[last] - y) * slope(ins[last])
        for n in reversed(layers[:-1]):
            error = (W[n].T @ error) * slope(ins[n])
        return error @ outs[1].T

    def by_calculus():
        whole = of_inputs(J)
        return each(W[1], lambda one: sympy.diff(whole, one))

    return Derivation(
        "Backpropagation through a plain network in four steps",
        "slides, Back-propagation algorithm for NN",
        tuple(lines),
        meanings=meanings,
        code=by_code,
        calculus=by_calculus,
        notation=notation,
    )


def _by(variables: np.ndarray) -> np.ndarray:
    return each(variables, lambda one: sympy.Symbol(f"∂J/∂{one}"))


def _raised(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
