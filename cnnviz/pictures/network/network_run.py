"""One image on its way through a network and back, and which cells belong together on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ...functional.geometry import Geometry
from ...functional.table import convolution_table
from ...network import CrossEntropyLoss, Sequential
from ...scene import NOWHERE
from ..meetings import joined


@dataclass(frozen=True)
class Run:
    """Everything a forward and a backward pass made for one image."""

    maps: list[np.ndarray]  # image, after Conv2d, ReLU, MaxPool2d, Flatten, Linear; no batch axis
    back: list[np.ndarray]  # the gradient to each
    probabilities: np.ndarray
    target: np.ndarray
    loss: float
    label: int
    kernel: np.ndarray
    kernel_gradient: np.ndarray
    switches: np.ndarray  # for each pooled cell the number of its winner in all maps
    kernel_size: tuple[int, int]
    pool: Geometry
    conv: Geometry
    image: np.ndarray

    @property
    def upstream(self) -> np.ndarray:
        return self.back[-1]

    @cached_property
    def followed(self) -> int:
        """The pooled cell that the steps follow: the one with the largest gradient that goes on."""
        passed = np.where(self.maps[3] > 0, np.abs(self.back[3]), -1)
        return int(passed.argmax())


def run_once(network: Sequential, image: np.ndarray, label: int) -> Run:
    entropy = CrossEntropyLoss()
    loss = entropy(network(image[None, None]), [label])
    network.backward(entropy.backward(), input_gradient=True)
    conv, pool = network[0], network[2]
    maps = [batch[0] for batch in network.maps]
    planes = np.arange(len(maps[2]))[:, None, None] * maps[2][0].size
    return Run(
        maps,
        [batch[0] for batch in network.map_gradients],
        np.exp(entropy.log_probabilities[0]),
        (np.arange(len(maps[-1])) == label).astype(float),
        loss,
        label,
        conv.parameters["weight"],
        conv.gradients["weight"],
        (planes + pool.switches[0]).ravel(),
        conv.parameters["weight"].shape[2:],
        Geometry.of_pool(
            maps[2].shape[1:], pool.kernel_size, pool.stride, pool.padding, pool.dilation
        ),
        Geometry.of(
            image.shape,
            conv.parameters["weight"].shape[2:],
            conv.stride,
            conv.padding,
            conv.dilation,
        ),
        image,
    )


# Which column of the meetings belongs to each grid of a pass.
COLUMNS = {
    "image": "image",
    "kernel": "kernel",
    "maps": "maps",
    "relu": "maps",
    "pooled": "pooled",
    "row": "pooled",
    "scores": "classes",
    "probabilities": "classes",
    "target": "classes",
    "loss": "loss",
    "upstream": "classes",
    "row_gradient": "pooled",
    "pooled_gradient": "pooled",
    "relu_gradient": "wins",
    "maps_gradient": "wins",
    "kernel_gradient": "kernel",
    "image_gradient": "image",
}


def run_table(run: Run) -> dict[str, np.ndarray]:
    """Each pooled cell with its window, and its winner with what the winner has read. Winners that
    are 0 have no further rows: the ReLU lets nothing back through them.

    A gradient's column is its map's column, except that only winners receive one.
    """
    channels, rows, columns = run.maps[2].shape
    all_windows, all_inside = windows_of(run.pool, channels)
    reads, taps = reads_of(run.conv)

    alive = np.flatnonzero(run.maps[3].ravel() > 0)
    winners = run.switches[alive]
    place, channel = winners % (rows * columns), winners // (rows * columns)
    fields = reads[place].ravel()
    weights = (taps[place] + channel[:, None] * np.prod(run.kernel_size)).ravel()
    each = reads.shape[1]  # cells that one winner has read
    won = all_inside == run.switches[all_windows]
    met = joined(
        {"pooled": all_windows, "maps": all_inside, "wins": np.where(won, all_inside, NOWHERE)},
        {
            "pooled": np.repeat(alive, each),
            **dict.fromkeys(("maps", "wins"), np.repeat(winners, each)),
            "image": fields,
            "kernel": weights,
        },
        {"classes": np.arange(len(run.target))},
        {"classes": np.array([run.label]), "loss": np.array([0])},
    )
    return {grid: met[column] for grid, column in COLUMNS.items()}


@lru_cache(maxsize=8)
def windows_of(pool: Geometry, maps: int) -> tuple[np.ndarray, np.ndarray]:
    """For every cell of every window: the pooled cell, and the cell of the maps it pools."""
    met, channel = convolution_table(pool), np.arange(maps)[:, None]
    cells = np.prod(pool.input_size), np.prod(pool.output_size)
    return (channel * cells[1] + met["output"]).ravel(), (channel * cells[0] + met["input"]).ravel()


@lru_cache(maxsize=8)
def reads_of(conv: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """For every output cell, in rows: the input cells it reads, and the weights that meet them."""
    met = convolution_table(conv)  # sorted by output cell
    outputs = int(np.prod(conv.output_size))
    return met["input"].reshape(outputs, -1), met["kernel"].reshape(outputs, -1)
