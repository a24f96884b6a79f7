"""What things are called: labels for cells, and the three notations.

A *label* is a short string that prints everywhere: ``a_12`` (a symbol with a subscript),
``a^(2)_12`` (with a channel), ``∂F/∂h_12`` (a derivative). Pictures, sentences and equations all
start from labels, so a cell has the same name wherever it appears.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Notation:
    """The letters one document uses for the parts of a layer.

    ``factors`` is the order in which it writes a product: the note writes k·a, the slides X·F.
    ``beware`` names the letters that mean something else in the note, which the lessons are written
    in; ``clashes`` is the letter in whose sight that must be said.

    >>> NOTATIONS["slides"].kernel
    'F'
    """

    document: str
    input: str
    kernel: str
    output: str
    scalar: str
    factors: tuple[str, str]
    beware: str
    bias: str = "b"
    clashes: str = ""


NOTATIONS = {
    "note": Notation(
        "note", "a", "k", "h", "F", ("kernel", "input"),
        "",
    ),
    "slides": Notation(
        "slides", "X", "F", "O", "L", ("input", "kernel"),
        "On the slides F is the filter: ∂L/∂F is the kernel gradient, which the note writes ∂F/∂k. "
        "One slide writes θ for O.",
        clashes="F",
    ),
    "blog": Notation(
        "blog", "X", "K", "Z", "L", ("input", "kernel"),
        "In the blog Z is the output and B the bias; on the slides z is a value before activation.",
        "B",
        "Z",
    ),
}  # fmt: skip


@cache
def subscript(row: int, column: int) -> str:
    """The index of a cell as printed. A comma appears as soon as it is needed to tell two apart.

    >>> subscript(1, 2), subscript(1, 11), subscript(11, 1)
    ('12', '1,11', '11,1')
    """
    return f"{row}{column}" if row < 10 and column < 10 else f"{row},{column}"


@lru_cache(maxsize=512)
def labels(symbol: str, shape: tuple[int, ...], start: int = 1) -> tuple[str, ...]:
    """Labels of all cells of a map of this shape, in row-major order.

    ``shape`` is (H, W), or has channels in front, which become a superscript; a single channel
    needs none. ``start`` is 1 as in print or 0 as in code.

    >>> labels("a", (2, 2))
    ('a_11', 'a_12', 'a_21', 'a_22')
    >>> labels("k", (2, 1, 1, 1))
    ('k^(1,1)_11', 'k^(2,1)_11')
    """
    *channels, height, width = shape
    rows, columns = range(start, start + height), range(start, start + width)
    plane = [subscript(i, j) for i in rows for j in columns]
    if all(count == 1 for count in channels):
        return tuple(f"{symbol}_{cell}" for cell in plane)
    return tuple(
        f"{symbol}^({','.join(str(c + start) for c in channel)})_{cell}"
        for channel in np.ndindex(*channels)
        for cell in plane
    )


@cache
def spoken(label: str) -> str:
    """A label as it reads inside a sentence.

    >>> spoken("a_12"), spoken("∂F/∂h_10,12"), spoken("a^(2)_11")
    ('a₁₂', '∂F/∂h₁₀,₁₂', 'a⁽²⁾₁₁')
    """
    name, _, lowered = label.partition("_")
    name, _, raised = name.partition("^")
    raised = raised.translate(str.maketrans("0123456789(),", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾,"))
    return name + raised + lowered.translate(_LOWERED)


def differentiated_by(label: str) -> str:
    """What a derivative is taken by, from its label or from how that is spoken.

    >>> differentiated_by("∂F/∂h_12"), differentiated_by("∂L/∂O₁₂")
    ('h_12', 'O₁₂')
    """
    return label.partition("/∂")[2]


def number(value: Any) -> str:
    """A number as short as it can be said: no trailing zeros, a real minus sign.

    >>> number(3.0), number(-0.25), number(float("nan")), number(1 / 3)
    ('3', '−0.25', 'NaN', '0.333')
    """
    if isinstance(value, (int, np.integer)):
        text = str(value)
    elif np.isnan(value):
        return "NaN"
    elif np.isinf(value):
        text = "-∞" if value < 0 else "∞"
    else:
        text = (
            f"{value:.3g}"
            if abs(value) < 1000
            else f"{value:.0f}"
            if abs(value) < 1e7
            else f"{value:.3g}"
        )
        text = "0" if text == "-0" else text
    return text.replace("-", "−")
