"""Objects that no instruction speaks of: they make the picture matter."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.sim.bodies import BOX, CYLINDER, SPHERE, collide, draw, draw_mesh, free_body, paint
from robot_r1.sim.layout import Footprint, any_yaw
from robot_r1.sim.shapes import lathe

FOOTPRINT = Footprint(0.045, 0.146)
"""Of the largest distractor."""
_TOY_COLORS = ((0.86, 0.62, 0.10), (0.15, 0.42, 0.70), (0.18, 0.52, 0.25), (0.55, 0.25, 0.60))


def add_distractors(spec: mujoco.MjSpec, rng: np.random.Generator, places: Array) -> None:
    """Put a different one of block, bottle and ball on each of at most three places (N, 2)."""
    kinds = rng.permutation(np.array([_add_block, _add_bottle, _add_ball], dtype=object))
    colors = rng.permutation(len(_TOY_COLORS))
    for xy, kind, color in zip(places, kinds, colors, strict=False):
        kind(spec, rng, xy, _TOY_COLORS[color])


def _add_block(spec: mujoco.MjSpec, rng: np.random.Generator, xy: Array, color: tuple[float, float, float]) -> None:
    half = 0.026
    body = free_body(spec, "block", xy, half, any_yaw(rng))
    draw(body, BOX, (half, half, half), paint(spec, "block", color, specular=0.1))
    collide(body, BOX, (half, half, half), mass=0.08)


def _add_ball(spec: mujoco.MjSpec, rng: np.random.Generator, xy: Array, color: tuple[float, float, float]) -> None:
    radius = 0.032
    body = free_body(spec, "ball", xy, radius)
    draw(body, SPHERE, (radius,), paint(spec, "ball", color, specular=0.6))
    collide(body, BOX, (0.7 * radius, 0.7 * radius, radius), mass=0.05)  # a sphere would roll away


def _add_bottle(spec: mujoco.MjSpec, rng: np.random.Generator, xy: Array, color: tuple[float, float, float]) -> None:
    body = free_body(spec, "bottle", xy, 0.0)
    glass = lathe([(0, 0), (0.030, 0), (0.032, 0.004), (0.032, 0.080), (0.012, 0.112), (0.012, 0.132), (0, 0.132)])
    cap = lathe([(0, 0.130), (0.0145, 0.130), (0.0145, 0.146), (0, 0.146)], 32)
    label = lathe([(0, 0.026), (0.0326, 0.026), (0.0326, 0.064), (0, 0.064)])
    draw_mesh(spec, body, "bottle", glass, paint(spec, "bottle", color, specular=0.8))
    draw_mesh(spec, body, "bottle_cap", cap, paint(spec, "bottle_cap", (0.9, 0.9, 0.88)))
    draw_mesh(spec, body, "bottle_label", label, paint(spec, "bottle_label", (0.92, 0.90, 0.82), specular=0.1))
    collide(body, CYLINDER, (0.032, 0.050), mass=0.2, position=(0, 0, 0.050))
    collide(body, CYLINDER, (0.014, 0.023), mass=0.01, position=(0, 0, 0.123))
