"""Greedy answers: repeatable, those of the plain model, shared fairly between processes, before, during and after."""

import contextlib
import json
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from transformers import Qwen2_5_VLForConditionalGeneration, Trainer, TrainingArguments

from robot_r1.errors import UserError
from tests.conftest import ShortRun
from train import grpo, heldout
from train.arguments import ModelArguments
from train.data import QUESTION_COLUMNS, messages, read_split, rendered, subset
from train.heldout import HeldOut, summary
from train.model import read_processor
from train.records import HeldOutAnswer


@pytest.fixture(scope="module")
def trainer(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    arguments = TrainingArguments(str(tmp_path_factory.mktemp("trainer")), use_cpu=True, report_to="none")
    trainer = Trainer(model, arguments)
    trainer.model.train()
    return trainer


def held_out(model: Path, data: Path, count: int, batch_size: int) -> HeldOut:
    processor = read_processor(ModelArguments(model_name_or_path=str(model)))
    questions = subset(read_split(str(data), "test", QUESTION_COLUMNS), count, np.random.default_rng(0))
    return HeldOut(questions, processor, batch_size, max_completion_length=6)


def test_answers_are_those_of_the_plain_model(trainer: Trainer, tiny_model: Path, mixed_blocks: Path) -> None:
    asked = held_out(tiny_model, mixed_blocks, 5, batch_size=3)  # pictures of three sizes: the batches are padded
    answers = asked.answers(trainer)
    assert [answer.id for answer in answers] == list(asked.questions["id"])
    assert trainer.model.training
    plain = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
    processor = asked.processor
    for row, answer in zip(rendered(asked.questions, None, None), answers, strict=True):
        text = processor.apply_chat_template(messages(row["question"]), add_generation_prompt=True, tokenize=False)
        inputs = processor(text=text, images=row["images"], return_tensors="pt")
        output = plain.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].size(1) :]
        assert processor.decode(output, skip_special_tokens=True) == answer.completion
        assert answer.tokens == len(output)


def test_the_same_answers_every_time_and_in_batches_of_any_size(
    trainer: Trainer, tiny_model: Path, mixed_blocks: Path
) -> None:
    first = held_out(tiny_model, mixed_blocks, 5, 5).answers(trainer)
    assert held_out(tiny_model, mixed_blocks, 5, 5).answers(trainer) == first
    assert held_out(tiny_model, mixed_blocks, 5, 2).answers(trainer) == first


def test_a_single_question(trainer: Trainer, tiny_model: Path, mixed_blocks: Path) -> None:
    answers = held_out(tiny_model, mixed_blocks, 1, 16).answers(trainer)
    assert len(answers) == 1
    assert summary(["waypoint"], answers)["heldout/n"] == 1


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_three_processes_answer_each_question(
    tiny_model: Path, mixed_blocks: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Every process runs as many batches as the others, of as many questions: a sharded model needs all at once."""
    asked = held_out(tiny_model, mixed_blocks, count, 2)
    batches: dict[int, list[int]] = {}
    shares: list[list[Any]] = []

    def answer(_: HeldOut, trainer: Any, rows: Any) -> list[HeldOutAnswer]:
        batches.setdefault(trainer.accelerator.process_index, []).append(len(rows))
        return [answered(False, name=row["id"]) for row in rows]

    def gather(found: list[Any]) -> list[Any]:
        shares.append(found)
        return [answer for share in shares for answer in share]

    monkeypatch.setattr(HeldOut, "_batch", answer)
    monkeypatch.setattr(heldout, "gather_object", gather)
    for process in range(3):
        accelerator = SimpleNamespace(num_processes=3, process_index=process)
        one = SimpleNamespace(accelerator=accelerator, model=SimpleNamespace(training=True, eval=int, train=bool))
        if process < 2:  # what is gathered is whole only with the last one's share
            with contextlib.suppress(KeyError):
                asked.answers(one)
        else:
            assert [answer.id for answer in asked.answers(one)] == list(asked.questions["id"])
    assert batches[0] == batches[1] == batches[2]
    assert sum(batches[0]) == -(-count // 3)


def answered(correct: bool, refusal: str | None = None, tokens: int = 3, name: str = "x") -> HeldOutAnswer:
    return HeldOutAnswer(id=name, completion="", letter=None, refusal=refusal, correct=correct, tokens=tokens)


def test_metrics_by_hand() -> None:
    answers = [answered(True), answered(False, "not_a_letter"), answered(False, "no_think", 9), answered(True)]
    assert summary(["movement", "movement", "waypoint", "waypoint"], answers) == {
        "heldout/accuracy": 0.5,
        "heldout/format": 0.75,  # a wrong word in the right blocks is in the format
        "heldout/mean_length": 4.5,
        "heldout/n": 4.0,
        "heldout/accuracy/movement": 0.5,
        "heldout/n/movement": 2.0,
        "heldout/accuracy/waypoint": 0.5,
        "heldout/n/waypoint": 2.0,
    }


def test_questions_without_task_and_demo(tiny_model: Path, mixed_blocks: Path) -> None:
    asked = held_out(tiny_model, mixed_blocks, 3, 3)
    bare = HeldOut(asked.questions.remove_columns(["task", "demo", "options"]), asked.processor, 3, 6)
    assert [(record.task, record.demo, record.options) for record in bare.records()] == [("", "", ())] * 3
    assert bare.records()[0].images[0].startswith(b"\x89PNG")


def metrics(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def evaluated(run: Path) -> Counter[int]:
    return Counter(int(line["step"]) for line in metrics(run) if "heldout/accuracy" in line)


def test_a_run_is_evaluated_before_during_and_after(short_run: ShortRun) -> None:
    folder = short_run.folder / "evaluations"
    assert sorted(path.name for path in folder.iterdir()) == [
        "questions.parquet",
        "step-000000.parquet",
        "step-000002.parquet",
        "step-000003.parquet",
    ]
    assert evaluated(short_run.folder) == {0: 1, 2: 1, 3: 1}
    questions = pq.read_table(folder / "questions.parquet").to_pylist()
    assert len(questions) == 7
    assert Counter(row["question_type"] for row in questions).most_common(1)[0][1] == 3
    for path in folder.glob("step-*.parquet"):
        rows = pq.read_table(path).to_pylist()
        assert [row["id"] for row in rows] == [row["id"] for row in questions]
        assert all(
            row["correct"] == (row["letter"] is not None and row["letter"] == question["answer"])
            for row, question in zip(rows, questions, strict=True)
        )
        assert all((row["letter"] is None) == (row["refusal"] is not None) for row in rows)


def test_a_resumed_run_goes_on_with_its_evaluations(short_run: ShortRun, tmp_path: Path) -> None:
    run = tmp_path / "resumed"
    shutil.copytree(short_run.folder, run, ignore=shutil.ignore_patterns("last", "best", "checkpoint-3"))
    before = (run / "evaluations" / "step-000000.parquet").stat().st_mtime_ns
    grpo.main([*short_run.arguments, "--output_dir", str(run), "--resume", "true"])
    assert (run / "evaluations" / "step-000000.parquet").stat().st_mtime_ns == before
    assert evaluated(run) == {0: 1, 2: 1, 3: 1}
    again, first = (
        pq.read_table(path / "evaluations" / "step-000003.parquet").to_pylist() for path in (run, short_run.folder)
    )
    assert again == first


def without(data: Path, split: str, folder: Path) -> Path:
    """A copy of a data set without one of its splits."""
    return Path(shutil.copytree(data, folder, ignore=shutil.ignore_patterns(f"{split}-*")))


def test_the_validation_split_is_asked_and_the_test_split_never_read(
    short_run: ShortRun, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = pq.read_table(short_run.folder / "evaluations" / "questions.parquet", columns=["id"])["id"].to_pylist()
    assert asked and all(name.startswith("validation/") for name in asked)
    data = without(mixed_blocks, "test", tmp_path / "data")
    grpo.main([*short_run.arguments, "--dataset", str(data), "--output_dir", str(tmp_path), "--dry_run", "true"])
    assert "test split" not in capsys.readouterr().out


def test_an_older_data_set_is_trained_on_and_no_model_chosen(
    short_run: ShortRun, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not by its test questions, and not without a word."""
    data, run = without(mixed_blocks, "validation", tmp_path / "data"), tmp_path / "run"
    grpo.main([*short_run.arguments, "--dataset", str(data), "--output_dir", str(run), "--max_steps", "1"])
    told = [line for line in capsys.readouterr().out.splitlines() if "has no validation split" in line]
    assert len(told) == 1 and "the last model is the result; build the data set anew" in told[0]
    assert (run / "last" / "model.safetensors").is_file() and not (run / "best").exists()
    assert not (run / "evaluations").exists() and not evaluated(run)
    assert "No questions were asked during training" in (run / "last" / "README.md").read_text()


def test_another_split_is_taken_at_its_word(
    short_run: ShortRun, mixed_blocks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = without(mixed_blocks, "test", tmp_path / "data")
    arguments = [*short_run.arguments, "--dataset", str(data), "--output_dir", str(tmp_path / "run")]
    with pytest.raises(UserError, match='Unknown split "test"'):
        grpo.main([*arguments, "--heldout_split", "test"])
    grpo.main([*arguments, "--heldout_split", "train", "--dry_run", "true"])
    grpo.main([*arguments, "--dataset", str(mixed_blocks), "--heldout_split", "test", "--dry_run", "true"])
    assert capsys.readouterr().out.count("the test split chooses the best model") == 1


@pytest.mark.parametrize("more", [["--heldout_split", "test"], ["--heldout_questions", "6"], ["--dataset", "OLDER"]])
def test_a_run_does_not_go_on_with_other_questions(
    short_run: ShortRun, mixed_blocks: Path, tmp_path: Path, more: list[str]
) -> None:
    """Its best model was chosen by those of before; with none of them it may go on."""
    run, older = tmp_path / "run", without(mixed_blocks, "validation", tmp_path / "data")
    more = [str(older) if word == "OLDER" else word for word in more]
    shutil.copytree(short_run.folder, run, ignore=shutil.ignore_patterns("last", "checkpoint-3"))
    none = ["--heldout_questions", "0", "--dry_run", "true"]
    grpo.main([*short_run.arguments, "--output_dir", str(run), "--resume", "true", *more, *none])
    with pytest.raises(UserError, match=r"was watched on other questions than now.*; give .*--heldout_split"):
        grpo.main([*short_run.arguments, "--output_dir", str(run), "--resume", "true", *more])


def test_the_models_own_penalty_for_repetition_is_not_used(
    tiny_model: Path, mixed_blocks: Path, tmp_path: Path
) -> None:
    """Qwen2.5-VL's generation settings hold one, which would lower the scores of the letters in the prompt."""
    processor = read_processor(ModelArguments(model_name_or_path=str(tiny_model)))
    found = []
    for penalty in (1.0, 5.0):
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(tiny_model)
        model.generation_config.repetition_penalty = penalty
        settings = TrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
        trainer = Trainer(model, settings, processing_class=processor)
        trainer.model_wrapped = trainer.model
        found.append([answer.completion for answer in held_out(tiny_model, mixed_blocks, 3, 3).answers(trainer)])
    assert found[0] == found[1]
