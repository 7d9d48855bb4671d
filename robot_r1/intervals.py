"""Confidence intervals for accuracies over questions that come in clusters, such as the questions of one demo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FEW = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""97.5 % quantiles of Student's t for 1 to 10 degrees of freedom."""
_Z = 1.959963984540054


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    n: int
    """Number of values."""
    clusters: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n}, {self.clusters} clusters)"


def clustered_interval(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """The mean of values in [0, 1] with a cluster-robust interval, cut to [0, 1].

    The standard error sums residuals by cluster and is scaled by k / (k - 1) for k clusters (Miller, "Adding Error
    Bars to Evals", 2024, section 2.2); the interval is Student's t with k - 1 degrees of freedom, as few clusters tell
    little of their spread (Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", section VI.D).
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
        return Interval(mean, 0.0, 1.0, len(data), 1)
    residuals = np.bincount(index, weights=data - mean, minlength=count)
    error = float(np.sqrt(count / (count - 1) * np.sum(residuals**2))) / len(data)
    reach = _quantile(count - 1) * error
    return Interval(mean, max(0.0, mean - reach), min(1.0, mean + reach), len(data), count)


def _quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t; beyond the table by Fisher's expansion in 1 / degrees of freedom."""
    if freedom <= len(_FEW):
        return _FEW[freedom - 1]
    z = _Z
    terms = (z, (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96)
    return float(sum(term / freedom**power for power, term in enumerate(terms)))
