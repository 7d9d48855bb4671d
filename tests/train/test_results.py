"""Accuracies of a run, read from its files."""

from pathlib import Path

import pytest

from tests.conftest import ShortRun
from train.records import QUESTIONS, HeldOutAnswer, HeldOutQuestion, step_file, write_records
from train.results import evaluated_steps, read_evaluation


def question(number: int, demo: str) -> HeldOutQuestion:
    kind = "movement" if number < 2 else "waypoint"
    return HeldOutQuestion(
        id=f"{number}", question_type=kind, task="", demo=demo, question="", options=(), answer="A", images=()
    )


def answer(number: int, correct: bool) -> HeldOutAnswer:
    return HeldOutAnswer(id=f"{number}", completion="", letter=None, refusal=None, correct=correct, tokens=1)


def test_accuracies_by_type_clustered_by_demo(tmp_path: Path) -> None:
    write_records(tmp_path / QUESTIONS, [question(n, f"demo{n % 2}") for n in range(5)])
    answers = [answer(n, n in (0, 2, 3)) for n in reversed(range(5))]
    write_records(step_file(tmp_path / "evaluations", 20), answers)
    found = read_evaluation(tmp_path, 20)
    assert (found.overall.mean, found.overall.n, found.overall.clusters) == (0.6, 5, 2)
    assert {kind: (value.mean, value.n) for kind, value in found.by_type.items()} == {
        "movement": (0.5, 2),
        "waypoint": (pytest.approx(2 / 3), 3),
    }
    assert evaluated_steps(tmp_path) == [20]


def test_without_demos_every_question_is_its_own_cluster(tmp_path: Path) -> None:
    write_records(tmp_path / QUESTIONS, [question(n, "") for n in range(4)])
    write_records(step_file(tmp_path / "evaluations", 0), [answer(n, True) for n in range(4)])
    assert read_evaluation(tmp_path, 0).overall.clusters == 4


def test_of_a_real_run(short_run: ShortRun) -> None:
    assert evaluated_steps(short_run.folder) == [0, 2, 3]
    found = read_evaluation(short_run.folder, 3)
    assert found.overall.n == 7 and sum(value.n for value in found.by_type.values()) == 7
    assert evaluated_steps(short_run.folder / "last") == []
