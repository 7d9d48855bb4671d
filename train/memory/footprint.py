"""From a run's settings to the estimate of its memory, and to the refusal of what cannot fit."""

import os
from typing import Any

import torch
from transformers import TrainingArguments
from trl import SFTConfig

from robot_r1.errors import UserError
from train.arguments import Settings
from train.check_dataset import DatasetCheck
from train.memory.advice import suggestions
from train.memory.estimate import GIB, Estimate, estimate
from train.memory.published import model_config, weights_dtype
from train.memory.settings import Generation, MemorySettings, Optimizer, Precision, Quantization, Sharding
from train.memory.shape import model_shape
from train.model import peft_config
from train.shared_prefix.applies import may_share

MARGIN = 1.15
"""An estimate may be this much too high; only what needs more than the device even so is refused."""
_PATCHES_PER_TOKEN = 4
_OPTIMIZERS: dict[str, Optimizer] = {
    "adamw_torch": "adamw",
    "adamw_torch_fused": "adamw",
    "adamw_8bit": "adamw_8bit",
    "adamw_bnb_8bit": "adamw_8bit",
    "paged_adamw_8bit": "paged_adamw_8bit",
    "adafactor": "stateless",
    "sgd": "stateless",
}
"""transformers' names of the optimizers whose need is known."""


def check_memory(settings: Settings[Any], check: DatasetCheck, processes: int, show: bool) -> None:
    """Estimate the memory of each device, print it if asked to, and refuse what cannot fit.

    An optimizer whose need is not known is taken for AdamW; then a run that would not fit is warned of, not refused.

    Raises:
        UserError: the run needs more than the device has; the flags that would make it fit are named.
    """
    config = model_config(settings.model.model_name_or_path)
    lora = peft_config(settings.model)
    train_vision = not settings.model.freeze_vision_tower
    wanted = memory_settings(settings, check, processes)
    found = estimate(model_shape(config, lora, train_vision), wanted)
    if show:
        print(found.table())
    if found.total <= MARGIN * wanted.device_bytes:
        return
    if _optimizer(settings.training) is None:
        if settings.training.process_index == 0:
            print(f"with AdamW {_too_much(found)}; {_optimizer_name(settings.training)} may need less")
        return
    ways = [", ".join(way.flags) for way in suggestions(config, wanted, lora, train_vision)]
    raise UserError(f"{_too_much(found)}; it would fit with: {' | or with: '.join(ways) or 'a larger device only'}")


def _too_much(found: Estimate) -> str:
    return f"the run needs {found.total / GIB:.1f} GiB on each device, which has {found.device_bytes / GIB:.1f} GiB"


def memory_settings(settings: Settings[Any], check: DatasetCheck, processes: int) -> MemorySettings:
    """What the estimate takes from the settings of a run."""
    training = settings.training
    learns_from_examples = isinstance(training, SFTConfig)
    steps = 1 if learns_from_examples else training.steps_per_generation
    return MemorySettings(
        device_bytes=_device_bytes(settings),
        micro_batch=training.per_device_train_batch_size,
        generation_batch=training.per_device_train_batch_size * steps,
        prompt_tokens=check.longest,
        completion_tokens=check.longest_completion if learns_from_examples else training.max_completion_length,
        patches=_PATCHES_PER_TOKEN * check.image_tokens,
        sharing=1 if learns_from_examples or not may_share(settings) else training.num_generations,
        heldout_batch=min(settings.watch.heldout_batch_size, -(-settings.watch.heldout_questions // processes)),
        precision=_precision(settings),
        quantization=_quantization(settings),
        optimizer=_optimizer(training) or "adamw",
        sharding=sharding(settings),
        processes=processes,
        offload_optimizer=_offloaded("OPTIMIZER"),
        offload_weights=_offloaded("PARAM"),
        gradient_checkpointing=bool(training.gradient_checkpointing),
        flash_attention="flash" in (settings.model.attn_implementation or ""),
        reference_model=not learns_from_examples and training.beta != 0.0,
        generation=_generation(training),
        vllm_memory=getattr(training, "vllm_gpu_memory_utilization", 0.0),
        vllm_devices=getattr(training, "vllm_tensor_parallel_size", 1),
        vllm_sleeps=bool(getattr(training, "vllm_enable_sleep_mode", False)),
    )


def sharding(settings: Settings[Any]) -> Sharding:
    """How the model is divided: as told for a dry run, else as accelerate was launched."""
    if settings.watch.dry_run and settings.watch.sharding:
        return settings.watch.sharding  # type: ignore[return-value]
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true":
        return "zero3" if os.environ.get("ACCELERATE_DEEPSPEED_ZERO_STAGE") == "3" else "zero2"
    return "fsdp2" if os.environ.get("ACCELERATE_USE_FSDP") == "true" else "none"


def _device_bytes(settings: Settings[Any]) -> int:
    if settings.watch.dry_run and settings.watch.gpu_memory:
        return int(settings.watch.gpu_memory * GIB)
    if torch.cuda.is_available() and not settings.training.use_cpu:
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _precision(settings: Settings[Any]) -> Precision:
    if weights_dtype(settings.model) != "float32":
        return "bf16"
    return "mixed" if settings.training.bf16 or settings.training.fp16 else "fp32"


def _quantization(settings: Settings[Any]) -> Quantization:
    if settings.model.load_in_4bit:
        return "4bit"
    return "8bit" if settings.model.load_in_8bit else "none"


def _optimizer(training: TrainingArguments) -> Optimizer | None:
    """None: how much it holds is not known here."""
    if training.optim_args:  # such as a momentum, or a rank
        return None
    return _OPTIMIZERS.get(_optimizer_name(training))


def _optimizer_name(training: TrainingArguments) -> str:
    return str(getattr(training.optim, "value", training.optim))


def _offloaded(what: str) -> bool:
    """Whether accelerate was launched with DeepSpeed's offload of this."""
    return os.environ.get(f"ACCELERATE_DEEPSPEED_OFFLOAD_{what}_DEVICE", "none") in ("cpu", "nvme")


def _generation(training: Any) -> Generation:
    if isinstance(training, SFTConfig):
        return "none"
    if not training.use_vllm:
        return "transformers"
    return "vllm_server" if training.vllm_mode == "server" else "vllm_colocate"
