import io
import re
from pathlib import Path

import pytest
from inspect_ai import task_with
from inspect_ai.model import ChatMessage
from rich.console import Console

from eval import dataset_command, mcqa, progress
from eval.facts import with_engine
from eval.kept import FOLDER
from eval.options import open_models
from eval.run import open_model, run, run_folder
from eval.sheets import Sheet
from robot_r1.cli import run_command
from tests.support.question_rows import question_rows, write_rows
from tests.support.scripted_model import scripted, scripted_model

RIGHT = "<think>so</think><answer>A</answer>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("set"), question_rows(12))


def test_a_question_that_failed_is_the_only_one_asked_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    broken = [True]

    def script(messages: list[ChatMessage]) -> str:
        asked.append(str(messages[-1].content))
        if (len(asked) % 12 == 5 and broken[0]) or (asked[-1] == asked[4] and broken[0]):
            raise RuntimeError("the server is on fire")
        return RIGHT

    arguments = ["--dataset", str(folder), "--model", scripted("fails", script), "--log-dir", str(tmp_path)]
    assert mcqa.main(arguments) == 1
    assert "error: scripted/fails left 1 without an answer: " in capsys.readouterr().err
    assert len(set(asked)) == 12
    (place,) = tmp_path.iterdir()
    assert (place / FOLDER).is_dir()

    first, broken[0] = len(asked), False
    assert mcqa.main(arguments) == 0
    assert asked[first:] == [asked[4]]
    assert not (place / FOLDER).exists()


def test_anything_that_shapes_answers_makes_another_run(folder: Path, tmp_path: Path) -> None:
    calls: list[str] = []

    def script(messages: list[ChatMessage]) -> str:
        calls.append(str(messages))
        return RIGHT

    model = scripted_model("counts", script)
    other = scripted_model("counts-too", script)
    for task, models in (
        (mcqa.mcqa(str(folder), max_tokens=64), [model]),
        (mcqa.mcqa(str(folder), max_tokens=64), [model, other]),
        (mcqa.mcqa(str(folder), max_tokens=65), [model]),
        (mcqa.mcqa(str(folder), max_tokens=65, question_types="movement"), [model]),
    ):
        logs = run(task, models, tmp_path)
        assert [log.eval.model for log in logs] == [str(each) for each in models]
        assert all(log.status == "success" and len(log.samples or []) == len(task.dataset) for log in logs)
    assert len(calls) == 3 * 12 + 4
    assert len(list(tmp_path.iterdir())) == 4


def test_how_a_model_is_reached_makes_no_other_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    places = set()
    for port, seconds in ((8000, 60), (8001, 600)):
        model = open_model("openai/m", base_url=f"http://host:{port}/v1", model_args={"client_timeout": seconds})
        task = mcqa.mcqa(str(folder), baseline="oracle")
        task_with(task, metadata=with_engine(task.metadata or {}, model))
        places.add(run_folder(Path("logs"), task, model, {"grader": model}, None))
    assert len(places) == 1


def test_a_file_gets_lines_with_rate_and_time_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=written, width=200))
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    run(mcqa.mcqa(str(folder)), [scripted_model("lines", lambda _: RIGHT)], tmp_path)
    lines = written.getvalue().splitlines()
    assert len(lines) == 12
    assert re.fullmatch(r"scripted/lines: 6 of 12, [\d.e+]+ questions/s, about \d+ s left", lines[5])


def test_an_interrupted_run_is_told_so(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.run.eval_set", lambda *_, **__: (False, []))  # what Inspect returns after Ctrl-C
    monkeypatch.setattr(
        "sys.argv", ["mcqa", "--dataset", str(folder), "--baseline", "random", "--log-dir", str(tmp_path)]
    )
    assert run_command(mcqa.main, "go on") == 130


def test_names_in_tables_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    dataset_command.show([Sheet("runs [v2]", ("", "n"), (("a [/b] :key:", "1"),))], None)
    assert "runs [v2]" in (shown := capsys.readouterr().out)
    assert "a [/b] :key:" in shown


def test_flags_reach_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    parser = dataset_command.dataset_parser("program", "", "mcqa", ())
    flags = ["--dataset", "x", "--model", "openai/m", "--model-base-url", "http://user:secret@host/v1"]
    (model,) = open_models(parser.parse_args([*flags, "--max-connections", "3", "-M", "responses_api=false"]))
    assert model.config.max_connections == 3
    assert model.model_args == {"responses_api": False}
    assert model.api.base_url == "http://user:secret@host/v1"
