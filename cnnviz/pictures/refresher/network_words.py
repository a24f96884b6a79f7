"""What is said of a plain network: its four steps one by one, and a sentence for each cell."""

from __future__ import annotations

from ...scene import Grid, Step
from ...symbols import spoken
from ..words import Says

Told = tuple[str, str, str | None, str]


def raised(l: int) -> str:
    """The number of a layer as it is raised in a sentence.

    >>> "W" + raised(2)
    'W⁽²⁾'
    """
    return f"⁽{'⁰¹²³⁴⁵⁶⁷⁸⁹'[l]}⁾"


def shape(rows: int, columns: int = 1) -> str:
    """How many rows and columns.

    >>> shape(3)
    '3×1'
    """
    return f"{rows}×{columns}"


def parts_of(name: str) -> tuple[str, int]:
    """The kind of a grid and its layer, 0 for none: ("W", 2) of "W2_gradient"."""
    kind = name.removesuffix("_gradient")
    return (kind[:-1], int(kind[-1])) if kind[-1].isdigit() else (kind, 0)


def steps_of(sizes: dict[str, int], widths: dict[int, int]) -> tuple[Step, ...]:
    """The slides' four steps, the second in two and those of the hidden layers one for each layer.

    ``sizes`` says how many cells each grid has, ``widths`` how many units each layer.
    """

    last = max(widths)
    told = [
        *(_forward(l, widths) for l in range(1, last)),
        _error(last, widths),
        _output(last, widths),
        *(_back(l, widths) for l in range(last - 1, 1, -1)),
        *(_to_weights(l, widths) for l in range(last - 1, 0, -1)),
    ]

    def whole(names: str) -> dict[str, tuple[int, ...]]:
        return {name: tuple(range(sizes[name])) for name in names.split()}

    return tuple(
        Step(whole(reads), whole(writes), words, of=of and (of, 0))
        for reads, writes, of, words in told
    )


# Each of the steps: the grids that it reads and those that it writes, the one whose equation is read,
# and the words.


def _forward(l: int, widths: dict[int, int]) -> Told:
    n, m, up = widths[l + 1], widths[l], l + 1
    words = (
        f"Step 1, forward: z{raised(up)} = W{raised(l)} a{raised(l)} + b{raised(l)}, shapes "
        f"{shape(n, m)} · {shape(m)} + {shape(n)}, and a{raised(up)} = f(z{raised(up)}). The slope "
        f"f′(z{raised(up)}) is kept for the way back."
    )
    return f"a{l} W{l} b{l}", f"z{up} a{up} slope{up}", f"z{up}", words


def _error(last: int, widths: dict[int, int]) -> Told:
    words = (
        f"Step 2, the error: e = a{raised(last)} − y = −(y − a{raised(last)}), shape "
        f"{shape(widths[last])}. It is how fast J moves when an output moves."
    )
    return f"y a{last}", "error", None, words


def _output(last: int, widths: dict[int, int]) -> Told:
    n = widths[last]
    words = (
        f"Step 2, the output: δ{raised(last)} = e • f′(z{raised(last)}), shapes "
        f"{shape(n)} • {shape(n)}. It is the upstream gradient times the local one, unit by unit."
    )
    return f"error slope{last}", f"delta{last}", f"delta{last}", words


def _back(l: int, widths: dict[int, int]) -> Told:
    n, m = widths[l + 1], widths[l]
    words = (
        f"Step 3, l = {l}: δ{raised(l)} = (W{raised(l)})ᵀ δ{raised(l + 1)} • f′(z{raised(l)}), "
        f"shapes {shape(m, n)} · {shape(n)} • {shape(m)}. Each unit adds up what comes back "
        "from all it feeds."
    )
    return f"W{l} delta{l + 1} slope{l}", f"delta{l}", f"delta{l}", words


def _to_weights(l: int, widths: dict[int, int]) -> Told:
    n, m = widths[l + 1], widths[l]
    words = (
        f"Step 4, l = {l}: ∂J/∂W{raised(l)} = δ{raised(l + 1)} (a{raised(l)})ᵀ, shapes "
        f"{shape(n)} · {shape(1, m)} = {shape(n, m)}, and ∂J/∂b{raised(l)} = δ{raised(l + 1)}."
    )
    return f"delta{l + 1} a{l}", f"W{l}_gradient b{l}_gradient", f"W{l}_gradient", words


def says_of(grid: Grid, last: int, activation: str) -> Says:
    """What a cell of a grid says: its name, and what is true of all of its grid."""
    rest = _said_of_all(grid.name, last, activation)
    return lambda cell: f"{spoken(grid.called[cell])}{rest}"


def _said_of_all(name: str, last: int, activation: str) -> str:
    kind, l = parts_of(name)
    if name == f"W{l}_gradient":
        return f": what arrives at the weight's output, δ{raised(l + 1)}, times what went in, a{raised(l)}."
    if name == f"b{l}_gradient":
        return f" is δ{raised(l + 1)} itself: a bias is added, and the slope of an add gate is 1."
    match kind:
        case "a" if l == 1:
            return " is an input: it is given, so it needs no δ."
        case "a":
            return f" = f(z{raised(l)}), with f = {activation}."
        case "z":
            return f" is a row of W{raised(l - 1)} times a{raised(l - 1)}, plus its bias."
        case "W":
            return f" multiplies one unit of layer {l} into one sum of layer {l + 1}."
        case "b":
            return f" is added to one sum of layer {l + 1}."
        case "y":
            return " is the wanted output."
        case "error":
            return " = a − y = −(y − a): how fast J moves when this output moves."
        case "slope":
            return f" is the slope f′ of {activation} at z{raised(l)}: the local gradient."
        case _ if l == last:
            return " = ∂J/∂z: the upstream gradient a − y times the local slope."
        case _:
            back = f"what comes back from layer {l + 1} through a column of W{raised(l)}"
            return f" = ∂J/∂z: it adds up {back}, times its slope."
