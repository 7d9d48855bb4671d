"""What TRL's reinforcement-learning trainers need to be right on Qwen2.5-VL.

- Padding side: TRL pads prompts on the left but the multimodal token types on the tokenizer's own side, and a saved
  processor comes back with "right": the image is then looked for among the wrong tokens, without an error (trl#5785).
- Image tokens that are expanded twice: a colocated vLLM expands the placeholders of a prompt, which TRL has expanded
  already (trl#6294).
- Sampled image tokens: a completion that contains one no longer matches the image features. TRL suppresses the image
  token on the transformers path only; here the video and vision tokens go too, and vLLM gets a bias (trl#3847).
"""

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from transformers import ProcessorMixin

VISION_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>")
_NEVER = -100.0


def left_padded(processor: ProcessorMixin) -> ProcessorMixin:
    """The processor with the padding side that TRL's batches have."""
    processor.tokenizer.padding_side = "left"
    return processor


def vision_token_ids(processor: ProcessorMixin) -> list[int]:
    """Ids of the tokens that only a prompt may contain."""
    tokenizer = processor.tokenizer
    known = tokenizer.get_vocab()
    return [known[name] for name in VISION_TOKENS if name in known]


def generation_kwargs(processor: ProcessorMixin, given: dict[str, Any] | None, use_vllm: bool) -> dict[str, Any]:
    """The user's settings for generation, plus those that forbid sampling a vision token."""
    forbidden = vision_token_ids(processor)
    if use_vllm:
        ours: dict[str, Any] = {"logit_bias": dict.fromkeys(forbidden, _NEVER)}
    else:
        ours = {"suppress_tokens": forbidden}
    return {**ours, **(given or {})}


def collapsed(prompt_ids: Sequence[int], image_token: int) -> list[int]:
    """Token ids with each run of image tokens reduced to one placeholder."""
    return [
        token
        for place, token in enumerate(prompt_ids)
        if token != image_token or place == 0 or prompt_ids[place - 1] != image_token
    ]


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
            if self.vllm_mode == "colocate":
                prompt_ids = [collapsed(ids, self.processing_class.image_token_id) for ids in prompt_ids]
            else:
                images = self._for_server(images)
        return super()._generate_single_turn(prompt_ids, images, *rest, **named)  # type: ignore[misc]

    def _for_server(self, images: Sequence[Any]) -> list[Any]:
        """The pictures of each prompt's first completion: TRL gathers all to every process, but sends no others."""
        first = self.accelerator.process_index * len(images)
        size = self.num_generations if self.model.training else self.num_generations_eval
        return [own if (first + row) % size == 0 else None for row, own in enumerate(images)]
