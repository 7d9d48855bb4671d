"""REINFORCE leave-one-out on Robot-R1 questions: for the paper's ablation (table 7).

    accelerate launch train/rloo.py --config configs/train/tiny_rloo.yaml

Settings are those of TRL's RLOOConfig and ModelConfig and of train/arguments.py.
"""

import sys
from collections.abc import Sequence

from robot_r1.cli import run_command
from train.command import RESUME, training_packages

with training_packages():
    from trl import RLOOConfig

    from train.arguments import read_settings
    from train.run import run_rl
    from train.trainers import RobotRLOOTrainer


def main(arguments: Sequence[str]) -> None:
    """Train; see the module's text."""
    run_rl("rloo", read_settings(RLOOConfig, arguments), RobotRLOOTrainer)


if __name__ == "__main__":
    sys.exit(run_command(main, RESUME))
