"""Figures of a network while it learns: curves, filters and maps, what was misread, ten bars.

Each function returns a `matplotlib.figure.Figure` on transparent paper; `svg_text` makes it a picture
that takes the colours of the theme it stands in, and `png_bytes` one at twice the size.
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

TEXT, DIM, LINE, WRONG = "#1b2430", "#66717d", "#c9d0d8", "#b01f78"  # of the light theme
THEMED = {TEXT: "--text", DIM: "--dim", LINE: "--line", WRONG: "--wrong"}
WIDTH = 1200  # units, as a scene has; 100 of them are an inch
SMOOTHED = 15  # batches that one point of a curve is the mean of
MOST_MISREAD = 24
LEAST_LOSS = 0.003  # the foot of its axis
FIGURE_STYLE = """
.cnnviz-figure { --text: #1b2430; --dim: #66717d; --line: #c9d0d8; --wrong: #b01f78; max-width: 1500px; }
.cnnviz-figure svg { display: block; width: 100%; height: auto; }
.cnnviz-figure svg text { font-family: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial,
  "DejaVu Sans", sans-serif !important; }
.cnnviz-explorer .line { font-size: 15px; font-variant-numeric: tabular-nums; min-height: 1.5em; }
.cnnviz-explorer .line.wrong { font-weight: 600; color: #a3230f; }
[data-jp-theme-light="false"] .cnnviz-explorer .line.wrong { color: #ff9d8a; }
[data-jp-theme-light="false"] .cnnviz-figure { --text: #e8ebef; --dim: #9aa5b1; --line: #3d4651; --wrong: #ff80c6; }
[data-jp-theme-light="false"] .cnnviz-figure image:not([id^="photograph"]) { filter: invert(1); }
"""


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
    figure = _figure(205)
    left, other = (figure.add_axes((x, 0.21, 0.41, 0.66)) for x in (0.055, 0.55))
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
    words = "dots: held-out digits · thin: its own batches"
    other.set_title(words, color=DIM, fontsize=8.5, loc="right")
    for axes in (left, other):
        axes.set(xlim=(0, max(epochs, at[-1] if len(at) else 0)))
        axes.set_xlabel("epochs", color=DIM, fontsize=9)
        for number, (batch, words) in enumerate(changes):
            axes.axvline(batch / per_epoch, color=LINE, linewidth=1, linestyle=(0, (4, 3)))
            if axes is left:
                height = (6, 3.2, 1.7)[number % 3]  # neighbours do not cover each other
                axes.text(batch / per_epoch, height, f" {words}", color=DIM, fontsize=8)
    return figure


def network_inside(
    first: np.ndarray, filters: np.ndarray, image: np.ndarray, maps: np.ndarray
) -> Figure:
    """The filters (O, 1, k, k) as they were at first and as they are, and the maps (O, H, W) of one
    image (H, W) of ink.

    A weight is a square, the larger the further from 0: filled above 0, hollow below. Maps are ink,
    all on one scale.
    """
    figure = _figure(238)
    axes = _canvas(figure, 238)
    column = min(128.0, 1010 / len(filters))
    largest = max(np.abs(first).max(), np.abs(filters).max(), 1e-9)
    darkest = max(float(np.nan_to_num(maps).max()), 1e-9)
    for y, words in (
        (46, "filters at first"),
        (104, "filters now"),
        (146, "from this digit, after ReLU"),
    ):
        axes.text(176, y, words, color=DIM, fontsize=9.5, ha="right", va="center")
    _image(axes, image, 92, 154, 80)
    _weights(axes, [one[0] / largest for one in first], 208, 20, 52, column)
    _weights(axes, [one[0] / largest for one in filters], 208, 78, 52, column)
    for number, one in enumerate(maps):
        x = 208 + column * number
        axes.text(x + 26, 10, f"{number + 1}", color=DIM, fontsize=9.5, ha="center", va="center")
        _image(axes, one / darkest, x - 20, 142, 92)
    return figure


def held_out(labels: Any, predicted: Any, images: np.ndarray, title: str = "") -> Figure:
    """How often each digit was read as which, and the misread ones themselves, images (N, H, W) of ink.

    On the diagonal stands what was read rightly; everything beside it is framed.
    """
    figure = _figure(272)
    axes = _canvas(figure, 272)
    counts = confusion_matrix(labels, predicted)
    axes.text(20, 10, title, color=TEXT, fontsize=10.5, va="center")
    axes.text(255, 32, "read as", color=DIM, fontsize=9.5, ha="center", va="center")
    axes.text(22, 166, "digit", color=DIM, fontsize=9.5, ha="center", va="center", rotation=90)
    cell_x, cell_y, x0, y0 = 40, 21, 55, 58
    frames = []
    for n in range(10):
        axes.text(x0 + cell_x * (n + 0.5), 49, n, color=DIM, fontsize=9.5, ha="center", va="center")
        axes.text(
            x0 - 12, y0 + cell_y * (n + 0.5), n, color=DIM, fontsize=9.5, ha="center", va="center"
        )
        for m, count in enumerate(counts[n]):
            x, y = x0 + cell_x * m, y0 + cell_y * n
            if count and n != m:
                frames.append(Rectangle((x + 5, y + 1.5), cell_x - 10, cell_y - 3))
            axes.text(
                x + cell_x / 2, y + cell_y / 2, count or "·",
                color=TEXT if count else LINE, fontsize=10, ha="center", va="center",
                weight="bold" if n == m and count else "normal",
            )  # fmt: skip
    axes.add_collection(PatchCollection(frames, facecolor="none", edgecolor=WRONG, linewidth=1.4))
    _misread(axes, labels, predicted, images)
    return figure


def _misread(axes: Axes, labels: Any, predicted: Any, images: np.ndarray) -> None:
    wrong = misread(labels, predicted)
    few = wrong[:MOST_MISREAD]
    words = f"{len(wrong)} of {len(labels)} misread" if len(wrong) else "none is misread"
    if len(wrong) > len(few):
        words += f"; the first {len(few)} of them"
    axes.text(510, 32, words, color=DIM, fontsize=9.5, va="center")
    for place, n in enumerate(few):
        x, y = 510 + 84 * (place % 8), 46 + 76 * (place // 8)
        _image(axes, images[n], x + 4, y, 58)
        axes.text(
            x + 33, y + 66, f"{labels[n]} as {predicted[n]}",
            color=TEXT, fontsize=9, ha="center", va="center",
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
    figure = _figure(366)
    axes = _canvas(figure, 366)
    axes.text(20, 16, "what the network gets: 28 × 28", color=DIM, fontsize=9.5, va="center")
    _image(axes, seen, 20, 28, 196, photograph)
    axes.text(300, 16, "what it says", color=DIM, fontsize=9.5, va="center")
    best = int(shares.argmax())
    for digit, share in enumerate(shares):
        y = 28 + 19.6 * digit
        colour = TEXT if digit == best else DIM
        axes.add_patch(
            Rectangle((330, y + 4), 540, 13, facecolor="none", edgecolor=LINE, linewidth=0.8)
        )
        axes.add_patch(
            Rectangle((330, y + 4), 540 * float(share), 13, facecolor=colour, linewidth=0)
        )
        weight = "bold" if digit == best else "normal"
        axes.text(
            312, y + 10, digit, color=colour, fontsize=10.5, weight=weight, ha="center", va="center"
        )
        axes.text(
            884, y + 10, f"{share:.1%}", color=colour, fontsize=10, weight=weight, va="center"
        )
        if digit == label:
            axes.text(960, y + 10, "← this it is", color=TEXT, fontsize=10, va="center")
    axes.text(
        20, 244, "the maps of its first layer, after ReLU", color=DIM, fontsize=9.5, va="center"
    )
    column = min(128.0, 1160 / (1 + len(maps)))
    darkest = max(float(maps.max()), 1e-9)
    for place, one in enumerate([shown, *(maps / darkest)]):
        _image(axes, one, 20 + column * place, 258, 84, photograph and not place)
        words = "the image" if not place else f"filter {place}"
        axes.text(62 + column * place, 353, words, color=DIM, fontsize=9, ha="center", va="center")
    return figure


# Writing a figure.

_ONE_AT_A_TIME = threading.Lock()  # settings of matplotlib belong to the whole process


def svg_text(figure: Figure, themed: bool = True) -> str:
    """The figure as SVG. `themed` for inside a page: colours follow `FIGURE_STYLE` and the theme.

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


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG image at twice its size, 2400 dots wide, on transparent paper."""
    buffer = BytesIO()
    with _ONE_AT_A_TIME:
        figure.savefig(buffer, format="png", transparent=True, dpi=200)
    return buffer.getvalue()


def _figure(height: float) -> Figure:
    return Figure(figsize=(WIDTH / 100, height / 100), dpi=100)


def _canvas(figure: Figure, height: float) -> Axes:
    """Axes over the whole figure whose units are those of a scene, with y downwards."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    return axes


def _titled(axes: Axes, title: str) -> None:
    axes.set_title(title, color=TEXT, fontsize=10.5, loc="left")
    axes.tick_params(colors=DIM, labelsize=9)
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


def _image(
    axes: Axes, ink: np.ndarray, x: float, y: float, size: float, photograph: bool = False
) -> None:
    """Ink from 0 to 1 in a square: black that is see-through where there is none, and white in a
    dark theme. What is dark in a photograph stays dark."""
    strength = (255 * np.clip(np.nan_to_num(ink), 0, 1)).astype(np.uint8)
    if photograph:
        picture = np.repeat(255 - strength[..., np.newaxis], 3, axis=2)
    else:
        picture = np.zeros((*ink.shape, 4), np.uint8)
        picture[..., 3] = strength
    axes.imshow(
        picture, extent=(x, x + size, y + size, y), interpolation="none", aspect="auto",
        gid="photograph" if photograph else None,
    )  # fmt: skip
    axes.add_patch(Rectangle((x, y), size, size, fill=False, edgecolor=LINE, linewidth=1))
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())


def _weights(
    axes: Axes, filters: Sequence[np.ndarray], x: float, y: float, size: float, column: float
) -> None:
    """Filters of weights from -1 to 1, each in a frame: a square is filled above 0, hollow below."""
    frames, filled, hollow = [], [], []
    for number, weights in enumerate(filters):
        left, cell = x + column * number, size / max(weights.shape)
        frames.append(Rectangle((left, y), size, size))
        for (row, across), weight in np.ndenumerate(np.nan_to_num(weights)):
            side = (cell - 3) * float(np.sqrt(abs(weight)))
            corner = left + cell * (across + 0.5) - side / 2, y + cell * (row + 0.5) - side / 2
            (filled if weight > 0 else hollow).append(Rectangle(corner, side, side))
    for boxes, face, edge in ((frames, "none", LINE), (filled, TEXT, TEXT), (hollow, "none", TEXT)):
        axes.add_collection(PatchCollection(boxes, facecolor=face, edgecolor=edge, linewidth=1))
