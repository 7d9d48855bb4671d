"""The world frame, quaternions and the projection of world points into camera images.

World frame (RLBench's): z up, metres, origin under the table; the Panda stands at `ROBOT_BASE` and faces +x.
+x is the robot's forward and points at the front camera, +y is the robot's left and the *right* of the front image.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

TABLE_HEIGHT = 0.75
"""Height of the table top, metres, as measured from the depth images of recorded RLBench demos."""

ROBOT_BASE = (-0.268, -0.006, TABLE_HEIGHT)
"""Position of the Panda's first link, metres."""

REACH = 2.0
"""Metres from the robot's base that no gripper of an arm on a table gets to; a Panda's tip gets to 1.25."""

WORKSPACE: tuple[tuple[float, float, float], tuple[float, float, float]] = ((-0.3, -0.5, 0.6), (0.7, 0.5, 1.6))
"""Lower and upper corner of the workspace, metres: the scene bounds of ARM and PerAct."""

PROMPT_ORIGIN = (0.25, 0.0, 0.752)
"""Reference point that the prompts call the centre of the table surface, metres (Robot-R1, figure 4)."""


def canonical_quaternion(quaternion: ArrayLike) -> Array:
    """Unit quaternions with w >= 0, from quaternions of shape (..., 4) in xyzw order.

    Raises:
        ValueError: a quaternion is zero or not finite.
    """
    q = np.asarray(quaternion, dtype=np.float64)
    norm = np.linalg.norm(q, axis=-1, keepdims=True)
    if not np.all(np.isfinite(norm)) or np.any(norm < 1e-9):
        raise ValueError("quaternion is zero or not finite")
    q = q / norm
    result: Array = np.where(q[..., 3:] < 0, -q, q)
    return result


def fov_intrinsics(width: int, height: int, fovy: float) -> Array:
    """Pinhole matrix (3, 3) in pixels of a camera with a vertical field of view `fovy` in radians.

    The focal lengths are negative, as in RLBench's recordings: camera x points left and camera y up in the image.
    """
    focal = 0.5 * height / np.tan(fovy / 2)
    return np.array([[-focal, 0, width / 2], [0, -focal, height / 2], [0, 0, 1]])


def project(points: ArrayLike, intrinsics: Array, extrinsics: Array) -> Array:
    """Pixel coordinates and depth of world points.

    Args:
        points: shape (..., 3), metres, world frame.
        intrinsics: shape (3, 3), pixels.
        extrinsics: shape (4, 4), camera-to-world transform (RLBench's convention: the camera looks along its +z).

    Returns:
        Shape (..., 3): u (pixels from the left), v (pixels from the top), depth along the optical axis in metres.
        A depth that is not positive means that the point lies behind the camera.
    """
    p = np.asarray(points, dtype=np.float64)
    in_camera = (p - extrinsics[:3, 3]) @ extrinsics[:3, :3]
    homogeneous = in_camera @ intrinsics.T
    depth = homogeneous[..., 2:]
    safe = np.where(np.abs(depth) < 1e-12, 1e-12, depth)
    return np.concatenate([homogeneous[..., :2] / safe, depth], axis=-1)
