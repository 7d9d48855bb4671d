"""Stops that say why, and what a run leaves behind then."""

import json
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import TrainerControl, TrainerState

from robot_r1.cli import run_command
from tests.conftest import BARE, CPU
from tests.train.test_watch import say
from train import grpo
from train.callbacks import MetricsFile, SaveOnSigterm, ZeroVarianceGuard
from train.records import append_metrics


def told(guard: ZeroVarianceGuard, shares: list[float | None]) -> list[bool]:
    """Whether the run is to stop after each logged line."""
    found = []
    for step, share in enumerate(shares):
        control = TrainerControl()
        logs = {"loss": 0.1} if share is None else {"equal_rewards": share, "reward": 0.25}
        guard.on_log(SimpleNamespace(), TrainerState(global_step=step), control, logs)
        found.append(control.should_training_stop)
    return found


def test_patience_counts_in_a_row() -> None:
    guard = ZeroVarianceGuard(0.9, 3)
    assert told(guard, [1, 1, 0.5, 1, 0.9, None, 0.95]) == [False] * 6 + [True]
    assert guard.message is not None
    assert "stopped at step 6: for 3 logged steps in a row" in guard.message and "90% of the groups" in guard.message
    assert "mean reward 0.25" in guard.message


def test_nothing_is_said_of_a_run_that_learns() -> None:
    guard = ZeroVarianceGuard(0.98, 2)
    assert not any(told(guard, [0.5, 1, 0.97, 1, None, 0.2]))
    assert guard.message is None


def arguments(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    return [
        *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU, *BARE],
        *["--num_generations", "4", "--per_device_train_batch_size", "8", "--logging_steps", "1"],
        *["--max_completion_length", "16", "--max_steps", "4", "--save_steps", "2", *more],
    ]


def test_a_run_without_anything_to_learn_is_stopped(
    tiny_model: Path,
    mixed_blocks: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It keeps its checkpoints and writes its last model all the same, so that one can look at it."""
    say(monkeypatch, ("nothing",))
    flags = arguments(tiny_model, mixed_blocks, tmp_path, "--zero_variance_patience", "3")
    monkeypatch.setattr(sys, "argv", ["train/grpo.py", *flags])
    assert run_command(grpo.main, "again") == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "stopped at step 3" in line and "warm the model up with train/sft.py" in line
    assert (tmp_path / "checkpoint-2" / "complete.json").exists()
    assert (tmp_path / "last" / "model.safetensors").exists()
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert max(steps) == 3


def test_patience_0_never_stops(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, ("nothing",))
    grpo.main(arguments(tiny_model, mixed_blocks, tmp_path, "--zero_variance_patience", "0", "--save_strategy", "no"))
    assert not list(tmp_path.glob("checkpoint-*"))


def test_time_goes_on_where_a_resumed_run_had_stopped(tmp_path: Path) -> None:
    append_metrics(tmp_path, 4, 100.0, {"loss": 1.0})
    callback = MetricsFile(tmp_path)
    callback.on_log(SimpleNamespace(), TrainerState(global_step=5), TrainerControl(), {"loss": 0.5})
    last = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 5 and 100 <= last["seconds"] < 110


def test_sigterm_waits_for_the_end_of_a_generation_batch() -> None:
    accelerator = SimpleNamespace(device="cpu", reduce=lambda value, reduction: value)
    callback = SaveOnSigterm(SimpleNamespace(accelerator=accelerator), 4)
    before = signal.getsignal(signal.SIGTERM)
    callback.on_train_begin(SimpleNamespace(), TrainerState(), TrainerControl())
    try:
        stopped = []
        for step in range(1, 9):
            if step == 5:
                signal.raise_signal(signal.SIGTERM)
            control = TrainerControl()
            callback.on_step_end(SimpleNamespace(), TrainerState(global_step=step), control)
            stopped.append(control.should_save and control.should_training_stop)
        assert stopped == [False] * 7 + [True]
        assert callback.stopped
    finally:
        callback.on_train_end(SimpleNamespace(), TrainerState(), TrainerControl())
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        signal.signal(signal.SIGTERM, before)
