"""Rewards by import path, each logged alone under its own name."""

import json
import sys
from pathlib import Path

import pytest
from datasets import load_dataset

from robot_r1.errors import UserError
from robot_r1.rewards import exact_match_reward, format_reward
from tests.conftest import CPU, ShortRun
from train import grpo
from train.reward_functions import check_columns, load_rewards

MODULE = """
import robot_r1.rewards

def short_reward(completions, **columns):
    return [-float(len(robot_r1.rewards.completion_text(c))) for c in completions]

def format_reward(completions, **columns):
    return [0.0] * len(completions)

class Settings:
    def __call__(self, completions, **columns):
        return [0.0] * len(completions)

settings = Settings()
number = 3
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the current folder."""
    (tmp_path / "my_rewards_here.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_rewards_here", raising=False)
    return "my_rewards_here"


def test_by_import_path(own_module: str) -> None:
    loaded = load_rewards(["robot_r1.rewards.format_reward", f"{own_module}.short_reward"])
    assert loaded[0] is format_reward
    assert loaded[1]([[{"role": "assistant", "content": "four"}], "six by"]) == [-4.0, -6.0]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "no rewards; give --rewards robot_r1.rewards.exact_match_reward"),
        (["format_reward"], "reward format_reward is no import path; give module.function, such as robot_r1.rewards"),
        (["..rewards.format_reward"], "is no import path"),
        (["no_such_package.rewards.one"], "No module named 'no_such_package'; is its package installed, or is it in"),
        (["robot_r1.rewards.two"], "robot_r1.rewards has no function two"),
        (["my_rewards_here.number"], "my_rewards_here has no function number"),
        (["my_rewards_here.settings"], "my_rewards_here has no function settings"),
        (["robot_r1.rewards.format_reward", "my_rewards_here.format_reward"], "two rewards are called format_reward"),
    ],
)
def test_what_cannot_be_a_reward(own_module: str, paths: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        load_rewards(paths)
    assert "\n" not in str(raised.value)


def test_columns_that_a_reward_needs() -> None:
    columns = ["id", "question", "answer", "images"]
    check_columns([format_reward, exact_match_reward], columns)
    with pytest.raises(UserError, match="reward exact_match_reward: missing a required argument: 'answer'"):
        check_columns([format_reward, exact_match_reward], ["id", "question"])


def test_a_reward_has_to_take_what_it_does_not_read() -> None:
    def narrow(prompts: list[str], completions: list[str]) -> list[float]:
        return []

    def as_in_trl(prompts: list[str], completions: list[str], answer: list[str], **rest: object) -> list[float]:
        return []

    check_columns([as_in_trl], ["answer"])
    with pytest.raises(UserError, match=r"(?s)reward narrow: got an unexpected keyword .*by \*\*columns"):
        check_columns([narrow], [])


def test_a_missing_column_is_found_before_the_model_is_loaded(short_run: ShortRun, tmp_path: Path) -> None:
    arguments = [*short_run.arguments, "--output_dir", str(tmp_path / "run"), "--reward_weights", "1"]
    with pytest.raises(UserError, match="l1_reward: missing a required argument: 'state'"):
        grpo.main([*arguments, "--rewards", "robot_r1.rewards.l1_reward"])
    assert not (tmp_path / "run").exists()


def test_each_reward_is_logged_alone_under_its_name(short_run: ShortRun) -> None:
    lines = [json.loads(line) for line in (short_run.folder / "metrics.jsonl").read_text().splitlines()]
    logged = [line for line in lines if "reward" in line]
    assert [line["step"] for line in logged] == [1, 2, 3]
    for line in logged:
        vowels, place = line["rewards/vowel_reward/mean"], line["rewards/place_reward/mean"]
        assert 0 <= vowels <= 1 and place == pytest.approx(sum(n % 5 for n in range(16)) / 16)
        assert line["reward"] == pytest.approx(vowels + 0.5 * place, abs=1e-5)


def test_open_ended_prompts_are_learned_from(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    """The paper's ablation: no options, no letter, a reward for closeness."""
    rows = load_dataset(str(blocks), split="train").select(range(20)).remove_columns(["answer", "options"])
    rows = rows.filter(lambda kind: kind != "movement", input_columns="question_type")
    rows = rows.add_column("state", [[0.1, 0.2, 0.9]] * len(rows)).add_column("target", [[0.1, 0.2, 0.9]] * len(rows))
    for split in ("train", "test"):
        rows.to_parquet(tmp_path / "data" / f"{split}-00000.parquet")
    places = ["--model_name_or_path", str(tiny_model), "--dataset", str(tmp_path / "data")]
    rewards = ["--rewards", "robot_r1.rewards.format_reward", "robot_r1.rewards.l1_reward"]
    flags = ["--num_generations", "2", "--per_device_train_batch_size", "4", "--max_completion_length", "4"]
    rest = ["--max_steps", "1", "--logging_steps", "1", "--save_strategy", "no", "--disable_tqdm", "true", *CPU]
    grpo.main([*places, *rewards, *flags, *rest, "--output_dir", str(tmp_path / "run")])
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["rewards/l1_reward/mean"] == 0 and "heldout/accuracy" not in lines[-1]
