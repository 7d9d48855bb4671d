"""Verdicts on rules: beyond the threshold, and not by chance."""

import numpy as np
import pytest

from data_gen.audit.lights import interval_by_demo, rule_light
from data_gen.audit.report import Light
from robot_r1.intervals import Interval, wilson


@pytest.mark.parametrize(
    ("mean", "effective", "demos", "light"),
    [
        (0.25, 2500, 250, "green"),
        (0.30, 2500, 250, "green"),
        (0.32, 500, 250, "amber"),
        (0.32, 3000, 250, "red"),
        (0.18, 2500, 250, "red"),
        (0.45, 100, 10, "amber"),  # of a hundred rules one is so far off by chance where demos are so few
        (0.95, 30, 10, "red"),
        (1.00, 50, 5, "red"),
        (1.00, 5, 5, "amber"),  # all right, but five answers that are all alike can be chance
        (1.00, 50, 4, "grey"),
    ],
)
def test_rules(mean: float, effective: float, demos: int, light: Light) -> None:
    low, high = wilson(mean, effective, demos - 1)
    assert rule_light(Interval(mean, low, high, 10 * demos, demos, effective)) == light


def test_guessing_is_not_condemned_where_demos_are_few() -> None:
    rng = np.random.default_rng(0)
    demo = np.arange(80) // 10
    accuracy = rng.beta(3, 9, (2000, 8))  # questions of a demo are answered alike
    won = (rng.random((2000, 80)) < np.repeat(accuracy, 10, axis=1)).astype(np.float64)
    lights = [rule_light(interval_by_demo(each, demo)) for each in won]
    assert lights.count("red") <= 8 and lights.count("amber") > 100
