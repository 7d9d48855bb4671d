import numpy as np
import pytest

from data_gen.distractors import PointStrategy
from data_gen.distractors.points import PROPOSE, Asked
from data_gen.survey import Survey
from robot_r1.geometry import WORKSPACE, Array
from robot_r1.question import QuestionType
from tests.data_gen.distractors.made import STEPS, survey

WORLD = survey()


def asked(question_type: QuestionType = "waypoint", world: Survey = WORLD) -> Asked:
    moments = np.arange(len(world.demo))
    return Asked(world, question_type, moments, moments, near_miss_radius=0.1)


def propose(strategy: PointStrategy, question_type: QuestionType = "waypoint", world: Survey = WORLD) -> Array:
    return PROPOSE[strategy](asked(question_type, world), np.random.default_rng(0), 12)


def among(points: Array, known: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether each point, (..., 3), is one of the known, (K, 3); NaN counts as known."""
    found = (np.abs(points[..., None, :] - known) < 1e-12).all(axis=-1).any(axis=-1)
    return np.asarray(found | np.isnan(points).all(axis=-1))


@pytest.mark.parametrize("question_type", ["waypoint", "current_state"])
@pytest.mark.parametrize("strategy", list(PROPOSE))
def test_every_strategy_proposes_something_for_nearly_every_question(
    strategy: PointStrategy, question_type: QuestionType
) -> None:
    points = propose(strategy, question_type)
    assert points.shape == (len(WORLD.demo), 12, 3)
    assert np.isfinite(points).all(axis=2).any(axis=1).mean() > 0.9


def test_boxes() -> None:
    everywhere, seen = propose("uniform"), propose("seen")
    assert (everywhere >= WORKSPACE[0]).all() and (everywhere <= WORKSPACE[1]).all()
    assert (seen >= WORLD.tracks.min(axis=0)).all() and (seen <= WORLD.tracks.max(axis=0)).all()
    assert np.ptp(everywhere, axis=(0, 1)).min() > 2 * np.ptp(seen, axis=(0, 1)).min() > 0


@pytest.mark.parametrize("strategy", ["same_demo", "same_demo_keypoints", "other_demos"])
def test_states_and_keypoints_come_from_the_demos_they_are_named_after(strategy: PointStrategy) -> None:
    points = propose(strategy, "current_state")
    for question in range(0, len(WORLD.demo), 17):
        demo = WORLD.demo[question]
        own = WORLD.tracks[WORLD.track_start[demo] : WORLD.track_start[demo + 1]]
        if strategy == "other_demos":
            same_task = WORLD.task[WORLD.demo] == WORLD.task[demo]
            tracks = [
                WORLD.tracks[WORLD.track_start[d] : WORLD.track_start[d + 1]]
                for d in np.unique(WORLD.demo[same_task])
                if d != demo
            ]
            assert among(points[question], np.concatenate(tracks)).all()
        else:
            if strategy == "same_demo_keypoints":
                own = own[list(WORLD.keypoints_of(int(demo)))]
            assert among(points[question], own).all()


def test_no_waypoint_lies_on_the_way_to_the_right_one() -> None:
    points = propose("same_demo")
    from_home = np.flatnonzero(WORLD.next_keypoint == STEPS)  # later the way up is the way down
    for question in from_home[::5].tolist():
        start = WORLD.track_start[WORLD.demo[question]]
        way = WORLD.tracks[start + WORLD.frame[question] : start + WORLD.next_keypoint[question] + 1]
        finite = points[question][np.isfinite(points[question]).all(axis=1)]
        assert not among(finite, way[:-1]).any()  # the corner is that of the next stretch too


def test_other_demos_keypoints_keep_the_height_and_are_nobodys_right_answer() -> None:
    points = propose("other_demos_keypoints")
    known = np.isfinite(points).all(axis=2)
    heights = np.unique(WORLD.target[:, 2].round(9))
    assert np.isin(points[known][:, 2].round(9), heights).all()
    assert not among(points[known], WORLD.target).any()
    nearest = np.linalg.norm(points[known][:, None] - WORLD.target, axis=2).min(axis=1)
    assert nearest.max() < 0.03


def test_a_move_keeps_its_distance_or_comes_from_another_demo() -> None:
    question = asked()
    distance = np.linalg.norm(question.truth - question.origin, axis=1)[:, None]
    same = np.linalg.norm(propose("same_distance") - question.origin[:, None], axis=2)
    assert ((same >= 0.79 * distance) & (same <= 1.26 * distance)).all()
    moves = WORLD.target - WORLD.state
    for strategy in ("other_move", "similar_move"):
        made = propose(strategy) - question.origin[:, None]
        axes = slice(0, 3 if strategy == "other_move" else 2)
        known = np.isfinite(made).all(axis=2)
        gap = np.abs(made[known][:, None, axes] - moves[:, axes]).max(axis=2).min(axis=1)
        assert gap.max() < 1e-9


def test_similar_moves_start_at_similar_heights_and_end_at_the_height_of_a_keypoint() -> None:
    question = asked()
    high = question.origin[:, 2] > 1.05
    points = propose("similar_move")[high]
    heights = points[np.isfinite(points).all(axis=2)][:, 2]
    assert np.isin(heights.round(9), np.unique(WORLD.target[:, 2].round(9))).all()
    above_the_object = np.isin(heights.round(6), [0.935, 0.96])
    assert above_the_object.mean() > 0.9  # from home every demo goes there first


def test_same_column_stays_above_or_below_the_state() -> None:
    points, state = propose("same_column"), asked().origin
    known = np.isfinite(points).all(axis=2)
    assert np.abs(points - state[:, None])[known][:, :2].max() < 1e-12


def test_near_misses_lie_with_the_truth_on_one_sphere_without_surrounding_it() -> None:
    question = asked()
    points = np.concatenate([question.truth[:, None], propose("near_miss")], axis=1)
    # the centre of the sphere solves 2 (p_i - p_0) . c = |p_i|^2 - |p_0|^2
    for cluster in points[::20]:
        rows, right = 2 * (cluster[1:] - cluster[0]), (cluster[1:] ** 2).sum(axis=1) - (cluster[0] ** 2).sum()
        centre = np.linalg.lstsq(rows, right, rcond=None)[0]
        assert np.linalg.norm(cluster - centre, axis=1) == pytest.approx(0.1)
    middle = np.linalg.norm(points - points.mean(axis=1, keepdims=True), axis=2)
    assert (middle[:, 0] < middle[:, 1:4].mean(axis=1)).mean() == pytest.approx(0.5, abs=0.1)


def test_a_split_draws_from_its_own_demos_unless_it_has_but_one() -> None:
    points = propose("other_demos", "current_state")
    test = np.flatnonzero(WORLD.split[WORLD.demo] == "test")
    of_test = [
        WORLD.tracks[WORLD.track_start[d] : WORLD.track_start[d + 1]] for d in np.flatnonzero(WORLD.split == "test")
    ]
    assert among(points[test], np.concatenate(of_test)).all()
    lonely = survey(test=1)
    alone = np.flatnonzero(lonely.split[lonely.demo] == "test")
    assert np.isfinite(propose("other_demos", "current_state", lonely)[alone]).any()


def test_a_single_demo_has_no_others() -> None:
    alone = survey(demos=1, tasks=("pick",), test=0)
    for strategy in ("other_demos", "other_demos_keypoints", "similar_move", "other_move", "same_column"):
        assert np.isnan(propose(strategy, "waypoint", alone)).any(axis=2).all()


def test_of_very_many_moments_similar_moves_come_from_all_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    world = survey(demos=30, tasks=("pick",), test=0, interval=15)  # four moments in each demo
    monkeypatch.setattr("data_gen.distractors.points.MOST_PEERS", 30)  # so every fourth would be the start of a demo
    points = propose("similar_move", "waypoint", world)
    heights = points[np.isfinite(points).all(axis=2)][:, 2]
    assert len(np.unique(heights.round(6))) == 3


def test_states_of_other_demos_lie_beside_those_that_questions_show() -> None:
    points = propose("other_demos", "current_state")
    shown = WORLD.state[WORLD.frame > 0]
    assert not among(points[np.isfinite(points).all(axis=2)], shown).any()
