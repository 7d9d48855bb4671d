import numpy as np
import pytest

from data_gen.distractors.balance import advantages, fit_balance


def test_advantages_of_a_set_worked_out_by_hand() -> None:
    cues = np.array([[[[3.0], [1.0], [1.0], [3.0]]]])  # one question, one set, four options, one cue
    difference, largest, smallest = advantages(cues, 1)[0, 0]
    assert difference == pytest.approx((3 - 2) / cues.std())
    assert (largest, smallest) == (0.25, -0.25)  # shared with one other; not the smallest


def test_the_chosen_sets_betray_nothing_although_most_sets_do() -> None:
    rng = np.random.default_rng(0)
    cues = rng.normal(size=(3000, 16, 4, 2))
    cues[:, :, 0, 0] += 1.0  # the right option stands out
    task = rng.integers(2, size=3000)
    given_away = advantages(cues, 1)
    balance = fit_balance(given_away[:1000], task[:1000], ("a", "b"))
    chosen = balance.choose(given_away[1000:], task[1000:], rng)
    picked = cues[1000:][np.arange(2000), chosen]
    before = (cues[1000:, 0, :, 0].argmax(axis=1) == 0).mean()
    after = (picked[:, :, 0].argmax(axis=1) == 0).mean()
    assert before > 0.5 and after == pytest.approx(0.25, abs=0.03)
    assert (picked[:, :, 0].argmin(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.03)


def test_what_is_level_already_is_left_as_it_is() -> None:
    rng = np.random.default_rng(0)
    given_away = advantages(rng.normal(size=(3000, 8, 4, 1)), 1)
    balance = fit_balance(given_away, np.zeros(3000, dtype=np.int64), ("a",))
    assert np.abs(balance.weights).max() < 0.3


def test_a_cue_that_no_set_can_level_does_not_spoil_the_others() -> None:
    rng = np.random.default_rng(0)
    cues = rng.normal(size=(2000, 16, 4, 2))
    cues[:, :, 0, 0] = 9.0
    cues[:, :, 0, 1] += 0.7
    given_away = advantages(cues, 2)
    balance = fit_balance(given_away, np.zeros(2000, dtype=np.int64), ("a",))
    chosen = balance.choose(given_away, np.zeros(2000, dtype=np.int64), rng)
    picked = cues[np.arange(2000), chosen, :, 1]
    assert (picked.argmax(axis=1) == 0).mean() == pytest.approx(0.25, abs=0.04)


def test_a_task_without_a_sample_is_chosen_for_evenly() -> None:
    given_away = advantages(np.random.default_rng(0).normal(size=(100, 4, 4, 1)), 1)
    balance = fit_balance(given_away, np.zeros(100, dtype=np.int64), ("a", "b"))
    assert (balance.weights[1] == 0).all()
    chosen = balance.choose(
        np.tile(given_away[:1], (4000, 1, 1)), np.ones(4000, dtype=np.int64), np.random.default_rng(0)
    )
    assert np.bincount(chosen, minlength=4) / 4000 == pytest.approx([0.25] * 4, abs=0.03)
