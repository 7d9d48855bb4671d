"""The arithmetic of generations, updates and epochs: by hand, and against what a trainer does."""

import json
from pathlib import Path
from typing import Any

import pytest
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU
from train import grpo, sft
from train.arguments import read_settings
from train.preflight import check_save_points, check_settings
from train.schedule import schedule


def config(**values: Any) -> GRPOConfig:
    return GRPOConfig(use_cpu=True, bf16=False, report_to="none", **values)


def test_one_generation_per_update() -> None:
    plan = schedule(config(per_device_train_batch_size=20, num_generations=5, num_train_epochs=2), 103, 1)
    assert (plan.prompts_per_generation, plan.completions_per_generation) == (4, 20)
    assert (plan.updates_per_generation, plan.generations_per_epoch, plan.updates_per_epoch) == (1, 25, 25)
    assert (plan.updates, plan.generations) == (50, 50)


def test_several_processes_and_accumulated_gradients() -> None:
    training = config(
        per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
        steps_per_generation=8,
        num_iterations=2,
        num_generations=8,
        num_train_epochs=1,
    )
    plan = schedule(training, 100, 8)
    assert plan.completions_per_generation == 4 * 8 * 8
    assert plan.prompts_per_generation == 32
    assert plan.completions_per_update == 64
    assert plan.updates_per_generation == 8
    assert (plan.generations_per_epoch, plan.updates_per_epoch, plan.updates) == (3, 24, 24)
    assert plan.generations == 3


def test_an_update_over_two_generations() -> None:
    training = config(
        per_device_train_batch_size=4, gradient_accumulation_steps=4, steps_per_generation=2, num_generations=4
    )
    plan = schedule(training, 20, 1)
    assert (plan.updates_per_generation, plan.generations_per_update) == (1, 2)
    assert (plan.generations_per_epoch, plan.updates_per_epoch) == (10, 5)
    assert plan.updates == 15 and plan.generations == 30


def test_max_steps_win() -> None:
    plan = schedule(config(per_device_train_batch_size=8, num_generations=4, max_steps=7), 1000, 1)
    assert (plan.updates, plan.generations) == (7, 7)
    assert "run: 7 generations, 7 updates, 56 completions" in plan.text()


def last_step(run: Path) -> int:
    return max(int(json.loads(line)["step"]) for line in (run / "metrics.jsonl").read_text().splitlines())


@pytest.mark.parametrize(
    ("accumulated", "steps", "iterations", "updates"),
    [(1, 1, 1, 5), (1, 2, 1, 4), (1, 1, 2, 10), (4, 2, 1, 1), (2, 1, 1, 3)],
)
def test_a_trainer_takes_as_many_updates(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, accumulated: int, steps: int, iterations: int, updates: int
) -> None:
    arguments = [
        *[
            "--model_name_or_path",
            str(tiny_model),
            "--dataset",
            str(mixed_blocks),
            "--output_dir",
            str(tmp_path),
            *CPU,
        ],
        *[*BARE, "--rewards", "tests.support.rewards.place_reward", "--max_completion_length", "1"],
        *["--train_limit", "20", "--num_train_epochs", "1", "--per_device_train_batch_size", "8"],
        *["--num_generations", "2", "--gradient_accumulation_steps", str(accumulated), "--save_strategy", "no"],
        *["--steps_per_generation", str(steps), "--num_iterations", str(iterations), "--logging_steps", "1"],
    ]
    planned = schedule(read_settings(GRPOConfig, arguments).training, 20, 1)
    grpo.main(arguments)
    assert planned.updates == planned.updates_per_epoch == last_step(tmp_path) == updates


def test_supervised_updates(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sft.main(
        [
            *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), "--output_dir", str(tmp_path)],
            *[*CPU, *BARE, "--train_limit", "10", "--num_train_epochs", "1", "--per_device_train_batch_size", "4"],
            *["--logging_steps", "1", "--save_strategy", "no"],
        ]
    )
    assert "update: 4 examples; epoch: 3 updates" in capsys.readouterr().out
    assert last_step(tmp_path) == 3


def test_checkpoints_only_where_a_generation_batch_ends() -> None:
    training = config(
        per_device_train_batch_size=4, steps_per_generation=4, num_generations=4, save_steps=6, save_strategy="steps"
    )
    plan = schedule(training, 100, 1)
    with pytest.raises(UserError, match="multiple of 4, such as 4 or 8"):
        check_save_points(training, plan)
    training.save_steps = 8
    check_save_points(training, plan)


def test_updates_that_straddle_generation_batches_are_refused(tiny_model: Path, mixed_blocks: Path) -> None:
    settings = read_settings(
        GRPOConfig,
        [
            *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), *CPU],
            *["--gradient_accumulation_steps", "2", "--steps_per_generation", "3", "--num_generations", "2"],
        ],
    )
    with pytest.raises(UserError, match="straddle generation batches of 3"):
        check_settings(settings)
