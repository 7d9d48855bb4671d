"""The end of a run: the last model is whole, and replaces the one before only then."""

from pathlib import Path

import pytest
from transformers import Qwen2_5_VLForConditionalGeneration, Trainer, TrainingArguments

from train.folders import atomic_folder, save_model


@pytest.fixture
def trainer(tiny_model: Path, tmp_path: Path) -> Trainer:
    arguments = TrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
    return Trainer(Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model), arguments)


def test_a_model_that_is_half_saved_is_not_seen(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(trainer, tmp_path / "last", {"note": "first"})

    def half(folder: str) -> None:
        Path(folder).mkdir()
        (Path(folder) / "config.json").write_text("{")
        raise OSError("No space left on device")

    monkeypatch.setattr(trainer, "save_model", half)
    with pytest.raises(OSError, match="No space left"):
        save_model(trainer, tmp_path / "last", {"note": "second"})
    assert (tmp_path / "last" / "note").read_text() == "first"
    monkeypatch.undo()
    save_model(trainer, tmp_path / "last", {"note": "third"})
    assert (tmp_path / "last" / "note").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir()] == ["last"]


def test_a_folder_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), atomic_folder(tmp_path / "deep" / "model") as folder:
        (folder / "config.json").write_text("{}")
        raise OSError("full")
    assert list((tmp_path / "deep").iterdir()) == []
