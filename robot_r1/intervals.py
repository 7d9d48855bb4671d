"""Confidence intervals for accuracies over questions that come in clusters, such as the questions of one demo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Values = NDArray[np.float64]
_SAME = 1e-12
"""Variances of values in [0, 1] below this are those of equal values."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    n: int
    """Number of values."""
    clusters: int
    effective: float
    """How many independent right-or-wrong answers would tell as much."""

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n}, {self.clusters} clusters)"


def clustered_interval(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """The mean of values in [0, 1] with an interval that holds near 0 and 1 and for few clusters too.

    It is Wilson's score interval (Wilson, 1927) with the effective number of answers in the place of their number
    (Korn & Graubard, "Confidence Intervals for Proportions with Small Expected Number of Positive Counts Estimated
    from Survey Data", 1998) and Student's t with k - 1 degrees of freedom for k clusters. The variance of the mean
    sums residuals by cluster (Miller, "Adding Error Bars to Evals", 2024, section 2.2). If d clusters decide that sum,
    its weight is 1 - 1/d; the rest of the weight, in a geometric mean, has the largest variance there can be, that of
    clusters whose answers are all alike. So k clusters count as k answers where all answers are equal, and as few
    more where all that differ lie in one cluster. `benchmarks/coverage.py` measures how often the interval holds the
    truth.

    With a single cluster nothing is known of the spread: the interval is [0, 1].

    Raises:
        ValueError: there are no values, or not as many clusters as values.
    """
    data = np.asarray(values, dtype=np.float64)
    if len(data) == 0 or len(data) != len(clusters):
        raise ValueError(f"{len(data)} values with {len(clusters)} clusters; give at least one value and its cluster")
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    mean = float(data.mean())
    count = len(names)
    if count == 1:
        return Interval(mean, 0.0, 1.0, len(data), 1, 1.0)
    sizes = np.bincount(index, minlength=count).astype(np.float64)
    residuals = np.bincount(index, weights=data - mean, minlength=count).astype(np.float64)
    effective = _effective(data, sizes, residuals)
    low, high = wilson(mean, effective, count - 1)
    return Interval(mean, low, high, len(data), count, effective)


def wilson(share: float, effective: float, freedom: int) -> tuple[float, float]:
    """The ends of Wilson's 95 % interval for a share of so many answers, with Student's t.

    Args:
        share: in [0, 1].
        effective: number of independent answers, above 0.
        freedom: degrees of freedom.
    """
    spread = float(stdtrit(freedom, 0.975)) ** 2 / effective
    centre = (share + spread / 2) / (1 + spread)
    reach = float(np.sqrt(spread * (share * (1 - share) + spread / 4))) / (1 + spread)
    return max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach))


def _effective(data: Values, sizes: Values, residuals: Values) -> float:
    """The number of right-or-wrong answers whose mean varies as that of the data does.

    Args:
        data: values, (n,).
        sizes: number of values by cluster, (k,).
        residuals: sums of value minus mean by cluster, (k,).
    """
    n, count, mean = len(data), len(sizes), float(data.mean())
    fewest = n**2 / float(np.sum(sizes**2))
    spread, of_answers = float(data.var()), mean * (1 - mean)
    if spread < _SAME or of_answers < _SAME:
        return fewest
    squares = residuals**2
    largest = spread / fewest
    least = spread / n
    seen = max(count / (count - 1) * float(squares.sum()) / n**2, least)
    deciding = float(squares.sum()) ** 2 / float(np.sum(squares**2)) if squares.any() else 1.0
    return of_answers / float(seen ** (1 - 1 / deciding) * max(largest, seen) ** (1 / deciding))
