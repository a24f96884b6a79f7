"""What the blog prints about the forward pass of the convolution and the gradients to K and B."""

from __future__ import annotations

import itertools
import re

import numpy as np
import sympy

from ..functional import conv2d, conv2d_input, conv2d_weight, rot180
from ..symbols import NOTATIONS
from .blog_parts import BLOG, said
from .checks import Check, Outcome, both, compare, equation, fact, numbers, words
from .meaning import HasNoMeaning, Layer, evaluate, latex
from .printed import Product, parse

FLIPPED = Layer(NOTATIONS["blog"], (3, 3), (2, 2), bias=True, star=(("flip", 1),))
LOWER_CASE = Layer(NOTATIONS["blog"], (3, 3), (2, 2), bias=True, also=(("k", "kernel"),))
# Not square, so that rows and columns cannot be exchanged unnoticed.
OBLONG = Layer(NOTATIONS["blog"], (4, 6), (2, 3), bias=True)


def _chain_rule(join, free: dict[str, int] | None = None) -> Check:
    """∂L/∂K = ∂L/∂Z · ∂Z/∂K, with ``join`` for the dot between the two whole arrays."""

    def check(printed: str) -> Outcome:
        meant, product = parse(printed).sides
        if not (isinstance(product, Product) and product.sign == "cdot"):
            raise HasNoMeaning(f"The chain rule is a product with a dot: {printed}")
        found, derived = [], []
        for values in itertools.product(*(range(1, n + 1) for n in (free or {}).values())):
            at = dict(zip(free or {}, values, strict=True))
            where = ", ".join(f"{name}={value}" for name, value in at.items())
            joined = join(*(evaluate(factor, BLOG, at) for factor in (product.left, product.right)))
            derived.append(evaluate(meant, BLOG, at))
            found += compare(joined, derived[-1], where)
        return Outcome(latex(derived[0]) if len(derived) == 1 else "", tuple(found))

    return check


def _single_entities(left, right):
    """The dot as it stands between two numbers: entry times entry."""
    return np.multiply(left, right)


def _over_all_outputs(left, right):
    """The dot as the sum over all entries of Z."""
    if np.shape(right)[: np.ndim(left)] != np.shape(left):
        raise HasNoMeaning("Both factors run over the same outputs.")
    total = np.tensordot(left, right, axes=np.ndim(left))
    return total if total.shape else total[()]


def _results_hold_for_other_sizes() -> bool:
    """The two convolutions of the blog, with padding k − 1, at other sizes of input and kernel."""
    for shape, kernel in (((3, 3), (2, 2)), ((4, 6), (2, 3)), ((5, 4), (3, 1))):
        layer = Layer(NOTATIONS["blog"], shape, kernel)
        around = tuple(size - 1 for size in kernel)
        for_kernel = conv2d(layer.input, layer.upstream)
        for_input = conv2d(layer.upstream, rot180(layer.kernel), padding=around)
        if compare(for_kernel, conv2d_weight(layer.input, kernel, layer.upstream)) or compare(
            for_input, conv2d_input(shape, layer.kernel, layer.upstream)
        ):
            return False
    return True


def _maps_of_size(size: int) -> list[str]:
    """The maps of the example that are as large as this."""
    maps = {"input": BLOG.input, "output": BLOG.output}
    return [name for name, map_ in maps.items() if map_.shape == (size, size)]


def _instances() -> list[str]:
    """Which ways from a weight to the loss must be counted? Leave one out, and the sum is wrong."""
    answers = set()
    for weight in BLOG.kernel.flat:
        ways = [
            g * sympy.diff(z, weight)
            for g, z in zip(BLOG.upstream.flat, BLOG.output.flat, strict=True)
        ]
        affected = [way for way in ways if way != 0]
        whole = sympy.Add(*affected) == BLOG.gradient(weight)
        less = any(
            sympy.Add(*affected[:n], *affected[n + 1 :]) == BLOG.gradient(weight)
            for n in range(len(affected))
        )
        answers.add("all" if whole and not less else "some")
    return [*answers, "outputs"]


def _generalised(printed: str) -> Outcome:
    """The sum for K_11 with its letter replaced as the sentence says, for every weight."""
    found = re.search(r"replace K_(\w+) with K_(\w+)", printed)
    if not found:
        raise HasNoMeaning(f"What is replaced with what? {printed}")
    old, new = (rf"K_{{{below}}}" for below in found.groups())
    if old not in SUM:
        raise HasNoMeaning(f"{old} is not in the formula.")
    formula = SUM.replace(old, new)
    meant = parse(formula).sides[0]
    free = {"m": 2, "n": 2}
    reached = [
        evaluate(meant, BLOG, {"m": m, "n": n}) for m, n in itertools.product((1, 2), (1, 2))
    ]
    every = compare(sympy.Add(*reached), sympy.Add(*map(BLOG.gradient, BLOG.kernel.flat)), "all")
    return Outcome(formula, (*equation(BLOG, free)(formula).differences, *every))


def _weight_meets() -> list[str]:
    """For which outputs is ∂Z_ij/∂K_11 the input X_ij?"""
    first = BLOG.kernel[0, 0]
    hold = [sympy.diff(z, first) == BLOG.input[at] for at, z in np.ndenumerate(BLOG.output)]
    return ["all" if all(hold) else "some"]


def _summarised() -> list:
    """How many equations one convolution gives."""
    made = conv2d(BLOG.input, BLOG.upstream)
    right = sum(made[at] == BLOG.gradient(weight) for at, weight in np.ndenumerate(BLOG.kernel))
    return [right, 1, "convolution"]


def _exchanged() -> list[str]:
    """The letters whose exchange turns the four forward equations into the four of the kernel."""
    found = []
    for letter, part in (("X", BLOG.input), ("K", BLOG.kernel)):
        if part.shape != BLOG.upstream.shape:
            continue
        swap = dict(zip(part.flat, BLOG.upstream.flat, strict=True)) | {sympy.Symbol("B"): 0}
        pairs = zip(BLOG.output.flat, BLOG.kernel.flat, strict=True)
        if all(z.subs(swap) == BLOG.gradient(weight) for z, weight in pairs):
            found += [letter, "Z"]
    return found


SUM = (
    r"\frac{\partial L}{\partial K_{11}} = \sum_{j=1}^{W_{out}}\sum_{i=1}^{H_{out}} "
    r"(\frac{\partial L}{\partial Z_{ij}}\cdot\frac{\partial Z_{ij}}{\partial K_{11}})"
)
HERE = "For Convolution layer, "
FOUR = HERE + "the four kernel equations, "
SHIFT = "K_ab multiplies X_(i+a−1)(j+b−1) in Z_ij, so ∂Z_ij/∂K_ab is that input. "

RECORDS = (
    said(
        25,
        HERE + "before the first display",
        "what is derived for a 3 × 3 input and a 2 × 2 kernel holds for other sizes",
        "3 × 3 input matrix, and a 2 × 2 kernel, since the results we derive from these calculations "
        "will be standard",
        both(
            numbers(lambda: [*BLOG.input.shape, *BLOG.kernel.shape]),
            words(
                {"input": "input", "output": "output", "kernel": "kernel"},
                lambda: [*_maps_of_size(3), "kernel"],
            ),
            fact(
                _results_hold_for_other_sizes,
                "both convolutions hold at other sizes too, with the padding k − 1",
            ),
        ),
        "07",
        "Which input meets which weight in which output depends only on the differences of their "
        "indices, not on the size of the map. At stride 1 both results stand; the padding 1 "
        "of the input gradient is k − 1 in general.",
    ),
    said(
        26,
        HERE + "first display",
        "input convolved with kernel, plus bias, is the output",
        r"X \circledast K + B = Z",
        (
            ("", equation(FLIPPED)),
            ("⊛ slides the kernel over X without turning it: a cross-correlation", equation(BLOG)),
        ),
        "01",
        "The convolution of mathematics turns the kernel by 180° before it slides; then Z_11 would "
        "hold X_11 K_22. The blog's four equations hold X_11 K_11, so its ⊛ and conv never turn the "
        "kernel, as in the libraries of deep learning.",
    ),
    said(
        27,
        HERE + "second display",
        "the same with all entries",
        r"\begin{bmatrix} X_{11} & X_{12} & X_{13} \\ X_{21} & X_{22} & X_{23} \\ X_{31} & X_{32} "
        r"& X_{33} \end{bmatrix} \circledast \begin{bmatrix} K_{11} & K_{12} \\ K_{21} & K_{22} "
        r"\end{bmatrix} + B = \begin{bmatrix} Z_{11} & Z_{12} \\ Z_{21} & Z_{22} \end{bmatrix}",
        equation(BLOG),
        "07",
        "The 2 × 2 window has 2 · 2 places on the 3 × 3 input. At each place the four products are "
        "added, and the one bias is added to every output.",
    ),
    said(
        28,
        HERE + "before the four equations",
        "there are 4 of them",
        "gives us 4 equations",
        numbers(lambda: [BLOG.output.size]),
        "07",
        "One equation for each output: (3 − 2 + 1) · (3 − 2 + 1) = 4.",
    ),
    said(
        29,
        HERE + "the four equations, Z_11",
        "the window in the upper left corner",
        r"Z_{11} = X_{11}K_{11} + X_{12}K_{12} + X_{21}K_{21} + X_{22}K_{22} + B",
        equation(BLOG),
        "07",
        "Z_ij is the sum of X_(i+a−1)(j+b−1) K_ab over the kernel, plus B; here i = j = 1.",
        contradicts=41,
    ),
    said(
        30,
        HERE + "the four equations, Z_12",
        "the window one step to the right",
        r"Z_{12} = X_{12}K_{11} + X_{13}K_{12} + X_{22}K_{21} + X_{23}K_{22} + B",
        equation(BLOG),
        "07",
        "The same sum with i = 1, j = 2: every second index of X is one more.",
    ),
    said(
        31,
        HERE + "the four equations, Z_21",
        "the window one step down",
        r"Z_{21} = X_{21}K_{11} + X_{22}K_{12} + X_{31}K_{21} + X_{32}K_{22} + B",
        equation(BLOG),
        "07",
        "The same sum with i = 2, j = 1: every first index of X is one more.",
    ),
    said(
        32,
        HERE + "the four equations, Z_22",
        "the window in the lower right corner",
        r"Z_{22} = X_{22}K_{11} + X_{23}K_{12} + X_{32}K_{21} + X_{33}K_{22} + B",
        equation(BLOG),
        "07",
        "The same sum with i = j = 2: both indices of X are one more.",
    ),
    said(
        33,
        HERE + "the chain rule",
        "the chain rule for the whole kernel",
        r"\frac{\partial L}{\partial K} = \frac{\partial L}{\partial Z}\cdot\frac{\partial "
        r"Z}{\partial K}",
        (
            ("", _chain_rule(_single_entities)),
            ("the dot is the sum over all entries of Z", _chain_rule(_over_all_outputs)),
        ),
        "06",
        "Between single numbers the dot is a product. Here ∂L/∂Z has 4 entries and ∂Z/∂K has 4 · 4, "
        "and entry times entry does not give the 4 of ∂L/∂K. It does if the dot also adds over all "
        "outputs. The blog says so itself: that was for single entities only.",
    ),
    said(
        34,
        HERE + "after the chain rule",
        "the kernel has 4 weights",
        "K is a kernel representing 4 different weights",
        numbers(lambda: [BLOG.kernel.size]),
        "06",
        "2 · 2 entries, each free to change by itself.",
    ),
    said(
        35,
        HERE + "the matrix of ∂L/∂K",
        "∂L/∂K holds the derivative by each weight in its place",
        r"\frac{\partial L}{\partial K} = \begin{bmatrix} \frac{\partial L}{\partial k_{11}} & "
        r"\frac{\partial L}{\partial k_{12}}\\ \frac{\partial L}{\partial k_{21}} & "
        r"\frac{\partial L}{\partial k_{22}} \end{bmatrix}",
        equation(LOWER_CASE),
        "06",
        "The derivative by a matrix is arranged like the matrix. The entries of K are written with a "
        "small k here and nowhere else in the formulas.",
    ),
    said(
        36,
        HERE + "the modified chain rule",
        "the chain rule for one weight and the whole output",
        r"\frac{\partial L}{\partial K_{mn}} = \frac{\partial L}{\partial Z}\cdot\frac{\partial "
        r"Z}{\partial K_{mn}}",
        (
            ("", _chain_rule(_single_entities, {"m": 2, "n": 2})),
            (
                "the dot is the sum over all entries of Z",
                _chain_rule(_over_all_outputs, {"m": 2, "n": 2}),
            ),
        ),
        "06",
        "The left side is one number, the right side has 4 products, one for each output. The blog "
        "calls the formula incomplete and says why: Z is not a single entity. Added up, the products "
        "give the left side.",
    ),
    said(
        37,
        HERE + "after the modified chain rule",
        "every output that a weight affects counts",
        "consider all those instances where any of the outputs is affected by that weight",
        words(
            {"all those": "all", "some of those": "some", "one of those": "some"}
            | {"any of the outputs": "outputs", "any of the inputs": "inputs"},
            _instances,
        ),
        "06",
        "A weight is used at every place of the window, so it reaches the loss through every output. "
        "If one of these ways is left out, the sum is not the derivative.",
    ),
    said(
        38,
        HERE + "the sum for K_11, first line",
        "the chain rule for K_11, written out",
        r"\frac{\partial L}{\partial K_{11}} = (\frac{\partial L}{\partial "
        r"Z_{11}}\cdot\frac{\partial Z_{11}}{\partial K_{11}}) + (\frac{\partial L}{\partial "
        r"Z_{12}}\cdot\frac{\partial Z_{12}}{\partial K_{11}}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot\frac{\partial Z_{21}}{\partial K_{11}}) + (\frac{\partial L}{\partial "
        r"Z_{22}}\cdot\frac{\partial Z_{22}}{\partial K_{11}})",
        equation(BLOG),
        "06",
        "L depends on K_11 through Z_11, Z_12, Z_21 and Z_22, and the chain rule adds the four ways.",
    ),
    said(
        39,
        HERE + "the sum for K_11, second line",
        "the same as a double sum over the output",
        SUM,
        both(*(equation(layer) for layer in (BLOG, OBLONG))),
        "06",
        "i runs over the H_out rows and j over the W_out columns, so every output is met once. The "
        "order of the two sums makes no difference. The line is printed without its left side.",
    ),
    said(
        40,
        HERE + "after the double sum",
        "the double sum holds for every weight",
        "We can replace K_11 with K_mn to generalise the formula",
        _generalised,
        "06",
        "Nothing in the sum uses that the weight is the first one.",
    ),
    said(
        41,
        HERE + "For k_11, first line",
        "the equation of Z_11 once more",
        r"Z_{11} = X_{11}K_{11} + X_{12}K_{21} + X_{21}K_{12} + X_{22}K_{22} + B",
        equation(BLOG),
        "06",
        "The window lies on X without being turned, so the right neighbour X_12 meets the right "
        "neighbour K_12, and X_21 meets K_21, as the first print of Z_11 has it. Here K_12 and K_21 "
        "have changed places. The derivative by K_11 in the next line is not affected.",
        contradicts=29,
    ),
    said(
        42,
        HERE + "For k_11, second line",
        "the derivative of Z_11 by K_11",
        r"\frac{\partial Z_{11}}{\partial K_{11}} = X_{11}",
        equation(BLOG),
        "06",
        "Of the five terms of Z_11 only X_11 K_11 holds K_11, and its slope is X_11.",
    ),
    said(
        43,
        HERE + "For k_11, after the derivative",
        "the same holds for the other outputs: ∂Z_ij/∂K_11 = X_ij",
        "can be generalised for all other outputs",
        words({"all other": "all", "some other": "some"}, _weight_meets),
        "06",
        "K_11 lies on the upper left cell of each window, and for Z_ij that is X_ij.",
    ),
    said(
        44,
        HERE + "the result for K_11",
        "the gradient to K_11",
        r"\frac{\partial L}{\partial K_{11}} = (\frac{\partial L}{\partial Z_{11}}\cdot X_{11})+ "
        r"(\frac{\partial L}{\partial Z_{12}}\cdot X_{12}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot X_{21}) + (\frac{\partial L}{\partial Z_{22}}\cdot X_{22})",
        equation(BLOG),
        "06",
        SHIFT + "For K_11 it is X_ij itself.",
    ),
    said(
        45,
        FOUR + "K_11",
        "the gradient to K_11, again",
        r"\frac{\partial L}{\partial K_{11}} = (\frac{\partial L}{\partial Z_{11}}\cdot X_{11})+ "
        r"(\frac{\partial L}{\partial Z_{12}}\cdot X_{12}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot X_{21}) + (\frac{\partial L}{\partial Z_{22}}\cdot X_{22})",
        equation(BLOG),
        "06",
        SHIFT + "For K_11 it is X_ij itself. The print is the same as before.",
    ),
    said(
        46,
        FOUR + "K_12",
        "the gradient to K_12",
        r"\frac{\partial L}{\partial K_{12}} = (\frac{\partial L}{\partial Z_{11}}\cdot X_{12})+ "
        r"(\frac{\partial L}{\partial Z_{12}}\cdot X_{13}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot X_{22}) + (\frac{\partial L}{\partial Z_{22}}\cdot X_{23})",
        equation(BLOG),
        "06",
        SHIFT + "For K_12 it is the right neighbour of X_ij.",
    ),
    said(
        47,
        FOUR + "K_21",
        "the gradient to K_21",
        r"\frac{\partial L}{\partial K_{21}} = (\frac{\partial L}{\partial Z_{11}}\cdot X_{21})+ "
        r"(\frac{\partial L}{\partial Z_{12}}\cdot X_{22}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot X_{31}) + (\frac{\partial L}{\partial Z_{22}}\cdot X_{32})",
        equation(BLOG),
        "06",
        SHIFT + "For K_21 it is the neighbour below X_ij.",
    ),
    said(
        48,
        FOUR + "K_22",
        "the gradient to K_22",
        r"\frac{\partial L}{\partial K_{22}} = (\frac{\partial L}{\partial Z_{11}}\cdot X_{22})+ "
        r"(\frac{\partial L}{\partial Z_{12}}\cdot X_{23}) + (\frac{\partial L}{\partial "
        r"Z_{21}}\cdot X_{32}) + (\frac{\partial L}{\partial Z_{22}}\cdot X_{33})",
        equation(BLOG),
        "06",
        SHIFT + "For K_22 it is the neighbour below and to the right.",
    ),
    said(
        49,
        HERE + "the kernel gradient as a display",
        "the input convolved with the error signal is the kernel gradient",
        r"\begin{bmatrix} X_{11} & X_{12} & X_{13} \\ X_{21} & X_{22} & X_{23} \\ X_{31} & X_{32} "
        r"& X_{33} \end{bmatrix} \circledast \begin{bmatrix} \frac{\partial L}{\partial Z_{11}} & "
        r"\frac{\partial L}{\partial Z_{12}} \\ \frac{\partial L}{\partial Z_{21}} & "
        r"\frac{\partial L}{\partial Z_{22}} \end{bmatrix} = \begin{bmatrix} \frac{\partial "
        r"L}{\partial K_{11}} & \frac{\partial L}{\partial K_{12}} \\ \frac{\partial L}{\partial "
        r"K_{21}} & \frac{\partial L}{\partial K_{22}} \end{bmatrix}",
        equation(BLOG),
        "06",
        "Entry (a, b) of the left side is the sum of X_(i+a−1)(j+b−1) ∂L/∂Z_ij: the four equations, "
        "with the error signal as the window. It is not turned.",
    ),
    said(
        50,
        HERE + "after the display",
        "one convolution for four equations",
        "The above four equations can be summarised with the use of a single convolution operation",
        words(
            {"three": 3, "four": 4, "nine": 9, "single": 1, "double": 2}
            | {word: word for word in ("convolution", "pooling")},
            _summarised,
        ),
        "06",
        "The error signal has four places on the input, one for each weight.",
    ),
    said(
        51,
        HERE + "after the display",
        "kernel and output change roles",
        "the positions of terms with K and terms with Z has been reversed",
        words({f"terms with {letter}": letter for letter in "XKZ"}, _exchanged),
        "06",
        "Write ∂L/∂Z_ab for K_ab in the equation of Z_mn and drop B: the equation of ∂L/∂K_mn "
        "appears. Letter for letter this works because K and Z are both 2 × 2 here; as a rule about "
        "convolutions it holds for every size.",
    ),
    said(
        52,
        HERE + "the kernel gradient in one line",
        "the kernel gradient as a convolution",
        r"\frac{\partial L}{\partial K} = conv(X , \frac{\partial L}{\partial Z})",
        both(*(equation(layer) for layer in (BLOG, OBLONG))),
        "06",
        "The sum of X_(i+a−1)(j+b−1) ∂L/∂Z_ij over i and j is what sliding the error signal over X "
        "gives at place (a, b).",
    ),
    said(
        53,
        HERE + "the bias gradient",
        "the bias gradient is the sum of the error signal",
        r"\frac{\partial L}{\partial B} = sum(\frac{\partial L}{\partial Z})",
        equation(BLOG),
        "06",
        "The one B is added to every output, with slope 1, so all error signals add up.",
    ),
)
