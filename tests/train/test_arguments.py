"""Settings from a YAML file and flags, and what is said of those that cannot be read."""

import json
from pathlib import Path

import pytest
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import CPU
from train.arguments import REWARDS, Settings, read_settings


@pytest.fixture
def yaml_file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def read(path: Path, text: str | None = None, *more: str) -> Settings[GRPOConfig]:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return read_settings(GRPOConfig, ["--config", str(path), *CPU, *more])


def test_flags_win_over_the_file(yaml_file: Path) -> None:
    text = "dataset: data/default\nlearning_rate: 1.0e-3\nheldout_every: 5\nmax_pixels: 50176\nseed: 3\n"
    settings = read(yaml_file, text, "--heldout_every", "7", "--question_types", "movement", "waypoint")
    assert (settings.data.dataset, settings.watch.heldout_every, settings.training.seed) == ("data/default", 7, 3)
    assert settings.training.learning_rate == 1e-3 and settings.data.max_pixels == 50176
    assert settings.data.question_types == ["movement", "waypoint"]
    assert settings.rewards.rewards == list(REWARDS)


def test_a_list_of_one_may_be_written_plainly(yaml_file: Path) -> None:
    settings = read(yaml_file, "rewards: robot_r1.rewards.format_reward\nquestion_types: movement\n")
    assert settings.rewards.rewards == ["robot_r1.rewards.format_reward"]
    assert settings.data.question_types == ["movement"]


def test_all_settings_are_plain_values(yaml_file: Path) -> None:
    flat = read(yaml_file, "dataset: x\nlr_scheduler_kwargs: {a: 1}\n").flat()
    assert json.loads(json.dumps(flat))["lr_scheduler_kwargs"] == {"a": 1}
    assert {"dataset", "rewards", "lora_r", "heldout_every", "num_generations"} <= flat.keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense: 1\n", "nonsense"),
        ("a: [1\nb", "is not readable YAML"),
        ("- a\n- b\n", "must hold keys and values"),
        ("", "is empty"),
        ("[" * 20_000, "nest"),
        ("a: &a [1, 1]\nrewards: [*a, *a]", "uses aliases"),
        ("env: 3", "env of the configuration must hold names and values"),
        ("self: 1", "self"),
        ("metric_for_best_model: [1]\noutput_dir: x", "a setting is not of its kind"),
        ("logging_steps: .inf\noutput_dir: x", "a setting is not of its kind"),
        ("accelerator_config: none\noutput_dir: x", "a setting is not of its kind"),
        ("lora_target_modules: {a: b}\noutput_dir: x", "a setting is not of its kind"),
        ("heldout_every: many\n", "invalid int value: 'many'; --help lists the flags"),
        ("resume: perhaps\n", "perhaps"),
        ("lr_scheduler_type: sudden\n", "sudden"),
    ],
)
def test_files_that_say_what_is_not_allowed(yaml_file: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(yaml_file, text)


def test_no_file(yaml_file: Path) -> None:
    with pytest.raises(UserError, match=r"configuration .*config.yaml is missing; see configs/train/"):
        read(yaml_file)
    with pytest.raises(UserError, match=r"configuration .* is not a file"):
        read(yaml_file.parent)
    with pytest.raises(UserError, match=r"--config needs a file, such as configs/train/tiny_grpo.yaml"):
        read_settings(GRPOConfig, ["--seed", "3", "--config"])
    yaml_file.write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(UserError, match="is not readable YAML"):
        read(yaml_file)


@pytest.mark.parametrize("flags", [["--nonsense", "1"], ["--seed", "x"], ["--num_generations"]])
def test_flags_that_are_not_allowed(flags: list[str]) -> None:
    with pytest.raises(UserError):
        read_settings(GRPOConfig, [*CPU, *flags])
