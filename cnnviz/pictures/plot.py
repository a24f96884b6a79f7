"""A small plot in a picture, drawn by strokes: one value against another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..scene import Stroke

Point = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """The room of a plot (left, right, top, bottom), and the values at its edges.

    ``across`` are those at the left and the right edge, ``up`` those at the bottom and the top.
    Places are rounded to ``digits``.

    >>> plot = Plot((100, 200, 10, 50), across=(-1, 1), up=(0, 4))
    >>> plot.at(0, 4), plot.tangent(0, 2, slope=1, reach=(-1, 1)).points
    ((150.0, 10.0), ((100.0, 40.0), (200.0, 20.0)))
    """

    room: tuple[float, float, float, float]
    across: tuple[float, float]
    up: tuple[float, float]
    digits: int = 2

    def at(self, x: float, y: float) -> Point:
        """Where a value stands in the picture."""
        left, right, top, bottom = self.room
        (first, last), (low, high) = self.across, self.up
        along, down = (x - first) / (last - first), (high - y) / (high - low)
        place = left + (right - left) * along, top + (bottom - top) * down
        return round(place[0], self.digits), round(place[1], self.digits)

    def curve(self, xs: Iterable[float], ys: Iterable[float]) -> Stroke:
        return Stroke(tuple(self.at(x, y) for x, y in zip(xs, ys, strict=True)), "curve")

    def tangent(self, x: float, y: float, slope: float, reach: tuple[float, float]) -> Stroke:
        """A line through a point, from so far before it to so far behind."""
        return Stroke(tuple(self.at(x + by, y + slope * by) for by in reach), "tangent")
