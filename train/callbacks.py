"""What happens around the updates: metrics and samples to files, greedy evaluations, stops that say why."""

import signal
import time
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from train.best import BestModel
from train.heldout import HeldOut, summary
from train.records import QUESTIONS, append_metrics, seconds_so_far, step_file, write_records


class MetricsFile(TrainerCallback):  # type: ignore[misc]
    """Writes what is logged to RUN/metrics.jsonl; time goes on counting where a resumed run had stopped.

    For the main process alone.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._start = time.monotonic() - seconds_so_far(run)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        append_metrics(self._run, state.global_step, time.monotonic() - self._start, logs)


class SampleFiles(TrainerCallback):  # type: ignore[misc]
    """Writes sampled completions to RUN/samples every so many updates."""

    def __init__(self, trainer: Any, run: Path, every: int) -> None:
        self._trainer, self._folder, self._every = trainer, run / "samples", every

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero and self._trainer.sampled and state.global_step % self._every == 0:
            write_records(step_file(self._folder, state.global_step), self._trainer.sampled)


class GreedyEvaluation(TrainerCallback):  # type: ignore[misc]
    """Asks the held-out questions before, during and after training, and keeps the best model."""

    def __init__(self, trainer: Trainer, held_out: HeldOut, run: Path, every: int) -> None:
        self._trainer, self._held_out, self._run, self._every = trainer, held_out, run, every
        self._types = list(held_out.questions["question_type"])
        self._best = BestModel(run)
        self._last_step = -1

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero:
            write_records(self._run / QUESTIONS, self._held_out.records())
        if state.global_step == 0:
            self._evaluate(state, control)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._every and state.global_step % self._every == 0:
            self._evaluate(state, control)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        came_to_its_end = state.global_step >= state.max_steps  # a process told to end has no time for questions
        if came_to_its_end and self._last_step != state.global_step:
            self._evaluate(state, control)

    def _evaluate(self, state: TrainerState, control: TrainerControl) -> None:
        self._last_step = state.global_step
        answers = self._held_out.answers(self._trainer)
        metrics = summary(self._types, answers)
        if state.is_world_process_zero:
            write_records(step_file(self._run / "evaluations", state.global_step), answers)
        due = control.should_log
        Trainer.log(self._trainer, metrics)  # not the trainer's own: TRL's would cut its averages short here
        control.should_log = due  # logging has cleared it, and the step's own metrics would not be logged
        if state.global_step > 0:
            self._best.offer(self._trainer, metrics["heldout/accuracy"], state.global_step)


class ZeroVarianceGuard(TrainerCallback):  # type: ignore[misc]
    """Ends a run in which the rewards of nearly all groups are equal, so that there is nothing to learn from."""

    def __init__(self, threshold: float, patience: int) -> None:
        self._threshold, self._patience = threshold, patience
        self._in_a_row = 0
        self.message: str | None = None

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        logs = logs or {}
        share = logs.get("equal_rewards")
        if share is None:
            return
        self._in_a_row = self._in_a_row + 1 if share >= self._threshold else 0
        if self._in_a_row >= self._patience:
            reward = logs.get("reward") or 0.0
            self.message = (
                f"stopped at step {state.global_step}: for {self._patience} logged steps in a row the rewards were "
                f"equal in at least {self._threshold:.0%} of the groups (mean reward {reward:.2f}), so nothing is "
                "learned; warm the model up with train/sft.py, choose harder or easier questions, or raise "
                "--max_zero_variance"
            )
            control.should_training_stop = True


class SaveOnSigterm(TrainerCallback):  # type: ignore[misc]
    """On SIGTERM saves at the next save point and stops; a resumed run then equals one that was never stopped.

    Save points are the ends of generation batches: completions in the middle of a batch are not saved.
    """

    def __init__(self, trainer: Trainer, updates_per_generation: int) -> None:
        self._trainer, self._interval = trainer, updates_per_generation
        self._told = False
        self.stopped = False

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        signal.signal(signal.SIGTERM, self._tell)

    def _tell(self, *_: Any) -> None:
        self._told = True

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step % self._interval:
            return
        accelerator = self._trainer.accelerator
        told = torch.tensor([float(self._told)], device=accelerator.device)
        if accelerator.reduce(told, reduction="sum").item():  # all processes have to stop at the same step
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
