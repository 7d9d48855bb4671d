"""Runs whose vLLM is a stand-in under TRL's own `VLLMGeneration`: held-out answers, and the difference of policies."""

import json
import math
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from transformers import Qwen2_5_VLForConditionalGeneration

from tests.conftest import CPU
from tests.support import vllm_stand_in
from tests.support.vllm_stand_in import Client, Engine, engines, same_calls, stand_in
from train import grpo, reinforce_pp, rloo
from train.trainers.policy_gap import NAME, PolicyGapTrainer, differences
from train.trainers.vision import forbidden_tokens

TOKENS = 6


def flags(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    return [
        *["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU],
        *["--rewards", "tests.support.rewards.vowel_reward", "--num_generations", "4", "--max_steps", "2"],
        *["--per_device_train_batch_size", "8", "--max_completion_length", str(TOKENS), "--save_strategy", "no"],
        *["--learning_rate", "0.01", "--logging_steps", "1", "--heldout_questions", "5", "--heldout_every", "1"],
        *["--sample_every", "0", "--disable_tqdm", "true", "--vllm_importance_sampling_correction", "false", *more],
    ]


def logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def answers(run: Path, step: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(run / "evaluations" / f"step-{step:06d}.parquet").to_pylist()
    return rows


def without(flag: str, given: list[str]) -> list[str]:
    place = given.index(flag)
    return given[:place] + given[place + 2 :]


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A tiny model that ends some answers, and which would like to say vision tokens."""
    from transformers import AutoProcessor

    folder = tmp_path / "model"
    loaded = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    processor = AutoProcessor.from_pretrained(tiny_model)
    with torch.no_grad():
        for parameter in loaded.parameters():
            parameter *= 2
        loaded.lm_head.weight[processor.image_token_id] *= 4
        loaded.lm_head.weight[processor.tokenizer.eos_token_id] *= 3
    loaded.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("mode", ["colocate", "server"])
def test_held_out_answers_are_those_of_transformers_on_the_same_weights(
    mode: str, model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, str(model))
    by_vllm = tmp_path / "vllm"
    given = flags(model, mixed_blocks, by_vllm, "--use_vllm", "true", "--vllm_mode", mode)
    grpo.main(given)
    (engine,) = engines()
    greedy = [asked for asked in engine.asked if asked.settings.temperature == 0]
    assert [asked.pictures for asked in greedy] == [5, 5, 5]
    for asked in greedy:
        settings = asked.settings
        assert (settings.max_tokens, settings.n, settings.top_p, settings.repetition_penalty) == (TOKENS, 1, 1, 1)
        assert set(settings.logit_bias) == set(forbidden_tokens(engine.processor, settings.stop_token_ids))
        assert engine.processor.image_token_id in settings.logit_bias
        assert engine.processor.tokenizer.eos_token_id in settings.stop_token_ids
    sampled = [asked for asked in engine.asked if asked.settings.temperature != 0]
    assert len(sampled) == 2 and all(not asked.settings.stop_token_ids for asked in sampled)

    last = by_vllm / "last"
    by_transformers = tmp_path / "transformers"
    unchanged = [*without("--learning_rate", flags(last, mixed_blocks, by_transformers)), "--learning_rate", "0"]
    grpo.main(unchanged)
    ours, theirs = answers(by_vllm, 2), answers(by_transformers, 0)
    assert ours == theirs
    assert pq.read_schema(by_vllm / "evaluations/step-000002.parquet") == pq.read_schema(
        by_transformers / "evaluations/step-000000.parquet"
    )
    assert ours != answers(by_vllm, 0), "the weights were synchronised, and have changed"
    assert {row["tokens"] for row in ours} <= set(range(1, TOKENS + 1))


def test_answers_end_at_the_end_token_and_at_the_limit(
    model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, str(model))
    answer = Engine.answer
    ended = iter([True, False] * 100)

    def some_end(self: Engine, ids: list[int], picture: Any, settings: Any) -> Any:
        tokens, log_probs = answer(self, ids, picture, settings)
        if settings.temperature == 0 and next(ended):
            end = self.processor.tokenizer.eos_token_id
            return [65, 66, end], log_probs[:1] * 3
        return tokens, log_probs

    monkeypatch.setattr(vllm_stand_in.Engine, "answer", some_end)
    run = tmp_path / "run"
    grpo.main(flags(model, mixed_blocks, run, "--use_vllm", "true", "--vllm_mode", "colocate", "--max_steps", "1"))
    rows = answers(run, 0)
    assert [row["tokens"] for row in rows[::2]] == [3, 3, 3]
    assert all(row["tokens"] <= TOKENS for row in rows[1::2])
    assert len({row["completion"] for row in rows[::2]}) == 1 and "<|" not in rows[0]["completion"]


@pytest.mark.nightly
def test_a_vllm_that_sleeps_is_given_the_weights_again(
    model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, str(model))
    monkeypatch.setattr("trl.generation.vllm_generation.empty_cache", lambda: None)
    runs = []
    for name, more in (("awake", ()), ("asleep", ("--vllm_enable_sleep_mode", "true"))):
        run = tmp_path / name
        vllm = ("--use_vllm", "true", "--vllm_mode", "colocate", "--max_steps", "1", *more)
        grpo.main(flags(model, mixed_blocks, run, *vllm))
        runs.append(answers(run, 0))
    assert runs[0] == runs[1] and len(runs[0]) == 5


@pytest.mark.parametrize(
    ("mode", "lora"),
    [
        ("server", False),
        pytest.param("server", True, marks=pytest.mark.nightly),
        ("colocate", True),
    ],
    ids=["full", "lora", "colocated lora"],
)
def test_no_more_pictures_are_sent_than_prompts(
    mode: str, lora: bool, model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, str(model))
    vllm = ["--use_vllm", "true", "--vllm_mode", mode, "--max_steps", "1", *(["--use_peft", "true"] if lora else [])]
    grpo.main(flags(model, mixed_blocks, tmp_path / "run", *vllm))
    (engine,) = engines()
    assert engine.loaded >= 2 * len(dict(engine.model.named_parameters())) - 2
    if mode == "server":
        (client,) = Client.made
        assert client.sent == 5 + 2 + 5  # held-out questions, the prompts of a generation batch, held-out questions


def test_the_stand_ins_calls_are_those_of_trl() -> None:
    for name in ("__init__", "init_communicator", "update_named_params", "image_features", "generate"):
        assert same_calls(name), name


@pytest.mark.parametrize(
    ("algorithm", "more"),
    [
        (grpo, ()),
        (grpo, ("--steps_per_generation", "2", "--gradient_accumulation_steps", "1")),
        (rloo, ()),
        pytest.param(reinforce_pp, ("--beta", "0.05"), marks=pytest.mark.nightly),
    ],
    ids=["grpo", "grpo, two updates a batch", "rloo", "reinforce++"],
)
def test_the_difference_of_the_policies_is_logged_and_not_applied(
    algorithm: Any, more: tuple[str, ...], tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """vLLM says 0.25 nats more of each token than it is; the losses are those of a vLLM that says what is."""
    losses = []
    for name, added in (("right", 0.0), ("wrong", 0.25)):
        stand_in(monkeypatch, str(tiny_model))
        answer = Engine.answer

        def shifted(self: Engine, *given: Any, answer: Any = answer, added: float = added) -> Any:
            tokens, log_probs = answer(self, *given)
            return tokens, [value + added for value in log_probs]

        with monkeypatch.context() as patch:
            patch.setattr(Engine, "answer", shifted)
            run = tmp_path / name
            given = without("--vllm_importance_sampling_correction", flags(tiny_model, mixed_blocks, run, *more))
            given = [*without("--heldout_questions", given), "--heldout_questions", "0", "--use_vllm", "true"]
            if algorithm is not rloo:
                given += ["--vllm_importance_sampling_correction", "false"]
            algorithm.main([*given, "--vllm_mode", "colocate"])
        lines = [line for line in logged(run) if "loss" in line]
        losses.append([line["loss"] for line in lines])
        told = [line for line in lines if f"{NAME}/mean" in line]
        assert len(told) == (1 if "--steps_per_generation" in more else 2)
        for line in told:
            # The control tokens that vLLM may not sample have 4 % of the probability in this model.
            assert line[f"{NAME}/mean"] == pytest.approx(added + 0.04, abs=0.01)
            assert line[f"{NAME}/mean"] < line[f"{NAME}/max"] < added + 0.08
    assert losses[0] == losses[1]


def test_trl_logs_the_same_where_it_corrects(
    model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for correction in ("true", "false"):
        stand_in(monkeypatch, str(model))
        run = tmp_path / correction
        given = without("--vllm_importance_sampling_correction", flags(model, mixed_blocks, run, "--max_steps", "1"))
        vllm = ["--use_vllm", "true", "--vllm_mode", "colocate", "--vllm_importance_sampling_correction", correction]
        grpo.main([*given, *vllm])
        found.append(next(line for line in logged(run) if f"{NAME}/mean" in line))
    for part in ("mean", "max"):
        assert found[0][f"{NAME}/{part}"] == pytest.approx(found[1][f"{NAME}/{part}"], abs=1e-6)
    assert "sampling/importance_sampling_ratio/mean" in found[0]
    assert "sampling/importance_sampling_ratio/mean" not in found[1]


def test_differences_leave_out_what_is_no_token_or_not_known() -> None:
    ours = torch.tensor([[-1.0, -2.0, -9.0], [-3.0, -1.0, -9.0]])
    sampled = torch.tensor([[-1.5, math.nan, 0.0], [-2.0, -1.0, 0.0]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 0]])
    assert differences(ours, sampled, mask).tolist() == [1.5, 3.0, 1.0]
    assert differences(ours, sampled, torch.zeros_like(mask)).tolist() == [0.0, 0.0, 0.0]


class _Logger:
    """What lies under the mixin in TRL's trainers."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        logs.update({name: values[-1] for name, values in self._metrics["train"].items()})
        self._metrics["train"].clear()


class _Told(PolicyGapTrainer, _Logger):
    use_vllm = True


def test_differences_are_those_of_all_tokens_of_all_processes_since_the_last_line() -> None:
    trainer = _Told()
    trainer._metrics = {"train": defaultdict(list)}
    other = torch.tensor([6.0, 2.0, 5.0])  # two tokens of another process, 5 and 1 nats apart
    trainer.accelerator = SimpleNamespace(gather=lambda own: torch.cat([own, other]))
    for apart in ([1.0, 2.0], [0.0, 1.0]):
        trainer._note(torch.tensor([apart]), torch.zeros(1, 2), torch.ones(1, 2))
    logs: dict[str, float] = {}
    trainer.log(logs)
    assert logs == {f"{NAME}/mean": pytest.approx((4 + 6) / (4 + 2)), f"{NAME}/max": 5.0}
    nothing_new: dict[str, float] = {}
    trainer.log(nothing_new)
    assert not nothing_new
