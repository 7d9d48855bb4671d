"""Which updates survive in weights of low precision, and that training refuses those that do not."""

from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import CPU
from tests.train.test_footprint import CHECK
from train import grpo
from train.arguments import read_settings
from train.memory.footprint import memory_settings
from train.preflight import LEAST_RATE, check_settings
from train.sft import RobotSFTConfig


def moved(dtype: torch.dtype, rate: float, updates: int = 50) -> torch.Tensor:
    """How far AdamW moves 50,000 weights as wide as those of a released 7B model, as a noisy gradient tells it."""
    generator = torch.Generator().manual_seed(0)
    start = (0.02 * torch.randn(50_000, generator=generator)).to(dtype)
    slope = 1e-3 * torch.randn(50_000, generator=generator).sign()
    weights = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([weights], lr=rate, weight_decay=0.01)
    for _ in range(updates):
        weights.grad = (slope + 1e-3 * torch.randn(50_000, generator=generator)).to(dtype)
        optimizer.step()
    return -(weights.detach().float() - start.float()) * slope.sign()


def kept(dtype: torch.dtype, rate: float) -> float:
    """The share of the way that float32 goes."""
    return float(moved(dtype, rate).mean() / moved(torch.float32, rate).mean())


def test_the_bound_is_where_updates_begin_to_survive() -> None:
    assert kept(torch.bfloat16, 1e-6) < 0.02
    assert kept(torch.bfloat16, 1e-5) < 0.2
    assert 0.5 < kept(torch.bfloat16, LEAST_RATE) < 0.9
    assert kept(torch.bfloat16, 4 * LEAST_RATE) > 0.95


@pytest.mark.parametrize("rate", [1e-6, 1e-3])
def test_float16_weights_become_nan(rate: float) -> None:
    assert moved(torch.float16, rate).isnan().any()


@pytest.fixture(scope="module")
def saved_in_bfloat16(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the released models are."""
    folder = tmp_path_factory.mktemp("low") / "model"
    Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model, dtype=torch.bfloat16).save_pretrained(folder)
    return folder


def flags(model: Path | str, *more: str) -> list[str]:
    return ["--model_name_or_path", str(model), "--dataset", "data/x", "--output_dir", "out", *CPU, *more]


REFUSED = [
    (["--dtype", "bfloat16"], "learning_rate 1e-06 moves next to none of the weights in bfloat16"),
    (["--dtype", "bfloat16", "--bf16", "true"], "launch with configs/accelerate/zero3.yaml"),
    (["--dtype", "bfloat16", "--learning_rate", "2e-5"], "updates below 8e-05 are mostly rounded away"),
    (["--dtype", "bfloat16", "--dry_run", "true", "--sharding", "fsdp2"], "rounded away"),
    (["--dtype", "float16", "--learning_rate", "1e-3"], "underflow in float16 weights"),
]


@pytest.mark.parametrize(("more", "message"), REFUSED)
def test_full_fine_tuning_that_moves_nothing_is_refused(tiny_model: Path, more: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        check_settings(read_settings(GRPOConfig, flags(tiny_model, *more)))
    assert "--bf16 true" in str(raised.value) and "--use_peft true" in str(raised.value)


def test_what_the_files_hold_counts_for_auto(saved_in_bfloat16: Path, tiny_model: Path) -> None:
    for model in (saved_in_bfloat16, "Qwen/Qwen2.5-VL-7B-Instruct"):
        settings = read_settings(GRPOConfig, flags(model, "--dtype", "auto", "--dry_run", "true"))
        with pytest.raises(UserError, match="rounded away"):
            check_settings(settings)
        assert memory_settings(settings, CHECK, 1).precision == "bf16"
    check_settings(read_settings(GRPOConfig, flags(tiny_model, "--dtype", "auto", "--dry_run", "true")))


ALLOWED = [
    [],
    ["--dtype", "float32"],
    ["--dtype", "bfloat16", "--use_peft", "true"],
    ["--dtype", "bfloat16", "--learning_rate", "1e-3"],
    ["--dtype", "bfloat16", "--dry_run", "true", "--sharding", "zero3"],
    ["--dtype", "bfloat16", "--dry_run", "true", "--sharding", "zero2"],
    ["--dtype", "bfloat16", "--dry_run", "true", "--sharding", "fsdp2", "--bf16", "true"],
]


@pytest.mark.parametrize("more", ALLOWED)
def test_where_float32_weights_are_kept_it_is_not(tiny_model: Path, more: list[str]) -> None:
    check_settings(read_settings(GRPOConfig, flags(tiny_model, *more)))


def test_supervised_training_is_looked_at_too(tiny_model: Path) -> None:
    with pytest.raises(UserError, match="rounded away"):
        check_settings(read_settings(RobotSFTConfig, flags(tiny_model, "--dtype", "bfloat16")))


def test_the_advice_for_a_run_that_does_not_fit_names_no_such_way(
    mixed_blocks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven billion weights on one device: two bytes for each would fit, and learn nothing."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    wide = ["--gpu_memory", "80", "--max_completion_length", "64", "--max_prompt_tokens", "300", "--dry_run", "true"]
    model = "Qwen/Qwen2.5-VL-7B-Instruct"
    with pytest.raises(UserError, match="it would fit with: ") as raised:
        grpo.main([*flags(model, *wide, "--bf16", "true"), "--dataset", str(mixed_blocks)])
    assert "bfloat16" not in str(raised.value) and "--use_peft true" in str(raised.value)
