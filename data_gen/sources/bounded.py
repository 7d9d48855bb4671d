"""Reading files of unknown origin without trusting their size or kind."""

import stat
from pathlib import Path

from robot_r1.errors import BadDemoError

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file that holds at least one and at most `limit` of them.

    Raises:
        BadDemoError: the file is missing, empty, too large, not a regular file or not readable.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise BadDemoError(path, "is not a file")
        if status.st_size > limit:
            raise BadDemoError(path, f"is larger than {limit / 2**20:g} MiB ({status.st_size / 2**20:.0f} MiB)")
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadDemoError(path, "is missing") from None
    except OSError as error:
        raise BadDemoError(path, f"cannot be read: {error.strerror}") from error
    if not data:
        raise BadDemoError(path, "is empty (0 bytes)")
    if data.startswith(_LFS_POINTER):
        raise BadDemoError(path, "is a Git LFS pointer, not the file itself; run: git lfs pull")
    return data
