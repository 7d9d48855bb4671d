"""Press the red button on a base of a given colour."""

import mujoco
import numpy as np

from robot_r1.instructions import BUTTON_COLORS
from robot_r1.sim.bodies import CYLINDER, collide, draw_mesh, fixed_body, paint
from robot_r1.sim.layout import Footprint, scatter
from robot_r1.sim.motion import START_YAW, Robot, downward
from robot_r1.sim.shapes import lathe
from robot_r1.sim.tasks import distractors
from robot_r1.sim.tasks.colors import surface_color
from robot_r1.sim.tasks.task import Task

_BASE_RADIUS, _BASE_HEIGHT = 0.070, 0.032
_CAP_RADIUS, _CAP_HEIGHT = 0.038, 0.018
_TRAVEL = 0.012
_PRESSED = 0.006


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The button, fixed to the table, and two distractors."""
    places = scatter(rng, [Footprint(0.12, _BASE_HEIGHT), distractors.FOOTPRINT, distractors.FOOTPRINT])
    distractors.add_distractors(spec, rng, places[1:])
    base = fixed_body(spec, "button", places[0])
    color = surface_color(BUTTON_COLORS[variation])
    r, h = _BASE_RADIUS, _BASE_HEIGHT
    profile = [(0, 0), (r, 0), (r, 0.6 * h), (0.80 * r, h), (0.60 * r, h), (0.60 * r, 0.5 * h), (0, 0.5 * h)]
    draw_mesh(spec, base, "button_base", lathe(profile, 96), paint(spec, "button_base", color))
    collide(base, CYLINDER, (r, h / 2), mass=0, position=(0, 0, h / 2))
    _add_plunger(spec, base)


def _add_plunger(spec: mujoco.MjSpec, base: mujoco.MjsBody) -> None:
    plunger = base.add_body(name="plunger", pos=[0, 0, _BASE_HEIGHT])
    plunger.add_joint(
        name="plunger",
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[0, 0, 1],
        range=[-_TRAVEL, 0],
        stiffness=[60, 0, 0],
        damping=[4, 0, 0],
        springref=0.004,
    )
    r, h = _CAP_RADIUS, _CAP_HEIGHT
    cap = lathe([(0, -_TRAVEL), (r, -_TRAVEL), (r, 0.6 * h), (0.85 * r, 0.9 * h), (0.5 * r, h), (0, h)])
    draw_mesh(spec, plunger, "button_cap", cap, paint(spec, "button_cap", surface_color("red"), specular=0.5))
    collide(plunger, CYLINDER, (r, h / 2), mass=0.05, position=(0, 0, h / 2))
    # MuJoCo lets a child touch a parent that is fixed to the world.
    spec.add_exclude(bodyname1="button", bodyname2="plunger")


def expert(robot: Robot) -> None:
    """Close the fingers above the button and press it down."""
    position, _ = robot.place("plunger")
    top = position + np.array([0, 0, _CAP_HEIGHT])
    tool = downward(START_YAW)
    robot.move(top + np.array([0, 0, 0.10]), tool)
    robot.close()
    robot.move(top, tool, speed=0.25)  # the fingers end 9 mm below the tip, which is how far they press


def success(robot: Robot) -> bool:
    """The plunger is held down."""
    return robot.joint("plunger") < -_PRESSED


TASK = Task(len(BUTTON_COLORS), build, expert, success)
