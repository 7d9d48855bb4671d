"""The choice among sets of wrong options that leaves a rule without the picture nothing to gain.

Every strategy leaves its mark: states of the same demo lie on one line, keypoints of other demos far from the current
state. So several sets are drawn for each question, and one is chosen at random with probability proportional to
exp(-weights . advantage), where the advantage tells by how much the right option of the set stands out in each of a
list of cues: it is the nearest, its height is above the others' mean, its words are the commonest. The weights of a
task are those for which the mean advantage of every cue is zero: entropy balancing (Hainmueller 2012, Political
Analysis 20(1)), the smallest change of the mixture that does it. Then no cue, and no sum of cues, points at the right
option more often than at the others.
"""

from dataclasses import dataclass

import numpy as np

from data_gen.survey import Indices
from robot_r1.geometry import Array

RIDGE = 1e-3
LIMIT = 8.0
"""Ridge penalty and largest weight: where sets cannot be levelled, one cue must not spoil the rest."""
_DECIMALS = 6
"""Weights are rounded, so that the last bits of a sum, which differ between processors, decide nothing."""


@dataclass(frozen=True)
class Balance:
    """Weights of the cues for each task."""

    tasks: tuple[str, ...]
    weights: Array
    """(tasks, F)"""

    def choose(self, advantages: Array, task: Indices, rng: np.random.Generator) -> Indices:
        """(Q,): the chosen set of each question, from the advantages of T sets, (Q, T, F), and task indices, (Q,)."""
        scores = -np.einsum("qtf,qf->qt", advantages, self.weights[task])
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        below = chances.cumsum(axis=1) <= rng.random((len(task), 1))
        chosen: Indices = np.minimum(below.sum(axis=1), advantages.shape[1] - 1)
        return chosen


def advantages(cues: Array, extremes: int) -> Array:
    """By how much the right option stands out: (Q, T, F) from cues of shape (Q, T, 4, K), the right option first.

    For each cue the difference to the mean of the options, in units of the cue's spread; for the first `extremes` cues
    also whether it is the largest and whether it is the smallest, less what chance gives. Ties share.
    """
    spread = cues.std(axis=(0, 1, 2)) if cues.size else np.ones(cues.shape[-1])
    difference = (cues[:, :, 0] - cues.mean(axis=2)) / np.where(spread > 1e-9, spread, 1.0)
    rounded = np.round(cues[..., :extremes], 6)
    largest = rounded == rounded.max(axis=2, keepdims=True)
    smallest = rounded == rounded.min(axis=2, keepdims=True)
    won = [extreme[:, :, 0] / extreme.sum(axis=2) - 0.25 for extreme in (largest, smallest)]
    return np.concatenate([difference, *won], axis=2)


def fit_balance(advantages: Array, task: Indices, tasks: tuple[str, ...]) -> Balance:
    """The balancing weights of each task, from the advantages of a sample, (Q, T, F), and its task indices, (Q,).

    A task without questions in the sample has weights of zero: its sets are chosen evenly.
    """
    weights = np.zeros((len(tasks), advantages.shape[2]))
    for number in range(len(tasks)):
        of_task = advantages[task == number]
        if len(of_task):
            weights[number] = np.round(_solve(of_task), _DECIMALS)
    return Balance(tasks, weights)


def _solve(advantages: Array) -> Array:
    """The minimum of a convex function whose slope is the mean advantage (the dual of entropy balancing)."""
    from scipy.optimize import minimize  # here, for it costs every worker half a second, and one process solves

    def loss(weights: Array) -> tuple[float, Array]:
        scores = -(advantages @ weights)
        highest = scores.max(axis=1, keepdims=True)
        chances = np.exp(scores - highest)
        sums = chances.sum(axis=1, keepdims=True)
        totals = np.log(sums) + highest
        chances /= sums
        slope = -np.einsum("qt,qtf->f", chances, advantages) / len(advantages)
        return float(totals.mean() + RIDGE * weights @ weights / 2), slope + RIDGE * weights

    start = np.zeros(advantages.shape[2])
    weights: Array = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(-LIMIT, LIMIT)] * len(start), options={"maxiter": 200}
    ).x
    return weights
