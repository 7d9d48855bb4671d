"""Files that appear complete or not at all, and files of unknown origin read without trusting their size or kind."""

import errno
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from robot_r1.errors import BadFileError, UserError

Result = TypeVar("Result")
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PATH_FAULTS = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""What says something about the path itself. Any other fault is of the disk, the network, or the user's rights."""
_PAUSES = (0.1, 0.4, 1.5)
"""Seconds before a file is tried again: a stale handle of a network file system is fresh at the next opening."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place, in one step, when the block ends without an error.

    A process killed inside the block leaves at most a hidden `.NAME.*.tmp` file, which nothing reads.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full; `path` is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    temporary.touch(exist_ok=False)  # with the rights that the user's umask gives, unlike mkstemp
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """A hidden path beside another, where nothing is yet."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def at_home(path: Path) -> Path:
    """The path with the home folder for `~`, which no shell has seen to in a file or after `--flag=`."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's raises where there is no such user


def free_place(out: Path) -> Path:
    """Where a new folder goes for which the user gave `--out`: links are followed, so that they stay.

    Raises:
        UserError: something stands there other than an empty folder, or one whose place nothing can take.
    """
    place = Path(os.path.realpath(out))
    if not place.exists():
        return place
    if not place.is_dir():
        raise UserError(f"--out {out} is a file; give a folder that does not exist yet")
    if any(place.iterdir()):
        raise UserError(f"--out {out} holds files already; give a folder that does not exist yet")
    if place == Path.cwd() or place.is_mount():
        why = "the current folder" if place == Path.cwd() else "where a disk is mounted"
        raise UserError(f"--out {out} is {why}, and a new folder cannot take its place; give {out / 'new'}")
    return place


def make_folder(path: Path) -> None:
    """Make a folder for output, with its parents, unless it is there.

    Raises:
        UserError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {path}: {error.strerror}; give a folder you may write to") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that the file appears complete or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def despite_faults(path: Path, read: Callable[[], Result]) -> Result:
    """What `read` gives, which opens or lists `path`, tried again while the disk or the network fails.

    A file that cannot be read today is no damaged file: to pass over it would give other results without a word.

    Raises:
        OSError: the path is missing, or not of the kind that is read.
        UserError: the disk still fails, or the user may not read it.
    """
    pauses = iter(_PAUSES)
    while True:
        try:
            return read()
        except OSError as error:
            if error.errno in _PATH_FAULTS:
                raise
            if isinstance(error, PermissionError):
                raise UserError(
                    f"{path} cannot be read: {error.strerror}; make it readable, or leave it out"
                ) from error
            pause = next(pauses, None)
            if pause is None:
                raise UserError(
                    f"{path} cannot be read: {error.strerror or error}; the disk or the network fails, the file need "
                    "not be damaged: run the same command again once it works"
                ) from error
            time.sleep(pause)


def read_regular(path: Path, read: Callable[[BinaryIO, int], Result]) -> Result:
    """What `read` takes out of a regular file; it is given the open file and its size in bytes.

    Raises:
        BadFileError: the file is missing or not a regular file, or `read` raises it.
        UserError: the disk fails, or the user may not read the file.
    """

    def opened() -> Result:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise BadFileError("is not a file")
        with path.open("rb") as file:
            return read(file, status.st_size)

    try:
        return despite_faults(path, opened)
    except FileNotFoundError:
        raise BadFileError("is missing") from None
    except OSError as error:
        raise BadFileError(f"cannot be read: {error.strerror}") from error


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file that holds at least one and at most `limit` of them.

    Raises:
        BadFileError: the file is missing, empty, too large, or not a regular file.
        UserError: the disk fails, or the user may not read the file.
    """

    def read(file: BinaryIO, size: int) -> bytes:
        if size > limit:
            raise BadFileError(f"is larger than {limit / 2**20:g} MiB ({size / 2**20:.0f} MiB)")
        if size == 0:
            raise BadFileError("is empty (0 bytes)")
        return file.read(limit + 1)

    data = read_regular(path, read)
    if not 0 < len(data) <= limit:
        raise BadFileError("changes while it is read")
    if data.startswith(_LFS_POINTER):
        raise BadFileError("is a Git LFS pointer, not the file itself; run: git lfs pull")
    return data
