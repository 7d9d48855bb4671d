"""Differences and their intervals as a drawing, one row for each group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.compare.pairing import Group
from robot_r1.page.axes import Axis, value_axis

WIDTH, LABELS, RIGHT, ROW, FOOT = 360, 96, 14, 28, 24


@dataclass(frozen=True)
class Row:
    """A group's difference in drawing units."""

    name: str
    y: float
    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class Forest:
    """The drawing: rows from the top down to `bottom`, where the ticks stand."""

    rows: tuple[Row, ...]
    axis: Axis
    zero: float
    bottom: float
    width: int = WIDTH

    @property
    def height(self) -> float:
        return self.bottom + FOOT


def forest(groups: Sequence[Group]) -> Forest:
    """Lay the groups out in a box of `WIDTH` units; zero is always on the axis."""
    ends = [end for group in groups for end in (group.difference.low, group.difference.high, group.difference.mean)]
    reach = max(max(map(abs, ends)), 0.01)
    axis = value_axis(np.array([*ends, 0.0, *([reach, -reach] if len(set(ends)) == 1 else [])]), LABELS, WIDTH - RIGHT)
    rows = []
    for number, group in enumerate(groups):
        difference = group.difference
        low, mean, high = axis.place([difference.low, difference.mean, difference.high]).round(1).tolist()
        rows.append(Row(group.name, 18 + number * ROW, low, mean, high))
    return Forest(tuple(rows), axis, round(float(axis.place(0.0)), 1), 8 + len(groups) * ROW)
