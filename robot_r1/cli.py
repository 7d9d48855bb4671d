"""How every command begins and ends: its flags, what it prints, and a user's mistake as one line with exit code 2."""

import argparse
import contextlib
import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from robot_r1.errors import DISK_FAULTS, BadDemoError, BadFileError, UserError
from robot_r1.files import at_home
from robot_r1.yaml_file import read_yaml

LONGEST_MESSAGE = 2000
"""Characters of an error's line; what is longer loses its middle."""
_FOLDERS = {
    "HF_HOME": "~/.cache/huggingface",
    "HF_DATASETS_CACHE": None,
    "HF_HUB_CACHE": None,
    "XDG_CACHE_HOME": "~/.cache",
    "XDG_DATA_HOME": "~/.local/share",
}
"""Where libraries write without being told: the variable that says where else, and the place if it is not set."""

console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
"""Standard error; names such as `[v2]` and `:key:` stay as they are."""


class CommandParser(argparse.ArgumentParser):
    """A parser whose complaints are one line with exit code 2, like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise a `UserError`, where argparse would print the usage and exit."""
        raise UserError(f"{message}; see {self.prog} --help")


def config_and_flags(arguments: Sequence[str], example: str) -> tuple[Path | None, dict[str, Any], list[str]]:
    """The file of `--config FILE.yaml`, its keys and values, and all other arguments.

    Args:
        example: a file of this project that shows what may stand in it.

    Raises:
        UserError: the file cannot be read.
    """
    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    try:
        known, flags = parser.parse_known_args(arguments)
    except UserError:
        raise UserError(f"--config needs a file, such as {example}") from None
    if known.config is None:
        return None, {}, flags
    path = at_home(known.config)
    try:
        return path, read_yaml(path), flags
    except BadFileError as error:
        raise UserError(f"configuration {path} {error}; see {example}") from error


def run_command(main: Callable[[Sequence[str]], int | None], resume_hint: str) -> int:
    """Run a command on `sys.argv` and return its exit code.

    0: done, or what `main` returns. 1: nobody reads the output any more, as after `| head`. 2: something the user can
    mend, said in one line. 130: interrupted; `resume_hint` says how to go on. Characters that the output's encoding
    lacks are written as escapes.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(main) or 0
    except UserError as error:
        code = _fail(str(error))
    except BadDemoError as error:
        code = _fail(f"damaged demo: {error}")
    except KeyboardInterrupt:
        console.print(f"interrupted; {resume_hint}", markup=False)
        code = 130
    except BrokenPipeError:
        code = 1
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        code = _fail(f"{_place(error)}: {error.strerror}; {_way_out(error, resume_hint)}")
    finally:
        _let_go_of_closed_outputs()
    return code


def python_line(*arguments: object) -> str:
    """A command line for this Python, to paste into a shell; its path is relative where it lies in this folder."""
    path = Path(sys.executable)
    python = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return shlex.join(map(str, (python, *arguments)))


def _run(main: Callable[[Sequence[str]], int | None]) -> int | None:
    _check_names()
    try:
        code = main(sys.argv[1:])
    except SystemExit:  # after --help, for one
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return code


def _check_names() -> None:
    """Refuse names that the libraries below, which know UTF-8 alone, would stumble over in the middle of the work."""
    try:
        names = [*sys.argv[1:], str(Path.cwd())]
    except FileNotFoundError:
        raise UserError("the current folder exists no more; change to another one") from None
    for name in names:
        if not name.isascii() and sys.getfilesystemencoding() != "utf-8":
            raise UserError(f"Python takes file names for {sys.getfilesystemencoding()} here; set PYTHONUTF8=1")
        if any("\ud800" <= character <= "\udfff" for character in name):
            raise UserError(f"{name} is no name in UTF-8, which the libraries need; rename it")


def _fail(message: str) -> int:
    line = " ".join(message.split())
    if len(line) > LONGEST_MESSAGE:
        half = LONGEST_MESSAGE // 2
        line = f"{line[:half]} [...] {line[-half:]}"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    console.print(f"error: {shown}", markup=False)
    return 2


def _place(error: OSError) -> str:
    if error.filename is None:
        return "a lock file" if error.errno in _NO_LOCKS else "output"
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)


_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def _way_out(error: OSError, resume_hint: str) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"allow more open files (ulimit -n 4096); {resume_hint}"
    if error.errno in _NO_LOCKS and error.filename is None:
        return "set HF_HOME to a folder on a local disk, whose file system has locks"
    if variables := _variables_of(_place(error)):
        return f"set {' and '.join(variables)} to a folder that can be written"
    return resume_hint


def _variables_of(place: str) -> list[str]:
    """The variables that move what lies at a place, or what would lie in it."""
    path = Path(place).absolute()
    found = []
    for variable, default in _FOLDERS.items():
        folder = os.environ.get(variable) or default
        if folder is None or path == Path.home() or path == Path.cwd():
            continue
        other = Path(folder).expanduser().absolute()
        if path.is_relative_to(other) or (other.is_relative_to(path) and path.is_relative_to(Path.home())):
            found.append(variable)
    return found


def _let_go_of_closed_outputs() -> None:
    """Python would complain when it ends that it cannot write what is left."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
