"""The sizes of a Qwen2.5-VL that memory depends on, counted exactly on PyTorch's meta device: no weights are made."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers import AutoModelForImageTextToText, PretrainedConfig
from transformers.integrations import deepspeed


@dataclass(frozen=True)
class Stack:
    """Transformer layers that are all alike: those of the language model or those of the vision tower."""

    layers: int
    layer_parameters: int
    hidden: int
    intermediate: int
    heads: int
    key_value_width: int
    """Features of the keys, and of the values, of one token."""
    adapter_inputs: int
    """Features that the adapters of one layer keep per token: the inputs of their two matrices."""
    trained: bool
    """Whether something in it is trained, so that its activations are kept."""


@dataclass(frozen=True)
class ModelShape:
    """A model, and which part of it is trained. Numbers of parameters do not count adapters, but for `trainable`."""

    parameters: int
    trainable: int
    trainable_embedding: int
    embedding: int
    head: int
    """0 where the output projection is the embedding."""
    head_trained: bool
    vocabulary: int
    pixels_per_patch: int
    adapters: bool
    adapter_dropout: bool
    text: Stack
    vision: Stack


def model_shape(config: PretrainedConfig, lora: LoraConfig | None, train_vision: bool) -> ModelShape:
    """Count a model.

    Args:
        config: of a Qwen2.5-VL.
        lora: the adapters that are trained in place of the weights.
        train_vision: whether the vision tower is trained; with adapters, `lora` decides.
    """
    with _without_deepspeed(), torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
        parameters = _count(model.parameters())
        if lora is not None:
            inject_adapter_in_model(lora, model)
        elif not train_vision:
            model.model.visual.requires_grad_(False)
    text, vision = config.get_text_config(), config.vision_config
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    return ModelShape(
        parameters=parameters,
        trainable=_count(p for p in model.parameters() if p.requires_grad),
        trainable_embedding=embedding.numel() if embedding.requires_grad else 0,
        embedding=embedding.numel(),
        head=0 if head is embedding else head.numel(),
        head_trained=head.requires_grad,
        vocabulary=text.vocab_size,
        pixels_per_patch=vision.in_channels * vision.temporal_patch_size * vision.patch_size**2,
        adapters=lora is not None,
        adapter_dropout=lora is not None and lora.lora_dropout > 0,
        text=_stack(
            model.model.language_model.layers,
            text.hidden_size,
            text.intermediate_size,
            text.num_attention_heads,
            text.num_key_value_heads,
        ),
        vision=_stack(
            model.model.visual.blocks,
            vision.hidden_size,
            vision.intermediate_size,
            vision.num_heads,
            vision.num_heads,
        ),
    )


@contextmanager
def _without_deepspeed() -> Iterator[None]:
    """Let transformers build whole models: under ZeRO-3 it divides them as it builds, and fails without weights."""
    known = deepspeed._hf_deepspeed_config_weak_ref
    deepspeed.unset_hf_deepspeed_config()
    try:
        yield
    finally:
        deepspeed._hf_deepspeed_config_weak_ref = known


def _stack(layers: nn.ModuleList, hidden: int, intermediate: int, heads: int, key_value_heads: int) -> Stack:
    first = layers[0]
    adapters = [module for module in first.modules() if isinstance(module, LoraLayer)]
    return Stack(
        layers=len(layers),
        layer_parameters=_count(p for name, p in first.named_parameters() if ".lora_" not in name),
        hidden=hidden,
        intermediate=intermediate,
        heads=heads,
        key_value_width=hidden // heads * key_value_heads,
        adapter_inputs=sum(module.in_features + rank for module in adapters for rank in module.r.values()),
        trained=any(parameter.requires_grad for parameter in first.parameters()),
    )


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)
