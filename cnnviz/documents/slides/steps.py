"""What the slides say of plain networks, computed: the four steps of backpropagation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from ...derivations.arrays import each
from ..checks import Check, Difference, Outcome, compare
from ..meaning import HasNoMeaning, latex
from ..printed import CannotRead, parse
from .network import Network, meant, value

NABLA = re.compile(r"\\nabla_\{(.*?\})\} J\(W, b; x, y\)")
NETS = ((2, 2, 2, 2), (2, 3, 4, 2))  # equal widths compare entry by entry, others also the shapes
DEPTHS = (4, 5, 6)  # what holds for a network of any depth is tried with these

# Formulas --------------------------------------------------------------------------------------


def last_layer(last: int) -> Iterable[int]:
    return [last]


def recursion(last: int) -> Iterable[int]:
    return range(2, last)


def out_of(last: int) -> Iterable[int]:
    """The layers that weights lead out of."""
    return range(1, last)


def step(
    levels: Callable[[int], Iterable[int]], into: bool = False, also: tuple[str, ...] = ()
) -> Check:
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


def output_step(printed: str) -> Outcome:
    """Step 2. Its n_i and n can only be the n_l of step 3; each of them is held against the print."""
    outcome = step(last_layer, also=("n_i", "n"))(printed)
    found = [
        Difference(f"the superscript of {letter}", f"({number})", "(n_l)")
        for letter, number in re.findall(r"(\w+)\^\{\((\w+)\)\}", printed)
        if number != "n_l"
    ]
    return Outcome(outcome.derived, (*outcome.differences, *found))


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
        if stated != recursion_layers(last):
            found.append(Difference(f"n_l={last}", str(stated), str(recursion_layers(last))))
    return Outcome("for n_l = 7: l = " + ", ".join(map(str, recursion_layers(7))), tuple(found))


def _term(text: str, last: int) -> int:
    match = re.fullmatch(r"(n_l|\d)(?: ([+-]) (\d))?", text)
    if match is None:
        raise CannotRead(f"Which layer is {text}?")
    return (last if match[1] == "n_l" else int(match[1])) + int(f"{match[2] or ''}{match[3] or 0}")


@cache
def recursion_layers(last: int) -> list[int]:
    """The δ that the gradients need, from the last down, without the one that step 2 sets."""
    network = Network((1,) * last)
    gradients = [network.gradient("W", l) for l in range(1, last)]
    return [l for l in reversed(network.layers[:-1]) if _has(gradients, network.delta[l])]


def _has(values: Iterable[np.ndarray], cells: np.ndarray) -> bool:
    """Whether any of these expressions contains any of these cells."""
    return any(entry.has(*cells.flat) for value in values for entry in value.flat)


# Sentences -------------------------------------------------------------------------------------


def computes(what: str, first: int, second: int, input_counts: bool = False) -> bool:
    """Whether a forward pass makes these of the layers, and of which two first."""
    return all(_made_first(what, depth, input_counts) == [first, second] for depth in DEPTHS)


def _made_first(what: str, depth: int, input_counts: bool) -> list[int]:
    network = Network((1,) * depth)
    if what == "gradients":  # each is made from the one above it
        return [depth, *recursion_layers(depth)][:2]
    values = {"activations": network.a, "weights": network.W}[what]
    made = [l for l, cells in values.items() if network.is_computed(cells)]
    return [1, *made][:2] if input_counts and what == "activations" else made[:2]


def output_units(number: str, units: str, layer: int | str, which: str) -> bool:
    """Whether that many such units of a layer need their δ set, in networks of any depth."""
    return all(_sets_delta(number, units, layer, which, depth) for depth in DEPTHS)


def _sets_delta(number: str, units: str, layer: int | str, which: str, depth: int) -> bool:
    named = {"{n_l}": depth, "{n_l - 1}": depth - 1}.get(layer, layer)
    count = {"each": Network((2,) * depth).y.size, "one": 1}[number]
    ends = _ends(depth)
    return [named] == ends["output"] == ends[units] == ends[which] and count == _needed(depth)


@cache
def _ends(depth: int) -> dict[str, list[int]]:
    """The layers that nothing is computed for, and those that no other layer reads."""
    network = Network((2,) * depth)
    sums = [each(z, network.made_of.get) for z in network.z.values()]
    return {
        "input": [l for l, a in network.a.items() if not network.is_computed(a)],
        "output": [l for l, a in network.a.items() if not _has(sums, a)],
    }


@cache
def _needed(depth: int) -> int:
    """How many units of the last layer the recursion needs δ of."""
    network = Network((2,) * depth)
    return sum(_has([network.delta_of(depth - 1)], unit) for unit in network.delta[depth])


def starts_and_ends(start: str, end: str) -> bool:
    """Whether the recursion runs from one layer to another, in networks of any depth."""
    return all(
        [_layer(start, depth), _layer(end, depth)]
        == [recursion_layers(depth)[0], recursion_layers(depth)[-1]]
        for depth in DEPTHS
    )


def _layer(name: str, last: int) -> int:
    named = {"last": last, "last but one": last - 1, "last but two": last - 2, "first": 1}
    return named.get(name) or int(name[:-2])
