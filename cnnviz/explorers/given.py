"""What an instructor hands to an explorer: where controls start, and numbers of one's own.

Numbers set the sizes. Nothing is replaced in silence: what a control or a cell cannot hold, and sizes
that contradict one another, are refused in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..functional.geometry import DoesNotFit
from .controls import Control, Slider
from .shared import SHARED

LARGEST_NUMBER = 1e6  # beyond it a cell has no room

# The controls that say how large an array is, by its axes from the last one backwards; the first ones
# that an explorer has are meant. How many channels a kernel reads depends on the groups as well.
SIZED_BY = {
    "input": [("input_width", "input_height"), ("input_size", "input_size", "in_channels")],
    "kernel": [
        ("kernel_width", "kernel_height"),
        ("kernel_size", "kernel_size", None, "out_channels"),
    ],
    "upstream": [
        ("gradient_width", "gradient_height"),
        ("gradient_size", "gradient_size"),
        (None, None, "out_channels"),
    ],
}


def starting(
    controls: Mapping[str, Control],
    arrays: Mapping[str, np.ndarray],
    cut: Callable | None,
    start: Sequence,
    given: Mapping[str, Any],
) -> tuple[dict, dict[str, np.ndarray]]:
    """The value each control starts with, and the explorer's numbers with those given in their corner.

    ``start`` are values of the first controls, ``given`` values of controls and arrays by name.
    """
    named = by_name(controls, arrays, start, given)
    own = {
        name: numbers_of(name, named.pop(name), arrays[name]) for name in arrays if name in named
    }
    asked = {name: controls[name].accepts(value) for name, value in named.items()}
    values = {name: SHARED.start_of(control) for name, control in controls.items()}
    if own and "show" in controls and "numbers" in controls["show"].options:
        values["show"] = "numbers"
    for name, array in own.items():
        values |= sizes_of(name, array, controls, asked)
        if any(have > most for have, most in zip(array.shape, arrays[name].shape, strict=True)):
            most = _by(arrays[name].shape)
            raise ValueError(f"{name} is {_by(array.shape)}; this picture holds up to {most}.")
    numbers = {name: array.copy() for name, array in arrays.items()}
    for name, array in own.items():
        numbers[name][tuple(map(slice, array.shape))] = array
    values |= asked
    for name, control in controls.items():
        if isinstance(control, Slider) and control.follows and name not in asked:
            values[name] = control.accepts(values[control.follows])
    if own and cut:
        free = "input_size" in controls and "input_size" not in asked and "input" not in own
        sizes = controls["input_size"].options if free and "upstream" in own else []
        values = fitting(partial(contradiction, cut, numbers, own), values, sizes)
    return values, numbers


def by_name(controls, arrays, start: Sequence, given: Mapping) -> dict:
    """Arguments given by place are those of the first controls."""
    if len(start) > len(controls):
        raise TypeError(
            f"At most {len(controls)} arguments, not {len(start)}: {', '.join(controls)}."
        )
    named = dict(zip(controls, start, strict=False))
    for name, value in given.items():
        if name in named:
            raise TypeError(f"{name} is given twice.")
        if name not in controls and name not in arrays:
            there_are = ", ".join([*controls, *arrays])
            raise TypeError(f"There is no {name} here. What can be given: {there_are}.")
        if value is not None:  # None: as if it had not been given
            named[name] = value
    return named


def numbers_of(name: str, value: Any, like: np.ndarray) -> np.ndarray:
    """A list or an array as numbers of the same rank as the explorer's own."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"The rows of {name} are not equally long.") from None
    if array.size == 0:
        raise ValueError(f"{name} has no cells.")
    if array.dtype.kind not in "iufb":
        raise TypeError(f"{name} takes real numbers in rows, as in [[1, 2], [3, 4]].")
    if array.ndim != like.ndim:
        axes = {1: "one row of numbers", 2: "rows of numbers", 3: "channels of rows of numbers"}
        wanted = axes.get(like.ndim, f"{like.ndim} axes of numbers")
        raise ValueError(f"{name} takes {wanted}, not an array of shape {array.shape}.")
    if not np.all(np.abs(array.astype(float)) < LARGEST_NUMBER):  # a nan fails every comparison
        raise ValueError(
            f"{name} takes finite numbers below a million: others have no room in a cell."
        )
    return array.astype(float)


def sizes_of(name: str, array: np.ndarray, controls: Mapping, asked: Mapping) -> dict:
    """The values of the controls that say how large this array is."""
    sizes: dict = {}
    for control, cells in zip(_sized_by(name, controls), reversed(array.shape), strict=False):
        if control not in controls:
            continue
        if sizes.get(control, cells) != cells:
            raise ValueError(f"{name} is square in this picture, not {_by(array.shape)}.")
        if asked.get(control, cells) != cells:
            raise ValueError(
                f"{name} is {_by(array.shape)}, which contradicts {control}={asked[control]}."
            )
        try:
            sizes[control] = controls[control].accepts(cells)
        except ValueError as sentence:
            raise ValueError(f"{name} is {_by(array.shape)}, but {sentence}") from None
    return sizes


def _sized_by(name: str, controls: Mapping) -> tuple[str, ...]:
    for names in SIZED_BY.get(name, ()):
        if any(one in controls for one in names):
            return names
    return ()


def fitting(wrong: Callable[[dict], str], values: dict, input_sizes: Iterable[int]) -> dict:
    """The values, if nothing is ``wrong`` with them: else with the first input size that is right.

    Raises ValueError with what is wrong where there is none.
    """
    sentence = wrong(values)
    for size in input_sizes if sentence else ():
        if not wrong({**values, "input_size": size}):
            return {**values, "input_size": size}
    if sentence:
        raise ValueError(sentence)
    return values


def contradiction(cut: Callable, numbers: Mapping, own: Mapping, values: dict) -> str:
    """Which array that was given the picture does not show as it is; "" where it shows all of them."""
    try:
        layer, _ = cut(numbers, **values)
    except DoesNotFit as sentence:
        return str(sentence)
    for name, array in own.items():
        shown = layer.arrays.get(name)
        if shown is None or not np.shares_memory(shown, numbers[name]):
            return f"{name} is given, but with these settings something else stands in its place."
        if shown.shape != array.shape:
            return f"{name} is {_by(array.shape)}, but with these sizes it is {_by(shown.shape)}."
    return ""


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
