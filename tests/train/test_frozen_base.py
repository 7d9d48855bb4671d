"""Adapters are merged for vLLM and taken out again: TRL's own way of it moves the frozen weights, ours does not."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForImageTextToText
from trl.generation.vllm_generation import VLLMGeneration

from train.trainers.frozen_base import keep_frozen_weights


def adapted(model: Path, dtype: torch.dtype) -> PeftModel:
    lora = LoraConfig(r=8, target_modules="all-linear", exclude_modules=r".*visual.*")
    return get_peft_model(AutoModelForImageTextToText.from_pretrained(model, dtype=dtype), lora)


def frozen(model: PeftModel) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if "lora_" not in name}


def synchronise(model: PeftModel, times: int) -> list[dict[str, torch.Tensor]]:
    """What vLLM is given at each of some updates: TRL's own walk over the weights, without vLLM."""
    generation = VLLMGeneration.__new__(VLLMGeneration)
    generation.model = model
    generation._dist = SimpleNamespace(gather_params=lambda _: nullcontext(), is_fsdp=False)
    generator = torch.Generator().manual_seed(0)
    given = []
    for _ in range(times):
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_B" in name:
                    weight.add_(1e-4 * torch.randn(weight.shape, generator=generator))
        given.append({name: weight.clone() for name, weight in generation._iter_named_params()})
    return given


def moved(before: dict[str, torch.Tensor], model: PeftModel) -> float:
    now = frozen(model)
    changed = sum(int((now[name] != weight).sum()) for name, weight in before.items())
    return changed / sum(weight.numel() for weight in before.values())


def test_frozen_weights_come_back_exactly(tiny_model: Path) -> None:
    model = adapted(tiny_model, torch.bfloat16)
    before = frozen(model)
    keep_frozen_weights(model)
    given = synchronise(model, 10)
    assert moved(before, model) == 0
    name = next(name for name in given[0] if name.endswith("q_proj.weight"))
    assert not torch.equal(given[0][name], given[9][name])  # vLLM is given the adapters' changes


def test_the_library_moves_them(tiny_model: Path) -> None:
    """Once this fails, the library is mended and ours can go."""
    model = adapted(tiny_model, torch.bfloat16)
    before = frozen(model)
    synchronise(model, 10)
    assert moved(before, model) > 0.01


def test_float32_weights_need_no_copy(tiny_model: Path) -> None:
    model = adapted(tiny_model, torch.float32)
    before = frozen(model)
    keep_frozen_weights(model)
    synchronise(model, 3)
    after = frozen(model)
    for name, weight in before.items():
        torch.testing.assert_close(after[name], weight, rtol=0, atol=1e-7)
