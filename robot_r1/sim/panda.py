"""The Franka Panda with its hand, as MuJoCo bodies, joints and position actuators.

Joints move under position control with the gains of MuJoCo Menagerie's Panda; gravity is compensated.
"""

import mujoco
import numpy as np

from robot_r1.geometry import ROBOT_BASE, Array
from robot_r1.sim.panda_links import LINKS, Joint, Link
from robot_r1.sim.panda_meshes import collision_mesh, drawn_shells, merged
from robot_r1.sim.shapes import Mesh

HOME: Array = np.array([0.0, -0.1, 0.0, -1.9, 0.0, 1.8, np.pi / 4])
"""Joint positions (7,) at the start of a demo, radians: tip above the table, pointing straight down.

RLBench's own start, (0, 0.1745, 0, -0.8727, 0, 1.2217, 0.7854), puts the gripper at the upper edge of the front
image. This one is lower, so that the whole gripper is visible from the first frame.
"""

_WHITE, _DARK, _HAND, _FINGER = "panda_white", "panda_dark", "panda_hand", "panda_finger"
_COLORS = {
    _WHITE: (0.86, 0.87, 0.88),
    _DARK: (0.13, 0.14, 0.16),
    _HAND: (0.24, 0.26, 0.30),
    _FINGER: (0.10, 0.85, 0.90),
}
_CELL = 0.005
"""Metres: detail kept of the drawn meshes; a pixel of a 256 x 256 picture covers 5 mm or more."""
_DRAWN, _COLLIDING, _SITES = 1, 3, 5
_TIP_HEIGHT = 0.1034
_PAD_FRICTION = (1.3, 0.02, 0.001)
_STIFF_TIME, _STIFF_SHARE = (0.005, 1.0), (0.97, 0.995, 0.001, 0.5, 2.0)
"""Solver parameters that keep the squeezing fingers from sinking into what they hold."""
_GRIPPER_KP, _GRIPPER_KV = 400.0, 40.0


def add_panda(spec: mujoco.MjSpec) -> None:
    """Add the Panda at `ROBOT_BASE`, facing +x, with gravity compensated.

    Joints are `panda_joint1` to `7` (radians) and `panda_finger_joint1` and `2` (metres of opening each); actuators
    `panda_actuator1` to `7` take joint positions, `panda_actuator8` takes the opening of each finger, 0.04 for open
    and below zero to squeeze. The site `panda_tip` lies between the finger tips, its z axis pointing out of the hand
    and its y axis along the closing direction.

    Raises:
        MissingPackageError: gymnasium-robotics, which carries the meshes, is not installed.
    """
    for name, color in _COLORS.items():
        glow = 0.35 if name == _FINGER else 0.0  # the fingers are mostly in the shade of the hand
        spec.add_material(name=name, rgba=[*color, 1.0], specular=0.15, shininess=0.4, emission=glow)
    body = spec.worldbody
    for index, link in enumerate(LINKS):
        body = _add_link(spec, body, index, link)
    hand = _add_hand(spec, body)
    for number, (side, quaternion) in enumerate((("left", (1, 0, 0, 0)), ("right", (0, 0, 0, 1))), start=1):
        _add_finger(spec, hand, f"panda_{side}finger", number, quaternion)
    _add_gripper_actuator(spec)


def _add_link(spec: mujoco.MjSpec, parent: mujoco.MjsBody, index: int, link: Link) -> mujoco.MjsBody:
    position = ROBOT_BASE if index == 0 else link.position
    body = parent.add_body(
        name=f"panda_link{index}",
        pos=list(position),
        quat=list(link.quaternion),
        gravcomp=1,
        mass=link.mass,
        ipos=list(link.center),
        fullinertia=list(link.inertia),
        explicitinertial=True,
    )
    if link.joint is not None:
        _add_joint(spec, body, index, link.joint)
    part = f"link{index}"
    shells = drawn_shells(part, _CELL)
    light = tuple(shell for rank, shell in enumerate(shells) if rank not in link.dark_shells)
    dark = tuple(shell for rank, shell in enumerate(shells) if rank in link.dark_shells)
    _draw(spec, body, f"panda_{part}", merged(light), _WHITE)
    if dark:
        _draw(spec, body, f"panda_{part}_dark", merged(dark), _DARK)
    _collide(spec, body, part)
    return body


def _add_joint(spec: mujoco.MjSpec, body: mujoco.MjsBody, index: int, joint: Joint) -> None:
    name = f"panda_joint{index}"
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0, 0, 1],
        range=[joint.low, joint.high],
        armature=0.1,
    )
    actuator = spec.add_actuator(
        name=f"panda_actuator{index}",
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        target=name,
        ctrlrange=[joint.low, joint.high],
        forcerange=[-joint.max_torque, joint.max_torque],
    )
    actuator.set_to_position(kp=joint.kp, kv=joint.kv)


def _add_hand(spec: mujoco.MjSpec, flange: mujoco.MjsBody) -> mujoco.MjsBody:
    hand = flange.add_body(
        name="panda_hand",
        pos=[0, 0, 0.107],
        quat=[np.cos(np.pi / 8), 0, 0, -np.sin(np.pi / 8)],
        gravcomp=1,
        mass=0.73,
        ipos=[-0.01, 0, 0.03],
        inertia=[0.001, 0.0025, 0.0017],
        explicitinertial=True,
    )
    _draw(spec, hand, "panda_hand", merged(drawn_shells("hand", _CELL)), _HAND)
    _collide(spec, hand, "hand")
    hand.add_site(name="panda_tip", pos=[0, 0, _TIP_HEIGHT], size=[0.004] * 3, group=_SITES)
    return hand


def _add_finger(
    spec: mujoco.MjSpec, hand: mujoco.MjsBody, name: str, number: int, quaternion: tuple[int, int, int, int]
) -> None:
    finger = hand.add_body(
        name=name,
        pos=[0, 0, 0.0584],
        quat=list(quaternion),
        gravcomp=1,
        mass=0.015,
        inertia=[2.375e-6, 2.375e-6, 7.5e-7],
        explicitinertial=True,
    )
    finger.add_joint(
        name=f"panda_finger_joint{number}",
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[0, 1, 0],
        range=[0, 0.04],
        armature=0.1,
        solref_limit=list(_STIFF_TIME),
        solimp_limit=list(_STIFF_SHARE),
    )
    _draw(spec, finger, name, merged(drawn_shells("finger", _CELL / 4)), _FINGER)
    for part, size, position in (
        ("pad", (0.0105, 0.005, 0.0095), (0, 0.0051, 0.0445)),
        ("arm", (0.0105, 0.006, 0.0165), (0, 0.0175, 0.0185)),
    ):
        finger.add_geom(
            name=f"{name}_{part}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=list(size),
            pos=list(position),
            friction=list(_PAD_FRICTION),
            condim=4,
            solref=list(_STIFF_TIME),
            solimp=list(_STIFF_SHARE),
            priority=1,
            group=_COLLIDING,
        )


def _add_gripper_actuator(spec: mujoco.MjSpec) -> None:
    joints = ("panda_finger_joint1", "panda_finger_joint2")
    spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT,
        objtype=mujoco.mjtObj.mjOBJ_JOINT,
        name1=joints[0],
        name2=joints[1],
        solref=list(_STIFF_TIME),
        solimp=list(_STIFF_SHARE),
    )
    tendon = spec.add_tendon(name="panda_fingers")
    for joint in joints:
        tendon.wrap_joint(joint, 0.5)
    actuator = spec.add_actuator(
        name="panda_actuator8",
        trntype=mujoco.mjtTrn.mjTRN_TENDON,
        target="panda_fingers",
        ctrlrange=[-0.1, 0.04],
        forcerange=[-100, 100],
    )
    actuator.set_to_position(kp=_GRIPPER_KP, kv=_GRIPPER_KV)


def _draw(spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str, mesh: Mesh, material: str) -> None:
    _add_mesh(spec, name, mesh)
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        material=material,
        group=_DRAWN,
        contype=0,
        conaffinity=0,
    )


def _collide(spec: mujoco.MjSpec, body: mujoco.MjsBody, part: str) -> None:
    name = f"panda_{part}_hull"
    _add_mesh(spec, name, collision_mesh(part))
    # Links meet objects but not each other: their hulls overlap at the joints.
    body.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, group=_COLLIDING, contype=0, conaffinity=1
    )


def _add_mesh(spec: mujoco.MjSpec, name: str, mesh: Mesh) -> None:
    added = spec.add_mesh(name=name, uservert=mesh.vertices.astype(np.float32).ravel(), userface=mesh.faces.ravel())
    added.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
