import itertools

import numpy as np
import pytest

from data_gen.distractors import MovementStrategy, PointContext, PointStrategy, draw_movements, draw_points
from robot_r1.geometry import WORKSPACE
from robot_r1.movement import all_movements, movement_between, movement_text
from robot_r1.prompts import point_text

CONTEXT = PointContext(
    truth=np.array([0.2, 0.1, 0.9]),
    origin=np.array([0.28, 0.0, 1.2]),
    demo_positions=np.linspace([0.28, 0.0, 1.2], [0.2, 0.1, 0.9], 40),
)


@pytest.mark.parametrize("strategy", ["uniform", "same_demo", "same_distance"])
def test_points_keep_apart_and_inside(strategy: PointStrategy) -> None:
    for seed in range(50):
        drawn = draw_points(CONTEXT, {strategy: 1.0}, 0.05, np.random.default_rng(seed))
        points = [CONTEXT.truth, *(point for point, _ in drawn)]
        assert all(np.linalg.norm(a - b) >= 0.05 for a, b in itertools.combinations(points, 2))
        assert all((p >= WORKSPACE[0]).all() and (p <= WORKSPACE[1]).all() for p in points)
        assert {name for _, name in drawn} == {strategy}


def test_same_distance_keeps_the_distance() -> None:
    wanted = np.linalg.norm(CONTEXT.truth - CONTEXT.origin)
    for seed in range(20):
        for point, _ in draw_points(CONTEXT, {"same_distance": 1}, 0.05, np.random.default_rng(seed)):
            assert 0.79 * wanted <= np.linalg.norm(point - CONTEXT.origin) <= 1.26 * wanted


def test_same_demo_gives_states_of_the_demo() -> None:
    for point, _ in draw_points(CONTEXT, {"same_demo": 1}, 0.05, np.random.default_rng(0)):
        assert np.abs(CONTEXT.demo_positions - point).sum(axis=1).min() == 0


def test_a_demo_without_room_falls_back_to_uniform_and_says_so() -> None:
    still = PointContext(CONTEXT.truth, CONTEXT.truth, np.tile(CONTEXT.truth, (9, 1)))
    drawn = draw_points(still, {"same_demo": 0.5, "same_distance": 0.5}, 0.05, np.random.default_rng(0))
    assert [name for _, name in drawn] == ["uniform"] * 3


def test_no_two_options_print_the_same_without_a_separation() -> None:
    near = PointContext(CONTEXT.truth, CONTEXT.origin, CONTEXT.truth + np.linspace(0, 0.002, 200)[:, None])
    for seed in range(30):
        drawn = draw_points(near, {"same_demo": 1}, 0.0, np.random.default_rng(seed))
        assert len({point_text(p.tolist()) for p in [near.truth, *(p for p, _ in drawn)]}) == 4


def test_mixture_follows_the_weights() -> None:
    names = [
        name
        for seed in range(400)
        for _, name in draw_points(CONTEXT, {"uniform": 1, "same_demo": 3}, 0.01, np.random.default_rng(seed))
    ]
    assert names.count("same_demo") / len(names) == pytest.approx(0.75, abs=0.04)


@pytest.mark.parametrize("dead_zone", [0, 0.01])
def test_movements_differ_and_one_axis_changes_one_axis(dead_zone: float) -> None:
    for truth in all_movements(dead_zone):
        rng = np.random.default_rng(len(truth))
        strategies: tuple[MovementStrategy, ...] = ("uniform", "one_axis", "same_count")
        for strategy in strategies:
            drawn = draw_movements(truth, {strategy: 1}, dead_zone, rng)
            assert len({movement_text(m) for m in [truth, *(m for m, _ in drawn)]}) == 4
            if strategy == "same_count":
                assert all(len(movement) == len(truth) for movement, name in drawn if name == strategy)
            if strategy == "one_axis":
                for movement, _ in drawn:
                    axes = {move.axis for move in set(movement) ^ set(truth)}
                    assert len(axes) == 1


def test_a_truth_along_one_axis_without_a_dead_zone() -> None:
    truth = movement_between((0, 0, 0), (0.1, 0, 0), 0)
    assert truth is not None
    drawn = draw_movements(truth, {"one_axis": 1}, 0, np.random.default_rng(0))
    assert [name for _, name in drawn] == ["uniform"] * 3
