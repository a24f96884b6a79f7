"""How the printed lines of code are run: on layers of symbols, beside what calculus gives for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from functools import cache, wraps
from types import SimpleNamespace

import numpy as np
import sympy

from ...derivations.chain import Chain


def layer_of(names: np.ndarray, outputs: np.ndarray, **parts) -> SimpleNamespace:
    """What a line calls ``self``: the parts of a layer, and beside them its outputs z, the gradient g
    that arrives there, and the derivatives by each part."""
    chain = Chain("L", names, outputs)
    gradient = cache(lambda part: chain.calculus(parts[part]))
    lr = sympy.Symbol("η")
    return SimpleNamespace(**parts, z=outputs, g=chain.upstream, gradient=gradient, lr=lr)


def made_once(make: Callable[..., SimpleNamespace]) -> Callable[..., SimpleNamespace]:
    """A layer is derived once and copied for each use, for a line may change what it is given."""
    made = cache(make)

    @wraps(make)
    def copied(*sizes, **more):
        parts = vars(made(*sizes, **more))
        return SimpleNamespace(**{name: copy(part) for name, part in parts.items()})

    return copied


def update(make: Callable[[], SimpleNamespace], part: str, name: str) -> Callable:
    """One step of gradient descent for a part of a layer; the code has its gradient by this name."""

    def use(run):
        layer, before = make(), getattr(make(), part)
        gradient = layer.gradient(part)
        run(self=layer, **{name: gradient.copy()})
        after = getattr(layer, part)
        yield from each_map(part, after, before - layer.lr * gradient)
        loss = sympy.Add(*(gradient * after).flat)  # to first order in the step
        yield "how the loss falls", sympy.diff(loss, layer.lr), -sympy.Add(*(gradient**2).flat)

    return use


def each_map(where: str, made: np.ndarray, derived: np.ndarray):
    """The maps of all filters, one by one; a single map, or a row, as it is."""
    if derived.ndim < 3:
        yield f"{where}:", made, derived
    else:
        for f, maps in enumerate(zip(made, derived, strict=True)):
            yield f"{where}, number {f}:", *maps


def in_words(shape: Iterable[int]) -> sympy.Symbol:
    """The size of an array as it is said, such as 3 × 2."""
    return sympy.Symbol(rf"\text{{{' × '.join(map(str, shape))}}}")
