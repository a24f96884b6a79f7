"""The layers of the note, what calculus gives for them, and the blocks that it prints repeatedly."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import sympy

from ..functional import conv2d, max_pool2d, rot180, spread_gradient
from ..symbols import NOTATIONS
from .checks import Check, compare
from .meaning import Layer

NAMES = NOTATIONS["note"]
NOTE = Layer(NAMES, (4, 4), (3, 3))
VECTORS = Layer(NAMES, (4, 4), (3, 3), flat=True)
STRIDED = Layer(NAMES, (5, 5), (3, 3), stride=2)
# The same layer where ∗ slides in steps of 2, and where it reaches over every second cell.
STEPPED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("stride", 2),))
DILATED = Layer(NAMES, (5, 5), (3, 3), stride=2, star=(("dilation", 2),))
POOLING = Layer(NAMES, (4, 4), (3, 3), pooled=True)

# Any numbers with a_21, a_14, a_31 and a_43 as the largest of their windows would do.
ORDER = np.array([[2, 1, 3, 9], [8, 0, 4, 5], [7, 6, 2, 1], [3, 0, 9, 8]])

MAP_4 = r"""\begin{bmatrix}
a_{11} & a_{12} & a_{13} & a_{14} \\
a_{21} & a_{22} & a_{23} & a_{24} \\
a_{31} & a_{32} & a_{33} & a_{34} \\
a_{41} & a_{42} & a_{43} & a_{44}
\end{bmatrix}"""
MAP_5 = r"""\begin{bmatrix}
a_{11} & a_{12} & a_{13} & a_{14} & a_{15} \\
a_{21} & a_{22} & a_{23} & a_{24} & a_{25} \\
a_{31} & a_{32} & a_{33} & a_{34} & a_{35} \\
a_{41} & a_{42} & a_{43} & a_{44} & a_{45} \\
a_{51} & a_{52} & a_{53} & a_{54} & a_{55}
\end{bmatrix}"""
KERNEL = r"""\begin{bmatrix}
k_{11} & k_{12} & k_{13} \\
k_{21} & k_{22} & k_{23} \\
k_{31} & k_{32} & k_{33}
\end{bmatrix}"""
FLIPPED = r"""\begin{bmatrix}
k_{33} & k_{32} & k_{31} \\
k_{23} & k_{22} & k_{21} \\
k_{13} & k_{12} & k_{11}
\end{bmatrix}"""
GRADIENT = r"""\begin{bmatrix}
\frac{\partial F}{\partial h_{11}} & \frac{\partial F}{\partial h_{12}} \\
\frac{\partial F}{\partial h_{21}} & \frac{\partial F}{\partial h_{22}}
\end{bmatrix}"""
ARRAYSTRETCH = r"\renewcommand{\arraystretch}{1.5}" + "\n"


def only(check: Check) -> tuple[tuple[str, Check], ...]:
    """The readings of a print that is read one way: with the conventions of the note."""
    return (("", check),)


def equal(one, other) -> bool:
    """Whether two maps have the same size and the same expressions in it."""
    return not compare(np.asarray(one), np.asarray(other))


def gradient(layer: Layer, part: str) -> np.ndarray:
    """∂F by each cell of the input or the kernel, by the chain rule."""
    symbols = layer.part(part)
    found = np.empty(symbols.shape, dtype=object)
    for at in np.ndindex(symbols.shape):
        found[at] = layer.gradient(symbols[at])
    return found


@cache
def input_gradient(layer: Layer) -> np.ndarray:
    return gradient(layer, "input")


@cache
def kernel_gradient(layer: Layer) -> np.ndarray:
    return gradient(layer, "kernel")


@cache
def pooled(layer: Layer = POOLING) -> tuple[np.ndarray, np.ndarray]:
    """The maxima of the 2 × 2 windows and their switches."""
    return max_pool2d(layer.input, 2, order=ORDER, return_indices=True)


@cache
def pooled_upstream(layer: Layer = POOLING) -> np.ndarray:
    """∂F by each maximum: what arrives at max pooling from behind."""
    maxima, _ = pooled(layer)
    names = [f"∂F/∂{maximum}" for maximum in maxima.flat]
    return np.array([sympy.Symbol(name) for name in names], dtype=object).reshape(maxima.shape)


@cache
def pooled_gradient(layer: Layer = POOLING) -> np.ndarray:
    """∂F by each cell of the map under max pooling, by the chain rule."""
    pairs = list(zip(pooled_upstream(layer).flat, pooled(layer)[0].flat, strict=True))
    found = np.empty(layer.input.shape, dtype=object)
    for at in np.ndindex(found.shape):
        found[at] = sympy.Add(*(g * sympy.diff(p, layer.input[at]) for g, p in pairs))
    return found


@cache
def winners() -> frozenset[tuple[int, int]]:
    """The places of the maxima, counted from 1."""
    _, switches = pooled()
    return frozenset((int(n) // 4 + 1, int(n) % 4 + 1) for n in switches.flat)


EVERY_CELL = frozenset(product(range(1, 5), repeat=2))
ABOUT_AXES = {"horizontal": lambda k: k[::-1], "vertical": lambda k: k[:, ::-1]}


@cache
def turned_kernels(layer: Layer = NOTE) -> dict[tuple[str, ...], np.ndarray]:
    """The eight ways to lay a square kernel down again, each with its name."""
    found = {}
    for transposed, down, across in product((False, True), repeat=3):
        kernel, name = layer.kernel, ()
        if transposed:
            kernel, name = kernel.T, ("transposed",)
        if down:
            kernel, name = ABOUT_AXES["horizontal"](kernel), (*name, "horizontal")
        if across:
            kernel, name = ABOUT_AXES["vertical"](kernel), (*name, "vertical")
        found[name] = kernel
    return found


def gathers(layer: Layer, spread: np.ndarray, kernel: np.ndarray, **geometry) -> bool:
    """Whether a kernel slid over a spread gradient gives the gradient to the input."""
    try:
        return equal(conv2d(spread, kernel, **geometry), input_gradient(layer))
    except ValueError:  # it does not fit
        return False


def rotated(layer: Layer) -> np.ndarray:
    return rot180(layer.kernel)


@cache
def spread(layer: Layer) -> np.ndarray:
    """∂F/∂h with the zeros between and around that gathering needs."""
    sizes = layer.input.shape, layer.kernel.shape
    return spread_gradient(layer.upstream, *sizes, stride=layer.stride)


def around(n: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The same padding on all four sides."""
    return (n, n), (n, n)
