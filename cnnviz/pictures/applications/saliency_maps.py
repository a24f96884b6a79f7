"""The picture of an image beside what three rules send back to it from one score."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...network.attribution import strength
from ...scene import Grid, Scene, Slot, Step, Stroke
from ...symbols import number
from ..grids import ink_grid
from ..sheet import row

SIDE = 228
SLOTS = row(SIDE, y=50, gap=20, largest=60, image=SIDE, backprop=SIDE, deconvnet=SIDE, guided=SIDE)
SCORES = Slot(80, 340, 912, 40, largest=91, square=False, centred=False, beside=True)
SHOWS = {
    "size": lambda maps: strength(maps),
    "positive part": lambda maps: np.maximum(maps, 0).max(axis=0),
    "negative part": lambda maps: np.maximum(-maps, 0).max(axis=0),
}
TITLES = {"backprop": "gradient", "deconvnet": "deconvnet", "guided": "guided"}
MEANS = {
    "backprop": "The gradient: how much the score changes for a little more ink in a cell. It is the "
    "only one of the three that is a derivative.",
    "deconvnet": "Deconvnet: at each ReLU only what comes back positive goes on, whatever went "
    "forward.",
    "guided": "Guided: as the gradient, but all that turns negative on the way is dropped.",
}
STRONGEST = 40  # cells that a step lights


def saliency_maps(
    image: np.ndarray,
    scores: np.ndarray,
    label: int,
    score: int,
    maps: Mapping[str, np.ndarray],
    *,
    switches: bool = True,
    part: str = "size",
    likenesses: Mapping[str, float] | None = None,
) -> Scene:
    """An image, its scores, and for each ReLU rule what comes back to it from one of them.

    ``image`` and each of ``maps`` (by rule) are (C, H, W); of the channels the largest shows.
    ``part`` is "size", "positive part" or "negative part". ``likenesses`` are numbers to be shown
    for each rule: how alike its maps from different scores are.
    Source: Simonyan, Vedaldi and Zisserman (2013), section 3.
    """
    height, width = image.shape[1:]
    ink = {"image": strength(image - image.min())}
    ink |= {rule: SHOWS[part](cells) for rule, cells in maps.items()}
    grids = [ink_grid("image", f"image of a {label}", ink["image"], SLOTS["image"])]
    grids += [
        ink_grid(rule, TITLES[rule], ink[rule], SLOTS[rule], _signed(maps[rule]), role="written")
        for rule in maps
    ]
    cells = np.arange(height * width)
    table = {grid.name: cells for grid in grids}
    asked = _scores(scores, score)
    grids.append(asked)
    table["scores"] = np.full(cells.size, -1)
    read = int(scores.argmax())
    return Scene(
        title="From a score back to the image",
        grids=tuple(grids),
        table=table,
        say=_say(score, label, switches),
        size=(1200, 410),
        strokes=(_arrow(asked, score),),
        counters=_counters(scores, score, likenesses),
        lamps=((read == label, f"the network reads it as {read}"),),
        steps=tuple(_step(rule, ink, TITLES[rule]) for rule in maps),
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


def _arrow(row: Grid, score: int) -> Stroke:
    """Back from the chosen score to the maps."""
    x, y = row.corner(score)
    x += row.place.width / 2
    return Stroke(((x, y - 4), (x, y - 50)), "backward")


def _counters(scores, score: int, likenesses) -> tuple[tuple[str, str], ...]:
    counters = [(number(round(float(scores[score]), 2)), f"score of class {score}")]
    for rule, value in (likenesses or {}).items():
        counters.append((f"{value:.2f}".replace("-", "−"), f"likeness, {TITLES[rule]}"))
    return tuple(counters)


def _say(score: int, label: int, switches: bool) -> str:
    end = (
        ""
        if switches
        else " Without switches, each pooling hands all to the first cell of its window."
    )
    asked = "its own class" if score == label else "a class it does not show"
    return (
        f"The score of {score}, {asked}, goes back by three rules. On the right: how alike each map "
        f"is to those of the other nine scores.{end}"
    )


def _step(rule: str, ink: Mapping[str, np.ndarray], title: str) -> Step:
    flat = ink[rule].ravel()
    cells = tuple(sorted(np.argsort(flat, kind="stable")[-STRONGEST:].tolist()))
    on_ink = int((ink["image"].ravel()[list(cells)] > 0.5 * ink["image"].max()).sum())
    return Step(
        {rule: cells, "image": cells},
        f"{MEANS[rule]} Lit: its {STRONGEST} strongest cells; {on_ink} of them lie on ink.",
    )
