"""Wrong options: named strategies, a weighted mixture of them, and a minimum separation between options.

A strategy is a function that proposes one candidate. `draw_points` and `draw_movements` choose strategies by weight,
refuse candidates that stand too near to another option or print the same, and record which strategy made which option.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

import numpy as np

from robot_r1.geometry import WORKSPACE, Array
from robot_r1.movement import AxisMove, Movement, all_movements
from robot_r1.prompts import point_text

PointStrategy = Literal["uniform", "same_demo", "same_distance"]
MovementStrategy = Literal["uniform", "one_axis", "same_count"]
Name = TypeVar("Name", bound=str)
TRIES = 64
"""Candidates that a strategy may propose before the uniform draw takes over."""


@dataclass(frozen=True)
class PointContext:
    """What a strategy may look at; positions in metres, world frame."""

    truth: Array
    """(3,), the right option."""
    origin: Array
    """(3,), the current state for a waypoint, the next keypoint for a current state."""
    demo_positions: Array
    """(T, 3), every state of the demo."""


def uniform(context: PointContext, rng: np.random.Generator) -> Array:
    """Anywhere in the workspace: the paper's "randomly sampled from the robot's valid state space"."""
    return rng.uniform(*WORKSPACE)


def same_demo(context: PointContext, rng: np.random.Generator) -> Array:
    """Another state of the same demo: as plausible as the truth for who does not look at the picture."""
    state: Array = context.demo_positions[rng.integers(len(context.demo_positions))]
    return state


def same_distance(context: PointContext, rng: np.random.Generator) -> Array:
    """As far from the origin as the truth (x 0.8 to 1.25), in another direction, within the workspace."""
    distance = float(np.linalg.norm(context.truth - context.origin)) * rng.uniform(0.8, 1.25)
    direction = rng.normal(size=3)
    point: Array = context.origin + distance * direction / np.linalg.norm(direction)
    return point


_POINT_STRATEGIES: dict[PointStrategy, Callable[[PointContext, np.random.Generator], Array]] = {
    "uniform": uniform,
    "same_demo": same_demo,
    "same_distance": same_distance,
}


def draw_points(
    context: PointContext,
    weights: Mapping[PointStrategy, float],
    min_separation: float,
    rng: np.random.Generator,
) -> list[tuple[Array, PointStrategy]]:
    """Three wrong positions, each with the strategy that made it.

    Any two options, the right one included, are at least `min_separation` metres apart and print differently. A
    strategy that finds no such candidate in `TRIES` draws gives way to `uniform`.
    """
    chosen: list[tuple[Array, PointStrategy]] = []
    taken = [context.truth]
    low, high = (np.asarray(corner) for corner in WORKSPACE)
    for strategy in _choose(weights, rng):
        for name in (strategy, "uniform"):
            point = None
            for _ in range(TRIES):
                candidate = _POINT_STRATEGIES[name](context, rng)
                if (candidate >= low).all() and (candidate <= high).all() and _apart(candidate, taken, min_separation):
                    point = candidate
                    break
            if point is not None:
                taken.append(point)
                chosen.append((point, name))
                break
        else:
            raise RuntimeError(f"no room for a distractor: min_separation {min_separation} m fills the workspace")
    return chosen


def _apart(candidate: Array, taken: list[Array], min_separation: float) -> bool:
    text = point_text(candidate.tolist())
    return all(
        float(np.linalg.norm(candidate - other)) >= min_separation and text != point_text(other.tolist())
        for other in taken
    )


def draw_movements(
    truth: Movement,
    weights: Mapping[MovementStrategy, float],
    dead_zone: float,
    rng: np.random.Generator,
) -> list[tuple[Movement, MovementStrategy]]:
    """Three wrong movements, all different, each with the strategy that made it.

    `uniform` draws from every movement that can be a label; `one_axis` changes the truth along one axis: its
    direction, its "slightly", or (with a dead zone) whether it is named at all; `same_count` names as many axes as the
    truth, so that a long or short text betrays nothing.
    """
    possible = all_movements(dead_zone)
    pools: dict[MovementStrategy, tuple[Movement, ...]] = {
        "uniform": possible,
        "one_axis": _neighbours(truth, dead_zone),
        "same_count": tuple(movement for movement in possible if len(movement) == len(truth)),
    }
    chosen: list[tuple[Movement, MovementStrategy]] = []
    taken = {truth}
    for name in _choose(weights, rng):
        free = [movement for movement in pools[name] if movement not in taken]
        if not free:  # a truth along a single axis has no neighbours among labels that must name all three
            name, free = "uniform", [movement for movement in possible if movement not in taken]
        movement = free[rng.integers(len(free))]
        taken.add(movement)
        chosen.append((movement, name))
    return chosen


@cache
def _neighbours(truth: Movement, dead_zone: float) -> tuple[Movement, ...]:
    return tuple(movement for movement in all_movements(dead_zone) if _differs_on_one_axis(movement, truth))


def _differs_on_one_axis(a: Movement, b: Movement) -> bool:
    def per_axis(movement: Movement) -> list[AxisMove | None]:
        return [next((move for move in movement if move.axis == axis), None) for axis in range(3)]

    return sum(x != y for x, y in zip(per_axis(a), per_axis(b), strict=True)) == 1


def _choose(weights: Mapping[Name, float], rng: np.random.Generator) -> list[Name]:
    names = sorted(weights)
    share = np.array([weights[name] for name in names])
    return [names[i] for i in rng.choice(len(names), size=3, p=share / share.sum())]
