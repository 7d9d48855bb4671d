"""A robot that scripted experts drive: straight-line moves, gripper commands, and a log of states at 20 Hz.

Physics runs at the model's time step of 2 ms, joint targets come from inverse kinematics at 100 Hz.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.sim import panda
from robot_r1.sim.ik import ARM_JOINTS, InverseKinematics, rotation_matrix, rotation_quaternion, rotation_vector

FRAME_TIME = 0.05
"""Seconds between logged states, as in RLBench."""
FINGER_OPENING = 0.04
"""Metres of travel of one finger."""
START_YAW = -np.pi / 2
"""Closing direction of the fingers in the start posture, radians."""
_CONTROL_TIME = 0.01
_RAMP = 0.2
"""Seconds of acceleration and braking. Slower starts (minimum jerk) look like a stop to the keypoint rule."""
_TURN_SPEED = 1.5
"""Radians per second."""
_POSTURE_GAIN = 0.02
_SQUEEZE = -0.07
"""Closing target in metres: far below zero, so that the actuator presses even on thick objects."""
_OPEN_FRACTION = 0.9
"""Share of full opening above which RLBench reports the gripper as open."""
_STILL = 0.1
"""Radians per second: the threshold of the keypoint rule."""
_SETTLE_FRAMES = 8
_GRIPPER_FRAMES = 14

EventName = Literal["move", "close", "open"]


@dataclass(frozen=True)
class State:
    """One logged frame."""

    qpos: Array
    """(nq,), MuJoCo's generalised positions: the robot's and all objects'."""
    joint_positions: Array
    """(7,), radians."""
    joint_velocities: Array
    """(7,), radians per second."""
    tip_position: Array
    """(3,), metres, world frame."""
    tip_quaternion: Array
    """(4,), xyzw, world frame."""
    gripper_open: bool


@dataclass(frozen=True)
class Event:
    """The end of a scripted action."""

    name: EventName
    frame: int
    """Index of the last frame of the action."""


def downward(yaw: float, near: float = START_YAW) -> Array:
    """Rotation (3, 3) of a tip that points straight down and closes its fingers along the direction `yaw`, radians.

    Fingers are symmetric, so the closing direction is taken modulo pi, as close as possible to `near`. Far from that
    of the start posture the last joint comes to its limit.
    """
    angle = near + (yaw - near + np.pi / 2) % np.pi - np.pi / 2
    closing = np.array([np.cos(angle), np.sin(angle), 0.0])
    pointing = np.array([0.0, 0.0, -1.0])
    return np.stack([np.cross(closing, pointing), closing, pointing], axis=1)


class Robot:
    """The simulated scene with the Panda in its start posture, and what has been logged so far.

    Positions are in metres in the world frame, those of the robot are of the tip between the fingers.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self.states: list[State] = []
        self.events: list[Event] = []
        self._ik = InverseKinematics(model)
        self._site = model.site("panda_tip").id
        self._joints = panda.HOME.copy()
        self._arm_qpos, self._arm_dofs = self._addresses([f"panda_joint{i}" for i in range(1, ARM_JOINTS + 1)])
        self._finger_qpos, self._finger_dofs = self._addresses(["panda_finger_joint1", "panda_finger_joint2"])
        actuators = [model.actuator(f"panda_actuator{i}").id for i in range(1, ARM_JOINTS + 2)]
        self._arm_actuators, self._finger_actuator = np.array(actuators[:-1]), actuators[-1]
        self._rest()
        self._commanded = self.tip()
        self._record()

    def tip(self) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3), tip-to-world."""
        return self.data.site_xpos[self._site].copy(), self.data.site_xmat[self._site].reshape(3, 3).copy()

    def place(self, body: str) -> tuple[Array, Array]:
        """Position (3,) and rotation (3, 3), body-to-world, of an object."""
        data = self.data.body(body)
        return data.xpos.copy(), data.xmat.reshape(3, 3).copy()

    def joint(self, name: str) -> float:
        """Position of an object's joint, metres or radians."""
        return float(self.data.joint(name).qpos[0])

    def gripper_open(self) -> bool:
        """Whether both fingers together are open by more than 90 % of their travel."""
        return bool(self.data.qpos[self._finger_qpos].sum() > _OPEN_FRACTION * 2 * FINGER_OPENING)

    def move(self, position: Array, rotation: Array, speed: float = 0.45) -> None:
        """Move the tip in a straight line, turning evenly, and wait until the arm stands still.

        Args:
            speed: metres per second of the part between the ramps.
        """
        start, start_rotation = self._commanded
        turn = rotation_vector(rotation @ start_rotation.T)
        distance, angle = float(np.linalg.norm(position - start)), float(np.linalg.norm(turn))
        cruise = max(distance / speed, angle / _TURN_SPEED, _RAMP)
        frames = int(np.ceil((cruise + _RAMP) / FRAME_TIME - 1e-9))
        progress = _trapezoid(frames * FRAME_TIME)
        for frame in range(frames):
            for tick in range(_TICKS):
                share = progress((frame * _TICKS + tick + 1) * _CONTROL_TIME)
                target_rotation = rotation_matrix(turn * share) @ start_rotation
                self._track(start + share * (position - start), target_rotation, _POSTURE_GAIN, iterations=2)
            self._record()
        self._settle(position, rotation)
        self._commanded = position, rotation
        self._finish("move")

    def close(self) -> None:
        """Close the gripper until the fingers stall on an object or on each other."""
        self._drive_fingers(_SQUEEZE, min_frames=3)
        self._finish("close")

    def open(self, min_frames: int = 3) -> None:
        """Open the gripper, then let what was held fall for as long as `min_frames` (at 20 Hz) allow."""
        self._drive_fingers(FINGER_OPENING, min_frames)
        self._finish("open")

    def _rest(self) -> None:
        """Take the start posture and let the objects come to rest before the first frame."""
        self.data.qpos[self._arm_qpos] = panda.HOME
        self.data.qpos[self._finger_qpos] = FINGER_OPENING
        self.data.ctrl[self._arm_actuators] = panda.HOME
        self.data.ctrl[self._finger_actuator] = FINGER_OPENING
        self._advance(0.2)
        mujoco.mj_kinematics(self.model, self.data)

    def _settle(self, position: Array, rotation: Array) -> None:
        """Hold a pose until two frames in a row are still: the keypoint rule needs one before the fingers move."""
        still = 0
        for _ in range(_SETTLE_FRAMES):
            for _ in range(_TICKS):
                # Drifting back to the start posture would keep joints too fast for the rule to see a stop.
                self._track(position, rotation, posture_gain=0.0, iterations=1)
            self._record()
            still = still + 1 if np.abs(self.states[-1].joint_velocities).max() < _STILL else 0
            if still == 2:
                break

    def _track(self, position: Array, rotation: Array, posture_gain: float, iterations: int) -> None:
        """One tick of the 100 Hz control loop."""
        for _ in range(iterations):
            self._joints = self._ik.step(self._joints, position, rotation, posture_gain)
        self.data.ctrl[self._arm_actuators] = self._joints
        self._advance(_CONTROL_TIME)

    def _drive_fingers(self, target: float, min_frames: int) -> None:
        self.data.ctrl[self._finger_actuator] = target
        for frame in range(1, _GRIPPER_FRAMES + 1):
            self._advance(FRAME_TIME)
            self._record()
            if frame >= min_frames and np.abs(self.data.qvel[self._finger_dofs]).max() < 0.01:
                break

    def _advance(self, seconds: float) -> None:
        mujoco.mj_step(self.model, self.data, nstep=round(seconds / self.model.opt.timestep))

    def _record(self) -> None:
        mujoco.mj_kinematics(self.model, self.data)  # a step leaves the poses of sites and bodies one step behind
        position, rotation = self.tip()
        self.states.append(
            State(
                qpos=self.data.qpos.copy(),
                joint_positions=self.data.qpos[self._arm_qpos].copy(),
                joint_velocities=self.data.qvel[self._arm_dofs].copy(),
                tip_position=position,
                tip_quaternion=np.roll(rotation_quaternion(rotation), -1),
                gripper_open=self.gripper_open(),
            )
        )

    def _finish(self, name: EventName) -> None:
        self.events.append(Event(name, len(self.states) - 1))

    def _addresses(self, joints: list[str]) -> tuple[Array, Array]:
        """Indices into qpos and qvel."""
        found = [self.model.joint(name) for name in joints]
        return np.array([j.qposadr[0] for j in found]), np.array([j.dofadr[0] for j in found])


_TICKS = round(FRAME_TIME / _CONTROL_TIME)


def _trapezoid(duration: float) -> Callable[[float], float]:
    """Share in [0, 1] of a way covered at a time, with linear ramps of the velocity at both ends."""
    cruise = 1 / (duration - _RAMP)

    def share(time: float) -> float:
        if time < _RAMP:
            return 0.5 * cruise * time**2 / _RAMP
        if time > duration - _RAMP:
            return 1 - 0.5 * cruise * (duration - time) ** 2 / _RAMP
        return cruise * (time - _RAMP / 2)

    return share
