"""Supervised fine-tuning: the paper's Direct and CoT baselines, and the cold start of reinforcement learning.

    python -m data_gen.build --config configs/data/tiny.yaml --format sft-think --out data/tiny-cold-start
    python -m train.tiny_model --out models/tiny --dataset data/tiny-cold-start
    accelerate launch train/sft.py --config configs/train/tiny_sft.yaml

Settings are those of TRL's SFTConfig and ModelConfig and of train/arguments.py. Loss is on the completions alone.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from robot_r1.cli import run_command
from train.command import RESUME, training_packages

with training_packages():
    from trl import SFTConfig

    from train.arguments import read_settings
    from train.run import run_sft


@dataclass
class RobotSFTConfig(SFTConfig):  # type: ignore[misc]
    """TRL's settings, except that nothing is cut and that reward columns stay."""

    max_length: int | None = field(default=None, metadata={"help": "leave out: cutting loses image tokens"})
    remove_unused_columns: bool | None = field(default=False, metadata={"help": "leave false"})


def main(arguments: Sequence[str]) -> None:
    """Train; see the module's text."""
    run_sft(read_settings(RobotSFTConfig, arguments))


if __name__ == "__main__":
    sys.exit(run_command(main, RESUME))
