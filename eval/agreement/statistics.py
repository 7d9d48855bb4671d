"""Agreement of two sets of scores, with intervals from a bootstrap that draws whole clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_r1.seeding import generator

Array = NDArray[np.float64]
DRAWS = 2000
_LEAST_DEFINED = 0.9
"""Share of the draws that need a value for an interval: draws of equal scores have no correlation."""
_ROUNDING = 1e-9
"""Far below any variance of scores or ranks, far above what rounding leaves of one that is zero."""


@dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval; what is None is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Agreement:
    """How two judges agree on n answers.

    Attributes:
        pearson: linear correlation.
        spearman: correlation of the ranks, ties sharing their mean rank.
        kappa: Cohen's kappa with quadratic weights.
        exact: share of answers with the same score.
    """

    n: int
    clusters: int
    pearson: Estimate
    spearman: Estimate
    kappa: Estimate
    exact: float | None


def agreement(first: Sequence[float], second: Sequence[float], clusters: Sequence[str], seed: int = 0) -> Agreement:
    """The agreement of two judges.

    Below three answers, or where a judge gives all of them the same score, correlations and kappa are undefined.
    Intervals are percentiles of a bootstrap that draws whole clusters with replacement (Davison & Hinkley, "Bootstrap
    Methods and their Application", 1997); with one cluster, or where too many draws are undefined, there is none.

    Args:
        first, second: scores of the same answers; means of repeats and medians of raters may lie between numbers.
        clusters: of the answers, such as demos.
        seed: of the bootstrap.

    Raises:
        ValueError: the three are not equally long, or a score is NaN.
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if not len(x) == len(y) == len(clusters):
        raise ValueError(f"{len(x)} and {len(y)} scores with {len(clusters)} clusters; give equally many")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("a score is NaN; leave out answers that one of the two did not score")
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        nothing = Estimate(None)
        return Agreement(len(x), len(set(clusters)), nothing, nothing, nothing, _exact(x, y))
    names, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = generator(seed, "agreement").multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    weights = np.concatenate([np.ones((1, len(x))), drawn[:, cluster].astype(np.float64)])
    lone = len(names) == 1
    return Agreement(
        len(x),
        len(names),
        _estimate(pearson(x, y, weights), lone),
        _estimate(spearman(x, y, weights), lone),
        _estimate(kappa(x, y, weights), lone),
        _exact(x, y),
    )


def pearson(x: Array, y: Array, weights: Array) -> Array:
    """Pearson's correlation under each row of weights; NaN where a side is constant.

    Args:
        x, y: scores, shape (n,) or, if they differ by row of weights, (draws, n).
        weights: how often each pair is there, shape (draws, n).
    """
    x_mean, y_mean = _mean(x, weights), _mean(y, weights)
    covariance = _mean(x * y, weights) - x_mean * y_mean
    x_variance, y_variance = _mean(x * x, weights) - x_mean**2, _mean(y * y, weights) - y_mean**2
    constant = np.minimum(x_variance, y_variance) < _ROUNDING
    correlation = _divide(covariance, np.where(constant, 0.0, np.sqrt(np.abs(x_variance * y_variance))))
    return np.clip(correlation, -1.0, 1.0)


def spearman(x: Array, y: Array, weights: Array) -> Array:
    """Spearman's correlation under each row of weights; otherwise as `pearson`."""
    return pearson(_ranks(x, weights), _ranks(y, weights), weights)


def kappa(x: Array, y: Array, weights: Array) -> Array:
    """Cohen's kappa with quadratic weights under each row of weights; NaN where all scores of both are the same.

    With quadratic weights the expected disagreement follows from means and variances alone (Fleiss & Cohen 1973), so
    that scores between the categories need no rounding.
    """
    x_mean, y_mean = _mean(x, weights), _mean(y, weights)
    spread = _mean(x * x, weights) - x_mean**2 + _mean(y * y, weights) - y_mean**2
    return 1 - _divide(_mean((x - y) ** 2, weights), spread + (x_mean - y_mean) ** 2)


def _mean(values: Array, weights: Array) -> Array:
    mean: Array = np.sum(values * weights, axis=1) / np.sum(weights, axis=1)
    return mean


def _divide(above: Array, below: Array) -> Array:
    defined = below > _ROUNDING
    return np.where(defined, above / np.where(defined, below, 1.0), np.nan)


def _ranks(values: Array, weights: Array) -> Array:
    """Mean ranks under each row of weights, from the middle rank, shape (draws, n)."""
    distinct, index = np.unique(values, return_inverse=True)
    counts = np.stack([np.sum(weights[:, index == k], axis=1) for k in range(len(distinct))], axis=1)
    middle = np.sum(weights, axis=1, keepdims=True) / 2
    ranks: Array = (np.cumsum(counts, axis=1) - counts / 2 - middle)[:, index]
    return ranks


def _estimate(values: Array, lone: bool) -> Estimate:
    """From the value of the sample, which comes first, and those of the draws."""
    if np.isnan(values[0]):
        return Estimate(None)
    defined = values[1:][~np.isnan(values[1:])]
    if lone or len(defined) < _LEAST_DEFINED * DRAWS:
        return Estimate(float(values[0]))
    low, high = np.percentile(defined, [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def _exact(x: Array, y: Array) -> float | None:
    return float(np.mean(np.abs(x - y) < 1e-9)) if len(x) else None
