"""The estimate of memory with shared prompts against the peak of real models on the CPU."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from peft import LoraConfig

from tests.train.test_memory import ADAPTERS, PAPER, batch, measured_peak, small
from train.memory.activations import activations
from train.memory.settings import MemorySettings, Precision
from train.memory.shape import model_shape
from train.shared_prefix.attention import SPLIT_FROM, register, segments
from train.shared_prefix.groups import Group
from train.shared_prefix.layout import lay_out


def shared_batch(settings: MemorySettings, grid: int, lengths: Sequence[int] | None = None) -> dict[str, Any]:
    """The row of `settings.micro_batch` completions in groups; all of them as long as can be, unless told."""
    rows = batch(settings.micro_batch, settings.prompt_tokens + settings.completion_tokens, grid)
    rows["attention_mask"][:] = 1
    width, prompts = settings.prompt_tokens, settings.prompts
    groups = [Group(number * settings.sharing, settings.sharing) for number in range(prompts)]
    positions = torch.arange(width).expand(3, prompts, width)
    for row, length in enumerate(lengths or []):
        rows["attention_mask"][row, width + length :] = 0
    layout = lay_out(groups, rows["input_ids"], rows["attention_mask"], width, positions)
    return {
        "input_ids": layout.input_ids,
        "position_ids": layout.position_ids,
        "pixel_values": rows["pixel_values"][: prompts * grid**2],
        "image_grid_thw": rows["image_grid_thw"][:prompts],
        "use_cache": False,
        "shared_prefix_segments": segments(layout.groups, SPLIT_FROM, torch.device("cpu")),
    }


@pytest.mark.filterwarnings("ignore:.gradient_checkpointing_enable. is deprecated")
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "checkpointed"])
@pytest.mark.parametrize(
    ("precision", "prompt", "completion", "lora"),
    [
        pytest.param("fp32", 100, 40, None, id="mask-fp32"),
        pytest.param("mixed", 100, 40, ADAPTERS, id="mask-adapters-mixed"),
        pytest.param("fp32", 600, 110, None, id="split-fp32"),
        pytest.param("mixed", 600, 110, ADAPTERS, id="split-adapters-mixed"),
    ],
)
def test_activations_of_shared_prompts_agree_with_the_peak_of_a_real_model(
    precision: Precision, prompt: int, completion: int, lora: LoraConfig | None, checkpointing: bool
) -> None:
    settings = replace(
        PAPER,
        micro_batch=8,
        sharing=4,
        prompt_tokens=prompt,
        completion_tokens=completion,
        patches=64,
        precision=precision,
        gradient_checkpointing=checkpointing,
    )
    register()
    shape = replace(model_shape(small(), lora, train_vision=True), head_trained=False)
    estimated = activations(shape, settings)
    measured = measured_peak(small(), settings, lora, shared_batch(settings, 8))
    assert estimated.kept + estimated.working == pytest.approx(measured, rel=0.15)


@pytest.mark.parametrize(
    ("micro_batch", "generation_batch", "prompts", "group_tokens"),
    [(10, 640, 2, 11000), (8, 640, 3, 11000), (8, 64, 4, 11000), (2, 640, 2, 5000), (20, 640, 4, 11000)],
    ids=["whole", "cut", "cut in generation", "parts", "four"],
)
def test_prompts_of_a_batch_that_cuts_groups(
    micro_batch: int, generation_batch: int, prompts: int, group_tokens: int
) -> None:
    tokens = {"sharing": 5, "prompt_tokens": 1000, "completion_tokens": 2000}
    settings = replace(PAPER, micro_batch=micro_batch, generation_batch=generation_batch, **tokens)
    assert (settings.prompts, settings.group_tokens) == (prompts, group_tokens)


@pytest.mark.parametrize(
    ("prompt", "completion", "lengths"),
    [(800, 1500, [1500] * 10), (800, 2048, [2048] * 5 + [60] * 5)],
    ids=["all long", "one long group"],
)
def test_the_estimate_counts_every_token_that_is_computed(prompt: int, completion: int, lengths: list[int]) -> None:
    """At most two tokens too many for the longest completions, and no padding beside them for others."""
    tokens = {"micro_batch": 10, "generation_batch": 640, "prompt_tokens": prompt, "completion_tokens": completion}
    settings = replace(PAPER, sharing=5, **tokens)
    computed = shared_batch(settings, 8, lengths)["input_ids"].numel()
    counted = settings.prompts * prompt + settings.micro_batch * completion
    assert computed == 2 * (prompt - 1) + sum(lengths)
    assert counted - 2 == 2 * (prompt - 1) + 10 * completion


@pytest.mark.parametrize(("sharing", "completions", "pictures"), [(5, 640, 128), (5, 64, 14), (1, 640, 640)])
def test_pictures_are_held_once_for_a_prompt(sharing: int, completions: int, pictures: int) -> None:
    """64 completions can have the last one of a prompt, twelve whole ones, and the first three of another."""
    assert replace(PAPER, sharing=sharing, generation_batch=completions).pictures == pictures
