"""What a run leaves on the disk: its checkpoints, the best and the last model. The rest is small."""

import shutil
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from robot_r1.errors import UserError
from train.arguments import Settings
from train.check_dataset import DatasetCheck
from train.memory.estimate import GIB
from train.memory.footprint import memory_settings
from train.memory.published import model_config
from train.memory.settings import MemorySettings
from train.memory.shape import ModelShape, model_shape
from train.model import peft_config


@dataclass(frozen=True)
class DiskNeed:
    """Bytes of a checkpoint and of a saved model, and how many of each there are at once."""

    checkpoint: int
    checkpoints: int
    model: int
    models: int

    @property
    def total(self) -> int:
        """Bytes of them all."""
        return self.checkpoints * self.checkpoint + self.models * self.model

    def __str__(self) -> str:
        return (
            f"{self.total / GIB:.1f} GiB on disk ({self.checkpoints} checkpoints of {self.checkpoint / GIB:.1f} GiB "
            f"at once, {self.models} models of {self.model / GIB:.1f} GiB)"
        )


def disk_need(shape: ModelShape, memory: MemorySettings, training: Any, updates: int, best: bool) -> DiskNeed:
    """What a run of so many updates holds on the disk at once.

    The next checkpoint is whole before the oldest goes, so there is one more than `save_total_limit`.

    Args:
        best: whether the best model is kept beside the last.
    """
    saved = shape.trainable if shape.adapters else shape.parameters
    weights = saved * _weight_bytes(shape, memory)
    checkpoint = weights
    if not training.save_only_model:
        checkpoint += _optimizer(shape, memory)
        if memory.sharding == "fsdp2":
            checkpoint += 4 * saved  # once more, in the form from which FSDP resumes
        if memory.sharding == "zero2":
            checkpoint += weights  # as above; ZeRO-3 resumes from what the optimizer keeps
    count = _saves(training, updates)
    limit = training.save_total_limit
    return DiskNeed(checkpoint, count if limit is None else min(count, limit + 1), weights, 2 if best else 1)


def check_disk(
    settings: Settings[Any], check: DatasetCheck, processes: int, updates: int, best: bool, show: bool
) -> None:
    """Estimate what a run leaves, print it if asked to, and refuse a run for which the disk is too small.

    A dry run may be for another machine: it is only told.

    Args:
        updates: of the whole run.
        best: whether the best model is kept beside the last.

    Raises:
        UserError: there is less room where the run is to lie.
    """
    model = settings.model
    shape = model_shape(model_config(model.model_name_or_path), peft_config(model), not model.freeze_vision_tower)
    need = disk_need(shape, memory_settings(settings, check, processes), settings.training, updates, best)
    run = Path(settings.training.output_dir)
    place = next(folder for folder in (run.absolute(), *run.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    kept = sum(path.stat().st_size for path in run.rglob("*") if path.is_file()) if settings.watch.resume else 0
    short = need.total > free + kept
    if show:
        print(f"the run needs {need}; {place} has {free / GIB:.1f} GiB free{', which is too little' if short else ''}")
    if short and not settings.watch.dry_run:
        raise UserError(
            f"the run needs {need}, and {place} has {free / GIB:.1f} GiB free; give --save_total_limit 1, "
            "--save_only_model true (such checkpoints cannot be resumed from), or another --output_dir"
        )


def _saves(training: Any, updates: int) -> int:
    strategy = str(getattr(training.save_strategy, "value", training.save_strategy))
    if strategy == "no":
        return 0
    if strategy == "epoch":
        return ceil(float(training.num_train_epochs))
    every = float(training.save_steps)
    return ceil(updates / max(every if every >= 1 else ceil(updates * every), 1))  # the last step is saved, too


def _weight_bytes(shape: ModelShape, memory: MemorySettings) -> int:
    """Bytes of a saved weight: DeepSpeed saves what it computes with, FSDP float32."""
    if memory.sharding in ("zero2", "zero3"):
        return 4 if memory.precision == "fp32" else 2
    return 2 if memory.precision == "bf16" and memory.sharding == "none" and not shape.adapters else 4


def _optimizer(shape: ModelShape, memory: MemorySettings) -> int:
    """Two moments for each weight, and DeepSpeed's float32 weights."""
    moments = 2 * (4 if memory.sharding != "none" else _weight_bytes(shape, memory)) * shape.trainable
    if memory.optimizer in ("adamw_8bit", "paged_adamw_8bit"):
        moments = 2 * (shape.trainable - shape.trainable_embedding) + 8 * shape.trainable_embedding
    if memory.optimizer == "stateless":
        moments = 0
    return moments + (4 * shape.trainable if memory.sharding in ("zero2", "zero3") else 0)
