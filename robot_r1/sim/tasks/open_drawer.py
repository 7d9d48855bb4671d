"""Pull one of the three drawers of a cabinet open by its handle."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.instructions import DRAWERS
from robot_r1.sim.bodies import BOX, CAPSULE, Vector, collide, draw, draw_rod, fixed_body, paint
from robot_r1.sim.motion import Robot
from robot_r1.sim.tasks.task import Task

_HALF_DEPTH, _HALF_WIDTH, _PLATE = 0.095, 0.125, 0.006
"""Of the cabinet along its x and y axes, and half the thickness of its boards."""
_PITCH = 0.088
"""Height of one drawer's compartment."""
_SEAM = 0.003
"""Half the gap between two fronts; the dark board behind it tells the drawers apart."""
_FRONT = (_PLATE, _HALF_WIDTH - _SEAM, _PITCH / 2 - _SEAM)
_STANDOFF = 0.048
"""Of the handle's bar from the drawer's origin in the middle of its front: room for the fingertips."""
_BAR = 0.024
"""Half the length of the bar."""
_GRIP = "grip"
"""The place to grip, marked on the drawer that is asked for."""
_TILT = np.radians(35)
"""Of the gripper below the horizontal: the hand stays clear of the table and of the handles above."""
_APPROACH, _PULL, _OPEN = 0.09, 0.14, 0.11
_AJAR = 0.01


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The cabinet, to the left or right of the robot, its front turned to the middle and somewhat to the camera."""
    side = float(rng.choice([-1, 1]))
    yaw = -side * np.radians(rng.uniform(46, 62))
    handles = np.array([rng.uniform(0.16, 0.26), side * rng.uniform(0.06, 0.12)])
    xy = handles - (_HALF_DEPTH + _PLATE + _STANDOFF) * np.array([np.cos(yaw), np.sin(yaw)])
    cabinet = _add_cabinet(spec, xy, yaw)
    for number, which in enumerate(DRAWERS):
        drawer = _add_drawer(spec, cabinet, which, (number + 0.5) * _PITCH)
        if number == variation:
            drawer.add_site(name=_GRIP, pos=[_STANDOFF, 0, 0], group=5)


def _add_cabinet(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> mujoco.MjsBody:
    cabinet = fixed_body(spec, "cabinet", xy, yaw)
    wood = paint(spec, "cabinet", (0.33, 0.20, 0.13), specular=0.1)
    paint(spec, "drawer", (0.86, 0.80, 0.66), specular=0.15)
    paint(spec, "handle", (0.12, 0.12, 0.14), specular=0.8)
    height = len(DRAWERS) * _PITCH
    for side in (-1, 1):
        side_board = (_HALF_DEPTH, _PLATE, height / 2)
        draw(cabinet, BOX, side_board, wood, (0, side * (_HALF_WIDTH + _PLATE), height / 2))
    draw(cabinet, BOX, (_PLATE, _HALF_WIDTH, height / 2), wood, (_PLATE - _HALF_DEPTH, 0, height / 2))
    draw(cabinet, BOX, (_HALF_DEPTH + 0.01, _HALF_WIDTH + 0.02, _PLATE), wood, (0.005, 0, height + _PLATE))
    for number in range(len(DRAWERS)):
        draw(cabinet, BOX, (_HALF_DEPTH, _HALF_WIDTH, _SEAM), wood, (0, 0, number * _PITCH))
    half = height / 2 + _PLATE
    collide(cabinet, BOX, (_HALF_DEPTH, _HALF_WIDTH + 2 * _PLATE, half), mass=0, position=(0, 0, half))
    return cabinet


def _add_drawer(spec: mujoco.MjSpec, cabinet: mujoco.MjsBody, which: str, height: float) -> mujoco.MjsBody:
    """A drawer, its origin in the middle of its front."""
    name = f"drawer_{which}"
    drawer = cabinet.add_body(name=name, pos=[_HALF_DEPTH + _PLATE, 0, height])
    drawer.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[1, 0, 0],
        range=[0, 2 * _HALF_DEPTH - 0.04],
        damping=[6, 0, 0],
        frictionloss=0.5,
    )
    draw(drawer, BOX, _FRONT, "drawer")
    collide(drawer, BOX, _FRONT, mass=0.3)
    depth, width, wall = _HALF_DEPTH - 0.010, _HALF_WIDTH - 0.012, _FRONT[2] - 0.012
    draw(drawer, BOX, (depth, width, 0.002), "drawer", (-depth, 0, -wall - 0.008))
    draw(drawer, BOX, (0.003, width, wall), "drawer", (-2 * depth, 0, -0.008))
    for side in (-1, 1):
        draw(drawer, BOX, (depth, 0.003, wall), "drawer", (-depth, side * width, -0.008))
    _add_handle(drawer)
    # MuJoCo lets a child touch a parent that is fixed to the world.
    spec.add_exclude(bodyname1="cabinet", bodyname2=name)
    return drawer


def _add_handle(drawer: mujoco.MjsBody) -> None:
    draw_rod(drawer, (_STANDOFF, 0, -_BAR), (_STANDOFF, 0, _BAR), 0.007, "handle")
    collide(drawer, CAPSULE, (0.007, _BAR), mass=0.05, position=(_STANDOFF, 0, 0))
    for end in (-1, 1):
        draw_rod(drawer, (0, 0, end * _BAR), (_STANDOFF, 0, end * _BAR), 0.006, "handle")


def expert(robot: Robot) -> None:
    """Reach in front of the handle, put the fingers to both sides of it, grip and pull."""
    handle = robot.data.site(_GRIP).xpos.copy()
    _, rotation = robot.place("cabinet")
    pull, tool = rotation[:, 0], _slanting(rotation[:, 0])
    robot.move(handle - _APPROACH * tool[:, 2], tool)
    robot.move(handle, tool, speed=0.3)
    robot.close()
    robot.move(handle + _PULL * pull, tool, speed=0.25)


def _slanting(outward: Array) -> Array:
    """Rotation (3, 3) of a tip that points against a horizontal direction and down, and closes horizontally."""
    up = np.array([0.0, 0.0, 1.0])
    closing = np.cross(outward, up)
    pointing = -np.cos(_TILT) * outward - np.sin(_TILT) * up
    return np.stack([np.cross(closing, pointing), closing, pointing], axis=1)


def success(robot: Robot) -> bool:
    """The drawer that was asked for is open, the other two are shut."""
    asked = robot.model.body(int(robot.model.site(_GRIP).bodyid[0])).name
    opened = {name: robot.joint(name) for name in (f"drawer_{which}" for which in DRAWERS)}
    return opened.pop(asked) > _OPEN and max(opened.values()) < _AJAR


TASK = Task(len(DRAWERS), build, expert, success)
