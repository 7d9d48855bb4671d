"""Every shipped configuration is read, and its plan comes out; the paper's numbers are those of the paper."""

import importlib
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from datasets import Dataset, Features, Image, List, Value
from trl import GRPOConfig, RLOOConfig

from robot_r1.errors import UserError
from robot_r1.pictures import png_bytes
from tests.support.blocks import PROMPT, block_image
from train.arguments import Settings, read_settings
from train.schedule import schedule
from train.sft import RobotSFTConfig
from train.trainers.reinforce_pp import ReinforcePPConfig

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "train").glob("*.yaml"))
CLASSES = {"sft": RobotSFTConfig, "rloo": RLOOConfig, "reinforce_pp": ReinforcePPConfig}


def script(config: Path) -> str:
    return next((name for name in CLASSES if name in config.stem), "grpo")


def settings(config: Path, *flags: str) -> Settings[GRPOConfig]:
    return read_settings(
        CLASSES.get(script(config), GRPOConfig), ["--config", str(config), "--dry_run", "true", *flags]
    )


@pytest.fixture(scope="session")
def many_questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for one generation of the paper's recipe, all with the same picture."""
    folder = tmp_path_factory.mktemp("many")
    picture = png_bytes(block_image("red", 56, np.random.default_rng(0)))
    row = {"question": PROMPT, "images": [{"bytes": picture, "path": "0.png"}], "answer": "A", "completion": "red"}
    kinds = ("waypoint", "current_state", "movement")
    rows = [{"id": str(number), "question_type": kinds[number % 3], **row} for number in range(600)]
    features = Features({name: Value("string") for name in rows[0] if name != "images"}) | {"images": List(Image())}
    for split, count in (("train", 600), ("validation", 30)):
        Dataset.from_list(rows[:count], features=Features(features)).to_parquet(folder / f"{split}-00000.parquet")
    return folder


def test_there_are_configs() -> None:
    assert len(CONFIGS) >= 9


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_dry_run(
    config: Path,
    many_questions: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    flags = ["--config", str(config), "--dataset", str(many_questions), "--output_dir", str(tmp_path / "run")]
    if config.stem.startswith("tiny"):
        flags += ["--model_name_or_path", str(tiny_model)]
    importlib.import_module(f"train.{script(config)}").main([*flags, "--dry_run", "true"])
    printed = capsys.readouterr().out
    assert "learning_rate: " in printed and "peak" in printed and "nothing was trained" in printed
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["paper_7b", "paper_7b_server"])
def test_the_papers_numbers(name: str) -> None:
    config = settings(CONFIGS[0].with_name(f"{name}.yaml"))
    plan = schedule(config.training, 7500, 4)
    assert plan.prompts_per_generation == 512
    assert plan.completions_per_generation == 2560
    assert plan.completions_per_update == 640 == 128 * config.training.num_generations
    assert plan.updates_per_generation == 4
    assert (plan.generations_per_epoch, plan.updates_per_epoch, plan.updates) == (14, 56, 280)
    training = config.training
    assert (training.learning_rate, training.weight_decay, training.max_grad_norm) == (1e-6, 0.01, 1.0)
    assert (training.temperature, training.top_p, training.beta) == (1.0, 0.99, 0.01)
    assert (training.epsilon, training.epsilon_high, training.delta) == (0.2, 0.3, 3.0)
    assert (training.loss_type, training.scale_rewards, training.num_iterations) == ("dapo", "group", 1)
    assert (config.data.min_pixels, config.data.max_pixels, config.data.max_prompt_tokens) == (262144, 4194304, 2048)
    assert training.save_steps % plan.updates_per_generation == 0


def test_supervised_batch_is_the_papers() -> None:
    training = settings(CONFIGS[0].with_name("sft_7b.yaml")).training
    assert training.per_device_train_batch_size * training.gradient_accumulation_steps * 4 == 128
    assert training.learning_rate == 1e-5


def test_a_7b_model_does_not_fit_on_one_gpu_whole(
    many_questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    config = CONFIGS[0].with_name("paper_7b.yaml")
    flags = ["--config", str(config), "--dataset", str(many_questions), "--output_dir", str(tmp_path / "run")]
    alone = ["--dry_run", "true", "--processes", "1", "--sharding", "none"]
    with pytest.raises(
        UserError, match=r"needs \d+\.\d GiB on each device, which has 80\.0 GiB; it would fit with: .*--"
    ):
        importlib.import_module("train.grpo").main([*flags, *alone])
