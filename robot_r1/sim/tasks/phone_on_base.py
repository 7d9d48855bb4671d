"""Lay the handset of a telephone on its base."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.sim.bodies import BOX, CYLINDER, Vector, collide, draw, fixed_body, free_body, paint
from robot_r1.sim.layout import Footprint, any_yaw, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.tasks import distractors
from robot_r1.sim.tasks.task import Task

_BASE = (0.070, 0.100, 0.016)
"""Half extents of the base."""
_CRADLE_X = -0.032
_CUP_Y = 0.064
"""Distance of ear and mouth piece from the middle of the handset."""
_GRIP_HEIGHT = 0.034


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The base, fixed to the table, the handset beside it, and one distractor."""
    places = scatter(rng, [Footprint(0.13, 0.06), Footprint(0.12, 0.05), distractors.FOOTPRINT])
    distractors.add_distractors(spec, rng, places[2:])
    _add_base(spec, places[0], float(rng.uniform(-0.5, 0.5)))
    _add_handset(spec, places[1], any_yaw(rng))


def _add_base(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> None:
    body = fixed_body(spec, "base", xy, yaw)
    shell = paint(spec, "base", (0.86, 0.83, 0.74))
    keys = paint(spec, "keys", (0.22, 0.22, 0.25))
    solids = [(_BASE, (0.0, 0.0, _BASE[2]))]
    for side in (-1, 1):
        for edge in (-1, 1):
            x = _CRADLE_X + edge * 0.031
            solids.append(((0.006, 0.018, 0.014), (x, side * _CUP_Y, 2 * _BASE[2] + 0.012)))
    for size, position in solids:
        draw(body, BOX, size, shell, position)
        collide(body, BOX, size, mass=0, position=position)
    for row in range(4):
        for column in range(3):
            place = (0.018 + 0.018 * column, 0.024 * (row - 1.5), 2 * _BASE[2] + 0.002)
            draw(body, BOX, (0.007, 0.009, 0.004), keys, place)


def _add_handset(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> None:
    body = free_body(spec, "handset", xy, 0.001, yaw)
    material = paint(spec, "handset", (0.10, 0.10, 0.12), specular=0.5)
    grip, piece = (0.016, 0.086, 0.012), (0.020, 0.015)
    draw(body, BOX, grip, material, (0, 0, _GRIP_HEIGHT))
    collide(body, BOX, grip, mass=0.08, position=(0, 0, _GRIP_HEIGHT))
    for side in (-1, 1):
        place = (0, side * _CUP_Y, piece[1])
        draw(body, CYLINDER, piece, material, place)
        collide(body, CYLINDER, piece, mass=0.04, position=place)


def expert(robot: Robot) -> None:
    """Grip the handset across its middle, carry it over the cradle, set it down, let go and retreat."""
    handset, rotation = robot.place("handset")
    tool = downward(_yaw(rotation[:, 0]))
    grasp = handset + np.array([0, 0, _GRIP_HEIGHT])
    robot.move(grasp + np.array([0, 0, 0.12]), tool)
    robot.move(grasp, tool, speed=0.3)
    robot.close()
    robot.move(grasp + np.array([0, 0, 0.18]), tool, speed=0.35)
    target, turned = _placing(robot, START_YAW)
    robot.move(target + np.array([0, 0, 0.10]), turned)
    target, turned = _placing(robot, _yaw(turned[:, 1]))
    robot.move(target + np.array([0, 0, 0.004]), turned, speed=0.25)
    robot.open()
    robot.move(target + np.array([0, 0, 0.12]), turned)


def _placing(robot: Robot, near: float) -> tuple[Array, Array]:
    """Tip position and rotation that put the handset, as it is held now, into the cradle, closing as `near` as can be.

    Asked anew before each move: the handset shifts when it is gripped and lags behind when the hand turns.
    """
    base, base_rotation = robot.place("base")
    tip, tool = robot.tip()
    handset, rotation = robot.place("handset")
    misalignment = _yaw(base_rotation[:, 0]) - _yaw(rotation[:, 0])
    turned = downward(_yaw(tool[:, 1]) + misalignment, near)
    cradle = base + base_rotation @ np.array([_CRADLE_X, 0, 2 * _BASE[2]])
    return cradle + turned @ tool.T @ (tip - handset), turned


def _yaw(direction: Array) -> float:
    return float(np.arctan2(direction[1], direction[0]))


def success(robot: Robot) -> bool:
    """The handset lies in the cradle and the gripper has let go."""
    base, base_rotation = robot.place("base")
    handset, _ = robot.place("handset")
    x, y, z = base_rotation.T @ (handset - base)
    lies = abs(x - _CRADLE_X) < 0.012 and abs(y) < 0.02 and abs(z - 2 * _BASE[2]) < 0.012
    return bool(lies) and robot.gripper_open()


TASK = Task(1, build, expert, success)
