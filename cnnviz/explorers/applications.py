"""Explorers of what the backward pass is used for: looking into a network, and enlarging maps."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..functional.samples import sample_gradient, sample_input
from ..network import Sequential, attribution, upsampling
from ..network.activation import RULES
from ..network.photographs import photograph
from ..network.trained import deep_network, trained_network
from ..pictures.applications.reconstruction import reconstruction
from ..pictures.applications.relu_rules import relu_rules
from ..pictures.applications.saliency_maps import saliency_maps
from ..pictures.applications.upsampling_photo import upsampling_photo
from ..scene import Scene
from .controls import Slider, buttons, fine_slider, letters, sliders, tick
from .explorer import explorer
from .numbers import Layer, corner, probed

PHOTO = 48  # cells along a side: 2, 3 and 4 divide it
STEPS = 100
ROUNDS = 4  # images of each digit to choose from


def _map_and_gradient() -> dict[str, np.ndarray]:
    return {"input": sample_input(6, 6) - 4, "upstream": sample_gradient(6, 6)}


def _shifted(data, *, size, shift, one_hot, **letters) -> tuple[Layer, dict]:
    """A map and its gradient. What is shown is what would be typed: not a probe, not a shifted map."""
    x, r = (corner(data[name], (size, size)) for name in ("input", "upstream"))
    return Layer({"input": x + shift if shift else x, "upstream": probed(r, one_hot)}), letters


@explorer(
    *sliders(size=(4, 1, 6)),
    fine_slider("shift", "add to x", 0.0, -6.0, 6.0, 1.0, digits=0),
    *sliders(one_hot=(0, 0, 16)),
    *letters("numbers"),
    numbers=_map_and_gradient,
    cut=_shifted,
)
def explore_relu_rules(layer: Layer, **letters) -> Scene:
    """One ReLU on the way back by three rules: backprop, deconvnet, guided."""
    return relu_rules(layer.input, layer.upstream, **letters)


def digit_images(labels: np.ndarray, rounds: int = ROUNDS) -> np.ndarray:
    """Which images to show: the first 0, 1, ... 9, then the second of each, and so on.

    >>> digit_images(np.array([1, 0, 2, 3, 4, 5, 6, 7, 8, 9]), rounds=1)
    array([1, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    of_each = [np.flatnonzero(labels == digit)[:rounds] for digit in range(10)]
    return np.stack(of_each, axis=1).ravel()


def _digit(image: int) -> tuple[np.ndarray, int]:
    """The digit number ``image`` of those to choose from, and what it is."""
    split = trained_network("deep").split
    number = digit_images(split.test_labels)[image]
    return split.test_images[number], int(split.test_labels[number])


@cache
def _untrained() -> Sequential:
    return deep_network(seed=1)


PICTURE = Slider("image", "picture", 3, 0, 10 * ROUNDS - 1)


@explorer(
    PICTURE,
    Slider("score", "class", 3, 0, 9),
    tick("switches", start=True),
    tick("untrained", "untrained weights"),
)
def explore_saliency(*, image: int, score: int, switches: bool, untrained: bool) -> Scene:
    """One score of the trained network, sent back to the image by three rules.

    ``image`` 0 to 39 shows the digits in turn; ``score`` is the class asked for.
    """
    network = _untrained() if untrained else trained_network("deep").network
    picture, label = _digit(image)
    maps = {rule: attribution.saliency(network, picture, rule, switches) for rule in RULES}
    return saliency_maps(
        picture,
        network.maps[-1][0],
        label,
        score,
        {rule: of_scores[score] for rule, of_scores in maps.items()},
        switches=switches,
        likenesses={r: attribution.likeness_of_scores(m, score) for r, m in maps.items()},
    )


@explorer(
    *sliders(layer=(2, 1, 2)),
    Slider("map", "feature map", 5, 1, 16),
    PICTURE,
    buttons("keep", attribution.KEPT, "strongest cell"),
    buttons("rule", RULES, "deconvnet"),
    tick("switches", start=True),
)
def explore_reconstruction(
    *, layer: int, map: int, image: int, keep: str, rule: str, switches: bool
) -> Scene:
    """One feature map of the trained network, sent back to the image layer by layer.

    ``layer`` 1 or 2 counts the poolings, ``map`` counts from 1.
    """
    network, (picture, _) = trained_network("deep").network, _digit(image)
    layers, maps = attribution.pooled_maps(network, picture)[layer - 1]
    start = attribution.one_map(maps, map - 1, keep)
    stages, others = (
        attribution.reconstruct(network, picture, layers, start, rule, remembered)
        for remembered in (switches, not switches)
    )
    return reconstruction(
        picture, maps, map - 1, stages, others=others, rule=rule, switches=switches
    )


@explorer(
    *sliders(kernel_size=(3, 1, 6), stride=(2, 2, 4)),
    Slider("steps", "steps of learning", 0, 0, STEPS),
    buttons("first", upsampling.KERNELS, "ones"),
    tick("difference", "show where it is wrong"),
)
def explore_upsampling(
    *, kernel_size: int, stride: int, steps: int, first: str, difference: bool
) -> Scene:
    """A photograph made small and enlarged again by a transposed convolution, which can learn."""
    learning = _learned(kernel_size, stride, first)
    return upsampling_photo(
        _photo(),
        learning.kernels[steps],
        stride,
        errors=learning.errors,
        step=steps,
        bilinear=float(_learned(kernel_size, stride, "bilinear").errors[0]),
        difference=difference,
    )


@cache
def _learned(kernel: int, stride: int, first: str) -> upsampling.Learning:
    """All steps at once: they take as long as one picture, and then the slider is free to move."""
    start = upsampling.first_kernel(first, kernel, stride)
    return upsampling.learn_kernel(_photo(), stride, start, STEPS)


@cache
def _photo() -> np.ndarray:
    return photograph(PHOTO)
