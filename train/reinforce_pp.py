"""REINFORCE++ on Robot-R1 questions: for the paper's ablation (table 7).

    accelerate launch train/reinforce_pp.py --config configs/train/tiny_reinforce_pp.yaml

Settings are those of TRL's GRPOConfig and ModelConfig and of train/arguments.py; `beta` weighs the KL penalty in the
reward.
"""

import sys
from collections.abc import Sequence

from robot_r1.cli import run_command
from train.command import RESUME, training_packages

with training_packages():
    from train.arguments import read_settings
    from train.run import run_rl
    from train.trainers import ReinforcePPTrainer
    from train.trainers.reinforce_pp import ReinforcePPConfig


def main(arguments: Sequence[str]) -> None:
    """Train; see the module's text."""
    run_rl("reinforce_pp", read_settings(ReinforcePPConfig, arguments), ReinforcePPTrainer)


if __name__ == "__main__":
    sys.exit(run_command(main, RESUME))
