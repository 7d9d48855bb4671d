"""What all commands of this package share: ending a user's mistake in one line with exit code 2."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from robot_r1.errors import DISK_FAULTS, UserError

console = Console(stderr=True, highlight=False, soft_wrap=True)


class CommandParser(argparse.ArgumentParser):
    """A parser whose complaints are one line with exit code 2, like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise a `UserError`, where argparse would print the usage and exit."""
        raise UserError(f"{message}; see {self.prog} --help")


def run_command(main: Callable[[Sequence[str]], int | None], resume_hint: str) -> int:
    """Run a command on `sys.argv` and return its exit code.

    0: done, or what `main` returns. 1: nobody reads the output any more, as after `| head`. 2: something the user can
    mend, said in one line. 130: interrupted; `resume_hint` says how to go on.
    """
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        console.print(f"interrupted; {resume_hint}", markup=False)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
        return 1
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        return _fail(f"{error.filename or 'output'}: {error.strerror}; {resume_hint}")
    return code or 0


def interpreter() -> str:
    """How to call this Python again: its path, relative where it lies under the current folder."""
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _fail(message: str) -> int:
    console.print(f"error: {' '.join(message.split())}", markup=False)
    return 2
