"""From a displacement to words and back to the rule that made them (Robot-R1, section 3 and figure 1).

Directions are those of the world frame, named as a viewer of the front image sees them: +x is forward (towards the
camera), +y is right (the right of the image, the robot's own left), +z is up.
"""

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

WORDS = (("forward", "backward"), ("right", "left"), ("up", "down"))
"""Per axis x, y, z the word for a positive and for a negative displacement."""

SLIGHT_RATIO = 0.5
"""An axis that moves at most this share of the largest one is called "slightly" (Robot-R1, section 3)."""


@dataclass(frozen=True)
class AxisMove:
    """The part of a movement along one axis: 0 = x, 1 = y, 2 = z."""

    axis: int
    positive: bool
    slight: bool

    @property
    def words(self) -> str:
        return ("slightly " if self.slight else "") + WORDS[self.axis][0 if self.positive else 1]


Movement = tuple[AxisMove, ...]
"""At most one move per axis, in the order x, y, z; at least one of them is not slight."""


def movement_between(start: ArrayLike, end: ArrayLike, dead_zone: float) -> Movement | None:
    """The movement from one point to another.

    Args:
        start: (3,), metres, world frame.
        end: (3,), metres, world frame.
        dead_zone: metres; an axis that moves no further is not named. 0 names every axis that moves at all, as the
            paper does.

    Returns:
        None if no axis moves further than the dead zone.
    """
    delta = np.asarray(end, dtype=np.float64) - np.asarray(start, dtype=np.float64)
    largest = float(np.abs(delta).max())
    moves = tuple(
        AxisMove(axis, bool(value > 0), bool(abs(value) <= SLIGHT_RATIO * largest))
        for axis, value in enumerate(delta)
        if abs(value) > dead_zone
    )
    return moves or None


def axis_moves(displacements: ArrayLike, dead_zone: float) -> NDArray[np.int8]:
    """What `movement_between` says of each axis, for many displacements at once.

    Args:
        displacements: (..., 3), metres, world frame.
        dead_zone: metres, as there.

    Returns:
        (..., 3): 0 for an axis that is not named, +-1 for a slight move, +-2 for a full one.
    """
    size = np.abs(np.asarray(displacements, dtype=np.float64))
    full = np.where(size > SLIGHT_RATIO * size.max(axis=-1, keepdims=True), 2, 1)
    moves: NDArray[np.int8] = (np.sign(displacements) * np.where(size > dead_zone, full, 0)).astype(np.int8)
    return moves


def movement_text(movement: Movement) -> str:
    """For example `Move forward, slightly right and down`."""
    words = [move.words for move in movement]
    return "Move " + (words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1])


@cache
def all_movements() -> tuple[Movement, ...]:
    """The 98 movements that `movement_between` can return; 56 of them name every axis."""
    per_axis = [
        [None, *(AxisMove(axis, positive, slight) for positive in (True, False) for slight in (False, True))]
        for axis in range(3)
    ]
    movements = (tuple(move for move in choice if move is not None) for choice in itertools.product(*per_axis))
    return tuple(movement for movement in movements if any(not move.slight for move in movement))
