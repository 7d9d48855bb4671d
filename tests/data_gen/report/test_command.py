"""`python -m data_gen.report` as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from data_gen.report.__main__ import main
from robot_r1.errors import UserError


def test_the_page_lies_in_the_data_sets_folder(data: Path, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(data)])
    assert (data / "report.html").read_text(encoding="utf-8") == page
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"report:  {data / 'report.html'} (")
    assert "--exclude exclude.txt" in said[1]
    (data / "report.html").unlink()


def test_another_place_and_number(data: Path, tmp_path: Path) -> None:
    main([str(data), "--out", str(tmp_path / "pages" / "x.html"), "--questions", "3"])
    assert (tmp_path / "pages" / "x.html").read_text().count('<article class="card question"') == 3
    assert not (data / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: PATH; see python -m data_gen.report --help"),
        (["x", "--questions", "0"], "0 questions make no page; give 1 or more"),
        (["x", "--questions", "-3"], "-3 questions make no page"),
        (["x", "--questions", "many"], "many is no whole number; give 1 or more"),
        (["x", "--ou", "y"], "unrecognized arguments: --ou y"),
        (["/nowhere"], "/nowhere is no folder; give the folder of a data set"),
    ],
)
def test_arguments_that_are_not_allowed(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(arguments)


def test_a_page_that_cannot_be_written(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --out a file you may write"):
        main([str(data), "--out", str(tmp_path)])


def test_a_mistake_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "train-0.parquet").write_bytes(b"PAR1")
    command = [sys.executable, "-m", "data_gen.report", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert "is not a readable parquet file" in ended.stderr
