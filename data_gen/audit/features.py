"""What the blind probe knows of an option: numbers from the prompt and the options, none from the picture."""

import numpy as np

from robot_r1.blind_questions import BlindQuestions
from robot_r1.geometry import ROBOT_BASE, Array

_PLACES = 4


def option_features(questions: BlindQuestions) -> Array:
    """(N, 4, F): features of each option; options that cannot be read count as zeros."""
    points = np.nan_to_num(questions.points)
    if questions.question_type == "movement":
        columns = [_axis_moves(points), _ranks((points != 0).sum(axis=2, keepdims=True))]
    else:
        columns = [points, points**2, _length(points - np.array(ROBOT_BASE)), _ranks(points)]
    anchors = [points.mean(axis=1, keepdims=True)]
    if questions.question_type == "waypoint":  # the prompts of the other types do not tell the state
        anchors.append(questions.state[:, None])
    for anchor in anchors:
        away = points - anchor
        columns += [away, np.abs(away), _length(away), _ranks(_length(away))]
    columns += [_between(points), _shared(points), np.char.str_len(questions.texts)[:, :, None].astype(np.float64)]
    return np.concatenate(columns, axis=2)


def task_features(questions: BlindQuestions, features: Array) -> Array:
    """(N, 4, F * tasks): the features once more for each task, zero where the task is another."""
    tasks = np.eye(int(questions.task.max()) + 1)[questions.task]
    crossed = features[:, :, None] * tasks[:, None, :, None]
    return crossed.reshape(*features.shape[:2], -1)


def _axis_moves(points: Array) -> Array:
    """(N, 4, 15): which of the five moves an option makes along each axis."""
    return np.concatenate([points == move for move in (-1, -0.5, 0, 0.5, 1)], axis=2).astype(np.float64)


def _length(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=2, keepdims=True))


def _ranks(values: Array) -> Array:
    """(N, 4, 4 D): for each of D values the share of the other options below, and whether it is least, most, neither."""
    below = (values[:, :, None] > values[:, None]).sum(axis=2)
    above = (values[:, :, None] < values[:, None]).sum(axis=2)
    return np.concatenate([below - above, below == 0, above == 0, (below > 0) & (above > 0)], axis=2).astype(np.float64)


def _between(points: Array) -> Array:
    """(N, 4, 6): distances to the other options: sorted, their ranks within the question."""
    distances = np.sort(np.linalg.norm(points[:, :, None] - points[:, None], axis=3), axis=2)[:, :, 1:]
    return np.concatenate([distances, _ranks(distances[:, :, :1])], axis=2)


def _shared(points: Array) -> Array:
    """(N, 4, 8): per axis, and over all, how many other options agree; and the ranks of that."""
    printed = np.round(points, 3)
    same = (printed[:, :, None] == printed[:, None]).sum(axis=2) - 1.0
    total = same.sum(axis=2, keepdims=True)
    return np.concatenate([same, total, _ranks(total)], axis=2)
