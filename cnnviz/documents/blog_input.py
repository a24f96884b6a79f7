"""What the blog prints about the gradient to the input, and its intuition for the rotation."""

from __future__ import annotations

import re

import numpy as np
import sympy

from ..derivations.letters import symbol_array
from ..functional import conv2d, conv2d_input, conv2d_weight, rot180
from ..functional.geometry import Geometry
from .blog_parts import BLOG, said
from .checks import Check, Difference, Outcome, both, compare, equation, numbers, words

TURNS = (0, 90, 180, 270)


def padded(g: np.ndarray, by: int = 1) -> np.ndarray:
    return np.pad(g, by, constant_values=0)


def turned(map_: np.ndarray, degrees: int) -> np.ndarray:
    return np.rot90(map_, degrees // 90)


def _affected(only: bool) -> Check:
    """The outputs that a sentence names are those, all of them, that its input affects."""

    def check(printed: str) -> Outcome:
        stated = {f"Z_{below}" for below in re.findall(r"Z_(\d\d)", printed)}
        inputs = set(re.findall(r"X_\d\d", printed))
        named = re.findall("input|output", printed)
        if (
            len(inputs) != 1
            or named not in ([], ["output", "input"])
            or only != ("only" in printed)
        ):
            raise ValueError(f"One input and the outputs that it affects: {printed}")
        x = sympy.Symbol(inputs.pop())
        derived = {
            f"Z_{i + 1}{j + 1}"
            for (i, j), z in np.ndenumerate(BLOG.output)
            if sympy.diff(z, x) != 0
        }
        listed = ", ".join(sorted(derived))
        if stated == derived:
            return Outcome(listed)
        return Outcome(listed, (Difference(f"outputs of {x}", ", ".join(sorted(stated)), listed),))

    return check


def _what_to_do_with_instances() -> list[str]:
    """Which two operations on the error signal g and ∂Z/∂X give every ∂L/∂X?"""
    kinds = {
        ("multiply", "add"): lambda g, d: sympy.Add(*(g * d)),
        ("add", "multiply"): lambda g, d: sympy.Mul(*(g + d)),
        ("multiply", "multiply"): lambda g, d: sympy.Mul(*(g * d)),
        ("add", "add"): lambda g, d: sympy.Add(*(g + d)),
    }
    right = []
    for kind, joined in kinds.items():
        holds = []
        for x in BLOG.input.flat:
            slopes = np.array([sympy.diff(z, x) for z in BLOG.output.flat], dtype=object)
            hit = slopes != 0
            got = joined(BLOG.upstream.reshape(-1)[hit], slopes[hit])
            holds.append(sympy.expand(got - BLOG.gradient(x)) == 0)
        if all(holds):
            right.append(kind)
    return ["all", "output", "input", *right[0]] if len(right) == 1 else right


def _matches_of_the_first_result() -> list[str]:
    """The upstream gradient and the weight that meet in ∂L/∂X_11, as cells."""
    first = BLOG.gradient(BLOG.input[0, 0])
    return sorted(str(s).rpartition("/")[2].removeprefix("∂") for s in first.free_symbols)[::-1]


def _unrotated_first() -> list[str]:
    """Is the first result right without rotation, and which is the first that is wrong?"""
    derived = conv2d_input(BLOG.input.shape, BLOG.kernel, BLOG.upstream)
    wrong = conv2d(padded(BLOG.upstream), BLOG.kernel) != derived
    return ["false" if wrong[0, 0] else "true", f"result {int(np.argmax(wrong)) + 1}"]


def _rotations_for_the_input() -> list[int]:
    """The turns of the kernel, in degrees, for which the padded convolution is ∂L/∂X."""
    derived = conv2d_input(BLOG.input.shape, BLOG.kernel, BLOG.upstream)
    return [
        t for t in TURNS if _same(conv2d(padded(BLOG.upstream), turned(BLOG.kernel, t)), derived)
    ]


def _rotations_for_the_kernel() -> list[int]:
    """The turns of the error signal for which the convolution over X is ∂L/∂K."""
    derived = conv2d_weight(BLOG.input, BLOG.kernel.shape, BLOG.upstream)
    return [t for t in TURNS if _same(conv2d(BLOG.input, turned(BLOG.upstream, t)), derived)]


def _same(one, other) -> bool:
    return one.shape == other.shape and not compare(one, other)


def _same_nine_equations() -> list[str]:
    """How many of the nine results of the rotated filter are the nine derivatives?"""
    made = conv2d(padded(BLOG.upstream), rot180(BLOG.kernel))
    derived = [BLOG.gradient(x) for x in BLOG.input.flat]
    same = sum(not compare(one, other) for one, other in zip(made.flat, derived, strict=True))
    return ["every one of them" if same == len(derived) else f"{same} of them"]


def _padding() -> int:
    """The padding for which the error signal under the kernel gives a map as large as the input."""
    fits = [
        p
        for p in range(4)
        if Geometry.of(BLOG.upstream.shape, BLOG.kernel.shape, 1, p).output_size == BLOG.input.shape
    ]
    (p,) = fits
    return p


def _what_enlarges() -> list[str]:
    """Padding of 1 makes the error signal larger. A stride of 1 would leave it as it is."""
    size = BLOG.upstream.shape
    made = {"padding": padded(BLOG.upstream).shape, "stride": Geometry.of(size, 1, 1).output_size}
    return [name for name, shape in made.items() if shape > size]


def _result_size() -> list[int]:
    size, window = padded(BLOG.upstream).shape[0], BLOG.kernel.shape[0]
    result = Geometry.of((size, size), window).output_size
    return [size, window, 1, result[0], *result]


def _calculation(printed: str) -> Outcome:
    """The calculation in brackets gives the number that is stated after it."""
    found = re.search(r"\(([\d+-]+)\) is (\d+)", printed)
    if not found:
        raise ValueError(f"A calculation and its result: {printed}")
    value = sum(map(int, re.findall(r"[+-]?\d+", found[1])))
    return Outcome(str(value), tuple(compare(sympy.Integer(found[2]), sympy.Integer(value))))


def _cells() -> list[str]:
    return [str(cell) for cell in (*symbol_array("Z", (2, 2)).flat, *BLOG.kernel.flat)]


def _direction() -> str:
    """From one input cell, does the kernel index run against the output index, or with it?"""
    x = BLOG.input[1, 1]
    (one, first), (other, second) = [
        (np.array(u), np.array(a))
        for u in ((0, 0), (1, 1))
        for a in np.ndindex(2, 2)
        if sympy.diff(BLOG.output[u], x) == BLOG.kernel[a]
    ]
    return "reversed" if ((other - one) == -(second - first)).all() else "the same"


def _regions_add_up() -> list[str]:
    total = sum(g * BLOG.input[i : i + 2, j : j + 2] for (i, j), g in np.ndenumerate(BLOG.upstream))
    derived = np.vectorize(BLOG.gradient, otypes=[object])(BLOG.kernel)
    return ["sum", "input", "each"] if _same(total, derived) else []


HERE, INTUITION = "For Convolution layer, ", "Intuition, "
SPREAD = "Output Z_ij reads inputs X_ij to X_(i+1)(j+1), each with one weight. Read the other way round, "

RECORDS = (
    said(
        54,
        HERE + "after ∂L/∂B",
        "multiply the error signal with every dependence of an output on the input, and add",
        "Find all those instances where the output is affected by that particular input, multiply "
        "the error signal with them and add",
        words(
            {word: word for word in ("all", "one of", "output", "input", "multiply", "add")},
            _what_to_do_with_instances,
        ),
        "04",
        "The loss depends on an input through every output that reads it. The chain rule multiplies "
        "along each way and adds the ways.",
    ),
    said(
        55,
        HERE + "the gradient to X_11, first line",
        "the chain rule for an input that only one output reads",
        r"\frac{\partial L}{\partial X_{11}} = \frac{\partial L}{\partial "
        r"Z_{11}}\cdot\frac{\partial Z_{11}}{\partial X_{11}}",
        equation(BLOG),
        "04",
        "X_11 stands in the corner and only Z_11 reads it, so the sum has one term. Here a single "
        "chain of two derivatives is complete.",
    ),
    said(
        56,
        HERE + "the gradient to X_11, second line",
        "∂Z_11/∂X_11 put in",
        r"\frac{\partial L}{\partial X_{11}} = \frac{\partial L}{\partial Z_{11}}\cdot K_{11}",
        equation(BLOG),
        "04",
        "In Z_11 the input X_11 is multiplied by K_11, so ∂Z_11/∂X_11 is K_11.",
    ),
    said(
        57,
        HERE + "after the gradient to X_11",
        "only one output reads the corner",
        "Z_11 is the only output which is being affected by the input X_11",
        _affected(only=True),
        "04",
        "The window has to stand in the corner to cover X_11, and it stands there once.",
    ),
    said(
        58,
        HERE + "after the gradient to X_11",
        "two outputs read X_12",
        "X_12. It affects both Z_11 and Z_12",
        _affected(only=False),
        "04",
        "Two windows of the upper row cover the middle of the upper edge.",
    ),
    said(
        59,
        HERE + "the nine equations, X_11",
        "a corner: one output reads it",
        r"\frac{\partial L}{\partial X_{11}} = (\frac{\partial L}{\partial Z_{11}}\cdot K_{11})",
        equation(BLOG),
        "04",
        "X_11 is read by Z_11 only, with K_11.",
    ),
    said(
        60,
        HERE + "the nine equations, X_12",
        "the middle of an edge: two outputs read it",
        r"\frac{\partial L}{\partial X_{12}} = (\frac{\partial L}{\partial Z_{11}}\cdot K_{12}) + "
        r"(\frac{\partial L}{\partial Z_{12}} \cdot K_{11})",
        equation(BLOG),
        "04",
        "X_12 is read by Z_11 and Z_12, with K_12 and K_11.",
    ),
    said(
        61,
        HERE + "the nine equations, X_13",
        "a corner: one output reads it",
        r"\frac{\partial L}{\partial X_{13}} = (\frac{\partial L}{\partial Z_{12}}\cdot K_{12})",
        equation(BLOG),
        "04",
        "X_13 is read by Z_12 only, with K_12.",
    ),
    said(
        62,
        HERE + "the nine equations, X_21",
        "the middle of an edge: two outputs read it",
        r"\frac{\partial L}{\partial X_{21}} = (\frac{\partial L}{\partial Z_{11}}\cdot K_{21}) + "
        r"(\frac{\partial L}{\partial Z_{21}}\cdot K_{11})",
        equation(BLOG),
        "04",
        "X_21 is read by Z_11 and Z_21, with K_21 and K_11.",
    ),
    said(
        63,
        HERE + "the nine equations, X_22",
        "the centre: all four outputs read it",
        r"\frac{\partial L}{\partial X_{22}} = (\frac{\partial L}{\partial Z_{11}}\cdot K_{22}) + "
        r"(\frac{\partial L}{\partial Z_{12}} \cdot K_{21}) + (\frac{\partial L}{\partial Z_{21}} "
        r"\cdot K_{12}) + (\frac{\partial L}{\partial Z_{22}} \cdot K_{11})",
        equation(BLOG),
        "04",
        "X_22 is read by all four outputs, with K_22, K_21, K_12 and K_11.",
    ),
    said(
        64,
        HERE + "the nine equations, X_23",
        "the middle of an edge: two outputs read it",
        r"\frac{\partial L}{\partial X_{23}} = (\frac{\partial L}{\partial Z_{12}}\cdot K_{22}) + "
        r"(\frac{\partial L}{\partial Z_{22}}\cdot K_{11})",
        equation(BLOG),
        "04",
        "X_23 is read by Z_12 with K_22 and by Z_22 with K_12: seen from Z_22 it is the upper right "
        "cell of the window. Printed is K_11, which in Z_22 meets X_22.",
        contradicts=74,
    ),
    said(
        65,
        HERE + "the nine equations, X_31",
        "a corner: one output reads it",
        r"\frac{\partial L}{\partial X_{31}} = (\frac{\partial L}{\partial Z_{21}}\cdot K_{21})",
        equation(BLOG),
        "04",
        "X_31 is read by Z_21 only, with K_21.",
    ),
    said(
        66,
        HERE + "the nine equations, X_32",
        "the middle of an edge: two outputs read it",
        r"\frac{\partial L}{\partial X_{32}} = (\frac{\partial L}{\partial Z_{21}}\cdot K_{22}) + "
        r"(\frac{\partial L}{\partial Z_{22}} \cdot K_{21})",
        equation(BLOG),
        "04",
        "X_32 is read by Z_21 and Z_22, with K_22 and K_21.",
    ),
    said(
        67,
        HERE + "the nine equations, X_33",
        "a corner: one output reads it",
        r"\frac{\partial L}{\partial X_{33}} = (\frac{\partial L}{\partial Z_{21}}\cdot K_{22})",
        equation(BLOG),
        "04",
        "X_33 is read by Z_22 only, with K_22. Printed is ∂L/∂Z_21; but Z_21 does not hold X_33, as "
        "the forward equations show.",
        contradicts=74,
    ),
    said(
        68,
        HERE + "after the nine equations",
        "kernel and error signal have the same size",
        "size of both, kernel and error signal matrices is same which is 2 × 2",
        both(
            numbers(lambda: list(BLOG.kernel.shape)),
            words(
                {"same": True, "opposite": False, "different": False},
                lambda: [BLOG.kernel.shape == BLOG.upstream.shape],
            ),
        ),
        "04",
        "3 − 2 + 1 = 2: here the output happens to be as large as the kernel. A convolution of the "
        "two without padding would give one number, not nine.",
    ),
    said(
        69,
        HERE + "the padding",
        "padding of 1 makes the error signal 4 × 4",
        "padding of 1 on the error signal matrix, which makes it 4 × 4",
        both(
            numbers(lambda: [_padding(), *padded(BLOG.upstream, _padding()).shape]),
            words({"padding": "padding", "stride": "stride"}, _what_enlarges),
        ),
        "04",
        "The result must be as large as the input: o + 2p − k + 1 = i. With o = 2, k = 2 and i = 3 "
        "that is p = 1, in general k − 1, and one row and column of zeros on each side makes 4 × 4.",
    ),
    said(
        70,
        HERE + "the padding",
        "the size of the result",
        "(4-2+1) is 3, so we will get a 3 × 3 matrix",
        both(numbers(_result_size), _calculation),
        "04",
        "A window of k cells has n − k + 1 places on n cells: 4 − 2 + 1 = 3, the size of the input.",
    ),
    said(
        71,
        HERE + "before the rotation",
        "without rotation the first result is wrong",
        "getting false result for the very first equation",
        words(
            {"false": "false", "true": "true", "right": "true", "first": "result 1"}
            | {"second": "result 2", "last": "result 9"},
            _unrotated_first,
        ),
        "04",
        "In the first position only the lower right cell of the window is not on padding: it gives "
        "∂L/∂Z_11 · K_22. Derived is ∂L/∂Z_11 · K_11.",
    ),
    said(
        72,
        HERE + "before the rotation",
        "in the first equation Z_11 meets K_11",
        "Z_11 to match with K_11",
        words({name: name for name in _cells()}, _matches_of_the_first_result),
        "04",
        "X_11 reaches only Z_11, and there it is multiplied by K_11.",
    ),
    said(
        73,
        HERE + "after the rotation",
        "the rotated filter gives all nine equations",
        "obtain the exact same set of equations which we had",
        words(
            {"the exact same set": "every one of them", "the opposite set": "none of them"},
            _same_nine_equations,
        ),
        "04",
        "At each place the rotated window multiplies each error signal by the weight that led to it. "
        "All nine results are the derivatives. Two of the nine equations, those of X_23 and X_33, "
        "are misprinted; the convolution gives them right.",
    ),
    said(
        74,
        HERE + "the summary",
        "the gradient to the input: padded error signal, rotated kernel",
        r"\frac{\partial L}{\partial X} = conv(\space padded(\frac{\partial L}{\partial Z}) , "
        r"180^{\circ} \space rotated \space (K) \space )",
        equation(BLOG),
        "05",
        SPREAD + "an input X_mn is read by Z_(m−a+1)(n−b+1) with K_ab: as a and b grow, the output "
        "index falls. So the kernel runs backwards, which is a turn by 180°, and zeros stand for the "
        "outputs outside the map. conv slides without a flip of its own; a routine that flips would "
        "turn the kernel back.",
    ),
    said(
        75,
        INTUITION + "Input (X)",
        "the way back to the input runs in reverse",
        "This reversal in the direction of convolution",
        words(
            {"reversal": "reversed", "repetition": "the same"}
            | {word: word for word in ("convolution", "pooling")},
            lambda: [_direction(), "convolution"],
        ),
        "05",
        SPREAD
        + "outputs further down and right meet the same input with weights further up and left.",
    ),
    said(
        76,
        INTUITION + "Input (X)",
        "the kernel is rotated by 180°",
        "requires the 180° rotation of K",
        numbers(_rotations_for_the_input),
        "05",
        "Of the turns by 0°, 90°, 180° and 270° only 180° gives all nine derivatives. It exchanges "
        "first and last on both axes, which is what reversing both indices does.",
    ),
    said(
        77,
        INTUITION + "Filter/Kernel (K)",
        "the kernel gradient adds up the input regions, weighted by the error signal",
        "summing up contributions from the input regions corresponding to each error signal position",
        words({"summing": "sum", "input regions": "input", "each": "each"}, _regions_add_up),
        "06",
        "∂L/∂K is the sum over all (i, j) of ∂L/∂Z_ij times the region of X that Z_ij reads.",
    ),
    said(
        78,
        INTUITION + "Filter/Kernel (K)",
        "the kernel gradient needs no rotation",
        "no rotation is necessary",
        words({"no rotation": 0, "180° rotation": 180}, _rotations_for_the_kernel),
        "06",
        "K_ab meets X_(i+a−1)(j+b−1) in Z_ij. With K_ab fixed, the index of X grows with that of Z: "
        "both run forwards, and the error signal slides over X as it is.",
    ),
)
