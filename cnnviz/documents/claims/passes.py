"""What goes into an operation and what comes out, forward and backward."""

from __future__ import annotations

import numpy as np

from ...derivations.chain import Chain
from ...functional import max_pool2d
from ..meaning import Layer

Passes = dict[str, tuple[np.ndarray, np.ndarray]]


def of_convolution(layer: Layer) -> Passes:
    return {
        "forward": (layer.input, layer.output),
        "backward": (layer.upstream, layer.input_gradient),
    }


def of_pooling(
    cells: np.ndarray, order: np.ndarray, size: int, stride: int | None = None
) -> Passes:
    """Max pooling of cells of which ``order`` says which are larger. What arrives is named after the
    maxima."""
    maxima = max_pool2d(cells, size, stride, order=order)
    chain = Chain("F", maxima, maxima)
    return {"forward": (cells, maxima), "backward": (chain.upstream, chain.calculus(cells))}
