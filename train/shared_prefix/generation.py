"""Generation through transformers that computes each prompt, and its picture, once for all its completions."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import GenerationConfig

from train.shared_prefix.groups import Group, equal_prompts

VISION_INPUTS = ("pixel_values", "image_grid_thw", "mm_token_type_ids")


def prompts_to_answer(inputs: dict[str, Any]) -> list[Group]:
    """Which of B prompts, one picture each, are computed once: adjacent ones that are equal.

    Args:
        inputs: `input_ids` and `attention_mask`, (B, P), and the `VISION_INPUTS` of all B rows;
            `pixel_values` may be a list with the patches of each.
    """
    grids = inputs["image_grid_thw"]
    rows = zip(inputs["input_ids"], inputs["attention_mask"], grids, _patches(inputs), strict=True)
    return equal_prompts(list(rows))


def generate_from_shared_prompts(
    generate: Callable[..., torch.Tensor],
    model: Any,
    inputs: dict[str, Any],
    groups: Sequence[Group],
    generation_config: GenerationConfig,
) -> torch.Tensor:
    """Completions of B prompts, one picture each.

    The different prompts are computed, their keys and values repeated for their completions, and generation goes on
    from the last token of each prompt. The logits are those of B prompts computed one by one, and as many random
    numbers are drawn in the same order, so greedy tokens are equal and sampled ones equally distributed.

    Args:
        generate: the model's own way to generate.
        model: the `Qwen2_5_VLForConditionalGeneration` that `generate` calls.
        inputs: `input_ids` and `attention_mask`, (B, P), padded on the left, and the `VISION_INPUTS` of all B rows.
        groups: as `prompts_to_answer` finds them.

    Returns:
        (B, P + C), the prompts included.
    """
    first, patches = [group.first for group in groups], _patches(inputs)
    of_rows = ("input_ids", "attention_mask", "mm_token_type_ids", "image_grid_thw")
    output = model(
        **{name: inputs[name][first] for name in of_rows},
        pixel_values=torch.cat([patches[row] for row in first]),
        use_cache=True,
        logits_to_keep=1,
    )
    rows = [number for number, group in enumerate(groups) for _ in group.rows]
    members = torch.tensor(rows, device=inputs["input_ids"].device)
    cache = output.past_key_values
    cache.crop(-1)  # generation computes the last token of a prompt itself
    cache.batch_select_indices(members)
    model.model.rope_deltas = model.model.rope_deltas[members]  # of the positions after the pictures
    rest = {name: value for name, value in inputs.items() if name not in VISION_INPUTS}
    return generate(**rest, past_key_values=cache, generation_config=generation_config)


def _patches(inputs: dict[str, Any]) -> Sequence[torch.Tensor]:
    """Of each row."""
    given: torch.Tensor | list[torch.Tensor] = inputs["pixel_values"]
    return given if isinstance(given, list) else torch.split(given, inputs["image_grid_thw"].prod(-1).tolist())
