"""Robot-R1's rewards in EasyR1's form: `worker.reward.reward_function=robot_r1_reward.py:compute_score`.

EasyR1 hands over a list of `{"response", "response_length", "ground_truth"}` and wants a list of scores
(https://github.com/hiyouga/EasyR1/blob/b44b311/verl/workers/reward/function.py, `BatchRewardFunction`). It needs the
package robot_r1: pip install --no-deps FOLDER-OF-ROBOT-R1
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from robot_r1.question import LETTERS
from robot_r1.rewards import exact_match_reward, format_reward, l1_reward

REWARD_NAME = "robot_r1"
REWARD_TYPE = "batch"


def compute_score(reward_inputs: Sequence[Mapping[str, Any]], format_weight: float = 0.5) -> list[dict[str, float]]:
    """Format and accuracy of each response, both 0 to 1, and their weighted mean as `overall`.

    Equal weights order completions as the sum of both does, and keep `overall` between 0 and 1, where EasyR1's
    `algorithm.filter_low` and `filter_high` expect it.
    """
    return [_score(str(given["response"]), str(given["ground_truth"]), format_weight) for given in reward_inputs]


def _score(response: str, truth: str, format_weight: float) -> dict[str, float]:
    form = format_reward([response])[0]
    accuracy = _accuracy(response, truth)
    overall = (1 - format_weight) * accuracy + format_weight * form
    return {"overall": overall, "format": form, "accuracy": accuracy}


def _accuracy(response: str, truth: str) -> float:
    """Exact match with a letter; closeness to a point, `[x, y, z]` in metres."""
    if truth in LETTERS:
        return exact_match_reward([response], [truth])[0]
    point = json.loads(truth)
    return float(l1_reward([response], ["waypoint"], [point], [point])[0] or 0.0)
