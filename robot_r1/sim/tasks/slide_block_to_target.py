"""Push a red block along the table onto a flat square."""

import mujoco
import numpy as np

from robot_r1.geometry import ROBOT_BASE, TABLE_HEIGHT, Array
from robot_r1.sim.bodies import BOX, collide, draw, fixed_body, free_body, paint
from robot_r1.sim.layout import Footprint, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.tasks import distractors
from robot_r1.sim.tasks.colors import surface_color
from robot_r1.sim.tasks.task import Task

_BLOCK = 0.027
"""Half the edge of the block."""
_TARGET = (0.060, 0.060, 0.0005)
"""Half extents of the target."""
_MIDDLE_YAW = START_YAW + 0.5
"""Closing direction, radians, in which the last joint, with the arm straight ahead, is far from both its limits."""
_SLIPPERY = (0.3, 0.005, 0.0001)
"""Sliding, torsional and rolling friction of the block."""
_TOLERANCE = 0.015
"""Metres between the middles of block and target at which the task is done."""
_DISTANCE = (0.15, 0.28)
"""Least and greatest way of the block, metres."""
_RUN_UP = 0.09
"""Metres from the middle of the block back to where the tip comes down."""
_FINGER = 0.0105
"""Half the width of the fingers, metres: so far ahead of the tip they touch the block."""
_PUSH_HEIGHT = 0.030
"""Of the tip above the table, metres: lower, the hand would touch the block's top edge."""
_START = ((0.03, -0.31), (0.45, 0.31))
"""Least and greatest x and y at which the tip comes down, metres: nearer to its base the arm cannot point straight
down so low, and further aside it leaves the picture."""
_CLEARANCE = 0.09
"""Metres between the way of the block or the fingers and the middle of a distractor."""


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The block, the target, fixed to the table and square to the way there, and two distractors off this way."""
    places = _draw_places(rng)
    distractors.add_distractors(spec, rng, places[2:])
    way = places[1] - places[0]
    yaw = float(np.arctan2(way[1], way[0]))
    target = fixed_body(spec, "target", places[1], yaw)
    draw(target, BOX, _TARGET, paint(spec, "target", surface_color("white"), specular=0.1), (0, 0, _TARGET[2]))
    _add_block(spec, places[0], yaw)


def _add_block(spec: mujoco.MjSpec, xy: Array, yaw: float) -> None:
    body = free_body(spec, "sliding_block", xy, _BLOCK, yaw)
    draw(body, BOX, [_BLOCK] * 3, paint(spec, "sliding_block", surface_color("red"), specular=0.1))
    collide(body, BOX, [_BLOCK] * 3, mass=0.15)
    # On fingers and table that both grip, the block would jam between them instead of sliding.
    solid = body.geoms[-1]
    solid.friction = list(_SLIPPERY)
    solid.priority = 2  # above the finger pads' own


def _draw_places(rng: np.random.Generator) -> Array:
    """Places (4, 2), metres, of block, target and distractors."""
    block, target = Footprint(0.06, 2 * _BLOCK), Footprint(0.08, 2 * _BLOCK)
    while True:
        places = scatter(rng, [block, target, distractors.FOOTPRINT, distractors.FOOTPRINT])
        way = places[1] - places[0]
        length = float(np.linalg.norm(way))
        # A push away from the camera would hide the block behind the hand.
        if not _DISTANCE[0] < length < _DISTANCE[1] or way[0] < 0:
            continue
        swept = places[0] + np.linspace(-_RUN_UP, length, 12)[:, None] * way / length
        clearance = np.linalg.norm(swept[:, None] - places[2:], axis=-1).min()
        if np.all((swept[0] > _START[0]) & (swept[0] < _START[1])) and clearance > _CLEARANCE:
            return places


def expert(robot: Robot) -> None:
    """Close the fingers above the table behind the block, lower them and push the block in a straight line."""
    block, rotation = robot.place("sliding_block")
    target, _ = robot.place("target")
    ahead = rotation[:, 0]
    # The fingers stand side by side across the way: a broad contact keeps the block from turning.
    tool = downward(
        float(np.arctan2(rotation[1, 1], rotation[0, 1])), near=_MIDDLE_YAW + _bearing((block + target) / 2)
    )
    start = block - _RUN_UP * ahead
    start[2] = TABLE_HEIGHT + _PUSH_HEIGHT
    end = target - (_BLOCK + _FINGER) * ahead
    end[2] = TABLE_HEIGHT + _PUSH_HEIGHT
    robot.move(start + np.array([0, 0, 0.12]), tool)
    robot.close()
    robot.move(start, tool, speed=0.3)
    robot.move(end, tool, speed=0.2)


def _bearing(position: Array) -> float:
    """Heading, radians, of a place as seen from the robot's base."""
    x, y = position[:2] - ROBOT_BASE[:2]
    return float(np.arctan2(y, x))


def success(robot: Robot) -> bool:
    """The block lies on the middle of the target."""
    block, rotation = robot.place("sliding_block")
    target, _ = robot.place("target")
    flat = rotation[2, 2] > 0.99 and abs(block[2] - TABLE_HEIGHT - _BLOCK) < 0.005
    return bool(flat and np.linalg.norm((block - target)[:2]) < _TOLERANCE)


TASK = Task(1, build, expert, success)
