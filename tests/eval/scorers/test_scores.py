import pytest

from eval.scorers.choices import score_choice
from eval.scorers.positions import score_position

OPTIONS = ["[0.100, 0.000, 1.000]", "[0.400, 0.400, 1.000]", "[0.100, 0.000, 1.500]", "[0.000, 0.000, 1.000]"]


def said(answer: str) -> str:
    return f"<think>so</think> <answer>{answer}</answer>"


def test_the_right_letter_counts_in_the_format_alone() -> None:
    assert score_choice(said("[[A]]"), "A", "waypoint", OPTIONS).value == 1.0
    assert score_choice(said("B"), "A", "waypoint", OPTIONS).value == 0.0
    for text, reason in (
        ("A", "no_think"),
        ("<think>so</think>[[A]]", "no_answer"),
        (said("[[E]]"), "not_a_letter"),
        (said("[[A]]") + said("[[B]]"), "several_think"),
        ("<think>so</think> <answer>[[A]]", "unclosed"),
        ("", "no_think"),
    ):
        score = score_choice(text, "A", "waypoint", OPTIONS)
        assert (score.value, score.answer) == (0.0, "")
        assert (score.metadata or {})["reason"] == reason
        assert reason in (score.explanation or "")


def test_the_distance_is_that_between_the_options() -> None:
    score = score_choice(said("B"), "A", "current_state", OPTIONS, tokens=9)
    text = said("B")
    assert score.metadata == {
        "length": len(text),
        "tokens": 9,
        "letter": "B",
        "content": OPTIONS[1],
        "distance": pytest.approx(0.5),
    }
    assert "the right option is A, 0.500 m apart" in (score.explanation or "")
    moves = ["move up", "move down", "move left", "move right"]
    assert "distance" not in (score_choice(said("B"), "A", "movement", moves).metadata or {})
    assert "distance" not in (score_choice(said("B"), "A", "waypoint", ["red", "green", "blue", "x"]).metadata or {})


def test_a_position_is_worth_one_minus_l1() -> None:
    right = (0.1, 0.2, 1.0)
    score = score_position(said("[0.1, 0.2, 1.3]"), right)
    assert score.value == pytest.approx(0.7)
    assert (score.metadata or {})["distance"] == pytest.approx(0.3)
    assert score_position(said("[9, 9, 9]"), right).value == 0.0
    for answer in ("[0.1, 0.2]", "A", "0.1, 0.2, 1.0", "[inf, 0, 0]"):
        refused = score_position(said(answer), right)
        assert (refused.value, (refused.metadata or {})["reason"]) == (0.0, "not_a_point")
        assert "distance" not in (refused.metadata or {})
    assert (score_position("[0.1, 0.2, 1.0]", right).metadata or {})["reason"] == "no_think"
