"""What the commands of this package share beside `robot_r1.cli`: their packages, and how a run goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from robot_r1.errors import MissingPackageError

RESUME = "run the same command with --resume true to go on"
"""How a run goes on that was interrupted."""
_PACKAGES = ("torch", "torchvision", "transformers", "trl", "accelerate", "peft", "tokenizers", "qwen_vl_utils")


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
