"""`python -m eval.compare` as a user runs it."""

import sys
from pathlib import Path

import pytest

from eval.compare.__main__ import main
from robot_r1.cli import run_command
from tests.eval.compare.conftest import FIRST, SECOND, answers
from tests.support.eval_logs import write_log


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    given = ((FIRST, "openai/base"), (SECOND, "openai/tuned"))
    return [str(write_log(tmp_path / f"{i}.eval", answers(v), model=name)) for i, (v, name) in enumerate(given)]


def test_numbers_and_the_first_flips_in_the_terminal(
    tmp_path: Path, logs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pages" / "c.html"
    main([*logs, "--out", str(out)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "mcqa: openai/tuned (second) against openai/base (first)"
    assert lines[1] == "30 questions paired; unpaired: 0 of the first run, 0 of the second"
    assert "0.333 to 0.500  +0.167 [" in lines[3]
    assert lines[3].endswith("gained 6, lost 1, McNemar p 0.12")
    assert '  demo0/question10: "B" (0) to "A" (1)' in lines
    assert "  ... and 1 more, in the page" in lines
    assert lines[-1] == f"{out} ({out.stat().st_size / 1e6:.1f} MB)"


def test_mistakes_end_in_one_line(
    logs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "damaged.eval").write_bytes(b"PK")
    monkeypatch.setattr(sys, "argv", ["eval.compare", logs[0], str(tmp_path / "damaged.eval")])
    assert run_command(main, "") == 2
    assert capsys.readouterr().err.count("\n") == 1
