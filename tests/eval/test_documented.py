"""Every evaluation command of the README and of docs/evaluation.md runs, with a baseline in the place of a model."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from robot_r1.errors import UserError

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = (REPOSITORY / "README.md").read_text() + (REPOSITORY / "docs" / "evaluation.md").read_text()
NAMED = re.findall(r"python -m (eval\.[a-z0-9_.]+)([^#\n`]*)", DOCUMENTS)
COMMANDS = sorted({(module, flags.strip()) for module, flags in NAMED if flags.strip()})
MODEL = r"--model \S+"
STAND_INS = {
    "eval.mcqa": "--baseline majority",
    "eval.open_ended": "--baseline mean",
    "eval.robot_r1_bench": "--baseline reference --tasks lamp_on",
}


def command(module: str) -> Callable[[list[str]], int | None]:
    found = importlib.import_module(module)
    if not hasattr(found, "main"):
        found = importlib.import_module(f"{module}.__main__")
    main: Callable[[list[str]], int | None] = found.main
    return main


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two finished runs of the bench, and the first one judged again."""
    folder = tmp_path_factory.mktemp("logs")
    found = []
    for baseline in ("reference", "Move the gripper down."):
        place = folder / str(len(found))
        flags = ["--baseline", baseline, "--tasks", "lamp_on", "--log-dir", str(place)]
        assert not command("eval.robot_r1_bench")(flags)
        found += [str(path) for path in place.rglob("*.eval")]
    assert not command("eval.robot_r1_bench")(["--rescore", found[0], "--log-dir", str(folder / "again")])
    return [*found, *map(str, (folder / "again").rglob("*.eval"))]


@pytest.mark.parametrize(("module", "flags"), COMMANDS, ids=lambda value: value or "plain")
def test_commands(
    module: str, flags: str, data_set: Path, logs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module == "eval.robot_r1_bench.build" and "--out" in flags:
        pytest.skip("two minutes; test_committed makes two of its fifty frames")
    (tmp_path / "logs").symlink_to(Path(logs[0]).parents[1])
    monkeypatch.chdir(tmp_path)
    flags = re.sub(
        r"--grader \S+/\S+( --repeats \d)?", "--grader rules", re.sub(MODEL, STAND_INS.get(module, ""), flags)
    )
    flags = re.sub("data/quickstart|data/tiny|FOLDER", str(data_set), flags)
    flags = (
        flags.replace("OTHER_LOG", logs[2] if module == "eval.agreement" else logs[1])
        .replace("LOGS...", "logs")
        .replace("LOG", logs[0])
    )
    if "scores.csv" in flags and "--csv-template" not in flags:
        (tmp_path / "scores.csv").write_text(
            "id,score\nlamp_on-1-movement,3\nlamp_on-2-movement,1\nlamp_on-3-movement,2\n"
        )
    arguments = flags.replace("A B", " ".join(logs[:2])).replace("[", "").replace("]", "").split()
    if "--unjudged" in arguments:
        with pytest.raises(UserError, match="every answer in the log has a score"):
            command(module)(arguments)
    else:
        assert not command(module)(arguments)
