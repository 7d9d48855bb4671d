"""Every command of the README exists and takes the flags that the README gives it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
TRAINING = (REPOSITORY / "docs" / "training.md").read_text()
MODULES = sorted(set(re.findall(r"python -m (train\.[a-z_]+)", README + TRAINING)))
LAUNCHES = re.findall(r"accelerate launch ((?:--\S+ \S+ )*)(train/\w+\.py) --config ([\w./-]+)", README + TRAINING)
COMMANDS = sorted(set(re.findall(r"python -m (data_gen\.[a-z]+)([^\n`#]*)", README)))


@pytest.mark.parametrize(("module", "flags"), COMMANDS)
def test_commands(module: str, flags: str, data_set: Path, tmp_path: Path) -> None:
    arguments = flags.replace("DEMOS", str(tmp_path)).split()
    if "rlbench" in flags or "paper" in flags:
        expected = (2, "error: ")  # an empty folder of demos
    elif module == "data_gen.record":
        arguments += ["--help"]
        expected = (0, "")
    elif module in ("data_gen.audit", "data_gen.report", "data_gen.export"):
        arguments[0] = str(data_set)
        arguments += ["--out", str(tmp_path / "result")]
        expected = (0, "audit: " if module == "data_gen.audit" else "")
        if module == "data_gen.audit":  # what is found in six made-up demos is not the point
            arguments += ["--fail-on", "never"]
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
    assert len(COMMANDS) >= 8 and len(LAUNCHES) >= 5 and len(MODULES) >= 3


@pytest.mark.parametrize("module", MODULES)
def test_training_modules(module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    shown = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert f"usage: python -m {module}" in shown


def test_launches_name_what_exists() -> None:
    for launcher_flags, script, config in LAUNCHES:
        assert (REPOSITORY / script).is_file(), script
        if config != "FILE.yaml":
            assert (REPOSITORY / config).is_file(), config  # each is run dry in tests/train/test_configs.py
        for path in re.findall(r"--config_file (\S+)", launcher_flags):
            assert (REPOSITORY / path).is_file(), path


def test_launch(tiny_model: Path, blocks: Path, tmp_path: Path) -> None:
    flags = ["--model_name_or_path", str(tiny_model), "--dataset", str(blocks), "--output_dir", str(tmp_path / "run")]
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "train/grpo.py"]
    command = [*launcher, "--config", "configs/train/tiny_grpo.yaml", *flags, "--dry_run", "true"]
    shown = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert "nothing was trained" in shown


@pytest.mark.parametrize("target", ["data", "tiny", "test"])
def test_make_targets(target: str) -> None:
    plan = subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    expected = {
        "data": "data_gen.build --config configs/data/quickstart.yaml",
        "tiny": "accelerate launch train/grpo.py --config configs/train/tiny_grpo.yaml",
        "test": "-m pytest",
    }
    assert expected[target] in plan


def test_pictures_and_links_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (REPOSITORY / target).is_file(), target
