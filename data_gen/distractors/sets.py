"""Sets of three wrong positions: strategies drawn by weight, candidates that keep apart from all other options."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_gen.distractors import SAME_PLACE, PointStrategy
from data_gen.distractors.points import PROPOSE, Asked
from data_gen.survey import Indices
from robot_r1.geometry import WORKSPACE, Array

CANDIDATES = 12
"""Positions that each strategy proposes for a question."""
LAST_RESORT = 64
"""Positions drawn from the whole workspace for where nothing else keeps apart."""
_FALLBACKS: tuple[PointStrategy, ...] = ("seen", "uniform")


@dataclass(frozen=True)
class PointSets:
    """T sets of wrong positions for each of Q questions."""

    points: Array
    """(Q, T, 4, 3), metres: the right position first."""
    strategies: NDArray[np.str_]
    """(Q, T, 3), what made each wrong one."""


def draw_sets(
    asked: Asked,
    weights: Mapping[PointStrategy, float],
    min_separation: float,
    count: int,
    rng: np.random.Generator,
) -> PointSets:
    """Draw `count` sets of three wrong positions for each question.

    Any two positions of a set, the right one included, are at least `min_separation` metres apart, and 1 cm in any
    case; they lie in the workspace, and no waypoint is the current state. Where a strategy has no such candidate the
    others take its place, the weightiest first, then the box of the states seen, then the workspace; the names say so.

    Raises:
        RuntimeError: the separation leaves no room in the workspace.
    """
    separation = max(min_separation, SAME_PLACE)
    mixed = sorted((name for name, weight in weights.items() if weight > 0), key=lambda name: (-weights[name], name))
    names = [*mixed, *_FALLBACKS]
    share = np.array([weights[name] for name in mixed])
    pools: dict[int, Array] = {}
    size = (len(asked.moments), count)
    taken = np.broadcast_to(asked.truth[:, None, None], (*size, 1, 3))
    made = np.empty((*size, 3), dtype=np.int64)
    for slot in range(3):
        wanted = rng.choice(len(share), size=size, p=share / share.sum())
        chosen = np.full((*size, 3), np.nan)
        for only_wanted in (True, False):
            for strategy, name in enumerate(names):
                empty = np.isnan(chosen[..., 0])
                rows, sets = np.nonzero(empty & (wanted == strategy) if only_wanted else empty)
                if not len(rows):
                    continue
                if strategy not in pools:
                    pools[strategy] = _pool(asked, name, separation, rng)
                chosen[rows, sets] = _pick(pools[strategy][rows], taken[rows, sets], separation, rng)
                made[rows, sets, slot] = strategy
        if np.isnan(chosen).any():
            raise RuntimeError(f"no room for a distractor: min_separation {min_separation} m fills the workspace")
        taken = np.concatenate([taken, chosen[:, :, None]], axis=2)
    return PointSets(taken, np.array(names)[made])


def _pool(asked: Asked, strategy: PointStrategy, separation: float, rng: np.random.Generator) -> Array:
    """(Q, C, 3): candidates of a strategy; NaN for those that are outside or too near to the truth or the state."""
    count = LAST_RESORT if strategy == "uniform" else CANDIDATES
    points = PROPOSE[strategy](asked, rng, count)
    low, high = WORKSPACE
    usable = ((points >= low) & (points <= high)).all(axis=2)
    usable &= np.linalg.norm(points - asked.truth[:, None], axis=2) >= separation
    if asked.question_type == "waypoint":
        usable &= np.linalg.norm(points - asked.origin[:, None], axis=2) >= SAME_PLACE
    return np.where(usable[..., None], points, np.nan)


def _pick(pool: Array, taken: Array, separation: float, rng: np.random.Generator) -> Array:
    """(R, 3): of each row's candidates (R, C, 3) one that keeps apart from what is taken, (R, n, 3); else NaN."""
    apart = np.ones(pool.shape[:2], dtype=np.bool_)
    for other in np.moveaxis(taken, 1, 0):
        apart &= ((pool - other[:, None]) ** 2).sum(axis=2) >= separation**2  # false for NaN
    keys: Array = np.where(apart, rng.random(apart.shape), -1.0)
    best: Indices = keys.argmax(axis=1)
    rows = np.arange(len(pool))
    found: Array = np.where(keys[rows, best, None] >= 0, pool[rows, best], np.nan)
    return found
