"""What is read from a run folder."""

from pathlib import Path

import pytest

from robot_r1.errors import UserError
from tests.support.runs import write_metrics, write_run_json
from train.report.answers import read_answers
from train.report.run import read_info, read_metrics


def test_metrics_that_only_some_lines_have(tmp_path: Path) -> None:
    write_metrics(tmp_path, [{"step": 0, "a": 1.0}, {"step": 1, "b": 2.0}, {"step": 2, "a": 3.0}])
    metrics = read_metrics(tmp_path)
    assert metrics["a"].steps.tolist() == [0, 2]
    assert metrics["a"].values.tolist() == [1.0, 3.0]
    assert len(metrics["c"]) == 0
    assert metrics.last_step == 2


def test_a_resumed_run_counts_each_step_once_and_all_its_time(tmp_path: Path) -> None:
    before = [{"step": s, "seconds": 10.0 * s, "loss": 1.0} for s in (1, 2, 3)]
    after = [{"step": s, "seconds": 10.0 * (s - 2), "loss": 2.0} for s in (3, 4)]
    write_metrics(tmp_path, before + after)
    metrics = read_metrics(tmp_path)
    assert metrics["loss"].steps.tolist() == [1, 2, 3, 4]
    assert metrics["loss"].values.tolist() == [1.0, 1.0, 2.0, 2.0]
    assert metrics.seconds == 50.0


@pytest.mark.parametrize("line", ['{"step": 2, "loss": 0.', "[1, 2]", '{"loss": 1.0}', '{"step": "x"}', "\x00\x00"])
def test_lines_that_are_no_records_are_left_out(tmp_path: Path, line: str) -> None:
    (tmp_path / "metrics.jsonl").write_text(f'{{"step": 1, "loss": 0.5}}\n{line}')
    metrics = read_metrics(tmp_path)
    assert metrics["loss"].values.tolist() == [0.5]
    assert metrics.unreadable == 1


def test_values_that_are_not_finite_are_counted_not_drawn(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "kl": null}\n{"step": 2, "kl": NaN}\n{"step": 3, "kl": 1}\n')
    metrics = read_metrics(tmp_path)
    assert metrics["kl"].values.tolist() == [1.0]
    assert metrics.not_finite == {"kl": 2}


def test_named_metrics(tmp_path: Path) -> None:
    write_metrics(tmp_path, [{"step": 1, "rewards/format/mean": 1.0, "rewards/format/std": 0.0, "reward": 1.0}])
    assert list(read_metrics(tmp_path).named("rewards/", "/mean")) == ["format"]


def test_answers_are_in_the_order_of_steps(run: Path) -> None:
    answers = read_answers(run)
    assert list(answers.attempts) == [0, 10, 20, 30, 40]
    assert len(answers.questions) == 15
    assert answers.samples_step == 40
    assert len(answers.samples) == 16 * 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "it has no run.json"),
        ("[]", "does not describe a training run"),
        ("{", "Invalid JSON"),
        ("{}", "algorithm"),
    ],
)
def test_a_folder_that_is_no_run(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_info(tmp_path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        read_info(tmp_path / "nowhere")


def test_what_run_json_does_not_say_is_empty(tmp_path: Path) -> None:
    write_run_json(tmp_path, data={"path": "x"}, settings={})
    info = read_info(tmp_path)
    assert info.data.rows == 0
    assert info.settings == {}
