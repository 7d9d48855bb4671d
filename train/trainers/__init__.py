"""TRL's trainers with this project's mendings and watching mixed in."""

from trl import GRPOTrainer, RLOOTrainer, SFTTrainer

from train.trainers.checkpoints import CheckpointTrainer
from train.trainers.reinforce_pp import ReinforcePPTrainer
from train.trainers.sharded import ShardedTrainer
from train.trainers.shared_prefix import SharedPrefixTrainer
from train.trainers.vision import VisionTrainer
from train.trainers.watch import WatchTrainer


class RobotGRPOTrainer(
    CheckpointTrainer,
    ShardedTrainer,
    VisionTrainer,
    WatchTrainer,
    SharedPrefixTrainer,
    GRPOTrainer,  # type: ignore[misc]
):
    """Group-relative policy optimisation (Shao et al., 2024)."""


class RobotRLOOTrainer(
    CheckpointTrainer,
    ShardedTrainer,
    VisionTrainer,
    WatchTrainer,
    SharedPrefixTrainer,
    RLOOTrainer,  # type: ignore[misc]
):
    """REINFORCE leave-one-out (Ahmadian et al., 2024)."""


class RobotSFTTrainer(CheckpointTrainer, ShardedTrainer, SFTTrainer):  # type: ignore[misc]
    """Supervised fine-tuning."""


__all__ = ["ReinforcePPTrainer", "RobotGRPOTrainer", "RobotRLOOTrainer", "RobotSFTTrainer"]
