"""Explorers of what the backward pass is used for: looking into a network, and enlarging maps."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..functional.samples import one_hot, sample_gradient, sample_input
from ..network import attribution, upsampling
from ..network.activation import RULES
from ..network.photographs import photograph
from ..network.trained import deep_network, trained_network
from ..pictures.applications.reconstruction import reconstruction
from ..pictures.applications.relu_rules import relu_rules
from ..pictures.applications.saliency_maps import SHOWS, saliency_maps
from ..pictures.applications.upsampling_photo import upsampling_photo
from ..scene import Scene
from ..symbols import NOTATIONS
from .before import Explorer, buttons, choices, fine_slider, slider, tick

PHOTO = 48  # cells along a side: 2, 3 and 4 divide it
STEPS = 100


def explore_relu_rules(size: int = 4, *, show: str = "numbers") -> Explorer:
    """One ReLU on the way back by three rules: backprop, deconvnet, guided."""
    controls = {
        "size": slider("size", size, 1, 6),
        "shift": fine_slider("add to x", 0, -6, 6, 1, digits=0),
        "probe": slider("one-hot probe", 0, 0, 16),
        **choices(show),
    }
    data = {"input": sample_input(6, 6) - 4, "upstream": sample_gradient(6, 6)}

    def build(data, *, size, shift, probe, show, notation, start) -> Scene:
        r = data["upstream"][:size, :size]
        own = {"input": not shift, "upstream": not probe}  # what is shown is what would be typed
        editable = tuple(name for name, shown in own.items() if shown)
        return relu_rules(
            data["input"][:size, :size] + shift,
            one_hot(r.shape, probe - 1) if probe else r,
            editable=editable,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        return grid.name, np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, data, controls, cell_of)


def digit_images(labels: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Which images to show: the first 0, 1, ... 9, then the second of each, and so on.

    >>> digit_images(np.array([1, 0, 2, 3, 4, 5, 6, 7, 8, 9]), rounds=1)
    array([1, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    of_each = [np.flatnonzero(labels == digit)[:rounds] for digit in range(10)]
    return np.stack(of_each, axis=1).ravel()


def explore_saliency(image: int = 3, score: int = 3) -> Explorer:
    """One score of the trained network, sent back to the image by three rules.

    ``image`` 0 to 39 shows the digits in turn; ``score`` is the class asked for.
    """
    trained = trained_network("deep")
    networks = {False: trained.network, True: deep_network(seed=1)}
    chosen = digit_images(trained.split.test_labels)
    controls = {
        "image": slider("picture", image, 0, len(chosen) - 1),
        "score": slider("class", score, 0, 9),
        "part": buttons(list(SHOWS), "size"),
        "switches": tick("switches", True),
        "untrained": tick("untrained weights"),
    }

    def build(_, *, image, score, part, switches, untrained) -> Scene:
        network, number = networks[untrained], chosen[image]
        picture = trained.split.test_images[number]
        maps = {r: attribution.saliency(network, picture, r, switches) for r in RULES}
        return saliency_maps(
            picture,
            network.maps[-1][0],
            int(trained.split.test_labels[number]),
            score,
            {rule: of_scores[score] for rule, of_scores in maps.items()},
            switches=switches,
            part=part,
            likenesses={r: attribution.likeness_of_scores(m, score) for r, m in maps.items()},
        )

    return Explorer(build, {}, controls)


def explore_reconstruction(layer: int = 2, map: int = 5, image: int = 3) -> Explorer:
    """One feature map of the trained network, sent back to the image layer by layer.

    ``layer`` 1 or 2 counts the poolings, ``map`` counts from 1.
    """
    trained = trained_network("deep")
    chosen = digit_images(trained.split.test_labels)
    controls = {
        "layer": slider("layer", layer, 1, 2),
        "map": slider("feature map", map, 1, 16),
        "image": slider("picture", image, 0, len(chosen) - 1),
        "keep": buttons(list(attribution.KEPT), "strongest cell"),
        "rule": buttons(list(RULES), "deconvnet"),
        "switches": tick("switches", True),
    }

    def build(_, *, layer, map, image, keep, rule, switches) -> Scene:
        network, picture = trained.network, trained.split.test_images[chosen[image]]
        layers, maps = attribution.pooled_maps(network, picture)[layer - 1]
        start = attribution.one_map(maps, map - 1, keep)
        stages, others = (
            attribution.reconstruct(network, picture, layers, start, rule, remembered)
            for remembered in (switches, not switches)
        )
        return reconstruction(
            picture, maps, map - 1, stages, others=others, rule=rule, switches=switches
        )

    return Explorer(build, {}, controls)


def explore_upsampling(kernel_size: int = 3, stride: int = 2) -> Explorer:
    """A photograph made small and enlarged again by a transposed convolution, which can learn."""
    photo = photograph(PHOTO)
    controls = {
        "kernel": slider("kernel size", kernel_size, 1, 6),
        "stride": slider("stride", stride, 2, 4),
        "steps": slider("steps of learning", 0, 0, STEPS),
        "first": buttons(list(upsampling.KERNELS), "ones"),
        "difference": tick("show where it is wrong"),
    }

    def build(_, *, kernel, stride, steps, first, difference) -> Scene:
        learning = _learned(kernel, stride, first)
        return upsampling_photo(
            photo,
            learning.kernels[steps],
            stride,
            errors=learning.errors,
            step=steps,
            bilinear=float(_learned(kernel, stride, "bilinear").errors[0]),
            difference=difference,
        )

    return Explorer(build, {}, controls)


@cache
def _learned(kernel: int, stride: int, first: str) -> upsampling.Learning:
    """All steps at once: they take as long as one picture, and then the slider is free to move."""
    start = upsampling.first_kernel(first, kernel, stride)
    return upsampling.learn_kernel(photograph(PHOTO), stride, start, STEPS)
