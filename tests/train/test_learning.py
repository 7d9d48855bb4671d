"""Reinforcement learning finds what the warm start did not know."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CPU
from train import grpo, reinforce_pp, rloo

FLAGS = [
    *["--num_generations", "5", "--per_device_train_batch_size", "60", "--max_completion_length", "20"],
    *["--learning_rate", "3e-4", "--lr_scheduler_type", "constant", "--logging_steps", "5", "--save_strategy", "no"],
    *["--disable_tqdm", "true", "--heldout_every", "0", "--heldout_questions", "60", "--sample_every", "0"],
]


@pytest.mark.parametrize(
    ("main", "steps", "goal"),
    [(grpo.main, 70, 0.8), (rloo.main, 25, 0.62), (reinforce_pp.main, 25, 0.62)],
    ids=["grpo", "rloo", "reinforce_pp"],
)
def test_learns(
    main: Callable[[list[str]], None], steps: int, goal: float, warm_model: Path, blocks: Path, tmp_path: Path
) -> None:
    """From about 0.5; the figures over seeds are in docs/results.md (benchmarks/learning.py)."""
    places = ["--model_name_or_path", str(warm_model), "--dataset", str(blocks), "--output_dir", str(tmp_path)]
    main([*places, *CPU, *FLAGS, "--max_steps", str(steps)])
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    sampled = [line["rewards/exact_match_reward/mean"] for line in lines if "rewards/exact_match_reward/mean" in line]
    before, after = sampled[0], sum(sampled[-3:]) / 3
    assert before < goal - 0.08
    assert after >= goal
    greedy = [line["heldout/accuracy"] for line in lines if "heldout/accuracy" in line]
    assert greedy[-1] >= 0.9
