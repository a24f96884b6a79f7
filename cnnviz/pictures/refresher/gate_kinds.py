"""The gates: what each makes of what goes in, its local gradients, and what it does on the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """A function of x, or of x and y, with its local gradients.

    ``written`` is the function in letters, ``slopes`` its local gradients in letters, one for each
    input, ``sign`` what stands in its box, ``rival`` the level at which x begins or ceases to count,
    if there is one, ``reach`` how far z is plotted and ``marked`` the number that is marked there, and
    ``call`` PyTorch's.
    """

    value: Callable[[float, float], float]
    local: Callable[[float, float], tuple[float, ...]]
    written: str
    slopes: tuple[str, ...]
    sign: str
    reach: float
    marked: int
    call: str
    rival: Callable[[float], float] | None = None

    @property
    def inputs(self) -> str:
        """The names of what goes in: "xy", or "x" alone."""
        return "xy"[: len(self.slopes)]

    def at_kink(self, x: float, y: float) -> bool:
        """Whether x is just where the slope changes at once."""
        return self.rival is not None and x == self.rival(y)


def _share_of_max(x: float, y: float) -> tuple[float, float]:
    """1 for the larger input. A tie has no slope; PyTorch's maximum gives each half."""
    return (0.5, 0.5) if x == y else (float(x > y), float(y > x))


def _slope_of_relu(x: float, _y: float) -> tuple[float]:
    """1 above zero. At 0 there is no slope; PyTorch's relu takes 0."""
    return (float(x > 0),)


GATES = {
    "add": Gate(lambda x, y: x + y, lambda x, y: (1.0, 1.0), "x + y", ("1", "1"), "+", 12, 10, "x + y"),
    "multiply": Gate(lambda x, y: x * y, lambda x, y: (y, x), "x·y", ("y", "x"), "×", 36, 30, "x * y"),
    "max": Gate(
        max, _share_of_max, "max(x, y)", ("1 or 0", "1 or 0"), "max", 7, 5, "torch.maximum(x, y)",
        rival=lambda y: y,
    ),
    "ReLU": Gate(
        lambda x, y: max(x, 0.0), _slope_of_relu, "max(x, 0)", ("1 or 0",), "ReLU", 7, 5,
        "torch.relu(x)", rival=lambda y: 0.0,
    ),
}  # fmt: skip
TWO_INPUTS = tuple(kind for kind, gate in GATES.items() if len(gate.inputs) == 2)

LOCALLY = {
    "add": "Local gradients: z moves as fast as x, and as fast as y. Both are 1.",
    "multiply": "Local gradients: ∂z/∂x is y and ∂z/∂y is x. Each input is the other's slope.",
    "max": "Local gradients: z moves with the larger input and does not feel the other one.",
    "ReLU": "Local gradient: above 0, z moves as fast as x. Below 0, z does not move.",
}
AFTER = {
    "add": "An add gate hands on what it gets, to both.",
    "multiply": "A multiply gate hands to each what it gets times the other.",
    "max": "A max gate hands all it gets to the larger input: it is a switch.",
    "ReLU": "ReLU hands on all it gets, or nothing: it is a switch.",
}
LOCALLY_AT_KINK = {
    "max": "x = y: the slope is 0 to one side and 1 to the other, so there is none here. PyTorch's "
    "maximum takes one half for each.",
    "ReLU": "x = 0: the slope is 0 to the left and 1 to the right, so there is none here. PyTorch's "
    "relu takes 0, and so does this course.",
}
AFTER_AT_KINK = {
    "max": "At a tie each gets half: a choice, not calculus.",
    "ReLU": "At exactly 0 nothing goes on: a choice, not calculus.",
}


def locally(kind: str, x: float, y: float) -> str:
    """What the local gradients are, as a sentence.

    >>> locally("ReLU", 0.0, 0.0).endswith("PyTorch's relu takes 0, and so does this course.")
    True
    """
    return (LOCALLY_AT_KINK if GATES[kind].at_kink(x, y) else LOCALLY)[kind]


def afterwards(kind: str, x: float, y: float) -> str:
    """What the gate has done with the gradient that arrived, as a sentence.

    >>> afterwards("max", 1.0, 1.0)
    'At a tie each gets half: a choice, not calculus.'
    """
    return (AFTER_AT_KINK if GATES[kind].at_kink(x, y) else AFTER)[kind]
