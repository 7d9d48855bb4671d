"""Bodies on the table: materials, shapes that are drawn, and shapes that collide.

Drawn geoms (group 2) have no mass and touch nothing; collision geoms (group 3) are simple solids that are not drawn.
All lengths are in metres; positions of bodies are in the world frame, those of geoms in the frame of their body.
"""

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from robot_r1.geometry import TABLE_HEIGHT, Array
from robot_r1.sim.shapes import Mesh

BOX = mujoco.mjtGeom.mjGEOM_BOX
CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
SPHERE = mujoco.mjtGeom.mjGEOM_SPHERE

Color = tuple[float, float, float]
Vector = Sequence[float] | Array

_DRAWN, _COLLIDING = 2, 3
_GRIP = (1.2, 0.02, 0.001)
"""Sliding, torsional and rolling friction that lets finger pads hold what they squeeze."""


def fixed_body(spec: mujoco.MjSpec, name: str, xy: Vector, yaw: float = 0.0) -> mujoco.MjsBody:
    """A body that is part of the table, its origin on the table top."""
    position = [float(xy[0]), float(xy[1]), TABLE_HEIGHT]
    return spec.worldbody.add_body(name=name, pos=position, quat=_yaw_quaternion(yaw))


def free_body(spec: mujoco.MjSpec, name: str, xy: Vector, height: float, yaw: float = 0.0) -> mujoco.MjsBody:
    """A body that moves freely, its origin `height` above the table top."""
    position = [float(xy[0]), float(xy[1]), TABLE_HEIGHT + height]
    body = spec.worldbody.add_body(name=name, pos=position, quat=_yaw_quaternion(yaw))
    body.add_freejoint()
    return body


def paint(spec: mujoco.MjSpec, name: str, color: Color, specular: float = 0.3) -> str:
    """Add a material and return its name."""
    spec.add_material(name=name, rgba=[*color, 1.0], specular=specular, shininess=0.4)
    return name


def draw_mesh(spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str, mesh: Mesh, material: str) -> None:
    """Draw a mesh, given in the body's frame."""
    added = spec.add_mesh(
        name=name, uservert=mesh.vertices.astype(np.float32).ravel(), userface=mesh.faces.astype(np.int32).ravel()
    )
    # The volume of an open or creased surface can come out as zero or negative, which the compiler refuses.
    added.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
    _add_drawn(body, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=material)


def draw(
    body: mujoco.MjsBody,
    kind: mujoco.mjtGeom,
    size: Vector,
    material: str,
    position: Vector = (0, 0, 0),
    yaw: float = 0.0,
) -> None:
    """Draw a primitive; `size` as in MuJoCo: half extents of a box, radius and half height of a cylinder."""
    _add_drawn(body, type=kind, size=_padded(size), pos=list(position), quat=_yaw_quaternion(yaw), material=material)


def draw_rod(body: mujoco.MjsBody, start: Vector, end: Vector, radius: float, material: str) -> None:
    """Draw a capsule between two points."""
    _add_drawn(body, type=CAPSULE, fromto=[*start, *end], size=_padded([radius]), material=material)


def collide(
    body: mujoco.MjsBody,
    kind: mujoco.mjtGeom,
    size: Vector,
    mass: float,
    position: Vector = (0, 0, 0),
    yaw: float = 0.0,
) -> None:
    """Add a collision primitive of a mass in kilograms; `size` as for `draw`."""
    body.add_geom(
        type=kind,
        size=_padded(size),
        pos=list(position),
        quat=_yaw_quaternion(yaw),
        mass=mass,
        friction=list(_GRIP),
        condim=4,
        group=_COLLIDING,
    )


def ring_wall(
    body: mujoco.MjsBody, radius: float, thickness: float, bottom: float, top: float, mass: float, count: int = 20
) -> None:
    """An upright hollow cylinder of outer `radius` that collides, as a ring of boxes."""
    width = 1.03 * np.pi * radius / count
    middle, half = radius - thickness / 2, (top - bottom) / 2
    for angle in 2 * np.pi * (np.arange(count) + 0.5) / count:
        position = (middle * np.cos(angle), middle * np.sin(angle), bottom + half)
        collide(body, BOX, (thickness / 2, width, half), mass / count, position, float(angle))


def _add_drawn(body: mujoco.MjsBody, **geometry: Any) -> None:
    """A geom that is seen but neither collides nor weighs anything."""
    body.add_geom(**geometry, group=_DRAWN, contype=0, conaffinity=0, mass=0)


def _yaw_quaternion(yaw: float) -> list[float]:
    return [float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))]


def _padded(size: Vector) -> list[float]:
    values = [float(v) for v in size]
    return values + [0.0] * (3 - len(values))
