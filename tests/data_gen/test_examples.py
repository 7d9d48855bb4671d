import re
from collections import Counter

import numpy as np
import pytest

from data_gen.config import BuildConfig
from data_gen.examples import NO_SCRIPT, NOT_ALIGNED, DemoRows, make_rows
from data_gen.formats import ROW_MODELS, Format
from data_gen.questions import make_questions
from robot_r1.answer import Answer, parse_answer
from robot_r1.demo import Demo, DemoKey
from robot_r1.movement import movement_between, movement_text
from robot_r1.prompts import default_templates, point_text
from robot_r1.question import LETTERS, Question
from robot_r1.scripts import script
from robot_r1.sft_example import ColdStartExample, SftExample
from tests.support.demos import make_demo
from tests.support.questions import outline

WAYPOINTS = ((0.28, 0.0, 1.3), (0.2, 0.1, 0.9), (0.2, 0.1, 1.2))
"""Keypoints at the second place, at the closing of the gripper there, and at the end."""


def demo(task: str = "push_button", variation: int = 3) -> Demo:
    return make_demo(DemoKey(task=task, variation=variation, episode=0), WAYPOINTS)


def rows(data_format: Format, of: Demo | None = None, **settings: object) -> list[SftExample]:
    config = BuildConfig(format=data_format, frame_interval=3, **settings)  # type: ignore[arg-type]
    made = make_all(of or demo(), config).rows
    assert made and all(isinstance(row, ROW_MODELS[data_format]) for row in made)
    return [row for row in made if isinstance(row, SftExample)]


def make_all(of: Demo, config: BuildConfig) -> DemoRows:
    return make_rows(of, outline(of, config), config, default_templates())


def questions(**settings: object) -> dict[str, Question]:
    config = BuildConfig(frame_interval=3, **settings)  # type: ignore[arg-type]
    made = make_questions(demo(), outline(demo(), config), config, default_templates())
    return {q.id: q for q in made.questions}


def test_direct_completes_with_the_position_alone() -> None:
    for row in rows("sft-direct"):
        truth = row.target if row.question_type == "waypoint" else row.state
        assert row.completion == point_text(truth)
    assert {row.question_type for row in rows("sft-direct")} == {"waypoint", "current_state"}


@pytest.mark.parametrize("data_format", ["sft-direct", "sft-cot"])
def test_open_prompts_offer_and_betray_nothing(data_format: Format) -> None:
    for row in rows(data_format):
        assert row.question.count("<image>") == 1 and row.description in row.question
        assert not re.search(r"\[\[|<think>|Output Format|Choice", row.question)
        assert point_text(row.target) not in row.question
        assert (point_text(row.state) in row.question) == (row.question_type == "waypoint")


def test_cot_says_plan_subtask_movement_and_position() -> None:
    words = [step.words for step in script("push_button", 3)]
    for row in rows("sft-cot"):
        if row.question_type == "current_state":
            assert row.completion == point_text(row.state)
            continue
        plan, subtask, move, answer = row.completion.splitlines()
        assert plan == "Plan: " + " ".join(f"{i}. {w[0].upper()}{w[1:]}." for i, w in enumerate(words, start=1))
        step = words[[21, 26, 46].index(row.keypoint_frame)]
        assert subtask.lower() == f"subtask: {step}"
        movement = movement_between(row.state, row.target, 0.01)
        assert movement is not None and move == movement_text(movement).replace("Move ", "Move: ")
        assert answer == f"Answer: {point_text(row.target)}"


def test_think_asks_the_questions_of_rl_and_answers_them_in_their_format() -> None:
    asked = questions()
    made = rows("sft-think")
    assert [row.id for row in made] == list(asked)
    for row in made:
        assert isinstance(row, ColdStartExample)
        question = asked[row.id]
        assert (row.question, row.options, row.answer) == (question.question, question.options, question.answer)
        parsed = parse_answer(row.completion)
        assert isinstance(parsed, Answer) and parsed.letter == question.answer


def test_the_reasoning_is_true() -> None:
    words = [step.words for step in script("push_button", 3)]
    for row in rows("sft-think"):
        assert isinstance(row, ColdStartExample)
        think = row.completion.split("</think>")[0]
        named = re.findall(r"\b([ABCD])\b", think)
        assert named == [row.answer]
        positions = [np.array(p.split(","), float) for p in re.findall(r"\[([-0-9., ]+)\]", think)]
        if row.question_type != "movement":
            truth = row.target if row.question_type == "waypoint" else row.state
            options = np.array([option.strip("[]").split(",") for option in row.options], float)
            assert np.abs(positions[-1] - truth).max() <= 0.0051
            assert LETTERS[int(np.linalg.norm(options - positions[-1], axis=1).argmin())] == row.answer
        if row.question_type != "current_state":
            assert words[[21, 26, 46].index(row.keypoint_frame)] in think
            movement = movement_between(row.state, row.target, 0.01)
            assert movement is not None
            if row.question_type == "movement":
                assert movement_text(movement).removeprefix("Move ") in think


def test_a_rounded_position_is_never_nearer_to_a_wrong_option() -> None:
    """Without a minimum separation options may lie closer together than the reasoning rounds."""
    close = demo()
    close = make_demo(close.key, ((0.2, 0.1, 0.9049), (0.2, 0.1, 0.905), (0.21, 0.1, 0.9)))
    for row in rows("sft-think", close, distractors={"min_separation": 0}, dead_zone=0):
        if isinstance(row, ColdStartExample) and row.question_type != "movement":
            position = re.findall(r"\[([-0-9., ]+)\]", row.completion.split("</think>")[0])[-1]
            options = np.array([option.strip("[]").split(",") for option in row.options], float)
            distances = np.linalg.norm(options - np.array(position.split(","), float), axis=1)
            assert distances[LETTERS.index(row.answer)] == distances.min()


def test_phrasings_differ_and_depend_on_the_seed() -> None:
    first, again, other = (rows("sft-think", seed=seed) for seed in (0, 0, 1))
    assert first == again
    texts = {row.completion.split(".")[0] for row in first if row.question_type == "current_state"}
    assert len(texts) > 3
    assert [row.completion for row in first] != [row.completion for row in other]


@pytest.mark.parametrize("data_format", ["sft-cot", "sft-think"])
@pytest.mark.parametrize(("task", "reason"), [("fold_towel", NO_SCRIPT), ("phone_on_base", NOT_ALIGNED)])
def test_demos_without_steps_are_dropped_by_name(data_format: Format, task: str, reason: str) -> None:
    without = demo(task, variation=0)
    config = BuildConfig(format=data_format)
    made = make_all(without, config)
    asked = make_questions(without, outline(without, config), config, default_templates())
    assert made.rows == ()
    lost = Counter(f"{question.question_type}: {reason}" for question in asked.questions)
    assert made.dropped == asked.dropped + lost
    assert rows("sft-direct", without)


def test_mcqa_rows_are_the_questions() -> None:
    assert make_all(demo(), BuildConfig(frame_interval=3)).rows == tuple(questions().values())
