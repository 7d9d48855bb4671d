"""Rules that answer multiple-choice questions without the picture: what a model has to beat that looks.

A rule gives each of the four options a score from what the prompt and other demos' answers tell. Forwards it takes
the highest, backwards the lowest: a data set whose right options are never the nearest leaks as much as one where they
always are. What a rule learns from right answers it learns from other demos than the question's own (`FOLDS`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from robot_r1.blind_questions import BlindQuestions, Codes
from robot_r1.geometry import ROBOT_BASE, WORKSPACE, Array
from robot_r1.question import QUESTION_TYPES, Point, QuestionType

_Scalar = TypeVar("_Scalar", bound=np.generic)

FOLDS = 5
"""Demos are dealt to this many folds, and a rule learns from the other folds. Were only the question's own demo left
out, labels that are about equally usual would change their ranks with every demo, always to its disadvantage."""

CELL = 0.05
"""Metres: the side of the cubes by which `most usual place` counts positions."""

# --- what right answers of other demos tell ------------------------------------------------------------------------


def _everywhere(questions: BlindQuestions) -> Codes:
    return np.zeros(len(questions), dtype=np.int64)


def _same_task(questions: BlindQuestions) -> Codes:
    return questions.task


_Group = Callable[[BlindQuestions], Codes]


def _right(questions: BlindQuestions, values: NDArray[_Scalar]) -> NDArray[_Scalar]:
    """(N, ...): the values of the right options, from values of all options, (N, 4, ...)."""
    return values[np.arange(len(questions)), questions.answer]


def _elsewhere(questions: BlindQuestions, group: _Group, values: Array) -> Array:
    """(N, ...): sums of per-question values over the questions of the same group in other folds."""

    def total(keys: Codes) -> Array:
        different, place = np.unique(keys, return_inverse=True)
        sums = np.zeros((len(different), *values.shape[1:]))
        np.add.at(sums, place, values)
        summed: Array = sums[place]
        return summed

    keys = group(questions)
    return total(keys) - total(keys * FOLDS + questions.demo % FOLDS)


def _mean_elsewhere(questions: BlindQuestions, group: _Group, values: Array) -> Array:
    """(N, D): the mean of per-question values, (N, D), in other folds of the group; NaN if there are none."""
    known = np.asarray(np.isfinite(values).all(axis=1))
    sums = _elsewhere(questions, group, np.where(known[:, None], values, 0.0))
    counts = _elsewhere(questions, group, known.astype(np.float64))
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1.0)[:, None], np.nan)


def _times_right(questions: BlindQuestions, group: _Group, labels: Codes) -> Array:
    """How often each label, (N, 4) or (N, 4, W), belonged to a right option in other folds of the group."""
    width = int(labels.max() - labels.min()) + 1

    def count(keys: Codes) -> Codes:
        combined = labels - labels.min() + width * keys.reshape(-1, *[1] * (labels.ndim - 1))
        different, place = np.unique(combined, return_inverse=True)
        place = place.reshape(labels.shape)
        counts = np.bincount(_right(questions, place).ravel(), minlength=len(different))
        times: Codes = counts[place]
        return times

    keys = group(questions)
    return (count(keys) - count(keys * FOLDS + questions.demo % FOLDS)).astype(np.float64)


# --- scores, (N, 4) ------------------------------------------------------------------------------------------------


def _near(points: Array, anchor: Array) -> Array:
    """How near options, (N, 4, 3), are to one point per question, (N, 3)."""
    return -np.asarray(np.linalg.norm(points - anchor[:, None], axis=2))


def _near_state(questions: BlindQuestions) -> Array:
    return _near(questions.points, questions.state)


def _near_option_mean(questions: BlindQuestions) -> Array:
    return _near(questions.points, questions.points.mean(axis=1))


def _near_another_option(questions: BlindQuestions) -> Array:
    between = np.linalg.norm(questions.points[:, :, None] - questions.points[:, None], axis=3)
    between[:, range(4), range(4)] = np.inf
    return -np.asarray(between.min(axis=2))


def _near_right_mean(questions: BlindQuestions, group: _Group) -> Array:
    right = _right(questions, questions.points)
    return _near(questions.points, _mean_elsewhere(questions, group, right))


def _near_usual_move(questions: BlindQuestions, group: _Group) -> Array:
    moves = _right(questions, questions.points) - questions.state
    return _near(questions.points, questions.state + _mean_elsewhere(questions, group, moves))


def _at_usual_distance(questions: BlindQuestions, group: _Group) -> Array:
    distance = -_near_state(questions)
    right = _right(questions, distance)[:, None]
    return -np.abs(distance - _mean_elsewhere(questions, group, right))


def _near_fixed(questions: BlindQuestions, anchor: Point) -> Array:
    return _near(questions.points, np.tile(anchor, (len(questions), 1)))


def _along(questions: BlindQuestions, axis: int) -> Array:
    return questions.points[:, :, axis]


def _usual_place(questions: BlindQuestions, group: _Group) -> Array:
    cells = np.floor(np.nan_to_num(questions.points) / CELL).reshape(-1, 3)
    labels = np.unique(cells, axis=0, return_inverse=True)[1].reshape(questions.texts.shape).astype(np.int64)
    return _times_right(questions, group, labels)


def _usual_text(questions: BlindQuestions, group: _Group) -> Array:
    labels = np.unique(questions.texts, return_inverse=True)[1].reshape(questions.texts.shape).astype(np.int64)
    return _times_right(questions, group, labels)


def _usual_letter(questions: BlindQuestions, group: _Group) -> Array:
    return _times_right(questions, group, np.tile(np.arange(4), (len(questions), 1)))


def _letter(questions: BlindQuestions) -> Array:
    return np.tile(-np.arange(4.0), (len(questions), 1))


def _characters(questions: BlindQuestions) -> Array:
    return -np.asarray(np.char.str_len(questions.texts), dtype=np.float64)


def _word_number(questions: BlindQuestions) -> Array:
    return -np.asarray((questions.words >= 0).sum(axis=2), dtype=np.float64)


def _word_mean(questions: BlindQuestions, values: Array) -> Array:
    """(N, 4): the mean over an option's words of values of shape (N, 4, W)."""
    present = questions.words >= 0
    mean: Array = np.where(present, values, 0.0).sum(axis=2) / np.maximum(present.sum(axis=2), 1)
    return mean


def _usual_words(questions: BlindQuestions, group: _Group) -> Array:
    return _word_mean(questions, _times_right(questions, group, questions.words))


def _shared_words(questions: BlindQuestions) -> Array:
    same = questions.words[:, :, :, None, None] == questions.words[:, None, None]
    others: Array = same.any(axis=4).sum(axis=3) - 1.0
    return _word_mean(questions, others)


def _shared_axes(questions: BlindQuestions) -> Array:
    same = questions.points[:, :, None] == questions.points[:, None]
    return np.asarray(same.sum(axis=(2, 3)), dtype=np.float64) - 3


# --- the rules -----------------------------------------------------------------------------------------------------

_POSITIONS: tuple[QuestionType, ...] = ("waypoint", "current_state")
_CENTRE: Point = tuple((low + high) / 2 for low, high in zip(*WORKSPACE, strict=True))  # type: ignore[assignment]


@dataclass(frozen=True)
class BlindRule:
    """A rule with its two directions in words."""

    forward: str
    """What the option with the highest score is."""
    backward: str
    """What the option with the lowest score is."""
    score: Callable[[BlindQuestions], Array]
    """(N, 4); NaN where an option cannot be read or nothing is known."""
    question_types: tuple[QuestionType, ...] = QUESTION_TYPES


def _both(
    forward: str,
    backward: str,
    score: Callable[[BlindQuestions, _Group], Array],
    question_types: tuple[QuestionType, ...] = QUESTION_TYPES,
) -> tuple[BlindRule, BlindRule]:
    """A rule that learns from all tasks, and the same within each task."""
    return (
        BlindRule(forward, backward, lambda questions: score(questions, _everywhere), question_types),
        BlindRule(
            f"{forward}, per task",
            f"{backward}, per task",
            lambda questions: score(questions, _same_task),
            question_types,
        ),
    )


RULES: tuple[BlindRule, ...] = (
    BlindRule("nearest to the state", "farthest from the state", _near_state, ("waypoint",)),
    *_both("nearest to the usual move", "farthest from the usual move", _near_usual_move, ("waypoint",)),
    *_both("most usual distance from the state", "least usual distance", _at_usual_distance, ("waypoint",)),
    BlindRule("nearest to the options' mean", "farthest from the options' mean", _near_option_mean),
    BlindRule("nearest to another option", "farthest from the other options", _near_another_option),
    *_both("nearest to the mean answer", "farthest from the mean answer", _near_right_mean),
    *_both("in the most usual place", "in the least usual place", _usual_place, _POSITIONS),
    BlindRule(
        "nearest to the workspace's centre",
        "farthest from the workspace's centre",
        partial(_near_fixed, anchor=_CENTRE),
        _POSITIONS,
    ),
    BlindRule(
        "nearest to the robot's base",
        "farthest from the robot's base",
        partial(_near_fixed, anchor=ROBOT_BASE),
        _POSITIONS,
    ),
    BlindRule("most forward (x)", "most backward (x)", partial(_along, axis=0)),
    BlindRule("most to the right (y)", "most to the left (y)", partial(_along, axis=1)),
    BlindRule("highest (z)", "lowest (z)", partial(_along, axis=2)),
    *_both("most usual answer", "least usual answer", _usual_text),
    *_both("most usual words", "least usual words", _usual_words),
    BlindRule("words most shared with the other options", "words least shared", _shared_words),
    BlindRule("axes most shared with the other options", "axes least shared", _shared_axes, ("movement",)),
    BlindRule("fewest characters", "most characters", _characters),
    BlindRule("fewest words", "most words", _word_number, ("movement",)),
    BlindRule("first letter", "last letter", _letter),
    *_both("most usual letter", "least usual letter", _usual_letter),
)


def rules_for(question_type: QuestionType) -> tuple[BlindRule, ...]:
    """The rules that apply to a type of question."""
    return tuple(rule for rule in RULES if question_type in rule.question_types)


def points_won(rule: BlindRule, questions: BlindQuestions, backward: bool = False) -> Array:
    """(N,): the chance that the rule answers each question right, as options with equal scores share the choice.

    Scores that differ by less than 1e-9 are equal. A question of which the rule knows nothing is guessed.
    """
    return both_ways(rule, questions)[1 if backward else 0]


def both_ways(rule: BlindRule, questions: BlindQuestions) -> tuple[Array, Array]:
    """`points_won` forwards and backwards, which costs hardly more than one of them."""
    scores = _scores(rule, questions)
    return _won_by(scores, questions), _won_by(-scores, questions)


def taken(rule: BlindRule, questions: BlindQuestions, backward: bool = False) -> NDArray[np.bool_]:
    """(N, 4): the option that the rule takes; several of them where their scores are equal, as in `points_won`."""
    scores = _scores(rule, questions)
    return _highest(-scores if backward else scores)


def _scores(rule: BlindRule, questions: BlindQuestions) -> Array:
    scores = np.round(rule.score(questions), 9)
    known: Array = np.where(np.isnan(scores).any(axis=1, keepdims=True), 0.0, scores)
    return known


def _highest(scores: Array) -> NDArray[np.bool_]:
    highest: NDArray[np.bool_] = scores == scores.max(axis=1, keepdims=True)
    return highest


def _won_by(scores: Array, questions: BlindQuestions) -> Array:
    chosen = _highest(scores)
    won: Array = _right(questions, chosen) / chosen.sum(axis=1)
    return won
