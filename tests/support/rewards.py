"""Rewards that a model with random weights can earn, by import path as a user would give them."""

import os
import signal
from typing import Any

from robot_r1.rewards import completion_text


def vowel_reward(completions: list[Any], **columns: Any) -> list[float]:
    """Share of vowels, so that random completions differ in reward."""
    texts = [completion_text(completion) for completion in completions]
    return [sum(letter in "aeiou" for letter in text) / max(1, len(text)) for text in texts]


def place_reward(completions: list[Any], **columns: Any) -> list[float]:
    """By place in the batch: 0, 1, 2, 3, 4, 0, .. whatever was said."""
    return [float(place % 5) for place in range(len(completions))]


def terminating_reward(completions: list[Any], trainer_state: Any, **columns: Any) -> list[float]:
    """As `vowel_reward`; after two updates the process is asked to end, as clusters do."""
    if trainer_state.global_step == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    return vowel_reward(completions)


def killing_reward(completions: list[Any], trainer_state: Any, **columns: Any) -> list[float]:
    """As `vowel_reward`; after one update the last process of several is killed."""
    if trainer_state.global_step == 1 and os.environ["RANK"] != "0":
        os.kill(os.getpid(), signal.SIGKILL)
    return vowel_reward(completions)
