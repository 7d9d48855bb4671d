"""What to change in a run that does not fit: each change is tried by estimating again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from peft import LoraConfig
from transformers import PretrainedConfig

from train.memory.estimate import estimate
from train.memory.settings import MemorySettings
from train.memory.shape import ModelShape, model_shape

ADAPTERS = LoraConfig(r=16, lora_dropout=0.05, target_modules="all-linear", exclude_modules=r".*visual.*")
"""What `--use_peft true` trains: TRL's defaults, on the language model."""
_LAUNCH = "accelerate launch --config_file configs/accelerate/zero3.yaml --num_processes"


@dataclass(frozen=True)
class Suggestion:
    """Flags with which a run fits, and the bytes it then needs on each device."""

    flags: tuple[str, ...]
    total: int


def suggestions(
    config: PretrainedConfig, settings: MemorySettings, lora: LoraConfig | None = None, train_vision: bool = True
) -> list[Suggestion]:
    """Changes that make a run fit, those first that alter the training least.

    Each one fits on its own, and of the values of one flag the mildest is given. Where none fits, they are added up
    in this order until they fit together: one suggestion with several flags, or none if even that is too little.
    """
    shape = model_shape(config, lora, train_vision)
    alone: dict[str, Suggestion] = {}
    for flag, changed_shape, changed in _changes(config, shape, settings):
        tried = estimate(changed_shape, changed)
        if tried.fits:
            alone.setdefault(_name(flag), Suggestion((flag,), tried.total))
    return list(alone.values()) or _together(config, shape, settings)


def _together(config: PretrainedConfig, shape: ModelShape, settings: MemorySettings) -> list[Suggestion]:
    flags: dict[str, str] = {}
    best = estimate(shape, settings).total
    while True:
        for flag, changed_shape, changed in _changes(config, shape, settings):
            if (total := estimate(changed_shape, changed).total) < best:
                best, shape, settings = total, changed_shape, changed
                flags[_name(flag)] = flag  # a flag given twice is given with its last value
                break
        else:
            return []
        if best <= settings.device_bytes:
            return [Suggestion(tuple(flags.values()), best)]


def _name(flag: str) -> str:
    return flag.split()[0]


def _changes(
    config: PretrainedConfig, shape: ModelShape, settings: MemorySettings
) -> Iterator[tuple[str, ModelShape, MemorySettings]]:
    """Each single change: its flag, and the model and the settings with it."""
    for flag, changed in _same_training(settings):
        yield flag, shape, changed
    yield from ((flag, shape, changed) for flag, changed in _other_hardware(settings))
    yield "--optim adamw_8bit", shape, replace(settings, optimizer="adamw_8bit")
    if not shape.adapters:
        adapted = model_shape(config, ADAPTERS, train_vision=True)
        yield "--use_peft true", adapted, settings
    if settings.precision == "mixed" and shape.adapters:  # frozen weights lose nothing by it; see train/preflight.py
        yield "--dtype bfloat16", shape, replace(settings, precision="bf16")


def _same_training(settings: MemorySettings) -> Iterator[tuple[str, MemorySettings]]:
    """Changes that cost time and leave the updates as they are."""
    if settings.precision == "fp32":
        yield "--bf16 true", replace(settings, precision="mixed")
    if not settings.gradient_checkpointing:
        yield "--gradient_checkpointing true", replace(settings, gradient_checkpointing=True)
    if settings.generation == "vllm_colocate" and not settings.vllm_sleeps:
        yield "--vllm_enable_sleep_mode true", replace(settings, vllm_sleeps=True)
    if settings.generation == "vllm_colocate" and settings.vllm_memory > 0.2:
        yield "--vllm_gpu_memory_utilization 0.2", replace(settings, vllm_memory=0.2)
    for size in _halves(settings.heldout_batch):
        yield f"--heldout_batch_size {size}", replace(settings, heldout_batch=size)
    for size in _halves(settings.micro_batch):
        flag = f"--per_device_train_batch_size {size} and more --gradient_accumulation_steps"
        yield flag, replace(settings, micro_batch=size)


def _other_hardware(settings: MemorySettings) -> Iterator[tuple[str, MemorySettings]]:
    if settings.generation == "transformers":
        yield "--use_vllm true --vllm_mode server", replace(settings, generation="vllm_server")
    fewest = settings.processes if settings.sharding != "zero3" else 2 * settings.processes
    for processes in (n for n in (2, 4, 8, 16) if n >= fewest):
        yield f"{_LAUNCH} {processes}", replace(settings, sharding="zero3", processes=processes)


def _halves(size: int) -> Iterator[int]:
    while size > 1:
        size //= 2
        yield size
