"""The picture of an image beside what three rules send back to it from one score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...network.attribution import strength
from ...scene import Grid, Lamp, Scene, Slot, Step, Stroke
from ..grids import colour_grid
from ..sheet import row

SIDE = 228
SLOTS = row(SIDE, y=36, gap=28, largest=60, image=SIDE, backprop=SIDE, deconvnet=SIDE, guided=SIDE)
SCORES = Slot(86, 342, 930, 42, largest=93, square=False, centred=False, beside=True)
TITLES = {"backprop": "gradient", "deconvnet": "deconvnet", "guided": "guided"}
MEANS = {
    "backprop": "The gradient: how much the score changes for a little more ink in a cell. It is the "
    "only one of the three that is a derivative.",
    "deconvnet": "Deconvnet: at each ReLU only what comes back positive goes on, whatever went "
    "forward.",
    "guided": "Guided: as the gradient, but all that turns negative on the way is dropped.",
}
STRONGEST = 40  # cells that a step lights
AWAY = 8  # of an arrow from the edge of a grid


def saliency_maps(
    image: np.ndarray,
    scores: np.ndarray,
    label: int,
    score: int,
    maps: Mapping[str, np.ndarray],
    *,
    switches: bool = True,
    likenesses: Mapping[str, float] | None = None,
) -> Scene:
    """An image, its scores, and for each ReLU rule what comes back to it from one of them.

    ``image`` and each of ``maps`` (by rule) are (C, H, W); of the channels the largest shows.
    ``likenesses`` are numbers to be shown
    for each rule: how alike its maps from different scores are.
    Source: Simonyan, Vedaldi and Zisserman (2013), section 3.
    """
    height, width = image.shape[1:]
    ink = strength(image - image.min())
    shown = {rule: _signed(cells) for rule, cells in maps.items()}
    grids = [colour_grid("image", f"image of a {label}", ink, SLOTS["image"])]
    grids += [
        colour_grid(rule, TITLES[rule], cells, SLOTS[rule], role="written", since=step)
        for step, (rule, cells) in enumerate(shown.items())
    ]
    cells = np.arange(height * width)
    table = {grid.name: cells for grid in grids}
    asked = _scores(scores, score)
    grids.append(asked)
    table["scores"] = np.full(cells.size, -1)
    read = int(scores.argmax())
    strokes = _arrows({grid.name: grid for grid in grids}, tuple(shown), score)
    return Scene(
        title="From a score back to the image",
        grids=tuple(grids),
        table=table,
        say=_say(score, label, switches),
        size=(1200, SCORES.y + SCORES.height + 20),
        strokes=strokes,
        counters=_counters(likenesses or {}),
        lamps=(Lamp(read == label, f"the network reads it as {read}"),),
        steps=tuple(_step(rule, cells, ink, score) for rule, cells in shown.items()),
        code=f"saliency = torch.autograd.grad(network(x)[0, {score}], x)[0].abs().amax(dim=1)",
    )


def _signed(maps: np.ndarray) -> np.ndarray:
    """Of several channels the strongest number at each place, with its sign."""
    strongest = np.abs(maps).argmax(axis=0)[np.newaxis]
    return np.take_along_axis(maps, strongest, axis=0)[0]


def _scores(scores: np.ndarray, score: int) -> Grid:
    numbers = tuple(f"{value:.1f}".replace("-", "−") for value in scores)
    return Grid(
        "scores",
        "scores",
        (1, 1, 1, len(scores)),
        SCORES,
        symbols=tuple(f"{n}:  {text}" for n, text in enumerate(numbers)),
        numbers=numbers,
        sentences=tuple(
            f"The score of class {n} is {text}."
            + (" From here the three maps come back." if n == score else "")
            for n, text in enumerate(numbers)
        ),
    )


def _arrows(grids: Mapping[str, Grid], rules: Sequence[str], score: int) -> tuple[Stroke, ...]:
    """Forward from the image to the scores, and back from one of them to each map in its step."""
    scores = grids["scores"]
    x, top = scores.corner(score)[0] + scores.place.width / 2, scores.place.y - AWAY

    def under(name: str) -> tuple[float, float]:
        place = grids[name].place
        return (
            place.x + grids[name].shape[3] * place.width / 2,
            place.y + grids[name].shape[2] * place.height + AWAY,
        )

    start = under("image")
    forward = Stroke((start, (start[0], top)), "forward")
    back = (Stroke(((x, top), under(rule)), "backward", steps=(n,)) for n, rule in enumerate(rules))
    return (forward, *back)


def _counters(likenesses: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """How alike the maps of all scores are, by each rule."""
    return tuple(
        (f"{value:.2f}".replace("-", "−"), f"likeness, {TITLES[rule]}")
        for rule, value in likenesses.items()
    )


def _say(score: int, label: int, switches: bool) -> str:
    end = (
        ""
        if switches
        else " Without switches, each pooling hands all to the first cell of its window."
    )
    asked = "its own class" if score == label else "a class it does not show"
    return (
        f"The score of {score}, {asked}, goes back by three rules. The likeness says how alike each map is "
        f"to those of the other nine scores.{end}"
    )


def _step(rule: str, shown: np.ndarray, ink: np.ndarray, score: int) -> Step:
    sizes = np.abs(shown).ravel()
    cells = tuple(sorted(np.argsort(sizes, kind="stable")[-STRONGEST:].tolist()))
    on_ink = int((ink.ravel()[list(cells)] > 0.5 * ink.max()).sum())
    return Step(
        {"scores": (score,)},
        {rule: cells},
        f"{MEANS[rule]} Lit: its {STRONGEST} strongest cells; {on_ink} of them lie on ink.",
        points={"image": cells},
    )
