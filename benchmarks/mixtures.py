"""What strategies and mixtures of them give away: how the default of configs/data/default.yaml was found.

    python benchmarks/mixtures.py --root data/demos --demos-per-task 120

Draws the options of each question type from every strategy alone and from the mixtures below, without pictures, and
prints the blind rule farthest from chance (0.25) in either direction, what the linear probe learns (limit 0.35), and
what boosted trees learn. Demos that are missing are recorded first, with small pictures.

The last line tells how many waypoints are known from task and current position alone: the share of questions whose
next keypoint lies within 5 cm of where other demos of the task went from the most similar positions.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from data_gen.audit.probe import probe
from data_gen.config import BuildConfig
from data_gen.distractors.draw import Drawing, Options
from data_gen.distractors.points import Asked, similar_move
from data_gen.outline import take_survey
from data_gen.pool import Workers
from data_gen.sources import ArchivedDemo, find
from data_gen.sources.simulated import record_missing
from data_gen.survey import Survey
from robot_r1.blind_questions import BlindQuestions, blind_questions
from robot_r1.blind_rules import both_ways, rules_for
from robot_r1.question import QuestionType

Weights = Mapping[str, float]
POINTS = (
    "uniform", "seen", "same_demo", "other_demos", "same_demo_keypoints", "other_demos_keypoints", "same_distance",
    "near_miss", "similar_move", "other_move", "same_column",
)  # fmt: skip
MOVEMENTS = ("uniform", "flip_axis", "toggle_slightly", "drop_axis", "add_axis", "same_task")
MIXTURES: dict[QuestionType, tuple[Weights, ...]] = {
    "waypoint": (
        {"same_demo": 3, "same_distance": 1},
        {"similar_move": 1, "same_demo": 1, "same_distance": 1, "same_column": 1},
        {"similar_move": 2, "other_demos_keypoints": 1, "same_column": 1},
        {"similar_move": 2, "other_demos_keypoints": 1, "same_column": 1, "near_miss": 1},
        {"similar_move": 2, "other_demos_keypoints": 1, "same_column": 1, "other_move": 2},
        {"similar_move": 2, "other_demos_keypoints": 1, "same_column": 1, "other_move": 1},
    ),
    "current_state": (
        {"same_demo": 1, "other_demos": 1},
        {"other_demos": 4, "near_miss": 1},
        {"same_demo": 1, "other_demos": 2},
    ),
    "movement": ({"same_task": 4, "flip_axis": 1}, {"same_task": 4, "drop_axis": 1, "add_axis": 1}),
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="folder of the simulated demos")
    parser.add_argument("--demos-per-task", type=int, default=120)
    parser.add_argument("--image-size", type=int, default=112, help="pixels; the archive's own where there is one")
    options = parser.parse_args()
    config = BuildConfig(root=options.root, demos_per_task=options.demos_per_task, image_size=options.image_size)
    found = find(config).demos
    record_missing(config, [demo for demo in found if isinstance(demo, ArchivedDemo)])
    with Workers(config.workers) as workers:
        survey = take_survey([(demo, "train") for demo in found], config, workers)
    print(f"{len(survey.ids)} demos of {len(set(survey.task.tolist()))} tasks")
    for question_type, names in (("waypoint", POINTS), ("current_state", POINTS), ("movement", MOVEMENTS)):
        _table(survey, config, question_type, [{name: 1} for name in names])
    print(f"\nwaypoints known from task and position: {_known(survey, config):.2f}")


def _table(survey: Survey, config: BuildConfig, question_type: QuestionType, alone: list[Weights]) -> None:
    print(f"\n| {question_type} | farthest from chance | balanced | probe | trees | balanced probe | trees |")
    print("|---|---|---|---|---|---|---|")
    for weights in (*alone, *MIXTURES[question_type]):
        changed = {question_type: weights}
        distractors = type(config.distractors).model_validate({**config.distractors.model_dump(), **changed})
        drawing = Drawing(survey, config.model_copy(update={"distractors": distractors}))
        plain, level = (_scores(_questions(drawing, question_type, balanced)) for balanced in (False, True))
        name = " + ".join(f"{weight} {strategy}" for strategy, weight in weights.items())
        print(f"| {name} | {plain[0]} | {level[0]} | {' | '.join((*plain[1:], *level[1:]))} |", flush=True)


def _questions(drawing: Drawing, question_type: QuestionType, balanced: bool) -> BlindQuestions:
    survey = drawing.survey
    balance = drawing.fit(question_type) if balanced else None
    drawn: dict[int, Options] = {}
    for start in range(0, len(survey.ids), 25):  # as shards do
        moments = survey.moments_of(range(start, min(start + 25, len(survey.ids))))
        drawn |= drawing.options(moments, question_type, balance, np.random.default_rng(start))
    moments = np.array(sorted(drawn))
    rng = np.random.default_rng(0)
    orders = [rng.permutation(4) for _ in moments]
    return blind_questions(
        question_type,
        survey.task[survey.demo[moments]].tolist(),
        survey.ids[survey.demo[moments]].tolist(),
        survey.state[moments],
        [[drawn[m][i].text for i in order] for m, order in zip(moments.tolist(), orders, strict=True)],
        [int(np.flatnonzero(order == 0)[0]) for order in orders],
    )


def _scores(questions: BlindQuestions) -> tuple[str, str, str]:
    """The rule farthest from chance, and what the probe and the trees learn."""
    scores = {}
    for rule in rules_for(questions.question_type):
        for name, won in zip((rule.forward, rule.backward), both_ways(rule, questions), strict=True):
            scores[name] = float(won.mean())
    worst = max(scores, key=lambda name: abs(scores[name] - 0.25))
    probes = probe(questions)
    assert probes is not None
    return f"{scores[worst]:.2f} {worst}", f"{probes.linear.won.mean():.2f}", f"{probes.trees.won.mean():.2f}"


def _known(survey: Survey, config: BuildConfig, near: float = 0.05) -> float:
    """The share of waypoints within `near` metres of the place where most similar moves of other demos end."""
    askable = Drawing(survey, config).askable("waypoint")
    asked = Asked(survey, "waypoint", askable, askable, 0.1)
    ends = similar_move(asked, np.random.default_rng(0), 24)
    company = (np.linalg.norm(ends[:, :, None] - ends[:, None], axis=3) < near).sum(axis=2)
    guess = ends[np.arange(len(ends)), company.argmax(axis=1)]
    return float((np.linalg.norm(guess - asked.truth, axis=1) < near).mean())


if __name__ == "__main__":
    main()
