"""The picture of the four steps of backpropagation, with the shape of everything."""

from __future__ import annotations

import numpy as np

from ...functional.geometry import DoesNotFit
from ...network.four_steps import ACTIVATIONS, Passes, agrees_with_differences, four_steps
from ...scene import Equation, Grid, Scene, Slot, Stroke
from ...symbols import number
from ..meetings import joined
from ..sheet import WIDTH, Sheet
from .gates import revealed
from .network_words import parts_of, raised, says_of, shape, steps_of

WIDEST, DEEPEST = 3, 4  # what there is room for
GAP, LEFT, RIGHT = 16, 14, 996
ABOVE, TOP, BOTTOM = 40, 92, 318  # the arrows, the forward row, the backward row


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
    grids = [_grid(sheet, name, cells) for name, cells in values.items()]
    return sheet.scene(
        "A plain network in four steps",
        tuple(grid if _is_given(grid.name) else revealed(grid, steps) for grid in grids),
        _table(widths, last),
        {grid.name: says_of(grid, last, activation) for grid in grids},
        say=_say(activation, passes),
        size=(WIDTH, 560),
        equations=_equations(sheet, last),
        strokes=_arrows(widths, last, columns),
        counters=((number(passes.loss), "the loss J = ½‖y − a‖²"),),
        lamps=(
            (
                agrees_with_differences(passes, x, W, b, y, f),
                "all gradients agree with central differences",
            ),
        ),
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
    return "Below each thing stands its gradient, in the same shape. Press Next to walk the four steps."


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
    cell = min(56.0, (RIGHT - LEFT - GAP * (len(names) - 1)) / cells)
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
    return Slot(x, TOP if name == column else BOTTOM, width, WIDEST * cell, largest=cell)


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
        symbols=_symbols(name, values.shape, sheet.start, brief=name.endswith("_gradient")),
        names=_symbols(name, values.shape, sheet.start),
        numbers=tuple(map(number, values.ravel().tolist())),
        show=sheet.show,
        editable=is_given,
    )


def _symbols(name: str, shape: tuple[int, int], start: int, brief: bool = False) -> tuple[str, ...]:
    """What the cells are called. A gradient's long name has no room in its cell: ``brief`` leaves
    out its layer, which the title says."""
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
        "error": "|e = a−y|",
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


def _arrows(widths: dict[int, int], last: int, columns) -> tuple[Stroke, ...]:
    """One arrow for each layer, forward above and backward below, with names and shapes on it."""
    low = BOTTOM + WIDEST * columns["y"][1] + 36

    def middle(name: str) -> float:
        x, width = columns[name]
        return x + width / 2

    def arrow(kind: str, start: str, end: str, y: float, names: str, shapes: str) -> list[Stroke]:
        ends = ((middle(start), y), (middle(end), y))
        return [Stroke(ends, kind, names), Stroke(ends, kind, shapes, below=True)]

    strokes = []
    for l in range(1, last):
        n, m, up, down = widths[l + 1], widths[l], raised(l + 1), raised(l)
        strokes += arrow(
            "forward", f"a{l}", f"a{l + 1}", ABOVE,
            f"z{up} = W{down} a{down} + b{down}",
            f"{shape(n)} = {shape(n, m)} · {shape(m)} + {shape(n)}",
        )  # fmt: skip
        if l > 1:
            strokes += arrow(
                "backward", f"z{l + 1}", f"z{l}", low,
                f"δ{down} = (W{down})ᵀ δ{up} • f′(z{down})",
                f"{shape(m)} = {shape(m, n)} · {shape(n)} • {shape(m)}",
            )  # fmt: skip
    return tuple(strokes)
