"""What the slides print on the convolutional layer as such and on its forward pass."""

from __future__ import annotations

import itertools
import re

import numpy as np
import sympy

from ..functional import conv2d, max_pool2d
from ..symbols import NOTATIONS
from .checks import Difference, Outcome, both, displays, equation, words
from .meaning import Layer
from .printed import CannotRead
from .slides_words import BASE, called, direction, noting, operands, record, series

X = (
    r"\begin{bmatrix} X_{11} & X_{12} & X_{13} \\ X_{21} & X_{22} & X_{23} \\ "
    r"X_{31} & X_{32} & X_{33} \end{bmatrix}"
)
F = r"\begin{bmatrix} F_{11} & F_{12} \\ F_{21} & F_{22} \end{bmatrix}"
OVERLAY = (
    r"\begin{bmatrix} X_{11}F_{11} & X_{12}F_{12} & X_{13} \\ X_{21}F_{21} & X_{22}F_{22} & X_{23} \\ "
    r"X_{31} & X_{32} & X_{33} \end{bmatrix}"
)
OUTPUTS = {
    "O_11": r"O_{11} = X_{11}F_{11} + X_{12}F_{12} + X_{21}F_{21} + X_{22}F_{22}",
    "O_12": r"O_{12} = X_{12}F_{11} + X_{13}F_{12} + X_{22}F_{21} + X_{23}F_{22}",
    "O_21": r"O_{21} = X_{21}F_{11} + X_{22}F_{12} + X_{31}F_{21} + X_{32}F_{22}",
    "O_22": r"O_{22} = X_{22}F_{11} + X_{23}F_{12} + X_{32}F_{21} + X_{33}F_{22}",
}
WITH_Z = Layer(NOTATIONS["slides"], (3, 3), (2, 2), also=(("Z", "output"),))
ARRIVES = {"is the loss from": ["arrives"]}
BACKWARD = "layers are counted in the order of the backward pass: previous is next to the output"


def overlaid(layer: Layer) -> np.ndarray:
    """The input with the filter laid over its first window: products inside, cells outside."""
    seen = layer.input.copy()
    rows, columns = layer.kernel_size
    seen[:rows, :columns] = seen[:rows, :columns] * layer.kernel
    return seen


def first_window(printed: str) -> Outcome:
    """The table of the filter over its first window, whose products add up to the first output."""
    cells = overlaid(BASE)
    if sympy.expand(sympy.Add(*(e for e in cells.flat if e.is_Mul)) - BASE.output[0, 0]) != 0:
        raise ArithmeticError("The products of the first window are not the first output.")
    return displays(BASE, lambda _: cells)(printed)


def order_of_steps(printed: str) -> Outcome:
    """The steps, done in the printed order on numbers, give what the definition gives."""
    rng = np.random.default_rng(0)
    x, k = rng.integers(-9, 10, (6, 6)), rng.integers(-9, 10, (3, 3))
    operations = {
        "Perform convolutions": lambda m: conv2d(m, k),
        "Apply non-linearity": lambda m: np.maximum(m, 0),
        "Pooling": lambda m: max_pool2d(m, 2),
    }
    names = {line.strip(" -") for line in printed.splitlines()}
    if names != set(operations):
        raise CannotRead(f"These are not the steps of a layer: {printed}")
    defined = np.array([[_defined(x, k, u, v) for v in range(2)] for u in range(2)])
    right = [
        order
        for order in itertools.permutations(operations)
        if np.array_equal(_done(order, operations, x), defined)
    ]
    stated = tuple(line.strip(" -") for line in printed.splitlines())
    derived = " or ".join(" → ".join(order) for order in right)
    found = [] if stated in right else [Difference("the order", " → ".join(stated), derived)]
    return Outcome(derived, tuple(found))


def _done(order, operations, x):
    for name in order:
        x = operations[name](x)
    return x


def _defined(x, k, u, v) -> int:
    """One pooled cell written out: the largest of four sums of products, none below 0."""
    sums = (
        sum(int(x[2 * u + a + i, 2 * v + b + j] * k[i, j]) for i, j in np.ndindex(k.shape))
        for a, b in np.ndindex(2, 2)
    )
    return max(max(0, s) for s in sums)


def strides(printed: str) -> Outcome:
    """The strides along both axes for which the printed sizes fit and the outputs are O."""
    match = re.fullmatch(r"(Horizontal|Vertical) and (horizontal|vertical) stride = (\d)", printed)
    if match is None or match[1].lower() == match[2]:
        raise CannotRead(f"Which strides? {printed}")
    fitting = [
        pair
        for pair in itertools.product((1, 2, 3), repeat=2)
        if np.array_equal(conv2d(BASE.input, BASE.kernel, stride=pair), BASE.output)
    ]
    ((vertical, horizontal),) = fitting
    stated, derived = int(match[3]), f"{vertical}, {horizontal}"
    same = vertical == horizontal == stated
    return Outcome(derived, () if same else (Difference("number 1", str(stated), derived),))


def gate() -> list[str]:
    """What the output of a gate depends on, and what it is called."""
    x, y, z = sympy.symbols("x y z")
    value = sympy.Function("f")(x, y)
    inputs = [s for s in (x, y, z) if sympy.diff(value, s) != 0]
    (output,) = {x, y, z} - set(inputs)
    return [str(value.func), *map(str, inputs), str(output)]


def dependencies() -> list[str]:
    """The parts of the layer that its output depends on, and so has gradients to."""
    symbols = set().union(*(entry.free_symbols for entry in BASE.output.flat))
    return [part for part in ("input", "kernel") if symbols & set(BASE.part(part).flat)]


PARTS = {"the input": "input", "the filter": "kernel", "the output": "output"}
BETWEEN_X_AND_F = "Convolution between Input X and Filter F{}, gives us an output O"
FORWARD = "Convolution Forward Pass"
SAME_SUM = (
    "The filter lies on a window of X, each cell under it is multiplied by the weight above it, and "
    "the products are added. "
)

RECORDS = (
    record(
        9,
        "Review of Conv Nets, steps involved",
        "convolution, then non-linearity, then pooling",
        "- Perform convolutions\n - Apply non-linearity\n - Pooling",
        order_of_steps,
        "02",
        "The non-linearity acts on the sums that the convolution makes, so it comes after it: done "
        "first, it would change the input instead. With max pooling and a non-linearity that never "
        "falls, the last two steps may change places, for the largest cell stays the largest.",
    ),
    record(
        10,
        "the gate, before the local gradients",
        "a gate has two inputs and one output",
        "A simple function f which takes x and y as inputs and outputs z",
        words(
            {"function f": "f", "takes x": "x", "and y": "y", "outputs z": "z"},
            gate,
        ),
        "01",
        "z = f(x, y). If ∂L/∂z arrives, the chain rule hands ∂L/∂z · ∂z/∂x to x and ∂L/∂z · ∂z/∂y to "
        "y. A layer is such a gate with whole maps in place of numbers: X and F go in, O comes out. "
        "The figure of this slide is lost in the conversion.",
    ),
    record(
        11,
        "the gate of a layer, first sentence",
        "∂O/∂X and ∂O/∂F are the local gradients",
        r"$\frac{\partial O}{\partial X}$ & $\frac{\partial O}{\partial F}$ are local gradients",
        called({"local gradients": ["local to the input", "local to the kernel"]}),
        "01",
        "They belong to this layer alone: each ∂O_k/∂X_i is a weight or 0 and each ∂O_k/∂F_i a cell "
        "of X, without any L. Times ∂L/∂O and summed over all outputs they give ∂L/∂X and ∂L/∂F.",
    ),
    record(
        12,
        "the gate of a layer, second sentence",
        "which gradient arrives, and from where",
        r"$\frac{\partial L}{\partial Z}$ is the loss from the previous layer which has to be "
        "backpropagated to other layers",
        (
            ("", noting("Z", "O", both(called(ARRIVES, WITH_Z), direction(backward=False)))),
            (
                "Z is the output of the layer, called z at the gate and O on all other slides; "
                + BACKWARD,
                both(called(ARRIVES, WITH_Z), direction(backward=True)),
            ),
        ),
        "01",
        "What arrives is ∂L/∂O, the gradient of the loss (not the loss itself) by the output of this "
        "layer. There is no Z in the layer: the sentence before says ∂O/∂X and ∂O/∂F, so O is meant, "
        "the z of the gate. It comes from the layer that reads O, which is the next one for the "
        "data and the previous one for the backward pass. The following slide says “next layer”.",
        contradicts=13,
    ),
    record(
        13,
        "Backpropagation in CNNs, first point",
        "the loss gradient arrives from the next layer",
        "In the backward pass, we get the loss gradient with respect to the next layer",
        direction(backward=False),
        "01",
        "Only the layer that reads O depends on O, so ∂L/∂O is what that layer computes as the "
        "gradient to its input. Counted as the data run, and as the first slides number their "
        "layers, it is the next layer. Four other places of the deck call the same layer the "
        "previous one, which counts along the backward pass.",
        contradicts=12,
    ),
    record(
        14,
        "Backpropagation in CNNs, second point",
        "the loss has a gradient to the input and one to the filter",
        "In CNNs the loss gradient is computed w.r.t the input and also w.r.t the filter.",
        words(PARTS, dependencies),
        "01",
        "O depends on the cells of X and on the weights F, so the loss does too. The gradient to F is "
        "what F learns from; the gradient to X is handed to the layer below, for which it is the "
        "gradient that arrives. A bias would be a third.",
    ),
    record(
        15,
        "Convolution Backprop with single Stride",
        "the stride is 1 along both axes",
        "Horizontal and vertical stride = 1",
        strides,
        "03",
        "A 2×2 window on three columns or rows has two places if it moves by 1 and one if it moves by "
        "more: (3 − 2) / s + 1. The slides print 2×2 outputs, so s = 1 both ways.",
    ),
    record(
        16,
        "Convolution Backprop with single Stride, first table",
        "the input X",
        rf"{X} \quad \text{{Input X}}",
        displays(BASE, lambda layer: layer.input, lambda layer: layer.input),
        "03",
        "Nine cells, each with the number of its row and then of its column.",
    ),
    record(
        17,
        "Convolution Backprop with single Stride, second table",
        "the filter F",
        rf"{F} \quad \text{{Filter F}}",
        displays(BASE, lambda layer: layer.kernel),
        "03",
        "Four weights, numbered like the cells. In this deck F is the filter, not a function.",
    ),
    record(
        18,
        f"{FORWARD}, first slide, the sentence",
        "the convolution of X and F is O",
        BETWEEN_X_AND_F.format(" "),
        operands(lambda layer: layer.output),
        "03",
        "This defines O. Convolution means here that the filter slides over the map as it is, "
        "without being flipped.",
    ),
    record(
        19,
        f"{FORWARD}, first slide, the equation",
        "O is the convolution of X and F, as tables",
        r"\begin{array}{|c|c|} \hline O_{11} & O_{12} \\ \hline O_{21} & O_{22} \\ \hline \end{array} = "
        r"\text{Convolution} \left(\begin{array}{|c|c|c|} \hline X_{11} & X_{12} & X_{13} \\ \hline "
        r"X_{21} & X_{22} & X_{23} \\ \hline X_{31} & X_{32} & X_{33} \\ \hline \end{array}, "
        r"\begin{array}{|c|c|} \hline F_{11} & F_{12} \\ \hline F_{21} & F_{22} \\ \hline \end{array} "
        r"\right)",
        equation(BASE),
        "03",
        SAME_SUM + "Four windows of X have the size of F, and O has one cell for each.",
    ),
    record(
        20,
        f"{FORWARD}, second slide, the sentence",
        "the convolution of X and F is O, said again",
        BETWEEN_X_AND_F.format(" "),
        operands(lambda layer: layer.output),
        "03",
        "The sentence of the slide before, repeated over the first window.",
    ),
    record(
        21,
        f"{FORWARD}, second slide, first table",
        "the input X, again",
        rf"{X} \quad \text{{Input X}}",
        displays(BASE, lambda layer: layer.input, lambda layer: layer.input),
        "03",
        "The same nine cells as before, each under the number of its row and column.",
    ),
    record(
        22,
        f"{FORWARD}, second slide, second table",
        "the filter F, again",
        rf"{F} \quad \text{{Filter F}}",
        displays(BASE, lambda layer: layer.kernel),
        "03",
        "The same four weights as before, in the same places.",
    ),
    record(
        23,
        f"{FORWARD}, second slide, third table",
        "F laid over the first window of X",
        OVERLAY,
        first_window,
        "03",
        "Under the filter each cell is multiplied by the weight above it; the other cells of X stay as "
        "they are. The four products add up to O₁₁.",
    ),
    record(
        24,
        f"{FORWARD}, second slide, the equation",
        "O₁₁ as a sum of products",
        OUTPUTS["O_11"],
        equation(BASE),
        "03",
        SAME_SUM + "For O₁₁ it is the window at the top left.",
    ),
    record(
        25,
        f"{FORWARD}, third slide, the sentence",
        "the convolution of X and F is O, said a third time",
        BETWEEN_X_AND_F.format(""),
        operands(lambda layer: layer.output),
        "03",
        "The same sentence over all four outputs.",
    ),
    *series(
        26,
        f"{FORWARD}, third slide",
        OUTPUTS,
        "{cell} as a sum of products",
        equation(BASE),
        "03",
        SAME_SUM + "{cell} belongs to the window whose first cell has the same number as {cell}.",
    ),
)
