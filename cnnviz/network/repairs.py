"""What each repair of the blog's layers changes, found by running both.

A `Repair` knows one fault. Its `run` gives the same numbers to the layer as printed
(`cnnviz.network.as_printed`) and to the repaired one (`cnnviz.network`) and returns both results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..functional.geometry import DoesNotFit, Geometry
from ..functional.samples import sample_gradient, sample_input, sample_kernel
from ..functional.table import convolution_table
from . import (
    Conv2d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    MaxPool2d,
    Sequential,
    as_printed,
    log_softmax,
)
from .digits import digits_to_learn
from .optimisers import SGD
from .training import small_network

Arrays = dict[str, np.ndarray]
PRINTED, REPAIRED = "printed", "repaired"


@dataclass(frozen=True)
class Trial:
    """One run of both versions: arrays by title, at most two of each kind.

    `printed` and `repaired` have the same titles and shapes; `printed` is None where the blog's
    lines stop, and `stopped` says with what. `links` says which cells belong together, in blocks: a
    title of what is given, PRINTED or REPAIRED (of the first result) -> cells, all of one length.
    """

    given: Arrays
    printed: Arrays | None
    repaired: Arrays
    stopped: str = ""
    links: tuple[Arrays, ...] = ()

    def differs(self, title: str) -> np.ndarray:
        """Which cells, flat, are not the same in both."""
        right = self.repaired[title].ravel()
        if self.printed is None:
            return np.ones(right.size, bool)
        return ~np.isclose(self.printed[title].ravel(), right)

    @property
    def same(self) -> bool:
        """Whether the printed version is right for these settings."""
        return not any(self.differs(title).any() for title in self.repaired)


@dataclass(frozen=True)
class Setting:
    """What a slider means for one fault, its ends and where it starts."""

    word: str
    low: int
    high: int
    first: int


@dataclass(frozen=True)
class Repair:
    """One fault, the line that has it, the line that repairs it, and what that is good for."""

    fault: str
    ledger: str
    was: str
    now: str
    gain: str
    size: Setting
    count: Setting
    run: Callable[[int, int], Trial]


# The fully connected layer.


def one_bias_for_all(classes: int, images: int) -> Trial:
    """The bias gradients of a batch; a single image has a plain vector, as in the blog."""
    g = sample_gradient(images, classes)
    layer = Linear(1, classes)
    layer(np.ones((images, 1)))
    layer.backward(g)
    made = as_printed.dense_bias_gradient(g[0] if images == 1 else g)
    return Trial(
        {"upstream gradient": g},
        {"bias gradient": np.broadcast_to(made, (1, classes))},
        {"bias gradient": layer.gradients["bias"][None]},
        links=_one_to_one("upstream gradient", g.shape, printed_too=images > 1),
    )


def biases_stay_zero(image: int, updates: int) -> Trial:
    """The biases after some steps of gradient descent on one digit, through the blog's network."""
    x, label = _row_of(image - 1)
    weights, biases = as_printed.dense_weights(as_printed.INPUTS, 10), np.zeros(10)
    layer, loss = Linear(as_printed.INPUTS, 10, dtype=float), CrossEntropyLoss()
    layer.load_state({"weight": weights.T, "bias": biases})
    descent = SGD(layer, lr=0.01)
    first = None
    for _ in range(updates):
        p = np.exp(log_softmax(as_printed.dense_forward(x, weights, biases)))
        g = p - (np.arange(10) == label)
        first = g if first is None else first
        as_printed.dense_backward(x, g, weights, biases, lr=0.01)
        loss(layer(x[None]), [label])
        layer.backward(loss.backward())
        descent.step()
    return Trial(
        {"first upstream gradient, p − y": first[None]},
        {"biases": biases[None].round(12) + 0.0},
        {"biases": layer.parameters["bias"][None].copy()},
        links=_one_to_one("first upstream gradient, p − y", (1, 10), printed_too=False),
    )


def _one_to_one(title: str, shape: tuple[int, int], printed_too: bool) -> tuple[Arrays, ...]:
    """Each class of each image with its bias; as printed, each class of one image with all."""
    cells = np.arange(shape[0] * shape[1])
    repaired = {title: cells, REPAIRED: cells % shape[1]}
    if printed_too:
        return ({**repaired, PRINTED: cells % shape[1]},)
    every, each = np.divmod(np.arange(cells.size**2), cells.size)
    return repaired, {title: every, PRINTED: each}


@cache
def _row_of(image: int) -> tuple[np.ndarray, int]:
    """The 1352 pooled numbers of a digit in the blog's network before training, and its class."""
    parts = digits_to_learn()
    row = Sequential(*small_network().layers[:4])(parts.test_images[image : image + 1])
    return row[0].astype(float), int(parts.test_labels[image])


def sizes_in_the_line(side: int, classes: int) -> Trial:
    """The sizes that the weight gradient is reshaped to, for images of this side."""
    inputs = 8 * ((side - 2) // 2) ** 2
    layer = Linear(inputs, classes)
    layer(np.ones((1, inputs)))
    layer.backward(np.ones((1, classes)))
    columns, rows = layer.gradients["weight"].shape
    stopped = _stops(as_printed.dense_weight_gradient, np.ones(inputs), np.ones(classes))
    written = np.array([[as_printed.INPUTS, 1], [1, as_printed.CLASSES]], float)
    return Trial(
        {"numbers in a row": np.array([[inputs]], float), "classes": np.array([[classes]], float)},
        {"reshaped to": written},
        {"reshaped to": np.array([[rows, 1], [1, columns]], float)},
        stopped,
    )


def no_flatten(side: int, maps: int) -> Trial:
    """Scores of pooled maps, (maps, side, side), for four classes."""
    x = sample_input(maps, side, side)
    weights = (np.arange(x.size * 4) * 7 % 5 - 2.0).reshape(-1, 4)
    network = Sequential(Flatten(), Linear(x.size, 4, dtype=float))
    network[1].load_state({"weight": weights.T, "bias": np.zeros(4)})
    last = np.moveaxis(x, 0, -1)
    stopped = _stops(as_printed.dense_forward, last, weights, np.zeros(4))
    made = None if stopped else as_printed.dense_forward(last, weights, np.zeros(4))
    every, score = np.divmod(np.arange(x.size * 4), 4)
    return Trial(
        {"pooled maps": x},
        None if stopped else {"scores": made.reshape(1, 4)},
        {"scores": network(x[None])},
        stopped,
        ({"pooled maps": every, PRINTED: score, REPAIRED: score},),
    )


def no_loss(classes: int, right: int) -> Trial:
    """The upstream gradient that a backward pass starts with, for scores and a right class."""
    if right > classes:
        raise DoesNotFit(f"With {classes} classes there is no class {right}.")
    scores = sample_gradient(1, classes)
    loss = CrossEntropyLoss()
    loss(scores, [right - 1])
    cells = np.arange(classes)
    every, each = np.divmod(np.arange(classes**2), classes)
    target = (cells == right - 1).astype(float)
    return Trial(
        {"scores": scores, "right class": target[None]},
        None,
        {"upstream gradient": loss.backward()},
        "there is no such line, so backward has nothing to start with",
        (
            {"scores": every, PRINTED: each, REPAIRED: each},
            {"right class": cells, PRINTED: cells, REPAIRED: cells},
        ),
    )


# Max pooling.


def ties(windows: int, equal: int) -> Trial:
    """Windows of 2×2, the first of which has so many cells that are largest."""
    x = sample_input(2 * windows, 2 * windows)
    x[2:, :2] = 0  # as after a ReLU: all four cells of a window are equal
    x[:2, :2] = np.where(np.arange(4).reshape(2, 2) < equal, 9, [[9, 4], [3, 7]])
    g = sample_gradient(windows, windows)
    made = as_printed.max_pool_backward_by_value(x[..., None], g[..., None])
    pool = MaxPool2d(2)
    pool(x[None, None])
    title = "gradient to the map"
    met = convolution_table(Geometry.of_pool(x.shape, 2))
    largest = x.ravel()[met["input"]] == pool(x[None, None]).ravel()[met["output"]]
    return Trial(
        {"map": x, "upstream gradient": g},
        {title: made[..., 0]},
        {title: pool.backward(g[None, None])[0, 0]},
        links=(_pooled(met, largest, pool.switches),),
    )


def _pooled(met: Arrays, printed: np.ndarray, switches: np.ndarray) -> Arrays:
    """Every cell of a window with the gradient of the window, and whether it receives it."""
    won = met["input"] == switches.ravel()[met["output"]]
    return {
        "map": met["input"],
        "upstream gradient": met["output"],
        PRINTED: np.where(printed, met["input"], -1),
        REPAIRED: np.where(won, met["input"], -1),
    }


def odd_sizes(side: int, window: int) -> Trial:
    """A map pooled forward, whether or not the windows fill it."""
    x = sample_input(side, side)
    right = MaxPool2d(window)(x[None, None])[0, 0]
    stopped = _stops(as_printed.max_pool_forward, x[..., None], window)
    made = None if stopped else as_printed.max_pool_forward(x[..., None], window)[0][..., 0]
    title = "pooled map"
    met = convolution_table(Geometry.of_pool(x.shape, window))
    links = {"map": met["input"], PRINTED: met["output"], REPAIRED: met["output"]}
    return Trial({"map": x}, None if stopped else {title: made}, {title: right}, stopped, (links,))


def overlap(side: int, stride: int) -> Trial:
    """Windows of 3×3 so many cells apart; a few high cells win several of them."""
    x = sample_input(side, side) % 5
    x[1, 1], x[2, 2] = 9, 8
    pool = MaxPool2d(3, stride=stride)
    made = pool(x[None, None])
    g = sample_gradient(*made.shape[2:])
    met = convolution_table(Geometry.of_pool(x.shape, 3, stride))
    winners = pool.switches.ravel()
    last = {cell: window for window, cell in enumerate(winners.tolist())}
    last_to = np.array([c if last[c] == n else -1 for n, c in enumerate(winners.tolist())])
    places = np.stack(np.divmod(pool.switches[0, 0], side), axis=-1)[:, :, None]
    title = "gradient to the map"
    return Trial(
        {"map": x, "upstream gradient": g},
        {title: as_printed.max_pool_backward(g[..., None], (side, side, 1), places)[..., 0]},
        {title: pool.backward(g[None, None])[0, 0]},
        links=(_pooled(met, met["input"] == last_to[met["output"]], pool.switches),),
    )


# Updates.


def updates_inside(side: int, calls: int) -> Trial:
    """The gradient to an image after so many calls of backward, and the filter they leave."""
    image, kernel = sample_input(side, side), sample_kernel(2, 2)
    geometry = Geometry.of((side, side), 2)
    g, met = sample_gradient(*geometry.output_size), convolution_table(geometry)
    cells = met["input"]
    filters = kernel[None].copy()
    layer = Conv2d(1, 1, 2, bias=False, dtype=float)
    layer.load_state({"weight": kernel[None, None]})
    layer(image[None, None])
    for _ in range(calls):
        made = as_printed.conv_backward(image, g[..., None], filters)
        right = layer.backward(g[None, None])
    return Trial(
        {"image": image, "upstream gradient": g},
        {"gradient to the image": made, "filter afterwards": filters[0]},
        {
            "gradient to the image": right[0, 0],
            "filter afterwards": layer.parameters["weight"][0, 0],
        },
        links=(
            {"image": cells, "upstream gradient": met["output"], PRINTED: cells, REPAIRED: cells},
        ),
    )


def _stops(call: Callable, *arguments) -> str:
    """What a call raises, in one line, or nothing if it runs."""
    try:
        call(*arguments)
    except (ValueError, IndexError) as problem:
        return f"stops with {type(problem).__name__}"
    return ""


REPAIRS = {
    repair.fault: repair
    for repair in (
        Repair("one bias gradient for all", "blog-04", "sum(g, axis=0), g a plain vector",
               "g.sum(axis=0), g always a batch",
               "One image has its classes on axis 0, so its sum is one number for all biases. Repaired, every "
               "layer sees a batch, and each bias has a gradient of its own.",
               Setting("classes", 2, 8, 4), Setting("images in the batch", 1, 4, 1), one_bias_for_all),
        Repair("biases that stay 0", "blog-04", "biases −= lr · sum(g, axis=0)", "biases −= lr · g",
               "p − y always adds up to 0, so with one image at a time the printed biases never move. "
               "Repaired, each class learns its own.",
               Setting("image", 1, 20, 4), Setting("updates", 1, 20, 5), biases_stay_zero),
        Repair("ties", "blog-14", "if x = max: grad = g", "grad at the switch += g",
               "Every cell that equals the maximum gets all of the gradient. Repaired, the switch names one "
               "of them, and no more goes back than came.",
               Setting("windows on a side", 1, 4, 2), Setting("equal cells, window 1", 1, 4, 3), ties),
        Repair("odd sizes", "blog-12", "range(0, h, size)", "(h − size) // stride + 1 windows",
               "The loop rounds the number of windows up, its output rounds it down. Repaired, a window that "
               "would hang over the edge is not started.",
               Setting("cells on a side", 2, 8, 5), Setting("window", 1, 4, 2), odd_sizes),
        Repair("sizes written into a line", "blog-05", "reshape(1352, 1) @ reshape(1, 10)",
               "g.T @ x, sizes from the arrays",
               "1352 and 10 fit ten classes and 13×13 pooled cells: images of 28×28, and of 29×29 if the odd "
               "sizes are repaired, too. Repaired, the sizes are those of the arrays.",
               Setting("image side", 20, 32, 26), Setting("classes", 2, 12, 10), sizes_in_the_line),
        Repair("overlapping windows", "blog-22", "grad[place] = g", "grad[place] += g",
               "A cell that wins several windows keeps only its last gradient. Repaired, its gradients are "
               "added. Side by side no cell wins twice, and both are right.",
               Setting("cells on a side", 3, 7, 5), Setting("stride", 1, 4, 1), overlap),
        Repair("updates inside backward", "blog-07, blog-08", "filters −= lr · grad, in backward",
               "an optimiser, after backward",
               "Each call of backward moves the weights, so a second call gives another gradient, and nothing "
               "can check the first. Repaired, backward only computes.",
               Setting("image side", 2, 6, 4), Setting("calls of backward", 1, 5, 2), updates_inside),
        Repair("no flatten", "blog-03", "maps @ weights", "Flatten, then Linear",
               "Nothing in the blog lays the pooled maps in a row, so its layers cannot be joined. Repaired, "
               "Flatten does, and its backward puts the gradients back in place.",
               Setting("cells on a side", 1, 4, 3), Setting("maps", 1, 4, 2), no_flatten),
        Repair("no loss", "", "backward(g), but whose g?", "CrossEntropyLoss: g = p − y",
               "The blog starts from a gradient it never computes. Repaired, the cross entropy of the scores "
               "is the loss, and p − y is its gradient.",
               Setting("classes", 2, 8, 4), Setting("right class", 1, 8, 2), no_loss),
    )
}  # fmt: skip
