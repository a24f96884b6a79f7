"""What the slides print on plain networks: the four steps of backpropagation.

A network in symbols: z = W a + b from layer to layer, a = f(z) with an undefined f. As with the
convolution, the gradient δ that arrives is a column of free symbols, and what a formula should be
comes from calculus on one layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sympy

from .checks import Check, Difference, Outcome, compare
from .meaning import HasNoMeaning, latex
from .printed import Call, CannotRead, Name, Plus, Power, Product, parse
from .slides_words import record


class f(sympy.Function):
    """The undefined activation; its derivative is the equally undefined f'."""

    def fdiff(self, argindex=1):
        return SLOPE(self.args[0])


SLOPE = sympy.Function("f'")


@dataclass(frozen=True)
class Network:
    """A network with ``widths[0]`` inputs. ``into``: W^(l) leads into layer l, not out of it.

    ``also`` names superscripts that stand for the number of the output layer.
    """

    widths: tuple[int, ...]
    into: bool = False
    also: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        return len(self.widths)

    def column(self, letter: str, l: int) -> np.ndarray:
        """One symbol for each unit of layer l."""
        if not 1 <= l <= self.last:
            raise HasNoMeaning(f"There is no layer {l}.")
        return _symbols(letter, l, (self.widths[l - 1], 1))

    def a(self, l: int) -> np.ndarray:
        """The activations of a layer: of the first, the inputs."""
        return self.column("a", 1) if l == 1 else _each(f, self.column("z", l))

    def weights(self, l: int) -> np.ndarray:
        lower = l - 1 if self.into else l
        if not 1 <= lower < self.last:
            raise HasNoMeaning(f"There are no weights W^({l}).")
        return _symbols("W", l, (self.widths[lower], self.widths[lower - 1]))

    def target(self) -> np.ndarray:
        return self.column("y", self.last)

    def z(self, l: int) -> np.ndarray:
        """The sums that enter layer l, from the activations below it."""
        number = l if self.into else l - 1
        return self.weights(number) @ self.a(l - 1) + self.bias(number)

    def bias(self, l: int) -> np.ndarray:
        return _symbols("b", l, (len(self.weights(l)), 1))

    def delta(self, l: int) -> np.ndarray:
        """∂J/∂z of a layer: from the squared error at the output, by the chain rule below it."""
        if l == self.last:
            error = (self.target() - self.a(l)) ** 2
            return self._by(sympy.Add(*error.flat) / 2, self.column("z", l))
        return self._by(self._carried(l + 1), self.column("z", l))

    def gradient(self, letter: str, l: int) -> np.ndarray:
        """∂J by the weights or biases with number l."""
        parts = {"W": self.weights, "b": self.bias}
        return self._by(self._carried(l if self.into else l + 1), parts[letter](l))

    def _carried(self, l: int):
        """Σ δ_i z_i: the loss as layer l sees it, whose derivatives are those of J."""
        return sympy.Add(*(self.column(r"\delta", l) * self.z(l)).flat)

    @staticmethod
    def _by(value, symbols: np.ndarray) -> np.ndarray:
        return _each(lambda symbol: sympy.diff(value, symbol), symbols)


def _symbols(letter: str, l: int, shape: tuple[int, int]) -> np.ndarray:
    rows, columns = shape
    names = [
        [f"{letter}^{{({l})}}_{i}{j if columns > 1 else ''}" for j in range(1, columns + 1)]
        for i in range(1, rows + 1)
    ]
    return np.array([[sympy.Symbol(name) for name in row] for row in names], dtype=object)


def _each(function, array: np.ndarray) -> np.ndarray:
    return np.vectorize(function, otypes=[object])(array)


def _level(above: str, l: int, network: Network) -> int:
    """A superscript as the number of a layer."""
    match = re.fullmatch(r"\((\w+?)([+-]\d+)?\)", above)
    known = {"l": l, "n_l": network.last, **dict.fromkeys(network.also, network.last)}
    if match is None or match[1] not in known:
        raise HasNoMeaning(f"Which layer is {above or 'meant'}?")
    return known[match[1]] + int(match[2] or 0)


def value(tree, network: Network, l: int) -> np.ndarray:
    """What a printed formula of the network is for one l."""
    match tree:
        case Name("y", "", ""):
            return network.target()
        case Name("delta" | "a" | "z" | "W" | "b" as letter, "", above, 0, False):
            parts = {
                "delta": lambda n: network.column(r"\delta", n),
                "a": network.a,
                "z": lambda n: network.column("z", n),
                "W": network.weights,
                "b": network.bias,
            }
            return parts[letter](_level(above, l, network))
        case Power(base, "T"):
            return value(base, network, l).T
        case Plus(signs, terms):
            return sum(s * value(term, network, l) for s, term in zip(signs, terms, strict=True))
        case Product("", left, right):
            return value(left, network, l) @ value(right, network, l)
        case Product("bullet", left, right):
            factors = value(left, network, l), value(right, network, l)
            if factors[0].shape != factors[1].shape:
                raise HasNoMeaning(f"• between {factors[0].shape} and {factors[1].shape}.")
            return factors[0] * factors[1]
        case Call("f'", (inside,)):
            return _each(SLOPE, value(inside, network, l))
    raise HasNoMeaning(f"{tree} has no meaning in a network.")


def meant(tree, network: Network, l: int) -> np.ndarray:
    """What the left side of a formula names, by calculus."""
    match tree:
        case Name("delta", "", above):
            return network.delta(_level(above, l, network))
        case Call("gradient", (Name("W" | "b" as letter, "", above),)):
            return network.gradient(letter, _level(above, l, network))
    raise HasNoMeaning(f"{tree} is nothing that backpropagation computes.")


NABLA = re.compile(r"\\nabla_\{(.*?\})\} J\(W, b; x, y\)")
NETS = ((2, 2, 2, 2), (2, 3, 4, 2))  # equal widths compare entry by entry, others also the shapes


def step(levels, into: bool = False, also: tuple[str, ...] = ()) -> Check:
    """A formula of the network holds for every l in ``levels(n_l)``."""

    def check(printed: str) -> Outcome:
        left, right = parse(NABLA.sub(r"\\text{gradient}(\1)", printed)).sides
        derived = None
        for network in (Network(widths, into, also) for widths in NETS):
            found = []
            for l in levels(network.last):
                where = f"l={l}" if len(levels(network.last)) > 1 else ""
                wanted = meant(left, network, l)
                derived = wanted if derived is None else derived
                try:
                    found += compare(value(right, network, l), wanted, where)
                except HasNoMeaning as problem:
                    found.append(
                        Difference(where or "the whole", rf"\text{{{problem}}}", latex(wanted))
                    )
            if found:
                break
        return Outcome(latex(derived), tuple(found))

    return check


def output_step(also: tuple[str, ...] = ()) -> Check:
    """Step 2, with each superscript that is not the n_l of step 3 held against the print."""
    holds = step(lambda last: [last], also=("n_i", "n"))

    def check(printed: str) -> Outcome:
        outcome = holds(printed)
        found = [
            Difference(f"the superscript of {letter}", f"({number})", "(n_l)")
            for letter, number in re.findall(r"(\w+)\^\{\((\w+)\)\}", printed)
            if number not in ("n_l", *also)
        ]
        return Outcome(outcome.derived, (*outcome.differences, *found))

    return check


def together(check: Check, other: Check, print_of_other: str, name: str) -> Check:
    """A reading must also let another formula of the same slide stand."""

    def judged(printed: str) -> Outcome:
        outcome = check(printed)
        rest = [
            Difference(f"then {name}, {d.at}", d.printed, d.derived)
            for d in other(print_of_other).differences
        ]
        return Outcome(outcome.derived, (*outcome.differences, *rest))

    return judged


def _computed_layers(last: int) -> list[int]:
    """The layers whose activations depend on weights: those a forward pass computes."""
    network = Network((1,) * last)
    return [l for l in range(1, last + 1) if any(e.has(f) for e in network.a(l).flat)]


def _recursion_layers(last: int) -> list[int]:
    """The δ that the gradients need, from the last down, without the one that step 2 sets."""
    network, needed = Network((1,) * last), set()
    for l in range(1, last):
        needed |= {
            n
            for n in range(1, last + 1)
            for entry in network.gradient("W", l).flat
            if entry.has(*network.column(r"\delta", n).flat)
        }
    return sorted(needed - {last}, reverse=True)


def activations(input_counts: bool) -> Check:
    """The first layers whose activations a forward pass has, in order."""

    def check(printed: str) -> Outcome:
        stated = [int(n) for n in re.findall(r"L_(\d)", printed)]
        layers = ([1] if input_counts else []) + _computed_layers(last=5)
        derived = layers[: len(stated)]
        found = [
            Difference(f"layer {n}", f"L_{one}", f"L_{other}")
            for n, (one, other) in enumerate(zip(stated, derived, strict=True), start=1)
            if one != other
        ]
        return Outcome(", ".join(f"L_{n}" for n in derived), tuple(found))

    return check


def output_layer(depths: tuple[int, ...]) -> Check:
    """The number of the layer that no other layer reads, in networks of these depths."""

    def check(printed: str) -> Outcome:
        (stated,) = re.findall(r"output unit i in layer L_(\d) \(output layer\)", printed) or [None]
        if stated is None:
            raise CannotRead(f"Which layer is the output layer? {printed}")
        derived = [_computed_layers(depth)[-1] for depth in depths]
        found = [
            Difference(f"{depth} layers", f"L_{stated}", f"L_{layer}")
            for depth, layer in zip(depths, derived, strict=True)
            if int(stated) != layer
        ]
        return Outcome(", ".join(f"L_{n}" for n in derived), tuple(found))

    return check


def ends(printed: str) -> Outcome:
    """The first and the last layer of the recursion, in words."""
    words = re.fullmatch(
        r"Starting from last but (one|two) layer to (\d)(?:nd|rd|st|th) layer;", printed
    )
    if words is None:
        raise CannotRead(f"From which layer to which? {printed}")
    before_last = {"one": 1, "two": 2}[words[1]]
    found = []
    for last in (4, 5, 6):
        derived = _recursion_layers(last)
        found += compare(sympy.Integer(last - before_last), sympy.Integer(derived[0]), "the first")
        found += compare(sympy.Integer(words[2]), sympy.Integer(derived[-1]), "the last")
    return Outcome("n_l - 1 to 2", tuple(found))


def progression(printed: str) -> Outcome:
    """The values of l, with the dots filled in, for several numbers of layers."""
    name, _, terms = printed.partition(" = ")
    if name != "l":
        raise CannotRead(f"The layers are counted by l, not {name}.")
    before, _, after = terms.partition(r", \dots, ")
    found = []
    for last in (5, 6, 7):
        first = [_term(term, last) for term in before.split(", ")]
        if len(first) < 2:
            raise CannotRead(f"By how much does l fall? {printed}")
        (end,) = [_term(term, last) for term in after.split(", ")]
        down = first[1] - first[0] or 1
        stated = [*first, *range(first[-1] + down, end, down), end]
        derived = _recursion_layers(last)
        if stated != derived:
            found.append(Difference(f"n_l={last}", str(stated), str(derived)))
    return Outcome(str(_recursion_layers(7)), tuple(found))


def _term(text: str, last: int) -> int:
    match = re.fullmatch(r"(n_l|\d)(?: ([+-]) (\d))?", text)
    if match is None:
        raise CannotRead(f"Which layer is {text}?")
    return (last if match[1] == "n_l" else int(match[1])) + int(f"{match[2] or ''}{match[3] or 0}")


def _below(last: int) -> Iterable[int]:
    return range(2, last)


def _out_of(last: int) -> Iterable[int]:
    return range(1, last)


def _into(last: int) -> Iterable[int]:
    return range(2, last + 1)


SLIDE = "Back-propagation algorithm for NN"
WEIGHTS = r"\nabla_{W^{(l)}} J(W, b; x, y) &= \delta^{(l+1)} (a^{(l)})^T,"

RECORDS = (
    record(
        1,
        f"{SLIDE}, step 1",
        "which activations the forward pass computes",
        "Computing activations L_1 , L_2 and so on ...",
        (
            ("", activations(input_counts=False)),
            (
                "the input counts as the activations of layer L_1",
                activations(input_counts=True),
            ),
        ),
        "01",
        "The first layer is the input: its activations are given. The first that are computed are "
        "those of L_2, from z = W a + b and a = f(z). So L_1 heads the list only if taking in the "
        "input is counted as computing its activations. That the input is layer 1 follows from "
        "steps 3 and 4: they stop at δ of layer 2, which is what the gradient of W^(1) needs.",
    ),
    record(
        2,
        f"{SLIDE}, step 2",
        "the number of the output layer",
        "For each output unit i in layer L_4 (output layer), set",
        (
            ("", output_layer((3, 4, 5))),
            ("the network has four layers, the input being the first", output_layer((4,))),
        ),
        "01",
        "The output layer is the last one, so its number is the number of layers. Step 3 writes it "
        "n_l for a network of any depth; L_4 is the same layer in a network of four. The L here "
        "is a layer, on all later slides it is the loss.",
    ),
    record(
        3,
        f"{SLIDE}, step 2, the equation",
        "δ of the output layer",
        r"\delta^{(n_i)} = -(y - a^{(n_i)}) \bullet f'(z^{(n)})",
        (
            ("", output_step()),
            (
                "n_i and n both stand for n_l, the number of the output layer in step 3; "
                "the loss is the squared error J = ½‖y − a‖²; vectors are columns",
                output_step(also=("n_i", "n")),
            ),
        ),
        "01",
        "δ is ∂J/∂z. With J = ½‖y − a‖² and a = f(z), the chain rule gives −(y − a) times f'(z) for "
        "each output unit, which • writes for all of them at once. The slide does not name the "
        "loss; another loss gives another δ here. All three superscripts must name the output "
        "layer, which step 3 calls n_l; here n_i and n are printed, two names for one layer. The "
        "deck is known here only as a conversion, in which an l is easily read as an i, so this is not "
        "called an error of its author.",
        contradicts=5,
    ),
    record(
        4,
        f"{SLIDE}, step 3, the sentence",
        "from which layer to which the recursion runs",
        "Starting from last but one layer to 2nd layer;",
        ends,
        "01",
        "Step 2 has set δ of the last layer, and the gradients of step 4 need δ of the layers 2 and "
        "up: the weights out of layer 1 need δ of layer 2. The input has no δ, for nothing in it "
        "is learned. So the recursion starts one below the last and ends at the second.",
    ),
    record(
        5,
        f"{SLIDE}, step 3, the range of l",
        "the values of l in the recursion",
        r"l = n_l - 1, n_l - 2, \dots, 2",
        progression,
        "01",
        "The gradients use δ^(2), …, δ^(n_l). The last of them comes from step 2, the others from the "
        "recursion, and each needs the one above it: so l runs downwards from n_l − 1 to 2.",
        contradicts=3,
    ),
    record(
        6,
        f"{SLIDE}, step 3, the equation",
        "δ of a layer from δ of the layer above it",
        r"\delta^{(l)} = ((W^{(l+1)})^T \delta^{(l+1)}) \bullet f'(z^{(l)})",
        (
            ("", step(_below)),
            (
                "W^(l) leads into layer l",
                together(
                    step(_below, into=True), step(_into, into=True), WEIGHTS, "the first of step 4"
                ),
            ),
        ),
        "01",
        "Between layer l and layer l + 1 there is one matrix, and z of layer l + 1 is that matrix "
        "times f(z^(l)) plus b. So δ^(l) is its transpose times δ^(l+1), times f'(z^(l)) for each "
        "unit. That much is as printed; the number of the matrix is not. Step 4 calls it W^(l): its "
        "gradient is δ^(l+1) (a^(l))^T. Then the recursion needs W^(l) and not W^(l+1), which has "
        "the wrong shape unless all layers are equally wide and does not exist for l = n_l − 1. If "
        "W^(l) is to lead into layer l, the recursion holds and step 4 fails: its gradients would "
        "be δ^(l) (a^(l−1))^T and δ^(l). Either way one of the steps has to change.",
        contradicts=7,
    ),
    record(
        7,
        f"{SLIDE}, step 4, first equation",
        "the gradient to the weights",
        WEIGHTS,
        step(_out_of),
        "01",
        "z^(l+1)_i is the sum of W^(l)_ij a^(l)_j plus a bias, so W^(l)_ij meets the loss only through "
        "z^(l+1)_i, and there it is multiplied by a^(l)_j. Its gradient is δ^(l+1)_i a^(l)_j: the "
        "column δ times the row aᵀ. This makes W^(l) the matrix from layer l to l + 1, which step 3 "
        "calls W^(l+1).",
        contradicts=6,
    ),
    record(
        8,
        f"{SLIDE}, step 4, second equation",
        "the gradient to the biases",
        r"\nabla_{b^{(l)}} J(W, b; x, y) &= \delta^{(l+1)}.",
        step(_out_of),
        "01",
        "The bias b^(l)_i is added to z^(l+1)_i with the factor 1, so its gradient is the gradient of "
        "that sum, δ^(l+1)_i. This is for one example; for a batch the gradients are summed.",
        contradicts=6,
    ),
)
