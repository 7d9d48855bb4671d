"""Checkpoints that are complete or not seen, and that come back whole.

Two faults of the libraries are mended here, for every trainer of this package:

- transformers 5 writes Qwen2.5-VL under the Hub's key names, but on resume loads those names into the live model with
  `strict=False`: every tensor except `lm_head` silently keeps its initial value (QwenLM/Qwen3-VL#1763,
  modelscope/ms-swift#7947). LoRA, FSDP and DeepSpeed load right.
- A process killed while it saves leaves a folder that looks like a checkpoint, and the rotation that
  `save_total_limit` asks for may have deleted the last good one by then. A checkpoint counts here only once
  `complete.json` lists its files, and older ones go after that.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import is_peft_model
from transformers import Trainer
from transformers.trainer_utils import rotate_checkpoints

from robot_r1.files import write_text

MARKER = "complete.json"


def mark_complete(folder: Path) -> None:
    """Write the list of a checkpoint's files and sizes beside them, as the last thing."""
    sizes = {
        str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()
    }
    write_text(folder / MARKER, json.dumps(sizes, indent=1))


def is_complete(folder: Path) -> bool:
    """Whether all files that the checkpoint's list names are there in full."""
    try:
        sizes = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items())


def checkpoints(output_dir: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest step first."""
    found = [path for path in output_dir.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted((path for path in found if is_complete(path)), key=lambda path: int(path.name.split("-")[1]))


class CheckpointTrainer(Trainer):  # type: ignore[misc]
    """Mixed in before a trainer of TRL: saves whole checkpoints and restores every tensor of them."""

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        if self.args.should_save and folder.exists():
            shutil.rmtree(folder)  # left by a process that was killed while saving this very step
        self.accelerator.wait_for_everyone()
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()  # every process writes its own random state
        if self.args.should_save:
            mark_complete(folder)
            rotate_checkpoints(str(folder.parent), limit, self.state.best_model_checkpoint)

    def _run_epoch(self, *arguments: Any, **named: Any) -> None:
        if self.state.global_step >= self.state.max_steps:  # resumed at its end: transformers would update once more
            self.control.should_training_stop = True
            return
        super()._run_epoch(*arguments, **named)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        target = self.model if model is None else model
        sharded = self.is_fsdp_enabled or self.is_deepspeed_enabled
        if sharded or is_peft_model(target):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        saved = type(target).from_pretrained(resume_from_checkpoint, dtype=target.dtype)
        target.load_state_dict(saved.state_dict(), strict=True)
