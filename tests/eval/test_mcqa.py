import base64
import json
import re
import sys
from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import EvalLog, list_eval_logs, read_eval_log
from inspect_ai.model import ChatMessage, ContentImage, ContentText

from eval import mcqa
from eval.questions import Row
from robot_r1.cli import run_command
from tests.support.question_rows import question_rows, write_rows
from tests.support.scripted_model import configs, scripted

ROWS = question_rows(30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("set"), ROWS)


def only_log(folder: Path) -> EvalLog:
    (log,) = list_eval_logs(str(folder))
    return read_eval_log(log)


def metrics(log: EvalLog) -> dict[str, float]:
    assert log.results is not None
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


def text_of(messages: list[ChatMessage]) -> str:
    content = messages[-1].content
    assert not isinstance(content, str)
    return "<image>".join(part.text for part in content if isinstance(part, ContentText))


def row_of(messages: list[ChatMessage]) -> Row:
    return next(row for row in ROWS if row.question == text_of(messages))


def test_a_model_is_asked_with_the_picture_in_its_place(folder: Path, tmp_path: Path) -> None:
    seen: list[list[ChatMessage]] = []

    def script(messages: list[ChatMessage]) -> str:
        seen.append(messages)
        row = row_of(messages)
        if row.id == ROWS[3].id:
            return "[[A]]"
        return f"<think>I look.</think> <answer>[[{row.answer}]]</answer>"

    arguments = ["--dataset", str(folder), "--model", scripted("looks", script), "--log-dir", str(tmp_path)]
    assert mcqa.main(arguments) == 0
    assert len(seen) == 30
    (message,) = seen[0]
    before, image, after = message.content
    assert isinstance(before, ContentText) and before.text.endswith("\n")
    assert isinstance(after, ContentText) and after.text.startswith(": front view")
    assert isinstance(image, ContentImage)
    assert base64.b64decode(image.image.removeprefix("data:image/png;base64,")) == row_of(seen[0]).images[0]
    assert (configs["looks"].temperature, configs["looks"].max_tokens) == (0.0, 2048)

    log = only_log(tmp_path)
    facts = log.eval.metadata or {}
    assert (log.eval.task, facts["benchmark"], facts["engine"], log.eval.model) == (
        "mcqa",
        "mcqa",
        "scripted",
        "scripted/looks",
    )
    assert facts["decoding"] == {"temperature": 0.0, "max_tokens": 2048}
    assert facts["image_resolution"] == ["16x16"]
    assert facts["prompt"].startswith("robot_r1/prompts, ")
    assert set(facts["versions"]) >= {"robot-r1", "inspect-ai"}
    assert (facts["dataset"], facts["seed"], facts["split"]) == (str(folder), 0, "test")
    found = metrics(log)
    assert found["mean"] == pytest.approx(29 / 30)
    assert found["failed_no_think"] == 1
    (failed,) = [sample for sample in log.samples or [] if sample.id == ROWS[3].id]
    score = (failed.scores or {})["right_option"]
    assert (score.value, (score.metadata or {})["reason"]) == (0.0, "no_think")
    assert failed.metadata["question_id"] == ROWS[3].id
    assert {"demo", "task", "group"} <= set(failed.metadata)

    again = len(seen)
    assert mcqa.main(arguments) == 0
    assert len(seen) == again


def test_four_orders_expose_a_model_that_always_says_a(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = scripted("always-a", lambda _: "<think>A is nice.</think><answer>A</answer>")
    options = ["--dataset", str(folder), "--model", model, "--log-dir", str(tmp_path), "--permutations", "4"]
    assert mcqa.main([*options, "--limit", "6", "--markdown", str(tmp_path / "table.md")]) == 0
    log = only_log(tmp_path)
    assert log.eval.task == "mcqa-permuted"
    ids = [str(sample.id) for sample in log.samples or []]
    assert len(ids) == 24 and {re.sub("~[0-3]$", "", name) for name in ids} == {
        sample.metadata["question_id"] for sample in log.samples or []
    }
    found = metrics(log)
    assert (found["mean"], found["consistent"], found["all_orders_right"], found["share_A"]) == (0.25, 0, 0, 1)
    text = " ".join((tmp_path / "table.md").read_text().split())  # without what only lines the columns up
    assert "| letters answered | A 100%, B 0%, C 0%, D 0% |" in text
    assert "| same option in every order | .000 [.000, ." in text
    assert "inspect view --log-dir" in capsys.readouterr().err


def test_baselines_are_read_like_models(folder: Path, tmp_path: Path) -> None:
    for name, right in (("oracle", 1.0), ("first letter", None)):
        place = tmp_path / name
        assert mcqa.main(["--dataset", str(folder), "--baseline", name, "--log-dir", str(place)]) == 0
        log = only_log(place)
        assert (log.eval.model, (log.eval.metadata or {})["baseline"]) == ("none/none", name)
        if right is not None:
            assert metrics(log)["mean"] == right
            assert metrics(log)["distance_mean"] == 0


def test_the_table_of_all_baselines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mcqa.main(["--dataset", str(folder), "--baseline", "all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    oracle = next(line for line in lines if line.startswith("oracle"))
    words = oracle.split()
    assert words[1::3] == ["1.00"] * 3 and words[3::3] == ["1.00]"] * 3
    assert all(".4" < low.strip("[,") < ".9" for low in words[2::3])  # all right in few demos is no certainty
    assert next(line for line in lines if line.startswith("fewest words")).count("[") == 1


@pytest.mark.parametrize(
    ("told", "arguments"),
    [
        ("give --model PROVIDER/NAME", []),
        ("either --baseline or --model", ["--baseline", "random", "--model", "openai/x"]),
        ("did you mean 'random'", ["--baseline", "rand"]),
        ("give PROVIDER/NAME", ["--model", "gpt-4o"]),
        ("not recognized; give PROVIDER/NAME", ["--model", "nobody/gpt"]),
        ("OPENAI_API_KEY", ["--model", "openai/gpt-4o"]),
        ("-M batch is not NAME=VALUE", ["--model", "openai/gpt-4o", "-M", "batch"]),
        ("pip install anthropic", ["--model", "anthropic/claude"]),
        ("0 is not a number of at least 1", ["--limit", "0"]),
        ("invalid choice: 3", ["--permutations", "3"]),
        ("give another --log-dir", ["--baseline", "oracle", "--log-dir", "/proc/logs"]),
        ("give another --markdown", ["--baseline", "all", "--markdown", "/proc/no/table.md"]),
    ],
)
def test_mistakes_end_in_one_line(
    folder: Path, told: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(sys, "argv", ["mcqa", "--dataset", str(folder), *arguments])
    assert run_command(mcqa.main, "again") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and told in line


def test_inspects_own_eval_runs_it_and_takes_mistakes_for_its_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])

    def inspect(**arguments: str) -> EvalLog:
        (log,) = inspect_eval(
            "eval/mcqa.py", model="none/none", task_args=arguments, log_dir=str(tmp_path), display="none"
        )
        return log

    log = inspect(dataset=str(folder), baseline="oracle", question_types="waypoint,movement")
    assert metrics(log)["mean"] == 1.0
    assert (log.eval.metadata or {})["engine"] == "none"
    assert log.eval.dataset.samples == 20
    with pytest.raises(PrerequisiteError, match="neither a folder nor a name on the Hub"):
        inspect(dataset="/nowhere/at/all")


def test_facts_can_be_read_back_as_json(folder: Path) -> None:
    task = mcqa.mcqa(str(folder), baseline="random", seed=3)
    assert json.loads(json.dumps(task.metadata)) == task.metadata
    part = mcqa.mcqa(str(folder), question_types="movement", baseline="random", seed=3)
    assert part.metadata == task.metadata  # so that a run on a part can be compared with one on all
    assert (task.metadata or {})["seed"] == 3
