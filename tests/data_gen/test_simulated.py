"""Recording and building with the embedded simulator, as a user does it."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pytest

from data_gen.config import RecordConfig
from data_gen.manifest import read_manifest
from data_gen.sources import ArchivedDemo, find
from data_gen.sources.simulated import record_missing
from robot_r1.archive import load_demo, stored_frames
from robot_r1.errors import UserError

REPOSITORY = Path(__file__).parents[2]
FLAGS = ("--tasks", "push_button,take_lid_off_saucepan", "--image-size", "64", "--renderer", "rays")


def run(module: str, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *FLAGS, *flags]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def digest(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demos")
    result = run("data_gen.record", "--root", str(root), "--demos-per-task", "2", "--workers", "2")
    assert result.returncode == 0, result.stderr
    assert "4 demos" in result.stderr and "next:" in result.stderr
    return root


@pytest.mark.parametrize(
    "settings",
    [
        b"",
        b"[" * 60_000,
        b" " * 2**20,
        b'{"seed": 0, "frame_interval": 0, "image_size": 64, "renderer": "rays"}',
        b'{"seed": 0, "frame_interval": 10, "image_size": 1000000000, "renderer": "rays"}',
        b'{"seed": -1, "frame_interval": 10, "image_size": 64, "renderer": "rays"}',
        None,
    ],
    ids=("empty", "nested", "large", "no interval", "vast pictures", "no seed", "pipe"),
)
def test_damaged_settings_of_an_archive_are_one_line(tmp_path: Path, settings: bytes | None) -> None:
    path = tmp_path / "recording.json"
    if settings is None:
        os.mkfifo(path)
    else:
        path.write_bytes(settings)
    config = RecordConfig(root=tmp_path, tasks=("push_button",), demos_per_task=1)
    demos = [demo for demo in find(config).demos if isinstance(demo, ArchivedDemo)]
    with pytest.raises(UserError, match=r"recording\.json is damaged; delete .* to record anew"):
        record_missing(config, demos)
    assert not list(tmp_path.rglob("*.zip"))


def test_an_archive_holds_the_frames_that_questions_use(archive: Path) -> None:
    paths = sorted(archive.rglob("*.zip"))
    assert [path.parent.parent.name for path in paths] == ["push_button"] * 2 + ["take_lid_off_saucepan"] * 2
    for path in paths:
        demo = load_demo(path)
        assert stored_frames(path) == set(range(0, len(demo), 10))
        assert (demo.camera.width, demo.provenance.renderer, demo.provenance.seed) == (64, "rays", 0)


def test_one_worker_records_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert run("data_gen.record", "--root", str(tmp_path), "--demos-per-task", "2", "--workers", "1").returncode == 0
    assert digest(tmp_path) == digest(archive)


def test_build_records_what_is_missing(archive: Path, tmp_path: Path) -> None:
    root, out = tmp_path / "demos", tmp_path / "set"
    first = next(iter(sorted(archive.rglob("*.zip"))))
    flags = ("--root", str(root), "--out", str(out), "--demos-per-task", "1")
    result = run("data_gen.build", *flags)
    assert result.returncode == 0, result.stderr
    manifest = read_manifest(out)
    assert len(manifest.demos) == 2 and manifest.renderers == ("rays",)
    assert (root / first.relative_to(archive)).read_bytes() == first.read_bytes()
    rows = datasets.load_dataset(str(out), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.num_rows == manifest.rows() > 20
    assert {row["source"] for row in rows} == {"simulated"}


def test_recording_takes_the_configuration_of_a_build(tmp_path: Path) -> None:
    flags = ("--config", "configs/data/default.yaml", "--root", str(tmp_path), "--variations", "99")
    result = run("data_gen.record", *flags)
    assert result.returncode == 2 and "variations 0 to" in result.stderr


def test_recorded_sources_are_not_recorded_again() -> None:
    result = run("data_gen.record", "--source", "rlbench-disk", "--root", ".")
    assert result.returncode == 2 and "recorded already" in result.stderr
