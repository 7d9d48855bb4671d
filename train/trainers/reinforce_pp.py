"""REINFORCE++ (Hu et al., 2025) on TRL's GRPO trainer, for the paper's ablation (Robot-R1, table 7).

The paper does not say where it put the KL penalty: EasyR1, with which it trained, has it in the loss by default and in
the reward in its example for this algorithm (commit bee33c4), as here.

There is no group baseline: a token's return is the completion's reward minus the KL penalties from that token on
(k1 estimate, log pi_old - log pi_ref, discount 1), whitened over all completion tokens of the whole generation batch,
of all processes. The KL penalty is in the reward, not in the loss.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from trl import GRPOConfig, GRPOTrainer

from train.trainers.checkpoints import CheckpointTrainer
from train.trainers.sharded import ShardedTrainer
from train.trainers.shared_prefix import SharedPrefixTrainer
from train.trainers.vision import VisionTrainer
from train.trainers.watch import WatchTrainer

_FORWARD = ("pixel_values", "image_grid_thw", "num_images", "mm_token_type_ids")


@dataclass
class ReinforcePPConfig(GRPOConfig):  # type: ignore[misc]
    """TRL's GRPO settings; `beta` is the weight of the KL penalty in the reward."""

    beta: float = field(default=0.001, metadata={"help": "weight of the KL penalty in the reward"})


def token_returns(rewards: torch.Tensor, kl: torch.Tensor, beta: float) -> torch.Tensor:
    """Reward to go of each token.

    Args:
        rewards: (completions,), given at the end of a completion.
        kl: (completions, tokens), nats, zero where there is no token.
        beta: weight of the penalty.
    """
    penalty_to_go = kl.flip(1).cumsum(1).flip(1)
    return rewards.unsqueeze(1) - beta * penalty_to_go


def whitened(values: torch.Tensor, mask: torch.Tensor, sums: torch.Tensor) -> torch.Tensor:
    """Values with mean 0 and variance 1 over all tokens of all processes; 0 where there is no token.

    Args:
        values: (completions, tokens).
        mask: (completions, tokens), 1 where there is a token.
        sums: sum, sum of squares and count of the values in float64, over all processes; see `moments`.
    """
    count = sums[2].clamp(min=1)  # a batch may have no token that counts
    mean = sums[0] / count
    variance = (sums[1] / count - mean**2).clamp(min=0)
    scaled = (values - mean) * torch.rsqrt(variance + 1e-8)
    return torch.where(mask.bool(), scaled, 0).to(values.dtype)


def moments(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Sum, sum of squares and count of the values at the mask, in float64: (3,)."""
    kept = values[mask.bool()].double()
    return torch.stack([kept.sum(), (kept**2).sum(), torch.tensor(float(len(kept)), device=kept.device).double()])


class ReinforcePPTrainer(
    CheckpointTrainer,
    ShardedTrainer,
    VisionTrainer,
    WatchTrainer,
    SharedPrefixTrainer,
    GRPOTrainer,  # type: ignore[misc]
):
    """TRL's GRPO trainer with REINFORCE++'s advantages."""

    _name = "REINFORCE++"
    whole_batch_baseline = True
    beta: float

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        scored: dict[str, Any] = super()._generate_and_score_completions(inputs)
        rewards = (self.all_rewards * self.reward_weights.to(self.all_rewards.device)).nansum(dim=1)
        scorable = ~self.all_rewards.isnan().all(dim=1)  # a completion that no reward applies to teaches nothing
        mask = scored["completion_mask"].float() * self._local(scorable, len(inputs)).unsqueeze(1)
        kl = self._kl(scored, mask) if self.beta else torch.zeros_like(mask)
        returns = token_returns(self._local(rewards, len(inputs)), kl, self.beta)
        sums = self.accelerator.reduce(moments(returns, mask), reduction="sum")
        scored["advantages"] = whitened(returns, mask, sums)  # TRL takes advantages of shape (B, T) as they are
        for sample, advantage in zip(self.sampled, scored["advantages"], strict=False):
            sample.advantage = float(advantage[0])
        return scored

    def _kl(self, scored: dict[str, Any], mask: torch.Tensor) -> torch.Tensor:
        old = scored.get("old_per_token_logps")
        if old is None:  # TRL leaves them out where the first update would recompute them; the penalty needs them now
            with torch.no_grad():
                old, _, _ = self._get_per_token_logps_and_entropies(
                    self.model,
                    torch.cat([scored["prompt_ids"], scored["completion_ids"]], dim=1),
                    torch.cat([scored["prompt_mask"], scored["completion_mask"]], dim=1),
                    mask.size(1),
                    batch_size=self.args.per_device_train_batch_size,
                    **{name: scored[name] for name in _FORWARD if name in scored},
                )
        kl: torch.Tensor = (old - scored["ref_per_token_logps"]) * mask
        totals = self.accelerator.reduce(torch.stack([kl.sum(), mask.sum()]), reduction="sum")
        mode = "train" if self.model.training else "eval"
        self._metrics[mode]["kl"].append((totals[0] / totals[1].clamp(min=1)).item())
        return kl

    def _compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any]) -> torch.Tensor:
        beta, self.beta = self.beta, 0.0  # the penalty is in the reward already
        try:
            loss: torch.Tensor = super()._compute_loss(model, inputs)
        finally:
            self.beta = beta
        return loss
