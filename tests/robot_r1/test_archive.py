import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robot_r1.archive import ARRAYS, load_demo, save_demo, stored_frames
from robot_r1.errors import BadDemoError
from tests.support.demos import make_demo


def test_a_stored_demo_comes_back(tmp_path: Path) -> None:
    demo = make_demo()
    path = tmp_path / "a" / "demo.zip"
    save_demo(demo, (0, 10), path)
    loaded = load_demo(path)
    assert all(np.array_equal(getattr(loaded, name), getattr(demo, name)) for name in ARRAYS)
    assert (loaded.key, loaded.descriptions, loaded.camera) == (demo.key, demo.descriptions, demo.camera)
    assert loaded.provenance == demo.provenance
    assert loaded.load_frame(10) == demo.load_frame(10)
    assert stored_frames(path) == {0, 10}
    with pytest.raises(BadDemoError, match="frame 20 cannot be read"):
        loaded.load_frame(20)


def test_same_demo_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        save_demo(make_demo(), (0, 10), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    def broken(index: int) -> bytes:
        raise BadDemoError("camera", "broken")

    demo = make_demo()
    object.__setattr__(demo, "load_frame", broken)
    with pytest.raises(BadDemoError):
        save_demo(demo, (0,), tmp_path / "demo.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_save_leaves_no_demo(tmp_path: Path) -> None:
    code = (
        "import os, signal, pathlib\n"
        "from robot_r1.archive import save_demo\n"
        "from tests.support.demos import make_demo\n"
        "demo = make_demo()\n"
        "object.__setattr__(demo, 'load_frame', lambda i: os.kill(os.getpid(), signal.SIGKILL))\n"
        f"save_demo(demo, (0,), pathlib.Path({str(tmp_path / 'demo.zip')!r}))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert result.returncode == -signal.SIGKILL
    assert not (tmp_path / "demo.zip").exists()


@pytest.mark.parametrize("keep", [0, 10, 500, 5_000])
def test_a_truncated_archive_is_a_named_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "demo.zip"
    save_demo(make_demo(), (0, 10), path)
    os.truncate(path, keep)
    with pytest.raises(BadDemoError, match=r"demo\.zip"):
        load_demo(path)


def test_random_damage_never_gives_another_error(tmp_path: Path) -> None:
    path = tmp_path / "demo.zip"
    save_demo(make_demo(), (0, 10), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for position in rng.integers(len(whole), size=3):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load_demo(path).load_frame(10)
        except BadDemoError as error:
            assert "demo" in error.where or "push_button" in error.where
