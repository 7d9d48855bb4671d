"""Keypoints: the few frames of a demo at which something is decided.

The heuristic is ARM's `keypoint_discovery` (James & Davison 2022; the one that Robot-R1 names), the other two methods
are PerAct's. Differences from the originals, which index from the end of the demo at its start and draw from global
state: the window before frame 2 is cut off at frame 0, and `random` takes a generator.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from robot_r1.demo import Demo

KeypointMethod = Literal["heuristic", "fixed_interval", "random"]
STOPPED_BUFFER = 4
"""Frames after a stop in which no second stop is reported (ARM)."""
PERACT_KEYPOINTS = 20
"""How many keypoints PerAct's `fixed_interval` and `random` aim at."""


def find_keypoints(
    demo: Demo,
    method: KeypointMethod,
    stopping_delta: float,
    merge_distance: float,
    rng: np.random.Generator,
) -> list[int]:
    """Sorted, distinct frame indices >= 1 of a demo's keypoints; empty for a demo of a single frame.

    Args:
        method: `heuristic` (ARM), or PerAct's `fixed_interval` or `random`.
        stopping_delta: rad/s below which every joint counts as standing still; 0.1 in ARM. Used by `heuristic`.
        merge_distance: metres. Of consecutive keypoints with equal gripper state whose tips are closer than this, only
            the last is kept; 0 switches merging off.
        rng: used by `random` alone.
    """
    if len(demo) < 2:
        return []
    if method == "heuristic":
        found = _heuristic(demo, stopping_delta)
    elif method == "fixed_interval":
        found = list(range(0, len(demo), max(1, len(demo) // PERACT_KEYPOINTS)))
    else:
        count = min(PERACT_KEYPOINTS, len(demo))
        found = sorted(int(i) for i in rng.choice(len(demo), size=count, replace=False))
    found = [i for i in found if i > 0]
    return _merge(demo, found, merge_distance) if merge_distance > 0 else found


def _heuristic(demo: Demo, stopping_delta: float) -> list[int]:
    is_open = demo.gripper_open
    last = len(demo) - 1
    still: NDArray[np.bool_] = np.all(np.abs(demo.joint_velocities) <= stopping_delta, axis=1)
    keypoints: list[int] = []
    buffer = 0
    for i in range(len(demo)):
        steady = i < last - 1 and bool((is_open[max(0, i - 2) : i + 2] == is_open[i]).all())
        stopped = buffer <= 0 and bool(still[i]) and steady
        buffer = STOPPED_BUFFER if stopped else buffer - 1
        # a demo begins at rest: that stop is no keypoint, but it arms the buffer, or frame 1 would be one
        if i > 0 and (stopped or i == last or is_open[i] != is_open[i - 1]):
            keypoints.append(i)
    if len(keypoints) > 1 and keypoints[-1] - 1 == keypoints[-2]:
        del keypoints[-2]
    return keypoints


def _merge(demo: Demo, keypoints: list[int], distance: float) -> list[int]:
    """Keep the last of each run: while the fingers close ARM's rule fires once too early, at nearly the same pose."""
    kept: list[int] = []
    for i in keypoints:
        near = (
            bool(kept)
            and demo.gripper_open[kept[-1]] == demo.gripper_open[i]
            and float(np.linalg.norm(demo.tip_position[kept[-1]] - demo.tip_position[i])) < distance
        )
        if near:
            kept[-1] = i
        else:
            kept.append(i)
    return kept
