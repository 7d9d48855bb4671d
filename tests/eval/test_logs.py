"""Reading logs: what is in them, and every way in which one is not to be read."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from eval.logs import find_runs
from eval.results import readable
from robot_r1.errors import UserError
from tests.support.eval_logs import Said, write_log

ANSWERS = [Said("q1", 1.0), Said("q2", 0.0, reason="no_answer", answer=""), Said("q3", None)]


def test_a_log_is_read_into_answers(tmp_path: Path) -> None:
    (run,) = find_runs([write_log(tmp_path / "a.eval", ANSWERS, seed=3, more_asked=["q4"])]).runs
    assert (run.benchmark, run.model, run.seed, run.asked, run.top) == ("mcqa", "openai/base", 3, 4, 1.0)
    assert [(answer.value, answer.answer, answer.reason) for answer in run.answers] == [
        (1.0, "A", None),
        (0.0, None, "no_answer"),
        (None, None, "boom"),
    ]
    assert run.facts["decoding.temperature"] == "0.0"
    assert run.facts["image_resolution"] == "64x64"


def test_a_baseline_is_named(tmp_path: Path) -> None:
    (run,) = find_runs([write_log(tmp_path / "a.eval", ANSWERS, model="none/none", baseline="random")]).runs
    assert run.model == "random (baseline)"


def test_a_bench_scored_by_several_judges_is_several_runs(tmp_path: Path) -> None:
    said = [Said("q1", 3.0, judges={"openai/judge": 2.0})]
    runs = find_runs([write_log(tmp_path / "a.eval", said, "robot_r1_bench", judge="rules")]).runs
    assert [(run.facts["judge"], run.answers[0].value, run.top) for run in runs] == [
        ("rules", 3.0, 3.0),
        ("openai/judge", 2.0, 3.0),
    ]


def test_other_benchmarks_go_by_their_first_scorer(tmp_path: Path) -> None:
    said = [Said("q1", 1.0, judges={"other": 0.0})]
    (run,) = find_runs([write_log(tmp_path / "a.eval", said)]).runs
    assert run.answers[0].value == 1.0


def test_a_value_that_is_no_number_is_missing(tmp_path: Path) -> None:
    (run,) = find_runs([write_log(tmp_path / "a.eval", [Said("q1", float("nan")), Said("q2", 1.0)])]).runs
    assert [answer.value for answer in run.answers] == [None, 1.0]


def test_a_log_and_its_newer_copy_count_once(tmp_path: Path) -> None:
    old = write_log(tmp_path / "a.eval", ANSWERS, identity="one")
    new = write_log(tmp_path / "b.eval", ANSWERS, identity="one")
    os.utime(old, (1, 1))
    assert [run.path for run in find_runs([tmp_path]).runs] == [new]


def test_logs_that_are_given_twice_count_once(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.eval", ANSWERS)
    assert len(find_runs([path, tmp_path]).runs) == 1


def test_a_folders_unfinished_logs_are_left_out_by_name(tmp_path: Path) -> None:
    write_log(tmp_path / "a.eval", ANSWERS, identity="one")
    write_log(tmp_path / "b.eval", ANSWERS[:1], status="cancelled", more_asked=["q2", "q3"])
    write_log(tmp_path / "c.eval", ANSWERS[:1], status="error", identity="one")
    found = find_runs([tmp_path])
    assert [run.path.name for run in found.runs] == ["a.eval"]
    (line,) = found.left_out
    assert "b.eval is unfinished (cancelled, 1 of 3 questions answered); run the same command again" in line


def test_an_unfinished_log_that_is_named_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "a.eval", ANSWERS)
    path = write_log(tmp_path / "b.eval", ANSWERS, status="started")
    with pytest.raises(UserError, match=r"b\.eval is unfinished .* go on"):
        find_runs([tmp_path, path])


def test_a_folder_of_unfinished_logs_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "b.eval", ANSWERS, status="error")
    with pytest.raises(UserError, match="is unfinished"):
        find_runs([tmp_path])


def test_places_without_logs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no log"):
        find_runs([tmp_path])
    with pytest.raises(UserError, match="does not exist"):
        find_runs([tmp_path / "nowhere"])


def test_logs_of_other_tasks_are_refused(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.eval", ANSWERS, benchmark="gsm8k")
    with pytest.raises(UserError, match="is a log of gsm8k, not of one of mcqa"):
        find_runs([path])


def test_a_log_without_scores_is_refused(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.eval", [Said("q1", None)])
    with pytest.raises(UserError, match="inspect score"):
        find_runs([path])


@pytest.mark.parametrize("version", [1, 9])
def test_other_versions_of_the_format_are_refused(tmp_path: Path, version: int) -> None:
    path = write_log(tmp_path / "a.eval", ANSWERS)
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("header.json"))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("header.json", json.dumps({**header, "version": version}))
    with pytest.raises(UserError, match=f"version {version} .* version 2"):
        find_runs([path])


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "overwritten", "other archive"])
def test_damaged_files_are_told_in_one_line(tmp_path: Path, damage: str) -> None:
    path = write_log(tmp_path / "a.eval", [Said(f"q{i}", 1.0, completion="so " * i) for i in range(30)])
    whole = path.read_bytes()
    middle = len(whole) // 3
    content = {
        "empty": b"",
        "text": b"hello " * 100,
        "cut": whole[: len(whole) // 2],
        "overwritten": whole[:middle] + bytes(300) + whole[middle + 300 :],
    }
    if damage == "other archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "hello")
    else:
        path.write_bytes(content[damage])
    with pytest.raises(UserError, match="no readable Inspect log") as told:
        find_runs([path])
    assert "\n" not in str(told.value)


def test_what_no_screen_shows_is_spelled_out() -> None:
    assert readable("a\x1b[31m\u202eb\r\nc\ud800\x00\tä日") == "a[U+001B][31m[U+202E]b\nc?[U+0000]\tä日"
