"""What TRL's reinforcement-learning trainers need to be right on Qwen2.5-VL.

- Padding side: TRL pads prompts on the left but the multimodal token types on the tokenizer's own side, and a saved
  processor comes back with "right": the image is then looked for among the wrong tokens, without an error (trl#5785).
- Image tokens that are expanded twice: a colocated vLLM expands the placeholders of a prompt, which TRL has expanded
  already (trl#6294).
- Sampled control tokens: a completion that contains an image token no longer matches the image features, and others
  vanish when it is decoded. TRL suppresses the image token on the transformers path only; here all control tokens go
  but those that end a completion, and vLLM gets a bias (trl#3847).
"""

from collections.abc import Collection, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from transformers import ProcessorMixin

from robot_r1.control_text import control_tokens

NEVER = -100.0
"""What vLLM adds to the score of a token that it may not sample."""


def left_padded(processor: ProcessorMixin) -> ProcessorMixin:
    """The processor with the padding side that TRL's batches have."""
    processor.tokenizer.padding_side = "left"
    return processor


def forbidden_tokens(processor: ProcessorMixin, ends: Collection[int]) -> list[int]:
    """Ids of the tokens that no completion may hold: all control tokens but those that end it."""
    return sorted(set(control_tokens(processor.tokenizer).values()) - set(ends))


def generation_kwargs(processor: ProcessorMixin, given: dict[str, Any] | None, use_vllm: bool) -> dict[str, Any]:
    """The user's settings for generation, plus those that forbid sampling a control token."""
    tokenizer, own = processor.tokenizer, dict(given or {})
    forbidden = forbidden_tokens(processor, (tokenizer.eos_token_id, tokenizer.pad_token_id))
    if use_vllm:
        ours = {"logit_bias": {**(own.get("logit_bias") or {}), **dict.fromkeys(forbidden, NEVER)}}
        return {**own, **ours}
    return {**own, "suppress_tokens": sorted({*(own.get("suppress_tokens") or ()), *forbidden})}


def collapsed(prompt_ids: Sequence[int], image_token: int) -> list[int]:
    """Token ids with each run of image tokens reduced to one placeholder."""
    return [
        token
        for place, token in enumerate(prompt_ids)
        if token != image_token or place == 0 or prompt_ids[place - 1] != image_token
    ]


def as_vllm_takes(prompt_ids: Sequence[Sequence[int]], mode: str, image_token: int) -> list[list[int]]:
    """Token ids whose image tokens are expanded, as a vLLM takes them: a colocated one expands placeholders itself."""
    return [collapsed(ids, image_token) if mode == "colocate" else list(ids) for ids in prompt_ids]


class VisionTrainer:
    """Mixed in before a trainer of TRL that generates."""

    accelerator: Accelerator
    model: torch.nn.Module
    use_vllm: bool
    vllm_mode: str
    processing_class: ProcessorMixin
    num_generations: int
    num_generations_eval: int

    def _generate_single_turn(self, prompt_ids: list[list[int]], images: Any, *rest: Any, **named: Any) -> Any:
        if self.use_vllm and images is not None:
            prompt_ids = as_vllm_takes(prompt_ids, self.vllm_mode, self.processing_class.image_token_id)
            images = self._for_server(images) if self.vllm_mode == "server" else images
        return super()._generate_single_turn(prompt_ids, images, *rest, **named)  # type: ignore[misc]

    def _for_server(self, images: Sequence[Any]) -> list[Any]:
        """The pictures of each prompt's first completion: TRL gathers all to every process, but sends no others."""
        first = self.accelerator.process_index * len(images)
        size = self.num_generations if self.model.training else self.num_generations_eval
        return [own if (first + row) % size == 0 else None for row, own in enumerate(images)]
