from collections import Counter

import pytest

from data_gen.config import BuildConfig
from data_gen.questions import DemoQuestions, make_questions
from robot_r1.demo import Demo, DemoKey
from robot_r1.movement import movement_between, movement_text
from robot_r1.prompts import default_templates, point_text
from robot_r1.question import LETTERS, Question
from tests.support.demos import MOVE, REST, make_demo
from tests.support.questions import outline

KEYPOINTS = (MOVE + 1, MOVE + REST, 2 * MOVE + REST)


def questions(config: BuildConfig | None = None, **demo: object) -> tuple[Question, ...]:
    return made(make_demo(**demo), config or BuildConfig()).questions  # type: ignore[arg-type]


def made(demo: Demo, config: BuildConfig) -> DemoQuestions:
    return make_questions(demo, outline(demo, config), config, default_templates())


def test_one_of_each_type_per_start_frame_aimed_at_the_next_keypoint() -> None:
    made = questions(BuildConfig(frame_interval=9))
    assert [(q.frame, q.keypoint_frame) for q in made if q.question_type == "waypoint"] == [
        (0, 21), (9, 21), (18, 21), (27, 46), (36, 46), (45, 46)
    ]  # fmt: skip
    assert Counter(q.question_type for q in made) == {"waypoint": 6, "current_state": 6, "movement": 6}
    assert len({q.id for q in made}) == len(made)


def test_answers_are_true() -> None:
    for q in questions():
        assert q.options[LETTERS.index(q.answer)] == q.answer_text
        assert q.distractors[LETTERS.index(q.answer)] == "answer"
        assert len(set(q.options)) == 4
        if q.question_type == "waypoint":
            assert q.answer_text == point_text(q.target)
        elif q.question_type == "current_state":
            assert q.answer_text == point_text(q.state)
        else:
            movement = movement_between(q.state, q.target, 0.01)
            assert movement is not None and q.answer_text == movement_text(movement)
        for letter, option in zip(LETTERS, q.options, strict=True):
            assert f"- [[{letter}]] {option}" in q.question


def test_the_current_state_is_not_given_away() -> None:
    for q in questions():
        if q.question_type == "current_state":
            assert q.question.count(point_text(q.state)) == 1


def test_nothing_to_move_drops_waypoint_and_movement_and_counts_them() -> None:
    demo = make_demo(waypoints=((0.2, 0, 1.0), (0.2, 0, 1.004), (0.3, 0.2, 1.3)), close_at=1)
    result = made(demo, BuildConfig())
    assert sum(result.dropped.values()) == 2 * 3
    assert Counter(q.question_type for q in result.questions) == {"current_state": 5, "waypoint": 2, "movement": 2}
    kept = made(demo, BuildConfig(dead_zone=0))
    assert sum(kept.dropped.values()) == 2  # frame 20 rests at the keypoint: nothing moves at all


def test_letters_are_balanced() -> None:
    counts = Counter(
        q.answer for e in range(60) for q in questions(key=DemoKey(task="push_button", variation=0, episode=e))
    )
    total = sum(counts.values())
    assert all(abs(counts[letter] / total - 0.25) < 0.03 for letter in LETTERS)


def test_questions_depend_on_seed_and_demo_only() -> None:
    assert questions() == questions()
    assert [q.options for q in questions()] != [q.options for q in questions(BuildConfig(seed=1))]


@pytest.mark.parametrize("interval", [1, 7, 100])
def test_start_frames_follow_the_interval(interval: int) -> None:
    frames = {q.frame for q in questions(BuildConfig(frame_interval=interval))}
    assert frames == set(range(0, 46, interval))


def test_what_lies_outside_the_picture_is_flagged() -> None:
    made_up = make_demo(waypoints=((0.28, 0, 1.0), (0.2, 0.1, 0.9), (0.6, 0.49, 1.58)))
    flags = {(q.off_screen, q.gripper_off_screen) for q in made(made_up, BuildConfig()).questions}
    assert (False, False) in flags and (True, False) in flags
    for q in made(made_up, BuildConfig(frame_interval=1)).questions:
        assert q.off_screen != q.camera.sees(q.target) and q.gripper_off_screen != q.camera.sees(q.state)


def test_excluded_questions_are_left_out_and_counted_and_change_no_other() -> None:
    everything = questions()
    out = everything[4].id
    config = BuildConfig(exclude=(out,))
    result = made(make_demo(), config)
    assert result.questions == tuple(q for q in everything if q.id != out)
    assert result.dropped[f"{everything[4].question_type}: excluded by hand"] == 1
