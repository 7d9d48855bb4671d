"""States of made-up scenes, for questions about them."""

from collections.abc import Mapping

import numpy as np

from eval.robot_r1_bench.names import GRIPPER, Thing
from eval.robot_r1_bench.scene_state import SceneState, Seen
from robot_r1.geometry import fov_intrinsics, project

Point = tuple[float, float, float]
_FRONT = np.array([[0, -0.4226, -0.9063, 1.35], [-1, 0, 0, 0], [0, 0.9063, -0.4226, 1.58], [0, 0, 0, 1]])
"""Camera-to-world transform of the front camera."""
THINGS = {
    "cup": Thing(("red cup", "red mug"), ("cup", "mug")),
    "other": Thing(("blue cup", "blue mug"), ("cup", "mug")),
    "bin": Thing(("bin",)),
}


def seen(centre: Point, half: float = 0.04, area: int = 2000, share: float = 1.0) -> Seen:
    """A cube of an edge of twice `half` around a point, or the gripper's tip if that is 0."""
    middle = np.array(centre)
    pixel = project(middle, fov_intrinsics(512, 512, np.radians(42)), _FRONT)[:2]
    return Seen(middle, middle - half, middle + half, pixel, area, share)


def state(
    things: Mapping[str, Seen], tip: Point, held: str | None = None, gripper_open: bool = True, across: float = 1.0
) -> SceneState:
    """A scene of `THINGS` with the gripper at a point."""
    return SceneState(
        things={body: THINGS[body] for body in things},
        seen={GRIPPER: seen(tip, half=0.0), **things},
        gripper_open=gripper_open,
        fingers_apart=across,
        held=held,
        step=0,
        tip=np.array(tip),
        next_tip=np.array(tip),
    )
