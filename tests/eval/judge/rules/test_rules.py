import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.judge.rules import RULES_JUDGE, judge_by_rules
from eval.robot_r1_bench.question import REASONING_TYPES
from robot_r1.errors import UserError
from tests.eval.judge.rules.cases import CASES, Case, held_out
from tests.eval.judge.rules.truths import TRUTHS, bench_question, reasoning_type

ALL_CASES = [*CASES, *held_out()]
_WORDS = sorted({word for case in ALL_CASES for word in case.answer.split()} | {",", ".", "\n", "1."})


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: f"{case.situation}: {case.answer[:60]}")
def test_an_answer_gets_the_score_that_a_person_gives(case: Case) -> None:
    verdict = judge_by_rules(bench_question(case.situation), case.answer)
    assert case.low <= verdict.score <= case.high, verdict.reason


def test_the_table_has_many_cases_of_every_type() -> None:
    for wanted in REASONING_TYPES:
        found = [case for case in ALL_CASES if reasoning_type(TRUTHS[case.situation][1]) == wanted]
        assert len(found) >= 25
        assert {case.low for case in found} >= {0, 1, 3}


def test_it_says_that_it_is_not_the_judge_of_the_paper() -> None:
    assert "not the paper's judge" in RULES_JUDGE


def test_a_question_without_truth_is_refused_in_one_line() -> None:
    question = bench_question("move down").model_copy(update={"truth": None})
    with pytest.raises(UserError, match="--grader") as error:
        judge_by_rules(question, "Move down.")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("answer", ["", "   \n", "?!", "42", "向下移动", "\u200b", "😀"])
@pytest.mark.parametrize("situation", ["lid above pan", "closest cup", "move down", "plan cup", "next lift cup"])
def test_what_cannot_be_read_scores_zero(situation: str, answer: str) -> None:
    verdict = judge_by_rules(bench_question(situation), answer)
    assert verdict.score == 0
    assert verdict.reason


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TRUTHS)), st.text() | st.lists(st.sampled_from(_WORDS), max_size=60).map(" ".join))
def test_any_text_is_scored(situation: str, answer: str) -> None:
    verdict = judge_by_rules(bench_question(situation), answer)
    assert verdict.score in (0, 1, 2, 3)
    assert verdict.reason and "\n" not in verdict.reason


@pytest.mark.parametrize(
    "situation", ["gripper above right of cup", "closest cup", "move down", "plan cup", "next lift cup"]
)
@pytest.mark.parametrize(
    "unit",
    [
        "left ",
        "the red cup, ",
        "not left, ",
        "move to the cup to grasp it, ",
        "a",
        "'",
        "1. ",
        "- \n",
        "the blue one of ",
        "slightly ",
        "the red ",
        "or left ",
    ],
)
def test_time_grows_with_the_length_of_the_text_only(situation: str, unit: str) -> None:
    question = bench_question(situation)

    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        start = time.process_time()
        judge_by_rules(question, text)
        return time.process_time() - start

    seconds(1_000)
    # In quadratic time it would be 100 times as long. Once may be the garbage collector's turn, three times are not.
    assert any(seconds(20_000) < 40 * seconds(2_000) + 0.05 for _ in range(3))
