"""What a reinforcement-learning trainer tells of its sampled completions, beside TRL's own metrics.

Per logged step: the share of each letter and of each reason for which a completion was refused, the accuracy by
question type; and now and then a file of completions with image, rewards and advantage.
"""

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from transformers import ProcessorMixin, TrainerState

from robot_r1.answer import REASONS, Refusal, parse_answer
from robot_r1.control_text import written
from robot_r1.pictures import png_bytes
from robot_r1.question import LETTERS
from robot_r1.rewards import Completion, completion_text
from train.records import NamedReward, Sample
from train.trainers.policy_gap import PolicyGapTrainer


class WatchTrainer(PolicyGapTrainer):
    """Mixed in before a trainer of TRL that generates."""

    accelerator: Accelerator
    state: TrainerState
    reward_func_names: list[str]
    model: torch.nn.Module
    processing_class: ProcessorMixin
    eos_token_ids: Sequence[int]
    num_generations: int
    whole_batch_baseline = False
    """Whether rewards are compared over the whole batch instead of within the group of a prompt."""
    sample_count = 0
    """How many completions of a generation batch are kept for a file."""
    sampled: Sequence[Sample] = ()
    """The completions of the last generation batch that are kept for a file."""
    all_rewards: torch.Tensor
    """Rewards of the whole generation batch, of all processes: (completions, reward functions)."""

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: list[Any], completions: list[Completion], ids: Any
    ) -> torch.Tensor:
        completions = [self._as_written(said, tokens) for said, tokens in zip(completions, ids, strict=True)]
        rewards: torch.Tensor = super()._calculate_rewards(inputs, prompts, completions, ids)  # type: ignore[misc]
        self.all_rewards = rewards
        texts = [completion_text(completion) for completion in completions]
        if self.model.training:
            self._metrics["train"]["equal_rewards"].append(self._equal_share(rewards))  # type: ignore[attr-defined]
            self._tell(inputs, texts)
            self.sampled = self._sample(inputs, texts, self._local(rewards, len(texts)))
        return rewards

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        scored = super()._generate_and_score_completions(inputs)
        advantages = scored["advantages"]
        for sample, advantage in zip(self.sampled, advantages, strict=False):
            sample.advantage = float(advantage if advantage.dim() == 0 else advantage[0])
        return scored

    def _as_written(self, completion: Completion, ids: Sequence[int]) -> Completion:
        """The completion with its control tokens, which TRL decodes away: else they could stand between the tags."""
        text = written(self.processing_class.tokenizer, ids, self.eos_token_ids)
        return text if isinstance(completion, str) else [{**completion[0], "content": text}, *completion[1:]]

    def _equal_share(self, rewards: torch.Tensor) -> float:
        """Share of groups from which nothing is learned; unlike TRL's metric it leaves out a KL penalty (RLOO's)."""
        totals = (rewards * self.reward_weights.to(rewards.device)).nansum(dim=1)  # type: ignore[attr-defined]
        groups = totals.view(1, -1) if self.whole_batch_baseline else totals.view(-1, self.num_generations)
        return float(torch.isclose(groups.amax(dim=1), groups.amin(dim=1)).float().mean())

    def _local(self, gathered: torch.Tensor, count: int) -> torch.Tensor:
        start = self.accelerator.process_index * count
        return gathered[start : start + count]

    def _tell(self, inputs: Sequence[dict[str, Any]], texts: Sequence[str]) -> None:
        tell = self._log_metric  # type: ignore[attr-defined]
        for row, text in zip(inputs, texts, strict=True):
            parsed = parse_answer(text)
            reason = parsed.reason if isinstance(parsed, Refusal) else None
            letter = None if isinstance(parsed, Refusal) else parsed.letter
            for option in LETTERS:
                tell(f"letters/{option}", float(letter == option))
            tell("letters/none", float(letter is None))
            for possible in REASONS:
                tell(f"refusals/{possible}", float(reason == possible))
            if "answer" in row:
                tell(f"train_accuracy/{row['question_type']}", float(letter == row["answer"]))

    def _sample(self, inputs: Sequence[dict[str, Any]], texts: Sequence[str], rewards: torch.Tensor) -> list[Sample]:
        """The first completions of this process's batch; those of a prompt are adjacent."""
        weights = self.reward_weights.to(rewards.device)  # type: ignore[attr-defined]
        samples: list[Sample] = []
        for row, text, values in zip(inputs, texts, rewards, strict=True):
            if len(samples) == self.sample_count:
                break
            parsed = parse_answer(text)
            named = zip(self.reward_func_names, values.tolist(), strict=True)
            samples.append(
                Sample(
                    id=row["id"],
                    question_type=row["question_type"],
                    task=row.get("task") or "",
                    question=row["question"],
                    answer=row.get("answer"),
                    images=tuple(png_bytes(image) for image in row["images"]),
                    completion=text,
                    letter=None if isinstance(parsed, Refusal) else parsed.letter,
                    refusal=parsed.reason if isinstance(parsed, Refusal) else None,
                    reward=float((values * weights).nansum()),
                    rewards=tuple(NamedReward(name=name, value=value) for name, value in named),
                )
            )
        return samples
