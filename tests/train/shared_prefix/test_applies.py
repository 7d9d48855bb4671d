"""When prompts are shared, when they are not and why, and what is refused."""

from pathlib import Path

import pytest
import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from trl import GRPOConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU, REPOSITORY
from train import grpo
from train.arguments import read_settings
from train.shared_prefix import releases
from train.shared_prefix.applies import may_share, shares_prefixes
from train.shared_prefix.attention import NAME, register
from train.trainers import RobotGRPOTrainer, shared_prefix
from train.trainers.vision import VisionTrainer


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
        (["--no-shared-prefix"], False),
        (["--shared_prefix", "false"], False),
        (["--attn_implementation", "sdpa"], True),
        (["--attn_implementation", "flash_attention_2"], False),
        (["--cache_implementation", "static"], False),
        (["--cache_implementation", "static", "--use_vllm", "true"], True),
        (["--generation_kwargs", '{"use_cache": false}'], False),
        (["--generation_kwargs", '{"use_cache": true, "temperature": 0.7}'], True),
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


def test_batches_that_cut_groups_are_told(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    for rows, told in ((8, ""), (6, "batches of 6 completions cut groups of 4, and learning computes")):
        flags = ["--per_device_train_batch_size", str(rows), "--steps_per_generation", "2"]
        assert shares_prefixes(read_settings(GRPOConfig, arguments(tiny_model, tmp_path, tmp_path, *flags)), model)
        printed = capsys.readouterr().out
        assert told in printed and bool(printed) == bool(told)


def test_a_model_with_windows_or_dropout_in_its_attention_is_told(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = read_settings(GRPOConfig, arguments(tiny_model, tmp_path, tmp_path / "out"))
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    assert shares_prefixes(settings, model)
    model.config.text_config.attention_dropout = 0.1
    assert not shares_prefixes(settings, model)
    assert "each prompt is computed once per completion: the model has a sliding window" in capsys.readouterr().out


def test_a_saved_model_knows_nothing_of_it(tiny_model: Path, tmp_path: Path) -> None:
    register()
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    model.model.language_model.set_attn_implementation(NAME)
    assert model.model.visual.config._attn_implementation == "sdpa"
    model.save_pretrained(tmp_path)
    assert not [path for path in tmp_path.glob("*.json") if NAME in path.read_text()]


@pytest.mark.parametrize("release", ["1.17.0", "1.17.0.dev0"])
def test_an_unknown_release_is_refused(
    release: str, tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "version", lambda package: release if package == "trl" else "5.23.0")
    with pytest.raises(
        UserError, match=r'trl 1\.16 to below 1\.17, found 1\.17\.0.*; run: pip install "trl>=1\.16,<1\.17"'
    ):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_what_is_known_and_what_is_asked_for_at_the_installation_agree() -> None:
    project = (REPOSITORY / "pyproject.toml").read_text()
    for library in releases.LIBRARIES:
        assert f'"{library.package}>={library.first},<{library.before}"' in project


def test_prompts_that_should_be_equal_and_are_not_stop_the_run(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a release of TRL shuffled rows otherwise: not a slow run, but an error."""
    monkeypatch.setattr(shared_prefix, "shuffle_groups", lambda batch, group_of: _by_single_rows(batch))
    flags = ["--steps_per_generation", "2", "--gradient_accumulation_steps", "2"]
    with pytest.raises(RuntimeError, match=r"in groups of 4 have . different prompts, not 2"):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run", *flags))


def test_prompts_that_come_to_generation_one_by_one_stop_the_run(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = VisionTrainer._generate_single_turn

    def apart(self, prompt_ids: list[list[int]], *rest: object) -> object:
        return generate(self, [[64 + place, *ids[1:]] for place, ids in enumerate(prompt_ids)], *rest)

    monkeypatch.setattr(VisionTrainer, "_generate_single_turn", apart)
    with pytest.raises(RuntimeError, match="8 completions in groups of 4 have 8 different prompts, not 2"):
        grpo.main(arguments(tiny_model, mixed_blocks, tmp_path / "run"))


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
    trainer.shares = True
    ids = torch.ones(2, 4, dtype=torch.long)
    with pytest.raises(
        UserError, match=r"cannot be shared in a batch with \['token_type_ids'\]; give --no_shared_prefix"
    ):
        trainer._get_per_token_logps_and_entropies(torch.nn.Identity(), ids, ids, 2, token_type_ids=ids)
    with pytest.raises(UserError, match=r"without .*pixel_values"):
        trainer._get_per_token_logps_and_entropies(torch.nn.Identity(), ids, ids, 2)


@pytest.mark.parametrize(("at_once", "starts"), [(1, [0, 5, 10]), (5, [0, 5, 10]), (6, [0, 10]), (99, [0])])
def test_completions_go_to_the_model_in_as_many_parts_on_every_process(at_once: int, starts: list[int]) -> None:
    parts = list(shared_prefix._parts(13, at_once, 5))
    assert [part.start for part in parts] == starts
    assert [row for part in parts for row in range(13)[part]] == list(range(13))
