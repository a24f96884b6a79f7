"""The picture of the four steps of backpropagation, with the shape of everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional.geometry import DoesNotFit
from ...network.four_steps import ACTIVATIONS, Passes, agrees_with_differences, four_steps
from ...scene import NOWHERE, Equation, Grid, Scene, Slot, Stroke
from ...symbols import number
from .network_words import parts_of, raised, shape, steps_of, worded

WIDEST, DEEPEST = 3, 4  # what there is room for
GAP, LEFT, RIGHT = 16, 14, 996
ABOVE, TOP, BOTTOM = 40, 92, 318  # the arrows, the forward row, the backward row


def plain_network(
    x: np.ndarray,
    W: dict[int, np.ndarray],
    b: dict[int, np.ndarray],
    y: np.ndarray,
    activation: str = "ReLU",
    *,
    start: int = 1,
    show: str = "numbers",
) -> Scene:
    """A network of dense layers: forward on top, and below each thing its gradient.

    ``x`` (n, 1) and ``y`` are columns; ``W[l]`` (width of l + 1, width of l) and ``b[l]`` lead from
    layer l to layer l + 1, the input being layer 1. ``activation`` is "ReLU", "sigmoid" or "tanh".
    Raises DoesNotFit for more than four layers or more than three units in one.
    Source: slides, "Back-propagation algorithm for NN".

    >>> one = np.array([[1.0]])
    >>> scene = plain_network(one, {1: 3 * one}, {1: 0 * one}, one)
    >>> scene["W1_gradient"].numbers, scene.equation_text("W1_gradient", 0)
    (('2',), '∂J/∂W^(1)_11 = δ^(2)_1·a^(1)_1')
    """
    last = len(W) + 1
    widths = {1: len(x)} | {l + 1: len(W[l]) for l in W}
    if last > DEEPEST or max(widths.values()) > WIDEST:
        raise DoesNotFit(
            f"There is room for {DEEPEST} layers of {WIDEST} units, not for "
            f"{last} layers of {max(widths.values())}."
        )
    f = ACTIVATIONS[activation]
    passes = four_steps(x, W, b, y, f)
    places = _places(last)
    steps = steps_of(widths, last)
    grids = [
        _grid(name, values, places, last, start, show)
        for name, values in _values(x, W, b, y, passes).items()
    ]
    on_the_kink = activation == "ReLU" and any((z == 0).any() for z in passes.z.values())
    return Scene(
        title="A plain network in four steps",
        grids=tuple(
            _revealed(worded(grid, last, activation), len(steps), _known_at(grid.name, last))
            for grid in grids
        ),
        table=_table(widths, last),
        say="A sum z is exactly 0 here, at the kink of ReLU: there is no slope, so a measurement may "
        "disagree."
        if on_the_kink
        else "Below each thing stands its gradient, in the same shape. Press Next to walk the four "
        "steps.",
        size=(1200, 560),
        equations=_equations(last),
        strokes=_arrows(widths, last, places),
        counters=((number(passes.loss), "the loss J = ½‖y − a‖²"),),
        lamps=(
            (
                agrees_with_differences(passes, x, W, b, y, f),
                "all gradients agree with central differences",
            ),
        ),
        steps=steps,
        code=f"z = torch.nn.functional.linear(a, W, b); a = {f.call}(z)  # in each layer",
    )


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


def _places(last: int) -> dict[str, tuple[float, float]]:
    """Left edge and width of the column each name stands in, for the widest network."""
    names = ["a1"]
    for l in range(1, last):
        names += [f"W{l}", f"b{l}", f"z{l + 1}", f"a{l + 1}"]
    names.append("y")
    cells = sum(WIDEST if name[0] == "W" else 1 for name in names)
    cell = min(56.0, (RIGHT - LEFT - GAP * (len(names) - 1)) / cells)
    places, x = {}, LEFT
    for name in names:
        wide = cell * (WIDEST if name[0] == "W" else 1)
        places[name] = (x, wide)
        x += wide + GAP
    return places


def _column_of(name: str, last: int) -> str:
    """A gradient stands under the thing it belongs to."""
    kinds = {"slope": "a", "delta": "z"}
    for kind, over in kinds.items():
        if name.startswith(kind):
            return over + name.removeprefix(kind)
    return "y" if name == "error" else name.removesuffix("_gradient")


def _grid(name: str, values: np.ndarray, places, last: int, start: int, show: str) -> Grid:
    column = _column_of(name, last)
    x, width = places[column]
    is_below = column != name
    cell = places["y"][1]
    is_given = name in ("a1", "y") or (name[0] in "Wb" and not is_below)
    return Grid(
        name,
        _title(name, last, values.shape),
        (1, 1, *values.shape),
        Slot(x, BOTTOM if is_below else TOP, width, WIDEST * cell, largest=cell),
        role="read" if is_given or name.startswith("slope") else "written",
        symbols=_symbols(name, values.shape, start, is_below),
        names=_symbols(name, values.shape, start),
        numbers=tuple(map(number, values.ravel().tolist())),
        show=show,
        editable=is_given,
    )


def _symbols(name: str, shape: tuple[int, int], start: int, brief: bool = False) -> tuple[str, ...]:
    """What the cells are called. A gradient's long name has no room in its cell: ``brief`` leaves
    out its layer, which the title says."""
    rows, columns = shape
    letter, l = parts_of(name)
    letter = {"slope": "s", "delta": "δ", "error": "e"}.get(letter, letter)
    brief &= name.endswith("_gradient")
    of = f"{letter}^({l})" if l and not brief else letter
    cells = [
        f"{of}_{i}{j if letter == 'W' else ''}"
        for i in range(start, start + rows)
        for j in range(start, start + columns)
    ]
    return tuple(f"∂J/∂{cell}" if name.endswith("_gradient") else cell for cell in cells)


def _title(name: str, last: int, cells: tuple[int, int]) -> str:
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
    names = dict.fromkeys(name for block in blocks for name in block)
    lengths = [len(next(iter(block.values()))) for block in blocks]
    return {
        name: np.concatenate(
            [block.get(name, np.full(n, NOWHERE)) for block, n in zip(blocks, lengths, strict=True)]
        )
        for name in names
    }


def _pairs(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return np.divmod(np.arange(rows * columns), columns)


def _equations(last: int) -> dict[str, Equation]:
    equations = {
        f"delta{last}": Equation(
            f"{{delta{last}}}", ("{error}", f"{{slope{last}}}"), counted=True, ledger="slides-03"
        )
    }
    for l in range(1, last):
        equations[f"z{l + 1}"] = Equation(
            f"{{z{l + 1}}}", (f"{{W{l}}}", f"{{a{l}}}"), counted=True, plus=f"{{b{l}}}"
        )
        equations[f"W{l}_gradient"] = Equation(
            f"{{W{l}_gradient}}",
            (f"{{delta{l + 1}}}", f"{{a{l}}}"),
            counted=True,
            ledger="slides-07",
        )
        equations[f"b{l}_gradient"] = Equation(
            f"{{b{l}_gradient}}", (f"{{delta{l + 1}}}",), counted=True, ledger="slides-08"
        )
    for l in range(2, last):
        equations[f"delta{l}"] = Equation(
            f"{{delta{l}}}",
            (f"{{W{l}}}", f"{{delta{l + 1}}}", f"{{slope{l}}}"),
            counted=True,
            ledger="slides-06",
        )
    return equations


def _arrows(widths, last: int, places) -> tuple[Stroke, ...]:
    """One arrow for each layer, forward above and backward below, with names and shapes on it."""

    def middle(name: str) -> float:
        x, width = places[name]
        return x + width / 2

    strokes = []
    low = BOTTOM + WIDEST * places["y"][1]
    for l in range(1, last):
        up, down = l + 1, l
        n, m = widths[up], widths[down]
        ends = ((middle(f"a{down}"), ABOVE), (middle(f"a{up}"), ABOVE))
        strokes.append(
            Stroke(ends, "forward", f"z{raised(up)} = W{raised(l)} a{raised(l)} + b{raised(l)}")
        )
        strokes.append(
            Stroke(
                ends, "forward", f"{shape(n)} = {shape(n, m)} · {shape(m)} + {shape(n)}", below=True
            )
        )
        if l == 1:
            continue
        ends = ((middle(f"z{up}"), low + 36), (middle(f"z{down}"), low + 36))
        words = f"δ{raised(l)} = (W{raised(l)})ᵀ δ{raised(up)} • f′(z{raised(l)})"
        strokes.append(Stroke(ends, "backward", words))
        strokes.append(
            Stroke(
                ends,
                "backward",
                f"{shape(m)} = {shape(m, n)} · {shape(n)} • {shape(m)}",
                below=True,
            )
        )
    return tuple(strokes)


def _known_at(name: str, last: int) -> int:
    """The step after which the numbers of a grid are known; -1 for what is given."""
    kind, l = parts_of(name)
    if name.endswith("_gradient"):
        return (last - 1) + 1 + (last - 2) + (last - 1 - l)
    if kind in ("z", "a") and l > 1:
        return l - 2
    if kind == "delta":
        return (last - 1) + (last - l)
    if kind == "slope":
        return (last - 1) + (last - l)
    return last - 1 if kind == "error" else -1


def _revealed(grid: Grid, steps: int, at: int) -> Grid:
    if at < 0:
        return grid
    empty = ("",) * grid.size
    return replace(grid, frames=tuple(grid.texts if n >= at else empty for n in range(steps)))
