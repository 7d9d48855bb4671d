"""Stack two blocks of a given colour on the green plate; blocks of other colours stay on the table."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.instructions import STACK_COLORS
from robot_r1.sim.bodies import BOX, Vector, collide, draw, draw_mesh, fixed_body, free_body, paint
from robot_r1.sim.layout import Footprint, any_yaw, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.shapes import Mesh, lathe
from robot_r1.sim.tasks.colors import other_colors, surface_color
from robot_r1.sim.tasks.task import Task

_HALF = 0.026
"""Half the edge of a block."""
_PLATE = (0.060, 0.060, 0.0015)
"""Half extents of the plate."""
_STACK = ("block1", "block2")
_OTHERS = ("other_block1", "other_block2")
_BEVEL = 0.004
"""Metres taken off the edges of top and bottom: without a groove two stacked blocks look like one."""
_BLOCK = Footprint(0.055, 3 * _HALF)
"""Taller than a block, so that two of a colour do not run together in the picture."""


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The plate, two blocks of the variation's colour, and two of other colours, different from each other."""
    # The stack grows to twice a block's height and must not come to hide a block behind it.
    places = scatter(rng, [Footprint(0.09, 4 * _HALF), *[_BLOCK] * 4])
    _add_plate(spec, places[0], any_yaw(rng))
    color = STACK_COLORS[variation]
    others = [name for name in other_colors(rng, color, len(STACK_COLORS)) if name in STACK_COLORS]
    for name, xy, shade in zip(_STACK + _OTHERS, places[1:], (color, color, *others[:2]), strict=True):
        _add_block(spec, name, xy, any_yaw(rng), shade)


def _add_plate(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> None:
    body = fixed_body(spec, "plate", xy, yaw)
    center = (0, 0, _PLATE[2])
    draw(body, BOX, _PLATE, paint(spec, "plate", surface_color("green"), specular=0.1), center)
    collide(body, BOX, _PLATE, mass=0, position=center)


def _add_block(spec: mujoco.MjSpec, name: str, xy: Vector, yaw: float, color: str) -> None:
    body = free_body(spec, name, xy, _HALF, yaw)
    draw_mesh(spec, body, name, _bevelled_cube(), paint(spec, name, surface_color(color), specular=0.1))
    collide(body, BOX, [_HALF] * 3, mass=0.08)


def _bevelled_cube() -> Mesh:
    inner = _HALF - _BEVEL
    profile = [(0, -_HALF), (inner, -_HALF), (_HALF, -inner), (_HALF, inner), (inner, _HALF), (0, _HALF)]
    cube = lathe([(2**0.5 * x, z) for x, z in profile], segments=4)
    # The corners of a lathe's circle lie on the axes, and unshared ones keep shading from rounding the edges.
    turn = np.array([[1, -1, 0], [1, 1, 0], [0, 0, 2**0.5]]) / 2**0.5
    corners = (cube.vertices @ turn.T)[cube.faces].reshape(-1, 3)
    return Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))


def expert(robot: Robot) -> None:
    """Set the first block on the middle of the plate and the second on top of the first."""
    plate, _ = robot.place("plate")
    _pick_and_place(robot, "block1", plate + np.array([0, 0, 2 * _PLATE[2] + _HALF]))
    lower, _ = robot.place("block1")
    _pick_and_place(robot, "block2", lower + np.array([0, 0, 2 * _HALF]))


def _pick_and_place(robot: Robot, name: str, target: Array) -> None:
    """Bring a block to `target`, the place of its centre, turned like the plate, let go and retreat."""
    block, rotation = robot.place(name)
    tool = downward(_face(rotation, START_YAW))
    robot.move(block + np.array([0, 0, 0.12]), tool)
    robot.move(block, tool, speed=0.3)
    robot.close()
    robot.move(block + np.array([0, 0, 0.20]), tool)
    tip, tool = _placing(robot, name, target)
    robot.move(tip + np.array([0, 0, 0.10]), tool)
    tip, tool = _placing(robot, name, target)
    robot.move(tip + np.array([0, 0, 0.002]), tool, speed=0.25)
    robot.open()
    robot.move(tip + np.array([0, 0, 0.12]), tool)


def _placing(robot: Robot, name: str, target: Array) -> tuple[Array, Array]:
    """Tip position and rotation that put a block, as it is held now, at `target`, its faces along the plate's.

    Asked anew before each move: the block lags behind when the hand turns.
    """
    _, plate_rotation = robot.place("plate")
    tip, tool = robot.tip()
    block, rotation = robot.place(name)
    closing = float(np.arctan2(tool[1, 1], tool[0, 1]))
    turned = downward(closing + _face(plate_rotation, closing) - _face(rotation, closing), closing)
    return target + turned @ tool.T @ (tip - block), turned


def _face(rotation: Array, near: float) -> float:
    """Heading, radians, of the side face of a square body that points most nearly along the heading `near`."""
    yaw = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return near + (yaw - near + np.pi / 4) % (np.pi / 2) - np.pi / 4


def success(robot: Robot) -> bool:
    """One of the two blocks lies on the plate and the other on top of it, and the gripper has let go."""
    plate, plate_rotation = robot.place("plate")
    lower, upper = sorted((robot.place(name)[0] for name in _STACK), key=lambda position: position[2])
    on_plate = np.abs(plate_rotation.T @ (lower - plate) - [0, 0, 2 * _PLATE[2] + _HALF])
    on_block = np.abs(upper - lower - [0, 0, 2 * _HALF])
    rests = np.all(on_plate < [0.02, 0.02, 0.005]) and np.all(on_block < [0.015, 0.015, 0.005])
    return bool(rests) and robot.gripper_open()


TASK = Task(len(STACK_COLORS), build, expert, success)
