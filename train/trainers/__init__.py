"""TRL's trainers with this project's mendings and watching mixed in."""

from trl import GRPOTrainer, RLOOTrainer, SFTTrainer

from train.trainers.checkpoints import CheckpointTrainer
from train.trainers.reinforce_pp import ReinforcePPTrainer
from train.trainers.shared_prefix import SharedPrefixTrainer
from train.trainers.vision import VisionTrainer
from train.trainers.watch import WatchTrainer


class RobotGRPOTrainer(CheckpointTrainer, VisionTrainer, WatchTrainer, SharedPrefixTrainer, GRPOTrainer):  # type: ignore[misc]
    """Group-relative policy optimisation (Shao et al., 2024)."""


class RobotRLOOTrainer(CheckpointTrainer, VisionTrainer, WatchTrainer, SharedPrefixTrainer, RLOOTrainer):  # type: ignore[misc]
    """REINFORCE leave-one-out (Ahmadian et al., 2024)."""


class RobotSFTTrainer(CheckpointTrainer, SFTTrainer):  # type: ignore[misc]
    """Supervised fine-tuning."""


__all__ = ["ReinforcePPTrainer", "RobotGRPOTrainer", "RobotRLOOTrainer", "RobotSFTTrainer"]
