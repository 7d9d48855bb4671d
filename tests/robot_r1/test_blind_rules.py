"""Blind rules on questions small enough to answer by hand."""

import time
from collections.abc import Sequence

import numpy as np
import pytest

from robot_r1.blind_questions import BlindQuestions, blind_questions, read_options
from robot_r1.blind_rules import RULES, BlindRule, points_won, rules_for
from robot_r1.question import QUESTION_TYPES, Point, QuestionType

Four = tuple[str, str, str, str]
SQUARE: Four = ("[0.1, 0.0, 1.0]", "[0.2, 0.0, 1.0]", "[0.1, 0.1, 1.0]", "[0.2, 0.1, 1.2]")


def rule(name: str) -> BlindRule:
    return next(rule for rule in RULES if rule.forward == name)


def asked(
    options: Sequence[Four],
    answers: str,
    question_type: QuestionType = "waypoint",
    state: Point = (0.1, 0.0, 0.9),
    tasks: str | None = None,
) -> BlindQuestions:
    """One question per demo; `answers` and `tasks` have a letter for each."""
    return blind_questions(
        question_type,
        list(tasks or "t" * len(options)),
        [f"demo{i}" for i in range(len(options))],
        [state] * len(options),
        options,
        ["ABCD".index(letter) for letter in answers],
    )


def won(name: str, questions: BlindQuestions) -> tuple[list[float], list[float]]:
    return points_won(rule(name), questions).tolist(), points_won(rule(name), questions, backward=True).tolist()


@pytest.mark.parametrize(
    ("name", "nearest", "farthest"),
    [
        ("nearest to the state", "A", "D"),
        ("nearest to the options' mean", "ABC", "D"),  # the mean is (0.15, 0.05, 1.05)
        ("nearest to another option", "ABC", "D"),  # A has two neighbours at 0.1 m, B and C one, D one at 0.22
        ("nearest to the workspace's centre", "B", "C"),  # (0.2, 0, 1.1)
        ("nearest to the robot's base", "A", "D"),
        ("most forward (x)", "BD", "AC"),
        ("most to the right (y)", "CD", "AB"),
        ("highest (z)", "D", "ABC"),
        ("first letter", "A", "D"),
        ("fewest characters", "ABCD", "ABCD"),
    ],
)
def test_rules_without_memory(name: str, nearest: str, farthest: str) -> None:
    for letter in "ABCD":
        forward, backward = won(name, asked([SQUARE], letter))
        assert forward == [1 / len(nearest) if letter in nearest else 0]
        assert backward == [1 / len(farthest) if letter in farthest else 0]


def test_mean_answer_is_that_of_other_demos() -> None:
    # for the first the others' mean, of B and D, lies as near to B as to D; for the second all are as far from it
    assert won("nearest to the mean answer", asked([SQUARE] * 3, "ABD")) == ([0, 0.25, 0], [0.5, 0.25, 1])


def test_usual_move_starts_at_the_state() -> None:
    there: Four = ("[0.1, 0.0, 1.0]", "[0.1, 0.0, 0.8]", "[0.2, 0.0, 0.9]", "[0.1, 0.1, 0.9]")
    questions = asked([SQUARE, there], "AA")  # both move 10 cm up
    assert won("nearest to the usual move", questions)[0] == [1, 1]
    assert won("most usual distance from the state", questions)[0] == [1, 0.25]  # all four are 10 cm away


def test_tasks_are_kept_apart() -> None:
    questions = asked([SQUARE] * 4, "AADD", tasks="ppqq")
    assert won("nearest to the mean answer, per task", questions)[0] == [1, 1, 1, 1]
    assert won("nearest to the mean answer", questions)[0] != [1, 1, 1, 1]
    assert won("most usual answer, per task", questions) == ([1, 1, 1, 1], [0, 0, 0, 0])
    assert won("most usual letter, per task", questions)[0] == [1, 1, 1, 1]


def test_a_rule_that_knows_nothing_guesses() -> None:
    alone = asked([SQUARE], "B")
    for name in (
        "nearest to the mean answer",
        "most usual answer",
        "in the most usual place",
        "nearest to the usual move",
    ):
        assert won(name, alone) == ([0.25], [0.25])
    unreadable = asked([("over there", *SQUARE[1:])], "B")
    assert won("nearest to the state", unreadable) == ([0.25], [0.25])


def test_most_usual_answer_counts_texts_of_other_demos() -> None:
    options: Four = ("Move up", "Move down", "Move left", "Move right")
    questions = asked([options] * 4, "AAAB", "movement")
    assert won("most usual answer", questions) == ([1, 1, 1, 0], [0, 0, 0, 1 / 3])


def test_most_usual_place_forgives_a_centimetre() -> None:
    near: Four = ("[0.11, 0.01, 1.01]", *SQUARE[1:])
    assert won("most usual answer", asked([SQUARE, near], "AA"))[0] == [0.25, 0.25]
    assert won("in the most usual place", asked([SQUARE, near], "AA"))[0] == [1, 1]


def test_words() -> None:
    options: Four = ("Move up", "Move slightly left and up", "Move slightly left and down", "Move right")
    # shared with others, mean over words: A (3 + 1) / 2, B (3 + 1 + 1 + 1 + 1) / 5, C (3 + 1 + 1 + 1 + 0) / 5, D 3 / 2
    for letter, points in (("A", (1, 0)), ("B", (0, 0)), ("C", (0, 1)), ("D", (0, 0))):
        questions = asked([options], letter, "movement")
        assert won("words most shared with the other options", questions) == ([points[0]], [points[1]])
    assert won("fewest words", asked([options], "D", "movement")) == ([0.5], [0])
    assert won("fewest words", asked([options], "B", "movement")) == ([0], [0.5])
    # axes shared with others: A 3 + 0 + 1, B 3 + 1 + 1, C 3 + 1 + 0, D 3 + 0 + 0
    assert won("axes most shared with the other options", asked([options], "B", "movement")) == ([1], [0])
    assert won("axes most shared with the other options", asked([options], "D", "movement")) == ([0], [1])
    usual = asked([options, options, ("Move up", "Move left", "Move down", "Move right")], "AAA", "movement")
    assert won("most usual words", usual)[0] == [1, 1, 1]


def test_movements_read_as_directions() -> None:
    texts = np.array(
        ["Move forward, slightly left and down", "Move slightly backward and up", "Move about", "Move up"]
    )
    points = read_options("movement", texts)
    assert points[[0, 1, 3]].tolist() == [[1, -0.5, -1], [-0.5, 0, 1], [0, 0, 1]]
    assert np.isnan(points[2]).all()


def test_the_state_is_no_secret_of_a_waypoint_alone() -> None:
    names = {name: {rule.forward for rule in rules_for(name)} for name in QUESTION_TYPES}
    assert "nearest to the state" in names["waypoint"]
    assert not any("the state" in name or "move" in name for name in names["current_state"] | names["movement"])
    assert all(len(found) >= 10 for found in names.values())


@pytest.mark.parametrize("question_type", QUESTION_TYPES)
def test_every_rule_is_at_chance_and_fast_on_ten_thousand_fair_questions(question_type: QuestionType) -> None:
    rng = np.random.default_rng(0)
    directions = [f"{a}{b}" for a in ("forward", "backward") for b in (" and up", " and slightly down", "")]
    options: list[list[str]]
    if question_type == "movement":
        options = [[f"Move {directions[i]}" for i in rng.permutation(len(directions))[:4]] for _ in range(10_000)]
    else:
        options = [[f"[{x:.3f}, {y:.3f}, {z:.3f}]" for x, y, z in four] for four in rng.uniform(size=(10_000, 4, 3))]
    demos = [f"demo{i // 20}" for i in range(10_000)]
    tasks = [f"task{i // 2000}" for i in range(10_000)]
    questions = blind_questions(
        question_type, tasks, demos, rng.uniform(size=(10_000, 3)), options, rng.integers(4, size=10_000)
    )
    start = time.process_time()
    means = {
        r.forward: [points_won(r, questions, backward).mean() for backward in (False, True)]
        for r in rules_for(question_type)
    }
    assert time.process_time() - start < 5
    assert all(0.22 < mean < 0.28 for pair in means.values() for mean in pair), means
