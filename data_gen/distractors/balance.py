"""The choice among sets of wrong options that leaves a rule without the picture little to gain.

Every strategy leaves its mark: states of the same demo lie on one line, keypoints of other demos far from the current
state. So several sets are drawn for each question, and one is chosen at random with probability proportional to
exp(-weights . advantage), where the advantage tells by how much the right option of the set stands out in each of a
list of cues: it is the nearest, its height is above the others' mean, its words are the commonest. The weights of a
task are those for which the mean advantage of every cue, and so of every sum of cues, is zero: entropy balancing
(Hainmueller 2012, Political Analysis 20(1)), the smallest change of the mixture that does it. Means alone: what tells
in some questions and misleads in as many others remains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data_gen.survey import Indices
from robot_r1.geometry import Array

RIDGE = 1e-3
LIMIT = 8.0
"""Ridge penalty and largest weight: where sets cannot be levelled, one cue must not spoil the rest."""
_DECIMALS = 4
_EXACTLY = {"gtol": 1e-9, "ftol": 1e-15, "maxcor": 30, "maxiter": 2000}
"""Weights are found far more exactly than they are rounded, as the last bits of sums differ between processors."""


@dataclass(frozen=True)
class TaskBalance:
    """What levels the options of one task."""

    spread: Array
    """(K,), the unit of each cue: its standard deviation in the task's sample."""
    weights: Array
    """(F,), of the advantages."""


@dataclass(frozen=True)
class Balance:
    """What levels the options of one question type."""

    extremes: int
    """See `advantages`."""
    of_task: Mapping[int, TaskBalance]
    """By task number; the sets of a task without one are chosen evenly."""

    def choose(self, cues: Array, task: Indices, rng: np.random.Generator) -> Indices:
        """(Q,): the chosen set of each question, from the cues of T sets, (Q, T, 4, K), and task numbers, (Q,)."""
        scores = np.zeros(cues.shape[:2])
        for number in self.of_task.keys() & set(task.tolist()):
            balance, rows = self.of_task[number], task == number
            standing_out = advantages(cues[rows], balance.spread, self.extremes)
            scores[rows] = -np.einsum("qtf,f->qt", standing_out, balance.weights)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        below = chances.cumsum(axis=1) <= rng.random((len(task), 1))
        chosen: Indices = np.minimum(below.sum(axis=1), cues.shape[1] - 1)
        return chosen


def advantages(cues: Array, spread: Array, extremes: int) -> Array:
    """By how much the right option stands out: (Q, T, F) from cues of shape (Q, T, 4, K), the right option first.

    For each cue the difference to the mean of the options, in units of the cue's spread, (K,); for the first
    `extremes` cues also whether it is the largest and whether it is the smallest, less what chance gives. Ties share.
    """
    difference = (cues[:, :, 0] - cues.mean(axis=2)) / spread
    rounded = np.round(cues[..., :extremes], 6)
    largest = rounded == rounded.max(axis=2, keepdims=True)
    smallest = rounded == rounded.min(axis=2, keepdims=True)
    won = [extreme[:, :, 0] / extreme.sum(axis=2) - 0.25 for extreme in (largest, smallest)]
    return np.concatenate([difference, *won], axis=2)


def fit_balance(samples: Iterable[tuple[int, Array]], extremes: int) -> Balance:
    """The balance that levels samples: of each task its number and the cues of its sets, (Q, T, 4, K), Q > 0."""
    return Balance(extremes, {number: _of_task(cues, extremes) for number, cues in samples})


def _of_task(cues: Array, extremes: int) -> TaskBalance:
    deviation = cues.std(axis=(0, 1, 2))
    spread = np.where(deviation > 1e-9, deviation, 1.0)
    return TaskBalance(spread, np.round(_solve(advantages(cues, spread, extremes)), _DECIMALS))


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
    bounds = [(-LIMIT, LIMIT)] * len(start)
    weights: Array = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_EXACTLY).x
    return weights
