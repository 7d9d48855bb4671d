"""The best model of a run: kept, loadable, and still the best after a resume."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    Qwen2_5_VLForConditionalGeneration,
    Trainer,
    TrainingArguments,
)

from tests.conftest import ShortRun
from train import grpo
from train.best import BestModel, best_score, forget_best
from train.folders import restore
from train.run_record import read_record


def trainer(model: Path, out: Path) -> Trainer:
    arguments = TrainingArguments(str(out), use_cpu=True, report_to="none")
    return Trainer(Qwen2_5_VLForConditionalGeneration.from_pretrained(model), arguments)


def marked(trainer: Trainer, value: float) -> Trainer:
    """The trainer after an update that one can recognise."""
    with torch.no_grad():
        trainer.model.lm_head.weight.fill_(value)
    return trainer


def mark(run: Path) -> float:
    return float(load_file(run / "best" / "model.safetensors")["lm_head.weight"][0, 0])


def test_only_a_better_model_takes_the_place(tiny_model: Path, tmp_path: Path) -> None:
    policy = trainer(tiny_model, tmp_path)
    assert best_score(tmp_path) == (-1.0, 0)
    best = BestModel(tmp_path)
    best.offer(marked(policy, 1.0), 0.0, 2)
    assert (best_score(tmp_path), mark(tmp_path)) == ((0.0, 2), 1.0)
    best.offer(marked(policy, 2.0), 0.5, 4)
    best.offer(marked(policy, 3.0), 0.5, 6)  # the earlier of two equals stays
    best.offer(marked(policy, 4.0), 0.4, 8)
    assert (best_score(tmp_path), mark(tmp_path)) == ((0.5, 4), 2.0)
    resumed = BestModel(tmp_path)
    resumed.offer(marked(policy, 5.0), 0.5, 10)
    assert mark(tmp_path) == 2.0
    resumed.offer(marked(policy, 6.0), 0.6, 12)
    assert (best_score(tmp_path), mark(tmp_path)) == ((0.6, 12), 6.0)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_half_written_one_is_cleared_away(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / ".best.partial").mkdir()
    (tmp_path / ".best.partial" / "old.safetensors").write_text("half")
    BestModel(tmp_path).offer(trainer(tiny_model, tmp_path), 0.3, 2)
    assert not (tmp_path / "best" / "old.safetensors").exists() and not (tmp_path / ".best.partial").exists()


def test_killed_between_two_models_the_old_one_stands(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = trainer(tiny_model, tmp_path)
    BestModel(tmp_path).offer(marked(policy, 1.0), 0.5, 2)
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        if path.name == ".best.partial":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        BestModel(tmp_path).offer(marked(policy, 2.0), 0.6, 4)
    monkeypatch.undo()
    assert not (tmp_path / "best").exists() and best_score(tmp_path) == (0.5, 2)
    resumed = BestModel(tmp_path)
    resumed.offer(marked(policy, 3.0), 0.4, 6)
    restore(tmp_path / "best")
    assert (best_score(tmp_path), mark(tmp_path)) == ((0.5, 2), 1.0)
    (tmp_path / "best").rename(tmp_path / ".best.old")
    resumed.offer(marked(policy, 4.0), 0.7, 8)
    assert (best_score(tmp_path), mark(tmp_path)) == ((0.7, 8), 4.0)
    assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_run_that_begins_anew_forgets_the_old_best(tmp_path: Path) -> None:
    for name in ("best", ".best.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "heldout.json").write_text('{"accuracy": 0.5, "step": 2}')
    forget_best(tmp_path)
    assert best_score(tmp_path) == (-1.0, 0) and not list(tmp_path.iterdir())


def test_the_best_model_of_a_run_loads(short_run: ShortRun) -> None:
    folder = short_run.folder / "best"
    model = AutoModelForImageTextToText.from_pretrained(folder)
    assert sum(parameter.numel() for parameter in model.parameters()) > 500_000
    assert AutoProcessor.from_pretrained(folder).chat_template
    lines = [json.loads(line) for line in (short_run.folder / "metrics.jsonl").read_text().splitlines()]
    accuracy = {line["step"]: line["heldout/accuracy"] for line in lines if "heldout/accuracy" in line}
    assert best_score(short_run.folder) == max(
        ((accuracy[step], step) for step in (2, 3)), key=lambda score: (score[0], -score[1])
    )


def test_a_resumed_run_keeps_a_better_model(short_run: ShortRun, tmp_path: Path) -> None:
    run = tmp_path / "resumed"
    shutil.copytree(short_run.folder, run, ignore=shutil.ignore_patterns("last", "checkpoint-3"))
    (run / "best" / "heldout.json").write_text('{"accuracy": 0.99, "step": 2}')
    before = (run / "best" / "model.safetensors").stat().st_mtime_ns
    grpo.main([*short_run.arguments, "--output_dir", str(run), "--resume", "true"])
    assert [resumption.changed for resumption in read_record(run).resumed] == [{}]
    assert best_score(run) == (0.99, 2)
    assert (run / "best" / "model.safetensors").stat().st_mtime_ns == before
