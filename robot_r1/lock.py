"""One process at a time where two would spoil each other's files."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robot_r1.errors import UserError
from robot_r1.files import make_folder

_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
"""What a file system answers that has no locks, as some network file systems."""


@contextmanager
def only_one(lock: Path, what: str) -> Iterator[None]:
    """Hold a lock file while the block runs, so that no other process does the same work; it is gone afterwards.

    The lock of a process that was killed is free again. A file system without locks does without.

    Args:
        lock: the file; its folder is made where it is missing.
        what: what the other process is doing, as in "another build is at work in OUT".

    Raises:
        UserError: another process holds it, or the folder cannot be written.
    """
    handle = _taken(lock, what)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)  # while it is held: whoever waits for this file finds out that it is no more
        os.close(handle)


def beside(folder: Path) -> Path:
    """The lock of a folder that does not exist before it is complete."""
    return folder.with_name(f".{folder.name}.lock")


def _taken(lock: Path, what: str) -> int:
    while True:
        make_folder(lock.parent)
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the folder went with the end of another process's work
            continue
        except OSError as error:
            raise UserError(f"cannot write to {lock.parent}: {error.strerror}; give another folder") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(lock, handle):
                return handle
        except BlockingIOError as error:
            os.close(handle)
            raise UserError(f"{what}; wait for its end, or give another place") from error
        except OSError as error:
            if error.errno in _WITHOUT_LOCKS:
                return handle
            os.close(handle)
            raise
        os.close(handle)


def _same(lock: Path, handle: int) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
