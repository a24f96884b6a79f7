"""The picture of a flat switch in a map of another width: unpooling without its output size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional import max_unpool2d
from ...scene import NOWHERE, Grid, Lamp, Scene, Step
from ...symbols import spoken
from ..meetings import appearing
from ..sheet import Sheet, across, row
from ..words import Says, count
from .pools import MaxPooled, pooled_map, switch_grid, unpooling_call

SLOTS = row(232, gap=56, largest=58, input=232, output=150, told=232, forgot=232)
SLOTS["switches"] = replace(SLOTS["output"], y=336, height=150, largest=66)


def forgotten_size(
    input: np.ndarray, kernel_size=2, upstream: np.ndarray | None = None, **letters
) -> Scene:
    """Unpooling a map (H, W) to its own size, and to the size that is made if nobody says it.

    With ``upstream`` (oh, ow) gradients are unpooled, without it the maxima. Windows tile the map;
    where they leave a remainder the two sizes differ, and so do the places that a switch names. What
    is missing and what is astray is crossed. ``letters`` are those of a `Sheet`: notation, start and
    show (numbers, unless said).
    Raises DoesNotFit where ``max_pool2d`` does. Source: ``output_size`` of PyTorch's
    ``max_unpool2d``.

    >>> scene = forgotten_size(np.array([[1.0, 2.0, 0.0], [3.0, 9.0, 0.0], [0.0, 0.0, 0.0]]))
    >>> scene["told"].numbers[4], scene["forgot"].numbers  # switch 4 names no cell of 2×2
    ('9', ('0', '0', '0', '0'))
    """
    pool = MaxPooled.of(input, kernel_size)
    values = upstream is None
    small = pool.pooled if values else upstream
    sheet = Sheet(SLOTS, **{"show": "numbers", **letters})
    a = pooled_map(sheet, input, pool.geometry)
    a = replace(a, marks={"switch": tuple(pool.winners)})
    told, forgot = (make(sheet, pool, small, values) for make in (_told, _forgot))
    h = _arriving(sheet, pool, small, values)
    kept = switch_grid("switches", "switches", pool, SLOTS["switches"])
    astray = sum(not _same_place(pool, cell) for cell in pool.winners)
    return sheet.scene(
        "A flat switch belongs to one width",
        (a, h, kept, told, forgot),
        _table(pool, made_unasked(pool)),
        _says(pool, a, h, forgot),
        say=_say(astray),
        strokes=(across(h, told, "forward" if values else "backward"),),
        lamps=(_lamp(astray, h.size),),
        steps=_steps(pool),
        code=unpooling_call(sheet.notation.output if values else "g", kernel_size),
    )


def read_in(cell: int, shape: tuple[int, ...]) -> int:
    """The cell that a flat switch names in a map of this shape; NOWHERE beyond its end.

    >>> read_in(6, (4, 4)), read_in(17, (4, 4))
    (6, -1)
    """
    return cell if cell < shape[0] * shape[1] else NOWHERE


def made_unasked(pool: MaxPooled) -> tuple[int, int]:
    """The size that unpooling makes if nobody says one: s(o-1) + k.

    >>> made_unasked(MaxPooled.of(np.zeros((5, 4)), 2))
    (4, 4)
    """
    axes = pool.geometry.axes
    height, width = (axis.stride * (axis.out - 1) + axis.kernel for axis in axes)
    return height, width


def _same_place(pool: MaxPooled, cell: int) -> bool:
    """Whether a switch names the same row and column in both sizes."""
    size = made_unasked(pool)
    return read_in(cell, size) != NOWHERE and divmod(cell, size[1]) == divmod(
        cell, pool.input.shape[1]
    )


def _told(sheet: Sheet, pool: MaxPooled, small: np.ndarray, values: bool) -> Grid:
    """The map of the right size, with everything in its place."""
    rows, columns = shape = pool.input.shape
    unpooled = max_unpool2d(small, pool.switches, pool.geometry.kernel_size, output_size=shape)
    grid = _map(sheet, "told", unpooled, values)
    grid = _coming(sheet, grid, pool.winners, [grid.symbols[cell] for cell in pool.winners])
    return replace(grid, title=f"output_size said: {rows}×{columns}")


def _forgot(sheet: Sheet, pool: MaxPooled, small: np.ndarray, values: bool) -> Grid:
    """The map of the size that is made unasked: each number at the cell its switch names in it."""
    rows, columns = size = made_unasked(pool)
    landed = [read_in(cell, size) for cell in pool.winners]
    cells = np.zeros(rows * columns + 1)  # the last one for what lands nowhere
    cells[landed] = small.ravel()
    right = _map(sheet, "told", np.zeros(pool.input.shape), values).symbols
    grid = _map(sheet, "forgot", cells[:-1].reshape(size), values)
    grid = _coming(sheet, grid, landed, [right[cell] for cell in pool.winners])
    wrong = _wrong_since(pool, size)
    return replace(
        grid,
        title=f"not said: {rows}×{columns}",
        marks={"wrong": tuple(sorted(wrong))},
        marked_since=wrong,
    )


def _wrong_since(pool: MaxPooled, size: tuple[int, int]) -> dict[int, int]:
    """The cells where something is missing or astray, and the window since which it is."""
    since: dict[int, int] = {}
    for window, cell in enumerate(pool.winners):
        if _same_place(pool, cell):
            continue
        r, c = divmod(cell, pool.input.shape[1])
        due = r * size[1] + c if r < size[0] and c < size[1] else NOWHERE
        for one in (read_in(cell, size), due):
            if one != NOWHERE:
                since.setdefault(one, window)
    return since


def _map(sheet: Sheet, name: str, values: np.ndarray, maxima: bool) -> Grid:
    return sheet.grid(name, values, of="input" if maxima else "input_gradient", role="written")


def _coming(sheet: Sheet, grid: Grid, landed: list[int], called: list[str]) -> Grid:
    """A map that begins with zeros, and what stands in it after each window; what lands is ``called``
    by the cell that it belongs to."""
    came = {cell: window for window, cell in enumerate(landed) if cell != NOWHERE}
    symbols = tuple(called[came[cell]] if cell in came else "0" for cell in range(grid.size))
    grid = replace(grid, names=grid.symbols, symbols=symbols)
    texts = sheet.written(grid).texts or grid.numbers
    since = [came.get(cell, 0) for cell in range(grid.size)]
    return replace(grid, frames=appearing(texts, since, len(landed), "0"))


def _arriving(sheet: Sheet, pool: MaxPooled, small: np.ndarray, values: bool) -> Grid:
    """What is unpooled: the maxima, or the gradients that arrive at them."""
    grid = sheet.grid("output" if values else "upstream", small, slot="output", editable=not values)
    return replace(grid, name="output", title=grid.title.replace("upstream", "arriving"))


def _table(pool: MaxPooled, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Each window with its winner, and the cells that its switch names in both sizes."""
    windows = np.arange(len(pool.winners))
    return {
        "input": pool.switches.ravel(),
        "output": windows,
        "switches": windows,
        "told": pool.switches.ravel(),
        "forgot": np.array([read_in(cell, size) for cell in pool.winners]),
    }


def _place(cell: int, shape: tuple[int, ...]) -> str:
    """Where a switch leads in a map of this shape, in words.

    >>> _place(6, (4, 4)), _place(17, (4, 4))
    ('row 1, column 2', 'no cell')
    """
    if read_in(cell, shape) == NOWHERE:
        return "no cell"
    r, c = divmod(cell, shape[1])
    return f"row {r}, column {c}"


def _sentence(pool: MaxPooled, window: int) -> str:
    """What the switch of a window names in both sizes."""
    cell, size = pool.winners[window], made_unasked(pool)
    right, wrong = _place(cell, pool.input.shape), _place(cell, size)
    wide = f"{count(size[1], 'cell')} wide"
    if _same_place(pool, cell):
        return f"Switch {cell} names {right}, also in the map that is {wide}."
    return f"Switch {cell} names {right}. In the map that is {wide} it names {wrong}."


def _says(pool: MaxPooled, a: Grid, h: Grid, forgot: Grid) -> dict[str, Says]:
    """What each cell says when the learner points at it."""

    def of_input(cell: int) -> str:
        wins = "wins its window" if pool.wins[cell] else "does not win"
        return f"{spoken(a.symbols[cell])} {wins}."

    def of_window(window: int) -> str:
        return f"{spoken(h.symbols[window])}: {_sentence(pool, window)}"

    def of_told(cell: int) -> str:
        return "It has come back to its place." if pool.wins[cell] else "A 0 is filled in here."

    def of_forgot(cell: int) -> str:
        if cell in forgot.marks["wrong"]:
            return "Wrong: what belongs here is not what stands here."
        return "As it should be."

    return {
        "input": of_input,
        "output": of_window,
        "switches": lambda window: _sentence(pool, window),
        "told": of_told,
        "forgot": of_forgot,
    }


def _steps(pool: MaxPooled) -> tuple[Step, ...]:
    """A number at a time, to both maps."""
    size = made_unasked(pool)
    landed = [read_in(cell, size) for cell in pool.winners]
    return tuple(
        Step(
            {"output": (window,)},
            {"told": (cell,)} | ({"forgot": (at,)} if at != NOWHERE else {}),
            _sentence(pool, window),
            points={"switches": (window,)},
            around={"input": (cell,)},
        )
        for window, (cell, at) in enumerate(zip(pool.winners, landed, strict=True))
    )


def _say(astray: int) -> str:
    if not astray:
        return "Nobody has to say the size here: the map that is made has it already."
    return "The switches were counted in the wide map, and are read in a narrower one. Press Next."


def _lamp(astray: int, windows: int) -> Lamp:
    if not astray:
        return Lamp(True, "every number is in its place")
    return Lamp(False, f"{astray} of {count(windows, 'number')} not in their place", mistake=True)
