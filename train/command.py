"""What all commands of this package share: ending a user's mistake in one line with exit code 2."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from robot_r1.errors import MissingPackageError, UserError

_PACKAGES = ("torch", "torchvision", "transformers", "trl", "accelerate", "peft", "tokenizers", "qwen_vl_utils")


class CommandParser(argparse.ArgumentParser):
    """A parser whose mistakes are one line, as all of a user's."""

    def error(self, message: str) -> NoReturn:
        """Raise a `UserError`, where argparse would print the usage and exit."""
        raise UserError(f"{message}; see {self.prog} --help")


@contextmanager
def training_packages() -> Iterator[None]:
    """Around the imports of a command: a missing package of the extra `train` ends in one line and exit code 2."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in _PACKAGES:
            raise
        print(f"error: {MissingPackageError(package.replace('_', '-'), 'train')}", file=sys.stderr)
        raise SystemExit(2) from error


def run_command(main: Callable[[Sequence[str]], None]) -> int:
    """Run a command on `sys.argv` and return its exit code.

    0: done. 2: something the user can mend, said in one line. 130: interrupted.
    """
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0
