"""What a run needs on the disk: held against the files of real runs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU, ShortRun
from tests.train.test_footprint import CHECK
from train import grpo
from train.arguments import read_settings
from train.disk import DiskNeed, disk_need
from train.memory.footprint import memory_settings
from train.memory.published import model_config
from train.memory.settings import MemorySettings
from train.memory.shape import model_shape
from train.model import peft_config

SEVEN = "Qwen/Qwen2.5-VL-7B-Instruct"
STEPS: dict[str, Any] = {"save_only_model": False, "save_strategy": "steps", "save_steps": 20, "save_total_limit": 2}
TRAINING = SimpleNamespace(**STEPS, num_train_epochs=5)


def need_of(arguments: tuple[str, ...], updates: int) -> DiskNeed:
    settings = read_settings(GRPOConfig, arguments)
    shape = model_shape(model_config(settings.model.model_name_or_path), peft_config(settings.model), True)
    return disk_need(shape, memory_settings(settings, CHECK, 1), settings.training, updates, best=True)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_full_fine_tuning(short_run: ShortRun) -> None:
    need = need_of((*short_run.arguments, "--output_dir", "x"), updates=3)
    assert need.checkpoint == pytest.approx(size(short_run.folder / "checkpoint-3"), rel=0.02)
    for name in ("best", "last"):
        assert need.model == pytest.approx(size(short_run.folder / name), rel=0.02)
    assert (need.checkpoints, need.models) == (2, 2)
    whole = size(short_run.folder)
    assert need.total == pytest.approx(whole, rel=0.03)


def test_adapters(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    arguments = (
        *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), "--output_dir", str(tmp_path)],
        *[*CPU, *BARE, "--use_peft", "true", "--lora_r", "16", "--lora_vision", "true", "--max_steps", "1"],
        *["--lora_dropout", "0", "--num_generations", "4", "--per_device_train_batch_size", "4"],
        *["--max_completion_length", "2", "--save_steps", "1"],
    )
    grpo.main(arguments)
    need, folder = need_of(arguments, updates=1), tmp_path / "checkpoint-1"
    kept = [folder / "adapter_model.safetensors", folder / "optimizer.pt"]
    assert need.checkpoint == pytest.approx(sum(path.stat().st_size for path in kept), rel=0.15)
    assert need.model == pytest.approx((tmp_path / "last" / "adapter_model.safetensors").stat().st_size, rel=0.1)
    assert need.checkpoints == 1


def memory(**changes: Any) -> MemorySettings:
    base = MemorySettings(
        device_bytes=1, micro_batch=1, generation_batch=1, prompt_tokens=1, completion_tokens=1, patches=4
    )
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("sharding", "checkpoint", "model"),
    [("none", 12, 4), ("zero2", 16, 2), ("zero3", 14, 2), ("fsdp2", 16, 4)],
)
def test_bytes_a_weight(sharding: str, checkpoint: int, model: int) -> None:
    """As two processes leave it: ZeRO-3 12 bytes in its shards and the model, FSDP the model twice."""
    shape = model_shape(model_config(SEVEN), None, train_vision=True)
    need = disk_need(shape, memory(sharding=sharding), TRAINING, 220, best=True)
    assert (need.checkpoint, need.model) == (checkpoint * shape.parameters, model * shape.parameters)
    assert (need.checkpoints, need.models) == (3, 2)  # two kept, and the next is whole before the oldest goes


@pytest.mark.parametrize(
    ("changes", "checkpoints"),
    [
        ({"save_total_limit": None}, 11),
        ({"save_total_limit": None, "save_steps": 300}, 1),
        ({"save_total_limit": None, "save_steps": 0.1}, 10),
        ({"save_total_limit": None, "save_strategy": "epoch"}, 5),
        ({"save_strategy": "no"}, 0),
        ({"save_total_limit": 1}, 2),
    ],
)
def test_how_many_checkpoints_there_are_at_once(changes: dict[str, Any], checkpoints: int) -> None:
    shape = model_shape(model_config(SEVEN), None, train_vision=True)
    training = SimpleNamespace(**(STEPS | {"num_train_epochs": 5} | changes))
    assert disk_need(shape, memory(), training, 220, best=False).checkpoints == checkpoints


def test_a_frozen_tower_has_no_moments_and_a_bare_model_none_at_all() -> None:
    whole, part = (model_shape(model_config(SEVEN), None, train_vision=trained) for trained in (True, False))
    frozen = disk_need(part, memory(), TRAINING, 220, best=False)
    assert frozen.checkpoint == 4 * whole.parameters + 8 * part.trainable and frozen.models == 1
    bare = disk_need(whole, memory(), SimpleNamespace(**(STEPS | {"save_only_model": True})), 220, best=False)
    assert bare.checkpoint == bare.model


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted here; that needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_run_for_which_the_disk_is_too_small_is_refused(
    short_run: ShortRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        arguments = [*short_run.arguments, "--output_dir", str(disk / "run" / "of mine")]
        grpo.main([*arguments, "--dry_run", "true"])
        assert f"; {disk} has 0.0 GiB free, which is too little" in capsys.readouterr().out
        with pytest.raises(UserError, match=r"GiB on disk .2 checkpoints of .*free; give --save_total_limit 1, "):
            grpo.main(arguments)
        assert not list(disk.iterdir())


def test_what_a_resumed_run_has_on_the_disk_is_not_needed_again(short_run: ShortRun, tmp_path: Path) -> None:
    """With `--resume` the room that its own files take counts as free."""
    with small_disk(tmp_path / "disk", 36) as disk:
        subprocess.run(["cp", "-r", short_run.folder, disk / "run"], check=True)
        grpo.main([*short_run.arguments, "--output_dir", str(disk / "run"), "--resume", "true"])
        assert size(disk / "run") == pytest.approx(size(short_run.folder), rel=0.03)
