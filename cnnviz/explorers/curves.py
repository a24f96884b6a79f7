"""Figures of a network while it learns: curves, filters and maps, what was misread, ten bars.

Each function returns a `matplotlib.figure.Figure` on transparent paper; `svg_text` makes it a picture
that takes the colours of the theme it stands in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..network.training import confusion_matrix, misread
from ..scene.scale import LEVELS, MINUS, PLUS, as_hex, levels

TEXT, DIM, LINE, WRONG = "#1b2430", "#5c6773", "#c9d0d8", "#b01f78"  # of the light theme
POSITIVE, NEGATIVE = as_hex(PLUS), as_hex(MINUS)
THEMED = {
    TEXT: "--text", DIM: "--dim", LINE: "--line", WRONG: "--wrong", POSITIVE: "--plus", NEGATIVE: "--minus",
}  # fmt: skip
WIDTH = 840  # units: as many pixels as a notebook has room for in a small window
SMALL, LARGE = 8, 9  # points of letters; 8 of them are 11 units
SMOOTHED = 15  # batches that one point of a curve is the mean of
MOST_MISREAD = 24
LEAST_LOSS = 0.003  # the foot of its axis
INK, PHOTOGRAPH = (0, 0, 0), "photograph"


def learning_curves(
    losses: Sequence[float],
    right: Sequence[float],
    tested: dict[int, float],
    per_epoch: int,
    epochs: float,
    changes: Sequence[tuple[int, str]] = (),
) -> Figure:
    """Loss and accuracy over the epochs, on axes that do not move while the curves grow.

    `losses` and `right` (the share read rightly) hold one number for every batch, `tested` the
    accuracy on held-out images after each epoch; `changes` are (batch, words) of what was changed.
    """
    figure = _figure(150)
    left, other = (figure.add_axes((x, 0.27, 0.41, 0.59)) for x in (0.055, 0.565))
    at = (1 + np.arange(len(losses))) / per_epoch
    loss = np.maximum(np.nan_to_num(np.asarray(losses, float), nan=99, posinf=99), LEAST_LOSS)
    left.plot(at, loss, color=DIM, linewidth=0.6, alpha=0.5)
    left.plot(at, _smoothed(loss), color=TEXT, linewidth=1.6)
    left.set(yscale="log", ylim=(LEAST_LOSS, 10), yticks=(0.01, 0.1, 1, 10))
    left.yaxis.set_major_formatter("{x:g}")
    left.minorticks_off()
    other.plot(at, 100 * _smoothed(right), color=DIM, linewidth=0.9)
    other.plot(
        list(tested), [100 * share for share in tested.values()],
        color=TEXT, linewidth=1.6, marker="o", markersize=4, clip_on=False,
    )  # fmt: skip
    other.set(ylim=(0, 100), yticks=(0, 25, 50, 75, 100))
    other.yaxis.set_major_formatter("{x:g} %")
    _titled(left, "loss of the batches it learns from")
    _titled(other, "share read rightly")
    other.set_title(
        "dots: held-out · thin: its own batches", color=DIM, fontsize=SMALL, loc="right"
    )
    for axes in (left, other):
        axes.set(xlim=(0, max(epochs, at[-1] if len(at) else 0)))
        axes.set_xlabel("epochs", color=DIM, fontsize=SMALL, labelpad=1)
        for number, (batch, words) in enumerate(changes):
            axes.axvline(batch / per_epoch, color=LINE, linewidth=1, linestyle=(0, (4, 3)))
            if axes is left:
                height = (5, 2.2, 1)[number % 3]  # neighbours do not cover each other
                axes.text(batch / per_epoch, height, f" {words}", color=DIM, fontsize=SMALL)
    return figure


def network_inside(
    first: np.ndarray, filters: np.ndarray, image: np.ndarray, maps: np.ndarray
) -> Figure:
    """The filters (O, 1, k, k) as they were at first and as they are, and the maps (O, H, W) of one
    image (H, W) of ink.

    Numbers are colours as in every picture, with a scale for the weights and one for the maps.
    """
    figure = _figure(190)
    axes = _canvas(figure, 190)
    column = min(88.0, 704 / len(filters))
    darkest = max(float(np.nan_to_num(maps).max()), 1e-9)
    for y, words in ((38, "filters at first"), (88, "filters now"), (122, "maps, after ReLU")):
        axes.text(116, y, words, color=DIM, fontsize=SMALL, ha="right", va="center")
    _image(axes, image, 60, 132, 56)
    _scale(axes, 4, 165)
    largest = max(np.abs(first).max(), np.abs(filters).max(), 1e-9)
    for number, (before, now, one) in enumerate(zip(first, filters, maps, strict=True)):
        x = 132 + column * number
        axes.text(x + 38, 7, f"{number + 1}", color=DIM, fontsize=SMALL, ha="center", va="center")
        _filter(axes, before[0] / largest, x + 16, 16, 44)
        _filter(axes, now[0] / largest, x + 16, 66, 44)
        _image(axes, one / darkest, x, 114, 74, PLUS)
    return figure


def held_out(labels: Any, predicted: Any, images: np.ndarray, title: str = "") -> Figure:
    """How often each digit was read as which, and the misread ones themselves, images (N, H, W) of ink.

    On the diagonal stands what was read rightly; everything beside it is framed.
    """
    figure = _figure(228)
    axes = _canvas(figure, 228)
    axes.text(4, 15, title, color=TEXT, fontsize=LARGE, va="center")
    _table(axes, confusion_matrix(labels, predicted))
    _misread(axes, labels, predicted, images)
    return figure


def _table(axes: Axes, counts: np.ndarray) -> None:
    """A row for each digit, a column for each that it was read as."""
    small = {"fontsize": SMALL, "ha": "center", "va": "center"}
    wide, high, left, top = 35, 17.2, 38, 54
    axes.text(208, 33, "read as", color=DIM, **small)
    axes.text(9, 138, "digit", color=DIM, rotation=90, **small)
    across, down = left + wide * (np.arange(10) + 0.5), top + high * (np.arange(10) + 0.5)
    frames = []
    for n, y in enumerate(down):
        axes.text(across[n], top - 8, n, color=DIM, **small)
        axes.text(left - 10, y, n, color=DIM, **small)
        for m in np.flatnonzero(counts[n]):
            weight = "bold" if n == m else "normal"
            axes.text(across[m], y, counts[n, m], color=TEXT, weight=weight, **small)
            if n != m:
                corner = across[m] - wide / 2 + 3, y - high / 2 + 1
                frames.append(Rectangle(corner, wide - 6, high - 2))
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=WRONG, linewidth=1.2))
    none = np.argwhere(counts == 0)
    axes.plot(across[none[:, 1]], down[none[:, 0]], ".", color=LINE, markersize=2)
    axes.set(xlim=(0, WIDTH), ylim=(228, 0))


def _misread(axes: Axes, labels: Any, predicted: Any, images: np.ndarray) -> None:
    wrong = misread(labels, predicted)
    few = wrong[:MOST_MISREAD]
    words = f"{len(wrong)} of {len(labels)} misread" if len(wrong) else "none is misread"
    if len(wrong) > len(few):
        words += f"; the first {len(few)} of them"
    axes.text(426, 15, words, color=DIM, fontsize=SMALL, va="center")
    for place, n in enumerate(few):
        x, y = 424 + 52 * (place % 8), 26 + 68 * (place // 8)
        _image(axes, images[n], x + 2, y, 46)
        axes.text(
            x + 25, y + 55, f"{labels[n]} as {predicted[n]}",
            color=TEXT, fontsize=SMALL, ha="center", va="center",
        )  # fmt: skip


def what_it_says(
    seen: np.ndarray,
    shares: np.ndarray,
    shown: np.ndarray,
    maps: np.ndarray,
    label: int | None = None,
    photograph: bool = False,
) -> Figure:
    """An image as the network gets it, (28, 28) of ink, and ten bars for what it says about it.

    Below are the maps (O, H, W) that the first layer makes of `shown` (H, W). `label` is the right
    answer, where there is one.
    """
    figure = _figure(392)
    axes = _canvas(figure, 392)
    axes.text(10, 12, "what the network gets: 28 × 28", color=DIM, fontsize=LARGE, va="center")
    _image(axes, seen, 10, 26, 230, PHOTOGRAPH if photograph else INK)
    axes.text(292, 12, "what it says", color=DIM, fontsize=LARGE, va="center")
    _bars(axes, shares, label)
    words = "the maps of its first layer, after ReLU"
    axes.text(10, 276, words, color=DIM, fontsize=LARGE, va="center")
    column = min(93.0, 830 / (1 + len(maps)))
    darkest = max(float(maps.max()), 1e-9)
    for place, one in enumerate([shown, *(maps / darkest)]):
        x = 10 + column * place
        _image(axes, one, x, 290, 78, PLUS if place else PHOTOGRAPH if photograph else INK)
        words = f"filter {place}" if place else "the image"
        axes.text(x + 39, 381, words, color=DIM, fontsize=SMALL, ha="center", va="center")
    return figure


def _bars(axes: Axes, shares: np.ndarray, label: int | None) -> None:
    """A bar for each digit and its share, the largest of them dark."""
    best = int(shares.argmax())
    for digit, share in enumerate(shares):
        y = 26 + 23 * digit
        colour, weight = (TEXT, "bold") if digit == best else (DIM, "normal")
        words = {"color": colour, "fontsize": LARGE, "weight": weight, "va": "center"}
        frame = Rectangle((312, y + 4), 330, 15, fill=False, edgecolor=LINE, linewidth=0.8)
        bar = Rectangle((312, y + 4), 330 * float(share), 15, facecolor=colour, linewidth=0)
        for patch in (frame, bar):
            axes.add_patch(patch)
        axes.text(298, y + 11.5, digit, ha="center", **words)
        axes.text(654, y + 11.5, f"{share:.1%}", **words)
        if digit == label:
            axes.text(714, y + 11.5, "← this it is", color=TEXT, fontsize=LARGE, va="center")


# Writing a figure.

_ONE_AT_A_TIME = threading.Lock()  # settings of matplotlib belong to the whole process


def svg_text(figure: Figure, themed: bool = True) -> str:
    """The figure as SVG. `themed` for inside a page: colours follow the theme.

    >>> svg_text(Figure((1, 1))).startswith("<svg")
    True
    """
    buffer = BytesIO()
    settings = {"svg.fonttype": "none", "svg.image_inline": True}
    with _ONE_AT_A_TIME, mpl.rc_context(settings):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    if themed:
        for colour, name in THEMED.items():
            text = text.replace(colour, f"var({name}, {colour})")
    return text


def framed(figure: Figure, words: str) -> str:
    """The figure for a place in a page, with words for who does not see it."""
    return f'<div class="cnnviz-figure" role="img" aria-label="{escape(words)}">{svg_text(figure)}</div>'


def _figure(height: float) -> Figure:
    return Figure(figsize=(WIDTH / 100, height / 100), dpi=100)


def _canvas(figure: Figure, height: float) -> Axes:
    """Axes over the whole figure whose units are those of a scene, with y downwards."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    return axes


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, color=TEXT, fontsize=LARGE, loc="left")
    axes.tick_params(colors=DIM, labelsize=SMALL)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=LINE)


def _smoothed(values: Sequence[float]) -> np.ndarray:
    """The mean of each value and the ones just before it."""
    total = np.concatenate([[0.0], np.cumsum(np.asarray(values, float))])
    end = np.arange(1, len(total))
    start = np.maximum(end - SMOOTHED, 0)
    return (total[end] - total[start]) / (end - start)


def _image(axes: Axes, ink: np.ndarray, x: float, y: float, size: float, colour: Any = INK) -> None:
    """Numbers from 0 to 1 in a square, covering the paper with a colour the more the larger they are.
    Ink is black, and white in a dark theme; what is dark in a photograph stays dark."""
    strength = (255 * np.clip(np.nan_to_num(ink), 0, 1)).astype(np.uint8)
    if colour == PHOTOGRAPH:
        picture = np.repeat(255 - strength[..., np.newaxis], 3, axis=2)
    else:
        picture = np.empty((*ink.shape, 4), np.uint8)
        picture[..., :3], picture[..., 3] = colour, strength
    axes.imshow(
        picture, extent=(x, x + size, y + size, y), interpolation="none", aspect="auto",
        gid=f"ink-{x:.0f}-{y:.0f}" if colour == INK else None,
    )  # fmt: skip
    axes.add_patch(Rectangle((x, y), size, size, fill=False, edgecolor=LINE, linewidth=0.8))
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())


def _cells(axes: Axes, of: np.ndarray, x: float, y: float, wide: float, high: float) -> None:
    """Cells in the colours that levels (rows, columns) have in every picture, and a frame."""
    at = np.argwhere(of)
    colours = [(POSITIVE if of[*cell] > 0 else NEGATIVE, abs(of[*cell]) / LEVELS) for cell in at]
    cells = [Rectangle((x + wide * column, y + high * row), wide, high) for row, column in at]
    axes.add_collection(PatchCollection(cells, facecolors=colours, linewidth=0))
    rows, columns = of.shape
    frame = Rectangle(
        (x, y), columns * wide, rows * high, fill=False, edgecolor=LINE, linewidth=0.8
    )
    axes.add_patch(frame)


def _filter(axes: Axes, weights: np.ndarray, x: float, y: float, size: float) -> None:
    """Weights from -1 to 1 in a square."""
    cell = size / max(weights.shape)
    _cells(axes, levels(weights, 1), x, y, cell, cell)


def _scale(axes: Axes, x: float, y: float) -> None:
    """What the colours mean."""
    _cells(axes, np.arange(-LEVELS, LEVELS + 1)[np.newaxis], x, y, 40 / (2 * LEVELS + 1), 9)
    for place, sign in enumerate("−0+"):
        axes.text(x + 20 * place, y + 17, sign, color=DIM, fontsize=SMALL, ha="center", va="center")
