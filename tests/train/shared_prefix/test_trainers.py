"""Six updates with shared prompts against the trainers of TRL as they are, on the same completions' lottery."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from tests.support.rewards import vowel_reward
from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, read_split, rendered
from train.model import read_processor
from train.trainers import ReinforcePPTrainer, RobotGRPOTrainer, RobotRLOOTrainer
from train.trainers.reinforce_pp import ReinforcePPConfig
from train.trainers.vision import generation_kwargs

UPDATES = 6
COMPARED = ("loss", "grad_norm", "entropy", "kl", "reward", "completions/mean_length", "clip_ratio/region_mean")


def curves(
    trainer_class: Any, config_class: Any, shared: bool, model: Path, data: Path, out: Path, **more: Any
) -> list[dict[str, float]]:
    """What a run logs at each update."""
    processor = read_processor(ModelArguments(model_name_or_path=str(model)))
    lora = more.pop("lora", None)
    arguments = config_class(
        str(out),
        use_cpu=True,
        bf16=False,
        report_to="none",
        disable_tqdm=True,
        save_strategy="no",
        logging_steps=1,
        max_steps=UPDATES,
        learning_rate=1e-3,
        lr_scheduler_type="constant",
        num_generations=4,
        max_completion_length=9,
        generation_kwargs=generation_kwargs(processor, None, use_vllm=False),
        **{
            "per_device_train_batch_size": 16,
            "gradient_checkpointing": False,
            "seed": 3,
            **more,
        },
    )
    questions = rendered(read_split(str(data), "train", QUESTION_COLUMNS), None, None)
    trainer = trainer_class(
        str(model),
        [vowel_reward],
        arguments,
        train_dataset=questions,
        processing_class=processor,
        peft_config=lora,
    )
    if shared:
        trainer.share_prefixes()
    trainer.train()
    return [line for line in trainer.state.log_history if "loss" in line]


CASES = {
    "grpo": (GRPOTrainer, RobotGRPOTrainer, GRPOConfig, {"beta": 0.0}),
    "grpo with a KL penalty": (GRPOTrainer, RobotGRPOTrainer, GRPOConfig, {"beta": 0.05}),
    "grpo, each batch learned from twice": (GRPOTrainer, RobotGRPOTrainer, GRPOConfig, {"num_iterations": 2}),
    "grpo in micro-batches that cut groups": (
        GRPOTrainer,
        RobotGRPOTrainer,
        GRPOConfig,
        {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 2},
    ),
    "grpo, checkpointed": (GRPOTrainer, RobotGRPOTrainer, GRPOConfig, {"gradient_checkpointing": True}),
    "grpo with LoRA": (GRPOTrainer, RobotGRPOTrainer, GRPOConfig, {"beta": 0.05, "lora": True}),
    "rloo": (RLOOTrainer, RobotRLOOTrainer, RLOOConfig, {"beta": 0.05}),
    "reinforce++": (ReinforcePPTrainer, ReinforcePPTrainer, ReinforcePPConfig, {"beta": 0.05}),
}


@pytest.mark.parametrize("case", CASES)
def test_curves_are_those_of_separate_rows(case: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    theirs_class, ours_class, config, more = CASES[case]
    if more.get("lora"):
        more = {**more, "lora": LoraConfig(r=4, target_modules="all-linear", exclude_modules=r".*visual.*")}
    torch.manual_seed(0)
    theirs = curves(theirs_class, config, False, tiny_model, mixed_blocks, tmp_path / "theirs", **more)
    torch.manual_seed(0)
    ours = curves(ours_class, config, True, tiny_model, mixed_blocks, tmp_path / "ours", **more)
    assert len(ours) == UPDATES and len({line["loss"] for line in theirs}) > 1
    for mine, other in zip(ours, theirs, strict=True):
        # The other metrics are means of micro-batches' means, and which completions share a micro-batch differs.
        names = [name for name in COMPARED if name in other][: 2 if "micro" in case else None]
        assert {name: mine[name] for name in names} == pytest.approx(
            {name: other[name] for name in names}, rel=1e-4, abs=1e-5
        )
        assert mine["shared_prefix/completions_per_prompt"] == (3 if "micro" in case else 4)
        assert mine["shared_prefix/not_shared"] == 0


FLAGS: dict[str, dict[str, Any]] = {
    "bnpo": {"loss_type": "bnpo"},
    "Dr. GRPO": {"loss_type": "dr_grpo", "scale_rewards": "none"},
    "GRPO's first average": {"loss_type": "grpo"},
    "GSPO": {"loss_type": "grpo", "importance_sampling_level": "sequence"},
    "CISPO": {"loss_type": "cispo", "epsilon_high": 5.0},
    "SAPO": {"loss_type": "sapo"},
    "dual clip": {"delta": 3.0, "epsilon_high": 0.3},
    "no bias correction": {"beta": 0.05, "use_bias_correction_kl": False},
    "rewards scaled by the batch": {"scale_rewards": "batch"},
    "padding to a multiple": {"pad_to_multiple_of": 8},
    "head in float32": {"cast_lm_head_to_fp32": True},
    "uncertain tokens alone": {"top_entropy_quantile": 0.2},
    "entropy bonus": {"entropy_coef": 0.01},
    "cut completions left out": {"mask_truncated_completions": True},
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", FLAGS)
def test_flags_of_trl_go_with_sharing(name: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path) -> None:
    """In one micro-batch, so that what is averaged within it holds the same completions."""
    found = []
    for trainer_class, shared in ((GRPOTrainer, False), (RobotGRPOTrainer, True)):
        torch.manual_seed(0)
        folder = tmp_path / str(shared)
        found.append(curves(trainer_class, GRPOConfig, shared, tiny_model, mixed_blocks, folder, **FLAGS[name]))
    assert len(found[0]) == len(found[1]) == UPDATES
    for other, mine in zip(*found, strict=True):
        names = [each for each in COMPARED if each in other]
        assert {each: mine[each] for each in names} == pytest.approx(
            {each: other[each] for each in names}, rel=1e-4, abs=1e-5
        )
        assert mine["shared_prefix/completions_per_prompt"] == 4
