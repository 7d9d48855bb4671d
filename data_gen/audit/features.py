"""What the blind probe knows of an option: numbers from the prompt and the options, none from the picture."""

import numpy as np

from robot_r1.blind_questions import BlindQuestions
from robot_r1.geometry import ROBOT_BASE, Array


def option_features(questions: BlindQuestions) -> Array:
    """(N, 4, F): features of each option; options that cannot be read count as zeros."""
    points = np.nan_to_num(questions.points)
    if questions.question_type == "movement":
        columns = [_axis_moves(points), (points != 0).sum(axis=2, keepdims=True).astype(np.float64)]
    else:
        columns = [points, _length(points - np.array(ROBOT_BASE))]
    columns.append(np.char.str_len(questions.texts)[:, :, None].astype(np.float64))
    for anchor in _anchors(questions, points):
        columns += [points - anchor, _length(points - anchor)]
    task = np.broadcast_to(questions.task[:, None, None].astype(np.float64), (*points.shape[:2], 1))
    return np.concatenate(
        [*columns, _between(points), _shared(points), _ranks(_ranked(questions, points)), task], axis=2
    )


def linear_features(questions: BlindQuestions) -> Array:
    """(N, 4, F): those of `option_features`, and what a linear model cannot make of them by itself.

    Sizes of differences, who ranks first and last, and where options are, once for each task.
    """
    points = np.nan_to_num(questions.points)
    ranked = _ranked(questions, points)
    sizes = [np.abs(points - anchor) for anchor in _anchors(questions, points)]
    ends = [ranked == ranked.min(axis=1, keepdims=True), ranked == ranked.max(axis=1, keepdims=True)]
    return np.concatenate([option_features(questions), *sizes, *ends, _by_task(questions, points)], axis=2)


def _anchors(questions: BlindQuestions, points: Array) -> list[Array]:
    """(N, 1, 3) each: the options' mean and, if the prompt tells it, the state."""
    anchors: list[Array] = [points.mean(axis=1, keepdims=True)]
    return [*anchors, questions.state[:, None]] if questions.question_type == "waypoint" else anchors


def _by_task(questions: BlindQuestions, points: Array) -> Array:
    """(N, 4, F * tasks): zero where the task is another."""
    if questions.question_type == "movement":
        features = _axis_moves(points)
    else:
        away = points - (questions.state[:, None] if questions.question_type == "waypoint" else 0)
        features = np.concatenate([points, points**2, away, _length(away)], axis=2)
    tasks = np.eye(int(questions.task.max()) + 1)[questions.task]
    crossed: Array = features[:, :, None] * tasks[:, None, :, None]
    return crossed.reshape(*features.shape[:2], -1)


def _axis_moves(points: Array) -> Array:
    """(N, 4, 15): which of the five moves an option makes along each axis."""
    return np.concatenate([points == move for move in (-1, -0.5, 0, 0.5, 1)], axis=2).astype(np.float64)


def _length(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=2, keepdims=True))


def _between(points: Array) -> Array:
    """(N, 4, 3): distances to the other options, the shortest first."""
    return np.sort(np.linalg.norm(points[:, :, None] - points[:, None], axis=3), axis=2)[:, :, 1:]


def _shared(points: Array) -> Array:
    """(N, 4, 4): how many other options agree, per axis and over all axes."""
    printed = np.round(points, 3)
    same: Array = (printed[:, :, None] == printed[:, None]).sum(axis=2) - 1.0
    return np.concatenate([same, same.sum(axis=2, keepdims=True)], axis=2)


def _ranked(questions: BlindQuestions, points: Array) -> Array:
    """(N, 4, D): the values by which options are ranked within their question."""
    lengths = [_length(points - anchor) for anchor in _anchors(questions, points)]
    named = (points != 0).sum(axis=2, keepdims=True)
    return np.concatenate([points, *lengths, _between(points)[:, :, :1], _shared(points)[:, :, 3:], named], axis=2)


def _ranks(values: Array) -> Array:
    """(N, 4, D): how many of the other options are below, less how many are above."""
    difference = np.sign(values[:, :, None] - values[:, None])
    return np.asarray(difference.sum(axis=2))
