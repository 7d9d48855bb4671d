"""`python -m train.report` as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robot_r1.errors import UserError
from tests.support.runs import write_run_json
from train.report.__main__ import main


def test_the_page_lies_in_the_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run_json(tmp_path)
    main([str(tmp_path)])
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert capsys.readouterr().out == f"{tmp_path / 'report.html'} (0.0 MB)\n"


def test_another_place_for_the_page(tmp_path: Path) -> None:
    write_run_json(tmp_path)
    main([str(tmp_path), "--out", str(tmp_path / "pages" / "run.html")])
    assert (tmp_path / "pages" / "run.html").is_file()
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "required: RUN"), (["x", "--questions", "-1"], "-1 is negative"), (["x", "--questions", "many"], "many")],
)
def test_arguments_that_are_not_allowed(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(arguments)


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    write_run_json(tmp_path)
    with pytest.raises(UserError, match="give --out a file you may write"):
        main([str(tmp_path), "--out", str(tmp_path)])


def test_a_folder_that_is_no_run_ends_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train.report", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert "it has no run.json" in ended.stderr
