"""What all training commands share."""

import subprocess
import sys
from pathlib import Path

import pytest

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
