"""The learned probe on options with a leak that no single rule names."""

import numpy as np

from data_gen.audit.probe import probe
from robot_r1.blind_questions import BlindQuestions, blind_questions


def questions(demos: int, leaking: bool) -> BlindQuestions:
    """Three questions a demo; where they leak, the right option is the second lowest and never the foremost."""
    rng = np.random.default_rng(0)
    options: list[list[str]] = []
    answers: list[int] = []
    while len(answers) < 3 * demos:
        points = rng.uniform((0, -0.3, 0.8), (0.5, 0.3, 1.3), (4, 3))
        answer = int(np.argsort(points[:, 2])[1]) if leaking else int(rng.integers(4))
        if leaking and points[:, 0].argmax() == answer:
            continue
        options.append([f"[{x:.3f}, {y:.3f}, {z:.3f}]" for x, y, z in points])
        answers.append(answer)
    names = [f"demo{i // 3}" for i in range(3 * demos)]
    return blind_questions(
        "current_state", ["push_button"] * len(names), names, np.zeros((len(names), 3)), options, answers
    )


def test_probe_finds_what_no_rule_names() -> None:
    result = probe(questions(60, leaking=True))
    assert result is not None and result.linear.won.mean() > 0.7


def test_probe_finds_nothing_in_fair_questions_and_always_the_same() -> None:
    first, second = (probe(questions(100, leaking=False)) for _ in range(2))
    assert first is not None and second is not None
    for ours, again in ((first.linear, second.linear), (first.trees, second.trees)):
        assert 0.15 < ours.won.mean() < 0.35 and ours.won.tolist() == again.won.tolist()


def test_probe_needs_five_demos() -> None:
    assert probe(questions(4, leaking=False)) is None
    assert probe(questions(5, leaking=False)) is not None
