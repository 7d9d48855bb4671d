"""Every shipped configuration is read, and its plan comes out; the paper's numbers are those of the paper."""

import importlib
import json
import shlex
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import yaml
from datasets import Dataset, Features, Image, List, Value
from trl import GRPOConfig, RLOOConfig
from trl.scripts import vllm_serve

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
    assert len(CONFIGS) >= 11


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


PAPER = ["paper_7b", "paper_7b_server", "paper_7b_rloo", "paper_7b_reinforce_pp"]
OBJECTIVES = {
    "paper_7b": {"loss_type": "bnpo", "beta": 0.01, "delta": 3.0, "scale_rewards": "group"},
    "paper_7b_server": {"loss_type": "bnpo", "beta": 0.01, "delta": 3.0, "scale_rewards": "group"},
    "paper_7b_rloo": {"beta": 0.01, "normalize_advantages": False},
    "paper_7b_reinforce_pp": {"loss_type": "bnpo", "beta": 0.001, "delta": 3.0},
}


@pytest.mark.parametrize("name", PAPER)
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
    assert (training.temperature, training.top_p, training.num_iterations) == (1.0, 0.99, 1)
    assert (training.epsilon, training.epsilon_high) == (0.2, 0.3)
    assert {key: getattr(training, key) for key in OBJECTIVES[name]} == OBJECTIVES[name]
    assert (config.data.min_pixels, config.data.max_pixels, config.data.max_prompt_tokens) == (262144, 4194304, 2048)
    assert training.save_steps % plan.updates_per_generation == 0


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_recipes_train_on_the_papers_data(name: str) -> None:
    data = yaml.safe_load((CONFIGS[0].parents[1] / "data" / "paper.yaml").read_text())
    assert settings(CONFIGS[0].with_name(f"{name}.yaml")).data.dataset == data["out"]
    held_out = data["split"]["validation_fraction"] + data["split"]["test_fraction"]
    demos = data["demos_per_task"] * len(data["tasks"])
    plan = schedule(settings(CONFIGS[0].with_name(f"{name}.yaml")).training, round(7500 * (1 - held_out)), 4)
    assert demos == 250 and (plan.generations_per_epoch, plan.updates_per_epoch, plan.updates) == (11, 44, 220)


def served(file: Path) -> tuple[dict[str, str], list[str]]:
    """Environment and arguments of the server's command line in a comment or in the documentation."""
    lines = file.read_text(encoding="utf-8").splitlines()
    words = shlex.split(next(line for line in lines if " vllm serve " in line).removeprefix("#"))
    start = words.index("vllm")
    return dict(word.split("=", 1) for word in words[:start]), words[start + 2 :]


def flagged(arguments: list[str]) -> dict[str, str]:
    """Flags with their values, those without one as empty."""
    flags: dict[str, str] = {}
    for word in arguments:
        if word.startswith("--"):
            flags[word] = ""
        elif flags:
            flags[list(flags)[-1]] = word
    return flags


def test_the_server_is_started_as_the_trainers_client_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against what TRL's own, deprecated, command would start; vLLM itself is not here."""
    monkeypatch.setattr(vllm_serve, "is_vllm_available", lambda min_version=None: True)
    config = settings(CONFIGS[0].with_name("paper_7b_server.yaml"))
    environment, arguments = served(CONFIGS[0].with_name("paper_7b_server.yaml"))
    assert (environment, arguments) == served(CONFIGS[0].parents[2] / "docs" / "training.md")
    flags = flagged(arguments)
    imposed = vllm_serve.build_command(vllm_serve.ScriptArguments(model="x"))
    needed = flagged(imposed[imposed.index("--enable-scale-out") :])
    assert {"--weight-transfer-config", "--logprobs-mode", "--max-logprobs", "--enable-scale-out"} == needed.keys()
    assert {name: flags[name] for name in needed} == needed
    assert environment["VLLM_SERVER_DEV_MODE"] == "1" and arguments[0] == config.model.model_name_or_path
    training = config.training
    assert (flags["--host"], int(flags["--port"])) == (training.vllm_server_host, training.vllm_server_port)
    assert int(flags["--max-model-len"]) >= config.data.max_prompt_tokens + training.max_completion_length
    assert int(flags["--tensor-parallel-size"]) == len(environment["CUDA_VISIBLE_DEVICES"].split(","))
    assert json.loads(flags["--limit-mm-per-prompt"])["image"] == 1


def test_adapters_on_four_gpus_learn_from_the_same_batches_as_on_one() -> None:
    """With the flags that README.md gives."""
    config = CONFIGS[0].with_name("lora_7b.yaml")
    text = (CONFIGS[0].parents[2] / "README.md").read_text()
    (line,) = [line for line in text.splitlines() if "multi_gpu.yaml" in line]
    more = line.split("lora_7b.yaml ")[1].split("`")[0].split()
    one, four = (
        schedule(settings(config, *flags).training, 3200, processes) for flags, processes in (([], 1), (more, 4))
    )
    assert one == four


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
