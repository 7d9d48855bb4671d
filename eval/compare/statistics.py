"""Whether a difference between two runs on the same questions is more than chance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, norm, t

from robot_r1.intervals import wilson
from robot_r1.seeding import generator

RESAMPLES = 10_000
_AT_ONCE = 500
"""Resamples drawn together, so that thousands of clusters need little memory."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of the second run minus that of the first, over questions that both answered.

    Attributes:
        low, high: ends of the 95 % interval.
        p: two-sided p-value of no difference, from the same resamples: below 0.05 where the interval leaves 0 out.
        n: number of questions.
        clusters: number of demos that they come from.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class McNemar:
    """Exact McNemar test: of the questions with one right answer, is it as often the first run's as the second's?

    Attributes:
        gained: wrong in the first run, right in the second.
        lost: right in the first run, wrong in the second.
        p: two-sided; questions count as independent, which those of one demo are not quite.
    """

    gained: int
    lost: int
    p: float


def paired_difference(first: Values, second: Values, clusters: npt.ArrayLike, top: float, seed: int = 0) -> Difference:
    """The difference between two runs with its interval and p-value by a bootstrap over clusters.

    Whole clusters are drawn with replacement and carry the pairs of their questions. Percentiles are taken farther out
    than 2.5 % as Student's t with k - 1 degrees of freedom and the factor k / (k - 1) call for with k clusters
    (Hesterberg, "What Teachers Should Know About the Bootstrap", 2015, section 3.4: the expanded percentile interval),
    as plain percentiles are too narrow for few clusters. The p-value turns that interval round: the smallest level at
    which it leaves 0 out. With a single cluster nothing is known: the interval is everything, the p-value is 1. Where
    all questions changed alike, as between two runs that are right everywhere, resamples show no spread: the interval
    then reaches as far as Wilson's for something that none of k clusters did.

    Args:
        first, second: values of the same questions, (n,).
        clusters: name of each question's cluster, (n,).
        top: the highest value that an answer can have.

    Raises:
        ValueError: there are no values, or not as many of one as of the other.
    """
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    if not len(first) or not len(first) == len(second) == len(index):
        raise ValueError(f"{len(first)} and {len(second)} values with {len(index)} clusters")
    count, change = len(names), second - first
    mean = float(change.mean())
    if count == 1:
        return Difference(mean, -top, top, 1.0, len(change), 1)
    sums = np.bincount(index, weights=change, minlength=count).astype(np.float64)
    sizes = np.bincount(index, minlength=count).astype(np.float64)
    drawn = _resampled(sums, sizes, seed)
    stretch = np.sqrt(count / (count - 1))
    tail = float(norm.cdf(stretch * t.ppf(0.025, count - 1)))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    if np.ptp(change) == 0:
        reach = top * wilson(0.0, count, count - 1)[1]
        low, high = max(-top, mean - reach), min(top, mean + reach)
    beyond = (1 + min(np.sum(drawn <= 0), np.sum(drawn >= 0))) / (1 + len(drawn))
    p = min(1.0, 2 * float(t.cdf(norm.ppf(beyond) / stretch, count - 1)))
    return Difference(mean, float(low), float(high), p, len(change), count)


def _resampled(sums: Values, sizes: Values, seed: int) -> Values:
    """Means over resampled clusters, (RESAMPLES,)."""
    count = len(sums)
    random = generator(seed, "paired bootstrap", count)
    means = []
    for _ in range(RESAMPLES // _AT_ONCE):
        weights = random.multinomial(count, np.full(count, 1 / count), size=_AT_ONCE)
        means.append(weights @ sums / (weights @ sizes))
    return np.concatenate(means)


def mcnemar(first: Values, second: Values) -> McNemar | None:
    """McNemar's exact test of two runs on the same questions, or None if any value is neither 0 nor 1."""
    if not np.isin(np.concatenate([first, second]), (0.0, 1.0)).all():
        return None
    gained, lost = int(np.sum(second > first)), int(np.sum(second < first))
    p = float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    return McNemar(gained, lost, p)
