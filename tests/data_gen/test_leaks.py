"""On the simulator's own demos: the default passes its audit, the paper's draw does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from data_gen.audit.report import Audit
from data_gen.audit.run import read_audit
from data_gen.sources.simulated import SETTINGS, RecordingSettings
from robot_r1.archive import demo_path, save_demo
from robot_r1.demo import DemoKey
from robot_r1.files import write_text
from robot_r1.question import QUESTION_TYPES
from tests.support.demos import noise_png

pytest.importorskip("mujoco")

REPOSITORY = Path(__file__).parents[2]
EPISODES = 18
"""Of each task: enough for intervals of some points, and half a minute of physics."""


@pytest.fixture(scope="session")
def physics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the training tasks: real movements, and noise for pictures, as nothing here looks at them."""
    from robot_r1.sim.recorder import simulate, to_demo
    from robot_r1.sim.tasks import TRAINING_TASKS

    root = tmp_path_factory.mktemp("physics")
    settings = RecordingSettings(seed=0, frame_interval=10, image_size=32, renderer="rays")
    write_text(root / SETTINGS, settings.model_dump_json())
    for number, name in enumerate(TRAINING_TASKS):
        for episode in range(EPISODES):
            key = DemoKey(task=name, variation=0, episode=episode)
            run = simulate(key, seed=0)
            shown = range(0, len(run.states), 10)
            frames = {i: noise_png(1_000_000 * number + 1000 * episode + i, 32) for i in shown}
            save_demo(to_demo(run, frames, 32, "rays"), shown, demo_path(root, key))
    return root


def build(config: str, root: Path, out: Path) -> Audit:
    flags = ["--source", "simulated", "--root", str(root), "--variations", "0", "--demos-per-task", str(EPISODES)]
    flags += ["--image-size", "32", "--out", str(out)]
    path = REPOSITORY / "configs" / "data" / config
    command = [sys.executable, "-m", "data_gen.build", "--config", str(path), *flags]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    audit = read_audit(out)
    assert f"audit: {audit.light}" in result.stderr and "picked blindly" in (out / "README.md").read_text()
    return audit


def fails(folder: Path) -> bool:
    """What the command says by its exit code; its findings are those that the build has written."""
    before = (folder / "audit.json").read_bytes()
    command = [sys.executable, "-m", "data_gen.audit", str(folder)]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    assert (folder / "audit.json").read_bytes() == before
    return result.returncode == 1


def test_the_default_passes_its_audit(physics: Path, tmp_path: Path) -> None:
    audit = build("default.yaml", physics, tmp_path / "set")
    assert [f for f in audit.findings if f.light == "red"] == []
    for kind in QUESTION_TYPES:
        rules = [f.value for f in audit.findings if f.section == "blind rules" and f.question_type == kind]
        assert len(rules) >= 20 and max(abs(value - 0.25) for value in rules) < 0.12  # by chance alone some 0.06
        (probe,) = [f for f in audit.findings if f.section == "blind probe" and f.question_type == kind and f.allowed]
        assert probe.value < 0.40
    assert not fails(tmp_path / "set")


def test_the_papers_draw_fails_its_audit(physics: Path, tmp_path: Path) -> None:
    audit = build("paper.yaml", physics, tmp_path / "set")
    for kind in QUESTION_TYPES:
        red = {f.check: f.value for f in audit.findings if f.light == "red" and f.question_type == kind}
        assert len(red) > 8 and max(red.values()) > 0.6, kind
    assert fails(tmp_path / "set")
