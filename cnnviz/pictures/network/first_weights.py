"""The picture of first weights: how large a signal is after each layer, by two rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...network.first_weights import DIVIDED_BY_9, HE, fan_in
from ...scene import Grid, Lamp, Scene, Slot, Step
from ...symbols import number
from ..meetings import appearing

Sizes = Mapping[str, Mapping[int, Sequence[float]]]
ROW, TOP, KEPT = 66, 44, 2.0
NAMES = {DIVIDED_BY_9: "divided", HE: "he"}
SLOTS = {
    "kernels": Slot(20, TOP, 70, 3 * ROW, largest=70, square=False),
    "fan_in": Slot(120, TOP, 80, 3 * ROW, largest=80, square=False),
    "divided": Slot(260, TOP, 360, 3 * ROW, largest=72, square=False),
    "he": Slot(680, TOP, 360, 3 * ROW, largest=72, square=False),
}


def first_weights(channels: int, sizes: Sizes) -> Scene:
    """The size of a signal after each layer, for several kernels, by the blog's rule and by He's.

    ``sizes`` are, for each rule and each kernel size, those of the input and after every layer, as
    `cnnviz.network.first_weights.sizes_after` measures them; each layer reads and makes ``channels``
    maps. Sources: blog-83; He, Zhang, Ren and Sun 2015.

    >>> scene = first_weights(8, {rule: {3: (1, 0.66)} for rule in NAMES})
    >>> scene["fan_in"].numbers, scene["divided"].numbers, scene.length
    (('72',), ('1', '0.66'), 1)
    """
    kernels = tuple(sizes[HE])
    layers = len(sizes[HE][kernels[0]]) - 1
    cells = np.arange(len(kernels) * (layers + 1))
    return Scene(
        title="First weights: does a signal keep its size?",
        grids=(
            _column("kernels", "kernel", [f"{k}×{k}" for k in kernels], _kernel_says(kernels)),
            _column(
                "fan_in",
                "fan-in",
                [str(fan_in(channels, k)) for k in kernels],
                [_fan_in_says(channels, k) for k in kernels],
            ),
            *(_signal(rule, channels, sizes[rule]) for rule in NAMES),
        ),
        table={name: cells // (layers + 1) for name in ("kernels", "fan_in")}
        | dict.fromkeys(NAMES.values(), cells),
        say="A signal of size 1 goes through layers of a convolution and a ReLU. By one rule its size "
        "depends on the kernel; by the other it does not.",
        size=(1060, TOP + 3 * ROW + 40),
        lamps=tuple(_lamp(rule, sizes[rule]) for rule in NAMES),
        steps=tuple(_step(layer, len(kernels), layers) for layer in range(1, layers + 1)),
        code='torch.nn.init.kaiming_normal_(weight, nonlinearity="relu")',
    )


def _column(name: str, title: str, texts: Sequence[str], said: Sequence[str]) -> Grid:
    """A word for each row. Words have no colours."""
    return Grid(
        name,
        title,
        (1, 1, len(texts), 1),
        SLOTS[name],
        symbols=tuple(texts),
        numbers=tuple(texts),
        values=np.full(len(texts), np.nan),
        show="numbers",
        sentences=tuple(said),
    )


def _signal(rule: str, channels: int, sizes: Mapping[int, Sequence[float]]) -> Grid:
    """A row for each kernel: the input, and the signal after every layer."""
    rows = [(k, after, size) for k, of in sizes.items() for after, size in enumerate(of)]
    layers = max(after for _, after, _ in rows)
    texts = tuple(number(round(size, 2)) for _, _, size in rows)
    called = tuple(f"{rule}, {k}×{k}, layer {after}" for k, after, _ in rows)
    return Grid(
        NAMES[rule],
        f"{rule}: size of the input and after layers 1 to {layers}",
        (1, 1, len(sizes), layers + 1),
        SLOTS[NAMES[rule]],
        role="written",
        symbols=called,
        numbers=texts,
        show="numbers",
        frames=appearing(texts, [max(0, after - 1) for _, after, _ in rows], layers),
        sentences=tuple(
            _signal_says(rule, channels, k, after, text)
            for (k, after, _), text in zip(rows, texts, strict=True)
        ),
    )


def _kernel_says(kernels: Sequence[int]) -> list[str]:
    return [
        f"Kernels of {k}×{k}: each output reads {k * k} cells of every input map." for k in kernels
    ]


def _fan_in_says(channels: int, k: int) -> str:
    maps = "1 map" if channels == 1 else f"{channels} maps"
    return (
        f"{maps} of {k}×{k} cells: each output adds up {fan_in(channels, k)} products. The sum of so many "
        f"random numbers has a spread of √{fan_in(channels, k)} = {number(np.sqrt(fan_in(channels, k)))}."
    )


def _signal_says(rule: str, channels: int, k: int, after: int, text: str) -> str:
    if not after:
        return "The input is random. The root of its mean square, its size, is 1."
    inputs = fan_in(channels, k)
    law = (
        f"The weights are divided by √({inputs} / 2), so each layer keeps the size"
        if rule == HE
        else f"Each layer multiplies it by about √({inputs} / 2) / 9 = {number(np.sqrt(inputs / 2) / 9)}"
    )
    return f"After {after} of these layers the size is {text}. {law}."


def _lamp(rule: str, sizes: Mapping[int, Sequence[float]]) -> Lamp:
    last = [of[-1] for of in sizes.values()]
    kept = all(1 / KEPT < size < KEPT for size in last)
    ends = f"{number(round(min(last), 2))} to {number(round(max(last), 2))}"
    return Lamp(kept, f"{rule}: the last size is {ends}, {'near' if kept else 'far from'} 1", True)


def _step(layer: int, kernels: int, layers: int) -> Step:
    def at(column: int) -> tuple[int, ...]:
        return tuple(column + row * (layers + 1) for row in range(kernels))

    names = NAMES.values()
    return Step(
        dict.fromkeys(names, at(layer - 1)),
        dict.fromkeys(names, at(layer)),
        f"Layer {layer}, a convolution and a ReLU: what each row has now, for both rules.",
    )
