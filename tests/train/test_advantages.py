"""The advantages of the three algorithms against a few lines of numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from trl import GRPOConfig, RLOOConfig

from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, read_split, rendered
from train.model import read_processor
from train.trainers import ReinforcePPTrainer, RobotGRPOTrainer, RobotRLOOTrainer
from train.trainers.reinforce_pp import ReinforcePPConfig, moments, token_returns, whitened

GROUP, PROMPTS = 4, 3
REWARDS = np.random.default_rng(5).integers(0, 3, GROUP * PROMPTS).astype(np.float64)


def given_rewards(completions: list[Any], **columns: Any) -> list[float]:
    return REWARDS.tolist()


def scored(trainer_class: Any, config: Any, model: Path, data: Path, out: Path, **more: Any) -> dict[str, Any]:
    processor = read_processor(ModelArguments(model_name_or_path=str(model)))
    arguments = config(
        str(out),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to="none",
        per_device_train_batch_size=GROUP * PROMPTS,
        num_generations=GROUP,
        max_completion_length=6,
        **more,
    )
    questions = rendered(read_split(str(data), "train", QUESTION_COLUMNS), None, None)
    trainer = trainer_class(
        str(model), [given_rewards], arguments, train_dataset=questions, processing_class=processor
    )
    trainer.model.train()
    if trainer.beta:  # a policy that has moved away from its reference
        with torch.no_grad():
            for parameter in trainer.model.parameters():
                parameter.add_(0.02 * torch.randn_like(parameter))
    result: dict[str, Any] = trainer._generate_and_score_completions([questions[i // GROUP] for i in range(12)])
    return {**result, "trainer": trainer}


def test_grpo(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    got = scored(RobotGRPOTrainer, GRPOConfig, tiny_model, mixed_blocks, tmp_path)["advantages"]
    groups = REWARDS.reshape(PROMPTS, GROUP)
    expected = (groups - groups.mean(1, keepdims=True)) / (groups.std(1, ddof=1, keepdims=True) + 1e-4)
    np.testing.assert_allclose(got.numpy(), expected.ravel(), rtol=1e-5, atol=1e-6)


def test_rloo(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    got = scored(RobotRLOOTrainer, RLOOConfig, tiny_model, mixed_blocks, tmp_path, beta=0.0)["advantages"]
    groups = REWARDS.reshape(PROMPTS, GROUP)
    others = (groups.sum(1, keepdims=True) - groups) / (GROUP - 1)
    np.testing.assert_allclose(got.numpy(), (groups - others).ravel(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("beta", [0.0, 0.05])
def test_reinforce_pp(tiny_model: Path, mixed_blocks: Path, tmp_path: Path, beta: float) -> None:
    batch = scored(ReinforcePPTrainer, ReinforcePPConfig, tiny_model, mixed_blocks, tmp_path, beta=beta)
    mask = batch["completion_mask"].numpy().astype(np.float64)
    kl = np.zeros_like(mask)
    if beta:
        kl = (policy_log_probs(batch) - batch["ref_per_token_logps"].numpy()) * mask
        assert np.abs(kl).max() > 0.01
    returns = REWARDS[:, None] - beta * kl[:, ::-1].cumsum(axis=1)[:, ::-1]
    tokens = returns[mask == 1]
    expected = np.where(mask == 1, (returns - tokens.mean()) / np.sqrt(tokens.var() + 1e-8), 0.0)
    np.testing.assert_allclose(batch["advantages"].numpy(), expected, rtol=1e-3, atol=1e-4)
    assert abs(expected[mask == 1].mean()) < 1e-9


def policy_log_probs(batch: dict[str, Any]) -> np.ndarray:
    """Log-probabilities of the completions, straight from the model's logits."""
    trainer = batch["trainer"]
    model = trainer.accelerator.unwrap_model(trainer.model)
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    picture = {name: batch[name] for name in ("image_grid_thw", "mm_token_type_ids")}
    picture["pixel_values"] = torch.cat(batch["pixel_values"])
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask, **picture).logits
    length = batch["completion_ids"].size(1)
    log_probs = torch.log_softmax(logits[:, -length - 1 : -1].float(), dim=-1)
    return log_probs.gather(2, batch["completion_ids"].unsqueeze(2)).squeeze(2).numpy()


def test_the_penalty_is_in_the_reward_alone(tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    batch = scored(ReinforcePPTrainer, ReinforcePPConfig, tiny_model, mixed_blocks, tmp_path, beta=0.05)
    trainer = batch.pop("trainer")
    trainer.model.eval()  # outside of a training step TRL knows no number of accumulated batches
    with torch.no_grad():
        loss = trainer._compute_loss(trainer.model, batch)
    mask = batch["completion_mask"].float()
    assert trainer.beta == 0.05
    torch.testing.assert_close(loss, -(batch["advantages"] * mask).sum() / mask.sum(), rtol=1e-4, atol=1e-5)


def test_whitening_over_two_processes_is_that_of_their_union() -> None:
    rng = torch.Generator().manual_seed(0)
    values, mask = torch.randn(6, 5, generator=rng), (torch.rand(6, 5, generator=rng) > 0.3).float()
    whole = whitened(values, mask, moments(values, mask))
    sums = moments(values[:2], mask[:2]) + moments(values[2:], mask[2:])
    halves = torch.cat([whitened(values[:2], mask[:2], sums), whitened(values[2:], mask[2:], sums)])
    torch.testing.assert_close(whole, halves)


def test_returns_of_a_small_case() -> None:
    returns = token_returns(torch.tensor([1.0]), torch.tensor([[0.1, 0.2, 0.0]]), beta=1.0)
    torch.testing.assert_close(returns, torch.tensor([[0.7, 0.8, 1.0]]))


def test_a_batch_without_a_token_that_counts() -> None:
    values, mask = torch.randn(2, 3), torch.zeros(2, 3)
    assert not whitened(values, mask, moments(values, mask)).any()


def test_nearly_equal_returns_keep_their_scale() -> None:
    values = 2 - 1e-3 * torch.rand(50, 4, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(50, 4)
    spread = values.double().var(unbiased=False)
    expected = (values.double() - values.double().mean()) * torch.rsqrt(spread + 1e-8)
    torch.testing.assert_close(whitened(values, mask, moments(values, mask)).double(), expected, rtol=1e-3, atol=1e-3)


def sometimes_reward(completions: list[Any], **columns: Any) -> list[float | None]:
    return [None if place % GROUP == 0 else float(place) for place in range(len(completions))]


def test_completions_that_no_reward_applies_to_teach_nothing(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.train.test_advantages.given_rewards", sometimes_reward)
    batch = scored(ReinforcePPTrainer, ReinforcePPConfig, tiny_model, mixed_blocks, tmp_path, beta=0.0)
    none = torch.arange(GROUP * PROMPTS) % GROUP == 0
    assert not batch["advantages"][none].any() and batch["advantages"][~none].any()
