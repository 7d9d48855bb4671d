"""What TRL gets silently wrong on Qwen2.5-VL, mended; each mending's test fails without it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoProcessor
from trl import GRPOConfig, RLOOConfig

from tests.support.rewards import vowel_reward
from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, read_split, rendered
from train.model import read_processor
from train.tiny_model import QWEN_TOKENS
from train.trainers import RobotGRPOTrainer, RobotRLOOTrainer
from train.trainers.vision import VisionTrainer, collapsed, forbidden_tokens, generation_kwargs

Trainer = type[RobotGRPOTrainer] | type[RobotRLOOTrainer]


def scored_batch(trainer_class: Trainer, model: Path, data: Path, out: Path, processor: Any) -> dict[str, Any]:
    """The first scored generation batch of a run, and the id of the image token as `image`."""
    config = GRPOConfig if trainer_class is RobotGRPOTrainer else RLOOConfig
    arguments = config(
        str(out),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        per_device_train_batch_size=12,
        num_generations=2,
        max_completion_length=4,
        generation_kwargs=generation_kwargs(processor, None, use_vllm=False),
    )
    questions = rendered(read_split(str(data), "train", QUESTION_COLUMNS), None, None)
    trainer = trainer_class(str(model), [vowel_reward], arguments, train_dataset=questions, processing_class=processor)
    trainer.model.train()
    rows = [questions[index // 2] for index in range(12)]
    scored: dict[str, Any] = trainer._generate_and_score_completions(rows)
    return {**scored, "image": processor.image_token_id}


def misaligned(scored: dict[str, Any]) -> int:
    """Rows whose token types do not mark exactly the image tokens."""
    ids = torch.cat([scored["prompt_ids"], scored["completion_ids"]], dim=1)
    return int(((scored["mm_token_type_ids"] == 1) != (ids == scored["image"])).any(dim=1).sum())


@pytest.mark.parametrize("trainer_class", [RobotGRPOTrainer, RobotRLOOTrainer])
def test_token_types_lie_on_the_image_tokens(
    trainer_class: Trainer, tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    processor = read_processor(ModelArguments(model_name_or_path=str(tiny_model)))
    assert misaligned(scored_batch(trainer_class, tiny_model, mixed_blocks, tmp_path, processor)) == 0


def test_right_padding_still_misaligns(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    """The fault that `left_padded` mends; when this fails, the mending can go (trl#5785)."""
    processor = AutoProcessor.from_pretrained(tiny_model)
    assert processor.tokenizer.padding_side == "right"
    assert misaligned(scored_batch(RobotGRPOTrainer, tiny_model, mixed_blocks, tmp_path, processor)) > 0


def test_no_control_token_is_sampled_but_an_end(tiny_model: Path) -> None:
    tokenizer = (processor := read_processor(ModelArguments(model_name_or_path=str(tiny_model)))).tokenizer
    ends = (tokenizer.eos_token_id, tokenizer.pad_token_id)
    forbidden = forbidden_tokens(processor, ends)
    names = {name for name in QWEN_TOKENS if name.startswith("<|")} - {"<|im_end|>", "<|endoftext|>"}
    assert set(tokenizer.convert_ids_to_tokens(forbidden)) == names
    kwargs = generation_kwargs(processor, {"top_k": 5, "suppress_tokens": [7]}, use_vllm=False)
    assert kwargs == {"suppress_tokens": [7, *forbidden], "top_k": 5}
    bias = generation_kwargs(processor, {"logit_bias": {7: 1.0, forbidden[0]: 5.0}}, use_vllm=True)["logit_bias"]
    assert bias == {7: 1.0, **dict.fromkeys(forbidden, -100.0)}


def test_a_model_that_wants_control_tokens_does_not_get_them(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    """With a head that prefers them: TRL alone forbids the image token only."""
    from transformers import Qwen2_5_VLForConditionalGeneration

    processor = read_processor(ModelArguments(model_name_or_path=str(tiny_model)))
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    with torch.no_grad():
        forbidden = forbidden_tokens(processor, model.generation_config.eos_token_id)
        model.lm_head.weight[forbidden] *= 1000
    model.save_pretrained(tmp_path / "greedy")
    processor.save_pretrained(tmp_path / "greedy")
    scored = scored_batch(RobotGRPOTrainer, tmp_path / "greedy", mixed_blocks, tmp_path / "run", processor)
    assert not torch.isin(scored["completion_ids"], torch.tensor(forbidden)).any()


def test_placeholders_are_collapsed() -> None:
    assert collapsed([1, 9, 9, 9, 2, 9, 9, 3], 9) == [1, 9, 2, 9, 3]
    assert collapsed([9, 9], 9) == [9]
    assert collapsed([], 9) == []


class _Generation:
    """What lies under the mixin in TRL's trainers: remembers what it is asked to generate from."""

    def _generate_single_turn(self, prompt_ids: list[list[int]], images: Any, *rest: Any) -> list[list[int]]:
        return prompt_ids


class _Stub(VisionTrainer, _Generation):
    use_vllm = True
    processing_class = SimpleNamespace(image_token_id=9)
    accelerator, model = SimpleNamespace(process_index=0), SimpleNamespace(training=True)
    num_generations = 2

    def __init__(self, mode: str) -> None:
        self.vllm_mode = mode


def test_colocated_vllm_gets_one_placeholder_per_image() -> None:
    prompts, images = [[1, 9, 9, 9, 2], [9, 9, 4]], [["picture"], ["picture"]]
    assert _Stub("colocate")._generate_single_turn(prompts, images, {}, 5) == [[1, 9, 2], [9, 4]]
    assert _Stub("server")._generate_single_turn(prompts, images, {}, 5) == prompts
    for trainer in (RobotGRPOTrainer, RobotRLOOTrainer):
        assert trainer._generate_single_turn is VisionTrainer._generate_single_turn


def test_trl_still_expands_before_generation(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    """Why placeholders are collapsed for vLLM, which expands them itself (trl#6294)."""
    processor = read_processor(ModelArguments(model_name_or_path=str(tiny_model)))
    scored = scored_batch(RobotGRPOTrainer, tiny_model, mixed_blocks, tmp_path, processor)
    assert (scored["prompt_ids"] == scored["image"]).sum(dim=1).max() == 16
