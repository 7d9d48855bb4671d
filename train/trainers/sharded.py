"""What trainers of TRL need to be right on a model that is divided over several GPUs.

- FSDP2: TRL's fused head reads the output projection without calling it, so FSDP does not gather it, and the gradient
  of what TRL gathers in its stead is never summed over the processes (docs/upstream/trl-fsdp2-head-gradient.md).
- ZeRO-3: transformers remembers every renaming that it knows for the model's class, not those that its weights needed,
  and saves them under names that no other program reads (docs/upstream/transformers-zero3-weight-names.md).
"""

from typing import Any

import torch
from torch.distributed.fsdp import FSDPModule
from transformers import Trainer

from train.trainers.shared_prefix import without_adapter


class ShardedTrainer(Trainer):  # type: ignore[misc]
    """Mixed in before a trainer of TRL; changes nothing where the model is not divided."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.model.register_forward_pre_hook(_gather_head)
        whole = without_adapter(self.model)
        known = getattr(whole, "_weight_conversions", None)
        if known is not None:
            whole._weight_conversions = [renaming for renaming in known if renaming.was_used()]


def _gather_head(model: Any, _: tuple[torch.Tensor, ...]) -> None:
    head = model.get_output_embeddings()
    if isinstance(head, FSDPModule):
        head.unshard()  # until the backward pass, in which FSDP sums its gradient as it does all others
