"""A dry run: what would be done, and whether it fits, without weights and without the Hub."""

from pathlib import Path

import huggingface_hub.constants
import pytest
from transformers import Qwen2_5_VLConfig, Qwen3Config
from trl import GRPOConfig, SFTConfig

from robot_r1.errors import UserError
from tests.conftest import CPU
from train import grpo, sft
from train.arguments import read_settings
from train.check_dataset import DatasetCheck
from train.memory.footprint import check_memory, memory_settings, sharding
from train.memory.published import model_config, published_config
from train.memory.shape import model_shape

SEVEN, THREE = "Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen2.5-VL-3B-Instruct"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As `HF_HUB_OFFLINE=1`, with nothing in the cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def dry(model: str | Path, data: Path, *more: str) -> list[str]:
    return [
        *["--model_name_or_path", str(model), "--dataset", str(data), *CPU, "--dry_run", "true"],
        *["--num_generations", "5", "--per_device_train_batch_size", "10", *more],
    ]


@pytest.mark.parametrize(("model", "parameters"), [(SEVEN, 8_292_166_656), (THREE, 3_754_622_976)])
def test_published_sizes(model: str, parameters: int) -> None:
    config = published_config(model)
    assert config is not None
    assert model_shape(config, None, True).parameters == parameters


def test_configs_of_other_models(tiny_model: Path, tmp_path: Path) -> None:
    assert published_config("org/other") is None
    assert isinstance(model_config(str(tiny_model)), Qwen2_5_VLConfig)
    with pytest.raises(UserError, match=r"no model in org/other .*make one: python -m train.tiny_model"):
        model_config("org/other")
    Qwen3Config().save_pretrained(tmp_path / "text")
    with pytest.raises(UserError, match=r"text is a qwen3, not a qwen2_5_vl; give Qwen/Qwen2.5-VL-7B-Instruct"):
        model_config(str(tmp_path / "text"))


def test_a_dry_run_says_what_would_be_done(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    grpo.main(dry(tiny_model, mixed_blocks, "--output_dir", str(run), "--heldout_every", "11", "--train_limit", "30"))
    out = capsys.readouterr().out
    assert "heldout_every: 11" in out and "learning_rate: 1e-06" in out
    assert "30 of 30 questions can be used" in out
    assert "generation: 2 prompts, 10 completions" in out
    assert "run: 45 generations, 45 updates, 450 completions" in out
    assert "weights" in out and "GiB" in out and out.rstrip().endswith("nothing was trained")
    assert not run.exists()


def test_a_dry_run_of_supervised_training(
    tiny_model: Path, mixed_blocks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), *CPU, "--dry_run", "true"]
    sft.main([*flags, "--per_device_train_batch_size", "32"])
    out = capsys.readouterr().out
    assert "update: 32 examples; epoch: 2 updates" in out and out.rstrip().endswith("nothing was trained")


def test_a_released_model_without_the_hub(mixed_blocks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--gpu_memory", "80", "--processes", "8", "--sharding", "zero3", "--max_prompt_tokens", "900"]
    grpo.main(dry(SEVEN, mixed_blocks, *more, "--gradient_checkpointing", "true"))
    out = capsys.readouterr().out
    assert "every prompt is taken to have 900 tokens" in out
    assert "prompt tokens: 900 to 900" in out and "40 of 40 questions can be used" in out


def test_what_cannot_fit_is_refused_with_flags(mixed_blocks: Path) -> None:
    with pytest.raises(UserError, match=r"GiB on each device, which has 24.0 GiB; it would fit with: ") as raised:
        grpo.main(dry(SEVEN, mixed_blocks, "--gpu_memory", "24"))
    assert "--" in str(raised.value).split("fit with: ")[1] and "\n" not in str(raised.value)
    with pytest.raises(UserError, match="it would fit with: a larger device only"):
        grpo.main(dry(SEVEN, mixed_blocks, "--gpu_memory", "1"))


def test_an_actual_run_needs_the_processor(mixed_blocks: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no processor in {SEVEN}"):
        grpo.main([*dry(SEVEN, mixed_blocks, "--output_dir", str(tmp_path / "run")), "--dry_run", "false"])


CHECK = DatasetCheck(
    rows=2,
    kept=(0, 1),
    dropped={},
    examples={},
    tokens=(80, 95),
    image_tokens=16,
    longest_completion=30,
    questions={},
    letters={},
)


def test_what_the_estimate_takes_from_the_settings(tiny_model: Path, mixed_blocks: Path) -> None:
    more = ["--steps_per_generation", "4", "--beta", "0.01", "--optim", "paged_adamw_8bit", "--dtype", "bfloat16"]
    settings = read_settings(
        GRPOConfig, dry(tiny_model, mixed_blocks, *more, "--gpu_memory", "2.5", "--sharding", "zero2")
    )
    found = memory_settings(settings, CHECK, 3)
    assert (found.device_bytes, found.micro_batch, found.generation_batch) == (5 * 2**29, 10, 40)
    assert (found.prompt_tokens, found.patches, found.processes) == (95, 64, 3)
    assert (found.precision, found.optimizer, found.sharding) == ("bf16", "paged_adamw_8bit", "zero2")
    assert found.reference_model and not found.gradient_checkpointing and found.generation == "transformers"
    assert (found.heldout_batch, found.completion_tokens, found.quantization) == (16, 512, "none")
    check_memory(settings, CHECK, 3, show=False)


def test_more_that_the_estimate_takes_from_the_settings(tiny_model: Path, mixed_blocks: Path) -> None:
    more = ["--use_peft", "true", "--load_in_4bit", "true", "--optim", "adafactor", "--heldout_questions", "7"]
    more += ["--use_vllm", "true", "--vllm_mode", "colocate", "--vllm_tensor_parallel_size", "2"]
    found = memory_settings(read_settings(GRPOConfig, dry(tiny_model, mixed_blocks, *more)), CHECK, 2)
    assert (found.quantization, found.optimizer, found.vllm_devices, found.heldout_batch) == (
        "4bit",
        "stateless",
        2,
        4,
    )
    assert not found.offload_optimizer and not found.offload_weights
    flags = ["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), *CPU]
    supervised = memory_settings(read_settings(SFTConfig, [*flags, "--load_in_8bit", "true"]), CHECK, 1)
    assert (supervised.completion_tokens, supervised.quantization, supervised.generation) == (30, "8bit", "none")


def test_offload_is_that_of_the_launch(tiny_model: Path, mixed_blocks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(GRPOConfig, dry(tiny_model, mixed_blocks))
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_OFFLOAD_OPTIMIZER_DEVICE", "cpu")
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE", "none")
    found = memory_settings(settings, CHECK, 2)
    assert found.offload_optimizer and not found.offload_weights
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE", "cpu")
    assert memory_settings(settings, CHECK, 2).offload_weights


@pytest.mark.parametrize(
    "more", [["--optim", "lion_32bit"], ["--optim", "sgd", "--optim_args", "momentum=0.9"]], ids=["lion", "momentum"]
)
def test_an_optimizer_that_is_not_known_is_a_warning(
    tiny_model: Path, mixed_blocks: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    flags = [*more, "--gpu_memory", "1", "--dtype", "float32"]
    settings = read_settings(GRPOConfig, dry(tiny_model, mixed_blocks, *flags))
    check_memory(settings, CHECK, 1, show=False)
    said = capsys.readouterr().out
    assert said.startswith("with AdamW the run needs 1.") and f", which has 1.0 GiB; {more[1]} may need less" in said


@pytest.mark.parametrize(
    ("launched", "expected"),
    [
        ({}, "none"),
        ({"ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO_STAGE": "3"}, "zero3"),
        ({"ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO_STAGE": "2"}, "zero2"),
        ({"ACCELERATE_USE_FSDP": "true"}, "fsdp2"),
    ],
)
def test_sharding_is_that_of_the_launch(
    tiny_model: Path, mixed_blocks: Path, monkeypatch: pytest.MonkeyPatch, launched: dict[str, str], expected: str
) -> None:
    settings = read_settings(GRPOConfig, dry(tiny_model, mixed_blocks))
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    assert sharding(settings) == expected
