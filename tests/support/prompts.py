"""Random completions of random prompts with pictures, as tensors in the form that TRL's trainers use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import Qwen2_5_VLForConditionalGeneration

_MERGE = 2


@dataclass(frozen=True)
class Rows:
    """B completions of N prompts, G adjacent rows each."""

    model_inputs: dict[str, torch.Tensor]
    """What the stock model takes, all rows."""
    completion_width: int
    fields: dict[str, Any]
    """What TRL's trainers pass on beside ids and mask."""

    def to(self, device: torch.device) -> "Rows":
        """The same on another device."""

        def moved(values: dict[str, Any]) -> dict[str, Any]:
            return {name: value.to(device) if hasattr(value, "to") else value for name, value in values.items()}

        return Rows(moved(self.model_inputs), self.completion_width, moved(self.fields))


def make_rows(
    model: Qwen2_5_VLForConditionalGeneration,
    words: Sequence[int],
    grids: Sequence[tuple[int, int]],
    completions: Sequence[int],
    generations: int,
    seed: int = 0,
) -> Rows:
    """Prompts with `words` text tokens around a picture of so many patches, and completions of given lengths."""
    random = torch.Generator().manual_seed(seed)
    config = model.config
    special = config.image_token_id, config.vision_start_token_id, config.vision_end_token_id
    low = 1 if min(special) > 50 else max(special) + 1
    high = min(config.text_config.vocab_size, *(token for token in special if token > low)) if low == 1 else None
    high = high or config.text_config.vocab_size
    vision = config.vision_config
    patch = vision.in_channels * vision.temporal_patch_size * vision.patch_size**2

    def text(count: int) -> torch.Tensor:
        return torch.randint(low, high, (count,), generator=random)

    prompts, types, pictures = [], [], []
    for count, (height, width) in zip(words, grids, strict=True):
        image = torch.full((height * width // _MERGE**2,), config.image_token_id)
        marks = torch.tensor([config.vision_start_token_id]), torch.tensor([config.vision_end_token_id])
        half = count // 2
        prompts.append(torch.cat([text(half), marks[0], image, marks[1], text(count - half)]))
        types.append((prompts[-1] == config.image_token_id).long())
        pictures.append(torch.randn((height * width, patch), generator=random))
    answers = [text(count) for count in completions]
    row = [number for number in range(len(words)) for _ in range(generations)]
    left = [
        _padded([values[i] for i in row], left=True)
        for values in (prompts, types, [torch.ones_like(p) for p in prompts])
    ]
    right, right_mask = _padded(answers, left=False), _padded([torch.ones_like(a) for a in answers], left=False)
    grid = torch.tensor([(1, *grids[i]) for i in row])
    pixels = torch.cat([pictures[i] for i in row])
    token_types = torch.cat([left[1], torch.zeros_like(right)], dim=1)
    return Rows(
        {
            "input_ids": torch.cat([left[0], right], dim=1),
            "attention_mask": torch.cat([left[2], right_mask], dim=1),
            "pixel_values": pixels,
            "image_grid_thw": grid,
            "mm_token_type_ids": token_types,
        },
        right.shape[1],
        {
            "pixel_values": pixels,
            "image_grid_thw": grid,
            "num_images": [1] * len(row),
            "mm_token_type_ids": token_types,
        },
    )


def _padded(values: Sequence[torch.Tensor], left: bool) -> torch.Tensor:
    width = max(len(value) for value in values)
    sides = [(width - len(value), 0) if left else (0, width - len(value)) for value in values]
    return torch.stack([torch.nn.functional.pad(value, side) for value, side in zip(values, sides, strict=True)])
