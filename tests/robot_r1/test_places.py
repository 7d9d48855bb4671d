"""Where new files and folders go, and with which rights."""

import os
import stat
from pathlib import Path

import pytest

from robot_r1.errors import UserError
from robot_r1.files import free_place, write_text


@pytest.mark.parametrize("out", ["new", "a/b/../new", "new/"])
def test_what_does_not_exist_is_free(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert free_place(Path(out)) in (tmp_path / "new", tmp_path / "a" / "new")


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "empty").symlink_to(tmp_path / "disk")
    (tmp_path / "dangling").symlink_to(tmp_path / "disk" / "set")
    assert free_place(tmp_path / "empty") == tmp_path / "disk"
    assert free_place(tmp_path / "dangling") == tmp_path / "disk" / "set"


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        (".", r"is the current folder, and a new folder cannot take its place; give new$"),
        ("../here", "is the current folder"),
        ("..", "holds files already"),
        ("/", "holds files already"),
        ("../file", "is a file"),
    ],
)
def test_what_is_taken(out: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UserError, match=reason):
        free_place(Path(out))


def test_a_mounted_disk_keeps_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    with pytest.raises(UserError, match="is where a disk is mounted"):
        free_place(tmp_path)


@pytest.mark.parametrize(("mask", "mode"), [(0o002, 0o664), (0o022, 0o644), (0o077, 0o600)])
def test_files_have_the_rights_that_the_umask_gives(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "folder" / "file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "folder" / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~mask
