import numpy as np
import pytest

from data_gen.distractors.draw import Drawing
from data_gen.survey import Survey, Track
from robot_r1.blind_questions import BlindQuestions, blind_questions
from robot_r1.blind_rules import points_won, rules_for
from robot_r1.question import QUESTION_TYPES, QuestionType
from tests.data_gen.distractors.made import config, survey

WORLD = survey(demos=150, interval=5)


def asked(question_type: QuestionType, **distractors: object) -> BlindQuestions:
    drawing = Drawing(WORLD, config(**distractors))
    balance = drawing.fit(question_type) if "balanced" not in distractors else None
    options = drawing.options(np.arange(len(WORLD.demo)), question_type, balance, np.random.default_rng(0))
    moments = np.array(sorted(options))
    rng = np.random.default_rng(1)
    orders = [rng.permutation(4) for _ in moments]
    return blind_questions(
        question_type,
        WORLD.task[WORLD.demo[moments]].tolist(),
        WORLD.ids[WORLD.demo[moments]].tolist(),
        WORLD.state[moments],
        [[options[m][i].text for i in order] for m, order in zip(moments.tolist(), orders, strict=True)],
        [int(np.flatnonzero(order == 0)[0]) for order in orders],
    )


def worst(questions: BlindQuestions) -> float:
    scores = [
        points_won(rule, questions, backward).mean()
        for rule in rules_for(questions.question_type)
        for backward in (False, True)
    ]
    return float(np.abs(np.array(scores) - 0.25).max())


@pytest.mark.parametrize("question_type", ["waypoint", "current_state"])
def test_the_default_gives_blind_rules_little_and_the_papers_draw_a_lot(question_type: QuestionType) -> None:
    paper = worst(asked(question_type, **{question_type: {"uniform": 1}, "min_separation": 0, "balanced": []}))
    default = worst(asked(question_type))
    assert paper > 0.45 and default < 0.25  # paths as straight as these are harder to hide than those of real demos


def test_unbalanced_the_default_mixture_leaks() -> None:
    assert worst(asked("waypoint", balanced=[])) > worst(asked("waypoint")) + 0.03


@pytest.mark.parametrize("question_type", QUESTION_TYPES)
def test_the_same_generator_gives_the_same_options(question_type: QuestionType) -> None:
    drawing = Drawing(WORLD, config())
    some = np.arange(40)
    first = drawing.options(some, question_type, None, np.random.default_rng(3))
    assert first == drawing.options(some, question_type, None, np.random.default_rng(3))
    assert first != drawing.options(some, question_type, None, np.random.default_rng(4))


def test_the_fit_is_the_same_twice_and_depends_on_the_seed_alone() -> None:
    first, second = (Drawing(WORLD, config()).fit("waypoint").of_task for _ in range(2))
    other = Drawing(WORLD, config().model_copy(update={"seed": 1})).fit("waypoint").of_task
    for number in (0, 1):
        assert (first[number].weights == second[number].weights).all()
        assert (first[number].weights != other[number].weights).any()


def test_demos_that_never_move_ask_for_the_current_state_alone() -> None:
    still = Track("pick/variation0/episode0", "pick", "train", np.tile([0.3, 0.0, 1.0], (10, 1)), (9,))
    drawing = Drawing(Survey.of([still], 5), config())
    counts = {
        kind: len(drawing.options(np.arange(2), kind, drawing.fit(kind), np.random.default_rng(0)))
        for kind in QUESTION_TYPES
    }
    assert counts == {"waypoint": 0, "current_state": 2, "movement": 0}


def test_demos_without_a_keypoint_ask_nothing() -> None:
    empty = Track("pick/variation0/episode0", "pick", "train", np.array([[0.3, 0.0, 1.0]]), ())
    drawing = Drawing(Survey.of([empty], 5), config())
    for kind in QUESTION_TYPES:
        assert drawing.options(np.arange(0), kind, drawing.fit(kind), np.random.default_rng(0)) == {}


def test_moments_at_rest_at_their_keypoint_ask_for_the_current_state_alone() -> None:
    resting = survey(demos=2, interval=1)
    drawing = Drawing(resting, config(max_label_share=1))
    at_rest = np.abs(resting.target - resting.state).max(axis=1) <= 0.01
    assert at_rest.any()
    for question_type in QUESTION_TYPES:
        expected = len(at_rest) if question_type == "current_state" else int((~at_rest).sum())
        options = drawing.options(np.arange(len(at_rest)), question_type, None, np.random.default_rng(0))
        assert len(options) == expected
