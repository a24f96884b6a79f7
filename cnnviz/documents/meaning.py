"""What a printed formula means: its tree, evaluated in the letters of one layer.

Everything is evaluated twice over: what the formula prints, and what calculus gives for the thing it
names. A derivative such as ∂L/∂F_11 is never taken from a table; it is the chain rule carried out on
the layer's own definition, with one free symbol for each upstream gradient ∂L/∂O_ij.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import sympy

from ..derivations import layer as derivations
from ..derivations.arrays import array
from ..derivations.chain import Chain
from ..functional import conv2d, rot180
from ..symbols import Notation
from .printed import Call, Caption, Dots, Matrix, Name, Number, Partial, Plus, Power, Product, Sum

ANYTHING = Dots()  # dots where an entry belongs
LEFT_OUT = object()  # an entry of the rows or columns that dots stand for
# The sign that stands for a convolution between two maps; on the slides the word does.
CONVOLUTION = {"note": "*", "blog": "circledast"}


class HasNoMeaning(ValueError):
    """A formula that names something its layer does not have."""


@dataclass(frozen=True)
class Layer:
    """One convolution of a document in symbols: y = conv2d(x, k) + B, and F or L somewhere above it.

    ``flat`` reads whole maps as vectors, as the note does in h = Wa. ``also`` gives further letters
    for the parts, as one slide writes θ for O. ``pooled`` takes ∂F/∂a_ij as given rather than
    derived: in the note's section on pooling it is what arrives. ``star`` holds the arguments of
    the convolution that a sign between two matrices stands for; its ``flip`` makes it the
    convolution of mathematics, its ``swap`` slides the first operand over the second, its ``full``
    pads by k - 1.
    """

    notation: Notation
    input_size: tuple[int, int]
    kernel_size: tuple[int, int]
    stride: int = 1
    bias: bool = False
    flat: bool = False
    pooled: bool = False
    also: tuple[tuple[str, str], ...] = ()
    star: tuple[tuple[str, int], ...] = ()

    @property
    def sizes(self) -> dict[str, object]:
        """What a derivation of this layer is called with."""
        names = ("input_size", "kernel_size", "stride", "notation")
        return {name: getattr(self, name) for name in names}

    @cached_property
    def letters(self) -> dict[str, str]:
        """What each letter names in this layer."""
        names = self.notation
        own = {names.input: "input", names.kernel: "kernel", names.output: "output"}
        return {**own, names.scalar: "scalar", **dict(self.also)}

    @cached_property
    def _symbols(self) -> derivations.Layer:
        """The layer of the derivations, in which each output is spelled out from its definition."""
        return derivations.Layer(
            self.input_size, self.kernel_size, self.stride, notation=self.notation
        )

    @property
    def input(self) -> np.ndarray:
        return self._symbols.input

    @property
    def kernel(self) -> np.ndarray:
        return self._symbols.kernel

    @cached_property
    def output(self) -> np.ndarray:
        """Each output as the sum that defines it."""
        summed = self._symbols.outputs
        return summed + sympy.Symbol("B") if self.bias else summed

    @cached_property
    def upstream(self) -> np.ndarray:
        """One free symbol for each upstream gradient."""
        return self._symbols.upstream

    @cached_property
    def matrix(self) -> np.ndarray:
        return self._symbols.matrix

    @property
    def rotated(self) -> np.ndarray:
        return rot180(self.kernel)

    @cached_property
    def chain(self) -> Chain:
        return Chain(self.notation.scalar, self._symbols.names, self.output)

    @cached_property
    def input_gradient(self) -> np.ndarray:
        """The derivative of the scalar by each cell of the input, by the chain rule."""
        return self.chain.calculus(self.input)

    @cached_property
    def kernel_gradient(self) -> np.ndarray:
        """The same by each weight."""
        return self.chain.calculus(self.kernel)

    def part(self, name: str) -> np.ndarray:
        return {"input": self.input, "kernel": self.kernel, "output": self.output}[name]

    def gradient(self, symbol: sympy.Symbol) -> sympy.Expr:
        """The derivative of the scalar by a symbol of this layer, by the chain rule."""
        return self.chain.calculus(array([symbol], (1,)))[0]


def evaluate(tree, layer: Layer, indices: dict[str, int] | None = None):
    """The value of a tree: a SymPy expression, an object array of them, or ANYTHING for dots."""
    indices = indices or {}
    match tree:
        case Number(value):
            return sympy.Integer(value)
        case Dots() | None:
            return ANYTHING if tree else None
        case Matrix(rows):
            return _array([[evaluate(entry, layer, indices) for entry in row] for row in rows])
        case Plus(signs, terms):
            return sum(
                sign * evaluate(term, layer, indices)
                for sign, term in zip(signs, terms, strict=True)
            )
        case Sum(index, low, high, body):
            values = range(_bound(low, layer), _bound(high, layer) + 1)
            return sum(evaluate(body, layer, {**indices, index: value}) for value in values)
        case Product("", thing, Caption()) if not isinstance(thing, Caption):
            return evaluate(thing, layer, indices)  # and whether the caption fits: ``captions``
        case Product(sign, left, right):
            return _product(
                sign, evaluate(left, layer, indices), evaluate(right, layer, indices), layer
            )
        case Power(base, "T"):
            return evaluate(base, layer, indices).T
        case Partial(top, bottom):
            return _partial(top, bottom, layer, indices)
        case Caption(noun, named):
            return turned(noun, evaluate(named, layer, indices))
        case Call(name, arguments):
            return _call(
                name, [evaluate(argument, layer, indices) for argument in arguments], layer
            )
        case Name():
            return _name(tree, layer, indices)
    raise HasNoMeaning(f"{tree} has no meaning in this layer.")


def _array(rows) -> np.ndarray:
    array = np.empty((len(rows), len(rows[0])), dtype=object)
    for at in np.ndindex(array.shape):
        array[at] = rows[at[0]][at[1]]
    return array


def _bound(text: str, layer: Layer) -> int:
    """A limit of a sum: a number, or the height, width or number of the outputs."""
    height, width = layer.output.shape
    named = {"H_out": height, "W_out": width, "M": height * width}
    return named[text] if text in named else int(text)


def places(below: str, indices: dict[str, int]) -> tuple[int, ...]:
    """A subscript as numbers: ``ij``, ``12``, ``i+i'-1,j+j'-1`` with the values of its letters.

    >>> places("i+i'-1,j", {"i": 2, "i'": 3, "j": 1})
    (4, 1)
    """
    words = below.split(",") if "," in below else re.findall(r"[A-Za-z]'*|\d", below)
    return tuple(_whole(word, indices) for word in words)


def _whole(word: str, indices: dict[str, int]) -> int:
    total = 0
    for sign, letter in re.findall(r"([+-]?)([A-Za-z]'*|\d+)", word):
        value = int(letter) if letter.isdigit() else indices.get(letter)
        if value is None:
            raise HasNoMeaning(f"The index {letter} stands free in “{word}”.")
        total += -value if sign == "-" else value
    return total


def _name(name: Name, layer: Layer, indices):
    part = layer.letters.get(name.letter)
    if part in ("input", "kernel", "output"):
        whole = layer.part(part)
        if not name.below:
            return whole.reshape(-1, 1) if layer.flat else whole
        at = places(name.below, indices)
        if len(at) == 1:  # the slides number all cells in one row: O_k
            at = tuple(n + 1 for n in np.unravel_index(at[0] - 1, whole.shape))
        if all(1 <= n <= size for n, size in zip(at, whole.shape, strict=True)):
            return whole[tuple(n - 1 for n in at)]
        return sympy.Symbol(f"{name.letter}_{','.join(map(str, at))}")  # a cell outside the map
    if name.letter == "W" and not name.below:
        return layer.matrix.T if name.above == "T" else layer.matrix
    if name.letter == "B" and layer.bias:
        return sympy.Symbol("B")
    raise HasNoMeaning(f"Nothing here is called {name.letter}.")


def _partial(top: Name, bottom: Name, layer: Layer, indices):
    of, by = layer.letters.get(top.letter), layer.letters.get(bottom.letter)
    if bottom.letter == "B" and layer.bias:
        by = "bias"
    if of == "scalar" and by == "output":
        return _pick(layer.upstream, bottom, layer, indices)
    if of == "scalar" and by == "input" and layer.pooled:
        return sympy.Symbol(f"∂{top.letter}/∂{_name(bottom, layer, indices)}")
    if of == "scalar" and by is not None:
        symbols = _name(bottom, layer, indices)
        return _each(layer.gradient, symbols)
    if of == "output" and by in ("input", "kernel"):
        output, cells = _name(top, layer, indices), _name(bottom, layer, indices)
        if isinstance(output, sympy.Symbol):  # outside the map: no such output, and not nothing
            return sympy.Symbol(f"∂{output}/∂{bottom.letter}_{bottom.below}")
        return _jacobian(output, cells)
    raise HasNoMeaning(f"∂{top.letter}/∂{bottom.letter} has no meaning in this layer.")


def _pick(array: np.ndarray, name: Name, layer: Layer, indices):
    """The upstream gradient of a named output, or of all."""
    if not name.below:
        return array.reshape(-1, 1) if layer.flat else array
    at = places(name.below, indices)
    index = np.unravel_index(at[0] - 1, array.shape) if len(at) == 1 else tuple(n - 1 for n in at)
    if all(0 <= n < size for n, size in zip(index, array.shape, strict=True)):
        return array[index]
    return sympy.Symbol(f"∂{layer.notation.scalar}/∂{name.letter}_{','.join(map(str, at))}")


def _each(function, value):
    if not isinstance(value, np.ndarray):
        return function(value)
    return _like(value, [function(entry) for entry in value.flat])


def _like(array: np.ndarray, entries) -> np.ndarray:
    filled = np.empty(array.size, dtype=object)
    filled[:] = list(entries)
    return filled.reshape(array.shape)


def _jacobian(of, by):
    """∂of/∂by, with the axes of ``of`` first. Whole maps give all their derivatives."""
    tops, bottoms = np.atleast_1d(of), np.atleast_1d(by)
    table = np.array([[sympy.diff(y, x) for x in bottoms.flat] for y in tops.flat], dtype=object)
    shape = (*np.shape(of), *np.shape(by))
    return table.reshape(shape) if shape else table[0, 0]


def _product(sign: str, left, right, layer: Layer):
    """Two values with the sign between them, as the documents mean it."""
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
        if sign == "circledast":
            raise HasNoMeaning("A convolution is between two maps.")
        return left * right
    if sign == "bullet":
        return left * right
    if right.ndim > 2 and sign in ("", "*"):  # for whole maps the chain rule sums over all outputs
        return np.tensordot(left, right, axes=left.ndim)
    if sign == "":
        return _matrix_product(left, right)
    if sign == CONVOLUTION.get(layer.notation.document):
        return convolve(left, right, **dict(layer.star))
    raise HasNoMeaning(f"Between two maps the sign {sign} has no meaning in this document.")


def _matrix_product(left: np.ndarray, right: np.ndarray):
    """A product of matrices some of whose entries are not written out."""
    if ANYTHING in left.ravel().tolist() or ANYTHING in right.ravel().tolist():
        raise HasNoMeaning("A product with dots in it is compared factor by factor.")
    return left @ right


def convolve(first, second, flip=False, swap=False, full=False, padding=0, **geometry):
    """Slide ``second`` over ``first``: what a sign or the word Convolution stands for."""
    map_, kernel = (second, first) if swap else (first, second)
    kernel = rot180(kernel) if flip else kernel
    padding = tuple(size - 1 for size in kernel.shape) if full else padding
    return conv2d(map_, kernel, padding=padding, **geometry)


def _call(name: str, values: list, layer: Layer):
    match name.lower(), values:
        case (("convolution" | "conv"), [first, second]):
            return convolve(first, second, **dict(layer.star))
        case "full convolution", [first, second]:
            return convolve(first, second, full=True, **dict(layer.star))
        case "rotated", [kernel]:
            return rot180(kernel)
        case "padded", [map_]:
            return np.pad(map_, [(size - 1, size - 1) for size in layer.kernel_size])
        case "sum", [np.ndarray() as map_]:
            return sympy.Add(*map_.flat)
    raise HasNoMeaning(f"Nothing here is called {name}.")


def turned(noun: str, named):
    """What a noun means: the *rotated Filter* F is F after half a turn, or after the angle it says."""
    match = re.match(r"(?:(\d+)° )?rotated ", noun)
    quarters, rest = divmod(int(match[1] or 180), 90) if match else (0, 0)
    if rest:
        raise HasNoMeaning(f"A table cannot be turned by {match[1]} degrees.")
    return np.rot90(named, quarters) if match else named


def same(printed, derived) -> bool:
    """Whether two entries are equal; a blank only with a blank, and dots with dots."""
    if printed is LEFT_OUT:
        return True
    if any(side is None or side is ANYTHING for side in (printed, derived)):
        return printed is derived
    if isinstance(printed, np.ndarray) != isinstance(derived, np.ndarray):
        return False  # a whole map where a number belongs
    return sympy.expand(printed - derived) == 0


def equal(one, other) -> bool:
    """Whether two maps have the same size and the same entries."""
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and all(map(same, one.flat, other.flat))


def latex(value) -> str:
    """A value as LaTeX, with derivatives as fractions and cells with lowered indices."""
    if isinstance(value, np.ndarray):
        rows = value.reshape(1, -1) if value.ndim == 1 else value
        lines = (" & ".join(latex(entry) for entry in row) for row in rows)
        return r"\begin{bmatrix} " + r" \\ ".join(lines) + r" \end{bmatrix}"
    if value is ANYTHING or value is LEFT_OUT:
        return r"\cdot"
    if value is None:
        return ""
    return _latex_value(sympy.sympify(value))


@lru_cache(maxsize=4096)
def _latex_value(value: sympy.Expr) -> str:
    return sympy.latex(
        value, symbol_names={symbol: _latex_name(symbol.name) for symbol in value.free_symbols}
    )


def _latex_name(name: str) -> str:
    if "/" in name:
        top, bottom = name.split("/")
        return rf"\frac{{{_latex_name(top)}}}{{{_latex_name(bottom)}}}"
    if name.startswith("∂"):
        return rf"\partial {_latex_name(name[1:])}"
    letter, _, below = name.partition("_")
    return f"{letter}_{{{below}}}" if below else letter
