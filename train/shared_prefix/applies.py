"""Whether a run's prompts are shared: they are, unless something that the settings ask for does not go with it."""

from typing import Any

import torch
from accelerate.utils import is_peft_model
from transformers import PretrainedConfig

from train.arguments import Settings

_ATTENTION = (None, "sdpa")
_GENERATION = {
    "cache_implementation": None,
    "num_beams": 1,
    "prefill_chunk_size": None,
    "prompt_lookup_num_tokens": None,
    "use_cache": True,
}
"""Settings of generation that keep a prompt's keys and values in another way, with their usual values."""


def shares_prefixes(settings: Settings[Any], model: torch.nn.Module) -> bool:
    """Whether prompts are computed once; what the settings ask for and cannot have, or have in part, is printed."""
    if not settings.speed.shared_prefix:
        return False
    whole: Any = model.get_base_model() if is_peft_model(model) else model
    reason = _obstacle(settings) or _obstacle_of_model(whole.config)
    told = _cut(settings.training) if reason is None else f"each prompt is computed once per completion: {reason}"
    if told and settings.training.process_index == 0:
        print(told)
    return reason is None


def may_share(settings: Settings[Any]) -> bool:
    """Whether the settings alone, before a model is loaded, let prompts be shared."""
    return settings.speed.shared_prefix and _obstacle(settings) is None


def _obstacle(settings: Settings[Any]) -> str | None:
    if settings.model.attn_implementation not in _ATTENTION:
        return f"attn_implementation {settings.model.attn_implementation} cannot share prompts; leave it out, or sdpa"
    if settings.training.use_liger_kernel:
        return "use_liger_kernel computes the loss itself"
    if settings.training.use_vllm:
        return None
    training = settings.training
    generation = {"cache_implementation": training.cache_implementation, **(training.generation_kwargs or {})}
    asked = [name for name, usual in _GENERATION.items() if generation.get(name, usual) not in (None, usual)]
    return f"generation with {', '.join(asked)} cannot share prompts; leave it out" if asked else None


def _obstacle_of_model(config: PretrainedConfig) -> str | None:
    if config.text_config.use_sliding_window or config.text_config.attention_dropout:
        return "the model has a sliding window or dropout in its attention"
    return None


def _cut(training: Any) -> str | None:
    rows, size = training.per_device_train_batch_size, training.num_generations
    if rows % size == 0:
        return None
    return (
        f"batches of {rows} completions cut groups of {size}, and learning computes a prompt once for each part; "
        f"a per_device_train_batch_size that is a multiple of {size} would share all"
    )
