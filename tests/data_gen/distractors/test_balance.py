import numpy as np
import pytest

from data_gen.distractors.balance import RIDGE, Balance, advantages, fit_balance
from data_gen.survey import Indices
from robot_r1.geometry import Array


def task(number: int, questions: int) -> Indices:
    return np.full(questions, number)


def chosen(balance: Balance, cues: Array, tasks: Indices) -> Array:
    """(Q, 4, K): the cues of the chosen sets."""
    picked: Array = cues[np.arange(len(cues)), balance.choose(cues, tasks, np.random.default_rng(0))]
    return picked


def test_advantages_of_a_set_worked_out_by_hand() -> None:
    cues = np.array([[[[3.0], [1.0], [1.0], [3.0]]]])  # one question, one set, four options, one cue
    difference, largest, smallest = advantages(cues, np.array([0.5]), 1)[0, 0]
    assert difference == pytest.approx((3 - 2) / 0.5)
    assert (largest, smallest) == (0.25, -0.25)  # shared with one other; not the smallest


def test_the_chosen_sets_betray_nothing_although_most_sets_do() -> None:
    cues = np.random.default_rng(0).normal(size=(3000, 16, 4, 2))
    cues[:, :, 0, 0] += 1.0  # the right option stands out
    balance = fit_balance([(0, cues[:1000])], 1)
    picked = chosen(balance, cues[1000:], task(0, 2000))
    assert (cues[1000:, 0, :, 0].argmax(axis=1) == 0).mean() > 0.5
    assert (picked[:, :, 0].argmax(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert (picked[:, :, 0].argmin(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.03)


def test_each_task_is_levelled_by_itself() -> None:
    rng = np.random.default_rng(0)
    cues = rng.normal(size=(4000, 16, 4, 1))
    tasks = rng.integers(2, size=4000)
    cues[:, :, 0] += np.where(tasks == 0, 1.0, -1.0)[:, None, None]  # on the average of both tasks nothing stands out
    balance = fit_balance([(number, cues[:2000][tasks[:2000] == number]) for number in (0, 1)], 1)
    picked = chosen(balance, cues[2000:], tasks[2000:])[:, :, 0]
    for number in (0, 1):
        right = picked[tasks[2000:] == number].argmax(axis=1) == 0
        assert right.mean() == pytest.approx(0.25, abs=0.04)


def test_a_choice_depends_on_its_own_question_and_not_on_the_scale_of_those_beside_it() -> None:
    cues = np.random.default_rng(0).normal(size=(1000, 16, 4, 1))
    cues[:, :, 0] += 1.0
    balance = fit_balance([(0, cues)], 1)
    beside = cues.copy()
    beside[500:] *= 100
    first, second = (balance.choose(both, task(0, 1000), np.random.default_rng(1)) for both in (cues, beside))
    assert (first[:500] == second[:500]).all() and (first[500:] != second[500:]).any()


def test_weights_are_those_that_level_the_mean_of_every_advantage() -> None:
    cues = np.random.default_rng(0).normal(size=(400, 24, 4, 30)) + 0.3 * (np.arange(4) == 0)[:, None]
    balance = fit_balance([(0, cues)], 15).of_task[0]
    standing_out = advantages(cues, balance.spread, 15)
    chances = np.exp(-standing_out @ balance.weights)
    chances /= chances.sum(axis=1, keepdims=True)
    mean = np.einsum("qt,qtf->f", chances, standing_out) / len(cues)
    assert np.abs(standing_out.mean(axis=(0, 1))).max() > 0.05
    assert mean == pytest.approx(RIDGE * balance.weights, abs=1e-4)


def test_what_is_level_already_is_left_as_it_is() -> None:
    cues = np.random.default_rng(0).normal(size=(3000, 8, 4, 1))
    assert np.abs(fit_balance([(0, cues)], 1).of_task[0].weights).max() < 0.3


def test_a_cue_that_no_set_can_level_does_not_spoil_the_others() -> None:
    cues = np.random.default_rng(0).normal(size=(2000, 16, 4, 2))
    cues[:, :, 0, 0] = 9.0
    cues[:, :, 0, 1] += 0.7
    picked = chosen(fit_balance([(0, cues)], 2), cues, task(0, 2000))[:, :, 1]
    assert (cues[:, 0, :, 1].argmax(axis=1) == 0).mean() > 0.4
    assert (picked.argmax(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.04)


def test_a_task_without_a_sample_is_chosen_for_evenly() -> None:
    cues = np.random.default_rng(0).normal(size=(100, 4, 4, 1))
    balance = fit_balance([(0, cues)], 1)
    picks = balance.choose(np.tile(cues[:1], (4000, 1, 1, 1)), task(1, 4000), np.random.default_rng(0))
    assert np.bincount(picks, minlength=4) / 4000 == pytest.approx([0.25] * 4, abs=0.03)
