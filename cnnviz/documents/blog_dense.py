"""What the blog prints about the fully connected layer.

These are formulas in code: each printed line runs on symbols and is compared with calculus.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import conv2d, conv2d_weight
from ..functional.geometry import Geometry
from .blog_parts import said
from .checks import both, code, fact, numbers

# The fully connected layer: z = x W + b on plain vectors, with one upstream gradient for each class.


def dense(inputs: int = 3, classes: int = 2) -> SimpleNamespace:
    """A dense layer in symbols. Its z is a convolution whose kernels are as large as the map."""
    x, w, b, g = (
        symbol_array(letter, shape)
        for letter, shape in (
            ("x", (1, inputs)),
            ("w", (inputs, classes)),
            ("b", (1, classes)),
            ("g", (1, classes)),
        )
    )
    x, b, g = x[0], b[0], g[0]
    z = conv2d(x[:, None, None], w.T[:, :, None, None], b)[:, 0, 0]
    return SimpleNamespace(x=x, weights=w, biases=b, g=g, z=z, lr=sympy.Symbol("η"))


def dense_gradient(layer: SimpleNamespace, part: np.ndarray) -> np.ndarray:
    """The derivative of the loss by each symbol of a part, by the chain rule."""
    terms = [sympy.Add(*(layer.g * [sympy.diff(z, s) for z in layer.z])) for s in part.flat]
    return np.array(terms, dtype=object).reshape(part.shape)


def _initial_weights(run):
    layer = dense(inputs=3, classes=2)
    made = run(self=SimpleNamespace(), input_size=3, num_classes=2)["self"].weights
    yield "the size", made.shape, layer.weights.shape
    # Independent random numbers of variance 1: the variance of a sum is the sum of the squares.
    for column in made.T:
        spread = sum(sympy.diff(w, next(iter(w.free_symbols))) ** 2 for w in column)
        yield "the variance of z for inputs 1", spread, sympy.Rational(1, len(layer.x))


def _initial_biases(run):
    made = run(self=SimpleNamespace(), num_classes=2)["self"].biases
    yield "", made, np.zeros(dense(inputs=3, classes=2).z.shape, dtype=object)


def _dense_forward(run):
    layer = dense()
    yield "", run(input=layer.x, self=layer)["value"], layer.z


def _dense_bias_gradient(run):
    layer = dense()
    made = run(dL_dout=layer.g)["dL_dB"]
    yield "a single image:", made, dense_gradient(layer, layer.biases)
    # Each image of a batch has upstream gradients of its own; the losses add up.
    other = dense()
    other.g = symbol_array("f", (1, layer.g.size))[0]
    made = run(dL_dout=np.stack([layer.g, other.g]))["dL_dB"]
    both_images = [dense_gradient(image, image.biases) for image in (layer, other)]
    yield "a batch:", made, sum(both_images)


def _dense_weight_gradient(inputs, classes):
    def use(run):
        layer = dense(inputs, classes)
        made = _or_nothing(run, self=SimpleNamespace(input=layer.x), dL_dout=layer.g)
        yield "", made, dense_gradient(layer, layer.weights)

    return use


def _or_nothing(run, **names):
    """What a line makes of dL_dW; its name alone where it cannot run."""
    try:
        return run(**names)["dL_dW"]
    except ValueError as problem:
        if "cannot reshape" not in str(problem):
            raise
        return np.array([sympy.Symbol(r"\text{cannot reshape}")])


def _dense_weight_gradient_of_the_code(run):
    """At 1352 inputs and 10 classes: the size, and every 169th row."""
    x, g = np.arange(1352, dtype=object) + 3, np.arange(10, dtype=object) ** 2 + 1
    made = run(self=SimpleNamespace(input=x), dL_dout=g)["dL_dW"]
    derived = conv2d_weight(x[:, None, None], (10, 1352, 1, 1), g[:, None, None])[:, :, 0, 0].T
    yield "the size", made.shape, derived.shape
    yield "", made[::169], derived[::169]


def _flat_size() -> list[int]:
    """The sizes that the code prints, for digits of 28 x 28, 8 filters of 3 x 3, pools of 2 x 2."""
    convolved = Geometry.of((28, 28), 3).output_size
    height, width = Geometry.of_pool(convolved, 2).output_size
    return [8 * height * width, 1, 1, 10]


def _dense_input_gradient(run):
    layer = dense()
    yield "", run(dL_dout=layer.g, self=layer)["dL_dinput"], dense_gradient(layer, layer.x)


def _dense_update(part):
    def use(run):
        layer, before = dense(), getattr(dense(), part)
        gradient = dense_gradient(layer, before)
        setattr(layer, part, before.copy())
        run(self=layer, **{{"weights": "dL_dW", "biases": "dL_dB"}[part]: gradient})
        after = getattr(layer, part)
        yield "", after, before - layer.lr * gradient
        loss = sympy.Add(*(gradient * after).flat)  # to first order in the step
        yield "how the loss falls", sympy.diff(loss, layer.lr), -sympy.Add(*(gradient**2).flat)

    return use


def _plain_dot_product_has_no_table() -> bool:
    layer = dense()
    try:
        np.dot(layer.x, layer.g)
    except ValueError:
        table = layer.x.reshape(-1, 1) @ layer.g.reshape(1, -1)
        return bool((table == dense_gradient(layer, layer.weights)).all())
    return False


DENSE = "Fully connected layer, "

RECORDS = (
    said(
        1,
        DENSE + "__init__",
        "one weight for each input and class, small random numbers divided by the number of inputs",
        "self.weights = np.random.randn(input_size, num_classes) / input_size",
        code(_initial_weights),
        "08",
        "x W needs one row of W for each input and one column for each class. Random numbers of "
        "variance 1 divided by n have variance 1/n². A sum of n of them, one for each input of size "
        "1, has variance n · 1/n² = 1/n: the outputs start small.",
    ),
    said(
        2,
        DENSE + "__init__",
        "one bias for each class, at first 0",
        "self.biases = np.zeros(num_classes)",
        code(_initial_biases),
        "08",
        "x W has one number for each class, so as many biases are added.",
    ),
    said(
        3,
        DENSE + "forward",
        "the output is x W + b, with x as a row",
        "np.dot(input, self.weights) + self.biases",
        code(_dense_forward),
        "08",
        "Output c is the sum of x_i W_ic over the inputs i, plus b_c. The blog writes x as a row "
        "before W and keeps to that; the same layer with columns is Wᵀx + b.",
    ),
    said(
        4,
        DENSE + "backward",
        "the bias gradient is the sum of the upstream gradient over axis 0",
        "dL_dB = dL_dout.sum(axis = 0)",
        code(_dense_bias_gradient),
        "08",
        "Each bias is added to one output, so its gradient is that output's gradient: one number for "
        "each class. Axis 0 is meant to be the batch, and for a table (images × classes) the sum over "
        "it is right. Here the code holds a single image and its gradient is a plain vector, which "
        "is why the next line has to reshape it. Axis 0 is then the classes: the sum is one number, "
        "and every bias is changed by the same amount.",
    ),
    said(
        5,
        DENSE + "backward",
        "the weight gradient is the outer product of input and upstream gradient",
        "dL_dW = self.input.reshape(1352, 1) @ dL_dout.reshape(1, 10)",
        (
            ("", code(_dense_weight_gradient(3, 2))),
            (
                "a layer with 1352 inputs and 10 classes: 28 × 28 pixels, 8 filters of 3 × 3, "
                "pools of 2 × 2",
                both(code(_dense_weight_gradient_of_the_code), numbers(_flat_size)),
            ),
        ),
        "08",
        "W_ic meets only x_i and only output c, so its gradient is x_i g_c: a column times a row. The "
        "sizes are written into the line, though the layer is made for any input_size and "
        "num_classes. 28 − 3 + 1 = 26, half of it is 13, and 13 · 13 · 8 = 1352: for these sizes the "
        "line is right, for others it cannot reshape.",
    ),
    said(
        6,
        DENSE + "backward",
        "the input gradient is the upstream gradient times Wᵀ",
        "dL_dinput = np.dot(dL_dout, self.weights.T)",
        code(_dense_input_gradient),
        "08",
        "Input i reaches every class c with the weight W_ic, so its gradient is the sum of g_c W_ic "
        "over c. The line stands before the update, so it uses the weights of the forward pass.",
    ),
    said(
        7,
        DENSE + "backward",
        "gradient descent: the weights go against their gradient",
        "self.weights -= self.lr*dL_dW",
        code(_dense_update("weights")),
        "08",
        "A small step −η ∂L/∂W changes the loss by −η times the sum of the squared gradients: it falls.",
    ),
    said(
        8,
        DENSE + "backward",
        "gradient descent for the biases",
        "self.biases -= self.lr*dL_dB",
        code(_dense_update("biases")),
        "08",
        "The same step as for the weights. It is right for a gradient with one number for each bias; "
        "the line that computes dL_dB must give that.",
    ),
    said(
        9,
        "after the fully connected layer",
        "for a single image the weight gradient is a product of reshaped vectors, not a dot product",
        "instead of the dot product, we are using the matrix multiplication with reshape",
        fact(
            _plain_dot_product_has_no_table,
            "np.dot of a vector of inputs and a vector of classes fails, and the reshaped column "
            "times the reshaped row is the table of all derivatives",
        ),
        "08",
        "The dot product of two plain vectors wants equal lengths and gives one number. A column "
        "(n × 1) times a row (1 × m) gives the n × m table that is needed. For a batch it would be "
        "Xᵀ times the table of gradients.",
    ),
)
