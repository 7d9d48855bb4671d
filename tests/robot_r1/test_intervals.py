"""Intervals for accuracies over clustered questions, against hand calculation and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from robot_r1.intervals import clustered_interval, wilson


def test_wilson_of_a_known_case() -> None:
    many = 10**9  # degrees of freedom: Student's t is the normal distribution
    assert wilson(0.5, 100, many) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    assert wilson(0.0, 10, many) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0.9, 40, many) == pytest.approx((0.7695, 0.9604), abs=1e-4)


def test_a_case_by_hand() -> None:
    values, clusters = [1, 1, 0, 0] + [1, 0] * 10, ["a", "a", "b", "b", *(f"c{i}" for i in range(10) for _ in "12")]
    found = clustered_interval(values, clusters)
    # Residuals by cluster: 1, -1 and ten times 0. The variance of the mean, 12/11 x 2 / 24^2, is less than that of 24
    # independent answers, 0.25 / 24; two clusters decide it, and all of one kind in each cluster makes it 0.25 / 12.
    variance = math.sqrt(0.25 / 24 * 0.25 / 12)
    assert found.effective == pytest.approx(0.25 / variance)
    spread = 2.20099**2 * variance / 0.25  # t of 11 degrees of freedom
    reach = math.sqrt(spread * (0.25 + spread / 4)) / (1 + spread)
    assert (found.low, found.high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=1e-4)


def test_many_clusters_give_the_usual_cluster_robust_interval() -> None:
    rng = np.random.default_rng(1)
    demos = np.repeat(np.arange(2000), 5)
    values = (rng.random(10_000) < rng.beta(2, 2, 2000)[demos]).astype(float)
    found = clustered_interval(values, demos)
    residuals = np.bincount(demos, values - values.mean())
    error = math.sqrt(np.sum(residuals**2)) / len(values)
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 1999) * error, rel=0.01)


def test_all_right_is_no_certainty() -> None:
    """As many answers as there are demos: answers of one demo may be all alike."""
    found = clustered_interval([1.0] * 225, [f"demo{n % 25}" for n in range(225)])
    assert found.effective == pytest.approx(25)
    assert (found.low, found.high) == pytest.approx((25 / (25 + 2.0639**2), 1.0), abs=1e-4)
    wrong = clustered_interval([0.0] * 225, [f"demo{n % 25}" for n in range(225)])
    assert (wrong.low, wrong.high) == pytest.approx((0.0, 1 - found.low))


def test_one_wrong_answer_is_no_proof_that_answers_of_a_demo_are_independent() -> None:
    demos = [f"demo{n % 25}" for n in range(225)]
    one, all_right = clustered_interval([0.0] + [1.0] * 224, demos), clustered_interval([1.0] * 225, demos)
    assert all_right.effective == pytest.approx(25) and one.effective < 30
    assert abs(one.low - all_right.low) < 0.02
    spread_out = clustered_interval([0.0] * 8 + [1.0] * 217, demos)  # eight demos with one wrong answer each
    assert spread_out.effective > 130 and spread_out.low > all_right.low


def test_equal_values_between_the_ends_say_nothing_of_the_spread() -> None:
    found = clustered_interval([0.25] * 40, [f"demo{n % 10}" for n in range(40)])
    assert found.effective == pytest.approx(10)
    assert found.low < 0.1 and found.high > 0.5


def test_values_that_differ_little_have_a_narrow_interval() -> None:
    rng = np.random.default_rng(0)
    found = clustered_interval(rng.uniform(0.85, 0.95, 500), np.arange(500) // 10)
    assert 0.89 < found.low < found.mean < found.high < 0.91


def test_repeating_every_question_tells_nothing_new() -> None:
    values, clusters = [1, 1, 1, 1, 0, 0, 0], list("aabbccd")
    once, thrice = clustered_interval(values, clusters), clustered_interval(values * 3, clusters * 3)
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high))


def test_one_cluster_says_nothing_of_the_spread() -> None:
    found = clustered_interval([1, 1, 0], ["a", "a", "a"])
    assert (found.low, found.high, found.clusters) == (0.0, 1.0, 1)
    assert str(found) == "0.667 [0.000, 1.000] (n = 3, 1 clusters)"


@pytest.mark.parametrize(("values", "clusters"), [([], []), ([1.0], []), ([1.0], ["a", "b"])])
def test_nothing_to_average(values: list[float], clusters: list[str]) -> None:
    with pytest.raises(ValueError, match="give at least one value"):
        clustered_interval(values, clusters)


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcde")), min_size=1, max_size=40))
def test_the_interval_holds_the_mean_and_stays_within_0_and_1(rows: list[tuple[float, str]]) -> None:
    found = clustered_interval([value for value, _ in rows], [name for _, name in rows])
    assert 0 <= found.low <= found.mean <= found.high <= 1


@pytest.mark.parametrize("accuracy", [0.02, 0.6, 0.95])
@pytest.mark.parametrize(("demos", "correlation"), [(5, 0.0), (25, 0.6), (60, 0.2)])
def test_coverage(accuracy: float, demos: int, correlation: float) -> None:
    """The interval holds the truth in about 95 % of cases or more, near 0 and 1 too; docs/evaluation.md has more."""
    rng = np.random.default_rng(0)
    demo = np.repeat(np.arange(demos), 8)
    held = 0
    for _ in range(200):
        spread = (1 - correlation) / max(correlation, 1e-9)
        of_demo = rng.beta(accuracy * spread, (1 - accuracy) * spread, demos)
        found = clustered_interval((rng.random(len(demo)) < of_demo[demo]).astype(float), demo)
        held += found.low <= accuracy <= found.high
    assert held >= 183  # of a true 0.95 fewer have a chance of 0.02


def test_an_interval_that_ignores_demos_does_not_cover() -> None:
    rng = np.random.default_rng(0)
    demos = np.repeat(np.arange(60), 5)
    clustered = naive = 0
    for _ in range(200):
        values = np.repeat(rng.random(60) < 0.6, 5).astype(float)
        found = clustered_interval(values, demos)
        clustered += found.low <= 0.6 <= found.high
        naive += abs(values.mean() - 0.6) <= 1.96 * values.std() / math.sqrt(len(values))
    assert clustered >= 180 > 150 > naive
