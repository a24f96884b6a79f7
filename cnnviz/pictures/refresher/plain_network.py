"""The picture of the four steps of backpropagation, with the shape of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...functional.geometry import DoesNotFit
from ...network.four_steps import ACTIVATIONS, Passes, agrees_with_differences, four_steps
from ...scene import Equation, Grid, Lamp, Scene, Slot, Step, Stroke
from ...symbols import number
from ..meetings import joined
from ..sheet import WIDTH, Sheet
from .network_words import parts_of, raised, says_of, shape, steps_of
from .single_numbers import revealed

WIDEST, DEEPEST = 3, 4  # what there is room for
GAP, LEFT, RIGHT = 16, 14, 996
CELL = 56  # of the largest cells, of three layers or fewer
MOST_LETTERS = 6  # of a number in a cell
ABOVE, TOP = 32, 70  # the arrows, and the forward row
BOTTOM = TOP + WIDEST * CELL + 58  # the backward row
BELOW = 38  # the arrows back, so far under it


def plain_network(
    x: np.ndarray,
    W: dict[int, np.ndarray],
    b: dict[int, np.ndarray],
    y: np.ndarray,
    activation: str = "ReLU",
    **letters,
) -> Scene:
    """A network of dense layers: forward on top, and below each thing its gradient.

    ``x`` (n, 1) and ``y`` are columns; ``W[l]`` (width of l + 1, width of l) and ``b[l]`` lead from
    layer l to layer l + 1, the input being layer 1. ``activation`` is "ReLU", "sigmoid" or "tanh".
    ``letters`` are those of a `Sheet`, numbers unless said: start and show.
    Raises DoesNotFit for more than four layers or more than three units in one.
    Source: slides, "Back-propagation algorithm for NN".

    >>> one = np.array([[1.0]])
    >>> scene = plain_network(one, {1: 3 * one}, {1: 0 * one}, one)
    >>> scene["W1_gradient"].numbers, scene.equation_text("W1_gradient", 0)
    (('2',), '∂J/∂W^(1)_11 = δ^(2)_1·a^(1)_1')
    """
    last = len(W) + 1
    widths = {1: len(x)} | {l + 1: len(W[l]) for l in W}
    _check_room(last, max(widths.values()))
    f = ACTIVATIONS[activation]
    passes = four_steps(x, W, b, y, f)
    values, columns = _values(x, W, b, y, passes), _columns(last)
    slots = {name: _slot(name, columns) for name in values}
    sheet = Sheet(slots, **{"show": "numbers", **letters})
    steps = steps_of({name: cells.size for name, cells in values.items()}, widths)
    grids = {name: _grid(sheet, name, cells) for name, cells in values.items()}
    return sheet.scene(
        "A plain network in four steps",
        tuple(revealed(grid, steps) for grid in grids.values()),
        _table(widths, last),
        {name: says_of(grid, last, activation) for name, grid in grids.items()},
        say=_say(activation, passes),
        size=(WIDTH, BOTTOM + WIDEST * CELL + BELOW + 28),
        equations=_equations(sheet, last),
        strokes=_arrows(grids, widths, steps),
        counters=((number(passes.loss), "the loss J = ½‖y − a‖²"),),
        lamps=(_judge(agrees_with_differences(passes, x, W, b, y, f)),),
        steps=steps,
        beware="",  # its letters are those of the slides alone
        code=f"z = torch.nn.functional.linear(a, W, b); a = {f.call}(z)  # in each layer",
    )


def _check_room(layers: int, widest: int) -> None:
    if layers > DEEPEST or widest > WIDEST:
        raise DoesNotFit(
            f"There is room for {DEEPEST} layers of {WIDEST} units, not for {layers} layers of {widest}."
        )


def _say(activation: str, passes: Passes) -> str:
    if activation == "ReLU" and any((z == 0).any() for z in passes.z.values()):
        return (
            "A sum z is exactly 0 here, at the kink of ReLU: there is no slope, so a measurement may "
            "disagree."
        )
    return "Below each thing stands its gradient, in the same shape."


def _judge(agree: bool) -> Lamp:
    whose = "all gradients agree" if agree else "not every gradient agrees"
    return Lamp(agree, f"{whose} with central differences", mistake=True)


def _values(x, W, b, y, passes: Passes) -> dict[str, np.ndarray]:
    """The cells of each grid, in the order in which the forward pass meets them."""
    last = len(W) + 1
    values = {"a1": x}
    for l in W:
        values |= {f"W{l}": W[l], f"b{l}": b[l]}
        values |= {f"z{l + 1}": passes.z[l + 1], f"a{l + 1}": passes.a[l + 1]}
    values |= {"y": y, "error": passes.error}
    for l in range(last, 1, -1):
        values |= {f"slope{l}": passes.slope[l], f"delta{l}": passes.delta[l]}
    for l in reversed(W):
        values |= {f"W{l}_gradient": passes.by_W[l], f"b{l}_gradient": passes.by_b[l]}
    return values


def _columns(last: int) -> dict[str, tuple[float, float]]:
    """Left edge and width of the column each name stands in, for the widest network."""
    names = ["a1"]
    for l in range(1, last):
        names += [f"W{l}", f"b{l}", f"z{l + 1}", f"a{l + 1}"]
    names.append("y")
    cells = sum(WIDEST if name[0] == "W" else 1 for name in names)
    cell = min(float(CELL), (RIGHT - LEFT - GAP * (len(names) - 1)) / cells)
    columns, x = {}, LEFT
    for name in names:
        wide = cell * (WIDEST if name[0] == "W" else 1)
        columns[name] = (x, wide)
        x += wide + GAP
    return columns


def _column_of(name: str) -> str:
    """A gradient stands under the thing it belongs to."""
    kind, l = parts_of(name)
    over = {"slope": f"a{l}", "delta": f"z{l}", "error": "y"}
    return over.get(kind, name.removesuffix("_gradient"))


def _slot(name: str, columns: dict[str, tuple[float, float]]) -> Slot:
    column = _column_of(name)
    (x, width), (_, cell) = columns[column], columns["y"]
    # The names of both rows stand between them: outside there are the arrows.
    over = name == column
    return Slot(x, TOP if over else BOTTOM, width, WIDEST * cell, largest=cell, under=over)


def _is_given(name: str) -> bool:
    return name in ("a1", "y") or (name[0] in "Wb" and not name.endswith("_gradient"))


def _grid(sheet: Sheet, name: str, values: np.ndarray) -> Grid:
    is_given = _is_given(name)
    return Grid(
        name,
        _title(name, values.shape),
        (1, 1, *values.shape),
        sheet.slots[name],
        role="read" if is_given or name.startswith("slope") else "written",
        symbols=_symbols(name, values.shape, sheet.start, brief=True),
        names=_symbols(name, values.shape, sheet.start),
        numbers=tuple(map(_short, values.ravel().tolist())),
        values=values.ravel(),
        show=sheet.show,
        editable=is_given,
    )


def _short(value: float) -> str:
    """A number in a narrow cell: with as many of three digits as there is room for.

    >>> _short(-0.0178), _short(-0.00168), _short(0.00058), _short(14.0)
    ('−0.018', '−0.002', '0.0006', '14')
    """
    texts = (number(value), *(f"{value:{form}}" for form in (".2g", ".1g", ".0e")))
    brief = [text.replace("e-0", "e-").replace("-", "−") for text in texts]
    return next((text for text in brief if len(text) <= MOST_LETTERS), brief[-1])


def _symbols(name: str, shape: tuple[int, int], start: int, brief: bool = False) -> tuple[str, ...]:
    """What the cells are called. In a cell their names are ``brief``: the title says the layer."""
    rows, columns = shape
    letter, l = parts_of(name)
    letter = {"slope": "s", "delta": "δ", "error": "e"}.get(letter, letter)
    of = f"{letter}^({l})" if l and not brief else letter
    cells = [
        f"{of}_{i}{j if letter == 'W' else ''}"
        for i in range(start, start + rows)
        for j in range(start, start + columns)
    ]
    return tuple(f"∂J/∂{cell}" if name.endswith("_gradient") else cell for cell in cells)


def _title(name: str, cells: tuple[int, int]) -> str:
    kind, l = parts_of(name)
    size = f"  {shape(*cells)}" if kind == "W" else ""
    if name.endswith("_gradient"):
        return f"|∂J/∂{kind}{raised(l)}|{size}"
    plain = {
        "slope": f"|f′(z{raised(l)})|",
        "delta": f"|δ{raised(l)}|",
        "error": "|e|",
        "y": "|y|",
    }
    return plain.get(kind, f"|{kind}{raised(l)}|{size}")


def _table(widths: dict[int, int], last: int) -> dict[str, np.ndarray]:
    """Which cells meet, step by step. A cell's rows of the step that makes it come first, because
    the bias in its equation is looked for there."""
    blocks = []
    for l in range(1, last):
        i, j = _pairs(widths[l + 1], widths[l])
        blocks.append({f"z{l + 1}": i, f"W{l}": i * widths[l] + j, f"a{l}": j, f"b{l}": i})
        unit = np.arange(widths[l + 1])
        blocks += [
            {f"z{l + 1}": unit, f"a{l + 1}": unit},
            {f"z{l + 1}": unit, f"slope{l + 1}": unit},
        ]
    unit = np.arange(widths[last])
    blocks.append({"error": unit, f"a{last}": unit, "y": unit})
    blocks.append({f"delta{last}": unit, "error": unit, f"slope{last}": unit})
    for l in range(last - 1, 1, -1):
        k, i = _pairs(widths[l + 1], widths[l])
        blocks.append(
            {f"delta{l}": i, f"W{l}": k * widths[l] + i, f"delta{l + 1}": k, f"slope{l}": i}
        )
    for l in range(last - 1, 0, -1):
        i, j = _pairs(widths[l + 1], widths[l])
        blocks.append({f"W{l}_gradient": i * widths[l] + j, f"delta{l + 1}": i, f"a{l}": j})
        unit = np.arange(widths[l + 1])
        blocks.append({f"b{l}_gradient": unit, f"delta{l + 1}": unit})
    return joined(*blocks)


def _pairs(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return np.divmod(np.arange(rows * columns), columns)


def _equations(sheet: Sheet, last: int) -> dict[str, Equation]:
    made = [
        sheet.equation(f"delta{last}", "error", f"slope{last}", printed="delta of the last layer")
    ]
    for l in range(1, last):
        up, (W, b) = l + 1, (f"W{l}", f"b{l}")
        made += [
            sheet.equation(f"z{up}", W, f"a{l}", plus=b),
            sheet.equation(
                f"{W}_gradient", f"delta{up}", f"a{l}", printed="weight gradient by delta"
            ),
            sheet.equation(f"{b}_gradient", f"delta{up}", printed="bias gradient by delta"),
        ]
    made += [
        sheet.equation(
            f"delta{l}", f"W{l}", f"delta{l + 1}", f"slope{l}", printed="delta of a layer"
        )
        for l in range(2, last)
    ]
    return {each.left.strip("{}"): each for each in made}


def _arrows(
    grids: Mapping[str, Grid], widths: dict[int, int], steps: Sequence[Step]
) -> tuple[Stroke, ...]:
    """One arrow for each layer, forward above and backward below, with names and shapes on it."""
    finds = {step.of[0]: n for n, step in enumerate(steps) if step.of}
    strokes = []
    for l in range(1, max(widths)):
        n, m, up, down = widths[l + 1], widths[l], raised(l + 1), raised(l)
        strokes += _over(
            grids[f"a{l}"], grids[f"a{l + 1}"], finds[f"z{l + 1}"],
            f"z{up} = W{down} a{down} + b{down}",
            f"{shape(n)} = {shape(n, m)} · {shape(m)} + {shape(n)}",
        )  # fmt: skip
        if l > 1:
            strokes += _under(
                grids[f"delta{l + 1}"], grids[f"delta{l}"], finds[f"delta{l}"],
                f"δ{down} = (W{down})ᵀ δ{up} • f′(z{down})",
                f"{shape(m)} = {shape(m, n)} · {shape(n)} • {shape(m)}",
            )  # fmt: skip
    return tuple(strokes)


def _over(start: Grid, end: Grid, step: int, names: str, shapes: str) -> tuple[Stroke, Stroke]:
    """An arrow forward, from the top of one grid to that of another."""
    points = _bridge(start, end, ABOVE, start.place.y, end.place.y)
    return _named(points, "forward", step, names, shapes)


def _under(start: Grid, end: Grid, step: int, names: str, shapes: str) -> tuple[Stroke, Stroke]:
    """An arrow backward, from the bottom of one grid to that of another."""
    low, high = (grid.place.y + grid.shape[2] * grid.place.height for grid in (start, end))
    level = start.slot.y + start.slot.height + BELOW
    return _named(_bridge(start, end, level, low, high), "backward", step, names, shapes)


def _named(points: tuple, kind: str, step: int, names: str, shapes: str) -> tuple[Stroke, Stroke]:
    """The arrow, with names over it and shapes below."""
    return Stroke(points, kind, names, steps=(step,)), Stroke(
        points[1:3], "axis", shapes, below=True, steps=(step,)
    )


def _bridge(start: Grid, end: Grid, level: float, leaves: float, lands: float) -> tuple:
    """Out of one grid, along at this height and into another. In a grid between two bridges they stand
    a little apart."""
    way = 8 if start.place.x < end.place.x else -8
    x, to = (grid.place.x + grid.place.width / 2 for grid in (start, end))
    return (x + way, leaves), (x + way, level), (to - way, level), (to - way, lands)
