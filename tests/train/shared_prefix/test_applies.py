"""When prompts are shared, when they are not and why, and what is refused."""

from pathlib import Path

import pytest
import torch
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU
from train import grpo
from train.arguments import read_settings
from train.shared_prefix import library
from train.shared_prefix.applies import may_share
from train.shared_prefix.groups import Group
from train.trainers import RobotGRPOTrainer, shared_prefix


def arguments(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    flags = ["--model_name_or_path", str(model), "--dataset", str(data), "--output_dir", str(out), *CPU, *BARE]
    flags += ["--rewards", "tests.support.rewards.vowel_reward", "--num_generations", "4", "--max_steps", "1"]
    return [
        *flags,
        "--per_device_train_batch_size",
        "8",
        "--max_completion_length",
        "4",
        "--save_strategy",
        "no",
        *more,
    ]


@pytest.mark.parametrize(
    ("flags", "shared"),
    [
        ([], True),
        (["--no_shared_prefix"], False),
        (["--shared_prefix", "false"], False),
        (["--attn_implementation", "sdpa"], True),
        (["--attn_implementation", "flash_attention_2"], False),
    ],
)
def test_settings(flags: list[str], shared: bool, tmp_path: Path) -> None:
    assert may_share(read_settings(GRPOConfig, arguments(tmp_path, tmp_path, tmp_path / "out", *flags))) is shared


def test_another_attention_is_told(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run", "--attn_implementation", "eager"))
    printed = capsys.readouterr().out
    assert "each prompt is computed once per completion: attn_implementation eager cannot share prompts" in printed
    assert "shared_prefix/" not in (tmp_path / "run" / "metrics.jsonl").read_text()


def test_an_unknown_release_is_refused(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "version", lambda package: "1.17.0" if package == "trl" else "5.23.0")
    with pytest.raises(
        UserError, match=r'trl 1\.16 to below 1\.17, found 1\.17\.0; run: pip install "trl>=1\.16,<1\.17"'
    ):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run"))


def test_prompts_that_should_be_equal_and_are_not_stop_the_run(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a release of TRL shuffled rows otherwise: not a slow run, but an error."""
    monkeypatch.setattr(shared_prefix, "shuffle_groups", lambda batch, group_of: _by_single_rows(batch))
    flags = ["--steps_per_generation", "2", "--gradient_accumulation_steps", "2"]
    with pytest.raises(RuntimeError, match=r"in groups of 4 have . different prompts, not 2"):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run", *flags))


def _by_single_rows(batch: dict) -> dict:
    rows = len(batch["prompt_ids"])
    order = [row for start in range(4) for row in range(start, rows, 4)]
    return {
        name: value
        if value is None or (isinstance(value, torch.Tensor) and value.ndim == 0)
        else value[torch.tensor(order)]
        if isinstance(value, torch.Tensor)
        else [value[row] for row in order]
        for name, value in batch.items()
    }


def test_fields_that_the_layout_does_not_know_are_refused() -> None:
    trainer = RobotGRPOTrainer.__new__(RobotGRPOTrainer)
    trainer.row_tokens = 100
    ids = torch.ones(2, 4, dtype=torch.long)
    with pytest.raises(
        UserError, match=r"cannot be shared in a batch with \['token_type_ids'\]; give --no_shared_prefix"
    ):
        trainer._get_per_token_logps_and_entropies(torch.nn.Identity(), ids, ids, 2, token_type_ids=ids)
    with pytest.raises(UserError, match=r"without .*pixel_values"):
        trainer._get_per_token_logps_and_entropies(torch.nn.Identity(), ids, ids, 2)


def test_completions_go_to_the_model_in_whole_groups() -> None:
    groups = [Group(0, 3, 0), Group(3, 3, 1), Group(6, 1, 1), Group(7, 5, 2)]
    chunks = [[group.count for group in chunk] for chunk in shared_prefix._chunks(groups, 4)]
    assert chunks == [[3], [3, 1], [5]]
