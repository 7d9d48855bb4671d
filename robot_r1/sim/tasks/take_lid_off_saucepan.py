"""Lift the lid off a saucepan by its knob."""

import mujoco
import numpy as np

from robot_r1.geometry import TABLE_HEIGHT, Array
from robot_r1.sim.bodies import CYLINDER, Vector, collide, draw_mesh, draw_rod, fixed_body, free_body, paint, ring_wall
from robot_r1.sim.layout import Footprint, any_yaw, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.shapes import lathe
from robot_r1.sim.tasks import distractors
from robot_r1.sim.tasks.task import Task

_PAN_HEIGHT = 0.0785
_KNOB_HEIGHT = 0.045
"""Of the place to grip, above the lid's origin at the rim of the pan."""
_LIFT = 0.22
_BLACK = (0.08, 0.08, 0.09)


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The pan, fixed to the table, its lid, and two distractors."""
    places = scatter(rng, [Footprint(0.13, 0.14), distractors.FOOTPRINT, distractors.FOOTPRINT])
    distractors.add_distractors(spec, rng, places[1:])
    yaw = _free_direction(rng, places[0], places[1:])
    _add_pan(spec, places[0], yaw)
    _add_lid(spec, places[0], yaw)


def _free_direction(rng: np.random.Generator, pan: Array, others: Array) -> float:
    """A heading in which the pan's handle, 0.24 m long, does not reach over another object."""
    while True:
        yaw = any_yaw(rng)
        handle = pan + np.linspace(0.1, 0.25, 4)[:, None] * np.array([np.cos(yaw), np.sin(yaw)])
        if np.linalg.norm(others[:, None] - handle, axis=-1).min() > 0.06:
            return yaw


def _add_pan(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> None:
    body = fixed_body(spec, "saucepan", xy, yaw)
    outside = [(0, 0.001), (0.085, 0.001), (0.093, 0.008), (0.096, 0.075), (0.099, 0.077)]
    inside = [(0.094, 0.078), (0.090, 0.012), (0, 0.008)]
    steel = paint(spec, "saucepan", (0.62, 0.63, 0.65), specular=0.9)
    draw_mesh(spec, body, "saucepan", lathe([*outside, *inside], 96), steel)
    draw_rod(body, (0.095, 0, 0.06), (0.24, 0, 0.07), 0.011, paint(spec, "pan_handle", _BLACK))
    ring_wall(body, 0.096, 0.006, 0.006, 0.076, mass=0)
    collide(body, CYLINDER, (0.09, 0.004), mass=0, position=(0, 0, 0.005))


def _add_lid(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> None:
    body = free_body(spec, "lid", xy, _PAN_HEIGHT, yaw)
    rim = [(0, -0.004), (0.088, -0.004), (0.088, 0), (0.101, 0), (0.101, 0.003)]
    steel = paint(spec, "lid", (0.70, 0.71, 0.73), specular=0.9)
    draw_mesh(spec, body, "lid", lathe([*rim, (0.07, 0.018), (0.03, 0.026), (0, 0.028)], 96), steel)
    stem = [(0, 0.026), (0.008, 0.026), (0.008, 0.036)]
    knob = lathe([*stem, (0.019, 0.042), (0.019, 0.056), (0.012, 0.060), (0, 0.061)], 48)
    draw_mesh(spec, body, "knob", knob, paint(spec, "knob", _BLACK))
    collide(body, CYLINDER, (0.100, 0.0025), mass=0.15, position=(0, 0, 0.0025))
    collide(body, CYLINDER, (0.060, 0.009), mass=0.10, position=(0, 0, 0.012))
    collide(body, CYLINDER, (0.0165, 0.018), mass=0.05, position=(0, 0, 0.043))


def expert(robot: Robot) -> None:
    """Grip the knob from above and lift."""
    lid, _ = robot.place("lid")
    knob = lid + np.array([0, 0, _KNOB_HEIGHT])
    tool = downward(START_YAW)
    robot.move(knob + np.array([0, 0, 0.10]), tool)
    robot.move(knob, tool, speed=0.3)
    robot.close()
    robot.move(knob + np.array([0, 0, _LIFT]), tool, speed=0.35)


def success(robot: Robot) -> bool:
    """The lid hangs well above the pan, held by the gripper."""
    lid, _ = robot.place("lid")
    return bool(lid[2] > TABLE_HEIGHT + _PAN_HEIGHT + 0.12) and not robot.gripper_open()


TASK = Task(1, build, expert, success)
