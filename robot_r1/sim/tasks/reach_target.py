"""Touch the ball of a given colour; balls of other colours hang in the air beside it."""

import mujoco
import numpy as np

from robot_r1.geometry import TABLE_HEIGHT, Array
from robot_r1.instructions import CUP_COLORS
from robot_r1.sim.bodies import SPHERE, draw, paint
from robot_r1.sim.layout import REACHABLE
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.tasks.colors import other_colors, surface_color
from robot_r1.sim.tasks.task import Task

_RADIUS = 0.028
_OTHERS = 2
_HEIGHT = (0.06, 0.40)
"""Of a ball's centre above the table."""
_EYE = np.array([1.35, 0.0, 1.58])
"""Of the front camera."""
_APART = 0.11
"""Radians between two balls as the front camera sees them: more than four of their radii."""
_START = np.array([0.26, 0.0, 1.19])
"""Of the tip."""
_HAND = 0.13
"""Half the width of the hand, with the radius of a ball."""
_TOUCHED = 0.015


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The ball that is asked for, and two of other colours; nothing can push them."""
    color = CUP_COLORS[variation]
    colors = [color, *other_colors(rng, color, _OTHERS)]
    for index, (name, position) in enumerate(zip(colors, _places(rng, len(colors)), strict=True)):
        label = "target" if index == 0 else f"other_target{index}"
        body = spec.worldbody.add_body(name=label, pos=position.tolist())
        draw(body, SPHERE, (_RADIUS,), paint(spec, label, surface_color(name), specular=0.5))


def _places(rng: np.random.Generator, count: int) -> Array:
    """Random places (N, 3), metres: apart in the picture, not hidden, and none in the hand's way to the first."""
    (low_x, low_y), (high_x, high_y) = REACHABLE
    low, high = (low_x, low_y, TABLE_HEIGHT + _HEIGHT[0]), (high_x, high_y, TABLE_HEIGHT + _HEIGHT[1])
    while True:
        places = rng.uniform(low, high, (count, 3))
        sight = (places - _EYE) / np.linalg.norm(places - _EYE, axis=1, keepdims=True)
        pairs = np.triu_indices(count, k=1)
        apart = (sight @ sight.T)[pairs].max() < np.cos(_APART)
        if apart and not _behind_the_arm(sight) and not _in_the_way(places[0], places[1:]):
            return places


def _behind_the_arm(sight: Array) -> bool:
    """Whether one of the directions (N, 3) in which the front camera sees balls meets the waiting hand or arm."""
    tip = _START - _EYE
    beside = np.abs(sight[:, 1] / sight[:, 0]) > 0.17
    below = sight[:, 2] / -sight[:, 0] < tip[2] / -tip[0] - 0.04
    return not bool((beside | below).all())


def _in_the_way(target: Array, others: Array) -> bool:
    """Whether the hand would pass through one of the others (N, 3) on its straight way down to the target."""
    path = np.linspace(_START, target, 12)[:, None]
    beside = np.linalg.norm((others - path)[..., :2], axis=-1) > _HAND
    below = others[:, 2] < path[..., 2] - 2 * _RADIUS
    return not bool((beside | below).all())


def expert(robot: Robot) -> None:
    """Bring the tip into the ball."""
    position, _ = robot.place("target")
    robot.move(position, downward(START_YAW))


def success(robot: Robot) -> bool:
    """The tip is at the centre of the ball."""
    position, _ = robot.place("target")
    tip, _ = robot.tip()
    return bool(np.linalg.norm(tip - position) < _TOUCHED)


TASK = Task(len(CUP_COLORS), build, expert, success)
