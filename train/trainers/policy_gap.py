"""How far the policy that vLLM samples from is from the one that learns, where TRL does not tell.

Both have the same weights, but other kernels and types of numbers, and training goes astray where they drift apart.
TRL logs the difference only with `vllm_importance_sampling_correction`, which also weights the loss by it, and never
for RLOO. Here it is logged under TRL's names and changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator

NAME = "sampling/sampling_logp_difference"
"""TRL's, with `/mean` and `/max`: of |log p of vLLM - log p of the trainer| over sampled tokens, nats."""


def differences(ours: torch.Tensor, sampled: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Sum, count and maximum of the absolute differences, (3,), over the tokens whose log-probabilities vLLM gave.

    Args:
        ours: (B, C), nats.
        sampled: (B, C), nats; NaN where vLLM gave none.
        mask: (B, C), 1 where there is a token.
    """
    apart = (ours.detach() - sampled).abs()[mask.bool() & ~sampled.isnan()].float()
    greatest = apart.max() if len(apart) else apart.sum()
    return torch.stack([apart.sum(), torch.ones_like(apart).sum(), greatest])


class PolicyGapTrainer:
    """Mixed in before a trainer of TRL that generates; does nothing unless vLLM samples."""

    accelerator: Accelerator
    use_vllm: bool
    _gaps: tuple[torch.Tensor, ...] = ()
    """`differences` of what was sampled since they were last logged."""
    _log_probs: torch.Tensor | None = None
    """Those of the first forward pass of a generation batch, or of a loss."""

    @property
    def _tells(self) -> bool:
        return self.use_vllm and not getattr(self, "vllm_importance_sampling_correction", False)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        score = super()._generate_and_score_completions  # type: ignore[misc]
        if not self._tells:
            unchanged: dict[str, Any] = score(inputs)
            return unchanged
        self._log_probs = None
        with self._listening() as heard:
            scored: dict[str, Any] = score(inputs)
        if heard:  # RLOO, which asks vLLM for none
            sampled = torch.full(scored["completion_ids"].shape, torch.nan, device=scored["completion_ids"].device)
            for row, values in enumerate(heard):
                sampled[row, : len(values)] = torch.tensor([torch.nan if own[0] is None else own[0] for own in values])
            assert self._log_probs is not None
            self._note(self._log_probs, sampled, scored["completion_mask"])
        elif "old_per_token_logps" in scored:
            self._note(scored["old_per_token_logps"], scored["sampling_per_token_logps"], scored["completion_mask"])
        return scored

    def _compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any]) -> torch.Tensor:
        self._log_probs = None
        loss: torch.Tensor = super()._compute_loss(model, inputs)  # type: ignore[misc]
        if self._tells and "sampling_per_token_logps" in inputs and "old_per_token_logps" not in inputs:
            # TRL computes no old ones where all completions are learned from in one update: these are the old ones.
            assert self._log_probs is not None
            self._note(self._log_probs, inputs["sampling_per_token_logps"], inputs["completion_mask"])
        return loss

    def _get_per_token_logps_and_entropies(self, *arguments: Any, **named: Any) -> Any:
        found = super()._get_per_token_logps_and_entropies(*arguments, **named)  # type: ignore[misc]
        if self._log_probs is None:
            self._log_probs = found[0].detach()
        return found

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if self._gaps:
            own = torch.stack(self._gaps)
            own = torch.stack([own[:, 0].sum(), own[:, 1].sum(), own[:, 2].max()])
            total, count, greatest = self.accelerator.gather(own).view(-1, 3).unbind(1)
            metrics: Any = self._metrics["train"]  # type: ignore[attr-defined]
            metrics[f"{NAME}/mean"].append((total.sum() / count.sum().clamp(min=1)).item())
            metrics[f"{NAME}/max"].append(greatest.max().item())
            self._gaps = ()
        super().log(logs, start_time)  # type: ignore[misc]

    def _note(self, ours: torch.Tensor, sampled: torch.Tensor, mask: torch.Tensor) -> None:
        self._gaps += (differences(ours, sampled, mask),)

    @contextmanager
    def _listening(self) -> Iterator[list[Any]]:
        """The log-probabilities that vLLM gives, where the trainer asks for none."""
        generation: Any = self.vllm_generation  # type: ignore[attr-defined]
        heard: list[Any] = []
        if generation.logprobs is not None:
            yield heard
            return
        stock = generation.generate

        def generate(*arguments: Any, **named: Any) -> Any:
            found = stock(*arguments, **named)
            heard.extend(found[2])
            return found

        generation.logprobs, generation.generate = 0, generate
        try:
            yield heard
        finally:
            generation.logprobs = None
            del generation.generate
