import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from eval.agreement.statistics import agreement

FIRST = [3, 3, 2, 1, 0, 0, 3, 2, 1, 0]
SECOND = [3, 2, 2, 1, 1, 0, 3, 3, 0, 0]
ALONE = [f"demo{k}" for k in range(10)]


def test_numbers_worked_out_by_hand() -> None:
    found = agreement([0, 1, 2, 3], [0, 1, 3, 2], list("abcd"))
    # means 1.5, variances 1.25, covariance 1.0: r = 0.8; ranks are the values; squared differences 0, 0, 1, 1
    assert found.pearson.value == pytest.approx(0.8)
    assert found.spearman.value == pytest.approx(0.8)
    assert found.kappa.value == pytest.approx(1 - 0.5 / 2.5)
    assert found.exact == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_as_scipy_and_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 4, 40)
    second = np.clip(first + generator.integers(-1, 2, 40), 0, 3)
    found = agreement(first.tolist(), second.tolist(), [str(k) for k in range(40)])
    assert found.pearson.value == pytest.approx(stats.pearsonr(first, second).statistic)
    assert found.spearman.value == pytest.approx(stats.spearmanr(first, second).statistic)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))


def test_intervals_as_those_of_a_plain_bootstrap() -> None:
    found = agreement(FIRST, SECOND, ALONE)
    generator = np.random.default_rng(7)
    drawn = [generator.integers(0, 10, 10) for _ in range(2000)]
    plain = [np.corrcoef(np.array(FIRST)[rows], np.array(SECOND)[rows])[0, 1] for rows in drawn]
    assert found.pearson.low == pytest.approx(np.nanpercentile(plain, 2.5), abs=0.05)
    assert found.pearson.high == pytest.approx(np.nanpercentile(plain, 97.5), abs=0.02)


def test_clusters_widen_the_interval() -> None:
    first, second = FIRST * 4, SECOND * 4
    apart = agreement(first, second, [str(k) for k in range(40)])
    joined = agreement(first, second, ALONE * 4)
    assert apart.pearson.value == pytest.approx(joined.pearson.value)
    assert joined.pearson.low is not None and apart.pearson.low is not None
    assert joined.pearson.low < apart.pearson.low
    assert (joined.n, joined.clusters) == (40, 10)


def test_the_seed_decides() -> None:
    assert agreement(FIRST, SECOND, ALONE, seed=1) == agreement(FIRST, SECOND, ALONE, seed=1)
    assert agreement(FIRST, SECOND, ALONE, seed=1) != agreement(FIRST, SECOND, ALONE, seed=2)


def test_scores_between_the_numbers() -> None:
    found = agreement([0.5, 1.5, 2.5], [0.5, 1.5, 2.5], list("abc"))
    assert (found.pearson.value, found.kappa.value, found.exact) == (pytest.approx(1), pytest.approx(1), 1.0)


@pytest.mark.parametrize(
    ("first", "second", "exact"),
    [
        ([], [], None),
        ([1, 2], [1, 2], 1.0),
        ([2, 2, 2, 2], [0, 1, 2, 3], 0.25),
        ([0, 1, 2, 3], [7 / 3] * 4, 0.0),
        ([1, 1, 1], [1, 1, 1], 1.0),
    ],
)
def test_what_is_undefined(first: list[float], second: list[float], exact: float | None) -> None:
    found = agreement(first, second, [str(k) for k in range(len(first))])
    assert found.pearson.value is found.spearman.value is found.kappa.value is None
    assert found.exact == exact


def test_one_cluster_has_no_interval() -> None:
    found = agreement(FIRST, SECOND, ["same"] * 10)
    assert found.pearson.value is not None
    assert found.pearson.low is found.kappa.high is None


def test_perfect_agreement_stays_in_bounds() -> None:
    found = agreement(FIRST, FIRST, ALONE)
    for estimate in (found.pearson, found.spearman, found.kappa):
        assert (estimate.value, estimate.low, estimate.high) == (1, 1, 1)


def test_a_missing_score_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        agreement([1, 2, float("nan")], [1, 2, 3], list("abc"))
