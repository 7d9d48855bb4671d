"""A folder that appears complete or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robot_r1.errors import UserError
from robot_r1.files import free_place, temporary_path
from robot_r1.lock import beside, only_one


def check_out(out: Path, source: Path) -> None:
    """Make sure that a new folder may stand at `out`.

    Raises:
        UserError: something is there, or it lies in the data set, whose files would then no longer be its own.
    """
    free_place(out)
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"--out {out} lies in the data set; give a folder outside of {source}")


@contextmanager
def appearing_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that takes its place, in one step, when the block ends without an error.

    A process killed inside the block leaves a hidden `.NAME.*.tmp` folder, which nothing reads.

    Raises:
        UserError: the folder above cannot be made or written, or another process writes the same.
        OSError: the disk is full.
    """
    place = free_place(out)
    with only_one(beside(place), f"another process is writing {out}"):
        temporary = temporary_path(place)
        temporary.mkdir()
        try:
            yield temporary
            if free_place(out).is_dir():
                place.rmdir()
            temporary.rename(place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
