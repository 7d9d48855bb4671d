import math

import pytest
from inspect_ai.scorer import SampleScore, Score

from eval.judge.metrics import answers, counts, grouped_intervals, mean_score
from robot_r1.intervals import clustered_interval


def _score(
    value: float, kind: str = "spatial", demo: str = "a", in_training: bool = True, **metadata: object
) -> SampleScore:
    about = {"group": kind, "demo": demo, "in_training": in_training}
    return SampleScore(score=Score(value=value, metadata=dict(metadata)), sample_metadata=about)


SCORES = [
    _score(3, "spatial", "a"),
    _score(1, "spatial", "b"),
    _score(0, "movement", "a"),
    _score(2.5, "movement", "c", in_training=False),
]


def test_groups_and_their_intervals() -> None:
    found = grouped_intervals(SCORES)
    assert {name: (interval.mean, interval.n) for name, interval in found.items()} == {
        "all": (pytest.approx(6.5 / 4), 4),
        "in_training": (pytest.approx(4 / 3), 3),
        "held_out": (2.5, 1),
        "spatial": (2, 2),
        "spatial in_training": (2, 2),
        "movement": (1.25, 2),
        "movement in_training": (0, 1),
        "movement held_out": (2.5, 1),
    }
    plain = clustered_interval([1, 1 / 3, 0, 2.5 / 3], ["a", "b", "a", "c"])
    assert (found["all"].low, found["all"].high) == pytest.approx((3 * plain.low, 3 * plain.high))
    assert (found["held_out"].low, found["held_out"].high) == (0, 3)


def test_what_inspect_shows() -> None:
    shown = mean_score()(SCORES)  # type: ignore[arg-type]
    assert isinstance(shown, dict)
    assert shown["mean"] == pytest.approx(6.5 / 4)
    assert shown["movement_held_out"] == 2.5
    assert {"low_95", "high_95", "spatial_low_95", "movement_held_out_high_95"} <= shown.keys()
    empty = mean_score()([])
    assert isinstance(empty, dict)
    assert math.isnan(empty["mean"])  # type: ignore[arg-type]


def test_counts() -> None:
    scores = [
        _score(3, untagged=True, length=10, scores=[3, None]),
        _score(0, reason="several_answer", length=20),
        _score(0, reason="unclosed", length=30),
        _score(0, reason="unclosed", length=40),
    ]
    assert counts(scores) == {
        "untagged": 1,
        "refused": 3,
        "refused: several_answer": 1,
        "refused: unclosed": 2,
        "lost_repeats": 1,
    }
    shown = answers()(scores)  # type: ignore[arg-type]
    assert isinstance(shown, dict)
    assert shown["characters"] == 25
