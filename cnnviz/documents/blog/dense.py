"""What the blog says of its fully connected layer, computed: its lines of code run on symbols and are
compared with calculus."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import numpy as np
import sympy

from ...derivations.arrays import array, row
from ...derivations.letters import symbol_array
from ...functional import conv2d_weight
from ...functional.geometry import Geometry
from ..checks import code
from .runs import in_words, layer_of, made_once


@made_once
def dense(images: int = 1, inputs: int = 3, classes: int = 2) -> SimpleNamespace:
    """z = x W + b in symbols, with a row for each image, and the gradients of a scalar above it."""
    x, weights = symbol_array("x", (images, inputs)), symbol_array("W", (inputs, classes))
    biases, names = symbol_array("b", (1, classes))[0], symbol_array("z", (images, classes))
    sums = [
        sympy.Add(*(cells * column), bias)
        for cells in x
        for column, bias in zip(weights.T, biases, strict=True)
    ]
    return layer_of(names, array(sums, names.shape), x=x, weights=weights, biases=biases)


def initial_weights(run):
    layer = dense()
    inputs, classes = layer.weights.shape
    made = run(self=SimpleNamespace(), input_size=inputs, num_classes=classes)["self"].weights
    yield "", made, row("r", layer.weights.size, 1).reshape(inputs, classes) / inputs
    # Independent random numbers of variance 1: the variance of a sum is the sum of the squares.
    for column in made.T:
        spread = sum(sympy.diff(w, *w.free_symbols) ** 2 for w in column)
        yield "the variance of z for inputs 1", spread, sympy.Rational(1, inputs)


def initial_biases(run):
    made = run(self=SimpleNamespace(), num_classes=2)["self"].biases
    yield "", made, np.zeros(dense().biases.shape, dtype=object)


def scores(run):
    layer = dense()
    yield "", run(input=layer.x[0], self=layer)["value"], layer.z[0]


def bias_gradient_of_scores(run):
    one, several = dense(), dense(images=2)
    made = run(dL_dout=one.g[0])["dL_dB"]
    yield "a single image:", made, one.gradient("biases")
    yield "a batch:", run(dL_dout=several.g)["dL_dB"], several.gradient("biases")


def weight_gradient(run):
    """Of a layer with other sizes than those of the blog's digits."""
    layer = dense()
    yield "", _or_nothing(run, layer.x[0], layer.g[0]), layer.gradient("weights")


def weight_gradient_of_digits(images: int = 1) -> Callable:
    """28 × 28 pixels, 8 filters of 3 × 3, pools of 2 × 2, and 10 classes."""
    convolved = Geometry.of((28, 28), 3).output_size
    inputs = 8 * math.prod(Geometry.of_pool(convolved, 2).output_size)

    def use(run):
        x, g = _numbered("x", images, inputs), _numbered("g", images, 10)
        made = _or_nothing(run, *((x, g) if images > 1 else (x[0], g[0])))
        if made.shape != (inputs, 10):
            yield "the size", in_words(made.shape), in_words((inputs, 10))
            return
        some = [*range(0, inputs, 169), -1]  # the derivatives by one input know no other
        derived, ends = sum(map(_table, x[:, some], g)), np.ix_([0, -1], [0, -1])
        yield "first and last inputs and classes:", made[ends], derived[ends]
        yield "some inputs:", made[some], derived

    return use


def _table(x: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The weight gradient of one image: a dense layer is a convolution of maps of one cell."""
    maps, shape = x[:, None, None], (g.size, x.size, 1, 1)
    return conv2d_weight(maps, shape, g[:, None, None])[:, :, 0, 0].T


def _numbered(letter: str, images: int, count: int) -> np.ndarray:
    """For each image many numbers between a first and a last symbol."""
    numbers = np.tile(np.arange(count, dtype=object) ** 2 + 1, (images, 1))
    numbers[:, [0, -1]] = sympy.symbols(f"{letter}_1 {letter}_{count}")
    return numbers


def _or_nothing(run, x, g):
    """What a line makes of dL_dW; its name alone where it cannot run."""
    try:
        return run(self=SimpleNamespace(input=x), dL_dout=g)["dL_dW"]
    except ValueError as problem:
        if "cannot reshape" not in str(problem):
            raise
        return np.array([[sympy.Symbol(r"\text{cannot reshape}")]])


def input_gradient_of_scores(run):
    layer = dense()
    made = run(dL_dout=layer.g[0], self=layer)["dL_dinput"]
    yield "", made, layer.gradient("x")[0]


# How the line that makes the weight gradient puts input and gradient together

PLAINLY = {"dot product": np.dot, "matrix multiplication": np.matmul}


def put_together(line: str, one: str, other: str, change: str, images: str, effect: str) -> bool:
    """Which operation a line uses instead of which, for how many images, and to what effect."""
    operation, changes = _how(line)
    alone = _makes_the_table(line) and not _makes_the_table(line, images=2)
    return (
        operation == other != one
        and change in changes
        and not _table_of_vectors(one)
        and alone == (images == "only for a single image")
        and _makes_the_table(line) == (effect == "helps us align")
    )


@cache
def _how(line: str) -> tuple[str, set[str]]:
    """The operation of a line between two arrays, and the methods that it calls."""
    nodes = list(ast.walk(ast.parse(line)))
    called = {node.func.attr for node in nodes if isinstance(node, ast.Call)}
    operators = {ast.MatMult: "matrix multiplication", ast.Mult: "elementwise product"}
    found = [operators[type(node)] for node in nodes if type(node) in operators]
    return "dot product" if "dot" in called else "".join(found), called


@cache
def _table_of_vectors(operation: str) -> bool:
    """Whether an operation makes a table of two plain vectors."""
    try:
        return np.shape(PLAINLY[operation](np.arange(3), np.arange(2))) == (3, 2)
    except ValueError:
        return False


@cache
def _makes_the_table(line: str, images: int = 1) -> bool:
    """Whether a line makes the derivatives by all weights, of so many images at once."""
    try:
        return not code(weight_gradient_of_digits(images))(line).differences
    except ValueError:  # the sizes do not fit
        return False
