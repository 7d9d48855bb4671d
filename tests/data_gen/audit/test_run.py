"""What the audit says of a clean data set, and of data sets with one thing wrong each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from data_gen.audit.report import AUDIT, Audit, Finding
from data_gen.audit.run import audit_dataset, write_audit
from data_gen.formats import Row
from robot_r1.answer import parse_point
from robot_r1.question import LETTERS, Question
from robot_r1.sft_example import ColdStartExample, SftExample
from tests.data_gen.audit.synthetic import exchangeable, is_test, poisoned, with_answer, write, write_file


def found(audit: Audit, check: str, question_type: str | None = None) -> Finding:
    matching = [f for f in audit.findings if f.check == check and f.question_type == question_type]
    assert len(matching) == 1, (check, question_type, [f.check for f in audit.findings])
    return matching[0]


def failing(audit: Audit) -> set[str]:
    """The red checks but for rules and probes, which a small data set can redden by chance."""
    return {f.check for f in audit.findings if f.light == "red" and f.section not in ("blind rules", "blind probe")}


def audited(tmp_path: Path, rows: Sequence[Row], dead_zone: float | None = 0.01) -> Audit:
    return audit_dataset(write(tmp_path / "set", rows, dead_zone))


def test_exchangeable_options_are_green(clean_audit: Audit) -> None:
    assert clean_audit.light == "green", [f for f in clean_audit.findings if f.light in ("red", "amber")]
    assert (clean_audit.questions, clean_audit.demos) == (3600, 300)
    assert all(f.n == 1200 for f in clean_audit.findings if f.section == "blind rules")
    probe = found(clean_audit, "learned from the options", "movement")
    assert probe.low is not None and probe.high is not None and probe.low < 0.25 < probe.high
    assert found(clean_audit, "gripper outside the picture").value == round(1 / 300, 6)
    names = {(tally.name, tally.question_type) for tally in clean_audit.tallies}
    assert ("strategy", "waypoint") in names and ("letter", "current_state") in names


def test_small_poisons_start_from_clean_data(questions: list[Question], tmp_path: Path) -> None:
    assert failing(audited(tmp_path, questions)) == set()


def test_same_bytes_whatever_the_workers(questions: list[Question], tmp_path: Path) -> None:
    folder = write(tmp_path, questions)
    written = []
    for workers in (1, 3):
        write_audit(folder, audit_dataset(folder, workers))
        written.append((folder / AUDIT).read_bytes())
    assert written[0] == written[1]
    assert Audit.model_validate_json(written[0]).questions == len(questions)


def test_always_b_is_caught(questions: list[Question], tmp_path: Path) -> None:
    audit = audited(tmp_path, poisoned(questions, lambda question: with_answer(question, "B")))
    for question_type in ("waypoint", "current_state", "movement", None):
        assert found(audit, "right answers equally often", question_type).light == "red"
    assert found(audit, "most usual letter", "waypoint").value == 1
    assert found(audit, "least usual letter, per task", "movement").light == "red"


@pytest.mark.parametrize("split", ["train", "validation"])
def test_demo_in_two_splits_is_caught(questions: list[Question], tmp_path: Path, split: str) -> None:
    folder = write(tmp_path, questions)
    copied = [q for q in questions if q.question_type == "waypoint" and q.episode == 10]
    assert is_test(copied[0].demo)
    write_file(folder / "waypoint" / f"{split}-00001.parquet", copied)
    audit = audit_dataset(folder)
    assert {"demo in two splits", "picture in two splits", "same id"} <= failing(audit)
    assert found(audit, "demo in two splits").value == 1
    assert found(audit, "picture in two splits").value == len(copied) == found(audit, "same id").value
    assert copied[0].demo in found(audit, "demo in two splits").note


def test_picture_under_another_demos_name_is_caught(questions: list[Question], tmp_path: Path) -> None:
    stolen = next(q.images for q in questions if is_test(q.demo))
    changed = poisoned(questions, lambda q: q.model_copy(update={"images": stolen}) if q.id == questions[15].id else q)
    audit = audited(tmp_path, changed)
    assert failing(audit) == {"picture in two splits"}
    assert found(audit, "picture in two splits").value == 1
    assert found(audit, "same picture in two demos").light == "amber"


def nearest_right(question: Question) -> Question:
    """Wrong waypoints are pushed to 0.5 m from the state or more."""
    if question.question_type != "waypoint":
        return question
    rng = np.random.default_rng(question.episode * 100 + question.frame)
    options = list(question.options)
    for i, text in enumerate(options):
        away = np.array(parse_point(text)) - question.state
        if LETTERS[i] != question.answer:
            point = question.state + away / np.linalg.norm(away) * rng.uniform(0.9, 1.2)
            options[i] = "[" + ", ".join(f"{value:.3f}" for value in point) + "]"
    return question.model_copy(update={"options": tuple(options)})


def test_nearest_option_leak_is_caught(questions: list[Question], tmp_path: Path) -> None:
    audit = audited(tmp_path, poisoned(questions, nearest_right))
    forward, backward = (found(audit, f"{name} the state", "waypoint") for name in ("nearest to", "farthest from"))
    assert forward.value == 1 and forward.light == backward.light == "red" and backward.value == 0
    probe = found(audit, "learned from the options", "waypoint")
    assert probe.light == "red" and probe.value > 0.9
    assert found(audit, "learned from the options", "current_state").light != "red"


def test_longest_text_leak_is_caught(questions: list[Question], tmp_path: Path) -> None:
    def longest(question: Question) -> Question:
        if question.question_type != "movement":
            return question
        options = ["Move up", "Move down", "Move left", "Move right"]
        options[LETTERS.index(question.answer)] = question.answer_text
        return question.model_copy(update={"options": tuple(options)})

    audit = audited(tmp_path, poisoned(questions, longest))
    assert found(audit, "most characters", "movement").light == "red"
    assert found(audit, "fewest words", "movement").light == "red"
    assert found(audit, "most characters", "waypoint").light != "red"


def one_changed(questions: list[Question], number: int, **update: object) -> list[Question]:
    return [q.model_copy(update=update) if i == number else q for i, q in enumerate(questions)]


def test_wrong_options_are_caught(questions: list[Question], tmp_path: Path) -> None:
    questions = questions[:96]
    waypoint, movement = questions[0], questions[2]
    wrong = next(letter for letter in LETTERS if letter != waypoint.answer)
    twice = [waypoint.options[0]] * 2 + list(waypoint.options[2:])
    near = [f"[{waypoint.target[0] + 0.004:.3f}, {waypoint.target[1]:.3f}, {waypoint.target[2]:.3f}]"] * 4
    near[LETTERS.index(waypoint.answer)] = waypoint.answer_text
    still = {"target": tuple(value + 0.002 for value in movement.state)}
    cases: list[tuple[list[Question], set[str]]] = [
        (
            one_changed(questions, 0, answer=wrong),
            {"letter and text of the answer differ", "right option is not the recorded position"},
        ),
        (one_changed(questions, 0, answer_text="[0, 0, 1]"), {"letter and text of the answer differ"}),
        (one_changed(questions, 0, target=(0.0, 0.0, 1.0)), {"right option is not the recorded position"}),
        (one_changed(questions, 1, state=(0.0, 0.0, 1.0)), {"right option is not the recorded position"}),
        (one_changed(questions, 2, **still), {"right option is not the recorded movement"}),
        (
            one_changed(questions, 0, options=tuple(near)),
            {"a wrong option is also right", "two options print the same"},
        ),
    ]
    for number, (rows, expected) in enumerate(cases):
        assert (
            expected <= failing(audited(tmp_path / str(number), rows)) <= expected | {"a wrong option is also right"}
        )
    assert "two options print the same" in failing(
        audited(tmp_path / "twice", one_changed(questions, 0, options=tuple(twice)))
    )
    unreadable = audited(tmp_path / "unreadable", one_changed(questions, 0, options=("here", *waypoint.options[1:])))
    assert "options that cannot be read" in failing(unreadable)


def test_movement_that_is_literally_true_is_also_right(questions: list[Question], tmp_path: Path) -> None:
    questions = questions[:96]
    state = (0.2, 0.0, 1.0)
    asked = {
        "state": state,
        "target": (0.2, 0.008, 1.1),  # 8 mm to the right: within the dead zone, but not wrong to name
        "answer": "A",
        "answer_text": "Move up",
        "options": ("Move up", "Move slightly right and up", "Move slightly left and up", "Move down"),
    }
    audit = audited(tmp_path / "a", one_changed(questions, 2, **asked))
    assert failing(audit) == {"a wrong option is also right"}
    asked["options"] = ("Move up", "Move slightly left and up", "Move right and up", "Move down")
    assert failing(audited(tmp_path / "b", one_changed(questions, 2, **asked))) == set()


def test_movements_are_not_judged_without_the_dead_zone(questions: list[Question], tmp_path: Path) -> None:
    finding = found(audited(tmp_path, questions, None), "right option is not the recorded movement", "movement")
    assert finding.light == "grey" and "not checked" in finding.note


def test_hardly_any_movement_is_caught(questions: list[Question], tmp_path: Path) -> None:
    def still(question: Question) -> Question:
        x, y, z = question.state
        return question.model_copy(update={"target": (x, y, z + 0.003)}) if question.episode % 4 == 0 else question

    audit = audited(tmp_path, poisoned(questions, still))
    assert found(audit, "next keypoint nearer than 5 mm", "waypoint").light == "red"
    assert found(audit, "answer names an axis that moves less than 5 mm", "movement").light == "red"


def test_too_few_demos_are_grey(questions: list[Question], tmp_path: Path) -> None:
    audit = audited(tmp_path, [q for q in questions if q.episode < 4])
    assert {f.light for f in audit.findings if f.section in ("blind rules", "blind probe")} == {"grey"}
    assert audit.light == "green"


@pytest.mark.parametrize("model", [SftExample, ColdStartExample])
def test_rows_with_completions(model: type[SftExample], questions: list[Question], tmp_path: Path) -> None:
    rows = [model.model_validate({**dict(question), "completion": "[0, 0, 1]"}) for question in questions]
    folder = write(tmp_path, rows)
    write_file(folder / "waypoint" / "train-00001.parquet", [row for row in rows if row.episode == 10][:1])
    audit = audit_dataset(folder)
    assert failing(audit) == {"demo in two splits", "picture in two splits", "same id"} | (
        {"same picture, type and options"} if model is ColdStartExample else set()
    )
    assert ("blind probe" in {f.section for f in audit.findings}) == (model is ColdStartExample)
    assert found(audit, "next keypoint nearer than 5 mm", "movement").value == 0


def test_probe_looks_at_whole_demos_of_large_data_sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("data_gen.audit.probe.MAX_QUESTIONS", 150)
    audit = audited(tmp_path, exchangeable(60))
    assert found(audit, "learned from the options", "waypoint").n == 148  # 37 demos of 4 questions
