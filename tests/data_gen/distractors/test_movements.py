import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from data_gen.distractors import MovementStrategy
from data_gen.distractors.movements import MOVEMENTS, SAID, _capped, also_right, draw_movement_sets, partners, surplus
from data_gen.survey import Indices
from robot_r1.movement import all_movements, movement_between, movement_text

EVEN = np.ones((len(MOVEMENTS), len(MOVEMENTS)))
ALL = np.arange(len(MOVEMENTS))
ONE_AXIS: tuple[MovementStrategy, ...] = ("flip_axis", "toggle_slightly", "drop_axis", "add_axis")


def draw(
    strategy: MovementStrategy, truth: Indices = ALL, dead_zone: float = 0.01, count: int = 8
) -> tuple[Indices, NDArray[np.bool_]]:
    also = np.zeros((len(truth), len(MOVEMENTS)), dtype=np.bool_)
    also[np.arange(len(truth)), truth] = True
    sets = draw_movement_sets(
        truth, also, EVEN[: len(truth)], {strategy: 1}, dead_zone, count, np.random.default_rng(0)
    )
    return sets.labels, sets.strategies == strategy


@pytest.mark.parametrize("strategy", ["uniform", "same_task", *ONE_AXIS])
def test_movements_of_a_set_differ(strategy: MovementStrategy) -> None:
    labels, _ = draw(strategy)
    assert (np.diff(np.sort(labels, axis=2), axis=2) > 0).all()
    assert (labels[:, :, 0] == ALL[:, None]).all()


@pytest.mark.parametrize("strategy", ONE_AXIS)
def test_one_axis_changes_as_the_name_says(strategy: MovementStrategy) -> None:
    labels, by_name = draw(strategy)
    assert by_name.any()
    for question, one_set, slot in np.argwhere(by_name):
        before = SAID[labels[question, one_set, 0]].astype(int)
        after = SAID[labels[question, one_set, slot + 1]].astype(int)
        axis = np.flatnonzero(before != after)
        assert len(axis) == 1
        b, a = before[axis[0]], after[axis[0]]
        assert {
            "flip_axis": b != 0 and a == -b,
            "toggle_slightly": b * a > 0 and a != b,
            "drop_axis": b != 0 and a == 0,
            "add_axis": b == 0 and a != 0,
        }[strategy]


def test_the_table_is_that_of_the_core() -> None:
    assert all_movements() == MOVEMENTS and len(MOVEMENTS) == 98
    for label in range(0, len(MOVEMENTS), 5):
        move = SAID[label] * 0.1
        assert movement_between((0, 0, 0), move, 0.01) == MOVEMENTS[label]


def test_without_a_dead_zone_wrong_ones_name_every_axis_even_beside_a_truth_along_one() -> None:
    along_x = MOVEMENTS.index(movement_between((0, 0, 0), (0.1, 0, 0), 0.01) or ())
    labels, _ = draw("uniform", np.array([along_x]), dead_zone=0, count=200)
    assert (SAID[labels[:, :, 1:]] != 0).all()


def test_no_wrong_movement_is_right_within_the_dead_zone() -> None:
    rng = np.random.default_rng(1)
    moves = rng.uniform(-0.1, 0.1, (60, 3))
    right = also_right(moves, 0.01)
    for move, also in zip(moves, right, strict=True):
        for shift in itertools.product((-0.01, -0.004, 0, 0.007, 0.01), repeat=3):
            label = movement_between((0, 0, 0), move + shift, 0.01)
            assert label is None or also[MOVEMENTS.index(label)], (move, shift)
    assert 1 < right.sum(axis=1).mean() < 12
    truth = np.array([MOVEMENTS.index(movement_between((0, 0, 0), move, 0.01) or ()) for move in moves])
    sets = draw_movement_sets(truth, right, EVEN[:60], {"uniform": 1}, 0.01, 8, rng)
    assert not np.take_along_axis(right[:, None], sets.labels[..., 1:], axis=2).any()


def test_a_millimetre_more_or_less_than_the_dead_zone_decides_nothing() -> None:
    texts = [movement_text(MOVEMENTS[i]) for i in np.flatnonzero(also_right(np.array([[0.2, 0.011, 0.0]]), 0.01)[0])]
    assert set(texts) == {"Move forward", "Move forward and slightly right"}


def test_partners_come_together_whichever_of_them_is_right() -> None:
    rng = np.random.default_rng(0)
    share = np.zeros(len(MOVEMENTS))
    share[[3, 8, 20, 41, 60, 77]] = [0.24, 0.22, 0.2, 0.16, 0.1, 0.08]
    truth = rng.choice(len(share), size=4000, p=share)
    found = partners(np.tile(share * 1000, (len(truth), 1)), truth, 4, rng)
    sets = np.concatenate([np.broadcast_to(truth[:, None, None], (*found.shape[:2], 1)), found], axis=2)
    assert (np.diff(np.sort(sets, axis=2), axis=2) > 0).all()
    kinds, place = np.unique(np.sort(sets, axis=2).reshape(-1, 4), axis=0, return_inverse=True)
    for kind in range(len(kinds)):
        of_kind = sets.reshape(-1, 4)[place == kind]
        if len(of_kind) > 800:
            right = [(of_kind[:, 0] == label).mean() for label in kinds[kind]]
            assert right == pytest.approx([0.25] * 4, abs=0.07)


def test_a_movement_that_is_right_in_most_questions_is_among_the_options_of_all() -> None:
    rng = np.random.default_rng(0)
    share = np.zeros(len(MOVEMENTS))
    share[[3, 8, 20, 41, 60]] = [0.6, 0.1, 0.1, 0.1, 0.1]
    truth = rng.choice(len(share), size=500, p=share)
    found = partners(np.tile(share, (len(truth), 1)), truth, 4, rng)
    assert ((found == 3).any(axis=2) | (truth == 3)[:, None]).all()


def test_no_arc_is_longer_than_a_quarter_wherever_four_movements_are_right() -> None:
    share = np.array([[0.6, 0.3, 0.05, 0.05, 0.0], [0.97, 0.01, 0.01, 0.01, 0.0], [0.3, 0.2, 0.2, 0.2, 0.1]])
    cut = _capped(share)
    assert cut.max(axis=1) == pytest.approx(cut.sum(axis=1) / 4)
    assert (cut <= share).all() and cut[2, 1:] == pytest.approx(share[2, 1:])
    few = np.array([[0.7, 0.3, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25, 0.0]])
    assert (_capped(few) == few).all()


def test_also_right_leaves_enough_to_choose_from() -> None:
    moves = np.random.default_rng(0).uniform(-0.05, 0.05, (2000, 3))
    assert also_right(moves, 0.01).sum(axis=1).max() <= 27


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        ((50, 20, 20, 20, 20, 20), (33, 20, 20, 20, 20, 20)),
        ((40, 40, 20, 20, 20), (30, 30, 20, 20, 20)),
        ((20, 20, 20, 20), (20, 20, 20, 20)),
        ((22, 20, 20, 20), (20, 20, 20, 20)),
        ((40, 40, 5, 5, 5, 5), (40, 40, 5, 5, 5, 5)),  # more than half would have to go
        ((3,), (3,)),
        ((), ()),
    ],
)
def test_surplus_leaves_no_movement_right_in_over_a_quarter(counts: tuple[int, ...], kept: tuple[int, ...]) -> None:
    label = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    out = surplus(label, 0.25, np.random.default_rng(0))
    assert tuple(np.bincount(label[~out], minlength=len(counts))) == kept
    assert not surplus(label, 1, np.random.default_rng(0)).any()
