"""Two processes that share prompts do what one does that computes them for each completion."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import CPU
from tests.support.fixed_completions import drawn
from tests.train.test_resume import weights
from train.trainers import ReinforcePPTrainer, RobotGRPOTrainer, RobotRLOOTrainer

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}


def train(algorithm: str, processes: int, model: Path, data: Path, out: Path, *more: str) -> None:
    flags = [
        *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU],
        *["--rewards", "tests.support.rewards.vowel_reward", "--num_generations", "5", "--beta", "0.05"],
        *["--per_device_train_batch_size", str(20 // processes), "--max_completion_length", "8", "--max_steps", "6"],
        *["--optim", "sgd", "--learning_rate", "0.1", "--logging_steps", "1", "--save_strategy", "no"],
        *["--heldout_questions", "7", "--heldout_every", "0", "--sample_every", "1", "--disable_tqdm", "true"],
        *more,
    ]
    if processes == 1:
        with pytest.MonkeyPatch.context() as patch:  # here, as a process of its own takes many seconds to start
            for trainer in (RobotGRPOTrainer, RobotRLOOTrainer, ReinforcePPTrainer):
                patch.setattr(trainer, "_generate_single_turn", drawn)
            importlib.import_module(f"train.{algorithm}").main(flags)
        return
    launcher = torchrun(processes, ["-m", "tests.support.fixed_completions", algorithm])
    subprocess.run([*launcher, *flags], cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True)


def torchrun(processes: int, script: list[str]) -> list[str]:
    """`accelerate launch --cpu --num_processes 2` would run one process, without a word."""
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), *script]


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("algorithm", ["grpo", "rloo", "reinforce_pp"])
def test_two_processes_agree_with_one(algorithm: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    train(algorithm, 1, tiny_model, mixed_blocks, one, "--no_shared_prefix")
    train(algorithm, 2, tiny_model, mixed_blocks, two)
    start, first, second = weights(tiny_model), weights(one / "last"), weights(two / "last")
    moved = max(float((first[name] - start[name]).abs().max()) for name in first)
    apart = max(float((first[name] - second[name]).abs().max()) for name in first)
    assert moved > 1e-3 and apart < 1e-5 * max(1.0, moved / 1e-2)
    for mine, other in zip(metrics(one), metrics(two), strict=True):
        same = {name for name in mine if name.startswith(("reward", "letters/", "refusals/", "heldout/", "frac_"))}
        assert {name: other[name] for name in same} == pytest.approx({name: mine[name] for name in same}, abs=1e-5)
    answers = [pq.read_table(run / "evaluations/step-000006.parquet").to_pylist() for run in (one, two)]
    assert answers[0] == answers[1] and len(answers[0]) == 7
