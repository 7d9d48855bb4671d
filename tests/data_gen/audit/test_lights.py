"""Verdicts on rules: beyond the threshold, and not by chance."""

import numpy as np
import pytest

from data_gen.audit.lights import interval_by_demo, rule_light
from data_gen.audit.report import Light
from robot_r1.intervals import Interval


@pytest.mark.parametrize(
    ("mean", "reach", "demos", "light"),
    [
        (0.25, 0.01, 250, "green"),
        (0.30, 0.01, 250, "green"),
        (0.32, 0.03, 250, "amber"),
        (0.32, 0.015, 250, "red"),
        (0.18, 0.015, 250, "red"),
        (0.45, 0.10, 10, "amber"),  # of a hundred rules one is so far off by chance where demos are so few
        (0.95, 0.05, 10, "red"),
        (1.00, 0.00, 5, "red"),
        (1.00, 0.00, 4, "grey"),
    ],
)
def test_rules(mean: float, reach: float, demos: int, light: Light) -> None:
    interval = Interval(mean, max(0.0, mean - reach), min(1.0, mean + reach), 10 * demos, demos)
    assert rule_light(interval) == light


def test_guessing_is_not_condemned_where_demos_are_few() -> None:
    rng = np.random.default_rng(0)
    demo = np.arange(80) // 10
    accuracy = rng.beta(3, 9, (2000, 8))  # questions of a demo are answered alike
    won = (rng.random((2000, 80)) < np.repeat(accuracy, 10, axis=1)).astype(np.float64)
    lights = [rule_light(interval_by_demo(each, demo)) for each in won]
    assert lights.count("red") <= 8 and lights.count("amber") > 100
