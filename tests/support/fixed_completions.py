"""Runs a training script whose completions are drawn from their prompt and place, not from the state of a process.

python -m tests.support.fixed_completions grpo|rloo|reinforce_pp FLAGS OF THE SCRIPT

One process and two then train on the very same completions, so that all else can be compared.
"""

import importlib
import sys
from typing import Any

import numpy as np

from train.trainers import ReinforcePPTrainer, RobotGRPOTrainer, RobotRLOOTrainer

LETTERS = range(64, 91)
"""Token ids of single bytes in the tiny model's vocabulary."""


def drawn(self: Any, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
    """Completions of 3 to 8 tokens, in the form that the trainer's TRL class returns."""
    first = self.accelerator.process_index * len(prompt_ids)
    completions = []
    for place, ids in enumerate(prompt_ids, first):
        rng = np.random.default_rng([sum(ids), place, self.state.global_step])
        completions.append([int(token) for token in rng.choice(LETTERS, size=rng.integers(3, 9))])
    return completions if isinstance(self, RobotRLOOTrainer) else (completions, None)


def main(algorithm: str, arguments: list[str]) -> None:
    """Train."""
    for trainer in (RobotGRPOTrainer, RobotRLOOTrainer, ReinforcePPTrainer):
        trainer._generate_single_turn = drawn
    importlib.import_module(f"train.{algorithm}").main(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
