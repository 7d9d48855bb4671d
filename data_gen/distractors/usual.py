"""What is usual: means and counts of right positions, which who does not look could learn from other questions."""

from dataclasses import dataclass

import numpy as np

from data_gen.survey import Indices
from robot_r1.geometry import Array

CELL = 0.05
"""Metres: the side of the cubes in which positions are counted."""
_BASE = 4096
"""More than there are cells or millimetres along an axis of the workspace."""


@dataclass(frozen=True)
class Usual:
    """The right positions of one type of question; all shapes (M, ...) are those of the questions that there are."""

    right: Array
    """(M, 3), metres."""
    moves: Array
    """(M, 3), metres: from the state to the next keypoint."""
    task: Indices
    """(M,)"""
    demo: Indices
    """(M,)"""

    def means(self, values: Array, task: Indices) -> tuple[Array, Array]:
        """The mean of values (M, D), and (Q, D) its means in the tasks (Q,)."""
        tasks = np.unique(self.task)
        of_task = np.stack([values[self.task == number].mean(axis=0) for number in tasks])
        overall: Array = values.mean(axis=0)
        return overall, of_task[np.searchsorted(tasks, task)]

    def numbers(self, points: Array, task: Indices, demo: Indices) -> Array:
        """(Q, T, 4, 3): how often, in other demos of the task, each coordinate of points is right, to 1 mm."""
        known, asked = np.rint(self.right * 1000), np.rint(points * 1000)
        axes = [self._elsewhere(known[:, [i]], asked[..., [i]], task, demo) for i in range(3)]
        return np.stack(axes, axis=-1)

    def places(self, points: Array, task: Indices, demo: Indices) -> Array:
        """(Q, T, 4): how often, in other demos of the task, a position in the same cell is right."""
        return self._elsewhere(np.floor(self.right / CELL), np.floor(points / CELL), task, demo)

    def _elsewhere(self, known: Array, asked: Array, task: Indices, demo: Indices) -> Array:
        of_task = _times(self.task, known, task, asked)
        return of_task - _times(self.demo, known, demo, asked)


def _times(group: Indices, known: Array, asked_group: Indices, asked: Array) -> Array:
    """How often whole numbers, (Q, T, 4, D), occur among those of their groups, (M, D)."""
    keys, counts = np.unique(_keys(group, known), return_counts=True)
    wanted = _keys(asked_group[:, None, None], asked)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    times: Array = np.where(keys[place] == wanted, counts[place], 0).astype(np.float64)
    return times


def _keys(group: Indices, numbers: Array) -> Indices:
    keys = group.astype(np.int64)
    for axis in np.moveaxis(numbers.astype(np.int64), -1, 0):
        keys = keys * _BASE + axis + _BASE // 4
    return keys
