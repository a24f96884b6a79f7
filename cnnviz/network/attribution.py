"""Which cells of an image matter to a score: the gradient to the image and its two modifications,
and the way back from one feature map.

All go back through the same layers with the same weights. They differ in what passes a ReLU, and in
whether a pooling remembers its switches. A forward pass goes before each of them, so the network
holds the maps of that image afterwards; its parameters do not change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import functional as F
from ..functional.geometry import DoesNotFit, whole_number
from . import Conv2d, Layer, MaxPool2d, ReLU, Sequential
from .activation import RULES


class Stage(NamedTuple):
    """A place on the way back: the layer that was just passed, and the maps below it.

    `layer` is None at the start of the way."""

    layer: Layer | None
    maps: np.ndarray


def saliency(
    network: Sequential, image: np.ndarray, rule: str = "backprop", switches: bool = True
) -> np.ndarray:
    """Each score's gradient to the image (C, H, W), or what a modified rule puts in its place:
    (scores, C, H, W).

    `rule` is what passes a ReLU: "backprop" (the gradient), "deconvnet" or "guided". Without
    `switches`, a pooling hands everything to the first cell of each window.
    Raises `DoesNotFit` for an image the network cannot read, ValueError for another rule.
    Sources: Simonyan, Vedaldi and Zisserman (2013), section 3; Zeiler and Fergus (2014), section 2;
    Springenberg et al. (2015), figure 1.

    >>> from cnnviz.network import Flatten, Linear
    >>> network = Sequential(Flatten(), Linear(4, 2, seed=0))
    >>> maps = saliency(network, np.zeros((1, 2, 2)))
    >>> bool((maps.reshape(2, 4) == network[1].parameters["weight"]).all())
    True
    """
    classes = network(np.asarray(image)[np.newaxis]).shape[-1]
    # One copy of the image for each score: one pass serves them all.
    scores = network(np.repeat(np.asarray(image)[np.newaxis], classes, axis=0))
    return _way_back(network.layers, np.eye(classes, dtype=scores.dtype), rule, switches)[-1].maps


def strength(gradient: np.ndarray) -> np.ndarray:
    """How much each cell of an image (C, H, W) matters, (H, W): the largest size among its channels.

    Source: Simonyan, Vedaldi and Zisserman (2013), section 3.1.

    >>> strength(np.array([[[1.0, -3.0]], [[2.0, 0.5]]]))
    array([[2., 3.]])
    """
    return np.abs(gradient).max(axis=0)


def pooled_maps(network: Sequential, image: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """What each max pooling of the network makes of an image: (number of layers so far, (C, H, W)).

    >>> network = Sequential(Conv2d(1, 3, 2, seed=0), ReLU(), MaxPool2d(2))
    >>> [(layers, maps.shape) for layers, maps in pooled_maps(network, np.ones((1, 5, 5)))]
    [(3, (3, 2, 2))]
    """
    network(np.asarray(image)[np.newaxis])
    return [
        (number, network.maps[number][0])
        for number, layer in enumerate(network, start=1)
        if isinstance(layer, MaxPool2d)
    ]


def one_map(maps: np.ndarray, number: int, keep: str = "strongest cell") -> np.ndarray:
    """Maps (C, H, W) with all but one map set to 0; `keep` is its "strongest cell" or "whole map".

    Raises `DoesNotFit` if there is no map of that number (from 0), ValueError for another `keep`.

    >>> one_map(np.array([[[1.0, 2.0]], [[4.0, 3.0]]]), 1)
    array([[[0., 0.]],
    <BLANKLINE>
           [[4., 0.]]])
    """
    if keep not in KEPT:
        raise ValueError(f"What is kept is the {' or the '.join(KEPT)}, not {keep!r}.")
    if not whole_number(number, "number of a map", at_least=0) < len(maps):
        raise DoesNotFit(f"This layer has {len(maps)} maps; there is no map {number + 1}.")
    alone = np.zeros_like(maps)
    chosen = np.s_[number] if keep == "whole map" else (number, *_strongest(maps[number]))
    alone[chosen] = maps[chosen]
    return alone


KEPT = ("strongest cell", "whole map")


def reconstruct(
    network: Sequential,
    image: np.ndarray,
    layers: int,
    start: np.ndarray,
    rule: str = "deconvnet",
    switches: bool = True,
) -> list[Stage]:
    """From feature maps back to the image: the stages of the way, the image (C, H, W) last.

    `start` (C, H, W) takes the place of what the first `layers` layers make of the image, and goes
    back through them. `rule` and `switches` are as in `saliency`. Biases have no part in it.
    Raises `DoesNotFit` where `start` has another shape than the maps.
    Source: Zeiler and Fergus (2014), section 2.1.
    """
    network(np.asarray(image)[np.newaxis])
    expected = network.maps[layers].shape[1:]
    if np.shape(start) != expected:
        raise DoesNotFit(f"The maps have shape {expected}, but the start has {np.shape(start)}.")
    stages = _way_back(network.layers[:layers], np.asarray(start)[np.newaxis], rule, switches)
    return [Stage(layer, maps[0]) for layer, maps in stages]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two maps: 1 if they differ in brightness and contrast only, about 0 if they
    have nothing to do with each other; 0 where one of them is flat.

    >>> round(likeness(np.array([1, 2, 4]), np.array([3, 5, 9])), 9)
    1.0
    """
    one, other = (np.asarray(m, float).ravel() - np.mean(m) for m in (one, other))
    sizes = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / sizes) if sizes else 0.0


def likeness_of_scores(maps: np.ndarray, score: int) -> float:
    """How alike the map of one score is to those of the others, of (scores, C, H, W): the mean
    `likeness`.

    >>> round(likeness_of_scores(np.array([[[[1, 2]]], [[[3, 5]]], [[[4, 9]]]]), 0), 9)
    1.0
    """
    others = np.delete(np.arange(len(maps)), score)
    return float(np.mean([likeness(maps[score], maps[other]) for other in others]))


def _way_back(layers, start: np.ndarray, rule: str, switches: bool) -> list[Stage]:
    if rule not in RULES:
        raise ValueError(f"A ReLU goes back by {', '.join(RULES)}, not by {rule!r}.")
    stages = [Stage(None, start)]
    g = start
    for layer in reversed(list(layers)):
        g = _back(layer, g, rule, switches)
        stages.append(Stage(layer, g))
    return stages


def _back(layer: Layer, g: np.ndarray, rule: str, switches: bool) -> np.ndarray:
    if isinstance(layer, ReLU):
        return g * RULES[rule](layer.input, g)
    if isinstance(layer, MaxPool2d) and not switches:
        return F.max_pool2d_backward(g, layer.input.shape, _first_cells(layer))
    if isinstance(layer, Conv2d):  # what it did to its weights is not asked for here
        return F.conv2d_input(layer.input.shape, layer.parameters["weight"], g, **layer.how)
    return layer.backward(g)


def _first_cells(layer: MaxPool2d) -> np.ndarray:
    """Switches that know nothing of the image: where all cells are equal, the first one wins."""
    how = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode)
    return F.max_pool2d(np.zeros_like(layer.input), *how, return_indices=True)[1]


def _strongest(plane: np.ndarray) -> tuple[int, ...]:
    return tuple(int(n) for n in np.unravel_index(plane.argmax(), plane.shape))
