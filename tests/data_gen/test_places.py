"""Builds in odd places: in process where that can fail in the same way."""

import errno
import os
import shlex
import stat
import tempfile
from pathlib import Path

import pytest

from data_gen import pool
from data_gen.build import main
from data_gen.config import RecordConfig
from data_gen.export.staging import appearing_folder
from data_gen.manifest import read_manifest
from data_gen.pool import Workers
from data_gen.sources import ArchivedDemo
from data_gen.sources.simulated import record_missing
from data_gen.staging import LOCK, Staging
from robot_r1.archive import demo_path
from robot_r1.demo import DemoKey
from robot_r1.errors import UserError
from robot_r1.lock import beside, only_one
from tests.support.demos import write_archive

FLAGS = ("--tasks", "push_button", "--variations", "0", "--demos-per-task", "1", "--workers", "1")


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demos")
    write_archive(root, ("push_button",), episodes=1)
    return root


def build(demos: Path, out: object) -> None:
    main(["--root", str(demos), "--out", str(out), *FLAGS])


def test_a_link_to_an_empty_folder_stays_and_rights_follow_the_umask(demos: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "set").symlink_to(tmp_path / "disk")
    before = os.umask(0o002)
    try:
        build(demos, f"{tmp_path / 'set'}/")
    finally:
        os.umask(before)
    assert (tmp_path / "set").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "set"}
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "disk").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o664}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o775}


def test_the_current_folder_is_not_replaced(demos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"--out \. is the current folder"):
        build(demos, ".")
    assert not any(tmp_path.iterdir())


def test_a_second_build_is_told_and_changes_nothing(demos: Path, tmp_path: Path) -> None:
    with Staging(tmp_path / "set").alone():
        with pytest.raises(UserError, match=r"another build is at work in .*set\.partial; wait"):
            build(demos, tmp_path / "set")
        assert [path.name for path in (tmp_path / "set.partial").iterdir()] == [LOCK]
    assert not any(tmp_path.iterdir())


def test_a_build_that_finds_the_data_set_done_meanwhile_leaves_it(
    demos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    looked = []
    finished = Staging.finished

    def late(staging: Staging, config: dict[str, object]) -> bool:
        looked.append(finished(staging, config))
        if len(looked) == 1:  # another process builds now
            monkeypatch.setattr(Staging, "finished", finished)
            build(demos, out)
            monkeypatch.setattr(Staging, "finished", late)
        return looked[-1]

    monkeypatch.setattr(Staging, "finished", late)
    build(demos, out)
    assert looked == [False, True]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_two_do_not_record_into_one_folder(tmp_path: Path) -> None:
    key = DemoKey(task="push_button", variation=0, episode=0)
    config = RecordConfig(root=tmp_path, renderer="rays")
    with only_one(tmp_path / ".lock", ""), pytest.raises(UserError, match="another process is recording into"):
        record_missing(config, [ArchivedDemo(key, demo_path(tmp_path, key))])


def test_two_do_not_export_to_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        only_one(beside(out), ""),
        pytest.raises(UserError, match="another process is writing"),
        appearing_folder(out),
    ):
        pass
    assert not any(tmp_path.iterdir())


def test_what_is_printed_can_be_pasted(demos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("it's 100 %", "a [1]*?"):
        build(demos, tmp_path / name)
        *_, report, load = capfd.readouterr().err.splitlines()
        assert shlex.split(report)[-1] == str(tmp_path / name)
        assert shlex.split(load)[0] == "next:"
        exec(shlex.split(load)[-1])
        rows = read_manifest(tmp_path / name).rows()
        assert f"num_rows: {rows}\n" in capfd.readouterr().out


def test_a_long_folder_of_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("x" * 90)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with Workers(2) as workers:
        assert sorted(workers.run_all(abs, [-1, 2, -3], "counting")) == [1, 2, 3]


def test_no_room_for_semaphores(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pool, "ProcessPoolExecutor", full)
    with pytest.raises(UserError, match=r"no workers .*/dev/shm.*--workers 1"), Workers(2) as workers:
        list(workers.run_all(abs, [-1, 2], "counting"))
