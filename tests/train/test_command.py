"""What all training commands share."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from robot_r1.cli import run_command

ROOT = Path(__file__).parents[2]
HIDDEN = "import runpy, sys; sys.modules[sys.argv[1]] = None; runpy.run_path(sys.argv[2], run_name='__main__')"


@pytest.mark.parametrize(
    ("package", "script"),
    [
        ("trl", "train/grpo.py"),
        ("torch", "train/sft.py"),
        ("peft", "train/merge.py"),
        ("torch", "train/tiny_model.py"),
    ],
)
def test_a_missing_package_is_one_line(package: str, script: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", HIDDEN, package, script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    said = result.stderr.splitlines()[-1]
    assert said == f'error: {package} is not installed; run, in the folder of robot-r1: pip install -e ".[train]"'
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("train.merge", ["adapter"], "the following arguments are required: --out"),
        ("train.tiny_model", ["--out", "x", "--layers", "two"], "argument --layers: invalid int value: 'two'"),
        ("train.report", ["run", "--questions", "-1"], "argument --questions: -1 is negative"),
    ],
)
def test_a_mistake_in_the_flags_is_one_line(
    module: str,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    name = "train.report.__main__" if module == "train.report" else module
    assert run_command(importlib.import_module(name).main, "again") == 2
    assert capsys.readouterr().err == f"error: {message}; see python -m {module} --help\n"
