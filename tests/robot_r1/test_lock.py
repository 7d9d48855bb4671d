"""Two processes in one place."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from robot_r1.errors import UserError
from robot_r1.lock import beside, only_one


def test_the_second_is_told_and_harms_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "set" / ".lock"
    with only_one(lock, "another build is at work in set"):
        for _ in range(2):
            with (
                pytest.raises(UserError, match="another build is at work in set; wait"),
                only_one(lock, "another build is at work in set"),
            ):
                pass
    assert not lock.exists()
    with only_one(lock, ""):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from robot_r1.lock import only_one\n"
    code += "with only_one(Path(sys.argv[1]), ''): print('held', flush=True); time.sleep(60)"
    lock = tmp_path / ".lock"
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UserError), only_one(lock, ""):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert lock.exists()
    with only_one(lock, ""):
        pass


def test_a_lock_that_was_removed_meanwhile_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, removed = tmp_path / ".lock", []
    locked = fcntl.flock

    def flock(handle: int, operation: int) -> None:
        if not removed:  # the other process ends just now
            removed.append(lock.unlink())
        locked(handle, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with only_one(lock, ""):
        assert lock.exists()
        with pytest.raises(UserError), only_one(lock, ""):
            pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_does_without(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with only_one(tmp_path / ".lock", ""):
        (tmp_path / "written").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["written"]


def test_the_lock_of_a_folder_lies_beside_it() -> None:
    assert beside(Path("a/b")) == Path("a/.b.lock")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to"), only_one(tmp_path / "file" / ".lock", ""):
        pass
