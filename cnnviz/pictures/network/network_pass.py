"""The picture of a whole network: forward on top, backward below, every map and every shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ...functional.geometry import DoesNotFit
from ...network import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ...scene import Axis, Grid, Lamp, Scene, Slot, Stroke
from .network_run import Run, run_once, run_table
from .network_walk import WRITTEN_AT, layer_by_layer, numbers_of, size_of

# Left edge and width of each column. A gradient stands in the column of its map.
COLUMNS = {
    "image": (16, 154), "kernel": (16, 154), "maps": (230, 122), "relu": (412, 122),
    "pooled": (594, 90), "row": (744, 32), "classes": (836, 18), "scores": (854, 54),
    "probabilities": (978, 54), "target": (1042, 28), "loss": (990, 80),
}  # fmt: skip
TOP, BELOW, HEIGHT = 36, 354, 258  # where the two rows of maps start, and how high they are
IMAGE, KERNEL = 154, 70  # heights of the image and, under it, of the filters
LOSS = 44  # the height of the cell with the loss
LINE = 40  # a row of up to so many numbers stands in one column
SWITCH = 8  # in smaller cells the mark of a switch would cover its number

KINDS = (Conv2d, ReLU, MaxPool2d, Flatten, Linear)


def network_pass(network: Sequential, image: np.ndarray, label: int) -> Scene:
    """One image on its way through a network, and the gradient of the loss on its way back.

    ``network`` is Conv2d, ReLU, MaxPool2d, Flatten, Linear, for images of one channel; ``image``
    is (H, W) and ``label`` its class. The network runs forward and backward here; no weight
    changes. Each step fills the map or the gradient that its layer makes. Raises DoesNotFit for
    other layers. Source: blog, its layers in the order it names them; the loss is the cross
    entropy, whose gradient p - y the blog leaves to its reader.

    >>> from cnnviz.network.trained import tiny_network
    >>> scene = network_pass(tiny_network(), np.eye(8), 3)
    >>> scene["row"].size, scene["upstream"].shape, len(scene.steps)
    (18, (1, 1, 10, 1), 14)
    """
    if tuple(map(type, network)) != KINDS:
        wanted = ", ".join(kind.__name__ for kind in KINDS)
        raise DoesNotFit(f"This picture shows {wanted} in this order, not {network!r}.")
    if any(np.any(layer.padding) for layer in (network[0], network[2])):
        raise DoesNotFit("This picture has no room for padding.")
    run = run_once(network, image, label)
    grids = (*_forward(run), *_backward(run))
    read, passed = int(run.probabilities.argmax()), int(np.count_nonzero(run.back[1]))
    return Scene(
        title="Forward and backward through a network",
        grids=grids,
        table=run_table(run),
        say="Above, the way forward; below each map its gradient, in the same shape. Point at a cell of a "
        "pooled map: its window, its winner and what the winner has read light up.",
        size=(1200, BELOW + HEIGHT + 20),
        strokes=tuple(_arrows({grid.name: grid for grid in grids})),
        counters=((f"{passed} of {run.maps[1].size}", "cells of z get a gradient"),),
        lamps=(Lamp(read == label, f"this {label} is read as a {read}"),),
        steps=layer_by_layer(run, network),
        code="loss = torch.nn.functional.cross_entropy(network(x), y); loss.backward()",
    )


def _forward(run: Run) -> tuple[Grid, ...]:
    x, z, a, h, row, scores = run.maps
    return (
        _image("image", "image |x|", x, "The pixel is x = {number}.", x - x.min()),
        _filters("kernel", run.kernel, "Weight {number} of filter {map}."),
        _maps("maps", "|z|", z, "z = {number} in map {map}: k ∗ x + b."),
        _maps("relu", "|a|", a, "a = {number} in map {map}: max(z, 0)."),
        _maps("pooled", "|h|", h, "h = {number}: the largest of its window in map {map}, row {row}, column "
              "{column}."),
        _row("row", run, row, f"h = {{number}}, now one of {len(row)} in a row."),
        _classes("scores", "|s|", scores, "The score of class {c} is {number}. It reads the whole row."),
        _classes("probabilities", "|p|", run.probabilities, "Class {c} has probability {number}: its share "
                 "of all exp(s)."),
        _target(run),
        _names_of_classes("classes", run, TOP),
    )  # fmt: skip


def _backward(run: Run) -> tuple[Grid, ...]:
    x, z, a, h, row, scores = run.back
    return (
        _loss(run),
        _classes("upstream", "|p − y|", scores, "∂L/∂s of class {c} is {number} = p − y."),
        _names_of_classes("classes_below", run, BELOW),
        _row("row_gradient", run, row, "∂L/∂h = {number}: ten numbers p − y, each times the weight it came "
             "through, added."),
        _maps("pooled_gradient", "|∂L/∂h|", h, "∂L/∂h = {number} in map {map}. It goes to the winner of its "
              "window alone."),
        _switched(run, _maps("relu_gradient", "|∂L/∂a|", a, "The gradient is {number} in map {map}: 0 "
                             "wherever another cell of the window has won.")),
        _maps("maps_gradient", "|∂L/∂z|", z, "The gradient is {number} in map {map}: 0 wherever z is not "
              "above 0."),
        _filters("kernel_gradient", run.kernel_gradient, "∂L/∂k = {number}: every winner adds its gradient "
                 "times the pixel it met here."),
        _image("image_gradient", "|∂L/∂x|", x, "If this pixel grows by a small ε, the loss grows by {number} "
               "ε."),
    )  # fmt: skip


def _slot(name: str, height: float = HEIGHT, down: float = 0.0, largest: float = 60) -> Slot:
    """The room of a grid: its column, in the upper row or, for gradients, in the lower one."""
    back = name.endswith("_gradient") or name in ("upstream", "loss")
    column = {"upstream": "scores"}.get(name, name.removesuffix("_gradient"))
    x, width = COLUMNS[column]
    return Slot(x, (BELOW if back else TOP) + down, width, height, largest=largest)


def _grid(name, title, values, shape, slot, **more) -> Grid:
    """A grid whose colours say its numbers; its step fills it."""
    about = {
        "role": "written" if name in WRITTEN_AT else "read",
        "show": "colour",
        "values": values.ravel(),
        "own_scale": True,
        "since": WRITTEN_AT.get(name, -1),
        **more,
    }
    return Grid(name, title, shape, slot, **about)


def _image(name, title, values, saying, shown=None) -> Grid:
    """The image, or its gradient. What is ``shown`` may start at 0 where the paper is below it."""
    return _grid(
        name, f"{title}  {size_of(values)}", values if shown is None else shown, (1, *values.shape),
        _slot(name, IMAGE), numbers=numbers_of(values), saying=saying,
    )  # fmt: skip


def _filters(name, values, saying) -> Grid:
    """The filters side by side under the image, in two lines if there are many."""
    count, _, rows, columns = values.shape
    lines = 2 if count > 3 and count % 2 == 0 else 1
    letter = "|∂L/∂k|" if name.endswith("gradient") else "|k|"
    return _grid(
        name, f"{letter}  {rows}×{columns}×{count}", values, (lines, count // lines, rows, columns),
        _slot(name, KERNEL, HEIGHT - KERNEL), numbers=numbers_of(values), saying=saying,
    )  # fmt: skip


def _maps(name, letter, values, saying) -> Grid:
    """Maps in two columns, two of them one below the other."""
    count, rows, columns = values.shape
    across = 2 if count > 2 and count % 2 == 0 else 1
    return _grid(
        name, f"{letter}  {size_of(values)}", values, (count // across, across, rows, columns),
        _slot(name), numbers=numbers_of(values), saying=saying,
    )  # fmt: skip


def _switched(run: Run, grid: Grid) -> Grid:
    """With a mark on each winner above 0, where there is room for marks."""
    winners = np.unique(run.switches[run.maps[3].ravel() > 0])
    return replace(
        grid, marks={"switch": tuple(winners.tolist())} if grid.place.width > SWITCH else {}
    )


def _row(name, run: Run, values, saying) -> Grid:
    """All maps in a row, laid in lines so that it can be seen: each as wide as a map."""
    line = 1 if len(values) <= LINE else run.maps[3].shape[2]
    return _grid(
        name, f"row  {len(values)}", values, (1, 1, len(values) // line, line), _slot(name),
        numbers=numbers_of(values), saying=saying,
    )  # fmt: skip


def _classes(name, title, values, saying) -> Grid:
    """A number for each class, written out."""
    texts = tuple(f"{value:.2f}".replace("-", "−") for value in values.tolist())
    return _grid(
        name, title, values, (1, 1, len(values), 1), replace(_slot(name), square=False),
        symbols=texts, numbers=texts, show="numbers",
        sentences=tuple(saying.format(c=c, number=text) for c, text in enumerate(texts)),
    )  # fmt: skip


def _target(run: Run) -> Grid:
    texts = tuple(str(int(value)) for value in run.target)
    return _grid(
        "target", "|y|", run.target, (1, 1, len(texts), 1), replace(_slot("target"), square=False),
        symbols=texts, numbers=texts, show="numbers",
        saying="y is 1 for the right class and 0 for the others; here {number}.",
    )  # fmt: skip


def _loss(run: Run) -> Grid:
    """One number, between the probabilities and their gradient; alone it has no scale for a colour."""
    text = f"{run.loss:.3g}".replace("-", "−")
    slot = replace(_slot("loss", LOSS, (HEIGHT - LOSS) / 2, largest=80), square=False)
    return _grid(
        "loss", "loss |L|", np.array([np.nan]), (1, 1, 1, 1), slot, symbols=(text,), numbers=(text,),
        show="numbers", saying=f"L = −log p of class {run.label} = {{number}}.",
    )  # fmt: skip


def _names_of_classes(name: str, run: Run, y: float) -> Grid:
    """Which class each line of the numbers at its right belongs to."""
    classes, (x, width) = tuple(range(len(run.target))), COLUMNS["classes"]
    names = tuple(f"{c}:" for c in classes)
    return Grid(
        name,
        "",
        (1, 1, len(classes), 1),
        Slot(x, y, width, HEIGHT, largest=60, square=False),
        symbols=names,
        values=np.full(len(classes), np.nan),
        down=Axis("probabilities", classes),
    )


# Arrows, and the steps in which each is bright.

FORWARD = (
    ("image", "maps", "conv"), ("kernel", "maps", ""), ("maps", "relu", "ReLU"), ("relu", "pooled", "pool"),
    ("pooled", "row", "flatten"), ("row", "classes", "linear"), ("scores", "probabilities", "softmax"),
)  # fmt: skip
BACK = (
    ("loss", "upstream", ""), ("classes_below", "row_gradient", "Wᵀ"), ("row_gradient", "pooled_gradient", ""),
    ("pooled_gradient", "relu_gradient", "switch"), ("relu_gradient", "maps_gradient", "z > 0"),
    ("maps_gradient", "kernel_gradient", ""), ("maps_gradient", "image_gradient", "Wᵀ"),
)  # fmt: skip
OF = {"classes": "scores", "classes_below": "upstream"}  # the numbers that an edge belongs to
AWAY = 8  # from the edge of a grid


def _arrows(grids: dict[str, Grid]) -> Iterable[Stroke]:
    """From grid to grid, those of the way back parallel to those of the way forward."""
    for start, end, word in FORWARD:
        yield _between(grids[start], grids[end], "forward", word, WRITTEN_AT[OF.get(end, end)])
    for start, end, word in BACK:
        yield _between(grids[start], grids[end], "backward", word, WRITTEN_AT[OF.get(end, end)])
    loss = grids["loss"].place
    x = loss.x + loss.width / 2
    down = ((x, TOP + HEIGHT + AWAY), (x, loss.y - 30))
    yield Stroke(down, "forward", steps=(WRITTEN_AT["loss"],))


def _between(start: Grid, end: Grid, kind: str, word: str, step: int) -> Stroke:
    """An arrow from edge to edge, at half the height of the image, the filters or else of the row."""
    anchor = next((g for g in (start, end) if g.name.startswith(("image", "kernel"))), start)
    y = anchor.slot.y + anchor.slot.height / 2
    left, right = sorted((start, end), key=lambda grid: grid.place.x)
    ends = ((_right_of(left) + AWAY, y), (right.place.x - AWAY, y))
    return Stroke(ends if left is start else ends[::-1], kind, word, steps=(step,))


def _right_of(grid: Grid) -> float:
    _, tiles, _, columns = grid.shape
    place = grid.place
    return place.x + tiles * (columns * place.width + place.gap) - place.gap
