"""The world around the robot: floor, wall, wooden table, lights, the front camera and the Panda.

Geoms of groups 0 to 2 are drawn, those of group 3 only collide, sites are in group 5.
"""

import mujoco
import numpy as np

from robot_r1.demo import Camera
from robot_r1.geometry import TABLE_HEIGHT, fov_intrinsics
from robot_r1.sim import textures
from robot_r1.sim.panda import add_panda

CAMERA = "front"
KEY_LIGHT = "key"
_TABLE_CENTER, _TABLE_HALF = (0.12, 0.0), (0.60, 0.80, 0.02)
_BOX, _PLANE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_PLANE


def build_scene() -> mujoco.MjSpec:
    """A new scene with the Panda and an empty table, for objects to be added and the whole to be compiled.

    Raises:
        MissingPackageError: gymnasium-robotics, which carries the Panda's meshes, is not installed.
    """
    spec = mujoco.MjSpec()
    _set_options(spec)
    _add_surroundings(spec)
    _add_lights_and_camera(spec)
    add_panda(spec)
    return spec


def front_camera(model: mujoco.MjModel, size: int) -> Camera:
    """The front camera of square pictures of `size` pixels, in the convention of `robot_r1.geometry.project`."""
    camera = model.camera(CAMERA)
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, camera.quat)
    extrinsics = np.eye(4)
    # MuJoCo's camera looks along -z with x to the right; ours looks along +z with x to the left.
    extrinsics[:3, :3] = rotation.reshape(3, 3) * [-1, 1, -1]
    extrinsics[:3, 3] = camera.pos
    fovy = np.radians(float(camera.fovy[0]))
    return Camera.from_arrays(CAMERA, size, size, fov_intrinsics(size, size, fovy), extrinsics)


def _set_options(spec: mujoco.MjSpec) -> None:
    spec.compiler.degree = False
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    spec.option.timestep = 0.002
    spec.visual.quality.shadowsize = 1024
    spec.visual.quality.numquads = 16
    spec.visual.quality.offsamples = 4
    spec.visual.headlight.ambient = [0.38] * 3
    spec.visual.headlight.diffuse = [0.20] * 3
    spec.visual.headlight.specular = [0.05] * 3
    spec.visual.map.znear = 0.02
    spec.visual.map.shadowscale = 0.5


def _add_surroundings(spec: mujoco.MjSpec) -> None:
    _add_texture(spec, "floor", textures.floor(), repeat=6)
    _add_texture(spec, "wall", textures.wall(), repeat=2)
    _add_texture(spec, "wood", textures.wood(), repeat=1, specular=0.2)
    spec.add_material(name="metal", rgba=[0.55, 0.56, 0.58, 1], specular=0.5, shininess=0.6)
    world = spec.worldbody
    world.add_geom(name="floor", type=_PLANE, size=[4, 4, 0.1], material="floor")
    # Turned so that its local z axis, along which a texture is projected, is the normal of the drawn face.
    world.add_geom(
        name="wall", type=_BOX, size=[4, 2, 0.05], pos=[-1.6, 0, 2], quat=[0.5, 0.5, 0.5, 0.5], material="wall"
    )
    x, y = _TABLE_CENTER
    half_x, half_y, half_z = _TABLE_HALF
    world.add_geom(
        name="table",
        type=_BOX,
        size=list(_TABLE_HALF),
        pos=[x, y, TABLE_HEIGHT - half_z],
        material="wood",
        friction=[1.0, 0.005, 0.0001],
    )
    leg = (TABLE_HEIGHT - 2 * half_z) / 2
    for side_x in (-1, 1):
        for side_y in (-1, 1):
            corner = [x + side_x * (half_x - 0.05), y + side_y * (half_y - 0.06), leg]
            world.add_geom(type=_BOX, size=[0.03, 0.03, leg], pos=corner, material="metal")


def _add_lights_and_camera(spec: mujoco.MjSpec) -> None:
    world = spec.worldbody
    for name, position, strength, color in (
        # High above the table, so that the gripper's shadow lies near the point below it.
        (KEY_LIGHT, (0.75, -0.6, 3.1), 0.55, (1.0, 0.98, 0.94)),
        ("fill", (1.2, 1.8, 2.4), 0.26, (0.92, 0.96, 1.0)),
    ):
        world.add_light(
            name=name,
            type=mujoco.mjtLightType.mjLIGHT_SPOT,
            pos=list(position),
            dir=[_TABLE_CENTER[0] - position[0], _TABLE_CENTER[1] - position[1], TABLE_HEIGHT - position[2]],
            diffuse=[strength * channel for channel in color],
            specular=[0.3 * strength] * 3,
            castshadow=name == KEY_LIGHT,
            cutoff=80,
            exponent=0,
        )
    # RLBench's front camera; its 40 degrees would cut off the hand where it comes nearest to the camera.
    world.add_camera(name=CAMERA, pos=[1.35, 0, 1.58], xyaxes=[0, 1, 0, -0.4226, 0, 0.9063], fovy=42)


def _add_texture(spec: mujoco.MjSpec, name: str, image: textures.Texture, repeat: int, specular: float = 0.0) -> None:
    height, width = image.shape[:2]
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3)
    texture.data = image.tobytes()
    material = spec.add_material(name=name, texrepeat=[repeat, repeat], specular=specular, shininess=0.3)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
