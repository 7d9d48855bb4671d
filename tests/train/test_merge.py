"""A merged adapter is the adapted model, in a folder that loads without PEFT."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText, AutoProcessor
from trl import SFTConfig

from robot_r1.errors import UserError
from tests.conftest import BARE, CPU
from train import sft
from train.arguments import read_settings
from train.data import messages, read_split
from train.merge import NEARLY_ALL, main, merge
from train.preflight import check_settings


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, mixed_blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two large updates of LoRA."""
    run = tmp_path_factory.mktemp("lora")
    sft.main(
        [
            *["--model_name_or_path", str(tiny_model), "--dataset", str(mixed_blocks), "--output_dir", str(run)],
            *[*CPU, *BARE, "--use_peft", "true", "--lora_r", "4", "--learning_rate", "0.05", "--max_steps", "2"],
            *["--per_device_train_batch_size", "4", "--save_strategy", "no", "--lr_scheduler_type", "constant"],
        ]
    )
    return run / "last"


@pytest.fixture(scope="module")
def logits(adapter: Path, mixed_blocks: Path) -> Callable[[torch.nn.Module], torch.Tensor]:
    """The logits of a model for one question with its picture."""
    processor = AutoProcessor.from_pretrained(adapter)
    row = read_split(str(mixed_blocks), "test", [])[0]
    text = processor.apply_chat_template(messages(row["question"]), add_generation_prompt=True, tokenize=False)
    inputs = processor(text=text, images=row["images"], return_tensors="pt")

    def of(model: torch.nn.Module) -> torch.Tensor:
        with torch.no_grad():
            result: torch.Tensor = model.eval()(**inputs).logits
        return result

    return of


def test_the_merged_model_answers_as_the_adapted_one(
    adapter: Path, tiny_model: Path, tmp_path: Path, logits: Callable[[torch.nn.Module], torch.Tensor]
) -> None:
    out = tmp_path / "new" / "merged model"
    main([str(adapter), "--out", str(out)])
    base = logits(AutoModelForImageTextToText.from_pretrained(tiny_model))
    adapted = logits(PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(tiny_model), adapter))
    merged = logits(AutoModelForImageTextToText.from_pretrained(out))
    torch.testing.assert_close(merged, adapted, atol=1e-5, rtol=1e-5)
    assert (merged - base).abs().max() > 0.01
    processor = AutoProcessor.from_pretrained(out)
    assert processor.chat_template == AutoProcessor.from_pretrained(tiny_model).chat_template
    assert not (out / "adapter_config.json").exists()
    assert [path.name for path in out.parent.iterdir()] == ["merged model"]


@pytest.mark.parametrize(("size", "least", "most"), [(1.0, 0.95, 1.05), (3e-4, 0.2, 0.9), (1e-6, 0.0, 0.1)])
def test_what_bfloat16_swallows_is_told(
    adapter: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    size: float,
    least: float,
    most: float,
) -> None:
    """The released models are saved in bfloat16; adapters change their weights by little."""
    low, scaled = tmp_path / "low", tmp_path / "scaled"
    base = AutoModelForImageTextToText.from_pretrained(tiny_model, dtype=torch.bfloat16)
    base.save_pretrained(low)
    shutil.copytree(adapter, scaled)
    config = json.loads((scaled / "adapter_config.json").read_text())
    (scaled / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": str(low)}))
    tensors = load_file(scaled / "adapter_model.safetensors")
    tensors = {name: tensor * (size if "lora_B" in name else 1) for name, tensor in tensors.items()}
    save_file(tensors, scaled / "adapter_model.safetensors")
    main([str(scaled), "--out", str(tmp_path / "out")])
    told = re.search(r"^(\d+)% of the adapter's change is left", capsys.readouterr().out, re.MULTILINE)
    assert (told is None) == (least >= NEARLY_ALL)
    before, after = base.state_dict(), AutoModelForImageTextToText.from_pretrained(tmp_path / "out").state_dict()
    wanted = (
        PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(low, dtype=torch.float32), scaled)
        .merge_and_unload()
        .state_dict()
    )
    changes = [((after[n].float() - before[n].float()), (wanted[n] - before[n].float())) for n in before]
    left = sum(float((a * b).sum()) for a, b in changes) / sum(float((b * b).sum()) for _, b in changes)
    assert least <= left <= most
    assert told is None or int(told[1]) == pytest.approx(100 * left, abs=3)


def test_the_vision_tower_is_left_alone(adapter: Path) -> None:
    names = load_file(adapter / "adapter_model.safetensors").keys()
    assert names and not any("visual" in name for name in names)


def test_no_adapter(tiny_model: Path, adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no LoRA adapter .adapter_config.json.; give RUN/best or RUN/last"):
        merge(tiny_model, tmp_path / "out")
    shutil.copytree(adapter, tmp_path / "half", ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(UserError, match=r"holds no LoRA adapter .adapter_model.safetensors."):
        merge(tmp_path / "half", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_model_that_has_gone(adapter: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(adapter, moved)
    config = moved / "adapter_config.json"
    gone = str(tmp_path / "gone")
    text = config.read_text()
    base = next(line for line in text.splitlines() if "base_model_name_or_path" in line)
    config.write_text(text.replace(base, f'"base_model_name_or_path": "{gone}",'))
    with pytest.raises(UserError, match=r"the adapter's base model .*gone cannot be loaded"):
        merge(moved, tmp_path / "out")


def test_the_revision_of_the_base_model(adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = tmp_path / "pinned"
    shutil.copytree(adapter, pinned)
    config = json.loads((pinned / "adapter_config.json").read_text())
    (pinned / "adapter_config.json").write_text(json.dumps(config | {"revision": "v1.0"}))
    asked: dict[str, object] = {}

    def refuse(base: str, **named: object) -> None:
        asked.update(named)
        raise OSError("not here")

    monkeypatch.setattr(AutoModelForImageTextToText, "from_pretrained", refuse)
    for folder, revision in ((pinned, "v1.0"), (adapter, "main")):
        with pytest.raises(UserError, match="cannot be loaded"):
            merge(folder, tmp_path / "out")
        assert asked["revision"] == revision


def test_nothing_is_overwritten(adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="exists; give another --out or remove it"):
        merge(adapter, tmp_path)


def test_an_adapter_is_not_trained_on_before_it_is_merged(adapter: Path, mixed_blocks: Path) -> None:
    settings = read_settings(
        SFTConfig,
        [
            "--model_name_or_path",
            str(adapter),
            "--dataset",
            str(mixed_blocks),
            *CPU,
            "--remove_unused_columns",
            "false",
        ],
    )
    with pytest.raises(UserError, match=r"holds a LoRA adapter, not a model; merge it first: python -m train.merge"):
        check_settings(settings)
