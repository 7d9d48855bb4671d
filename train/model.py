"""The model and processor of a run: full weights or LoRA, from a folder or the Hub."""

from typing import Any

import torch
from peft import LoraConfig, PeftConfig
from transformers import AutoProcessor, ProcessorMixin
from trl import ModelConfig, get_peft_config, get_quantization_config

from robot_r1.errors import UserError
from train.arguments import ModelArguments
from train.hub import ask_for_model
from train.trainers.vision import left_padded

_VISION_MODULES = r".*visual.*"
_SOURCE = "a folder with a Qwen2.5-VL model or the Hub id of one, such as Qwen/Qwen2.5-VL-7B-Instruct"


def read_processor(model: ModelArguments) -> ProcessorMixin:
    """The model's processor.

    Raises:
        UserError: there is none in the folder or on the Hub.
    """
    try:
        ask_for_model(model.model_name_or_path, model.model_revision)
        processor = AutoProcessor.from_pretrained(
            model.model_name_or_path, revision=model.model_revision, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(f"no processor in {model.model_name_or_path} ({reason}); give {_SOURCE}") from error
    if not isinstance(processor, ProcessorMixin):
        raise UserError(f"{model.model_name_or_path} is a model without pictures; give {_SOURCE}")
    return left_padded(processor)


def model_init_kwargs(model: ModelArguments) -> dict[str, Any]:
    """What `from_pretrained` is told; weights are float32 unless `--dtype` says otherwise."""
    kwargs: dict[str, Any] = {"revision": model.model_revision, "dtype": model.dtype or "float32"}
    if model.attn_implementation:
        kwargs["attn_implementation"] = model.attn_implementation
    quantization = get_quantization_config(model)
    if quantization is not None:
        kwargs["quantization_config"] = quantization
    return kwargs


def peft_config(model: ModelArguments) -> PeftConfig | None:
    """The LoRA adapter that the settings ask for: all linear layers of the language model, unless told otherwise."""
    config: LoraConfig | None = get_peft_config(_with_targets(model))
    if config is None:
        return None
    config.revision = model.model_revision  # which weights the adapter belongs to, for train/merge.py
    if not model.lora_vision:
        config.exclude_modules = _VISION_MODULES
    return config


def _with_targets(model: ModelArguments) -> ModelConfig:
    if model.lora_target_modules is None:
        model.lora_target_modules = "all-linear"
    return model


def freeze_vision_tower(model: torch.nn.Module) -> None:
    """Take the vision tower out of training; the projection into the language model stays out with it."""
    for name, parameter in model.named_parameters():
        if "visual." in name:
            parameter.requires_grad_(False)
