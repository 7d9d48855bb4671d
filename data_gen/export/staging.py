"""A folder that appears complete or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from robot_r1.errors import UserError
from robot_r1.files import make_folder


def check_out(out: Path, source: Path) -> None:
    """Make sure that a new folder may stand at `out`.

    Raises:
        UserError: something is there, or it lies in the data set, whose files would then no longer be its own.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"--out {out} holds files already; give a folder that does not exist yet, or delete it")
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file; give a folder that does not exist yet")
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"--out {out} lies in the data set; give a folder outside of {source}")


@contextmanager
def appearing_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside `out` that takes its place, in one step, when the block ends without an error.

    A process killed inside the block leaves a hidden `.NAME.*.tmp` folder, which nothing reads.

    Raises:
        UserError: the folder above cannot be made or written.
        OSError: the disk is full.
    """
    make_folder(out.parent)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".tmp", dir=out.parent))
    except OSError as error:
        raise UserError(f"cannot write to {out.parent}: {error.strerror}; give a folder you may write to") from error
    try:
        yield temporary
        temporary.chmod(0o755)  # mkdtemp makes folders that only their owner can read
        if out.is_dir():
            out.rmdir()  # empty: `check_out` has looked
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
