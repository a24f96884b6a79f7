"""The picture of a whole network: forward on top, backward below, every map and every shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...functional.geometry import DoesNotFit
from ...network import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from ...scene import Axis, Grid, Scene, Slot, Stroke
from ...symbols import number
from ..grids import ink_of
from .network_run import Run, run_once, run_table
from .network_walk import layer_by_layer, numbers_of, size_of

# Left edge and width of each column, for maps of ink and for maps of numbers.
COLUMNS = {
    "ink": {"image": (16, 140), "maps": (196, 136), "relu": (380, 136), "pooled": (564, 122),
            "row": (728, 38), "classes": (812, 16), "scores": (830, 52), "probabilities": (890, 46),
            "bars": (938, 52)},
    "numbers": {"image": (10, 240), "maps": (284, 186), "relu": (496, 186), "pooled": (708, 86),
                "row": (820, 62), "classes": (890, 14), "scores": (905, 38), "probabilities": (947, 36),
                "bars": (984, 16)},
}  # fmt: skip
HEIGHT, TOP, BELOW = 262, 84, 400  # of a row of maps, and where the two rows start
KERNEL_HEIGHT = 76
BARS = 24  # cells of a bar

SIGNS = {"sizes": np.abs, "positive part": lambda v: np.maximum(v, 0),
         "negative part": lambda v: np.maximum(-v, 0)}  # fmt: skip
KINDS = (Conv2d, ReLU, MaxPool2d, Flatten, Linear)


def network_pass(
    network: Sequential,
    image: np.ndarray,
    label: int,
    *,
    sign: str = "sizes",
    numbers: bool = False,
) -> Scene:
    """One image on its way through a network, and the gradient of the loss on its way back.

    ``network`` is Conv2d, ReLU, MaxPool2d, Flatten, Linear, for images of one channel; ``image``
    is (H, W) and ``label`` its class. ``sign`` says which numbers a map of ink shows: all, as
    "sizes", or the "positive part" or "negative part" alone. ``numbers`` writes into the cells,
    for small maps. The network runs forward and backward here; no weight changes. Raises
    DoesNotFit for other layers. Source: blog, its layers in the order it names them; the loss is
    the cross entropy, whose gradient p - y the blog leaves to its reader.

    >>> from cnnviz.network.trained import tiny_network
    >>> scene = network_pass(tiny_network(), np.eye(8), 3, numbers=True)
    >>> scene["row"].size, scene["upstream"].shape, len(scene.steps)
    (18, (1, 1, 10, 1), 14)
    """
    if tuple(map(type, network)) != KINDS:
        wanted = ", ".join(kind.__name__ for kind in KINDS)
        raise DoesNotFit(f"This picture shows {wanted} in this order, not {network!r}.")
    if any(np.any(layer.padding) for layer in (network[0], network[2])):
        raise DoesNotFit("This picture has no room for padding.")
    run = run_once(network, image, label)
    layout = _Layout(run, sign, numbers)
    table = run_table(run)
    passed = int(np.count_nonzero(run.back[1]))
    return Scene(
        title="Forward and backward through a network",
        grids=(*layout.forward, *layout.backward),
        table=table,
        say="Blue arrows lead forward, orange arrows back. Below each map stands its gradient, in the "
        "same shape. Point at a cell of a pooled map: its window, its winner and what the winner has "
        "read light up. Press Next to walk.",
        size=(1200, 704),
        strokes=_arrows(run, COLUMNS["numbers" if numbers else "ink"]),
        counters=(
            (f"{run.loss:.3g}".replace("-", "−"), f"loss = −log p of class {label}"),
            (f"{run.probabilities.argmax()}", f"is read; it is a {label}"),
            (number(round(float(run.upstream.sum()), 6)), "sum of p − y"),
            (f"{passed} of {run.maps[1].size}", "cells of z get a gradient"),
        ),
        steps=layer_by_layer(run, network),
        code="loss = torch.nn.functional.cross_entropy(network(x), y); loss.backward()",
    )


class _Layout:
    """The grids of both rows, each in its place."""

    def __init__(self, run: Run, sign: str, numbers: bool) -> None:
        self.run, self.part, self.numbers = run, SIGNS[sign], numbers
        self.columns = COLUMNS["numbers" if numbers else "ink"]
        self.winners = {"switch": tuple(np.unique(run.switches[run.maps[3].ravel() > 0]).tolist())}

    @property
    def forward(self) -> tuple[Grid, ...]:
        run = self.run
        from_paper = run.maps[0] - run.maps[0].min()  # paper itself is a small negative number
        return (
            self._maps("image", "image |x|", run.maps[0], TOP, "The pixel is x = {number}.", "read",
                       ink=ink_of(from_paper)),
            self._kernel("kernel", "|k|", run.kernel, TOP, "Weight {number} of filter {map}."),
            self._maps("maps", "|z = k ∗ x + b|", run.maps[1], TOP, "z = {number} in map {map}.", "read"),
            self._maps("relu", "|a = max(z, 0)|", run.maps[2], TOP, "a = {number} in map {map}.", "read",
                       self.winners),
            self._maps("pooled", "|h|, pooled", run.maps[3], TOP,
                       "h = {number}: the largest of its window in map {map}, row {row}, column {column}.",
                       "read"),
            self._row("row", "row", run.maps[4], TOP, "h = {number}, now one of {size} in a row."),
            self._classes("scores", "|s|", run.maps[5], TOP,
                          "The score of class {c} is {number}. It reads the whole row."),
            self._classes("probabilities", "|p|", run.probabilities, TOP,
                          "Class {c} has probability {number}: its share of all exp(s)."),
            self._of_classes("bars", TOP), self._of_classes("classes", TOP),
        )  # fmt: skip

    @property
    def backward(self) -> tuple[Grid, ...]:
        run, killed = self.run, "The gradient is {number} in map {map}: "
        return (
            self._maps("image_gradient", "|∂L/∂x|", run.back[0], BELOW,
                       "If this pixel grows by a small ε, the loss grows by {number} ε."),
            self._kernel("kernel_gradient", "|∂L/∂k|", run.kernel_gradient, BELOW,
                         "∂L/∂k = {number}: every winner adds its gradient times the pixel it met here."),
            self._maps("maps_gradient", "|∂L/∂z|", run.back[1], BELOW,
                       killed + "0 wherever z is not above 0."),
            self._maps("relu_gradient", "|∂L/∂a|", run.back[2], BELOW,
                       killed + "0 wherever another cell of the window has won.", marks=self.winners),
            self._maps("pooled_gradient", "|∂L/∂h|", run.back[3], BELOW,
                       "∂L/∂h = {number} in map {map}. It goes to the winner of its window alone."),
            self._row("row_gradient", "row", run.back[4], BELOW,
                      "∂L/∂h = {number}: ten numbers p − y, each times the weight it came through, added."),
            self._classes("upstream", "|p − y|", run.upstream, BELOW,
                          "∂L/∂s of class {c} is {number} = p − y.", role="written"),
            self._classes("target", "|y|", run.target, BELOW,
                          "y is 1 for the right class and 0 for the others; here {number}."),
            self._of_classes("classes", BELOW, "classes_below"),
        )  # fmt: skip

    def _grid(self, name, title, values, shape, slot, saying, role="read", marks=None, ink=None):
        write = self.numbers or values.size <= 10
        texts = numbers_of(values)
        return Grid(
            name,
            title,
            shape,
            slot,
            role=role,
            numbers=texts,
            symbols=texts if write else None,
            show="numbers" if write else "ink",
            ink=ink_of(self.part(values)) if ink is None else ink,
            marks=marks or {},
            saying=saying,
        )

    def _maps(self, name, title, values, y, saying, role="written", marks=None, ink=None) -> Grid:
        """Maps in two columns (or one below the other where numbers are written)."""
        x, width = self.columns[name.removesuffix("_gradient")]
        is_image = name.startswith("image")
        across = 1 if is_image or self.numbers or len(values) % 2 else 2
        shape = (len(values) // across, across, *values.shape[1:])
        height = HEIGHT - (KERNEL_HEIGHT + 34 if is_image else 0)
        slot = Slot(x, y, width, height, largest=34, square=not self.numbers)
        return self._grid(name, title, values, shape, slot, saying, role, marks, ink)

    def _kernel(self, name, title, values, y, saying) -> Grid:
        x, width = self.columns["image"]
        filters = len(values)
        across = filters if filters < 4 else (filters + 1) // 2
        across = across if filters % across == 0 else filters
        slot = Slot(
            x, y + HEIGHT - KERNEL_HEIGHT, width, KERNEL_HEIGHT, largest=36, square=not self.numbers
        )
        role = "written" if name.endswith("gradient") else "read"
        shape = (filters // across, across, *values.shape[2:])
        return self._grid(name, title, values, shape, slot, saying, role)

    def _row(self, name, title, values, y, saying) -> Grid:
        """The row is laid in lines, so that it can be seen: as wide as a map, or two numbers each."""
        x, width = self.columns["row"]
        line = 2 if self.numbers else self.run.maps[3].shape[2]
        shape = (1, 1, len(values) // line, line)
        slot = Slot(x, y, width, HEIGHT, largest=34, square=not self.numbers)
        role = "written" if name.endswith("gradient") else "read"
        saying = saying.replace("{size}", str(len(values)))
        return self._grid(name, f"{title} {len(values)}", values, shape, slot, saying, role)

    def _classes(self, name, title, values, y, saying, role="read") -> Grid:
        x, width = self.columns[{"upstream": "scores", "target": "probabilities"}.get(name, name)]
        slot = Slot(x, y, width, HEIGHT, largest=46, square=False)
        grid = self._grid(name, title, values, (1, 1, len(values), 1), slot, "", role)
        said = tuple(saying.format(c=c, number=text) for c, text in enumerate(grid.numbers))
        return replace(grid, sentences=said)

    def _of_classes(self, kind: str, y: float, name: str = "") -> Grid:
        """What stands beside the probabilities: their bars, or the classes they belong to."""
        x, width = self.columns[kind]
        classes = tuple(range(len(self.run.target)))
        filled = np.arange(BARS) < np.round(BARS * self.run.probabilities)[:, None]
        names = tuple(f"{c}:" for c in classes) if kind == "classes" else None
        return Grid(
            name or kind,
            "",
            (1, 1, len(classes), 1 if names else BARS),
            Slot(x, y, width, HEIGHT, largest=46, square=False),
            symbols=names,
            numbers=names,
            ink=None if names else filled.astype(float).ravel(),
            down=Axis("probabilities", classes),
        )


# Arrows


def _arrows(run: Run, columns: dict) -> tuple[Stroke, ...]:
    """An arrow for each layer, with its name above and the shape it makes below."""
    names = ("image", "maps", "relu", "pooled", "row", "scores")
    middles = [columns[name][0] + columns[name][1] / 2 for name in names]
    layers = ("Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear")
    strokes = []
    for n, layer in enumerate(layers):
        left, right = middles[n] + 6, middles[n + 1] - 6
        forward = ((left, 30), (right, 30))
        backward = ((right, 686), (left, 686))
        strokes += [
            Stroke(forward, "forward", layer),
            Stroke(forward, "forward", size_of(run.maps[n + 1]), below=True),
            Stroke(backward, "backward", size_of(run.back[n]), below=False),
        ]
    x = columns["scores"][0] + columns["scores"][1] / 2
    turn = columns["bars"][0] + columns["bars"][1] / 2
    down = ((turn, TOP + HEIGHT + 12), (turn, BELOW - 34), (x, BELOW - 34), (x, BELOW - 26))
    return (*strokes, Stroke(down, "backward", "loss"))
