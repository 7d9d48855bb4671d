"""Runs train/grpo.py and kills it, as `kill -9` does, while it saves the checkpoint of step 4.

python -m tests.support.killed_while_saving weights|marker FLAGS OF GRPO
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from train import grpo
from train.trainers import checkpoints
from train.trainers.checkpoints import CheckpointTrainer


def kill(*_: Any) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str, arguments: list[str]) -> None:
    """Train until the checkpoint of step 4 is half written: after the weights, or before the list of files."""
    if moment == "weights":
        save_rng = CheckpointTrainer._save_rng_state

        def save_or_die(self: Any, folder: str) -> None:
            if folder.endswith("-4"):
                kill()
            save_rng(self, folder)

        CheckpointTrainer._save_rng_state = save_or_die
    else:
        mark = checkpoints.mark_complete

        def mark_or_die(folder: Path) -> None:
            if folder.name == "checkpoint-4":
                kill()
            mark(folder)

        checkpoints.mark_complete = mark_or_die
    grpo.main(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
