"""Every command of the README exists and takes the flags that the README gives it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
COMMANDS = re.findall(r"python -m (data_gen\.[a-z]+)((?: --?[\w-]+(?: [\w/.-]+)?)*)", README)


@pytest.mark.parametrize(("module", "flags"), COMMANDS)
def test_commands(module: str, flags: str, tmp_path: Path) -> None:
    arguments = flags.replace("DEMOS", str(tmp_path)).split()
    if "rlbench" in flags or "paper" in flags:
        expected = (2, "error: ")  # an empty folder of demos
    elif module == "data_gen.record":
        arguments += ["--help"]
        expected = (0, "")
    else:
        if "--out" in arguments:  # the user's own data set may stand there
            place = arguments.index("--out")
            del arguments[place : place + 2]
        arguments += ["--dry-run", "--out", str(tmp_path / "set")]
        expected = (0, "nothing was written")
    result = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == expected[0], result.stderr
    assert expected[1] in result.stderr and "Traceback" not in result.stderr


def test_there_are_commands_to_test() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("target", ["data", "test"])
def test_make_targets(target: str) -> None:
    plan = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert {"data": "data_gen.build --config configs/data/quickstart.yaml", "test": "-m pytest"}[target] in plan


def test_pictures_and_links_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (REPOSITORY / target).is_file(), target
