import numpy as np
import pytest

from data_gen.distractors import NEAR_MISS_RADIUS, PointStrategy
from data_gen.distractors.points import Asked
from data_gen.distractors.sets import PointSets, draw_sets
from robot_r1.geometry import WORKSPACE
from robot_r1.prompts import point_text
from robot_r1.question import QuestionType
from tests.data_gen.distractors.made import survey

WORLD = survey(demos=12)
MIXTURE: dict[PointStrategy, float] = {"similar_move": 1, "same_demo": 1, "near_miss": 1, "same_column": 1}


def draw(
    weights: dict[PointStrategy, float],
    separation: float = 0.05,
    question_type: QuestionType = "waypoint",
    radius: float = 0.1,
    count: int = 4,
) -> PointSets:
    moments = np.arange(len(WORLD.demo))
    asked = Asked(WORLD, question_type, moments, moments, radius)
    return draw_sets(asked, weights, separation, count, np.random.default_rng(0))


@pytest.mark.parametrize("separation", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("question_type", ["waypoint", "current_state"])
def test_options_keep_apart_lie_in_the_workspace_and_print_differently(
    separation: float, question_type: QuestionType
) -> None:
    points = draw(MIXTURE, separation, question_type).points
    gaps = np.linalg.norm(points[:, :, :, None] - points[:, :, None], axis=-1)[..., *np.triu_indices(4, 1)]
    assert gaps.min() >= max(separation, 0.01) - 1e-12
    assert (points >= WORKSPACE[0]).all() and (points <= WORKSPACE[1]).all()
    for options in points.reshape(-1, 4, 3)[::7]:
        assert len({point_text(option) for option in options.tolist()}) == 4


def test_the_truth_comes_first_and_the_current_state_is_no_waypoint() -> None:
    points = draw(MIXTURE, 0.0).points
    assert (points[:, :, 0] == WORLD.target[:, None]).all()
    assert np.linalg.norm(points[:, :, 1:] - WORLD.state[:, None, None], axis=-1).min() >= 0.01


def test_the_mixture_follows_the_weights() -> None:
    made = draw({"uniform": 1, "same_distance": 3}, 0.0, count=50).strategies
    assert (made == "same_distance").mean() == pytest.approx(0.75, abs=0.02)


def test_where_a_strategy_has_nothing_others_take_its_place_and_the_names_say_so() -> None:
    alone = survey(demos=1, tasks=("pick",), test=0)
    moments = np.arange(len(alone.demo))
    asked = Asked(alone, "current_state", moments, moments, 0.1)
    made = draw_sets(asked, {"other_demos": 3, "same_demo": 1}, 0.05, 3, np.random.default_rng(0)).strategies
    assert set(np.unique(made)) <= {"same_demo", "seen"} and (made == "same_demo").any()
    only = draw_sets(asked, {"other_demos": 1}, 0.05, 3, np.random.default_rng(0)).strategies
    assert set(np.unique(only)) <= {"seen", "uniform"}


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_the_difficulty_of_near_misses_is_their_radius(difficulty: str) -> None:
    radius = NEAR_MISS_RADIUS[difficulty]  # type: ignore[index]
    sets = draw({"near_miss": 1}, 0.02, radius=radius)
    gap = np.linalg.norm(sets.points[:, :, 1:] - sets.points[:, :, :1], axis=-1)[sets.strategies == "near_miss"]
    assert gap.max() <= 2 * radius + 1e-9 and np.median(gap) == pytest.approx(1.41 * radius, rel=0.15)


def test_no_room_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no room for a distractor"):
        draw({"uniform": 1}, separation=3.0)
