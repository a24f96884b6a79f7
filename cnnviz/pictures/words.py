"""The words that pictures share: counted nouns, lists of cells, equations, and calls of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..functional.geometry import count as count  # pictures and messages count alike
from ..scene import Equation, Grid
from ..symbols import spoken

Says = Callable[[int], str]  # the number of a cell -> what it says


def said(grid: Grid, sentence: Says) -> Grid:
    """The grid with a sentence for each cell. What was laid out anew is asked for the cell it comes
    from, or for PADDING or INSERTED."""
    return replace(grid, sentences=tuple(map(sentence, grid.cells or range(grid.size))))


def names(grid: Grid, cells: Iterable[int], most: int = 9) -> str:
    """The names of some cells, as in a sentence."""
    cells = list(cells)
    said = [spoken(grid.symbols[cell]) for cell in cells[:most]]
    return ", ".join(said) + (", …" if len(cells) > most else "")


def equation(of: str, *factors: str, plus: str = "", ledger: str = "") -> Equation:
    """A cell of a grid as a sum of products of cells of others, all known by the names of the grids.

    >>> equation("z", "W", "a", plus="b")
    Equation(left='{z}', factors=('{W}', '{a}'), counted=True, ledger='', plus='{b}')
    """
    left, more, *read = (f"{{{name}}}" * bool(name) for name in (of, plus, *factors))
    return Equation(left, tuple(read), True, ledger, more)


# What PyTorch takes where nothing is said.
USUAL = {
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dilation": 1,
    "groups": 1,
    "ceil_mode": False,
    "count_include_pad": True,
    "return_indices": False,
    "output_size": None,
}


def call(
    result: str, function: str, arguments: Iterable, usual: Mapping | None = None, **given
) -> str:
    """A call of PyTorch; what is as by default is left out, and ``usual`` names other defaults.

    >>> call("h", "nn.functional.conv2d", ["a", "k"], stride=2, padding=0, dilation=1)
    'h = torch.nn.functional.conv2d(a, k, stride=2)'
    """
    default = {**USUAL, **(usual or {})}
    said = [f"{name}={value!r}" for name, value in given.items() if value != default[name]]
    called = f"torch.{function}({', '.join([*map(str, arguments), *said])})"
    return f"{result} = {called}" if result else called
