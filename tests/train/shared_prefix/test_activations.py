"""The estimate of memory with shared prompts against the peak of real models on the CPU."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from peft import LoraConfig

from tests.train.test_memory import ADAPTERS, PAPER, batch, measured_peak, small
from train.memory.activations import activations
from train.memory.settings import MemorySettings, Precision
from train.memory.shape import model_shape
from train.shared_prefix.attention import branch_mask, register, segments
from train.shared_prefix.groups import Group
from train.shared_prefix.layout import lay_out
from train.shared_prefix.log_probs import SPLIT_FROM


def shared_batch(settings: MemorySettings, grid: int) -> dict[str, Any]:
    """The rows of `settings.micro_batch` completions in groups."""
    rows = batch(settings.micro_batch, settings.prompt_tokens + settings.completion_tokens, grid)
    rows["attention_mask"][:] = 1
    width, prompts = settings.prompt_tokens, settings.prompts
    groups = [Group(number * settings.sharing, settings.sharing, number) for number in range(prompts)]
    positions = torch.arange(width).expand(3, prompts, width)
    layout = lay_out(groups, rows["input_ids"], rows["attention_mask"], width, positions, 0)
    split = layout.input_ids.shape[1] >= SPLIT_FROM
    return {
        "input_ids": layout.input_ids,
        "position_ids": layout.position_ids,
        "pixel_values": rows["pixel_values"][: prompts * grid**2],
        "image_grid_thw": rows["image_grid_thw"][:prompts],
        "use_cache": False,
        "attention_mask": None if split else branch_mask(layout.branch),
        **({"shared_prefix_segments": segments(layout.branch)} if split else {}),
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
    ("micro_batch", "longest_row", "prompts", "row_tokens"),
    [(10, 20000, 2, 11000), (10, 8192, 4, 7000), (10, 1, 10, 3000), (8, 20000, 3, 11000), (2, 20000, 2, 5000)],
    ids=["whole", "cut", "alone", "in two batches", "parts"],
)
def test_cut_groups_have_more_rows(micro_batch: int, longest_row: int, prompts: int, row_tokens: int) -> None:
    tokens = {"sharing": 5, "prompt_tokens": 1000, "completion_tokens": 2000}
    settings = replace(PAPER, micro_batch=micro_batch, longest_row=longest_row, **tokens)
    assert (settings.prompts, settings.row_tokens) == (prompts, row_tokens)
