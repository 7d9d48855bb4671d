"""Inverse kinematics of the Panda: damped least squares on the Jacobian of the gripper's tip."""

import mujoco
import numpy as np

from robot_r1.geometry import Array
from robot_r1.sim import panda

ARM_JOINTS = 7
_DAMPING = 0.02
_MAX_STEP = 0.3
"""Radians that one iteration may turn a joint."""
_MARGIN = 0.01
"""Radians kept from the joint limits."""


class InverseKinematics:
    """Finds joint positions for tip poses, on a copy of the state that physics does not see."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._site = model.site("panda_tip").id
        joints = [model.joint(f"panda_joint{i}") for i in range(1, ARM_JOINTS + 1)]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        low, high = np.array([joint.range for joint in joints]).T
        self._low, self._high = low + _MARGIN, high - _MARGIN
        self._jacobian = np.zeros((6, model.nv))

    def step(self, joints: Array, position: Array, rotation: Array, posture_gain: float) -> Array:
        """One iteration from joint positions (7,) towards a tip pose.

        Args:
            position: (3,), metres, world frame.
            rotation: (3, 3), tip-to-world.
            posture_gain: how strongly the free seventh degree of freedom is pulled to the start posture, per step.
        """
        data = self._data
        data.qpos[self._qpos] = joints
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_jacSite(self._model, data, self._jacobian[:3], self._jacobian[3:], self._site)
        jacobian = self._jacobian[:, self._dofs]
        error = np.concatenate(
            [
                position - data.site_xpos[self._site],
                rotation_vector(rotation @ data.site_xmat[self._site].reshape(3, 3).T),
            ]
        )
        posture = posture_gain * (panda.HOME - joints)
        # With J+ the damped inverse, J+ (e - J z) + z reaches e and moves along z only within the null space.
        damped = jacobian @ jacobian.T + _DAMPING**2 * np.eye(6)
        change = jacobian.T @ np.linalg.solve(damped, error - jacobian @ posture) + posture
        change *= min(1.0, _MAX_STEP / max(float(np.abs(change).max()), 1e-9))
        clipped: Array = np.clip(joints + change, self._low, self._high)
        return clipped


def rotation_quaternion(rotation: Array) -> Array:
    """Quaternion (4,) in MuJoCo's wxyz order of a rotation matrix (3, 3)."""
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).ravel())
    return quaternion


def rotation_vector(rotation: Array) -> Array:
    """Axis times angle (3,), radians, of a rotation matrix (3, 3)."""
    vector = np.zeros(3)
    mujoco.mju_quat2Vel(vector, rotation_quaternion(rotation), 1.0)
    return vector


def rotation_matrix(vector: Array) -> Array:
    """Rotation matrix (3, 3) of an axis times angle (3,), radians."""
    angle = float(np.linalg.norm(vector))
    quaternion, matrix = np.zeros(4), np.zeros(9)
    mujoco.mju_axisAngle2Quat(quaternion, vector / max(angle, 1e-9), angle)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)
