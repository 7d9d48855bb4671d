"""Robot-R1's rewards as a plugin of ms-swift 4: `--external_plugins robot_r1_plugin.py --reward_funcs robot_r1_format
robot_r1_answer`.

ms-swift makes each class with `args`, and calls it with `completions` and the columns of the data set, one entry per
completion (https://github.com/modelscope/ms-swift/blob/v4.5.2/swift/rewards/orm.py, `ORM`, and
`swift/rl_core/grpo_algorithm.py`). It needs the package robot_r1: pip install --no-deps FOLDER-OF-ROBOT-R1
"""

import json
from collections.abc import Sequence

from swift.rewards import ORM, orms  # type: ignore[import-not-found]

from robot_r1.question import LETTERS
from robot_r1.rewards import exact_match_reward, format_reward, l1_reward


class RobotR1Format(ORM):  # type: ignore[misc]
    """1.0 for a completion with the two blocks in order and nothing else, otherwise 0.0."""

    def __call__(self, completions: Sequence[str], **columns: object) -> list[float]:
        return format_reward(completions)


class RobotR1Answer(ORM):  # type: ignore[misc]
    """Exact match where `solution` is a letter; closeness, 0 to 1, where it is a point `[x, y, z]` in metres."""

    def __call__(self, completions: Sequence[str], solution: Sequence[str], **columns: object) -> list[float]:
        return [_accuracy(completion, truth) for completion, truth in zip(completions, solution, strict=True)]


def _accuracy(completion: str, truth: str) -> float:
    if truth in LETTERS:
        return exact_match_reward([completion], [truth])[0]
    point = json.loads(truth)
    return float(l1_reward([completion], ["waypoint"], [point], [point])[0] or 0.0)


orms["robot_r1_format"] = RobotR1Format
orms["robot_r1_answer"] = RobotR1Answer
