"""Wrong options: named strategies that propose them, mixed by weight, and the choice among the sets they give.

`points` and `movements` hold the strategies, `sets` draws sets of three wrong options from them, `balance` chooses
among these sets so that nobody who does not look gains by a rule, `draw` puts it together.
"""

from typing import Literal

PointStrategy = Literal[
    "uniform",
    "seen",
    "same_demo",
    "other_demos",
    "same_demo_keypoints",
    "other_demos_keypoints",
    "same_distance",
    "near_miss",
    "similar_move",
    "other_move",
    "same_column",
]
MovementStrategy = Literal["uniform", "flip_axis", "toggle_slightly", "drop_axis", "add_axis", "same_task"]

Difficulty = Literal["easy", "medium", "hard"]
NEAR_MISS_RADIUS: dict[Difficulty, float] = {"easy": 0.20, "medium": 0.10, "hard": 0.05}
"""Metres: the radius of the sphere on which the right option and its near misses lie."""

SAME_PLACE = 0.01
"""Metres: two positions that are nearer are the same answer, whatever the separation that is asked for."""
