"""A resumed run equals one that was never interrupted, bit for bit, however it was interrupted."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import BARE, CPU
from train import grpo, sft
from train.trainers.checkpoints import MARKER, checkpoints, is_complete

ROOT = Path(__file__).parents[2]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
"""As in this process: with more threads the order of additions, and so the last bits, would differ."""
FULL: list[str] = []
LORA = ["--use_peft", "true", "--lora_r", "4"]
ACCUMULATED = [
    "--per_device_train_batch_size",
    "5",
    "--gradient_accumulation_steps",
    "2",
    "--steps_per_generation",
    "4",
]


def arguments(model: Path, data: Path, out: Path, *more: str, reward: str = "vowel_reward") -> list[str]:
    return [
        *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU, *BARE],
        *["--rewards", f"tests.support.rewards.{reward}", "--num_generations", "5", "--max_completion_length", "8"],
        *["--per_device_train_batch_size", "10", "--max_steps", "6", "--save_steps", "2", "--logging_steps", "1"],
        *["--learning_rate", "1e-3", "--zero_variance_patience", "0", *more],
    ]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    (file,) = folder.glob("*.safetensors")
    return load_file(file)


def equal(one: Path, other: Path) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def rewards(run: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: line["reward"] for line in lines if "reward" in line}


def as_if_stopped(run: Path, copy: Path, step: int) -> None:
    """What a run's folder holds if it was stopped after a step."""
    shutil.copytree(run / f"checkpoint-{step}", copy / f"checkpoint-{step}")
    for name in ("run.json", "metrics.jsonl"):
        shutil.copy(run / name, copy / name)


@pytest.mark.parametrize("more", [FULL, LORA, ACCUMULATED], ids=["full", "lora", "accumulated"])
def test_resumed_equals_uninterrupted(tiny_model: Path, blocks: Path, tmp_path: Path, more: list[str]) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    grpo.main(arguments(tiny_model, blocks, whole, *more))
    as_if_stopped(whole, resumed, 2)
    grpo.main(arguments(tiny_model, blocks, resumed, *more, "--resume", "true"))
    assert equal(whole / "last", resumed / "last")
    assert rewards(whole) == rewards(resumed)
    assert not equal(whole / "checkpoint-2", whole / "last")


def test_a_finished_run_is_not_trained_further(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    """As a cluster does that queues a job again; transformers alone would make one more update."""
    done = arguments(tiny_model, blocks, tmp_path / "run")
    grpo.main(done)
    before = weights(tmp_path / "run" / "last")
    grpo.main([*done, "--resume", "true"])
    after = weights(tmp_path / "run" / "last")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert max(rewards(tmp_path / "run")) == 6


def test_sft_resumes_exactly(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    run = ["--model_name_or_path", str(tiny_model), "--dataset", str(blocks), *CPU, *BARE, "--max_steps", "4"]
    run += ["--save_steps", "2", "--per_device_train_batch_size", "4", "--learning_rate", "1e-3"]
    sft.main([*run, "--output_dir", str(whole)])
    shutil.copytree(whole / "checkpoint-2", resumed / "checkpoint-2")
    sft.main([*run, "--output_dir", str(resumed), "--resume", "true"])
    assert equal(whole / "last", resumed / "last")


def test_the_libraries_still_lose_weights(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    """The fault that `CheckpointTrainer` mends; when this fails, the mending can go."""
    from transformers import Trainer

    grpo.main(arguments(tiny_model, blocks, tmp_path / "run"))
    from transformers import Qwen2_5_VLForConditionalGeneration

    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    trainer = Trainer.__new__(Trainer)
    trainer.model, trainer.is_fsdp_enabled, trainer.is_deepspeed_enabled = model, False, False
    trainer._load_from_checkpoint(str(tmp_path / "run" / "checkpoint-6"))
    saved = Qwen2_5_VLForConditionalGeneration.from_pretrained(tmp_path / "run" / "checkpoint-6").state_dict()
    lost = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, saved[name])]
    assert len(lost) > len(saved) / 2


def command(*more: str) -> list[str]:
    return [sys.executable, *more]


def test_sigterm_saves_and_resumes_exactly(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    more = ["--save_strategy", "steps", "--save_steps", "6", *ACCUMULATED]
    grpo.main(arguments(tiny_model, blocks, whole, *more))
    script = [sys.executable, "train/grpo.py"]
    told = subprocess.run(
        script + arguments(tiny_model, blocks, stopped, *more, reward="terminating_reward"),
        cwd=ROOT,
        env=ONE_THREAD,
        check=False,
    )
    assert told.returncode == 143
    assert [path.name for path in checkpoints(stopped)] == ["checkpoint-4"]  # the next end of a generation batch
    grpo.main(arguments(tiny_model, blocks, stopped, *more, "--resume", "true"))
    assert equal(whole / "last", stopped / "last")


@pytest.mark.parametrize("moment", ["weights", "marker"])
def test_killed_while_saving(tiny_model: Path, blocks: Path, tmp_path: Path, moment: str) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    more = ["--save_total_limit", "1"]
    grpo.main(arguments(tiny_model, blocks, whole, *more))
    script = [sys.executable, "-m", "tests.support.killed_while_saving", moment]
    dead = subprocess.run(script + arguments(tiny_model, blocks, killed, *more), cwd=ROOT, env=ONE_THREAD, check=False)
    assert dead.returncode == -9
    assert (killed / "checkpoint-4").is_dir() and not is_complete(killed / "checkpoint-4")
    assert [path.name for path in checkpoints(killed)] == ["checkpoint-2"]
    grpo.main(arguments(tiny_model, blocks, killed, *more, "--resume", "true"))
    assert equal(whole / "last", killed / "last")
    assert [path.name for path in checkpoints(killed)] == ["checkpoint-6"]


def test_a_cut_file_is_no_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint-2"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"12345678")
    assert not is_complete(folder)
    (folder / MARKER).write_text(json.dumps({"model.safetensors": 8}))
    assert is_complete(folder)
    (folder / "model.safetensors").write_bytes(b"1234")
    assert not is_complete(folder) and checkpoints(tmp_path) == []
