"""Switch on a desk lamp by the push button on its base."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.sim.bodies import CYLINDER, Vector, collide, draw_mesh, fixed_body, paint
from robot_r1.sim.layout import Footprint, scatter
from robot_r1.sim.motion import Robot, downward
from robot_r1.sim.shapes import Mesh, lathe, tube
from robot_r1.sim.tasks import distractors
from robot_r1.sim.tasks.colors import surface_color
from robot_r1.sim.tasks.task import Task

_BASE_RADIUS, _BASE_HEIGHT = 0.085, 0.024
_BUTTON_X = 0.040
_CAP_RADIUS, _CAP_HEIGHT = 0.026, 0.016
_TRAVEL = 0.012
_PRESSED = 0.006
_POST_X, _POST_HEIGHT, _BEND = -0.055, 0.19, 0.055
"""The neck rises from the base and bends over to the side that faces away from the button."""
_SHADE_X = _POST_X - 2 * _BEND
_SHADE_TOP = 0.02 + _POST_HEIGHT
_HIDDEN = 0.34
"""Metres of table behind the shade that it hides from the front camera."""
_IN_SIGHT = 0.33
"""Metres to the left or right within which the front camera sees all of the shade."""


def build(spec: mujoco.MjSpec, variation: int, rng: np.random.Generator) -> None:
    """The lamp, fixed to the table, and two distractors."""
    places, yaw = _places(rng)
    distractors.add_distractors(spec, rng, places[1:])
    _add_button(spec, _add_lamp(spec, places[0], yaw))


def _places(rng: np.random.Generator) -> tuple[Array, float]:
    """Places (N, 2), metres, of the lamp and the distractors, and the lamp's yaw: left or right of its button.

    Its shade is within the picture, and no distractor is below it or hidden behind it.
    """
    while True:
        places = scatter(rng, [Footprint(0.13, 0.10), distractors.FOOTPRINT, distractors.FOOTPRINT])
        yaw = float(rng.choice([-1, 1]) * np.pi / 2 + rng.uniform(-0.5, 0.5))
        shade = places[0] + _SHADE_X * np.array([np.cos(yaw), np.sin(yaw)])
        ahead, aside = (shade - places[1:]).T
        if abs(shade[1]) < _IN_SIGHT and ((np.abs(aside) > 0.11) | (ahead < -0.11) | (ahead > _HIDDEN)).all():
            return places, yaw


def _add_lamp(spec: mujoco.MjSpec, xy: Vector, yaw: float) -> mujoco.MjsBody:
    lamp = fixed_body(spec, "lamp", xy, yaw)
    enamel = paint(spec, "lamp", (0.10, 0.34, 0.30), specular=0.6)
    r, h = _BASE_RADIUS, _BASE_HEIGHT
    draw_mesh(spec, lamp, "lamp_base", lathe([(0, 0), (r, 0), (r, 0.6 * h), (0.93 * r, h), (0, h)], 96), enamel)
    collide(lamp, CYLINDER, (r, h / 2), mass=0, position=(0, 0, h / 2))
    turn = np.linspace(0, np.pi, 13)
    bend = np.stack([_POST_X - _BEND * (1 - np.cos(turn)), 0 * turn, _POST_HEIGHT + _BEND * np.sin(turn)], axis=1)
    draw_mesh(spec, lamp, "lamp_neck", tube([(_POST_X, 0, 0.01), *bend], 0.008), enamel)
    collide(lamp, CYLINDER, (0.008, _POST_HEIGHT / 2), mass=0, position=(_POST_X, 0, _POST_HEIGHT / 2))
    _add_shade(spec, lamp, enamel)
    return lamp


def _add_shade(spec: mujoco.MjSpec, lamp: mujoco.MjsBody, enamel: str) -> None:
    top = _SHADE_TOP
    hood = [(0.055, top - 0.075), (0.057, top - 0.075), (0.022, top - 0.012), (0.012, top), (0, top)]
    lining = [(0, top - 0.020), (0.018, top - 0.020), (0.055, top - 0.075)]
    bulb = [(0, top - 0.082), (0.018, top - 0.075), (0.026, top - 0.058), (0.018, top - 0.035), (0, top - 0.030)]
    for name, profile, material in (
        ("lamp_hood", hood, enamel),
        ("lamp_lining", lining, paint(spec, "lamp_lining", (0.90, 0.88, 0.80))),
        ("lamp_bulb", bulb, paint(spec, "lamp_bulb", (0.96, 0.86, 0.45))),
    ):
        upright = lathe(profile, 72)
        draw_mesh(spec, lamp, name, Mesh(upright.vertices + np.array([_SHADE_X, 0, 0]), upright.faces), material)
    collide(lamp, CYLINDER, (0.050, 0.0375), mass=0, position=(_SHADE_X, 0, top - 0.0375))


def _add_button(spec: mujoco.MjSpec, lamp: mujoco.MjsBody) -> None:
    button = lamp.add_body(name="lamp_button", pos=[_BUTTON_X, 0, _BASE_HEIGHT])
    button.add_joint(
        name="lamp_button",
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[0, 0, 1],
        range=[-_TRAVEL, 0],
        stiffness=[60, 0, 0],
        damping=[4, 0, 0],
        springref=0.004,
    )
    r, h = _CAP_RADIUS, _CAP_HEIGHT
    cap = lathe([(0, -_TRAVEL), (r, -_TRAVEL), (r, 0.7 * h), (0.85 * r, h), (0, h)])
    draw_mesh(spec, button, "lamp_button", cap, paint(spec, "lamp_button", surface_color("red"), specular=0.5))
    collide(button, CYLINDER, (r, h / 2), mass=0.03, position=(0, 0, h / 2))
    # MuJoCo lets a child touch a parent that is fixed to the world.
    spec.add_exclude(bodyname1="lamp", bodyname2="lamp_button")


def expert(robot: Robot) -> None:
    """Close the fingers above the button, the broad hand across the lamp, so that it clears the neck, and press."""
    position, rotation = robot.place("lamp_button")
    top = position + np.array([0, 0, _CAP_HEIGHT])
    tool = downward(float(np.arctan2(rotation[1, 1], rotation[0, 1])))
    robot.move(top + np.array([0, 0, 0.10]), tool)
    robot.close()
    robot.move(top, tool, speed=0.25)  # the fingers end 9 mm below the tip, which is how far they press


def success(robot: Robot) -> bool:
    """The button is held down."""
    return robot.joint("lamp_button") < -_PRESSED


TASK = Task(1, build, expert, success)
