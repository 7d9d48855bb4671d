"""Frozen weights that stay what they are while adapters are merged for vLLM.

Before vLLM samples, TRL merges the adapters into the frozen weights in place, hands them over, and takes the adapters
out again. In bfloat16, which has 8 bits, w + d - d is often not w: with each synchronisation more of the model, which
is also the reference of the KL penalty, moves by a rounding step.
"""

from typing import Any

import torch
from peft.tuners.lora import LoraLayer

_ROUNDED = (torch.bfloat16, torch.float16)


def keep_frozen_weights(model: Any) -> None:
    """Let the frozen weights of a PEFT model come back exactly whenever its adapters are taken out of them.

    A copy of them is kept in the memory of the host. Those in ZeRO-3's shards are left alone: what was changed in them
    while they were gathered is dropped.
    """
    weights = [layer.get_base_layer().weight for layer in model.modules() if isinstance(layer, LoraLayer)]
    rounded = [weight for weight in weights if weight.dtype in _ROUNDED and weight.numel()]
    kept = [weight.detach().to("cpu", copy=True) for weight in rounded]
    unmerge = model.base_model.unmerge_adapter

    def exactly() -> None:
        unmerge()
        for weight, copy in zip(rounded, kept, strict=True):
            weight.data.copy_(copy)

    model.base_model.unmerge_adapter = exactly
