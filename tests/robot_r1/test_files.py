import errno
import os
import resource
from pathlib import Path

import pytest

from robot_r1.errors import BadFileError, UserError
from robot_r1.files import despite_faults, read_bounded
from tests.support.rights import without_rights

PASSING = (
    errno.EIO,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ETIMEDOUT,
    errno.ENOMEM,
    errno.ENODEV,
    errno.EHOSTDOWN,
    errno.ENOTCONN,
)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    taken: list[float] = []
    monkeypatch.setattr("robot_r1.files.time.sleep", taken.append)
    return taken


@pytest.mark.parametrize("fault", PASSING, ids=errno.errorcode.__getitem__)
def test_a_passing_fault_is_tried_again(tmp_path: Path, naps: list[float], fault: int) -> None:
    faults = [OSError(fault, os.strerror(fault))] * 2

    def read() -> str:
        if faults:
            raise faults.pop()
        return "read"

    assert despite_faults(tmp_path, read) == "read"
    assert len(naps) == 2


@pytest.mark.parametrize("fault", PASSING, ids=errno.errorcode.__getitem__)
def test_a_fault_that_stays_is_not_the_files_damage(
    tmp_path: Path, naps: list[float], fault: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "demo.pkl"
    path.write_bytes(b"whole")

    def broken(*_: object) -> bytes:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(Path, "open", broken)
    with pytest.raises(UserError, match=f"{path} cannot be read: {os.strerror(fault)}; .* run the same command again"):
        read_bounded(path, 10)
    assert 0 < sum(naps) < 5


@pytest.mark.parametrize("kind", ["missing", "below a file", "loop", "long", "folder", "pipe", "device"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, naps: list[float], kind: str) -> None:
    path = tmp_path / "some"
    if kind == "below a file":
        path.write_bytes(b"x")
        path /= "more"
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "long":
        path = tmp_path / ("x" * 300)
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    with pytest.raises(BadFileError, match=r"is missing|is not a file|cannot be read"):
        read_bounded(path, 10)
    assert not naps


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"0123456789")
    assert read_bounded(path, 10) == b"0123456789"
    with pytest.raises(BadFileError, match="is larger than"):
        read_bounded(path, 9)
    path.write_bytes(b"")
    with pytest.raises(BadFileError, match="is empty"):
        read_bounded(path, 10)
    os.truncate(path, 2**40)
    with pytest.raises(BadFileError, match="is larger than 1 MiB"):
        read_bounded(path, 2**20)


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(BadFileError, match="git lfs pull"):
        read_bounded(path, 1000)


def test_too_many_open_files_are_not_the_files_damage(tmp_path: Path, naps: list[float]) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"whole")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        with pytest.raises(UserError, match="Too many open files"):
            read_bounded(path, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert read_bounded(path, 10) == b"whole"


def test_a_file_that_may_not_be_read_is_not_damaged(tmp_path: Path, naps: list[float]) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"whole")
    path.chmod(0)
    with without_rights(), pytest.raises(UserError, match="Permission denied; make it readable, or leave it out"):
        read_bounded(path, 10)
    assert not naps
