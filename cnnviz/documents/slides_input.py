"""What the slides print on the gradient to the input, the takeaway, and on pooling."""

from __future__ import annotations

import re

import numpy as np

from ..functional import conv2d, rot180
from ..symbols import NOTATIONS
from .checks import Check, Outcome, compare, displays, equation, numbers, words
from .meaning import Layer
from .printed import CannotRead
from .slides_filter import arriving
from .slides_layer import OUTPUTS, OVERLAY, F, X, first_window
from .slides_words import BASE, gradient, instead, local_gradient, operands, record, series

OVER = Layer(NOTATIONS["slides"], (3, 3), (2, 2), star=(("swap", True),))
WITH_K = {
    part: Layer(NOTATIONS["slides"], (3, 3), (2, 2), also=(("K", part),))
    for part in ("kernel", "input")
}
ROTATED = r"\begin{bmatrix} F_{22} & F_{21} \\ F_{12} & F_{11} \end{bmatrix}"
BY_X = (
    r"\begin{bmatrix} \frac{\partial L}{\partial X_{11}} & \frac{\partial L}{\partial X_{12}} & "
    r"\frac{\partial L}{\partial X_{13}} \\ \frac{\partial L}{\partial X_{21}} & "
    r"\frac{\partial L}{\partial X_{22}} & \frac{\partial L}{\partial X_{23}} \\ "
    r"\frac{\partial L}{\partial X_{31}} & \frac{\partial L}{\partial X_{32}} & "
    r"\frac{\partial L}{\partial X_{33}} \end{bmatrix}"
)
CAPTION = r" \text{Loss Gradient } \frac{\partial L}{\partial O}"  # beside the table of ∂L/∂O
# Which output's gradient stands beside which weight, typed as printed.
TERMS = {
    "X_11": ("O_{11}} * F_{11}",),
    "X_12": ("O_{11}} * F_{12}", "O_{12}} * F_{11}"),
    "X_13": ("O_{12}} * F_{12}",),
    "X_21": ("O_{11}} * F_{21}", "O_{21}} * F_{11}"),
    "X_22": ("O_{11}} * F_{22}", "O_{12}} * F_{21}", "O_{21}} * F_{12}", "O_{22}} * F_{11}"),
    "X_23": ("O_{12}} * F_{22}", "O_{22}} * F_{12}"),
    "X_31": ("O_{21}} * F_{21}",),
    "X_32": ("O_{21}} * F_{22}", "O_{22}} * F_{21}"),
    "X_33": ("O_{22}} * F_{22}",),
}
NINE = {
    name: rf"\frac{{\partial L}}{{\partial X_{{{name[2:]}}}}} = "
    + " + ".join(r"\frac{\partial L}{\partial " + term for term in terms)
    for name, terms in TERMS.items()
}


def of_input(**reading) -> Check:
    """A sentence that makes ∂L/∂X of two operands, in one reading."""
    return operands(lambda layer: gradient(layer, "input"), **reading)


def rotation_angles() -> list[int]:
    """By how much the filter must be turned so that it gives ∂L/∂X, slid over the padded ∂L/∂O."""
    wanted = gradient(BASE, "input")
    turned = {90 * n: np.rot90(BASE.kernel, n) for n in range(4)}
    return [
        angle
        for angle, kernel in turned.items()
        if not compare(conv2d(BASE.upstream, kernel, padding=1), wanted)
    ]


def flips(printed: str) -> Outcome:
    """The flips, one after the other, give the rotated filter, and so does the other order."""
    axes = {"vertically": 0, "horizontally": 1}
    match = re.search(r"flipping it first (\w+) and then (\w+)\.", printed)
    if match is None or not {match[1], match[2]} <= set(axes):
        raise CannotRead(f"Which flips? {printed}")
    turned = BASE.kernel
    for word in match.groups():
        turned = np.flip(turned, axes[word])
    derived = rot180(BASE.kernel)
    words_ = f"first {match[1]} and then {match[2]}"
    found = compare(turned, derived)
    return Outcome(f"{words_}: the filter rotated by 180 degrees", tuple(found))


def first_overlap(layer: Layer) -> np.ndarray:
    """The rotated filter over the corner of ∂L/∂O: one product, the other cells as they are."""
    (fh, fw), (gh, gw) = layer.kernel_size, layer.upstream.shape
    table = np.full((fh + gh - 1, fw + gw - 1), None, dtype=object)
    table[fh - 1 :, fw - 1 :] = layer.upstream
    table[:fh, :fw] = rot180(layer.kernel)
    table[fh - 1, fw - 1] = rot180(layer.kernel)[-1, -1] * layer.upstream[0, 0]
    if table[fh - 1, fw - 1] != layer.gradient(layer.input[0, 0]):
        raise ArithmeticError("The first overlap is not the first gradient.")
    return table


def passes() -> list[str]:
    """The passes of the layer that are convolutions: all three quantities, from their definition."""
    x, f, g = BASE.input, BASE.kernel, BASE.upstream
    products = {
        "forward": [(conv2d(x, f), BASE.output)],
        "backward": [
            (conv2d(x, g), gradient(BASE, "kernel")),
            (conv2d(g, rot180(f), padding=1), gradient(BASE, "input")),
        ],
    }
    return [name for name, pairs in products.items() if not any(compare(*pair) for pair in pairs)]


TITLE = "Loss gradient w.r.t the input"
CHAIN, NINE_SLIDE, TURN, FULL = (
    f"{TITLE}, {n} slide" for n in ("first", "second", "third", "fourth")
)
AS_MAP = (
    "the filter slides over the padded ∂L/∂O, although it is the first of the two and so stands where "
    "Convolution(X, F) has the map"
)
WHY_ROTATED = (
    "O_uv takes X_ij times the weight with the numbers i − u + 1 and j − v + 1. For one X_ij these run "
    "backwards while u and v run forwards, so ∂L/∂X is the filter, rotated by 180°, sliding over ∂L/∂O "
    "with a border of one row and column of zeros. "
)
WHICH_SLIDES = (
    "If the first operand were the map, as in Convolution(X, F), ∂L/∂O would slide over the padded "
    "filter and every result would land rotated by 180°. And the convolution of mathematics flips by "
    "itself: it needs the filter as it is, and with the rotated one would flip twice. "
)

RECORDS = (
    record(
        58,
        f"{CHAIN}, the sentence",
        "∂L/∂X is said to be a convolution between X and ∂L/∂O",
        "If you closely look at it, this represents an operation we are quite familiar with. We can "
        "represent it as a **convolution operation between input X and loss gradient "
        r"$\partial L / \partial O$ as shown below:**",
        (
            ("", of_input()),
            ("a full convolution is meant", of_input(full=True)),
            ("a full convolution, in which X slides", of_input(full=True, swap=True)),
            ("a full convolution of mathematics", of_input(full=True, flip=True)),
        ),
        "04",
        "The sentence belongs to ∂L/∂F, where the slide before uses it word for word. O is linear in "
        "X, so the local gradients ∂O/∂X are weights and ∂L/∂X contains no cell of X at all: no "
        "convolution with X can give it. It is the full convolution of the rotated filter and "
        "∂L/∂O, as the takeaway says. What is shown below the sentence is the chain rule, and "
        "that is right.",
        contradicts=85,
    ),
    record(
        59,
        f"{CHAIN}, the sum",
        "∂L/∂X_i as a sum over all outputs",
        r"\frac{\partial L}{\partial X_i} = \sum_{k=1}^M \frac{\partial L}{\partial O_k} * "
        r"\frac{\partial O_k}{\partial X_i}",
        equation(BASE, {"i": 9}),
        "04",
        "A cell of X acts on the loss through every output whose window contains it, so the chain rule "
        "adds one product for each output; where the window does not contain it the local gradient "
        "is 0. The heading “every element of X_i” means every element X_i of X.",
    ),
    record(
        60,
        f"{NINE_SLIDE}, the sentence",
        "what the local gradients of the input are",
        "Similarly, we can expand the chain rule summation for the gradient with respect to the "
        r"input. After substituting the local gradients i.e $\frac{\partial O_i}{\partial K_i}$, we "
        "have:",
        (
            ("", local_gradient("input", "input")),
            ("K is the filter", local_gradient("input", "input", WITH_K["kernel"])),
            ("K is the input", local_gradient("input", "input", WITH_K["input"])),
        ),
        "04",
        "The sum for the input, one slide earlier, contains ∂O_k/∂X_i. No other formula of the deck has a K. "
        "Read as the filter, ∂O/∂F would be the local gradients of the other sum; "
        "read as X, output and cell would still need two different indices. The nine equations "
        "below the sentence are right.",
        contradicts=59,
    ),
    *series(
        61,
        NINE_SLIDE,
        NINE,
        "∂L/∂{cell} with the weights of F",
        equation(BASE),
        "04",
        "{cell} lies in the windows of {ways}. These weights are its local gradients, so the ∂L/∂O of "
        "each of these outputs is multiplied by its weight, and the products are added.",
    ),
    record(
        70,
        f"{NINE_SLIDE}, first table",
        "the input X, beside the nine equations",
        rf"{X} \quad \text{{Input X}}",
        displays(BASE, lambda layer: layer.input, lambda layer: layer.input),
        "04",
        "The same nine cells as before, each under the number of its row and column.",
    ),
    record(
        71,
        f"{NINE_SLIDE}, second table",
        "the filter F, beside the nine equations",
        rf"{F} \quad \text{{Filter F}}",
        displays(BASE, lambda layer: layer.kernel),
        "04",
        "The same four weights as before, not rotated.",
    ),
    record(
        72,
        f"{NINE_SLIDE}, third table",
        "F laid over the first window of X, again",
        OVERLAY,
        first_window,
        "04",
        "The four products are those of O₁₁. The corner X₁₁ is in this window only, so its gradient "
        "has one term; X₂₂ is in all four and has four.",
    ),
    record(
        73,
        f"{NINE_SLIDE}, the last equation",
        "O₁₁ as a sum of products, again",
        OUTPUTS["O_11"],
        equation(BASE),
        "04",
        "The filter on the window at the top left. From such equations the local gradients are read "
        "off: ∂O₁₁/∂X₁₁ = F₁₁, and so on.",
    ),
    record(
        74,
        f"{TURN}, first sentence",
        "the filter is to be rotated by 180 degrees",
        "First, let us rotate the Filter F by 180 degrees.",
        numbers(rotation_angles),
        "04",
        WHY_ROTATED + "Turned by 0, 90 or 270 degrees it gives other sums.",
    ),
    record(
        75,
        f"{TURN}, second sentence",
        "rotating by 180 degrees is two flips",
        "This is done by flipping it first vertically and then horizontally.",
        flips,
        "04",
        "One flip reverses the rows and the other the columns, together F_ij goes to the place opposite "
        "the centre, as in half a turn. Which of them comes first makes no difference. This is "
        "not the transpose, which would leave F₁₁ in its corner.",
    ),
    record(
        76,
        f"{FULL}, the sentence",
        "∂L/∂X is a full convolution between the filter and ∂L/∂O",
        r"We see that the loss gradient wrt the input $\frac{\partial L}{\partial X}$ is given as a "
        "full convolution between the filter and Loss gradient",
        (
            ("", of_input()),
            (
                "the filter is the rotated one, and it slides over the padded ∂L/∂O",
                of_input(turned=True, swap=True),
            ),
            (
                "the convolution of mathematics, which flips one operand, with F as it is",
                of_input(flip=True),
            ),
        ),
        "05",
        WHY_ROTATED
        + "The sentence does not say that the filter is rotated; the table below it does. "
        "With the convolution of mathematics it would be true of the filter as it is.",
    ),
    record(
        77,
        f"{FULL}, first table with its caption",
        "the rotated filter, captioned Filter F",
        rf"{ROTATED} \quad \text{{Filter F}}",
        (
            ("", displays(BASE, lambda layer: layer.kernel)),
            (
                "the caption “Filter F” means F after the rotation",
                displays(BASE, lambda layer: rot180(layer.kernel)),
            ),
        ),
        "05",
        "Under the caption “Filter F” the table before had F₁₁ first; here F₂₂ is first. It is F after "
        "the two flips of the slide before: F_ij has gone to the opposite place.",
        contradicts=71,
    ),
    record(
        78,
        f"{FULL}, second table with its caption",
        "the gradient that arrives",
        arriving("O") + r" \quad \text{Loss Gradient } \frac{\partial L}{\partial O}",
        displays(BASE, lambda layer: layer.upstream, lambda layer: layer.upstream),
        "05",
        "The gradient by a map is the map of the gradients by its cells.",
    ),
    record(
        79,
        f"{FULL}, the equation",
        "∂L/∂X₁₁ from the first overlap",
        r"\frac{\partial L}{\partial X_{11}} = F_{11} * \frac{\partial L}{\partial O_{11}}",
        equation(BASE),
        "05",
        "X₁₁ is in the window of O₁₁ only, under F₁₁. The rotated filter, coming in over the corner, "
        "touches ∂L/∂O₁₁ with its last weight, and that is F₁₁.",
    ),
    record(
        80,
        f"{FULL}, the table of the overlap",
        "the rotated filter at its first place over ∂L/∂O",
        r"\begin{bmatrix} F_{22} & F_{21} & \\ F_{12} & F_{11} \frac{\partial L}{\partial O_{11}} & "
        r"\frac{\partial L}{\partial O_{12}} \\ & \frac{\partial L}{\partial O_{21}} & "
        r"\frac{\partial L}{\partial O_{22}} \end{bmatrix}",
        displays(BASE, first_overlap),
        "05",
        "In a full convolution the filter starts where it covers a single cell of ∂L/∂O. Its three "
        "other weights lie on the zeros around, so the sum is the one product in the middle, "
        "∂L/∂X₁₁.",
    ),
    record(
        81,
        f"{FULL}, the table of the result",
        "∂L/∂X is the table of the gradients by the cells of X",
        rf"{BY_X} \quad \frac{{\partial L}}{{\partial X}}",
        displays(BASE, *[lambda layer: gradient(layer, "input")] * 2),
        "05",
        "The gradient by a map is the map of the gradients by its cells. There are nine, from 2×2 "
        "gradients and a 2×2 filter: 2 + 2 − 1 = 3 along each axis.",
    ),
    record(
        82,
        f"{FULL}, the last equation",
        "∂L/∂X as a full convolution, with tables",
        r"\frac{\partial L}{\partial X} = \text{Full Convolution} \left(\begin{array}{|c|c|} \hline "
        r"F_{22} & F_{21} \\ \hline F_{12} & F_{11} \\ \hline \end{array} \text{Filter F}, "
        r"\begin{array}{|c|c|} \hline \frac{\partial L}{\partial O_{11}} & "
        r"\frac{\partial L}{\partial O_{12}} \\ \hline \frac{\partial L}{\partial O_{21}} & "
        r"\frac{\partial L}{\partial O_{22}} \\ \hline \end{array} \text{Loss Gradient } "
        r"\frac{\partial L}{\partial O} \right)",
        (
            ("", instead(CAPTION, "", equation(BASE))),
            (AS_MAP, instead(CAPTION, "", equation(OVER))),
        ),
        "05",
        WHY_ROTATED + WHICH_SLIDES + "The caption “Filter F” beside the rotated table means the "
        "rotated filter.",
    ),
    record(
        83,
        "Takeaway, the sentence",
        "both passes of the layer are convolutions",
        "Both the Forward pass and the Backpropagation of a Convolutional layer are Convolutions",
        words({"Forward pass": "forward", "Backpropagation": "backward"}, passes),
        "05",
        "Forward F slides over X. Backwards ∂L/∂O slides over X for the filter, and the rotated filter "
        "over the padded ∂L/∂O for the input. This is for stride 1; with a larger stride zeros are "
        "put between the gradients first.",
    ),
    record(
        84,
        "Takeaway, first equation",
        "∂L/∂F is the convolution of X and ∂L/∂O",
        r"\frac{\partial L}{\partial F} = \text{Convolution} \left(\text{Input } X, "
        r"\text{ Loss gradient } \frac{\partial L}{\partial O} \right)",
        equation(BASE),
        "06",
        "F_ij meets in O_uv the cell of X in row u + i − 1 and column v + j − 1, so ∂L/∂O slides over "
        "X like a filter and is not flipped.",
    ),
    record(
        85,
        "Takeaway, second equation",
        "∂L/∂X is the full convolution of the rotated filter and ∂L/∂O",
        r"\frac{\partial L}{\partial X} = \text{Full Convolution} \left(\begin{array}{c} 180^\circ "
        r"\text{rotated} \\ \text{Filter } F \end{array}, \text{ Loss Gradient } "
        r"\frac{\partial L}{\partial O} \right)",
        (("", equation(BASE)), (AS_MAP, equation(OVER))),
        "05",
        WHY_ROTATED + WHICH_SLIDES,
    ),
)
