"""Movement questions: which way the gripper moves to the next keypoint."""

import numpy as np

from eval.robot_r1_bench.asked import Asked, way
from eval.robot_r1_bench.question import Along, Moves
from eval.robot_r1_bench.relations import UnclearError
from eval.robot_r1_bench.scene_state import SceneState
from eval.robot_r1_bench.wording import moved
from robot_r1.movement import movement_between

DEAD_ZONE = 0.02
"""Metres up to which an axis is not part of the reference."""
_STILL = 0.01
"""Metres up to which it is an error to name an axis."""
_LEAST = 0.055
"""Metres along at least one axis."""
_SMALL = 0.15
"""An axis that moves less than this share of the largest one may be left out."""
_UNSURE_DEPTH = 0.5
"""A movement in depth that is at most this share of that in height may be left out: it hardly shows."""
_WAYS = (
    "The robot has to {task}. Which way does the gripper have to move next?",
    "Task of the robot: {task}. In which direction, or directions, should the gripper go now?",
    "The robot is working on this task: {task}. Describe the very next movement of the gripper.",
    "The robot's instruction is: {task}. How must the gripper move from where it is now?",
    "Look where the gripper is. The robot has to {task}. In which direction does it move next?",
)


def ask_movement(state: SceneState, description: str, wording: int) -> Asked:
    """Which way the gripper moves.

    Raises:
        UnclearError: it hardly moves.
    """
    delta = state.next_tip - state.tip
    size = np.abs(delta)
    movement = movement_between(state.tip, state.next_tip, _STILL)
    if movement is None or size.max() < _LEAST:
        raise UnclearError(f"the gripper hardly moves: {delta.round(3)}")
    small = size < max(DEAD_ZONE, _SMALL * size.max())
    small[0] |= size[0] <= _UNSURE_DEPTH * size[2]
    along = tuple(
        Along(
            axis=move.axis,
            positive=move.positive,
            slight=move.slight,
            optional=bool(small[move.axis]),
        )
        for move in movement
    )
    question = way(_WAYS, wording).format(task=description)
    return Asked(question, f"Move the gripper {moved(along)}.", Moves(along=along))
