from collections import Counter
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from scipy.stats import chisquare
from transformers import GenerationConfig, Qwen2_5_VLForConditionalGeneration

from tests.support.prompts import make_rows
from train.shared_prefix.attention import NAME, register
from train.shared_prefix.generation import generate_from_shared_prompts, prompts_to_answer
from train.trainers import RobotGRPOTrainer

TOKENS = 12


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Qwen2_5_VLForConditionalGeneration:
    register()
    loaded = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model, dtype=torch.float32)
    for parameter in loaded.parameters():
        parameter.data *= 3
    return loaded.eval()


def prompts(model: Qwen2_5_VLForConditionalGeneration, words: list[int], generations: int) -> dict[str, torch.Tensor]:
    grids = [(4, 8), (8, 4), (6, 6)][: len(words)]
    rows = make_rows(model, words, grids, [1] * (len(words) * generations), generations)
    cut = ("input_ids", "attention_mask", "mm_token_type_ids")
    return {name: value[:, :-1] if name in cut else value for name, value in rows.model_inputs.items()}


def config(model: Any, **settings: Any) -> GenerationConfig:
    forbidden = [model.config.image_token_id, model.config.video_token_id]
    return GenerationConfig(pad_token_id=0, eos_token_id=None, suppress_tokens=forbidden, **settings)


def ours(model: Any, inputs: dict[str, torch.Tensor], settings: GenerationConfig) -> torch.Tensor:
    with torch.no_grad():
        return generate_from_shared_prompts(model.generate, model, inputs, prompts_to_answer(inputs), settings)


@pytest.mark.parametrize("attention", ["sdpa", NAME])
def test_greedy_tokens_are_those_of_separate_prompts(model: Any, attention: str) -> None:
    inputs = prompts(model, [40, 23, 61], 3)
    settings = config(model, do_sample=False, max_new_tokens=TOKENS)
    theirs = model.generate(**inputs, generation_config=settings)
    model.model.language_model.set_attn_implementation(attention)
    assert torch.equal(ours(model, inputs, settings), theirs)
    assert len({tuple(row[-TOKENS:].tolist()) for row in theirs}) == 3


def test_sampled_tokens_are_those_of_separate_prompts_with_the_same_random_numbers(model: Any) -> None:
    inputs = prompts(model, [40, 23], 4)
    settings = config(model, do_sample=True, max_new_tokens=TOKENS)
    torch.manual_seed(7)
    theirs = model.generate(**inputs, generation_config=settings)
    torch.manual_seed(7)
    mine = ours(model, inputs, settings)
    assert torch.equal(mine, theirs)
    assert len({tuple(row[-TOKENS:].tolist()) for row in mine}) == 8


def test_sampled_tokens_have_the_probabilities_that_the_model_gives_them(model: Any) -> None:
    inputs = prompts(model, [30], 1)
    with torch.no_grad():
        logits = model(**inputs).logits[0, -1]
    logits[[model.config.image_token_id, model.config.video_token_id]] = -torch.inf
    probability = torch.softmax(logits.double(), 0).numpy()
    many = prompts(model, [30], 2000)
    torch.manual_seed(0)
    drawn = ours(model, many, config(model, do_sample=True, max_new_tokens=1, top_k=0))[:, -1].tolist()
    usual = np.argsort(-probability)[:12]
    counts = Counter(drawn)
    seen = [counts[int(token)] for token in usual]
    expected = 2000 * probability[usual]
    seen, expected = [*seen, 2000 - sum(seen)], [*expected, 2000 - expected.sum()]
    assert chisquare(seen, expected).pvalue > 1e-3


def test_each_prompt_and_picture_is_computed_once(model: Any) -> None:
    prompt_rows, patches = [], []
    hooks = [
        model.model.language_model.register_forward_pre_hook(
            lambda module, args, named: prompt_rows.append(tuple(named["inputs_embeds"].shape[:2])), with_kwargs=True
        ),
        model.model.visual.register_forward_pre_hook(lambda module, args: patches.append(len(args[0]))),
    ]
    ours(model, prompts(model, [40, 23], 5), config(model, do_sample=False, max_new_tokens=3))
    for hook in hooks:
        hook.remove()
    assert patches == [4 * 8 + 8 * 4]
    assert [rows for rows, _ in prompt_rows] == [2, 10, 10, 10] and [width for _, width in prompt_rows[1:]] == [
        1,
        1,
        1,
    ]


def test_an_adapter_generates_through_the_model_inside_as_in_peft(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In mixed precision the adapter's forward pass is under autocast; the one that PEFT generates with is not."""
    adapted = get_peft_model(deepcopy(model), LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    inputs, settings = prompts(model, [40, 23], 3), config(model, do_sample=False, max_new_tokens=TOKENS)
    trainer = RobotGRPOTrainer.__new__(RobotGRPOTrainer)
    trainer.model = trainer.model_wrapped = adapted.eval()
    trainer.accelerator = SimpleNamespace(unwrap_model=lambda wrapped: wrapped)
    trainer.num_generations_eval, trainer.args = 3, SimpleNamespace(per_device_eval_batch_size=6)
    calls = []
    monkeypatch.setattr(adapted, "forward", lambda *args, **named: calls.append(named))
    with torch.no_grad():
        theirs = adapted.generate(**inputs, generation_config=settings)
        with trainer._prompts_prefilled_once():
            ours = adapted.generate(**inputs, generation_config=settings)
    assert torch.equal(ours, theirs) and not torch.equal(ours, model.generate(**inputs, generation_config=settings))
    assert not calls
