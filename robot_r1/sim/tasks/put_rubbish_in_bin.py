"""Drop the crumpled paper into the bin and leave the tomatoes on the table."""

import mujoco
import numpy as np

from robot_r1.geometry import TABLE_HEIGHT
from robot_r1.sim.bodies import (
    BOX,
    CYLINDER,
    Vector,
    collide,
    draw_mesh,
    draw_rod,
    fixed_body,
    free_body,
    paint,
    ring_wall,
)
from robot_r1.sim.layout import Footprint, any_yaw, scatter
from robot_r1.sim.motion import Robot, downward
from robot_r1.sim.shapes import crumpled_ball, lathe
from robot_r1.sim.tasks.task import Task

_BIN_RADIUS, _BIN_HEIGHT = 0.080, 0.150
_PAPER = 0.039
_TOMATO = Footprint(0.055, 0.06)


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """Bin, paper and two tomatoes."""
    places = scatter(rng, [Footprint(0.11, _BIN_HEIGHT), Footprint(0.065, 0.06), _TOMATO, _TOMATO])
    _add_bin(spec, places[0])
    paper = free_body(spec, "rubbish", places[1], 0.031, any_yaw(rng))
    draw_mesh(
        spec, paper, "rubbish", crumpled_ball(rng, _PAPER), paint(spec, "rubbish", (0.93, 0.92, 0.88), specular=0.05)
    )
    collide(paper, BOX, (0.027, 0.027, 0.031), mass=0.03)
    for number, xy in enumerate(places[2:], start=1):
        _add_tomato(spec, f"tomato{number}", xy, any_yaw(rng))


def _add_bin(spec: mujoco.MjSpec, xy: Vector) -> None:
    body = fixed_body(spec, "bin", xy)
    r, h = _BIN_RADIUS, _BIN_HEIGHT
    outside = [(0, 0.002), (0.72 * r, 0.002), (0.75 * r, 0.006), (0.95 * r, h - 0.008), (r, h - 0.006), (r, h)]
    inside = [(0.93 * r, h), (0.70 * r, 0.010), (0, 0.008)]
    draw_mesh(spec, body, "bin", lathe([*outside, *inside], 80), paint(spec, "bin", (0.20, 0.24, 0.30)))
    ring_wall(body, 0.95 * r, 0.006, 0.004, h, mass=0)
    collide(body, CYLINDER, (0.75 * r, 0.003), mass=0, position=(0, 0, 0.004))


def _add_tomato(spec: mujoco.MjSpec, name: str, xy: Vector, yaw: float) -> None:
    body = free_body(spec, name, xy, 0.028, yaw)
    profile = [
        (0, -0.028),
        (0.017, -0.027),
        (0.031, -0.012),
        (0.034, 0.003),
        (0.027, 0.020),
        (0.012, 0.026),
        (0, 0.021),
    ]
    draw_mesh(spec, body, name, lathe(profile, 48), paint(spec, name, (0.80, 0.10, 0.05), specular=0.7))
    leaf = paint(spec, f"{name}_leaf", (0.13, 0.38, 0.10), specular=0.1)
    for angle in 2 * np.pi * np.arange(5) / 5:
        draw_rod(body, (0, 0, 0.024), (0.018 * np.cos(angle), 0.018 * np.sin(angle), 0.026), 0.003, leaf)
    draw_rod(body, (0, 0, 0.022), (0.003, 0, 0.034), 0.003, leaf)
    collide(body, BOX, (0.022, 0.022, 0.028), mass=0.06)  # a sphere would roll away


def expert(robot: Robot) -> None:
    """Grip the paper from above, carry it over the bin, lower it to the rim and let go."""
    paper, rotation = robot.place("rubbish")
    bin_position, _ = robot.place("bin")
    tool = downward(float(np.arctan2(rotation[1, 0], rotation[0, 0])))
    robot.move(paper + np.array([0, 0, 0.12]), tool)
    robot.move(paper, tool, speed=0.3)
    robot.close()
    robot.move(paper + np.array([0, 0, 0.25]), tool, speed=0.35)
    robot.move(bin_position + np.array([0, 0, 0.27]), tool)
    robot.move(bin_position + np.array([0, 0, 0.18]), tool, speed=0.3)
    robot.open(min_frames=8)


def success(robot: Robot) -> bool:
    """The paper lies in the bin."""
    paper, _ = robot.place("rubbish")
    bin_position, _ = robot.place("bin")
    inside = np.linalg.norm((paper - bin_position)[:2]) < _BIN_RADIUS
    return bool(inside and paper[2] < TABLE_HEIGHT + 0.8 * _BIN_HEIGHT)


TASK = Task(1, build, expert, success)
