"""Explorers of a whole network: its passes, the blog's faults, and the check of its gradients."""

from __future__ import annotations

from functools import lru_cache

from ..network.broken import FAULTS, check_each_layer, with_fault
from ..network.gradient_check import check_gradients
from ..network.repairs import REPAIRS
from ..network.trained import EPOCHS, trained_network
from ..pictures.network.gradient_lamps import gradient_lamps
from ..pictures.network.network_pass import SIGNS, network_pass
from ..pictures.network.repairs import repairs
from ..scene import Scene
from .before import Explorer, buttons, dropdown, slider

IMAGES = 60  # of those held out, in their order
SIZES = {"28×28": "small", "8×8": "tiny"}


def explore_network_pass(size: str = "28×28", image: int = 4, epochs: int = 1) -> Explorer:
    """A digit forward through the blog's network and its gradient back, after so many epochs.

    ``size`` is "28×28", the blog's sizes, or "8×8", where the numbers can be read.
    """
    controls = {
        "image": slider("image", image, 1, IMAGES),
        "epochs": slider("epochs learned", epochs, 0, EPOCHS),
        "size": buttons(list(SIZES), size),
        "sign": buttons(list(SIGNS), "sizes"),
    }

    def build(data, *, image, epochs, size, sign) -> Scene:
        network, split, _ = trained_network(SIZES[size], epochs=epochs)
        return network_pass(
            network,
            split.test_images[image - 1, 0],
            int(split.test_labels[image - 1]),
            sign=sign,
            numbers=size == "8×8",
        )

    return Explorer(build, {}, controls)


def explore_repairs(fault: str = "one bias gradient for all") -> Explorer:
    """A fault of the blog's layers beside its repair; every fault has two sliders of its own.

    ``fault`` is one of ``cnnviz.network.repairs.REPAIRS``.
    """
    controls = {"fault": dropdown("fault", list(REPAIRS), fault)}
    for name, repair in REPAIRS.items():
        for part, setting in (("size", repair.size), ("count", repair.count)):
            made = slider(setting.word, setting.first, setting.low, setting.high)
            controls[f"{name}, {part}"] = made

    def show_sliders(of: str) -> None:
        for name, control in controls.items():
            is_its_own = name == "fault" or name.rpartition(", ")[0] == of
            control.layout.display = None if is_its_own else "none"

    show_sliders(fault)
    controls["fault"].observe(lambda change: show_sliders(change["new"]), names="value")

    def build(data, *, fault, **settings) -> Scene:
        return repairs(REPAIRS[fault], settings[f"{fault}, size"], settings[f"{fault}, count"])

    return Explorer(build, {}, controls)


def explore_gradient_check(fault: str = "nothing") -> Explorer:
    """The gradients of the blog's network beside central differences, with one layer broken.

    ``fault`` is one of ``cnnviz.network.broken.FAULTS``.
    """
    controls = {
        "image": slider("image", 4, 1, IMAGES),
        "samples": slider("cells to check", 8, 2, 12),
        "fault": dropdown("break", list(FAULTS), fault),
    }

    def build(data, *, image, samples, fault) -> Scene:
        return gradient_lamps(*_checked(fault, image, samples))

    return Explorer(build, {}, controls)


@lru_cache(maxsize=64)
def _checked(fault: str, image: int, samples: int) -> tuple:
    """A network that has learned a little, and its checks: they take longer than a picture."""
    network, split, _ = trained_network(epochs=2)
    broken = with_fault(network, fault)
    x, label = split.test_images[image - 1 : image], split.test_labels[image - 1 : image]
    alone = check_each_layer(broken, x, samples=samples)
    return network, alone, check_gradients(broken, x, label, samples=samples)
