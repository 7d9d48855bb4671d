"""Lift the cup of a given colour; cups of other colours stand beside it."""

import mujoco
import numpy as np

from robot_r1.geometry import TABLE_HEIGHT
from robot_r1.instructions import CUP_COLORS
from robot_r1.sim.bodies import CYLINDER, Vector, collide, draw_mesh, free_body, paint, ring_wall
from robot_r1.sim.layout import Footprint, any_yaw, scatter
from robot_r1.sim.motion import Robot, downward
from robot_r1.sim.shapes import lathe, tube
from robot_r1.sim.tasks.colors import other_colors, surface_color
from robot_r1.sim.tasks.task import Task

_RADIUS, _HEIGHT, _WALL = 0.042, 0.105, 0.005
_DISTRACTORS = 2


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The cup that is asked for, and two of other colours."""
    color = CUP_COLORS[variation]
    colors = [color, *other_colors(rng, color, _DISTRACTORS)]
    places = scatter(rng, [Footprint(0.09, _HEIGHT)] * len(colors))
    for index, (name, xy) in enumerate(zip(colors, places, strict=True)):
        _add_cup(spec, "cup" if index == 0 else f"other_cup{index}", xy, any_yaw(rng), name)


def _add_cup(spec: mujoco.MjSpec, name: str, xy: Vector, yaw: float, color: str) -> None:
    body = free_body(spec, name, xy, 0.0, yaw)
    material = paint(spec, name, surface_color(color), specular=0.4)
    inner = _RADIUS - _WALL
    wall = [(0.90 * _RADIUS, 0.0), (_RADIUS, 0.012), (_RADIUS, _HEIGHT - 0.002), (_RADIUS - _WALL / 2, _HEIGHT)]
    inside = [(inner, _HEIGHT - 0.002), (inner, 0.014), (0.85 * inner, 0.008), (0.0, 0.008)]
    draw_mesh(spec, body, name, lathe([(0.0, 0.0), *wall, *inside], 72), material)
    bend = np.linspace(-1.4, 1.4, 15)
    handle = np.stack([_RADIUS - 0.004 + 0.030 * np.cos(bend), 0 * bend, 0.052 + 0.034 * np.sin(bend)], axis=1)
    draw_mesh(spec, body, f"{name}_handle", tube(handle, 0.0055), material)
    collide(body, CYLINDER, (0.9 * _RADIUS, 0.004), mass=0.06, position=(0, 0, 0.004))
    ring_wall(body, _RADIUS, _WALL, 0.008, _HEIGHT, mass=0.06)


def expert(robot: Robot) -> None:
    """Grip the wall opposite the handle from above and lift."""
    position, rotation = robot.place("cup")
    away = -rotation[:, 0]
    grasp = position + (_RADIUS - _WALL / 2) * away + np.array([0, 0, _HEIGHT - 0.020])
    tool = downward(float(np.arctan2(away[1], away[0])))
    robot.move(grasp + np.array([0, 0, 0.12]), tool)
    robot.move(grasp, tool, speed=0.3)
    robot.close()
    robot.move(grasp + np.array([0, 0, 0.20]), tool, speed=0.35)


def success(robot: Robot) -> bool:
    """The cup hangs in the air, held by the gripper."""
    position, _ = robot.place("cup")
    return bool(position[2] > TABLE_HEIGHT + 0.12) and not robot.gripper_open()


TASK = Task(len(CUP_COLORS), build, expert, success)
