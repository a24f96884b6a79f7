"""What the slides print on the gradient to the filter."""

from __future__ import annotations

from .checks import both, displays, equation
from .slides_layer import BACKWARD, X
from .slides_words import (
    BASE,
    THETA,
    called,
    direction,
    gradient,
    instead,
    local_gradient,
    noting,
    operands,
    record,
    series,
)

CELLS = ("11", "12", "21", "22")


def _of_O(cell: str, letter: str = "O") -> str:
    return rf"\frac{{\partial L}}{{\partial {letter}_{{{cell}}}}}"


def arriving(letter: str) -> str:
    """The table of ∂L/∂O, with the letter that a slide writes for O."""
    g = {cell: _of_O(cell, letter) for cell in CELLS}
    return rf"\begin{{bmatrix}} {g['11']} & {g['12']} \\ {g['21']} & {g['22']} \end{{bmatrix}}"


BY_F = (
    r"\begin{bmatrix} \frac{\partial L}{\partial F_{11}} & \frac{\partial L}{\partial F_{12}} \\ "
    r"\frac{\partial L}{\partial F_{21}} & \frac{\partial L}{\partial F_{22}} \end{bmatrix}"
)


def as_convolution(letter: str) -> str:
    return rf"{BY_F} = \text{{Convolution}} \left({X}, {arriving(letter)} \right)"


# The slide writes out all four terms of the chain rule for each weight; only the index of F differs.
EXPANDED = {
    f"F_{cell}": rf"\frac{{\partial L}}{{\partial F_{{{cell}}}}} = "
    + " + ".join(
        rf"\frac{{\partial L}}{{\partial \theta_{{{o}}}}} * "
        rf"\frac{{\partial \theta_{{{o}}}}}{{\partial F_{{{cell}}}}}"
        for o in CELLS
    )
    for cell in CELLS
}
# The cell of X beside each gradient, typed as printed.
BESIDE = {
    "F_11": ("X_{11}", "X_{12}", "X_{21}", "X_{22}"),
    "F_12": ("X_{12}", "X_{13}", "X_{22}", "X_{23}"),
    "F_21": ("X_{21}", "X_{22}", "X_{31}", "X_{32}"),
    "F_22": ("X_{22}", "X_{23}", "X_{32}", "X_{33}"),
}


def substituted(letter: str) -> dict[str, str]:
    """The four equations with cells of X, as printed on two slides with another letter for O."""
    return {
        name: rf"\frac{{\partial L}}{{\partial F_{{{name[2:]}}}}} = "
        + " + ".join(f"{_of_O(o, letter)} * {x}" for o, x in zip(CELLS, cells, strict=True))
        for name, cells in BESIDE.items()
    }


def in_theta(check_of):
    """Readings of a print that writes θ for O; ``check_of`` makes the check for a layer."""
    check = check_of(THETA)
    return (
        ("", noting(r"\theta", "O", check)),
        ("θ is the output, O on the slides before and after", check),
    )


TITLE = "Loss gradient w.r.t the filter"
FIRST, SECOND, THIRD, FOURTH = (
    f"{TITLE}, {n} slide" for n in ("first", "second", "third", "fourth")
)
THE_SUM = (
    "A weight acts on the loss through every output that it takes part in, so the chain rule adds one "
    "product for each output. "
)
THETA_NOTE = (
    "Where O is written as θ the same output is meant; it may be the conversion's reading. "
)
HANDED = (
    "∂L/∂O is the gradient that arrives. The layer that reads O hands it over: the next one for the "
    "data, the previous one for the backward pass. Another slide of the deck says “next layer”."
)
FROM_PREVIOUS = "Loss gradient from previous layer"
LABELED = {"Loss Gradient from": ["arrives"]}
DIRECTIONS = (("", direction(backward=False)), (BACKWARD, direction(backward=True)))
SLIDES_OVER = (
    "F_ij meets in O_uv the cell of X in row u + i − 1 and column v + j − 1. So ∂L/∂F_ij adds up the "
    "∂L/∂O_uv, each times that cell: for F₁₁ the window of X at the top left, and for the other "
    "weights the window moved by i − 1 and j − 1. This is ∂L/∂O sliding over X, not flipped. "
)

RECORDS = (
    record(
        30,
        f"{FIRST}, the chain rule",
        "∂L/∂F from ∂L/∂O and the local gradients",
        r"\frac{\partial L}{\partial F} = \frac{\partial L}{\partial O} * \frac{\partial O}{\partial F}",
        (
            ("", instead(" * ", r" \bullet ", equation(BASE))),
            ("between whole maps, * sums over all outputs", equation(BASE)),
        ),
        "06",
        "Elsewhere on the slides * is the product of two numbers. ∂L/∂O has 4 entries and ∂O/∂F one "
        "for each output and each weight, 16 in all; multiplied entry by entry they stay 16. ∂L/∂F "
        "has 4. The next equation says what is meant: add up over the outputs.",
    ),
    record(
        31,
        f"{FIRST}, first label of the diagram",
        "∂L/∂F updates the filter",
        r'$\frac{\partial L}{\partial F}$ (red) is labeled "Gradient to update Filter F"',
        called({"Gradient to update Filter F": ["leaves for the kernel"]}),
        "06",
        "It has one entry for each weight of F, the change of the loss with that weight, so it is what "
        "a step of gradient descent subtracts from F, times the learning rate.",
    ),
    record(
        32,
        f"{FIRST}, second label of the diagram",
        "∂L/∂O arrives from the neighbouring layer",
        r'$\frac{\partial L}{\partial O}$ is labeled "Loss Gradient from previous layer"',
        (
            ("", both(called(LABELED), direction(backward=False))),
            (BACKWARD, both(called(LABELED), direction(backward=True))),
        ),
        "06",
        HANDED,
        contradicts=13,
    ),
    record(
        33,
        f"{FIRST}, third label of the diagram",
        "∂O/∂F are the local gradients",
        r'$\frac{\partial O}{\partial F}$ is labeled "Local Gradients"',
        called({"Local Gradients": ["local to the kernel"]}),
        "06",
        "They say how the outputs of this layer change with its own weights: each is a cell of X, and "
        "no L stands in them.",
    ),
    record(
        34,
        f"{FIRST}, the sum",
        "∂L/∂F_i as a sum over all outputs",
        r"\frac{\partial L}{\partial F_i} = \sum_{k=1}^M \frac{\partial L}{\partial O_k} * "
        r"\frac{\partial O_k}{\partial F_i}",
        equation(BASE, {"i": 4}),
        "06",
        THE_SUM + "Here the outputs are numbered in one row from 1 to M, the weights likewise; "
        "M is 4.",
    ),
    record(
        35,
        f"{SECOND}, the sum",
        "∂L/∂F_i as a sum over all outputs, with θ for O",
        r"\frac{\partial L}{\partial F_i} = \sum_{k=1}^M \frac{\partial L}{\partial \theta_k} * "
        r"\frac{\partial \theta_k}{\partial F_i}",
        in_theta(lambda layer: equation(layer, {"i": 4})),
        "06",
        THE_SUM + THETA_NOTE,
    ),
    *series(
        36,
        SECOND,
        EXPANDED,
        "the chain rule written out for {cell}",
        in_theta(equation),
        "06",
        THE_SUM + "{cell} takes part in {ways}, which gives four terms. " + THETA_NOTE,
    ),
    record(
        40,
        f"{THIRD}, the sentence",
        "what the local gradients of the filter are",
        r"Replacing the local gradients of the filter i.e, $\frac{\partial L}{\partial F_i}$ we get "
        "this:",
        local_gradient("kernel", "filter"),
        "06",
        "∂L/∂F_i is what is being computed, not what is put in. What is replaced by cells of X are the "
        "local gradients ∂O_k/∂F_i: with them the sum over k gives ∂L/∂F_i, with ∂L/∂F_i in their "
        "place it does not. The first slide of this title labels ∂O/∂F “Local Gradients”, and so "
        "contradicts this sentence. The equations below it are right.",
        contradicts=33,
    ),
    record(
        41,
        f"{THIRD}, the convolution",
        "∂L/∂F as a convolution of X with ∂L/∂O, with θ for O",
        as_convolution(r"\theta"),
        in_theta(equation),
        "06",
        SLIDES_OVER + THETA_NOTE,
    ),
    record(
        42,
        f"{THIRD}, where, left",
        "the first table is the input X",
        rf"{X} = \text{{Input X}}",
        displays(BASE, lambda layer: layer.input, lambda layer: layer.input),
        "06",
        "The same nine cells as on the first slide of the example.",
    ),
    record(
        43,
        f"{THIRD}, where, right",
        "the second table is ∂L/∂O, with θ for O",
        arriving(r"\theta") + r" = \frac{\partial L}{\partial \theta}",
        in_theta(lambda layer: displays(layer, lambda l: l.upstream, lambda l: l.upstream)),
        "06",
        "The gradient by a map is the map of the gradients by its cells. " + THETA_NOTE,
    ),
    record(
        44,
        f"{THIRD}, where, the caption on the right",
        "∂L/∂O comes from the neighbouring layer",
        FROM_PREVIOUS,
        DIRECTIONS,
        "06",
        HANDED,
        contradicts=13,
    ),
    *series(
        45,
        THIRD,
        substituted(r"\theta"),
        "∂L/∂{cell} with the cells of X, with θ for O",
        in_theta(equation),
        "06",
        "{cell} takes part in {ways}. These cells of X are the local gradients, so each ∂L/∂O is "
        "multiplied by its own and the products are added. " + THETA_NOTE,
    ),
    record(
        49,
        f"{FOURTH}, the sentence",
        "∂L/∂F is a convolution between X and ∂L/∂O",
        "If you closely look at it, this represents an operation we are quite familiar with. We can "
        "represent it as a **convolution operation** between input **X** and loss gradient "
        r"$\partial L / \partial \mathbf{O}$ as shown below:",
        operands(lambda layer: gradient(layer, "kernel")),
        "06",
        SLIDES_OVER,
    ),
    record(
        50,
        f"{FOURTH}, the convolution",
        "∂L/∂F as a convolution of X with ∂L/∂O",
        as_convolution("O"),
        equation(BASE),
        "06",
        SLIDES_OVER,
    ),
    record(
        51,
        f"{FOURTH}, where, left",
        "the first table is the input X, again",
        rf"{X} = \text{{Input X}}",
        displays(BASE, lambda layer: layer.input, lambda layer: layer.input),
        "06",
        "The same nine cells as on the slide before.",
    ),
    record(
        52,
        f"{FOURTH}, where, right",
        "the second table is ∂L/∂O",
        arriving("O") + r" = \frac{\partial L}{\partial \mathbf{O}}",
        displays(BASE, lambda layer: layer.upstream, lambda layer: layer.upstream),
        "06",
        "The gradient by a map is the map of the gradients by its cells.",
    ),
    record(
        53,
        f"{FOURTH}, where, the caption on the right",
        "∂L/∂O comes from the neighbouring layer, again",
        FROM_PREVIOUS,
        DIRECTIONS,
        "06",
        HANDED,
        contradicts=13,
    ),
    *series(
        54,
        FOURTH,
        substituted("O"),
        "∂L/∂{cell} with the cells of X",
        equation(BASE),
        "06",
        "{cell} takes part in {ways}. These cells of X are the local gradients, so each ∂L/∂O is "
        "multiplied by its own and the products are added.",
    ),
)
