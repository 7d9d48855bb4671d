import pytest

from robot_r1.rewards import Completion, exact_match_reward, format_reward, l1_reward

STATE = (0.2, 0.1, 1.0)
TARGET = (0.3, -0.1, 0.8)


def said(content: str) -> Completion:
    return [{"role": "assistant", "content": f"<think> so </think> <answer> {content} </answer>"}]


def test_format_counts_the_blocks_and_not_what_they_say() -> None:
    completions = [said("[[A]]"), said("perhaps"), said("[0.1, 0.2, 0.3]"), said(" "), "[[A]]", "<think>so"]
    assert format_reward(completions, answer=["A"] * 6, trainer_state=None) == [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]


def test_exact_match_needs_the_format_and_the_letter() -> None:
    completions = [said("[[A]]"), said("A"), said("[[B]]"), said("[[A]] [[B]]"), "[[A]]", "<answer>[[A]]</answer>"]
    assert exact_match_reward(completions, answer=["A"] * 6, task=["cup"] * 6) == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_each_completion_is_compared_with_its_own_answer() -> None:
    assert exact_match_reward([said("[[A]]"), said("[[B]]")], answer=["B", "B"]) == [0.0, 1.0]


def test_plain_strings_are_completions_too() -> None:
    assert exact_match_reward(["<think>so</think><answer>[[C]]</answer>"], answer=["C"]) == [1.0]


def test_columns_of_another_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        exact_match_reward([said("[[A]]")], answer=["A", "B"])


@pytest.mark.parametrize(
    ("question_type", "content", "reward"),
    [
        ("waypoint", "[0.3, -0.1, 0.8]", 1.0),
        ("current_state", "[0.2, 0.1, 1.0]", 1.0),
        ("waypoint", "[0.2, 0.1, 1.0]", 0.5),
        ("current_state", "[0.2, 0.1, 1.191]", 1 - 0.191),
        ("waypoint", "[9, 9, 9]", 0.0),
        ("waypoint", "[1e308, -1e308, 1e308]", 0.0),
        ("waypoint", "[[A]]", 0.0),
        ("waypoint", "[nan, nan, nan]", 0.0),
        ("movement", "[0.3, -0.1, 0.8]", None),
        ("movement", "Move up", None),
    ],
)
def test_closeness_to_the_right_point(question_type: str, content: str, reward: float | None) -> None:
    rewards = l1_reward([said(content)], [question_type], state=[STATE], target=[TARGET], answer=["A"])  # type: ignore[list-item]
    assert rewards == [pytest.approx(reward)]


def test_a_point_outside_the_format_counts_for_nothing() -> None:
    assert l1_reward(["[0.3, -0.1, 0.8]"], ["waypoint"], state=[STATE], target=[TARGET]) == [0.0]
