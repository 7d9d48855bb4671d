import math

import pytest

from eval.baselines import CHOICE_BASELINES, POSITION_BASELINES, applies, choose, completion, locate, right_position
from eval.permutations import rotated
from robot_r1.answer import Answer, parse_answer
from robot_r1.blind_rules import RULES
from robot_r1.errors import UserError
from robot_r1.intervals import clustered_interval
from robot_r1.question import QUESTION_TYPES
from tests.support.question_rows import question_rows


def test_random_is_a_quarter_within_its_interval() -> None:
    rows = question_rows(1500)
    letters = choose("random", rows, seed=0)
    interval = clustered_interval(
        [float(letter == row.answer) for letter, row in zip(letters, rows, strict=True)], [row.cluster for row in rows]
    )
    assert interval.low < 0.25 < interval.high
    assert interval.high - interval.low < 0.07
    assert letters == choose("random", rows, seed=0) != choose("random", rows, seed=1)
    assert choose("random", rows[7:9], seed=0) == letters[7:9]


def test_every_rule_answers_forwards_and_backwards_in_the_format() -> None:
    rows = question_rows(120)
    for name in CHOICE_BASELINES:
        asked = [row for row in rows if applies(name, row.question_type)]
        for letter in choose(name, asked, seed=0):
            assert isinstance(parse_answer(completion(name, f"[[{letter}]]")), Answer)
    assert len(set(CHOICE_BASELINES)) == 3 + 2 * len(RULES)


def test_the_oracle_is_right_and_the_first_letter_is_a() -> None:
    rows = question_rows(60)
    assert choose("oracle", rows, 0) == [row.answer for row in rows]
    assert set(choose("first letter", rows, 0)) == {"A"}
    assert set(choose("last letter", rows, 0)) == {"D"}


def test_the_majority_is_learned_from_other_demos() -> None:
    rows = [row.model_copy(update={"answer": "C"}) for row in question_rows(200)]
    assert set(choose("majority", rows, 0)) == {"C"}
    alone = [row for row in rows if row.demo == rows[0].demo]
    assert len(set(choose("majority", alone, 0))) > 1  # nothing to learn from: guessed


def test_a_rule_takes_the_same_option_in_every_order() -> None:
    rows = [row for row in question_rows(90) if row.question_type == "waypoint"]
    for turn in range(4):
        turned = [rotated(row, turn) for row in rows]
        letters = choose("nearest to the state", turned, 0)
        taken = [(row.options or ())["ABCD".index(letter)] for row, letter in zip(turned, letters, strict=True)]
        if turn == 0:
            first = taken
        assert taken == first


def test_mistakes_are_told_in_one_line() -> None:
    rows = question_rows(9)
    with pytest.raises(UserError, match="did you mean 'first letter'"):
        choose("first leter", rows, 0)
    with pytest.raises(UserError, match="give --question-types waypoint"):
        choose("nearest to the state", rows, 0)
    with pytest.raises(UserError, match="--help lists them all"):
        locate("nowhere", rows, 0)
    with pytest.raises(UserError, match="has no position"):
        locate("oracle", rows, 0)
    with pytest.raises(UserError, match="give --question-types waypoint"):
        locate("state", [row for row in rows if row.question_type != "movement"], 0)


def test_positions_are_drawn_averaged_and_known() -> None:
    rows = [row for row in question_rows(300) if row.question_type == "waypoint"]
    for name in POSITION_BASELINES:
        points = locate(name, rows, 0)
        assert len(points) == len(rows) and all(math.isfinite(value) for point in points for value in point)
    assert locate("oracle", rows, 0) == [right_position(row) for row in rows]
    assert locate("state", rows, 0) == [row.state for row in rows]


def test_the_mean_position_leaves_the_own_demo_out() -> None:
    row = question_rows(1)[0]
    here = row.model_copy(update={"target": (0.0, 0.0, 1.0)})
    there = row.model_copy(update={"target": (0.2, 0.0, 1.0), "demo": "other"})
    elsewhere = row.model_copy(update={"target": (0.4, 0.2, 1.0), "demo": "third", "task": "push_button"})
    assert locate("mean", [here, here, there, elsewhere], 0) == [
        (0.2, 0.0, 1.0),
        (0.2, 0.0, 1.0),
        (0.0, 0.0, 1.0),
        pytest.approx((0.2 / 3, 0.0, 1.0)),
    ]
    assert locate("mean", [here], 0) == [
        pytest.approx((0.2, 0.0, 1.1))
    ]  # nothing to learn from: the workspace's centre


def test_types_are_those_of_the_questions() -> None:
    assert all(applies("random", name) and applies("oracle", name) for name in QUESTION_TYPES)
    assert [applies("fewest words", name) for name in QUESTION_TYPES] == [False, False, True]
