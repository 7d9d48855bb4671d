"""Training as a user launches it, with `accelerate launch` and the shipped files, on two CPU processes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODES: dict[str, tuple[str, ...]] = {
    "ddp": ("multi_gpu",),
    "zero2": ("zero3", "--zero_stage", "2"),
    "zero3": ("zero3",),
    "fsdp2": ("fsdp2",),
    "machines": ("multi_node",),
    "alone": ("one_gpu", "--num_processes", "1"),
}
"""The file of a way to launch, and flags of the launcher."""
KINDS: dict[str, tuple[str, ...]] = {
    "full": (),
    "lora": ("--use_peft", "true", "--lora_r", "4", "--lora_dropout", "0.0"),
    "full-separate": ("--no_shared_prefix",),
    "lora-separate": ("--use_peft", "true", "--lora_r", "4", "--lora_dropout", "0.0", "--no_shared_prefix"),
}
"""Flags of what is trained, with prompts computed once and separately."""
SGD = ("--optim", "sgd", "--learning_rate", "1.0", "--max_grad_norm", "1e6")
"""The first update takes the gradient away from the weights."""
ADAM = ("--learning_rate", "1e-3")

_ON_CPU = {
    "ACCELERATE_TORCH_DEVICE": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "DS_ACCELERATOR": "cpu",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}
_RL = (
    *("--rewards", "tests.support.rewards.vowel_reward", "--num_generations", "4", "--beta", "0.05"),
    *("--max_completion_length", "8", "--heldout_every", "1", "--sample_every", "0", "--zero_variance_patience", "0"),
)


def command(
    mode: str, model: Path, data: Path, out: Path, *flags: str, script: str = "grpo", launcher: Sequence[str] = ()
) -> list[str]:
    """Two updates of two micro-batches on each of two processes, a save and an evaluation after each.

    Args:
        mode: one of `MODES`.
        flags: for the script; they win over those of here.
        launcher: more flags of the launcher; they win too.
    """
    config, *of_mode = MODES[mode]
    return [
        *[sys.executable, "-m", "accelerate.commands.launch", "--config_file", f"configs/accelerate/{config}.yaml"],
        *["--mixed_precision", "no", "--num_processes", "2", "--main_process_port", "0", *of_mode, *launcher],
        *["-m", "tests.support.on_cpu", f"train/{script}.py", "--model_name_or_path", str(model)],
        *["--dataset", str(data), "--output_dir", str(out), "--bf16", "false", "--gradient_checkpointing", "false"],
        *["--per_device_train_batch_size", "4", "--gradient_accumulation_steps", "2", "--max_steps", "2"],
        *["--lr_scheduler_type", "constant", "--save_steps", "1", "--logging_steps", "1", "--report_to", "none"],
        *["--heldout_questions", "4", "--heldout_batch_size", "2", "--disable_tqdm", "true"],
        *(_RL if script != "sft" else ("--heldout_every", "1")),
        *flags,
    ]


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a launch to its end, whatever that is; the test is skipped where it needs a package that is absent."""
    if any("zero" in part or "multi_node" in part for part in command) and find_spec("deepspeed") is None:
        pytest.skip("deepspeed is not installed: pip install -e '.[deepspeed]'")
    environment = {**os.environ, **_ON_CPU}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600)


def launch(mode: str, model: Path, data: Path, out: Path, *flags: str, script: str = "grpo") -> Path:
    """Run a launch that has to succeed, and return its output folder."""
    done = run(command(mode, model, data, out, *flags, script=script))
    assert done.returncode == 0, done.stderr[-6000:]
    return out
