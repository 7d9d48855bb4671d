"""Strategies that propose wrong movements, and sets of three of them.

Movements are numbered as `MOVEMENTS` lists them; L is how many there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from data_gen.distractors import MovementStrategy
from data_gen.survey import Indices
from robot_r1.geometry import Array
from robot_r1.movement import SLIGHT_RATIO, Movement, all_movements

Mask = NDArray[np.bool_]
_FALLBACK: MovementStrategy = "uniform"


@dataclass(frozen=True)
class MovementSets:
    """T sets of wrong movements for each of Q questions."""

    labels: Indices
    """(Q, T, 4): the right movement first."""
    strategies: NDArray[np.str_]
    """(Q, T, 3), what made each wrong one."""


MOVEMENTS: tuple[Movement, ...] = all_movements()
"""Every movement that can be a label, whatever the dead zone."""
SAID = np.zeros((len(MOVEMENTS), 3), dtype=np.int8)
"""(L, 3): what each movement says of each axis: 0 nothing, +-1 a slight move, +-2 a full one."""
for _number, _movement in enumerate(MOVEMENTS):
    for _move in _movement:
        SAID[_number, _move.axis] = (1 if _move.positive else -1) * (1 if _move.slight else 2)


_DIGITS = np.array([25, 5, 1])
_NUMBERS = np.full(125, len(MOVEMENTS))
_NUMBERS[(SAID + 2) @ _DIGITS] = np.arange(len(MOVEMENTS))


def label_numbers(moves: NDArray[np.int8]) -> Indices:
    """(N,): numbers of movements, from what `robot_r1.movement.axis_moves` says, (N, 3); L where that is nothing."""
    numbers: Indices = _NUMBERS[(moves + 2) @ _DIGITS]
    return numbers


def surplus(label: Indices, limit: float, rng: np.random.Generator) -> Mask:
    """(N,): questions of a task to leave out so that no movement is right in a larger share of the rest than `limit`.

    Where one is right that often, naming it is a rule that needs no picture, whatever the other options are. A task
    of so few movements that more than half of its questions would have to go is left as it is.

    Args:
        label: (N,), the right movements.
    """
    names, counts = np.unique(label, return_counts=True)
    most = np.arange(1, len(label) + 1)
    kept = np.minimum(counts, most[:, None]).sum(axis=1)
    fair = most <= limit * kept
    out = np.zeros(len(label), dtype=np.bool_)
    if not fair.any() or 2 * kept[fair].max() < len(label):
        return out
    most_of_one = most[fair].max()
    for name in names[counts > most_of_one]:
        out[rng.permutation(np.flatnonzero(label == name))[most_of_one:]] = True
    return out


def also_right(displacements: Array, dead_zone: float) -> Mask:
    """(Q, L): movements that are right as well, for displacements of shape (Q, 3), metres.

    A movement is right if what it says of each axis can be said of a displacement that differs from the true one by at
    most the dead zone along each axis. Axes are looked at one by one, which rather defends too much than too little.
    """
    size = np.abs(displacements)
    least, most = np.maximum(size - dead_zone, 0), size + dead_zone
    others = np.array([[1, 2], [0, 2], [0, 1]])
    slight = np.maximum(least, dead_zone) <= SLIGHT_RATIO * most[:, others].max(axis=2)
    full = most > SLIGHT_RATIO * least[:, others].max(axis=2)
    allowed = np.stack([size <= 2 * dead_zone, slight & (size > 0), full & (size > 0)], axis=2)
    right = np.ones((len(displacements), len(MOVEMENTS)), dtype=np.bool_)
    for axis in range(3):
        said = SAID[:, axis]
        towards = (said == 0) | (np.sign(said) == np.sign(displacements[:, axis, None]))
        right &= allowed[:, axis][:, np.abs(said)] & towards
    return right


@cache
def _one_axis_changed(strategy: MovementStrategy) -> Mask:
    """(L, L): whether the strategy makes the second movement of the first."""
    before, after = SAID[:, None], SAID[None]
    changed = {
        "flip_axis": (after == -before) & (before != 0),
        "toggle_slightly": (np.sign(after) == np.sign(before)) & (after != before),
        "drop_axis": (before != 0) & (after == 0),
        "add_axis": (before == 0) & (after != 0),
    }[strategy]
    same = before == after
    result: Mask = ((changed.sum(axis=2) == 1) & ((changed | same).all(axis=2))).astype(np.bool_)
    return result


def chances(strategy: MovementStrategy, frequency: Array, truth: Indices) -> Array:
    """(Q, L): how likely the strategy proposes each movement.

    Args:
        frequency: (Q, L), how often each movement is right in other demos of the question's task.
        truth: (Q,), the right movements.
    """
    if strategy == "uniform":
        return np.ones((len(truth), len(MOVEMENTS)))
    if strategy == "same_task":
        return frequency
    return _one_axis_changed(strategy)[truth].astype(np.float64)


def partners(frequency: Array, truth: Indices, count: int, rng: np.random.Generator) -> Indices:
    """(Q, T, 3): three movements that are as often right in the question's task as they stand beside a truth.

    Systematic sampling (Madow 1949): movements lie on a circle in random order, each on an arc as long as it is
    frequent, and none longer than a quarter. From a point on the truth's arc the partners are a quarter, a half and
    three quarters around. The same four come together whichever of them is right, so none of them looks more right;
    but for one that is right in more than a quarter of the questions: it is among the options of all of them.

    Args:
        frequency: (Q, L), how often each movement is right in the question's task; above 0 for the right one.
        truth: (Q,), the right movements.
    """
    order = rng.permuted(np.tile(np.arange(frequency.shape[1]), (count, 1)), axis=1)
    share = _capped(frequency / frequency.sum(axis=1, keepdims=True))
    arcs = share[:, order]
    ends = arcs.cumsum(axis=2)
    place = np.argsort(order, axis=1)[:, truth].T[..., None]
    end, arc = np.take_along_axis(ends, place, axis=2), np.take_along_axis(arcs, place, axis=2)
    around = ends[..., -1:]
    marks = (end - rng.random(end.shape) * arc + around * np.array([0.25, 0.5, 0.75])) % around
    found = np.stack([(ends <= marks[..., i, None]).sum(axis=2) for i in range(3)], axis=2)
    labels: Indices = order[np.arange(count)[:, None], np.minimum(found, order.shape[1] - 1)]
    return labels


def _capped(share: Array) -> Array:
    """Shares, (Q, L), the largest cut so that none is more than a quarter of their sum; where that can be."""
    largest = np.sort(share, axis=1)[:, ::-1]
    rest = np.stack([largest[:, cut:].sum(axis=1) for cut in range(4)], axis=1)
    limit = (rest / [4, 3, 2, 1]).min(axis=1, keepdims=True)  # cut to x, n shares and the rest make 4 x
    return np.where(limit > 0, np.minimum(share, limit), share)


def draw_movement_sets(
    truth: Indices,
    also: Mask,
    frequency: Array,
    weights: Mapping[MovementStrategy, float],
    dead_zone: float,
    count: int,
    rng: np.random.Generator,
) -> MovementSets:
    """Draw `count` sets of three wrong movements for each question.

    The movements of a set differ, and none of the wrong ones is right as well. Without a dead zone every wrong one
    names all axes, as nearly every right one does. Where a strategy has no such movement `uniform` takes its place,
    and the names say so.

    Args:
        truth: (Q,), the right movements.
        also: (Q, L), movements that are right as well, at most 27 as `also_right` has it, the right one among them.
        frequency: see `chances`.
    """
    names = [*sorted(name for name, weight in weights.items() if weight > 0), _FALLBACK]
    share = np.array([weights[name] for name in names[:-1]])
    size = (len(truth), count)
    rows = np.arange(len(truth))
    possible = np.ones(len(MOVEMENTS), dtype=np.bool_) if dead_zone > 0 else (SAID != 0).all(axis=1)
    free = np.repeat((~also & possible)[:, None], count, axis=1)
    labels, made = [np.broadcast_to(truth[:, None], size)], []
    tables = np.stack([chances(name, frequency, truth) for name in names], axis=1)
    beside = partners(frequency, truth, count, rng)
    for slot in range(3):
        strategy = rng.choice(len(share), size=size, p=share / share.sum())
        likely = tables[rows[:, None], strategy] * free
        if "same_task" in names:
            partner = beside[..., slot]
            fits = np.take_along_axis(free, partner[..., None], axis=2)[..., 0]
            fits &= strategy == names.index("same_task")
            q, t = np.nonzero(fits)
            likely[q, t] = 0
            likely[q, t, partner[q, t]] = 1
        empty = ~likely.any(axis=2)
        strategy = np.where(empty, len(share), strategy)
        likely[empty] = free[empty]
        label = _draw(likely, rng)
        np.put_along_axis(free, label[..., None], False, axis=2)
        labels.append(label)
        made.append(strategy)
    return MovementSets(np.stack(labels, axis=2), np.array(names)[np.stack(made, axis=2)])


def _draw(likely: Array, rng: np.random.Generator) -> Indices:
    """(Q, T): a number drawn from each row of (Q, T, L) unnormalized chances."""
    below = likely.cumsum(axis=2)
    mark = rng.random(likely.shape[:2]) * below[..., -1]
    drawn: Indices = (below <= mark[..., None]).sum(axis=2)
    return drawn
