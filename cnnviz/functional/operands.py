"""The operands of a convolution: their ranks and groups, what must fit together, and the sentences if
it does not.

A shape may leave out the batch, or batch and channels: `full_shape` puts ones in their place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .geometry import DoesNotFit, Geometry, count, whole_number
from .windows import as_maps


def operands(**arrays: Any) -> list[np.ndarray]:
    """The arguments as arrays of one common type; a bias of None is left out."""
    ranks = {"weight": (2, 4), "bias": (0, 1)}
    found = [
        as_maps(value, name, ranks.get(name, (2, 3, 4)))
        for name, value in arrays.items()
        if name != "bias" or value is not None
    ]
    dtype = np.result_type(*found)
    return [array.astype(dtype, copy=False) for array in found]


# Ranks and groups.


def full_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with four axes: ones stand for the missing batch and channels."""
    return (1,) * (4 - len(shape)) + tuple(shape)


def as_batch(x: np.ndarray) -> np.ndarray:
    return x.reshape(full_shape(x.shape))


def grouped(w: np.ndarray, groups: int) -> np.ndarray:
    """(O, C/G, kh, kw) -> (G, O/G, C/G, kh, kw)."""
    out_channels, *rest = full_shape(w.shape)
    return w.reshape(groups, out_channels // groups, *rest)


def with_rank_of(
    x: np.ndarray, out: np.ndarray, channels: int, size: tuple[int, int]
) -> np.ndarray:
    """`out` as (N, channels, *size), without the batch, or without both, as x is."""
    return out.reshape((full_shape(x.shape)[0], channels, *size)[4 - x.ndim :])


def size_text(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))


# What must fit together.


def check_groups(weight_size: tuple[int, ...], groups: int) -> int:
    groups = whole_number(groups, "number of groups", at_least=1)
    if len(weight_size) == 2 and groups > 1:
        raise DoesNotFit(
            f"A plain kernel of shape {weight_size} has no channels for {groups} groups."
        )
    if full_shape(weight_size)[0] % groups:
        raise DoesNotFit(
            f"{groups} groups do not divide the {count(weight_size[0], 'channel')} that the weight of "
            f"shape {weight_size} begins with."
        )
    return groups


def check_plain(input_size: tuple[int, ...], weight_size: tuple[int, ...]) -> None:
    if (len(input_size) == 2) != (len(weight_size) == 2):
        raise DoesNotFit(
            "A plain (H, W) map goes with a plain (kh, kw) kernel, but the input has shape "
            f"{input_size} and the weight {weight_size}."
        )


def check_channels(input_size: tuple[int, ...], weight_size: tuple[int, ...], groups: int) -> None:
    check_plain(input_size, weight_size)
    channels, read = full_shape(input_size)[1], full_shape(weight_size)[1]
    if channels != read * groups:
        each = "" if groups == 1 else f" in each of {groups} groups"
        raise DoesNotFit(
            f"The input of shape {input_size} has {count(channels, 'channel')}, but the weight of shape "
            f"{weight_size} reads {read}{each}."
        )


def check_gradient(
    shape: tuple[int, ...],
    input_size: tuple[int, ...],
    weight_size: tuple[int, ...],
    geometry: Geometry,
) -> None:
    made = (full_shape(input_size)[0], full_shape(weight_size)[0], *geometry.output_size)[
        4 - len(input_size) :
    ]
    if shape != made:
        raise DoesNotFit(
            f"grad_output has shape {shape}, but the convolution of an input {input_size} with a "
            f"weight {weight_size} makes {made}."
        )


def with_bias(out: np.ndarray, channels: int, bias: np.ndarray | None = None) -> np.ndarray:
    """The output with one bias added to each of its channels, in place."""
    if bias is None:
        return out
    if bias.size != channels:
        raise DoesNotFit(
            f"A bias of shape {bias.shape} does not give {count(channels, 'channel')} one each."
        )
    out += bias.reshape(() if out.ndim == 2 else (-1, 1, 1))
    return out
