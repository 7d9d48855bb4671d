"""Reinforcement learning finds what the warm start did not know."""

import json
from pathlib import Path

from tests.train.conftest import CPU
from train import grpo


def test_grpo_learns(warm_model: Path, blocks: Path, tmp_path: Path) -> None:
    grpo.main(
        [
            *["--model_name_or_path", str(warm_model), "--dataset", str(blocks), "--output_dir", str(tmp_path), *CPU],
            *["--num_generations", "5", "--per_device_train_batch_size", "60", "--max_completion_length", "20"],
            *["--max_steps", "120", "--learning_rate", "2e-4", "--lr_scheduler_type", "constant"],
            *["--logging_steps", "5", "--save_strategy", "no", "--disable_tqdm", "true"],
            *["--heldout_every", "60", "--heldout_questions", "60", "--sample_every", "60"],
        ]
    )
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    sampled = [line["rewards/exact_match_reward/mean"] for line in lines if "rewards/exact_match_reward/mean" in line]
    before, after = sampled[0], sum(sampled[-3:]) / 3
    assert before < 0.65
    assert after >= 0.8
    greedy = [line["heldout/accuracy"] for line in lines if "heldout/accuracy" in line]
    assert greedy[-1] >= 0.9 > greedy[0]
