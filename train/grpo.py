"""Group-relative policy optimisation of Qwen2.5-VL on Robot-R1 questions.

    accelerate launch train/grpo.py --config configs/train/tiny_grpo.yaml
    accelerate launch --config_file configs/accelerate/zero3.yaml train/grpo.py --config configs/train/paper_7b.yaml

`--config` takes every setting of TRL's GRPOConfig and ModelConfig and those of train/arguments.py; flags win over it.
`--dry_run true` shows what would be done, `--resume true` goes on after an interruption.
"""

import sys
from collections.abc import Sequence

from robot_r1.cli import run_command
from train.command import RESUME, training_packages

with training_packages():
    from trl import GRPOConfig

    from train.arguments import read_settings
    from train.run import run_rl
    from train.trainers import RobotGRPOTrainer


def main(arguments: Sequence[str]) -> None:
    """Train; see the module's text."""
    run_rl("grpo", read_settings(GRPOConfig, arguments), RobotGRPOTrainer)


if __name__ == "__main__":
    sys.exit(run_command(main, RESUME))
