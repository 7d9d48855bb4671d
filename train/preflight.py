"""Settings that contradict each other, found before a model is loaded."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import get_args

from transformers import TrainingArguments
from trl import GRPOConfig, RLOOConfig, SFTConfig

from robot_r1.errors import MissingPackageError, UserError
from train.arguments import Settings
from train.memory.footprint import sharding
from train.memory.published import weights_dtype
from train.memory.settings import Sharding
from train.schedule import Schedule
from train.shared_prefix.applies import may_share
from train.shared_prefix.releases import check_libraries
from train.trainers.checkpoints import checkpoints

_TRACKERS = ("trackio", "wandb", "tensorboard")


def check_settings(settings: Settings[TrainingArguments]) -> None:
    """Refuse what cannot work, or would work otherwise than the settings say.

    Raises:
        UserError: with the settings that contradict each other and the ways out.
    """
    training, model, data = settings.training, settings.model, settings.data
    if not data.dataset:
        raise UserError("no data set; give --dataset FOLDER or a Hub id (build one: python -m data_gen.build)")
    if not model.model_name_or_path:
        raise UserError("no model; give --model_name_or_path FOLDER or a Hub id, such as Qwen/Qwen2.5-VL-7B-Instruct")
    if training.remove_unused_columns:
        raise UserError("remove_unused_columns takes away what the rewards read; leave it false")
    if (model.load_in_4bit or model.load_in_8bit) and not model.use_peft:
        raise UserError("quantised weights cannot be trained; add --use_peft true or drop --load_in_4bit/8bit")
    if model.freeze_vision_tower and model.use_peft:
        raise UserError("LoRA leaves the vision tower alone already; drop --freeze_vision_tower")
    if training.push_to_hub and not training.hub_model_id:
        raise UserError("--push_to_hub needs the name of the repository; add --hub_model_id ORG/NAME")
    if training.push_to_hub and not os.environ.get("HF_TOKEN"):
        raise UserError("--push_to_hub needs a token with write access; set HF_TOKEN")
    if training.hub_token:
        raise UserError("--hub_token would be kept in run.json and in the model card; set HF_TOKEN")
    if training.eval_strategy != "no":
        raise UserError("eval_strategy: the trainer is given no evaluation set; leave it out (--heldout_every)")
    _check_precision(settings)
    _check_trackers(training)
    _check_counts(settings)
    _check_folder(settings)
    if not settings.watch.dry_run and not data.check_dataset:
        _check_weights(Path(model.model_name_or_path))
    if isinstance(training, SFTConfig):
        _check_sft(training)
    else:
        _check_rl(settings, training)


def check_save_points(training: TrainingArguments, plan: Schedule) -> None:
    """Refuse checkpoints inside a generation batch: a run resumed there would sample the batch anew (trl's buffer)."""
    interval = plan.updates_per_generation
    if training.save_strategy == "steps" and training.save_steps % interval:
        below = max(interval, int(training.save_steps // interval * interval))
        raise UserError(
            f"save_steps {training.save_steps:g} falls inside a generation batch of {interval} updates, where "
            f"resuming is not exact; give a multiple of {interval}, such as {below} or {below + interval}"
        )


LEAST_RATE = 2**-8 * 0.02
"""Below it bfloat16 swallows most updates of AdamW, which are about as large as the learning rate.

A bfloat16 number has 8 significant bits, so the next one to w is 2^-8 |w| to 2^-7 |w| away, and what is less than half
of that is rounded away. Weights of a released model are 0.02 wide. At this rate a half to four fifths of the distance
remain, at 1e-6 one hundredth (tests/train/test_precision.py).
"""


def _check_precision(settings: Settings[TrainingArguments]) -> None:
    """Refuse full fine-tuning that changes low-precision weights in place: its loss looks normal, it learns nothing.

    DeepSpeed and FSDP under mixed precision keep float32 weights beside what is loaded, and adapters are float32.
    """
    training, rate = settings.training, settings.training.learning_rate
    held = sharding(settings)
    if settings.model.use_peft or held in ("zero2", "zero3") or (held == "fsdp2" and (training.bf16 or training.fp16)):
        return
    dtype = weights_dtype(settings.model)
    ways = (
        "leave --dtype float32 and compute in bfloat16 (--bf16 true), launch with configs/accelerate/zero3.yaml, "
        "which keeps float32 weights in shards, or train adapters (--use_peft true)"
    )
    if dtype == "float16":
        raise UserError(f"AdamW's averages underflow in float16 weights, which become NaN; {ways}")
    if dtype == "bfloat16" and rate < LEAST_RATE:
        raise UserError(
            f"learning_rate {rate:g} moves next to none of the weights in bfloat16, which has 8 bits: updates below "
            f"{LEAST_RATE:.1g} are mostly rounded away; {ways}"
        )


def _check_trackers(training: TrainingArguments) -> None:
    for name in training.report_to:
        if name in _TRACKERS and find_spec(name) is None:
            raise UserError(f"--report_to {name} needs the package {name}; run: pip install {name}")


def _check_counts(settings: Settings[TrainingArguments]) -> None:
    watch = settings.watch
    for name in ("heldout_questions", "heldout_every", "sample_every", "samples", "zero_variance_patience"):
        if getattr(watch, name) < 0:
            raise UserError(f"{name} is {getattr(watch, name)}; give 0 or more")
    for name, value in (
        ("heldout_batch_size", watch.heldout_batch_size),
        ("train_limit", settings.data.train_limit),
        ("processes", watch.processes),
    ):
        if value is not None and value < 1:
            raise UserError(f"{name} is {value}; give 1 or more")
    if not 0 < watch.max_zero_variance <= 1:
        raise UserError(f"max_zero_variance is {watch.max_zero_variance:g}; give a share of the groups, such as 0.98")
    if watch.sharding not in (None, *get_args(Sharding)):
        raise UserError(f"sharding {watch.sharding} is unknown; allowed are {', '.join(get_args(Sharding))}")


def _check_folder(settings: Settings[TrainingArguments]) -> None:
    if settings.training.process_index:
        return  # the main process may have begun the run by the time the others look
    run = Path(settings.training.output_dir)
    asked = settings.training.resume_from_checkpoint
    if asked is not None:
        raise UserError(f"resume_from_checkpoint {asked}: give --resume, which takes the newest complete checkpoint")
    if not settings.watch.resume and (run / "run.json").exists():
        kept = checkpoints(run)
        newest = f", newest checkpoint {kept[-1].name}" if kept else ", without a complete checkpoint"
        raise UserError(f"{run} holds a run{newest}; give --resume to go on with it, or another --output_dir")


def _check_weights(folder: Path) -> None:
    if not folder.is_dir():
        return  # a Hub id
    if (folder / "adapter_config.json").is_file():
        merge = f"python -m train.merge {quote(str(folder))} --out {quote(f'{folder}-merged')}"
        raise UserError(f"{folder} holds a LoRA adapter, not a model; merge it first: {merge}")
    if not any(folder.glob("*.safetensors")) and not any(folder.glob("pytorch_model*.bin")):
        raise UserError(f"{folder} holds no weights (model.safetensors); give the folder of a whole model")


def _check_sft(training: SFTConfig) -> None:
    if training.max_length is not None:
        raise UserError(f"max_length {training.max_length} would cut image tokens; leave it out (--max_prompt_tokens)")
    if training.packing or training.padding_free:
        raise UserError("packing and padding_free do not work with pictures; leave them false")


def _check_rl(settings: Settings[TrainingArguments], training: GRPOConfig | RLOOConfig) -> None:
    rewards: Sequence[str] = settings.rewards.rewards
    if training.reward_weights is not None and len(training.reward_weights) != len(rewards):
        raise UserError(
            f"{len(training.reward_weights)} reward_weights for {len(rewards)} rewards ({', '.join(rewards)}); give "
            "one for each"
        )
    generated = training.steps_per_generation * training.num_iterations
    accumulated = training.gradient_accumulation_steps
    if generated % accumulated and accumulated % generated:
        raise UserError(
            f"updates of {accumulated} steps (gradient_accumulation_steps) would straddle generation batches of "
            f"{generated} (steps_per_generation x num_iterations); make one a multiple of the other"
        )
    model = settings.model
    if model.use_peft and model.lora_dropout and not training.disable_dropout and training.process_index == 0:
        print(
            f"lora_dropout {model.lora_dropout:g} drops inputs while the policy learns and not while it samples, so "
            "that it learns from another policy's completions; give --lora_dropout 0"
        )
    if may_share(settings):
        check_libraries()
    if not training.use_vllm:
        return
    if find_spec("vllm") is None and not settings.watch.dry_run:
        raise MissingPackageError("vllm", "vllm")
    longest = settings.data.max_prompt_tokens + training.max_completion_length
    room = getattr(training, "vllm_max_model_length", None)
    if room is not None and room < longest:
        raise UserError(
            f"vllm_max_model_length {room} is less than max_prompt_tokens + max_completion_length = {longest}; raise "
            "it, or lower one of those"
        )
