"""Where objects stand: random places on the table that the robot reaches and the front camera sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_r1.geometry import Array

REACHABLE = ((0.07, -0.28), (0.38, 0.28))
"""Least and greatest x and y of an object's centre, metres, world frame."""
_SHADOW = 1.4
"""Metres of table behind an object that it hides from the front camera, per metre of its height."""
_HIDING = 0.6
"""Share of two objects' radii within which they line up with the camera."""


@dataclass(frozen=True)
class Footprint:
    """The room that an object takes up on the table."""

    radius: float
    """Metres, clearance for the gripper included."""
    height: float
    """Metres."""


def scatter(rng: np.random.Generator, objects: Sequence[Footprint]) -> Array:
    """Random places (N, 2), metres, at which objects neither overlap nor hide one another; centres in `REACHABLE`.

    Drawing all places anew until they fit keeps every place uniform, so objects must leave room to spare.
    """
    radius = np.array([item.radius for item in objects])
    height = np.array([item.height for item in objects])
    reach = radius[:, None] + radius[None, :]
    others = ~np.eye(len(objects), dtype=bool)
    while True:
        places = rng.uniform(*REACHABLE, (len(objects), 2))
        behind, beside = np.moveaxis(places[:, None] - places[None], -1, 0)  # [i, j]: of i as seen from j
        overlap = np.hypot(behind, beside) < reach
        hidden = (behind < 0) & (-behind < _SHADOW * height[None, :]) & (np.abs(beside) < _HIDING * reach)
        if not (others & (overlap | hidden)).any():
            return places


def any_yaw(rng: np.random.Generator) -> float:
    """A random heading about z, radians."""
    return float(rng.uniform(-np.pi, np.pi))
