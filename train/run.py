"""From settings to a trained model: what the training scripts share.

The order is fixed: contradictory settings, the data, the schedule and the memory are looked at before a model is
loaded; `--check_dataset` and `--dry_run` stop on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import ProcessorMixin, Trainer
from trl import GRPOConfig, RLOOConfig, SFTConfig

from robot_r1.errors import UserError
from train.arguments import VALIDATION, Settings
from train.best import BEST, forget_best
from train.callbacks import GreedyEvaluation, MetricsFile, SampleFiles, SaveOnSigterm, ZeroVarianceGuard
from train.check_dataset import DatasetCheck, check_dataset, unchecked
from train.data import QUESTION_COLUMNS, SFT_COLUMNS, has_split, of_types, read_split, rendered, subset
from train.disk import check_disk
from train.finish import finish, leave_others
from train.folders import restore
from train.heldout import HeldOut
from train.hub import upload_target
from train.memory.footprint import check_memory
from train.model import freeze_vision_tower, model_init_kwargs, peft_config, read_processor
from train.preflight import check_save_points, check_settings
from train.records import check_same_questions, forget_after
from train.reward_functions import check_columns, load_rewards
from train.run_record import begin_record
from train.schedule import schedule
from train.shared_prefix.applies import shares_prefixes
from train.trainers import ReinforcePPTrainer, RobotGRPOTrainer, RobotRLOOTrainer, RobotSFTTrainer
from train.trainers.checkpoints import checkpoints
from train.trainers.frozen_base import keep_frozen_weights
from train.trainers.vision import generation_kwargs

_UNCHOSEN = (
    "data set {path} has no validation split, as older ones have none: no questions are asked during training, and "
    "the last model is the result; build the data set anew, or give another --heldout_dataset"
)

RLTrainer = type[RobotGRPOTrainer] | type[RobotRLOOTrainer] | type[ReinforcePPTrainer]


@dataclass(frozen=True)
class Prepared:
    """What is known before the model is loaded."""

    processor: ProcessorMixin | None
    """None in a dry run for which it cannot be read."""
    questions: Dataset
    check: DatasetCheck
    held_out: HeldOut | None


def run_rl(algorithm: str, settings: Settings[Any], trainer_class: RLTrainer) -> None:
    """Reinforcement learning from the first check to the saved model.

    Raises:
        UserError: something about settings, data or machine has to change, or nothing is left to learn.
    """
    training: GRPOConfig | RLOOConfig = settings.training
    check_settings(settings)
    rewards = load_rewards(settings.rewards.rewards)
    prepared = _prepare(settings, QUESTION_COLUMNS, training.max_completion_length)
    if prepared is None:
        return
    check_columns(rewards, prepared.questions.column_names)
    plan = schedule(training, len(prepared.questions), _processes(settings))
    if plan.generations_per_epoch == 0:
        raise UserError(
            f"{len(prepared.questions)} questions do not fill one generation batch of {plan.prompts_per_generation}; "
            "lower --generation_batch_size or --per_device_train_batch_size"
        )
    check_save_points(training, plan)
    if not _go_on(settings, prepared, plan.text(), plan.updates):
        return
    training.generation_kwargs = generation_kwargs(prepared.processor, training.generation_kwargs, training.use_vllm)
    hub_id = _begin(algorithm, settings, prepared)
    trainer = trainer_class(
        model=settings.model.model_name_or_path,
        reward_funcs=rewards,
        args=training,
        train_dataset=rendered(prepared.questions, settings.data.min_pixels, settings.data.max_pixels),
        processing_class=prepared.processor,
        peft_config=peft_config(settings.model),
    )
    if shares_prefixes(settings, trainer.model):
        trainer.share_prefixes()
    if training.use_vllm and settings.model.use_peft and not trainer.is_fsdp_enabled:
        keep_frozen_weights(trainer.model)
    trainer.sample_count = settings.watch.samples
    guard = ZeroVarianceGuard(settings.watch.max_zero_variance, settings.watch.zero_variance_patience)
    if settings.watch.zero_variance_patience:
        trainer.add_callback(guard)
    if settings.watch.sample_every:
        trainer.add_callback(SampleFiles(trainer, Path(training.output_dir), settings.watch.sample_every))
    _train(settings, prepared, trainer, plan.updates_per_generation)
    finish(settings, trainer, None if guard.message else hub_id)
    if guard.message:
        raise UserError(guard.message)


def run_sft(settings: Settings[SFTConfig]) -> None:
    """Supervised fine-tuning from the first check to the saved model.

    Raises:
        UserError: something about settings, data or machine has to change.
    """
    training = settings.training
    check_settings(settings)
    prepared = _prepare(settings, SFT_COLUMNS, None)
    if prepared is None:
        return
    per_update = training.per_device_train_batch_size * training.gradient_accumulation_steps * _processes(settings)
    per_epoch = ceil(len(prepared.questions) / per_update)
    updates = training.max_steps if training.max_steps > 0 else ceil(per_epoch * training.num_train_epochs)
    plan = f"update: {per_update} examples; epoch: {per_epoch} updates"
    if not _go_on(settings, prepared, plan, updates):
        return
    hub_id = _begin("sft", settings, prepared)
    trainer = RobotSFTTrainer(
        model=settings.model.model_name_or_path,
        args=training,
        train_dataset=rendered(prepared.questions, settings.data.min_pixels, settings.data.max_pixels),
        processing_class=prepared.processor,
        peft_config=peft_config(settings.model),
    )
    _train(settings, prepared, trainer, 1)
    finish(settings, trainer, hub_id)


def _prepare(settings: Settings[Any], columns: Sequence[str], completion_tokens: int | None) -> Prepared | None:
    """Read and check the data; None if that was all that was asked for.

    Args:
        completion_tokens: room for held-out answers (default: that of the longest completion to learn from).
    """
    data, main = settings.data, settings.training.process_index == 0
    assert data.dataset is not None
    questions = of_types(read_split(data.dataset, data.train_split, columns), data.question_types)
    if data.train_limit is not None:
        questions = subset(questions, data.train_limit, np.random.default_rng([settings.training.seed, 1]))
    try:
        processor = read_processor(settings.model)
    except UserError as error:
        if not settings.watch.dry_run:
            raise
        if main:
            print(f"{error}; every prompt is taken to have {data.max_prompt_tokens} tokens")
        return Prepared(None, questions, unchecked(questions, data), None)
    check = check_dataset(questions, processor, data, show=main)
    if main and (check.dropped or data.check_dataset):
        print(check.text())
    if data.check_dataset:
        return None
    held_out = _held_out(settings, processor, completion_tokens or check.longest_completion)
    return Prepared(processor, questions.select(check.kept), check, held_out)


def _held_out(settings: Settings[Any], processor: ProcessorMixin, completion_tokens: int) -> HeldOut | None:
    data, watch = settings.data, settings.watch
    if watch.heldout_questions == 0:
        return None
    path, main = data.heldout_dataset or data.dataset, settings.training.process_index == 0
    assert path is not None
    if data.heldout_split == VALIDATION and not has_split(path, VALIDATION):
        if watch.resume:
            check_same_questions(Path(settings.training.output_dir), [])
        if main:
            print(_UNCHOSEN.format(path=path))
        return None
    questions = of_types(read_split(path, data.heldout_split, QUESTION_COLUMNS), data.question_types)
    if "answer" not in questions.column_names:
        return None  # open-ended prompts: their answers are no letters
    check = check_dataset(questions, processor, data, show=main)
    chosen = subset(questions.select(check.kept), watch.heldout_questions, np.random.default_rng(0))
    if main and data.heldout_split == "test":
        print("the test split chooses the best model: what eval/ measures on it afterwards is too high for that model")
    if watch.resume:
        check_same_questions(Path(settings.training.output_dir), chosen["id"])
    return HeldOut(chosen, processor, watch.heldout_batch_size, completion_tokens, data.min_pixels, data.max_pixels)


def _go_on(settings: Settings[Any], prepared: Prepared, plan: str, updates: int) -> bool:
    """Show the plan and judge memory and disk; False if that was all that was asked for."""
    main, dry = settings.training.process_index == 0, settings.watch.dry_run
    if main and dry:
        for name, value in settings.flat().items():
            print(f"{name}: {value}")
        print(prepared.check.text())
    if main:
        print(plan)
    processes = _processes(settings)
    check_memory(settings, prepared.check, processes, show=main and dry)
    best = prepared.held_out is not None or prepared.processor is None  # without one a dry run cannot ask
    check_disk(settings, prepared.check, processes, updates, best, show=main and dry)
    if main and dry:
        print("nothing was trained")
    return not dry


def _begin(algorithm: str, settings: Settings[Any], prepared: Prepared) -> str | None:
    """Leave the record of the run, and return the repository that its best model is uploaded to, if any."""
    hub_id = upload_target(settings.training)
    settings.training.model_init_kwargs = model_init_kwargs(settings.model)
    begin_record(algorithm, settings, prepared.check)
    settings.training.push_to_hub = False  # the trainer's own upload sends all evaluations and samples too
    return hub_id


def _processes(settings: Settings[Any]) -> int:
    told = settings.watch.processes if settings.watch.dry_run else None
    return told or int(settings.training.world_size)


def _train(settings: Settings[Any], prepared: Prepared, trainer: Trainer, updates_per_generation: int) -> None:
    run = Path(settings.training.output_dir)
    newest = checkpoints(run)[-1:] if settings.watch.resume else []
    if trainer.is_world_process_zero():
        forget_after(run, int(newest[0].name.split("-")[1]) if newest else -1)
        if newest:
            restore(run / BEST)
        else:
            forget_best(run)
        trainer.add_callback(MetricsFile(run))
    trainer.accelerator.wait_for_everyone()
    if settings.model.freeze_vision_tower:
        freeze_vision_tower(trainer.model)
    if prepared.held_out is not None:
        trainer.add_callback(GreedyEvaluation(trainer, prepared.held_out, run, settings.watch.heldout_every))
    sigterm = SaveOnSigterm(trainer, updates_per_generation)
    trainer.add_callback(sigterm)
    trainer.train(resume_from_checkpoint=str(newest[0]) if newest else None)
    if sigterm.stopped:
        leave_others(trainer)
        raise SystemExit(143)
