"""The picture behind all others: each meeting of an input, a weight and an output is a card, and the same
cards are sorted in three ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...functional import conv2d, conv2d_input, conv2d_weight
from ...functional.geometry import DoesNotFit, Geometry
from ...functional.table import convolution_table, unpadded_cells
from ...scene import Axis, Cards, Grid, Lamp, Scene, Slot
from ...symbols import labels, number, spoken
from ..grids import edge_grid
from ..input_gradient.gathering import input_call, input_equation
from ..kernel_gradient.kernel_gradient import equation_of, weight_call
from ..meetings import partners
from ..sheet import Sheet, column
from ..words import Says, count

# Two maps are read and the third is written, each always in the same place.
MAPS = column(200, y=46, gap=42, largest=62, input=176, kernel=118, output=160)
TOP, ROOM = 46, 540  # of the rows of cards
SUMS = (276, 66)  # left edge and width of the results in front of the rows
LEFT, WIDE = 380, 800  # of the cards
HIGHEST, WIDEST, GAP = 62, 150, 5  # of a card, and what is free between two
LOW = 30  # of a row: lower than this there is no room for a sign
PLURAL = {"output": "outputs", "kernel": "weights", "input": "inputs"}
Meetings = dict[str, np.ndarray]


@dataclass(frozen=True)
class Sorting:
    """One of the three ways to sort: by which cell, the result of a row, the two factors on a card, and
    where the result stands."""

    by: str
    result: str
    factors: tuple[str, str]
    title: str


SORTINGS = {
    "by output": Sorting("output", "output", ("kernel", "input"), "the forward pass"),
    "by weight": Sorting("kernel", "kernel_gradient", ("upstream", "input"), "the kernel gradient"),
    "by input": Sorting("input", "input_gradient", ("upstream", "kernel"), "the input gradient"),
}


def meetings_as_cards(
    input: np.ndarray,
    weight: np.ndarray,
    grad_output: np.ndarray,
    stride=1,
    padding=0,
    dilation=1,
    *,
    sort: str = "by output",
    **letters,
) -> Scene:
    """Every meeting of a convolution as a card, sorted by output, by weight or by input.

    ``input`` is (H, W), ``weight`` (kH, kW), ``grad_output`` has the size of the output; the other
    arguments are PyTorch's, and ``sort`` is one of ``SORTINGS``. The number of a card is that of its
    meeting, however they are sorted. Meetings with padding are left out: their products are 0.
    ``letters`` are those of a `Sheet`: notation, start and show.
    Raises DoesNotFit where ``conv2d_input`` does, and where no window reads a real cell.
    Source: the sums of the note, slides and blog for output, kernel gradient and input gradient.

    >>> x, k, g = np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2))
    >>> scene = meetings_as_cards(x, k, g, sort="by input")
    >>> scene["cards"].size, [scene["cards"].texts[cell] for cell in scene.lit("sums", 1)["cards"]]
    (16, ['g_11·k_12', 'g_12·k_11'])
    """
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    arrays = {
        "input": input,
        "kernel": weight,
        "upstream": grad_output,
        "output": conv2d(input, weight, **how),
        "kernel_gradient": conv2d_weight(input, weight.shape, grad_output, **how),
        "input_gradient": conv2d_input(input.shape, weight, grad_output, **how),
    }
    geometry, sorting = Geometry.of(input.shape, weight.shape, **how), SORTINGS[sort]
    met, left_out = _meetings(geometry)
    slots = {**MAPS, **_rows(arrays[sorting.result].size)}
    sheet = Sheet(slots, **letters)
    maps = _maps(sheet, sorting, arrays)
    cards = _cards(sheet, sorting, arrays, met)
    result = maps[sorting.result]
    sums = edge_grid(
        "sums",
        _symbol(result),
        result,
        slots["sums"],
        down=Axis(result.name, (*range(result.size),)),
    )
    grids = {**maps, "sums": sums, "cards": cards}
    table = {name: met[_place(name)] for name in maps} | {"cards": np.arange(cards.size)}
    order = _order(sorting, met)
    return sheet.scene(
        f"Sorted {sort}: {sorting.title}",
        tuple(grids.values()),
        table,
        _says(sorting, grids, met, order),
        say=_at_rest(sorting, order),
        equations={result.name: _equation(sheet, sorting)},
        signs=_signs(sums.size, slots["sums"].largest),
        counters=_counters(cards.size, left_out),
        lamps=tuple(map(_lamp, order.items())),
        walk=result.name,
        code=_call(sheet, sorting, geometry, how),
    )


def _meetings(geometry: Geometry) -> tuple[Meetings, int]:
    """Which input, weight and output meet, without the padding; and how many met padding."""
    table = convolution_table(geometry)
    cells = unpadded_cells(geometry)[table["input"]]
    real = cells >= 0
    if not real.any():
        raise DoesNotFit("Every window lies on padding alone, so there is no meeting to show.")
    met = {"input": cells, "kernel": table["kernel"], "output": table["output"]}
    return {name: cells[real] for name, cells in met.items()}, int((~real).sum())


def _place(name: str) -> str:
    """In which of the three places a map stands: a gradient where its map does."""
    return {"upstream": "output"}.get(name, name.removesuffix("_gradient"))


def _rows(results: int) -> dict[str, Slot]:
    """A row for each result: in front the result, and beside it its cards."""
    pitch = min(HIGHEST + GAP, ROOM / results)
    left, wide = SUMS
    return {
        "sums": Slot(left, TOP, wide, pitch * results, pitch, square=False, centred=False),
        "cards": Slot(LEFT, TOP, WIDE, ROOM),
    }


def _signs(rows: int, pitch: float) -> tuple[tuple[float, float, str], ...]:
    """An equals sign in each row, or where rows are low in the first alone."""
    shown = rows if pitch > LOW else 1
    return tuple((LEFT - 21, TOP + pitch * (row + 0.5) + 9, "=") for row in range(shown))


def _maps(sheet: Sheet, sorting: Sorting, arrays: dict) -> dict[str, Grid]:
    """The two maps that are read and the one that is written. Each weight has a colour of its own."""
    names = dict.fromkeys((*sorting.factors, sorting.result))
    made = {}
    for name in sorted(names, key=lambda name: list(MAPS).index(_place(name))):
        about = {"role": "written"} if name == sorting.result else {"editable": True}
        if _place(name) == "kernel":
            about["hues"] = tuple(range(arrays["kernel"].size))
        made[name] = sheet.grid(name, arrays[name], slot=_place(name), **about)
        if name == "upstream":
            made[name] = replace(made[name], title=made[name].title.replace("|", "|g = ", 1))
    return made


def _symbol(grid: Grid) -> str:
    """The symbol between the bars of a title."""
    return f"|{grid.title.split('|')[1]}|"


def _cards(sheet: Sheet, sorting: Sorting, arrays: dict, met: Meetings) -> Grid:
    """The cards, each in the row of its result, with what is multiplied on it."""
    outputs = arrays["output"].shape
    names = {
        "input": labels(sheet.letter("input"), arrays["input"].shape, sheet.start),
        "kernel": labels(sheet.letter("kernel"), arrays["kernel"].shape, sheet.start),
        "output": labels(sheet.letter("output"), outputs, sheet.start),
        "upstream": labels("g", outputs, sheet.start),
    }
    one, other = _factors(sheet, sorting)
    products = arrays[one].ravel()[met[_place(one)]] * arrays[other].ravel()[met[_place(other)]]
    columns = {name: met[_place(name)].tolist() for name in names}

    def named(*parts: str) -> tuple[str, ...]:
        cells = zip(*(columns[part] for part in parts), strict=True)
        return tuple(
            "·".join(names[part][at] for part, at in zip(parts, cell, strict=True))
            for cell in cells
        )

    return Grid(
        "cards",
        "",
        (1, 1, 1, len(products)),
        sheet.slots["cards"],
        symbols=named(one, other),
        names=named("output", "kernel", "input"),
        numbers=tuple(map(number, products.tolist())),
        hues=tuple(columns["kernel"]),
        cards=_laid(met[sorting.by], sheet.slots["sums"].largest),
    )


def _factors(sheet: Sheet, sorting: Sorting) -> tuple[str, str]:
    """What is multiplied on a card, forward in the order of the document."""
    return sheet.notation.factors if sorting.by == "output" else sorting.factors


def _laid(row_of: np.ndarray, pitch: float) -> Cards:
    """Each card in its row, behind those that come before it in the table."""
    filled = np.zeros(row_of.max(initial=-1) + 1, int)
    at = []
    for row in row_of.tolist():
        at.append((row, int(filled[row])))
        filled[row] += 1
    step = min(WIDEST + GAP, WIDE / int(filled.max(initial=1)))
    between = min(GAP, pitch / 10)  # two low rows
    corners = tuple(
        (round(LEFT + step * column, 2), round(TOP + pitch * row + between / 2, 2))
        for row, column in at
    )
    return Cards(round(step - GAP, 2), round(pitch - between, 2), corners)


def _order(sorting: Sorting, met: Meetings) -> dict[str, str]:
    """How outputs, weights and inputs run along the rows, from left to right."""
    order = np.argsort(met[sorting.by], kind="stable")
    beside = np.diff(met[sorting.by][order]) == 0  # with its left neighbour in one row
    return {name: _runs(np.diff(met[name][order])[beside]) for name in PLURAL}


def _runs(steps: np.ndarray) -> str:
    if not len(steps):
        return "stand alone"
    if (steps > 0).all():
        return "run forwards"
    return "run backwards" if (steps < 0).all() else "are the same"


def _lamp(order: tuple[str, str]) -> Lamp:
    name, runs = order
    return Lamp(runs != "run backwards", f"along a row the {PLURAL[name]} {runs}")


def _at_rest(sorting: Sorting, order: dict[str, str]) -> str:
    rest = {
        "output": "Each row is the sum of one output: its weights times the inputs that they met.",
        "kernel": "The same cards. Each row is now the sum of one weight, and nothing is turned.",
        "input": "The same cards. Each row is now the sum of one input.",
    }[sorting.by]
    if order["kernel"] == "run backwards":
        rest += " A later output met it with an earlier weight: this is the turn by 180°."
    return rest


def _equation(sheet: Sheet, sorting: Sorting):
    return {
        "output": lambda: sheet.forward("output"),
        "kernel": lambda: equation_of(sheet),
        "input": lambda: input_equation(sheet),
    }[sorting.by]()


def _call(sheet: Sheet, sorting: Sorting, geometry: Geometry, how: dict) -> str:
    return {
        "output": lambda: sheet.call("output", "nn.functional.conv2d", "input", "kernel", **how),
        "kernel": lambda: weight_call(sheet, **how),
        "input": lambda: input_call(sheet, geometry.input_size, **how),
    }[sorting.by]()


def _counters(cards: int, left_out: int) -> tuple[tuple[str, str], ...]:
    counters = [(str(cards), "meetings, a card for each")]
    if left_out:
        counters.append((str(left_out), "more with padding: always 0, left out"))
    return tuple(counters)


def _weights(order: dict[str, str], row: list[str]) -> str:
    """How the weights of a row run, where they do."""
    runs = order["kernel"]
    if len(row) < 2 or not runs.startswith("run"):
        return ""
    return f" Along it the weights {runs}, from {spoken(row[0])} to {spoken(row[-1])}."


def _says(sorting: Sorting, grids: dict, met: Meetings, order: dict) -> dict[str, Says]:
    """What each cell says when the learner points at it."""
    cards, result = grids["cards"], grids[sorting.result]

    def of_map(name: str) -> Says:
        grid = grids[name]
        shared = partners(met[_place(name)], np.arange(cards.size), grid.size)

        def of_cell(cell: int) -> str:
            n, called = len(shared[cell]), spoken(grid.symbols[cell])
            if name != sorting.result:
                return f"{called} stands on {count(n, 'card')}."
            if not n:
                return f"{called} is 0: its row has no card."
            row = [cards.names[card].split("·")[1] for card in shared[cell]]
            return f"{called} is the sum of its row: {count(n, 'card')}.{_weights(order, row)}"

        return of_cell

    def of_card(cell: int) -> str:
        output, weight, input = (spoken(name) for name in cards.names[cell].split("·"))
        product = "·".join(map(spoken, cards.symbols[cell].split("·")))
        into = spoken(result.symbols[met[_place(sorting.result)][cell]])
        return (
            f"{output} reads {input} with the weight {weight}. This card adds {product} to {into}."
        )

    return {name: of_map(name) for name in grids if name not in ("sums", "cards")} | {
        "cards": of_card
    }
