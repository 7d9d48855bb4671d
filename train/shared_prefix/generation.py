"""Generation through transformers that computes each prompt, and its picture, once for all its completions."""

from collections.abc import Callable
from typing import Any

import torch
from transformers import GenerationConfig

from train.shared_prefix.groups import equal_prompts

VISION_INPUTS = ("pixel_values", "image_grid_thw", "mm_token_type_ids")


def generate_from_shared_prompts(
    generate: Callable[..., torch.Tensor],
    model: Callable[..., Any],
    core: Any,
    inputs: dict[str, torch.Tensor],
    generation_config: GenerationConfig,
) -> torch.Tensor:
    """Completions of B prompts, one picture each, of which adjacent ones may be equal.

    The different prompts are computed, their keys and values repeated for their completions, and generation goes on
    from the last token of each prompt. The logits are those of B prompts computed one by one, and as many random
    numbers are drawn in the same order, so greedy tokens are equal and sampled ones equally distributed.

    Args:
        generate: the model's own way to generate.
        model: Qwen2.5-VL, perhaps inside PEFT.
        core: its `Qwen2_5_VLModel`, which keeps the offset of the positions after the pictures.
        inputs: `input_ids` and `attention_mask`, (B, P), padded on the left, and the `VISION_INPUTS` of all B rows.

    Returns:
        (B, P + C), the prompts included.
    """
    ids, mask, grids = inputs["input_ids"], inputs["attention_mask"], inputs["image_grid_thw"]
    patches = torch.split(inputs["pixel_values"], grids.prod(-1).tolist())
    groups = equal_prompts(list(zip(ids, mask, grids, patches, strict=True)))
    first = [group.first for group in groups]
    output = model(
        input_ids=ids[first],
        attention_mask=mask[first],
        mm_token_type_ids=inputs["mm_token_type_ids"][first],
        image_grid_thw=grids[first],
        pixel_values=torch.cat([patches[row] for row in first]),
        use_cache=True,
        logits_to_keep=1,
    )
    members = torch.tensor([group.prompt for group in groups for _ in group.rows], device=ids.device)
    cache = output.past_key_values
    cache.crop(-1)  # generation computes the last token of a prompt itself
    cache.batch_select_indices(members)
    core.rope_deltas = core.rope_deltas[members]
    rest = {name: value for name, value in inputs.items() if name not in VISION_INPUTS}
    return generate(**rest, past_key_values=cache, generation_config=generation_config)
