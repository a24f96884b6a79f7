"""The walk through a network: layer by layer forward, then layer by layer back."""

from __future__ import annotations

import numpy as np

from ...network import Sequential
from ...scene import Step
from ...symbols import number
from .network_run import Run, reads_of, windows_of

# The step that fills each grid: maps on the way forward, gradients on the way back.
WRITTEN_AT = {
    name: step
    for step, name in enumerate(
        ("maps", "relu", "pooled", "row", "scores", "probabilities", "loss", "upstream", "row_gradient",
         "pooled_gradient", "relu_gradient", "maps_gradient", "kernel_gradient", "image_gradient")
    )
}  # fmt: skip


def size_of(values: np.ndarray) -> str:
    """A shape as the documents write it: rows × columns × maps."""
    if values.ndim == 1:
        return str(len(values))
    maps, rows, columns = values.shape
    return f"{rows}×{columns}" + (f"×{maps}" if maps > 1 else "")


def numbers_of(values: np.ndarray) -> tuple[str, ...]:
    """All numbers of a map, two digits after the point: quick, for there are many."""
    texts = [f"{value:.2f}" if value else "0" for value in values.ravel().tolist()]
    return tuple(" ".join(texts).replace("-0.00", "0.00").replace("-", "−").split(" "))


def layer_by_layer(run: Run, network: Sequential) -> tuple[Step, ...]:
    """Forward, then back, along the cell of the pooled maps with the largest gradient that goes on."""
    rows, columns = network[4].parameters["weight"].shape
    return (*_forward(run, f"{rows}×{columns}"), *_backward(run, f"{rows}×{columns}"))


def _forward(run: Run, weights: str) -> tuple[Step, ...]:
    h, winner = (run.followed,), (int(run.switches[run.followed]),)
    window, field, taps = _rows_of(run, run.followed)
    z, a = (number(float(run.maps[n].flat[winner[0]])) for n in (1, 2))
    classes, right = tuple(range(len(run.target))), (run.label,)
    x, conv, relu, pool, row, scores = map(size_of, run.maps)
    p, loss = number(float(run.probabilities[run.label])), number(run.loss)
    return (
        Step({"image": field, "kernel": taps}, {"maps": winner},
             f"Conv2d, {x} → {conv}: nine products and a bias make z = {z}."),
        Step({"maps": winner}, {"relu": winner}, f"ReLU, {conv} → {relu}: a = max(z, 0) = {a}."),
        Step({"relu": window}, {"pooled": h},
             f"MaxPool2d, {relu} → {pool}: the largest of {len(window)} stays. The switch remembers where "
             "it stood."),
        Step({"pooled": h}, {"row": h},
             f"Flatten, {pool} → {row}: the same numbers in a row. This one is number {run.followed + 1}."),
        Step({"row": h}, {"scores": classes},
             f"Linear, {row} → {scores}: each score is the row times one row of the weights, {weights}, "
             "plus a bias.", around={"row": tuple(range(len(run.maps[4])))}),
        Step({"scores": classes}, {"probabilities": classes},
             "Softmax: exp of each score, divided by the sum of all ten. Now they add up to 1."),
        Step({"probabilities": right, "target": right}, {"loss": (0,)},
             f"The loss is −log of the right class's probability: −log {p} = {loss}. Forward ends here."),
    )  # fmt: skip


def _backward(run: Run, weights: str) -> tuple[Step, ...]:
    h, winner = (run.followed,), (int(run.switches[run.followed]),)
    window, field, taps = _rows_of(run, run.followed)
    classes = tuple(range(len(run.target)))
    x, conv, relu, pool, row, scores = map(size_of, run.maps)
    by_h, z, by_z = (
        number(float(values.flat[cell]))
        for values, (cell,) in ((run.back[3], h), (run.maps[1], winner), (run.back[1], winner))
    )
    filters, per_map = len(run.kernel), run.maps[3][0].size
    passes = f"is above 0, so {by_z} passes unchanged"
    return (
        Step({"probabilities": classes, "target": classes}, {"upstream": classes},
             "Backward starts with p − y: take 1 off at the right class. The ten numbers add up to 0."),
        Step({"upstream": classes}, {"row_gradient": h},
             f"Linear, back, {scores} → {row}: Wᵀ times p − y, here {by_h}. The gradient to the weights is "
             f"p − y times the row, {weights}."),
        Step({"row_gradient": h}, {"pooled_gradient": h},
             f"Flatten, back, {row} → {pool}: no number changes. This one returns to map "
             f"{run.followed // per_map + 1}."),
        Step({"pooled_gradient": h}, {"relu_gradient": winner},
             f"MaxPool2d, back, {pool} → {relu}: all of {by_h} goes to the winner. The other "
             f"{len(window) - 1} of its window get 0.", around={"relu_gradient": window}),
        Step({"relu_gradient": winner, "maps": winner}, {"maps_gradient": winner},
             f"ReLU, back, {relu} → {conv}: z = {z} {passes if by_z != '0' else 'lets nothing pass'}."),
        Step({"maps_gradient": winner, "image": field}, {"kernel_gradient": taps},
             "Conv2d, back to its weights: ∂L/∂z times the nine pixels, added over all winners of the map. "
             f"The {filters} bias gradients are the sums of the {filters} maps."),
        Step({"maps_gradient": winner, "kernel": taps}, {"image_gradient": field},
             f"Conv2d, back to the image, {conv} → {x}: ∂L/∂z times each weight is added to the pixel that "
             "the weight met."),
    )  # fmt: skip


def _rows_of(run: Run, h: int) -> tuple[tuple[int, ...], ...]:
    """The window of a pooled cell, the pixels its winner read, and the weights that met them."""
    channels, rows, columns = run.maps[2].shape
    windows, inside = windows_of(run.pool, channels)
    reads, taps = reads_of(run.conv)
    channel, place = divmod(int(run.switches[h]), rows * columns)
    weights = taps[place] + channel * int(np.prod(run.kernel_size))
    return tuple(tuple(cells.tolist()) for cells in (inside[windows == h], reads[place], weights))
