import pytest

from eval.judge.reading import Reading, read_completion
from robot_r1.answer import Refusal


@pytest.mark.parametrize(
    ("completion", "answer", "untagged"),
    [
        ("<think> why </think> <answer> Move down. </answer>", "Move down.", False),
        ("<answer>Move down.</answer>", "Move down.", False),
        ("Sure: <answer>Move down.</answer> That is all.", "Move down.", False),
        ("<think></think><answer>Move down.</answer>", "Move down.", False),
        ("  Move down.\n", "Move down.", True),
        ("<think> why </think> Move down.", "Move down.", True),
        ("The gap is < 3 cm, see <b>here</b>", "The gap is < 3 cm, see <b>here</b>", True),
    ],
)
def test_what_is_judged(completion: str, answer: str, untagged: bool) -> None:
    assert read_completion(completion) == Reading(answer, untagged)


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ("<answer>left</answer> <answer>right</answer>", "several_answer"),
        ("<think>a</think><answer>left", "unclosed"),
        ("left</answer>", "unopened"),
        ("<Answer>left</Answer>", "inexact_tag"),
        ("<answer> </answer>", "empty_answer"),
        ("<think>a</think><answer></answer>", "empty_answer"),
        ("<answer></answer> left", "empty_answer"),
        ("</answer> left <answer>", "empty_answer"),
        ("<think> left <answer>left</answer> </think>", "nested"),
        ("<think> only thoughts </think>", "empty_answer"),
        ("<think> never closed, so that nothing is the answer", "unclosed"),
        ("", "empty_answer"),
        (" \n ", "empty_answer"),
    ],
)
def test_what_is_refused(completion: str, reason: str) -> None:
    assert read_completion(completion) == Refusal(reason)  # type: ignore[arg-type]
