"""Explorers of a whole network: its passes, the blog's faults, and the check of its gradients."""

from __future__ import annotations

import re
from functools import lru_cache

from ..network import first_weights as weights
from ..network.broken import FAULTS, check_each_layer, with_fault
from ..network.gradient_check import check_gradients
from ..network.nudge_sizes import POWERS, errors_of_nudges
from ..network.repairs import REPAIRS, Setting
from ..network.trained import EPOCHS, trained_network
from ..pictures.network.first_weights import first_weights
from ..pictures.network.gradient_lamps import gradient_lamps
from ..pictures.network.network_pass import network_pass
from ..pictures.network.nudge_sizes import nudge_sizes
from ..pictures.network.repairs import repairs
from ..scene import Scene
from .controls import Slider, buttons, dropdown, sliders
from .explorer import explorer

IMAGES = 60  # of those held out, in their order
SIZES = {"28×28": "small", "8×8": "tiny"}
KERNELS, LAYERS = (3, 5, 7), 4  # of the picture of first weights
BENT, STRAIGHT = "cross entropy", "weighted sum"


@explorer(
    Slider("image", "image", 4, 1, IMAGES),
    Slider("epochs", "epochs learned", 1, 0, EPOCHS),
    buttons("size", SIZES, "28×28"),
)
def explore_network_pass(*, image: int, epochs: int, size: str) -> Scene:
    """A digit forward through the blog's network and its gradient back, after so many epochs.

    ``size`` is "28×28", the blog's sizes, or "8×8", where single cells can be followed.
    """
    network, split, _ = trained_network(SIZES[size], epochs=epochs)
    pixels, label = split.test_images[image - 1, 0], int(split.test_labels[image - 1])
    return network_pass(network, pixels, label)


def setting_name(fault: str, part: str) -> str:
    """What the slider of a fault is called in a call.

    >>> setting_name("one bias gradient for all", "size")
    'one_bias_gradient_for_all_size'
    """
    return f"{re.sub(r'[^a-zA-Z0-9]+', '_', fault).strip('_').lower()}_{part}"


def _setting(fault: str, part: str, setting: Setting) -> Slider:
    name, when = setting_name(fault, part), ("fault", (fault,))
    return Slider(name, setting.word, setting.first, setting.low, setting.high, when=when)


@explorer(
    dropdown("fault", "fault", REPAIRS, "one bias gradient for all"),
    *(
        _setting(fault, part, getattr(repair, part))
        for fault, repair in REPAIRS.items()
        for part in ("size", "count")
    ),
)
def explore_repairs(*, fault: str, **settings: int) -> Scene:
    """A fault of the blog's layers beside its repair; every fault has two sliders of its own.

    ``fault`` is one of ``cnnviz.network.REPAIRS``.
    """
    size, count = (settings[setting_name(fault, part)] for part in ("size", "count"))
    return repairs(REPAIRS[fault], size, count)


@explorer(
    *sliders(image=(4, 1, IMAGES)),
    Slider("samples", "cells to check", 8, 2, 12),
    dropdown("fault", "break", FAULTS, "nothing"),
)
def explore_gradient_check(*, image: int, samples: int, fault: str) -> Scene:
    """The gradients of the blog's network beside central differences, with one layer broken.

    ``fault`` names a broken layer, or is "nothing".
    """
    return gradient_lamps(*_checked(fault, image, samples))


@lru_cache(maxsize=64)
def _checked(fault: str, image: int, samples: int) -> tuple:
    """A network that has learned a little, and its checks: they take longer than a picture."""
    network, split, _ = trained_network(epochs=2)
    broken = with_fault(network, fault)
    x, label = split.test_images[image - 1 : image], split.test_labels[image - 1 : image]
    alone = check_each_layer(broken, x, samples=samples)
    return network, alone, check_gradients(broken, x, label, samples=samples)


@explorer(*sliders(channels=(8, 1, 18)))
def explore_first_weights(*, channels: int) -> Scene:
    """The size of a signal through four layers whose first weights follow the blog's rule, or He's.

    Every layer reads and makes so many ``channels``.
    """
    sizes = {
        rule: {k: weights.sizes_after(rule, channels, k, LAYERS) for k in KERNELS}
        for rule in weights.RULES
    }
    return first_weights(channels, sizes)


@explorer(
    Slider("power", "h = 10 to the minus", 5, POWERS[0], POWERS[-1]),
    buttons("loss", (BENT, STRAIGHT), BENT),
)
def explore_nudge_sizes(*, power: int, loss: str) -> Scene:
    """The error of a gradient check for nudges from 0.1 down to 10⁻¹², in float64 and in float32.

    ``loss`` is the "cross entropy", which bends, or a "weighted sum" of the scores, which does not.
    """
    bent = loss == BENT
    return nudge_sizes(errors_of_nudges(bent), power, bent)
