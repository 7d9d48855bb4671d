"""What is told of sampled completions, against hand-made ones that the trainer takes for its own."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from robot_r1.answer import REASONS
from tests.conftest import BARE, CPU, ShortRun
from train import grpo
from train.trainers import RobotGRPOTrainer

SAID = (
    "<think>red</think><answer>[[A]]</answer>",
    "<think>red</think><answer>B</answer>",
    "<think>red</think><answer>red</answer>",
    "<answer>A</answer>",
    "<think>red</think><answer>A",
    "A",
)


def say(monkeypatch: pytest.MonkeyPatch, texts: tuple[str, ...]) -> None:
    """Let the trainer sample these completions, one after the other."""

    def drawn(self: Any, prompt_ids: list[list[int]], *_: Any, **__: Any) -> Any:
        ids = self.processing_class.tokenizer(list(texts))["input_ids"]
        return [ids[place % len(texts)] for place in range(len(prompt_ids))], None

    monkeypatch.setattr(RobotGRPOTrainer, "_generate_single_turn", drawn)


def run(model: Path, data: Path, out: Path, *more: str) -> list[dict[str, float]]:
    """The logged lines of a run whose groups have six completions."""
    grpo.main(
        [
            *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU, *BARE],
            *["--num_generations", "6", "--per_device_train_batch_size", "12", "--logging_steps", "1"],
            *["--max_completion_length", "64", "--save_strategy", "no", "--max_steps", "1", *more],
        ]
    )
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "reward" in line]


def test_control_tokens_between_the_tags_are_seen_and_not_paid(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRL decodes them away, after which the format would be right."""
    good, between = "<think>red</think><answer>[[A]]</answer>", "<think>red</think><|im_start|><answer>[[A]]</answer>"
    say(monkeypatch, (good, between, "<think>red<|box_end|></think><answer>[[A]]</answer>"))
    (line,) = run(tiny_model, mixed_blocks, tmp_path, "--sample_every", "1", "--samples", "12")
    assert line["rewards/format_reward/mean"] == pytest.approx(1 / 3)
    assert line["letters/A"] == pytest.approx(1 / 3)
    assert line["refusals/control_token"] == pytest.approx(2 / 3)
    kept = pq.read_table(tmp_path / "samples" / "step-000001.parquet").to_pylist()
    assert {(sample["completion"], sample["refusal"]) for sample in kept} >= {(good, None), (between, "control_token")}


def test_letters_refusals_and_accuracies(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, SAID)
    (line,) = run(tiny_model, mixed_blocks, tmp_path, "--sample_every", "1", "--samples", "12")
    share = pytest.approx(1 / 6)
    assert {name: line[f"letters/{name}"] for name in ("A", "B", "C", "D")} == {"A": share, "B": share, "C": 0, "D": 0}
    assert line["letters/none"] == pytest.approx(4 / 6)
    refused = {name: line[f"refusals/{name}"] for name in REASONS}
    assert {name: value for name, value in refused.items() if value} == {
        "not_a_letter": share,
        "unclosed": share,
        "no_think": pytest.approx(2 / 6),
    }
    rows = pq.read_table(tmp_path / "samples" / "step-000001.parquet").to_pylist()
    for kind in {row["question_type"] for row in rows}:
        right = [row["letter"] == row["answer"] for row in rows if row["question_type"] == kind]
        assert line[f"train_accuracy/{kind}"] == pytest.approx(np.mean(right))
    assert line["rewards/format_reward/mean"] == pytest.approx(3 / 6)


def test_samples_fit_their_groups(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, SAID)
    run(tiny_model, mixed_blocks, tmp_path, "--sample_every", "1", "--samples", "12", "--reward_weights", "0.5", "2")
    rows = pq.read_table(tmp_path / "samples" / "step-000001.parquet").to_pylist()
    assert [row["completion"] for row in rows] == [*SAID, *SAID]
    assert Counter(row["id"] for row in rows).most_common(1)[0][1] == 6
    for group in (rows[:6], rows[6:]):
        rewards = np.array([row["reward"] for row in group])
        expected = (rewards - rewards.mean()) / (rewards.std(ddof=1) + 1e-4)
        assert [row["advantage"] for row in group] == pytest.approx(expected, abs=1e-4)
        for row in group:
            parts = {part["name"]: part["value"] for part in row["rewards"]}
            assert list(parts) == ["format_reward", "exact_match_reward"]
            assert row["reward"] == 0.5 * parts["format_reward"] + 2 * parts["exact_match_reward"]
            assert parts["exact_match_reward"] == float(row["letter"] == row["answer"])
            assert row["images"][0]["bytes"].startswith(b"\x89PNG")


def test_equal_rewards_have_no_advantage(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, ("<think>so</think><answer>[[E]]</answer>",))
    run(tiny_model, mixed_blocks, tmp_path, "--sample_every", "1", "--samples", "5")
    rows = pq.read_table(tmp_path / "samples" / "step-000001.parquet").to_pylist()
    assert [(row["reward"], row["advantage"], row["letter"], row["refusal"]) for row in rows] == [
        (1.0, 0.0, None, "not_a_letter")
    ] * 5


def test_samples_every_so_many_updates(short_run: ShortRun) -> None:
    assert [path.name for path in (short_run.folder / "samples").iterdir()] == ["step-000002.parquet"]
    rows = pq.read_table(short_run.folder / "samples" / "step-000002.parquet").to_pylist()
    assert len(rows) == 8
    assert all(math.isfinite(row["advantage"]) for row in rows)


def test_every_logging_step_is_logged(short_run: ShortRun) -> None:
    """Also one at which the held-out questions are asked: the library clears its wish to log then."""
    lines = [json.loads(line) for line in (short_run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3]
