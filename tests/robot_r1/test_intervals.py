"""Intervals for accuracies over clustered questions, against hand calculation and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from robot_r1.intervals import _quantile, clustered_interval


def test_one_value_per_cluster_is_the_usual_interval() -> None:
    values = [1.0, 0.0, 1.0, 1.0, 0.0]
    found = clustered_interval(values, ["a", "b", "c", "d", "e"])
    error = np.std(values, ddof=1) / math.sqrt(5)
    assert found.mean == pytest.approx(0.6)
    assert found.low == pytest.approx(max(0, 0.6 - 2.776 * error), abs=1e-4)
    assert (found.high, found.n, found.clusters) == (1.0, 5, 5)


def test_a_case_by_hand() -> None:
    values, clusters = [1, 1, 0, 0] + [1, 0] * 10, ["a", "a", "b", "b", *(f"c{i}" for i in range(10) for _ in "12")]
    found = clustered_interval(values, clusters)
    # residuals by cluster: 1, -1 and ten times 0; variance of the mean: 12/11 x 2 / 24^2; t of 11 degrees of freedom
    error = math.sqrt(12 / 11 * 2) / 24
    assert (found.low, found.high) == pytest.approx((0.5 - 2.20099 * error, 0.5 + 2.20099 * error), abs=2e-4)


def test_few_clusters_widen_the_interval_as_students_t_does() -> None:
    for freedom in (1, 2, 5, 10, 11, 15, 30, 100, 5000):
        assert _quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-3)


def test_repeating_every_question_tells_nothing_new() -> None:
    values, clusters = [1, 0, 1, 1, 0, 1, 0], list("aabbccd")
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
    assert 0 <= found.low <= found.mean + 1e-12 and found.mean - 1e-12 <= found.high <= 1


def test_coverage_of_correlated_answers() -> None:
    """Answers of a demo that agree: the clustered interval covers the truth, one that ignores demos does not."""
    rng = np.random.default_rng(0)
    demos = [str(number // 5) for number in range(300)]
    clustered = naive = 0
    for _ in range(200):
        values = np.repeat(rng.random(60) < 0.6, 5).astype(float)
        found = clustered_interval(values.tolist(), demos)
        clustered += found.low <= 0.6 <= found.high
        naive += abs(values.mean() - 0.6) <= 1.96 * values.std() / math.sqrt(len(values))
    assert clustered >= 180 > 150 > naive
