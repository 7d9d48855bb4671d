"""Intervals and p-values, against what is known."""

import numpy as np
import pytest
from scipy.stats import binomtest

from eval.compare.statistics import McNemar, mcnemar, paired_difference
from robot_r1.seeding import generator


def flips(gained: int, lost: int, same: int) -> tuple[np.ndarray, np.ndarray]:
    first = np.array([0.0] * gained + [1.0] * lost + [1.0] * same)
    return first, np.array([1.0] * gained + [0.0] * lost + [1.0] * same)


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (6, 0, 2 / 64), (0, 6, 2 / 64), (1, 7, 18 / 256), (2, 10, 158 / 4096)],
)
def test_mcnemar_by_hand(gained: int, lost: int, p: float) -> None:
    assert mcnemar(*flips(gained, lost, 40)) == McNemar(gained, lost, pytest.approx(p))


def test_mcnemar_is_the_binomial_test_of_the_flips() -> None:
    for gained, lost in ((30, 12), (100, 131)):
        test = mcnemar(*flips(gained, lost, 500))
        assert test is not None
        assert test.p == pytest.approx(binomtest(gained, gained + lost, 0.5).pvalue)


def test_mcnemar_is_for_right_and_wrong_only() -> None:
    assert mcnemar(np.array([0.0, 0.5]), np.array([1.0, 1.0])) is None


def test_the_difference_is_the_second_minus_the_first() -> None:
    difference = paired_difference(*flips(30, 10, 60), np.arange(100), 1.0)
    assert difference.mean == pytest.approx(0.2)
    assert (difference.n, difference.clusters) == (100, 100)
    error = np.std(np.subtract(*flips(30, 10, 60)), ddof=1) / 10
    assert difference.low == pytest.approx(0.2 - 1.984 * error, abs=0.01)
    assert difference.high == pytest.approx(0.2 + 1.984 * error, abs=0.01)
    assert 0 < difference.p < 0.01


@pytest.mark.parametrize("top", [1.0, 3.0])
def test_runs_without_a_change_leave_a_difference_possible(top: float) -> None:
    """Both right everywhere in ten demos: that is no proof that they never differ."""
    same = paired_difference(*flips(0, 0, 50), np.arange(50) // 5, top)
    assert (same.mean, same.p) == (0, 1)
    reach = top * 2.262**2 / (10 + 2.262**2)
    assert (same.low, same.high) == (pytest.approx(-reach, abs=1e-3), pytest.approx(reach, abs=1e-3))


def test_a_change_everywhere_is_one_but_of_unknown_size() -> None:
    gained = paired_difference(*flips(50, 0, 0), np.arange(50) // 5, 1.0)
    assert (gained.mean, gained.high) == (1, 1)
    assert 0.5 < gained.low < 0.8 and gained.p < 0.05


def test_turned_round_it_is_the_negative() -> None:
    first, second = flips(20, 8, 72)
    clusters = np.arange(100) % 20
    one, other = paired_difference(first, second, clusters, 1.0), paired_difference(second, first, clusters, 1.0)
    assert (one.low, one.high, one.p) == (
        pytest.approx(-other.high, abs=1e-9),
        pytest.approx(-other.low, abs=1e-9),
        pytest.approx(other.p),
    )


def test_clusters_that_agree_within_make_the_interval_wider() -> None:
    change = generator(0, "change").choice([-1.0, 0.0, 1.0], 30, p=[0.2, 0.4, 0.4])
    first, second = np.zeros(300), np.repeat(change, 10)
    apart = paired_difference(first, second, np.arange(300), 1.0)
    together = paired_difference(first, second, np.repeat(np.arange(30), 10), 1.0)
    assert together.high - together.low > 2.5 * (apart.high - apart.low)
    assert together.p > apart.p


def test_one_cluster_tells_nothing() -> None:
    difference = paired_difference(*flips(9, 0, 1), ["demo"] * 10, 3.0)
    assert (difference.low, difference.high, difference.p) == (-3, 3, 1)


def test_the_same_again_gives_the_same() -> None:
    given = (*flips(12, 5, 30), np.arange(47) % 9, 1.0)
    assert paired_difference(*given) == paired_difference(*given)
    assert paired_difference(*given) != paired_difference(*given, seed=1)


def test_values_and_clusters_have_to_be_as_many() -> None:
    with pytest.raises(ValueError, match="3 and 3 values with 2 clusters"):
        paired_difference(np.zeros(3), np.zeros(3), [0, 1], 1.0)
    with pytest.raises(ValueError, match="0 and 0"):
        paired_difference(np.zeros(0), np.zeros(0), [], 1.0)


def test_intervals_hold_the_truth_and_p_goes_with_them() -> None:
    """100 pairs of runs that differ by nothing but chance, on 12 demos whose questions go together."""
    held, clusters = 0, np.repeat(np.arange(12), 8)
    for trial in range(100):
        random = generator(0, "trial", trial)
        tendency = np.repeat(1 / (1 + np.exp(-random.normal(0, 1, 12))), 8)
        first, second = random.random(96) < 0.5, random.random(96) < tendency
        difference = paired_difference(first.astype(float), second.astype(float), clusters, 1.0)
        inside = difference.low <= 0 <= difference.high
        held += inside
        assert inside == (difference.p >= 0.05) or difference.p == pytest.approx(0.05, abs=0.005)
    assert 0.90 <= held / 100 <= 0.99
